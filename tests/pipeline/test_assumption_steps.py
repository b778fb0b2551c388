"""Assumptions a tenth off on the small bank: its current accounts are the only ones with a choice.

N1 owes 600,000: 80 % core over 96 months, the rest overnight. From the README: overnight money is
worth 119,987.1062 of 120,000, a month's 5,000 of core 82.2591729 times as much in all; after the
rise 119,980.5318 and 76.2680386.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.pipeline.banks import BASE, UP
from tests.pipeline.conftest import Closed

OVERNIGHT = {BASE: 119_987.1062 / 120_000, UP: 119_980.5318 / 120_000}
CORE = {BASE: 82.2591729, UP: 76.2680386}


def more_core(scenario: str) -> float:
    """Return what N1 gains when 88 % of it is core: 48,000 leave over 96 months, not tomorrow."""
    return 48_000 * OVERNIGHT[scenario] - 500 * CORE[scenario]


@pytest.fixture(scope="module")
def moved(closed_small_bank: Closed) -> dict[tuple[str, str, str], dict[str, Any]]:
    rows = closed_small_bank.folder.rows("scenarios.assumption_values")
    assert {row["position_id"] for row in rows} == {"BANK:deposit_nmd:N1"}
    return {(r["scenario"], r["parameter"], r["assumption_step"]): r for r in rows}


@pytest.mark.parametrize("scenario", [BASE, UP])
def test_more_core_is_worth_what_stays_longer(moved, scenario):
    more = moved[scenario, "core_share", "10 % higher"]
    assert more["present_value_change"] == pytest.approx(more_core(scenario), abs=0.01)
    less = moved[scenario, "core_share", "10 % lower"]
    assert less["present_value_change"] == pytest.approx(-more_core(scenario), abs=0.01)


def test_a_longer_core_is_cheaper_to_owe(moved):
    # 96 * 1.1 = 105.6, so 106 months: owed later, worth less to the depositor, a gain of the bank
    longer = moved[BASE, "core_run_off_months", "10 % higher"]["present_value_change"]
    shorter = moved[BASE, "core_run_off_months", "10 % lower"]["present_value_change"]
    assert longer > 0 > shorter


def test_the_report_says_what_the_assumption_does_to_the_loss_under_a_rise(closed_small_bank):
    rows = {
        (r["entity_id"], r["parameter"], r["assumption_step"]): r
        for r in closed_small_bank.folder.rows("reports.assumption_sensitivity")
    }
    row = rows["BANK", "core_share", "10 % higher"]
    effect = more_core(UP) - more_core(BASE)
    assert float(row["eve_effect_amount"]) == pytest.approx(more_core(BASE), abs=0.01)
    assert float(row["delta_eve_effect_amount"]) == pytest.approx(effect, abs=0.01)
    assert row["delta_eve_effect_share"] == pytest.approx(effect / 500_000, abs=1e-7)  # Tier 1
    assert row["stressed_scenario"] == UP
    assert float(rows["GROUP", "core_share", "10 % higher"]["eve_effect_amount"]) == pytest.approx(
        more_core(BASE), abs=0.01
    )


def test_no_step_of_an_assumption_nobody_decided_moves_anything(moved):
    # the accounts bear no interest: pass-through of zero stays zero a tenth higher
    assert {parameter for _, parameter, _ in moved} == {"core_share", "core_run_off_months"}
