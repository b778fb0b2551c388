"""The small bank through the whole chain: what comes out is what a pocket calculator gives.

The arithmetic is in `tests/small_bank/README.md`, its results in `tests/small_bank/expected.yaml`.
"""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml

from tests.pipeline.banks import BASE, DOWN, SMALL_BANK, UP
from tests.pipeline.conftest import Closed

EXPECTED: dict[str, Any] = yaml.safe_load((SMALL_BANK / "expected.yaml").read_text("utf-8"))
CENT = EXPECTED["tolerance"]
HALF_CENT = 0.005 + 1e-9  # both sides are rounded to the cent


@pytest.fixture(scope="module")
def values(closed_small_bank: Closed) -> dict[str, dict[str, dict[str, Any]]]:
    """Rows of `scenarios.position_values` by scenario and position."""
    folder = closed_small_bank.folder
    return {
        scenario: {
            row["position_id"]: row
            for row in folder.rows("scenarios.position_values", scenario=scenario)
        }
        for scenario in (BASE, UP, DOWN)
    }


def test_the_close_is_complete_and_its_exit_status_is_zero(closed_small_bank):
    assert closed_small_bank.outcome.failures == ()
    status, text = closed_small_bank.folder.headline(closed_small_bank.outcome)
    assert status == 0
    assert "0 blocking failures" in text
    assert "excluded  0 rows" in text


def test_assets_liabilities_and_own_funds_are_those_worked_out(closed_small_bank):
    found = {
        f"{row['entity_id']} {row['currency']}": [
            float(row[f"{name}_amount"]) for name in ("assets", "liabilities", "equity")
        ]
        for row in closed_small_bank.folder.rows("book.balance_check")
    }
    shown = {name: amounts for name, amounts in found.items() if any(amounts)}
    assert shown == EXPECTED["balance_check"]


def test_liquid_assets_are_cash_and_the_bond_free_of_its_pledge(closed_small_bank):
    rows = closed_small_bank.folder.rows("reports.hqla_stock")
    every = [row for row in rows if row["contract_currency"] == "all"]
    found = {row["entity_id"]: float(row["hqla_amount"]) for row in every}
    assert found == EXPECTED["liquid_assets_usd"]
    assert all(row["level_1_amount"] == row["hqla_amount"] for row in every)


@pytest.mark.parametrize(
    ("report", "expected"),
    [("reports.lcr", "coverage_usd"), ("reports.nsfr", "stable_funding_usd")],
)
def test_the_liquidity_ratios_are_those_worked_out(closed_small_bank, report, expected):
    rows = closed_small_bank.folder.rows(report)
    found = {row["entity_id"]: row for row in rows if row["contract_currency"] == "all"}
    assert found.keys() == EXPECTED[expected].keys()
    for entity, amounts in EXPECTED[expected].items():
        shown = {name: found[entity][name] for name in amounts}
        assert {n: None if v is None else float(v) for n, v in shown.items()} == {
            n: None if v is None else pytest.approx(v, abs=5e-5) for n, v in amounts.items()
        }, entity


def test_the_group_balance_sheet_is_translated_and_eliminated(closed_small_bank):
    found = {
        row["side"]: float(row["carrying_amount"])
        for row in closed_small_bank.folder.rows("reports.balance_sheet")
        if row["row_kind"] == "group" and row["balance_sheet_line"] == "total"
    }
    assert found == EXPECTED["group_balance_sheet_usd"]


def test_every_line_of_the_ledger_is_matched(closed_small_bank):
    rows = closed_small_bank.folder.rows("book.ledger_reconciliation")
    assert {row["status"] for row in rows} == {"matched"}


@pytest.mark.parametrize(
    ("scenario", "position"),
    [(s, p) for s, positions in EXPECTED["present_value"].items() for p in positions],
)
def test_present_value_is_worked_out_to_the_cent(values, scenario, position):
    expected = EXPECTED["present_value"][scenario][position]
    assert values[scenario][position]["present_value"] == pytest.approx(expected, abs=CENT)


@pytest.mark.parametrize("position", EXPECTED["present_value_about"])
def test_a_floater_is_worth_about_its_next_reset(values, position):
    expected = EXPECTED["present_value_about"][position]
    assert values[BASE][position]["present_value"] == pytest.approx(expected, abs=100)


def test_a_parallel_fall_mirrors_a_parallel_rise_in_the_exponent(values):
    # L1 pays once, in 365 days: 1,040,000 / 1.04 * e^(+0.02) = 1,000,000 * 1.02020134
    position = values[DOWN]["BANK:loan:L1"]
    assert position["present_value"] == pytest.approx(1e6 * math.exp(0.02), abs=CENT)


@pytest.mark.parametrize("position", EXPECTED["nii_12m"])
def test_income_of_twelve_months_is_worked_out_to_the_cent(values, position):
    row = values[BASE][position]
    expected = EXPECTED["nii_12m"][position]
    assert row["nii_12m"] == pytest.approx(expected, abs=CENT)
    # A fixed rate that runs for the whole year knows no path of rates.
    assert row["nii_12m_other_path"] == pytest.approx(expected, abs=CENT)


def test_the_repricing_gap_of_the_bank_in_dollars_is_worked_out(closed_small_bank):
    found = dict.fromkeys(EXPECTED["repricing_gap_bank_usd"], 0.0)
    for row in closed_small_bank.folder.rows("metrics.repricing_gap", scenario=BASE):
        is_ours = (row["entity_id"], row["currency"]) == ("BANK", "USD")
        is_ours = is_ours and row["bucket_set"] == "irrbb"
        if is_ours and row["view"] == "behavioural":
            found[row["bucket"]] += row["gap_amount"]
    assert found == pytest.approx(EXPECTED["repricing_gap_bank_usd"], abs=CENT)


def test_every_tie_of_the_close_is_proved(closed_small_bank):
    proofs = closed_small_bank.folder.rows("audit.proofs")
    coverage = closed_small_bank.folder.rows("audit.proof_coverage")
    proved = {row["invariant"] for row in coverage if row["status"] == "proved"}
    assert {row["invariant"] for row in proofs} == proved
    assert [row for row in proofs if not row["is_passed"]] == []


def test_intragroup_business_is_gone_from_the_group_and_not_from_its_members(closed_small_bank):
    # L6 and B2 mirror each other: 100,000.00 - 100,000.00 = 0 in the group.
    rows = [
        row
        for row in closed_small_bank.folder.rows("reports.eve_sensitivity")
        if row["scenario"] == BASE and row["family"] == "total"
    ]
    by_kind: dict[str, float] = {}
    for row in rows:
        by_kind[row["row_kind"]] = by_kind.get(row["row_kind"], 0.0) + float(row["eve"])
    assert by_kind["group"] == pytest.approx(by_kind["entity"] + by_kind["elimination"], abs=CENT)
    assert by_kind["elimination"] == pytest.approx(0.0, abs=CENT)
