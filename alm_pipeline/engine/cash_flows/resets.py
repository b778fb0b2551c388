"""Which rate a contract accrues at after a reset.

A floating rate is ``multiplier x index + spread``, moved from the old rate by at most the
periodic cap and floor, then held between the life floor and cap (ACTUS guide, section 5, event
RR). The index is the simple forward on the scenario curve over its own period from the reset on,
or on the flat path the scenario's spot index. On a deterministic curve the forward is the same on
whichever day it is fixed, so a fixing lag does not change it. An administered rate is the
opening rate plus the pass-through of its index, at least the floor. A cap or floor contract
accrues its intrinsic payoff.
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.arrays import FloatArray, OptionType, RateType
from alm_pipeline.engine.cash_flows.records import (
    FLAT,
    L_INDEX,
    L_RATE,
    BehaviourTables,
    MarketTables,
)
from alm_pipeline.engine.kernel import kernel

_ADMINISTERED = int(RateType.ADMINISTERED)
_CAP = int(OptionType.CAP)
_FLOOR = int(OptionType.FLOOR)


@kernel
def index_rates(
    market: MarketTables, term: Any, path: int, day: int, end: int, lanes: FloatArray
) -> None:
    """Write the index of the period from ``day`` to ``end`` into the lane ``L_INDEX``."""
    curve, tenor = term.index_curve, term.index_tenor
    if path == FLAT:
        for s in range(lanes.shape[1]):
            lanes[L_INDEX, s] = market.spot_index[curve, tenor, s]
        return
    years = (end - day) / market.index_year_days[curve]
    start_factor, end_factor = market.discount[curve, day], market.discount[curve, end]
    for s in range(lanes.shape[1]):
        lanes[L_INDEX, s] = (start_factor[s] / end_factor[s] - 1.0) / years


@kernel
def option_payoff(option_type: int, rate: float, strike: float) -> float:
    """Return the intrinsic rate of a caplet or floorlet, zero or positive."""
    if option_type == _CAP:
        return max(rate - strike, 0.0)
    return max(strike - rate, 0.0)


@kernel
def _reset_administered(
    term: Any, behaviour: BehaviourTables, path: int, day: int, lanes: FloatArray
) -> None:
    month = min(behaviour.month_of_day[day], behaviour.rate_move.shape[3] - 1)
    floor = max(term.floor_rate, behaviour.rate_floor[term.cohort])
    move = behaviour.rate_move[path, term.cohort, term.index_curve, month]
    for s in range(lanes.shape[1]):
        lanes[L_RATE, s] = min(max(term.coupon_rate + move[s], floor), term.cap_rate)


@kernel
def reset_floating(term: Any, spread: float, lanes: FloatArray) -> None:
    """Set the rate of every scenario from the index in ``L_INDEX``, within caps and floors."""
    for s in range(lanes.shape[1]):
        old = lanes[L_RATE, s]
        step = term.rate_multiplier * lanes[L_INDEX, s] + spread - old
        step = min(max(step, -term.period_floor_rate), term.period_cap_rate)
        lanes[L_RATE, s] = min(max(old + step, term.floor_rate), term.cap_rate)


@kernel
def reset_rates(
    term: Any,
    market: MarketTables,
    behaviour: BehaviourTables,
    path: int,
    day: int,
    end: int,
    lanes: FloatArray,
) -> None:
    """Set the rate of every scenario from ``day`` on; the index runs to ``end``."""
    if term.rate_type == _ADMINISTERED:
        _reset_administered(term, behaviour, path, day, lanes)
        return
    index_rates(market, term, path, day, end, lanes)
    if term.option_type == _CAP or term.option_type == _FLOOR:
        for s in range(lanes.shape[1]):
            rate = term.rate_multiplier * lanes[L_INDEX, s] + term.spread_rate
            lanes[L_RATE, s] = option_payoff(term.option_type, rate, term.strike_rate)
        return
    reset_floating(term, term.spread_rate, lanes)
