"""What the options on a contract's rate are worth beyond their intrinsic value, per year.

A reset bounds the forward, which is the intrinsic value. The index may still move until its fixing
day, so a bound is worth more: a floor on ``rate = multiplier x index + spread`` is that many
floorlets, a cap is caplets given away, a multiplier below zero turns one into the other. The
normal model's time value depends on the distance of forward and bound and on the standard
deviation only, ``|multiplier| x volatility x sqrt(day / 365)``, so all four are one formula in the
rate itself. It accrues on the balance beside the interest and is paid with it.

Intrinsic only: periodic caps and floors, whose bounds depend on the rates before and which have no
closed form (the life bounds beside them count as if there were none), administered rates, the
flat path. Balances and instalments follow the forwards. Source: Bachelier (1900), as in
``market.option_models``.

What does not belong here: the bounded rate itself (``resets``), discounting and the bank's side
(``metrics.option_value``).
"""

from __future__ import annotations

import math
from typing import Any

from alm_pipeline.engine.arrays import FloatArray, OptionType
from alm_pipeline.engine.cash_flows.records import (
    FORWARD,
    L_OPTION_DUE,
    L_OPTION_RATE,
    OPTION,
    MarketTables,
)
from alm_pipeline.engine.kernel import inner_kernel, kernel
from alm_pipeline.engine.lanes import WIDTH, add_to, lane, load, same, store, with_lane
from alm_pipeline.engine.market.option_models import normal_time_value

_NOTHING_FROM = 10.0
"""Deviations from the strike at which an option has no time value left: 1e-24 of a deviation."""

_NO_OPTION = int(OptionType.NONE)


@kernel
def _time_values(distance: Any, deviation: Any) -> Any:
    """Return the time value of an option at a distance from its strike, lane by lane."""
    values = same(0.0)
    for s in range(WIDTH):
        far, one = abs(lane(distance, s)), lane(deviation, s)
        if far < _NOTHING_FROM * one:
            values = with_lane(values, s, normal_time_value(far, one))
    return values


@kernel
def set_option_rate(
    term: Any,
    market: MarketTables,
    path: int,
    day: int,
    index: Any,
    spread: float,
    states: FloatArray,
) -> None:
    """Note what the options on the rate from a reset on are worth, per year.

    ``day`` is the one on which the index is fixed, ``index`` its forward; a fixing of today or
    before leaves nothing open. Positive: the rate is worth more than its intrinsic value.
    """
    gain = same(0.0)
    if path == FORWARD and day > 0:
        deviation = load(market.deviation, term.index_curve, day) * abs(term.rate_multiplier)
        rate = term.rate_multiplier * index + spread
        if term.option_type != _NO_OPTION:
            gain = _time_values(rate - term.strike_rate, deviation)
        else:
            if term.floor_rate > -math.inf:
                gain = _time_values(rate - term.floor_rate, deviation)
            if term.cap_rate < math.inf:
                gain = gain - _time_values(rate - term.cap_rate, deviation)
    store(states, L_OPTION_RATE, gain)


@inner_kernel
def accrue_option(weight: Any, flows: FloatArray, row: int, states: FloatArray) -> None:
    """Clear the option's item of a row and accrue up to it; ``weight`` is balance x years."""
    add_to(states, L_OPTION_DUE, weight * load(states, L_OPTION_RATE))
    store(flows, OPTION, row, 0.0)


@inner_kernel
def pay_option(flows: FloatArray, row: int, states: FloatArray) -> None:
    """Pay what has accrued, on the day of the interest."""
    store(flows, OPTION, row, load(states, L_OPTION_DUE))
    store(states, L_OPTION_DUE, 0.0)
