"""Between and beyond the nodes of a curve: each choice against arithmetic, QuantLib and quotes."""

from __future__ import annotations

import numpy as np
import pytest

from alm_pipeline.engine.market.bootstrap import bootstrap, kept_on_days, par_rates
from alm_pipeline.engine.market.interpolation import INTERPOLATIONS, rates_between
from alm_pipeline.engine.market.quotes import ParInstrument
from alm_pipeline.errors import CalculationError

NODES = np.array([365, 730, 1095], dtype=np.int32)
RATES = np.array([0.02, 0.04, 0.03])


def at(day: int, *choice: str) -> float:
    return float(rates_between(NODES, RATES, np.array([day], dtype=np.int32), *choice)[0])


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_at_a_node_every_choice_gives_the_node(interpolation):
    found = rates_between(NODES, RATES, NODES, interpolation)
    np.testing.assert_allclose(found, RATES, rtol=0, atol=1e-15)


def test_log_linear_forwards_are_constant_between_nodes():
    # second year: (2 x 4 % - 2 %) = 6 %; after half of it (2 % + 0.5 x 6 %) / 1.5 = 3.333 %
    assert at(365 + 182, "log_linear") == pytest.approx((365 * 0.02 + 182 * 0.06) / 547, abs=1e-15)
    assert at(100, "log_linear") == pytest.approx(0.02, abs=1e-15)


def test_beyond_the_last_node_the_zero_rate_is_flat_or_the_forward_is():
    # third year's forward: 3 x 3 % - 2 x 4 % = 1 %; after four years (9 % + 1 %) / 4 = 2.5 %
    assert at(1460, "log_linear") == pytest.approx(0.03, abs=1e-15)
    assert at(1460, "log_linear", "flat_forward") == pytest.approx(0.025, abs=1e-15)
    # the line from 4 % to 3 % has the slope -1 % a year: the forward at three years is 3 % - 3 %
    assert at(1460, "linear_zero", "flat_forward") == pytest.approx(0.09 / 4, abs=1e-15)


def test_monotone_convex_forwards_are_those_of_quantlib():
    """QuantLib's convex monotone forwards without its quadratic part are Hagan and West's."""
    ql = pytest.importorskip("QuantLib")
    draws = np.random.default_rng(20261031)
    for _ in range(40):
        nodes = np.cumsum(draws.integers(90, 700, 7)).astype(np.int32)
        growth = np.cumsum(draws.normal(0.03, 0.003, 7) * np.diff(nodes, prepend=0))
        averages = np.diff(growth, prepend=0.0) / np.diff(nodes, prepend=0)
        theirs = ql.ConvexMonotoneInterpolation(
            [0.0, *nodes.astype(float)], [0.0, *averages], 0.0, 1.0, False
        )
        days = np.arange(2, nodes[-1], dtype=np.int32)
        ours = rates_between(nodes, growth / nodes, days, "monotone_convex") * days
        # the forward of a day is its average, theirs is taken at its middle: the same but for the
        # bend of a parabola, and on the few days on which one begins
        middle = np.array([theirs(float(day) + 0.5) for day in days[:-1]])
        apart = np.abs(np.diff(ours) - middle)
        assert np.quantile(apart, 0.95) < 1e-6
        assert apart.max() < np.abs(np.diff(averages)).max() / 10.0


def test_monotone_convex_keeps_a_straight_forward_curve_straight():
    # forwards that rise by as much every year: f(t) = 1 % + 1 % t, zero 1 % + 0.5 % t; the first
    # and the last period have one neighbour only, and end at half the slope
    nodes = np.arange(365, 365 * 6, 365, dtype=np.int32)
    rates = 0.01 + 0.005 * nodes / 365
    days = np.arange(nodes[0], nodes[-2], dtype=np.int32)
    found = rates_between(nodes, rates, days, "monotone_convex")
    np.testing.assert_allclose(found, 0.01 + 0.005 * days / 365, rtol=0, atol=1e-15)


def swaps() -> list[ParInstrument]:
    """Yearly par swaps of 1, 2, 3, 5 and 10 years with a curve that rises and falls."""
    quotes = {1: 0.03, 2: 0.034, 3: 0.031, 5: 0.036, 10: 0.033}
    return [
        ParInstrument((365 * np.arange(1, n + 1)).astype(np.int32), np.ones(n), quote)
        for n, quote in quotes.items()
    ]


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_every_choice_gives_the_quotes_back_also_on_its_days(interpolation):
    instruments = swaps()
    curve = bootstrap(instruments, interpolation)
    days = np.concatenate([one.pay_days for one in instruments])
    kept = kept_on_days(curve, days, interpolation, "flat_forward")
    expected = [one.quote for one in instruments]
    np.testing.assert_allclose(par_rates(kept, instruments), expected, rtol=0, atol=1e-12)


def test_a_word_that_is_no_choice_is_refused():
    with pytest.raises(CalculationError, match="linear_zero or log_linear or monotone_convex"):
        at(100, "cubic")
