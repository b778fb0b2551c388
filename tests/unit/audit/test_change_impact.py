"""What a change did to the headline: beyond its tolerance or not, and what is said about it."""

from __future__ import annotations

from typing import Any

import pytest

from alm_pipeline.audit.change_impact import Measure, described, effects, measures, sentence_of
from alm_pipeline.audit.change_rows import _effect
from alm_pipeline.inputs.approvals import load_policy

KEY = ("GROUP", "group", "delta_eve", "worst_outlier_shape", "at_least")
POLICY = load_policy().model_copy(update={"tolerances": {"delta_eve": 0.005, "eve_base": 0.01}})


def share(value: float | None, status: str = "green", amount: float | None = None) -> Measure:
    return Measure(value, "share_of_tier1", "USD", status, amount)


@pytest.mark.parametrize(
    ("was", "now", "needs"),
    [
        (share(-0.040), share(-0.045), False),  # 0.5 % of Tier 1 is the tolerance itself
        (share(-0.040), share(-0.0451), True),
        (share(-0.045), share(-0.040), False),
        (share(-0.0451), share(-0.040), True),  # better counts as much as worse
        (share(-0.1199), share(-0.1201, "amber"), True),  # little, but another status
        (share(None, "not available"), share(-0.04), True),
        (share(-0.04), share(None, "not available"), True),
    ],
)
def test_a_change_needs_approval_when_it_moves_far_or_flips_a_limit(was, now, needs):
    (effect,) = effects({KEY: was}, {KEY: now}, POLICY)
    assert effect.needs_approval is needs


def test_a_measure_that_appears_or_disappears_needs_approval():
    assert [e.needs_approval for e in effects({}, {KEY: share(-0.04)}, POLICY)] == [True]
    assert [e.needs_approval for e in effects({KEY: share(-0.04)}, {}, POLICY)] == [True]


def test_what_is_not_available_on_both_sides_is_no_effect():
    nothing = share(None, "not available")
    assert effects({KEY: nothing}, {KEY: nothing}, POLICY) == []


def test_the_sentence_has_both_amounts_both_shares_and_the_limit():
    was, now = share(-0.1, "green", -50_000.0), share(-0.13, "amber", -65_000.0)
    (effect,) = effects({KEY: was}, {KEY: now}, POLICY)
    wanted = (
        "GROUP delta_eve worst_outlier_shape -50,000.00 USD (-10.00 %) -> -65,000.00 USD"
        " (-13.00 %), beyond the tolerance, limit green -> amber"
    )
    assert described([effect], "GROUP") == wanted
    row: dict[str, Any] = _effect(effect)
    assert sentence_of(row) == wanted


def test_measures_are_the_scorecard_and_the_levels_with_tier_1_behind_the_tolerance():
    unit = {"entity_id": "GROUP", "row_kind": "group", "currency": "USD"}
    tables: dict[str, list[dict[str, Any]]] = {
        "reports.scorecard": [
            {**unit, "metric": "delta_eve", "scope": "worst_outlier_shape", "value": -0.1,
             "limit_direction": "at_least", "unit": "share_of_tier1", "limit_status": "green",
             "worst_scenario": "up"}
        ],
        "reports.irrbb_outlier_test": [
            {**unit, "scenario": "up", "delta_eve_weighted": -50.0, "delta_nii_12m_weighted": 1.0}
        ],
        "reports.eve_sensitivity": [
            {**unit, "scenario": "base", "family": "total", "eve": 700.0},
            {**unit, "scenario": "up", "family": "total", "eve": 600.0},
            {**unit, "scenario": "base", "family": "loans", "eve": 900.0},
        ],
        "reports.nii_sensitivity": [
            {**unit, "scenario": "base", "family": "total", "nii": 30.0, "horizon_months": 12},
            {**unit, "scenario": "base", "family": "total", "nii": 50.0, "horizon_months": 24},
        ],
        "metrics.report_footers": [{**unit, "tier1_amount": 500.0}],
    }  # fmt: skip
    found = measures(tables)
    assert found[KEY] == share(-0.1, "green", -50.0)
    level = ("GROUP", "group", "eve_base", "base", "no limit")
    assert found[level].value == 700.0
    (effect,) = effects({level: found[level]}, {level: found[level]}, POLICY)
    assert effect.tolerance == pytest.approx(5.0)  # 1 % of Tier 1, 500
    assert found["GROUP", "group", "nii_12m_base", "base", "no limit"].value == 30.0
