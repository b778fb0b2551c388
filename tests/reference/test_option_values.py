"""Caps and floors with their time value against QuantLib's normal model, alone and in notes.

Value along the forwards plus option value is QuantLib's full price: `BachelierCapFloorEngine` for
caps and floors, capped and floored coupons for notes. Five curves that are not flat, and five
volatility curves, of which two are not flat and one is nothing.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from alm_pipeline.engine.arrays import Behaviour, Volatilities
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate
from tests.unit.engine.books import book, one_bucket

ql = pytest.importorskip("QuantLib", reason="QuantLib is a test dependency")

from tests.reference.quantlib_market import ACT_365, Market  # noqa: E402
from tests.reference.quantlib_rates import bounded_note, option  # noqa: E402

OF_THE_NOTIONAL = 1e-9
N_EACH = 150
EXPIRY_DAYS = np.array([1, 365, 1825, 20000], np.int32)
LEVELS = np.array(
    [
        [0.0085, 0.0085, 0.0085, 0.0085],
        [0.0040, 0.0090, 0.0110, 0.0070],
        [0.0200, 0.0120, 0.0080, 0.0080],
        [0.0000, 0.0000, 0.0000, 0.0000],
        [0.0015, 0.0015, 0.0015, 0.0015],
    ]
)


class OptionMarket(Market):
    """Curves and, by scenario, normal volatilities that are linear between expiries."""

    def no_volatility(self) -> Any:
        """Return the volatilities, which `show` moves; strikes do not matter."""
        self.quotes = [ql.SimpleQuote(0.0) for _ in EXPIRY_DAYS]
        rows = [[ql.QuoteHandle(quote)] * 2 for quote in self.quotes]
        dates = [self.today + int(day) for day in EXPIRY_DAYS]
        stripped = ql.StrippedOptionlet(
            0, ql.NullCalendar(), ql.Unadjusted, self.ibor(3, 0), dates, [-1.0, 1.0], rows,
            ACT_365, ql.Normal,
        )  # fmt: skip
        surface = ql.StrippedOptionletAdapter(stripped)
        surface.enableExtrapolation()
        return ql.OptionletVolatilityStructureHandle(surface)

    def show(self, scenario: int) -> None:
        """Let every instrument see the curves and volatilities of a scenario."""
        super().show(scenario)
        for quote, level in zip(self.quotes, LEVELS[scenario], strict=True):
            quote.setValue(float(level))

    def volatilities(self) -> Volatilities:
        """Return the same for the engine, alike for both curves."""
        return Volatilities(
            expiry_days=EXPIRY_DAYS,
            normal_volatilities=np.repeat(LEVELS[:, None, :], 2, axis=1),
            is_quoted=np.array([True, True]),
        )


@cache
def compared(build: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return value, option value, QuantLib's value (n, S) per notional, and the side (n, 1)."""
    market = OptionMarket("2025-12-31")
    random = np.random.default_rng(20261004)
    found = [build(random, market) for _ in range(N_EACH)]
    options = SimulationOptions(
        as_of_date=market.as_of, adjustments=market.adjustments(), lenses=("value", "options")
    )
    positions = book(*(peer.terms for peer in found))
    nobody = Behaviour.none(market.n_scenarios)
    ours = simulate(
        positions, market.curves(), nobody, (one_bucket(),), options, None, market.volatilities()
    )
    theirs = np.empty_like(ours.present_value)
    for scenario in range(market.n_scenarios):
        market.show(scenario)
        theirs[:, scenario] = [peer.value() for peer in found]
    notional = positions.principal[:, None]
    side = positions.sign[:, None].astype(float)
    return ours.present_value / notional, ours.option_value / notional, theirs / notional, side


@pytest.mark.parametrize("build", [option, bounded_note])
def test_intrinsic_and_time_value_are_the_price_of_quantlib(build):
    value, gain, theirs, _ = compared(build)
    difference = np.abs(value + gain - theirs).max()
    n_valued = int((np.abs(gain) > OF_THE_NOTIONAL).sum())
    print(f"{build.__name__}: {len(value)} contracts, 5 scenarios, {n_valued} option values")
    print(f"largest {np.abs(gain).max():.4f}, worst difference {difference:.1e} of the notional")
    assert difference <= OF_THE_NOTIONAL
    assert n_valued > 2 * N_EACH
    assert (gain[:, 3] == 0.0).all()


def test_options_are_worth_no_less_than_nothing_to_their_holder():
    _, gain, _, side = compared(option)
    assert (side * gain >= 0.0).all()
    assert (side * gain > 0.0).any(axis=1).sum() > N_EACH // 2
