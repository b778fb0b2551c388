"""Assumptions and what scenarios make of them: caps, multipliers, dates, refusals."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.assumptions import AssumptionBook, load_assumptions
from alm_pipeline.inputs.behaviour import BehaviourRow, behaviour_arrays, behaviour_rows
from alm_pipeline.inputs.figures import Figures, load_figures, outside_dates
from alm_pipeline.paths import DATA_CONTRACTS

NAMES = ["base", "basel_2024_parallel_up", "basel_2024_steepener", "us_down_300"]


@pytest.fixture(scope="module")
def figures() -> Figures:
    return load_figures()


@pytest.fixture(scope="module")
def rows(figures: Figures) -> dict[tuple[str, str], BehaviourRow]:
    found = behaviour_rows(figures.assumptions, figures.scenarios, NAMES)
    return {(row.scenario, row.behaviour_segment): row for row in found}


def changed(tmp_path: Path, name: str, old: str, new: str) -> Path:
    """An overlay in which one text of a shipped assumption file reads differently."""
    text = (DATA_CONTRACTS / "assumptions" / name).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "assumptions").mkdir(exist_ok=True)
    (tmp_path / "assumptions" / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return tmp_path


def test_shipped_core_deposits_keep_within_the_basel_caps(figures):
    # BCBS d368, table 2; a ladder of M equal months has an average life of (M + 1) / 24 years
    caps = {
        "retail_transactional": (0.90, 5.0),
        "retail_non_transactional": (0.70, 4.5),
        "wholesale": (0.50, 4.0),
    }
    book: AssumptionBook = figures.assumptions
    categories = {k: v for k, v in book.nmd_categories.items() if v is not None}
    assert set(categories.values()) == set(caps)
    for segment, category in categories.items():
        share = book.value("deposits", segment, "core_share", -1.0)
        months = book.value("deposits", segment, "core_run_off_months", -1.0)
        assert 0.0 <= share <= caps[category][0]
        assert 0.0 < (months + 1.0) / 24.0 <= caps[category][1]


@pytest.mark.parametrize(("months", "is_refused"), [(119, False), (120, True)])
def test_a_ladder_of_120_months_breaks_the_cap_of_five_years(tmp_path, months, is_refused):
    # worked example 12: 120 months 5.0417 years, 119 months 5.0000 years
    overlay = changed(tmp_path, "deposits.yaml", "value: 96", f"value: {months}")
    if not is_refused:
        load_figures(overlay)
        return
    with pytest.raises(ConfigurationError, match=r"average life 5\.04 years above 5\.0"):
        load_figures(overlay)


def test_a_core_share_above_its_cap_is_refused_once(tmp_path):
    overlay = changed(
        tmp_path, "deposits.yaml", "core_share: {value: 0.8,", "core_share: {value: 0.95,"
    )
    with pytest.raises(ConfigurationError, match=r"core share 0\.95 above 0\.9") as caught:
        load_figures(overlay)
    assert str(caught.value).startswith("1 problem in YAML files")


def test_prepayment_and_redemption_follow_the_multipliers_of_the_pack(rows):
    # offers 6 %: up 0.8 * 6 % = 4.8 %; term 3 %: up 1.2 * 3 % = 3.6 %, steeper 0.8 * 3 % = 2.4 %
    assert rows["base", "mortgage_pipeline"].annual_prepayment_rate == 0.06
    up, steeper = "basel_2024_parallel_up", "basel_2024_steepener"
    assert rows[up, "mortgage_pipeline"].annual_prepayment_rate == pytest.approx(0.048)
    assert rows[up, "retail_term"].redemption_share == pytest.approx(0.036)
    assert rows[steeper, "mortgage_pipeline"].annual_prepayment_rate == pytest.approx(0.048)
    assert rows[steeper, "retail_term"].redemption_share == pytest.approx(0.024)


def test_the_pack_leaves_alone_what_answers_to_rates_by_itself(figures, rows):
    # mortgages are refinanced; by the prescribed approach they are multiplied all the same
    up = "basel_2024_parallel_up"
    by_age = dict(rows[up, "auto"].prepayment_figures)
    assert by_age["multiplier"] == pytest.approx(0.8)
    assert dict(rows[up, "mortgage"].prepayment_figures)["multiplier"] == 1.0
    prescribed = behaviour_rows(figures.assumptions, figures.scenarios, [up], is_prescribed=True)
    (mortgage,) = (row for row in prescribed if row.behaviour_segment == "mortgage")
    assert dict(mortgage.prepayment_figures)["multiplier"] == pytest.approx(0.8)
    assert mortgage.annual_prepayment_rate == pytest.approx(0.8 * 0.02)


def test_a_scenario_multiplies_what_answers_to_rates_too(figures):
    (mortgage,) = (
        row
        for row in behaviour_rows(figures.assumptions, figures.scenarios, ["fast_prepayment"])
        if row.behaviour_segment == "mortgage"
    )
    assert dict(mortgage.prepayment_figures)["multiplier"] > 1.0


def test_a_multiplied_rate_never_exceeds_one(tmp_path):
    overlay = changed(tmp_path, "prepayment.yaml", "value: 0.06", "value: 0.9")
    own = load_figures(overlay)
    (row,) = (
        row
        for row in behaviour_rows(own.assumptions, own.scenarios, ["basel_2024_parallel_down"])
        if row.behaviour_segment == "mortgage_pipeline"
    )
    assert row.annual_prepayment_rate == 1.0  # min(1, 1.2 * 0.9)


def test_a_segment_without_behaviour_follows_its_index_in_full(rows):
    row = rows["us_down_300", "none"]
    assert (row.annual_prepayment_rate, row.redemption_share, row.core_share) == (0.0, 0.0, 0.0)
    assert (row.pass_through_up, row.pass_through_down, row.lag_months) == (1.0, 1.0, 0)
    assert row.rate_floor == -1.0


def test_the_engine_gets_one_row_per_segment_and_one_column_per_scenario(rows):
    segments = ["mortgage_pipeline", "retail_savings", "retail_term"]
    tables = behaviour_arrays(list(rows.values()), segments, NAMES)
    np.testing.assert_allclose(
        tables.annual_prepayment_rate, [[0.06, 0.048, 0.048, 0.078], [0.0] * 4, [0.0] * 4]
    )
    np.testing.assert_allclose(tables.redemption_share[2], [0.03, 0.036, 0.024, 0.021])
    assert tables.core_share.tolist() == [0.0, 0.55, 0.0]
    assert tables.core_run_off_months.tolist() == [0, 72, 0]
    assert tables.pass_through_up.tolist() == [1.0, 0.35, 1.0]
    assert tables.lag_months.tolist() == [0, 2, 0]


def test_every_product_names_a_segment_and_curves_that_exist(figures):
    segments = set(figures.assumptions.segments())
    assert {one.behaviour_segment for one in figures.products.products.values()} <= segments


def test_an_expired_assumption_and_a_pack_not_yet_in_force_are_found(figures):
    found = outside_dates(figures, dt.date(2023, 6, 30), ["base", "eu_2024_steepener"])
    kinds = {one.item_kind for one in found}
    assert kinds == {"rule_pack", "assumption", "limit"}
    packs = [one.item for one in found if one.item_kind == "rule_pack"]
    assert packs == ["eu_2024"]
    assert outside_dates(figures, dt.date(2026, 10, 31), ["base", "eu_2024_steepener"]) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("unit: share,", "unit: percent,", "the unit is share, not percent"),
        ("core_share: {value: 0.8,", "core_share: {value: 80,", "80.0 is outside 0.0 to 1.0"),
        ("    lag_months: {value: 0, unit: months, status: assumed}\n", "", "lag_months: missing"),
        ("lag_months:", "lag_weeks:", "lag_weeks: unknown parameter"),
        (
            "core_share: {value: 0.8, unit: share, status: assumed}",
            "core_share: 0.8",
            "a figure is",
        ),
        ("expires: 2027-12-31", "expires: 2024-12-31", "it expires before it takes effect"),
        ("  approver: alco\n", "", "approver: Field required"),
        ("  owner: team:treasury-risk\n", "", "owner: Field required"),
        ("  approver: alco\n", "  approver: Team:Treasury-Risk\n", "somebody else approves"),
        ("  version: 1\n", "", "version: Field required"),
        ("  version: 1\n", "  version: 0\n", "greater than or equal to 1"),
        ("  rationale: ", "  # ", "rationale: Field required"),
        ("  effective_from: 2025-01-01\n", "", "effective_from: Field required"),
        ("  expires: 2027-12-31\n", "", "expires: Field required"),
        (
            "{value: 0.8, unit: share, status: assumed}",
            "{value: 0.8, unit: share}",
            "status: Field",
        ),
        ("{value: 0.8, unit: share, ", "{unit: share, ", "value: Field required"),
        ("{value: 0.8, unit: share, ", "{value: 0.8, ", "unit: Field required"),
        ("kind: deposits", "sort: deposits", "sort: unknown key"),
        ("segments:", "parts:", "common and segments are mappings"),
    ],
)
def test_an_assumption_that_cannot_be_questioned_is_refused(tmp_path, old, new, words):
    with pytest.raises(ConfigurationError) as caught:
        load_assumptions(changed(tmp_path, "deposits.yaml", old, new))
    assert words in str(caught.value)


def test_an_assumption_file_nobody_reads_is_refused(tmp_path):
    (tmp_path / "assumptions").mkdir()
    (tmp_path / "assumptions" / "weather.yaml").write_text("about: Rain.\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="no such assumption"):
        load_assumptions(tmp_path)
