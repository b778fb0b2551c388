"""Income by month: what brings it, and the ledger's month beside the first one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sql.report_rows import FOOTERS, RATES, UNITS

SHARED = {"scenario": "base", "entity_id": "BANK", "currency": "USD", "is_intragroup": False}
PARTS = ("index_part_amount", "margin_part_amount", "replacement_amount", "hedge_carry_amount",
         "option_payoff_amount", "month_income_amount")  # fmt: skip


def month(code: str, index: float, margin: float, replaced: float, **given: Any) -> dict[str, Any]:
    row = {**SHARED, "product_code": code, "month_index": 1, "index_interest": index,
           "margin_interest": margin, "option_interest": 0.0, "replacement_interest": replaced,
           "average_principal": 1000.0}  # fmt: skip
    return {**row, **given}


@pytest.fixture
def months(bench):
    """A bench with a product of every kind and income that has a value."""
    bench.give("book.reporting_units", UNITS)
    bench.give("metrics.report_footers", FOOTERS)
    bench.give("book.translation_rates", RATES)
    bench.give(
        "inputs.products",
        [{"product_code": code, "side": side, "family": code, "cash_flow_model": model}
         for code, side, model in (("loan", "asset", "annuity"), ("debt", "liability", "bullet"),
                                   ("swap", "off_balance", "swap_leg"),
                                   ("cap", "off_balance", "cap_floor"))],
    )  # fmt: skip
    return bench


def total_of(bench, nii: int | None = 100) -> Any:
    total = {"entity_id": "BANK", "row_kind": "entity", "scenario": "base", "family": "total",
             "horizon_months": 24, "currency": "USD", "nii": nii,
             "availability": "available" if nii else "not available: EUR: no quote"}  # fmt: skip
    bench.give("reports.nii_sensitivity", [total])
    return {r["family"]: r for r in bench.run("reports.nii_monthly")}


def test_the_parts_of_a_month_add_up_to_its_income(months):
    # loans 8 + 2 + 1, debt -5 - 1, a swap's legs -4 + 5 = 1 of carry, a cap pays 0.5: 6.5
    months.give(
        "metrics.nii_months",
        [month("loan", 8.0, 2.0, 1.0), month("debt", -5.0, -1.0, 0.0),
         month("swap", 1.0, 0.0, 0.0), month("cap", 0.5, 0.0, 0.0)],
    )  # fmt: skip
    total = total_of(months)["total"]
    assert [float(total[part]) for part in PARTS] == [3.0, 1.0, 1.0, 1.0, 0.5, 6.5]
    assert (total["average_assets_amount"], total["average_liabilities_amount"]) == (1000, 1000)


def test_what_a_cap_inside_a_loan_takes_is_a_payoff_as_is_what_a_cap_of_its_own_pays(months):
    # of a loan 9 by the index, 2 of margin, 1.5 lost to its cap; a cap of the bank's own pays 0.5
    months.give(
        "metrics.nii_months",
        [month("loan", 9.0, 2.0, 0.0, option_interest=-1.5),
         month("cap", 0.1, 0.0, 0.0, option_interest=0.4)],
    )  # fmt: skip
    total = total_of(months)["total"]
    assert [float(total[part]) for part in PARTS] == [9.0, 2.0, 0.0, 0.0, -1.0, 10.0]


def test_a_scenario_translates_a_month_at_its_own_exchange_rate(months):
    # a euro is 1.1 dollars, and a tenth more where the scenario says so: (8 + 2 + 1) x 1.1 x 1.1
    months.give("inputs.scenario_fx", [{"scenario": "base", "currency": "EUR",
                                        "translation_factor": 1.1}])  # fmt: skip
    months.give("metrics.nii_months", [month("loan", 8.0, 2.0, 1.0, currency="EUR")])
    total = total_of(months)["total"]
    assert [float(total[part]) for part in PARTS] == [9.68, 2.42, 1.21, 0.0, 0.0, 13.31]
    assert float(total["average_assets_amount"]) == 1210.0


def test_a_euro_counts_at_its_rate_and_a_family_alone(months):
    months.give(
        "metrics.nii_months",
        [month("loan", 8.0, 2.0, 0.0), month("loan", 10.0, 0.0, 0.0, currency="EUR")],
    )
    rows = total_of(months)
    assert float(rows["loan"]["index_part_amount"]) == 19.0  # 8 + 10 * 1.1
    assert set(rows) == {"loan", "total"}


def test_income_without_a_part_of_it_is_not_shown(months):
    months.give("metrics.nii_months", [month("loan", 8.0, 2.0, 0.0)])
    row = total_of(months, nii=None)["total"]
    assert row["month_income_amount"] is None
    assert row["availability"] == "not available: EUR: no quote"


def test_a_month_of_the_ledger_is_scaled_to_the_days_of_the_next(months):
    # October booked 310 in 31 days, November has 30: 300; simulated 8 + 2 - 7 = 3 less than that
    months.give(
        "staging.pl_interest",
        [{"month": "2026-10-31", "entity_id": "BANK", "product_code": "loan", "currency": "USD",
          "interest_amount": 310, "n_days": 31},
         {"month": "2026-09-30", "entity_id": "BANK", "product_code": "loan", "currency": "USD",
          "interest_amount": 999, "n_days": 30}],
    )  # fmt: skip
    months.give(
        "metrics.nii_months",
        [month("loan", 200.0, 97.0, 0.0), month("loan", 9.0, 9.0, 9.0, month_index=2),
         month("loan", 7.0, 7.0, 7.0, scenario="up"), month("debt", -5.0, 0.0, 0.0)],
    )  # fmt: skip
    rows = {r["product_code"]: r for r in months.run("reports.nii_run_rate")}
    assert float(rows["loan"]["run_rate_amount"]) == 300.0
    assert float(rows["loan"]["month_income_amount"]) == 297.0
    assert float(rows["loan"]["difference_amount"]) == -3.0
    assert rows["debt"]["run_rate_amount"] is None
    assert rows["debt"]["availability"] == "nothing booked in the month that ended"


def test_intragroup_months_are_told_from_others(bench):
    bench.give(
        "book.positions",
        [{"position_id": "a", "entity_id": "BANK", "currency": "USD", "product_code": "loan",
          "is_intragroup": True, "cash_flow_model": "bullet"}],
    )  # fmt: skip
    bench.give(
        "scenarios.monthly_balances",
        [{"scenario": "base", "entity_id": "BANK", "currency": "USD", "product_code": "loan",
          "month_index": 1, "interest_amount": 10.0, "margin_interest": 2.5,
          "option_interest": 1.5, "replacement_interest": 0.5, "average_principal": 100.0}],
    )  # fmt: skip
    (row,) = bench.run("metrics.nii_months")
    assert (row["index_interest"], row["is_intragroup"]) == (6.0, True)


def test_the_gap_of_a_year_implies_the_change_of_income_of_the_worked_example(months):
    # sum of gap * 1 % * (1 - midpoint) = 0.62215; the gap after two years is out
    midpoints = [0.0028, 0.0417, 0.1667, 0.375, 0.625, 0.875, 1.75]
    days = [1, 30, 92, 181, 273, 365, 731]
    gaps = [100.0, -50.0, 200.0, -300.0, 50.0, 100.0, 999.0]
    months.give(
        "inputs.time_buckets",
        [{"bucket_set": "irrbb", "bucket": k, "upper_days": d, "midpoint_years": m}
         for k, (d, m) in enumerate(zip(days, midpoints, strict=True), start=1)],
    )  # fmt: skip
    months.give(
        "metrics.repricing_gap",
        [{**SHARED, "view": "behavioural", "bucket_set": "irrbb", "bucket": k, "gap_amount": gap,
          "asset_amount": max(gap, 0.0), "liability_amount": min(gap, 0.0),
          "off_balance_amount": 0.0} for k, gap in enumerate(gaps, start=1)],
    )  # fmt: skip
    months.give(
        "inputs.scenarios",
        [{"scenario": s, "pack": "us", "shape": s, "is_closing": True} for s in ("up", "ramp")],
    )
    months.give(
        "inputs.shock_shapes",
        [{"pack": "us", "shape": s, "ramp_months": n} for s, n in (("up", 0), ("ramp", 12))],
    )
    months.give(
        "inputs.parallel_shocks",
        [{"pack": "us", "shape": s, "currency": "USD", "shock_factor": 1.0,
          "unit_shock_bp": 100.0} for s in ("up", "ramp")],
    )  # fmt: skip
    total = {"entity_id": "BANK", "row_kind": "entity", "family": "total", "currency": "USD",
             "horizon_months": 12, "delta_nii": 0.7, "availability": "available"}  # fmt: skip
    months.give("reports.nii_sensitivity", [{**total, "scenario": s} for s in ("up", "ramp")])
    (row,) = months.run("reports.gap_income")
    exact = months.query("select sum(gap_amount) from metrics.repricing_gap where bucket < 7")
    assert float(row["gap_amount"]) == exact[0][0] == 100.0
    assert float(row["delta_nii_implied"]) == 0.62  # 0.62215 to the cent
    assert row["sensitive_assets_ratio_share"] == pytest.approx(450 / 350)
    assert row["gap_share"] == pytest.approx(0.01)  # 100 of 10,000
    assert float(row["delta_nii"]) == 0.7
