"""The plan of a segment: the committee's figures, a scenario's own, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.assumptions import load_assumptions
from alm_pipeline.inputs.balance_plan import SegmentPlan, segment_plans
from alm_pipeline.inputs.figures import load_figures
from alm_pipeline.paths import DATA_CONTRACTS

OWN = """about: Savers leave for term deposits, current accounts run.
kind: own
deposit_run: {retail_current: 0.1}
balance_sheet: {migration_share: {retail_savings: 0.5}, replacement_share: {sme: 0.9}}
"""


def test_a_segment_that_nobody_plans_for_stays_as_it_is():
    figures = load_figures()
    plans = segment_plans(figures.assumptions, figures.scenarios, "base")
    assert plans["none"] == SegmentPlan()
    assert not plans["none"].moves


def test_a_scenario_says_what_runs_and_how_many_move(tmp_path):
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "own.yaml").write_text(OWN, encoding="utf-8")
    figures = load_figures(tmp_path)
    base, own = (segment_plans(figures.assumptions, figures.scenarios, s) for s in ("base", "own"))
    assert (base["retail_current"].run_share, own["retail_current"].run_share) == (0.0, 0.1)
    assert own["retail_current"].moves
    assert (own["sme"].renewed, base["sme"].renewed) == (0.9, 1.0)
    savings = own["retail_savings"]
    assert (savings.migrates_to, savings.migration_share) == ("retail_term", 0.5)
    assert savings.migration_speed == base["retail_savings"].migration_speed > 0.0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    migrates_to: retail_term\n", "", "retail_savings.migration: migrates_to, "),
        (
            "migrates_to: retail_term",
            "migrates_to: moon",
            "no other segment is moon",
        ),
        (
            "migrates_to: retail_term",
            "migrates_to: retail_savings",
            "retail_savings: no other segment is retail_savings",
        ),
        (
            "    migration_speed: {value: 20.0, unit: per unit of rate, status: assumed}\n",
            "",
            "retail_savings.migration: migrates_to, ",
        ),
    ],
)
def test_half_a_migration_is_refused(tmp_path: Path, old, new, words):
    text = (DATA_CONTRACTS / "assumptions" / "new_business.yaml").read_text("utf-8")
    assert old in text
    (tmp_path / "assumptions").mkdir()
    path = tmp_path / "assumptions" / "new_business.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words):
        load_assumptions(tmp_path)
