"""Durations and key rates of the small bank, from the formulas of its README."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.pipeline.banks import DOWN, UP
from tests.pipeline.conftest import Closed

BASIS_POINT = 1e-4


@pytest.fixture(scope="module")
def moved(closed_small_bank: Closed) -> dict[str, dict[str, Any]]:
    rows = closed_small_bank.folder.rows("scenarios.position_sensitivities")
    return {row["position_id"]: row for row in rows}


def dv01(value: float, years: float) -> float:
    """Change of a single payment's value, central: value * (e^(h t) - e^(-h t)) / 2."""
    return value * math.sinh(BASIS_POINT * years)


@pytest.mark.parametrize(
    ("position", "value", "days"),
    [
        ("BANK:loan:L1", 1_000_000.00, 365),
        ("BANK:borrowing:B1", -400_000.00, 365),
        ("BANK:deposit_term:T1", -309_000 * 1.04 ** (-181 / 365), 181),
    ],
)
def test_a_single_payment_moves_by_its_time(moved, position, value, days):
    row, years = moved[position], days / 365
    assert row["dv01"] == pytest.approx(dv01(value, years), abs=1e-4)
    # e^(h t) + e^(-h t) - 2 over h^2 is the square of the time; doubles keep six digits of it
    assert row["curvature"] / value == pytest.approx(years**2, rel=1e-3)
    assert row["yield_dv01"] / row["yield_value"] == pytest.approx(BASIS_POINT * years, rel=1e-7)


def test_a_payment_on_a_key_tenor_moves_with_that_key_rate_alone(moved):
    # L1 pays on 31 October 2027, the one-year date
    row = moved["BANK:loan:L1"]
    keys = {name: row[name] for name in row if name.startswith("dv01_")}
    assert keys.pop("dv01_1y") == pytest.approx(row["dv01"], rel=1e-9)
    assert all(abs(value) < 1e-6 for value in keys.values())


def test_a_payment_between_key_tenors_moves_with_both(moved):
    # S1 pays 9,615.38 of value after 365 days and 194,135.94 after 731, the two-year date
    row = moved["BANK:security:S1"]
    assert row["dv01_1y"] == pytest.approx(dv01(9_615.3846, 1.0), rel=1e-4)
    assert row["dv01_2y"] == pytest.approx(dv01(194_135.9429, 731 / 365), rel=1e-4)


def test_durations_explain_the_parallel_shocks_of_plain_contracts(closed_small_bank, moved):
    # deposits and loans here have no option and nobody leaves early: D and C leave h^3 t^3 / 6
    for scenario, size in ((UP, 0.02), (DOWN, -0.02)):
        values = {
            r["position_id"]: r["present_value"]
            for r in closed_small_bank.folder.rows("scenarios.position_values", scenario=scenario)
        }
        row = moved["BANK:security:S1"]
        full = values["BANK:security:S1"] - row["present_value"]
        explained = -row["dv01"] / BASIS_POINT * size + row["curvature"] * size**2 / 2
        assert full == pytest.approx(explained, abs=1.05 * 194_136 * (0.02 * 2.003) ** 3 / 6 + 0.2)


def test_the_duration_gap_report_adds_up_to_full_revaluation(closed_small_bank):
    rows = closed_small_bank.folder.rows("reports.duration_gap")
    assert {row["scenario"] for row in rows} == {UP, DOWN}
    for row in rows:
        parts = [float(row[f"delta_eve_{name}"]) for name in ("duration", "convexity")]
        error = float(row["delta_eve"]) - sum(parts)
        assert float(row["approximation_error_amount"]) == pytest.approx(error, abs=0.02)
        assert abs(row["approximation_error_share"]) < 0.001


def test_the_bridge_of_the_bank_starts_at_its_own_funds(closed_small_bank):
    # BANK: own funds 599,866.86; cash of 50,000.00 is out of the measure
    rows = {
        (r["measure_part"], r["product_code"]): r
        for r in closed_small_bank.folder.rows("reports.eve_bridge")
        if r["entity_id"] == "BANK"
    }
    whole = rows["all", "all"]
    assert float(whole["net_carrying_amount"]) == 599_866.86
    assert float(whole["out_of_measure_amount"]) == -50_000.00
    # current accounts: worth 531,282.97 of the 600,000 owed
    accounts = rows["in economic value", "retail_current_nib"]
    assert float(accounts["fair_value_adjustment_amount"]) == pytest.approx(68_717.03, abs=0.01)
    # the swap is carried at 2,403.85 and its legs are worth 9,615.38 - 7,211.54 = 2,403.84
    swap = rows["in economic value", "swap_pay_fixed"]
    assert float(swap["fair_value_adjustment_amount"]) == pytest.approx(0.0, abs=0.01)


def monthly(closed: Closed, family: str) -> dict[int, dict[str, Any]]:
    return {
        r["month_index"]: r
        for r in closed.folder.rows("reports.nii_monthly")
        if (r["entity_id"], r["scenario"], r["family"]) == ("BANK", "base", family)
    }


def test_the_first_month_of_the_corporate_loans_is_worked_out(closed_small_bank):
    # L1: 1,000,000 * 30/360 at 4 % and 2 % of margin: 3,333.33 + 1,666.67
    # L4: 500,000 * 30/360 at 3.5 % and 2 %, until its reset on 30 November: 1,458.33 + 833.33
    first = monthly(closed_small_bank, "corporate")[1]
    assert float(first["index_part_amount"]) == pytest.approx(3_333.33 + 1_458.33, abs=0.02)
    assert float(first["margin_part_amount"]) == pytest.approx(1_666.67 + 833.33, abs=0.02)
    assert float(first["replacement_amount"]) == 0.0
    assert float(first["average_assets_amount"]) == 1_500_000.00


def test_a_year_of_the_swap_is_hedge_carry(closed_small_bank):
    # receives 4 %, pays 3 % on 250,000: 2,500.00
    months = monthly(closed_small_bank, "derivatives")
    carry = sum(float(months[k]["hedge_carry_amount"]) for k in range(1, 13))
    assert carry == pytest.approx(2_500.00, abs=0.06)
    assert all(float(row["index_part_amount"]) == 0.0 for row in months.values())


def test_the_ledger_booked_a_day_more_of_the_same_interest(closed_small_bank):
    # October booked 7,291.67 in 31 days: 7,056.45 in 30; November earns 7,291.67 by 30/360
    rows = {
        r["product_code"]: r
        for r in closed_small_bank.folder.rows("reports.nii_run_rate")
        if r["entity_id"] == "BANK"
    }
    loans = rows["corporate_loan"]
    assert float(loans["run_rate_amount"]) == pytest.approx(7_056.45, abs=0.01)
    assert float(loans["month_income_amount"]) == pytest.approx(7_291.67, abs=0.01)
    assert float(loans["difference_amount"]) == pytest.approx(235.22, abs=0.02)
