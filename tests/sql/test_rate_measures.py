"""Durations, key rates, the duration gap and the bridge to economic value, on given rows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sql.report_rows import FOOTERS, RATES, UNITS, eve

SHARED = {"entity_id": "BANK", "currency": "USD", "is_intragroup": False}


@pytest.fixture
def rates(bench):
    """A bench with units, footers, exchange rates and a product of each leg."""
    bench.give("book.reporting_units", UNITS)
    bench.give("metrics.report_footers", FOOTERS)
    bench.give("book.translation_rates", RATES)
    bench.give(
        "inputs.products",
        [{"product_code": code, "side": side, "family": code}
         for code, side in (("loan", "asset"), ("debt", "liability"), ("swap", "off_balance"))],
    )  # fmt: skip
    return bench


def moved(code: str, value: Any, dv01: Any, curvature: Any = 0.0, **given: Any) -> Any:
    row = {**SHARED, "product_code": code, "present_value": value, "dv01": dv01,
           "curvature": curvature, "yield_value": value, "yield_dv01": dv01}  # fmt: skip
    return {**row, **given}


BOOK = [moved("loan", 1000.0, 0.5, 30_000.0), moved("debt", -900.0, -0.18, -5_000.0),
        moved("swap", 4.0, -0.2)]  # fmt: skip


def test_durations_are_sums_over_sums_and_not_means_of_durations(rates):
    # 1,000 at 5 years and 3,000 at 1 year: (0.5 + 0.3) * 10,000 / 4,000 = 2 years
    rates.give("metrics.durations", [BOOK[0], moved("loan", 3000.0, 0.3, is_intragroup=True)])
    rows = {
        (r["contract_currency"], r["leg"], r["product_code"]): r
        for r in rates.run("reports.duration")
        if r["entity_id"] == "BANK"
    }
    assert rows["USD", "assets", "loan"]["effective_duration_years"] == pytest.approx(2.0)
    assert rows["all", "all", "all"]["convexity"] == pytest.approx(30_000.0 / 4000.0)
    assert set(rows) == {
        ("USD", "assets", "loan"), ("USD", "assets", "all"), ("USD", "all", "all"),
        ("all", "assets", "loan"), ("all", "assets", "all"), ("all", "all", "all"),
    }  # fmt: skip


def test_derivatives_are_a_leg_of_their_own(rates):
    rates.give("metrics.durations", BOOK)
    rows = {
        r["leg"]: r
        for r in rates.run("reports.duration")
        if (r["entity_id"], r["contract_currency"], r["product_code"]) == ("BANK", "all", "all")
    }
    assert rows["assets"]["effective_duration_years"] == pytest.approx(5.0)  # 0.5 / 1,000
    assert rows["liabilities"]["effective_duration_years"] == pytest.approx(2.0)
    assert float(rows["derivatives"]["dv01"]) == pytest.approx(-0.2)
    assert float(rows["all"]["dv01"]) == pytest.approx(0.12)


def test_a_currency_without_values_takes_its_durations_and_those_of_all_with_it(rates):
    rates.give("metrics.durations", [*BOOK, moved("loan", None, None, None, currency="EUR")])
    rates.give(
        "scenarios.stopped_currencies",
        [{"scenario": "base", "currency": "EUR", "cause": "eur_ois has no quote"}],
    )
    rows = {
        (r["contract_currency"], r["leg"]): r
        for r in rates.run("reports.duration")
        if r["entity_id"] == "BANK" and r["product_code"] == "all"
    }
    assert rows["USD", "assets"]["effective_duration_years"] == pytest.approx(5.0)
    assert rows["all", "assets"]["dv01"] is None
    assert rows["all", "assets"]["availability"] == "not available: EUR: eur_ois has no quote"


def give_moves(bench, up: float, bend: float) -> None:
    """Give two scenarios on two key tenors: a rise, and a rise of the first tenor alone."""
    bench.give("inputs.curves", [{"curve_id": "usd_ois", "role": "discount"}])
    bench.give(
        "scenarios.zero_rates",
        [
            {"scenario": s, "curve_id": "usd_ois", "currency": "USD", "tenor_days": d,
             "shock_bp": bp}
            for s, moves in (("up", (up, up)), ("bend", (bend, 0.0)))
            for d, bp in zip((365, 1826), moves, strict=True)
        ],
    )  # fmt: skip
    bench.give(
        "metrics.key_rates",
        [
            {
                **SHARED,
                "product_code": code,
                "risk_measure": "eve",
                "rate_basis": "zero",
                "tenor": t,
                "tenor_days": d,
                "dv01": dv01,
            }
            for code, both in (("loan", (0.1, 0.4)), ("debt", (-0.18, 0.0)), ("swap", (0.0, -0.2)))
            for (t, d), dv01 in zip((("1Y", 365), ("5Y", 1826)), both, strict=True)
        ],
    )
    total = {"entity_id": "BANK", "row_kind": "entity", "family": "total", "currency": "USD",
             "availability": "available", "excluded_rows": 0, "excluded_amount": 0}  # fmt: skip
    bench.give(
        "reports.eve_sensitivity",
        [{**total, "scenario": "up", "delta_eve": -11}, {**total, "scenario": "bend",
                                                         "delta_eve": 8}],
    )  # fmt: skip


def test_the_duration_gap_weighs_liabilities_and_leaves_derivatives_apart(rates):
    # 5 - 0.9 * 2 = 3.2 years; the swap takes 0.2 * 10,000 / 1,000 = 2 of them
    rates.give("metrics.durations", BOOK)
    give_moves(rates, 100.0, 100.0)
    rows = {r["scenario"]: r for r in rates.run("reports.duration_gap")}
    assert rows["up"]["duration_gap_years"] == pytest.approx(3.2)
    assert rows["up"]["hedged_duration_gap_years"] == pytest.approx(1.2)
    assert rows["up"]["liabilities_duration_years"] == pytest.approx(2.0)


def test_durations_and_convexity_stand_beside_full_revaluation_with_their_error(rates):
    # up: -0.12 * 100 = -12; convexity 0.5 * 25,000 * 0.01^2 = 1.25; -11 - (-12 + 1.25) = -0.25
    # bend: only the first year moves: -(0.1 - 0.18) * 100 = 8, as revalued
    rates.give("metrics.durations", BOOK)
    give_moves(rates, 100.0, 100.0)
    rows = {r["scenario"]: r for r in rates.run("reports.duration_gap")}
    assert float(rows["up"]["delta_eve_duration"]) == -12.0
    assert float(rows["up"]["delta_eve_convexity"]) == 1.25
    assert float(rows["up"]["approximation_error_amount"]) == -0.25
    assert rows["up"]["approximation_error_share"] == pytest.approx(-0.00025)
    assert float(rows["bend"]["delta_eve_duration"]) == 8.0
    assert rows["bend"]["delta_eve_convexity"] is None
    assert float(rows["bend"]["approximation_error_amount"]) == 0.0


def test_key_rates_are_shown_by_tenor_and_together(rates):
    give_moves(rates, 100.0, 100.0)
    rows = {
        (r["leg"], r["tenor"]): float(r["dv01"])
        for r in rates.run("reports.key_rates")
        if (r["entity_id"], r["contract_currency"]) == ("BANK", "all")
    }
    assert rows["assets", "5Y"] == pytest.approx(0.4)
    assert rows["all", "1Y"] == pytest.approx(-0.08)
    assert rows["all", "all"] == pytest.approx(0.12)  # -0.08 + 0.2


def test_the_bridge_goes_from_book_equity_to_economic_value(rates):
    # book 1,000 + 60 of buildings - 900 = 160; out 60; fair value +20 on the loan, +10 on the debt
    held = {"entity_id": "BANK", "currency": "USD", "accrued_interest": 0, "is_intragroup": False}
    rates.give(
        "book.positions",
        [
            {**held, "position_id": name, "product_code": name, "side": side,
             "direction": 1 if side == "asset" else -1, "carrying_amount": amount,
             "is_in_irrbb_scope": treatment == "in", "eve_treatment": treatment}
            for name, side, amount, treatment in (
                ("loan", "asset", 1000, "in"), ("house", "asset", 60, "out_not_rate_sensitive"),
                ("debt", "liability", 900, "in"), ("shares", "equity", 160, "out_own_funds"),
            )
        ],
    )  # fmt: skip
    rates.give("metrics.eve", [eve("base", 1020.0), eve("base", -890.0, product_code="debt")])
    rows = {
        (r["measure_part"], r["product_code"]): [
            float(r[c]) for c in ("net_carrying_amount", "out_of_measure_amount",
                                  "fair_value_adjustment_amount", "eve")
        ]
        for r in rates.run("reports.eve_bridge")
        if r["entity_id"] == "BANK"
    }  # fmt: skip
    assert rows["all", "all"] == [160.0, -60.0, 30.0, 130.0]
    assert rows["in economic value", "loan"] == [1000.0, 0.0, 20.0, 1020.0]
    assert rows["in economic value", "debt"] == [-900.0, 0.0, 10.0, -890.0]
    assert rows["not in economic value", "all"] == [60.0, -60.0, 0.0, 0.0]


def test_key_rates_that_miss_the_parallel_move_fail_their_tie(rates):
    rates.give("metrics.durations", BOOK)
    give_moves(rates, 100.0, 100.0)
    rates.query("update metrics.key_rates set dv01 = 0.39 where dv01 = 0.4 returning 1")
    ties = [r for r in rates.run("audit.measure_ties") if r["invariant"].startswith("key rates")]
    # 0.11 against 0.12; half a per cent of 0.5 + 0.18 + 0.2 = 0.88 gross is 0.0044
    (tie,) = ties
    found = [tie[part] for part in ("left_value", "right_value", "tolerance_value")]
    assert found == pytest.approx([0.11, 0.12, 0.0044])


def test_par_key_rates_are_zero_key_rates_weighed_and_income_has_its_own(bench):
    held = {**SHARED, "is_in_irrbb_scope": True, "cash_flow_model": "bullet",
            "product_code": "loan"}  # fmt: skip
    bench.give(
        "book.positions",
        [{**held, "position_id": "1", "eve_treatment": "in", "nii_treatment": "out"},
         {**held, "position_id": "2", "eve_treatment": "out", "nii_treatment": "constant_balance"}],
    )  # fmt: skip
    nothing = {
        f"{kind}_{tenor}": 0.0
        for kind in ("dv01", "nii_dv01")
        for tenor in (
            "1d",
            "1m",
            "3m",
            "6m",
            "1y",
            "2y",
            "3y",
            "5y",
            "7y",
            "10y",
            "15y",
            "20y",
            "30y",
        )
    }
    moved = {"dv01": 9.0, "nii_dv01": 9.0} | nothing
    bench.give(
        "scenarios.position_sensitivities",
        [moved | {"position_id": "1", "dv01_1y": 2.0, "dv01_2y": 4.0},
         moved | {"position_id": "2", "nii_dv01_1y": 8.0, "dv01_1y": 100.0}],
    )  # fmt: skip
    bench.give(
        "scenarios.par_key_rates",
        [{"currency": "USD", "tenor": par, "zero_tenor": zero, "zero_move_share": move}
         for par, zero, move in (("1Y", "1Y", 0.9), ("1Y", "2Y", -0.05), ("2Y", "2Y", 1.1),
                                 ("2Y", "1Y", 0.0))],
    )  # fmt: skip
    rows = {(r["risk_measure"], r["rate_basis"], r["tenor"]): r["dv01"]
            for r in bench.run("metrics.key_rates")}  # fmt: skip
    assert (rows["eve", "zero", "1Y"], rows["eve", "zero", "2Y"]) == (2.0, 4.0)
    assert rows["eve", "par", "1Y"] == pytest.approx(0.9 * 2.0 - 0.05 * 4.0)
    assert rows["eve", "par", "2Y"] == pytest.approx(1.1 * 4.0)
    assert (rows["nii_12m", "zero", "1Y"], rows["nii_12m", "zero", "2Y"]) == (8.0, 0.0)


def test_what_rests_on_an_index_stands_by_index_and_in_all(rates):
    rows = [
        {**SHARED, "index_id": index, "index_exposure_amount": held, "index_dv01": dv01,
         "nii_index_dv01": income}
        for index, held, dv01, income in (("USD_SOFR_1M", 500.0, -0.2, -0.04),
                                          ("USD_SOFR_3M", -300.0, 0.1, 0.02))
    ]  # fmt: skip
    rates.give("metrics.basis_risk", rows)
    found = {r["index_id"]: r for r in rates.run("reports.basis_risk") if r["entity_id"] == "BANK"}
    assert float(found["USD_SOFR_3M"]["index_exposure_amount"]) == -300.0
    assert float(found["all"]["index_exposure_amount"]) == 200.0
    assert float(found["all"]["index_dv01"]) == pytest.approx(-0.1)
    assert float(found["all"]["nii_index_dv01"]) == pytest.approx(-0.02)
