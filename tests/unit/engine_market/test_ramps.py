"""Ramps: the path on which a move builds up, day by day."""

from __future__ import annotations

import numpy as np
import pytest

from alm_pipeline.engine.market.curve import ZeroCurve, forward_rates
from alm_pipeline.engine.scenarios.ramps import ramped_zero_rates

MONTHS = np.array([1, *range(30, 30 * 37, 30)], dtype=np.int32)  # overnight, months of 30 days
FLAT = np.full(37, 0.03)
HALF_A_DAY = 1.5e-5


def daily_forward(rates: np.ndarray, day: int) -> float:
    start, end = np.array([day], dtype=np.int32), np.array([day + 1], dtype=np.int32)
    return float(forward_rates(ZeroCurve(MONTHS, rates), start, end, np.array([1 / 365]))[0])


def test_zero_rates_of_a_parallel_ramp_are_the_average_of_the_path():
    # the forward move on day u is 0.01 u / 360 up to 360, 0.01 after; its average up to t is
    # 0.01 t / 720 up to 360 and 0.01 (1 - 180 / t) after
    rates = ramped_zero_rates(MONTHS, FLAT, FLAT + 0.01, 360)
    expected = np.where(MONTHS <= 360, 0.01 * MONTHS / 720, 0.01 * (1 - 180 / MONTHS))
    np.testing.assert_allclose(rates - FLAT, expected, rtol=0, atol=1e-15)


def test_the_overnight_forward_rises_in_a_straight_line():
    # overnight, 3 % and half of 1 % on the 180th day: exp(0.035 / 365) - 1, times 365; a day's
    # forward is its average, half a day's move above its start: 0.01 x 0.5 / 360 = 1.4e-5
    rates = ramped_zero_rates(MONTHS, FLAT, FLAT + 0.01, 360)
    assert daily_forward(rates, 180) == pytest.approx(np.expm1(0.035 / 365) * 365, abs=HALF_A_DAY)
    assert daily_forward(rates, 0) == pytest.approx(np.expm1(0.03 / 365) * 365, abs=HALF_A_DAY)


def test_a_ramp_of_one_day_is_nearly_the_shock_at_once():
    # only half of the first day's move is missing: 0.01 x 0.5 / t
    rates = ramped_zero_rates(MONTHS, FLAT, FLAT + 0.01, 1)
    np.testing.assert_allclose(rates, FLAT + 0.01 * (1 - 0.5 / MONTHS), rtol=0, atol=1e-15)


def test_nothing_that_moves_builds_up_to_nothing():
    assert (ramped_zero_rates(MONTHS, FLAT, FLAT, 360) == FLAT).all()


def test_a_longer_ramp_moves_less():
    year, two_years = (ramped_zero_rates(MONTHS, FLAT, FLAT + 0.01, days) for days in (360, 720))
    assert (two_years < year).all()


def test_curves_are_ramped_each_for_itself():
    both = ramped_zero_rates(
        MONTHS, np.stack([FLAT, FLAT]), np.stack([FLAT + 0.01, FLAT - 0.02]), 90
    )
    assert (both[0] == ramped_zero_rates(MONTHS, FLAT, FLAT + 0.01, 90)).all()
    assert (both[1] == ramped_zero_rates(MONTHS, FLAT, FLAT - 0.02, 90)).all()
