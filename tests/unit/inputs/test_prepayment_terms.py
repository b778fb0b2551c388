"""Prepayment figures beyond one rate: what they mean together, and what is refused."""

from __future__ import annotations

import pytest

from alm_pipeline.inputs.prepayment_terms import (
    Refinancing,
    figures_of_text,
    prepayment_faults,
    prepayment_terms,
    text_of_figures,
)

BASE = {"annual_prepayment_rate": 0.02}
CURVE = {
    "refinance_rate": 0.22,
    "refinance_slope": 180.0,
    "refinance_midpoint_rate": 0.011,
    "refinance_spread_rate": 0.018,
    "refinance_tenor_months": 120.0,
}
BURNOUT = {"burnout_share": 0.3, "burnout_speed": 40.0}
SEASON = {f"season_month_{month}": 0.5 + month / 13 for month in range(1, 13)}


def in_file(**figures: float) -> dict[str, object]:
    return {name: {"value": value, "unit": "share"} for name, value in figures.items()}


def test_one_rate_has_no_terms():
    assert prepayment_terms(BASE, 1.0) is None
    assert prepayment_terms({}, 1.0) is None


def test_ages_are_in_order_and_begin_with_the_rate_itself():
    ages = {
        "annual_prepayment_rate_from_month_100": 0.05,
        "annual_prepayment_rate_from_month_30": 0.04,
    }
    found = prepayment_terms(BASE | ages, 0.8)
    assert found is not None
    assert found.by_age == ((0, 0.02), (30, 0.04), (100, 0.05))
    assert (found.season, found.refinancing, found.multiplier) == ((), None, 0.8)


def test_the_season_begins_in_january():
    found = prepayment_terms(BASE | SEASON, 1.0)
    assert found is not None
    assert found.season == tuple(SEASON.values())


def test_what_is_refinanced_burns_out_only_where_the_figures_say_so():
    kept = prepayment_terms(BASE | CURVE, 1.0)
    burnt = prepayment_terms(BASE | CURVE | BURNOUT, 1.0)
    assert kept is not None
    assert burnt is not None
    assert kept.refinancing == Refinancing(0.22, 180.0, 0.011, 0.018, 10)
    assert burnt.refinancing == Refinancing(0.22, 180.0, 0.011, 0.018, 10, 0.3, 40.0)


def test_text_gives_the_figures_back():
    figures = tuple((BASE | CURVE | SEASON).items())
    assert figures_of_text(text_of_figures(figures)) == figures
    assert figures_of_text("") == ()


@pytest.mark.parametrize(
    ("figures", "fault"),
    [
        ({"refinance_rate": 0.2}, "refinance_slope: missing"),
        ({k: v for k, v in SEASON.items() if k != "season_month_7"}, "season_month_7: missing"),
        ({"burnout_speed": 1.0} | CURVE, "burnout_share: missing"),
        (BURNOUT, "burnout_share: nothing is refinanced that could burn out"),
        (dict.fromkeys(SEASON, 1.1), "season_month: the factors average 1.1, not 1"),
        (CURVE | {"refinance_tenor_months": 30.0}, "refinance_tenor_months: 30 is not one or"),
        (CURVE | {"refinance_tenor_months": 0.0}, "refinance_tenor_months: 0 is not one or"),
    ],
)
def test_figures_that_are_not_whole_are_refused(figures, fault):
    (found,) = prepayment_faults(in_file(**BASE, **figures))
    assert found.startswith(fault)


def test_whole_figures_have_no_faults():
    assert prepayment_faults(in_file(**BASE, **CURVE, **BURNOUT)) == []
    assert prepayment_faults(in_file(**BASE, **dict.fromkeys(SEASON, 1.0))) == []
