"""When a figure expires: its last day counts, the day after does not, and notice is given."""

from __future__ import annotations

import datetime as dt

import pytest

from alm_pipeline.inputs.figures import Figures, expired, expiring, load_figures, outside_dates

LAST = dt.date(2027, 12, 31)  # of everything that ships


@pytest.fixture(scope="module")
def figures() -> Figures:
    return load_figures()


def test_nothing_has_expired_on_its_last_day_and_everything_on_the_day_after(figures):
    assert expired(figures, LAST) == []
    late = expired(figures, LAST + dt.timedelta(days=1))
    assert {one.item_kind for one in late} == {"assumption", "limit"}
    named = {one.item for one in late}
    assert "deposits.retail_savings.core_share" in named
    assert "delta_eve.worst_outlier_shape" in named
    assert len(late) == len(figures.assumptions.figures) + len(figures.limits.limits)
    assert set(late) <= set(outside_dates(figures, LAST + dt.timedelta(days=1), ["base"]))


def test_every_figure_and_every_limit_names_its_owner_and_its_end(figures):
    late = expired(figures, dt.date.max)
    assert all(one.owner and one.effective_to for one in late)
    assert len(late) == len(figures.assumptions.figures) + len(figures.limits.limits)


@pytest.mark.parametrize(
    ("days_before", "is_announced"), [(0, True), (92, True), (93, False), (-1, False)]
)
def test_an_expiry_is_announced_within_the_notice_and_no_longer_once_it_has_passed(
    figures, days_before, is_announced
):
    day = LAST - dt.timedelta(days=days_before)
    assert bool(expiring(figures, day, 92)) is is_announced
