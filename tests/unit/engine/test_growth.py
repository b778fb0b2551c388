"""The dynamic balance sheet: volumes by hand, and income on a flat curve in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from alm_pipeline.engine.conventions.months import months_after
from alm_pipeline.engine.conventions.tenor import index_tenor
from alm_pipeline.engine.simulation.growth import (
    growth_income,
    migrated_shares,
    new_volumes,
    paid_rates,
)
from tests.unit.engine.books import AS_OF, flat

ZERO_RATE = 0.03
MONTH, YEAR = index_tenor("1M"), index_tenor("12M")


def test_a_balance_that_grows_by_a_tenth_stands_a_tenth_higher_after_a_year():
    found = new_volumes(np.array([200.0]), np.zeros((1, 36, 1)), np.array([[0.1]]), np.ones((1, 1)))
    assert found[0, :12].sum() == pytest.approx(20.0)
    assert found[0].sum() == pytest.approx(200.0 * (1.1**3 - 1.0))
    assert found[0, 0, 0] == pytest.approx(200.0 * (1.1 ** (1 / 12) - 1.0))


def test_what_is_not_renewed_leaves_on_both_sides():
    # 5 of 100 repaid each month, nine tenths renewed: 0.5 less of an asset, and of a liability
    repaid = np.array([np.full((12, 1), 5.0), np.full((12, 1), -5.0)])
    found = new_volumes(np.array([100.0, -100.0]), repaid, np.zeros((2, 1)), np.full((2, 1), 0.9))
    assert found[:, 3, 0] == pytest.approx([-0.5, 0.5])


@pytest.mark.parametrize("tenor", [MONTH, YEAR])
def test_income_of_a_volume_is_the_index_of_its_tenor_and_the_margin(tenor):
    # 100 placed at the end of month 1: in month 2 the index of the tenor, simple, and 1 %
    volumes = np.zeros((1, 3, 1))
    volumes[0, 0] = 100.0
    edges = months_after(AS_OF, 24)
    pairs = np.array([[0, tenor]])
    found = growth_income(flat(ZERO_RATE), AS_OF, pairs, np.array([0.01]), volumes)
    end = int(edges[2] if tenor == MONTH else edges[13])
    index = (math.exp(ZERO_RATE * (end - edges[1]) / 365) - 1.0) / ((end - edges[1]) / 360)
    days = edges[2] - edges[1]
    assert found[0, 0, 0] == 0.0
    assert found[0, 1, 0] == pytest.approx(100.0 * (index + 0.01) * days / 360, rel=1e-12)


def test_volumes_of_nothing_bring_nothing_and_double_volumes_double():
    random = np.random.default_rng(3)
    volumes = random.normal(0.0, 10.0, (2, 12, 2))
    pairs, margin = np.array([[0, MONTH], [0, YEAR]]), np.array([0.0, 0.02])
    curves = flat(0.02, 0.05)
    one = growth_income(curves, AS_OF, pairs, margin, volumes)
    two = growth_income(curves, AS_OF, pairs, margin, 2.0 * volumes)
    assert two == pytest.approx(2.0 * one, rel=1e-12)
    assert (growth_income(curves, AS_OF, pairs, margin, 0.0 * volumes) == 0.0).all()
    alone = growth_income(flat(0.05), AS_OF, pairs, margin, volumes[:, :, 1:])
    assert np.array_equal(alone[:, :, 0], one[:, :, 1])


def test_who_could_gain_moves_once_and_never_returns():
    # 2 % beyond the threshold, nothing, 3 %, of 40 % at speed 30; today 0.5 % beyond it
    gained = np.array([0.03, 0.0, 0.04, 0.02])[None, :, None]
    found = migrated_shares(
        gained, np.array([0.015]), np.array([[0.4]]), np.array([30.0]), np.array([0.01])
    )[0, :, 0]
    today, first, third = (0.4 * (1.0 - math.exp(-30.0 * beyond)) for beyond in (0.005, 0.02, 0.03))
    assert found == pytest.approx([first - today, 0.0, third - first, 0.0])


def test_nobody_moves_below_the_threshold_or_without_a_share():
    gained = np.full((2, 12, 2), 0.05)
    most = np.array([[0.3, 0.3], [0.0, 0.0]])
    found = migrated_shares(gained, np.zeros(2), most, np.full(2, 50.0), np.array([0.06, 0.0]))
    assert (found == 0.0).all()


def test_a_balance_that_has_run_off_keeps_the_rate_it_paid_last():
    # 100 at 3.65 % is 0.3 in 30 days, 50 at 4 % in 31 days; then nothing, or dust of it, is left
    interest = -np.array([0.3, 50 * 0.04 * 31 / 365, 0.0, 1e-9])[None, :, None]
    average = np.array([100.0, 50.0, 0.0, 1e-7])[None, :, None]
    found = paid_rates(interest, average, np.array([30, 31, 30, 31]))[0, :, 0]
    assert found == pytest.approx([0.0365, 0.04, 0.04, 0.04])
