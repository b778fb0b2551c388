"""Income on a balance sheet that runs off, stays, or follows the plan, on given rows."""

from __future__ import annotations

import pytest

SHARED = {"entity_id": "BANK", "row_kind": "entity", "scenario": "base"}


@pytest.fixture
def planned(reports):
    reports.give("inputs.products", [{"product_code": "house", "side": "asset"},
                                     {"product_code": "bond", "side": "liability"}])  # fmt: skip
    row = {"scenario": "base", "entity_id": "BANK", "currency": "EUR"}
    reports.give(
        "scenarios.growth_income",
        [row | {"product_code": code, "month_index": month, "new_principal": volume,
                "growth_interest": interest}
         for code, month, volume, interest in (
             ("house", 1, 50.0, 0.0), ("house", 2, 10.0, 3.0), ("bond", 1, -20.0, 0.0),
             ("bond", 2, 0.0, -1.0), ("balancing", 1, -30.0, 0.0), ("balancing", 2, -10.0, -0.5))],
    )  # fmt: skip
    return reports


def test_volumes_and_income_are_translated_and_balancing_stands_apart(planned):
    rows = {r["month_index"]: r for r in planned.run("metrics.nii_growth")
            if r["entity_id"] == "BANK"}  # fmt: skip
    found = {k: rows[2][k] for k in ("growth_income_amount", "balancing_income_amount",
                                     "new_assets_amount", "new_liabilities_amount")}  # fmt: skip
    assert found == pytest.approx({  # at 1.1 dollars
        "growth_income_amount": 2.2, "balancing_income_amount": -0.55,
        "new_assets_amount": 11.0, "new_liabilities_amount": 0.0})  # fmt: skip
    assert rows[1]["new_liabilities_amount"] == pytest.approx(-22.0)


def test_income_runs_off_stays_or_follows_the_plan(reports):
    reports.give(
        "reports.nii_sensitivity",
        [SHARED | {"family": "total", "horizon_months": 12, "currency": "USD", "nii": 100,
                   "availability": "available", "excluded_rows": 0, "excluded_amount": 0}],
    )  # fmt: skip
    reports.give(
        "reports.nii_monthly",
        [SHARED | {"family": family, "month_index": month, "replacement_amount": amount}
         for family, month, amount in (("total", 1, 10), ("total", 12, 15), ("total", 13, 99),
                                       ("loans", 1, 10))],
    )  # fmt: skip
    reports.give(
        "metrics.nii_growth",
        [SHARED | {"month_index": month, "new_assets_amount": 60.0,
                   "new_liabilities_amount": -20.0, "growth_income_amount": 2.0,
                   "balancing_income_amount": -0.5} for month in (2, 13)],
    )  # fmt: skip
    (row,) = reports.run("reports.nii_balance_sheets")
    found = [float(row[k]) for k in ("nii_run_off", "nii_constant", "nii_dynamic")]
    assert found == [75.0, 100.0, 101.5]
    assert float(row["new_assets_amount"]) == 60.0
