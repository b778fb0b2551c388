"""Which rate a contract accrues at after a reset.

A floating rate is ``multiplier x index + spread``, moved from the old rate by at most the
periodic cap and floor, then held between the life floor and cap (ACTUS guide, section 5, event
RR). The index is the simple forward on the scenario curve over its own period from the reset on,
or on the flat path the scenario's spot index. On a deterministic curve the forward is the same on
whichever day it is fixed, so a fixing lag does not change it; an index that is fixed already is
taken as it is, in every scenario. An administered rate is the
opening rate plus the pass-through of its index, at least the floor. A cap or floor contract
accrues its intrinsic payoff; what options are worth beyond it is noted beside the rate
(``option_rates``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from alm_pipeline.engine.arrays import FloatArray, OptionType, RateType
from alm_pipeline.engine.cash_flows.option_rates import set_option_rate
from alm_pipeline.engine.cash_flows.records import (
    FLAT,
    NEVER,
    BehaviourTables,
    MarketTables,
)
from alm_pipeline.engine.conventions.calendar import adjusted_day
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.schedule import grid_day
from alm_pipeline.engine.kernel import ZERO, inner_kernel, kernel
from alm_pipeline.engine.lanes import greater, lesser, load, same

_ADMINISTERED = int(RateType.ADMINISTERED)
_NO_OPTION = int(OptionType.NONE)
_CAP = int(OptionType.CAP)


@inner_kernel
def index_rate(market: MarketTables, curve: int, tenor: int, path: int, day: int, end: int) -> Any:
    """Return the index of the period from ``day`` to ``end``."""
    if path == FLAT:
        return load(market.spot_index, curve, tenor)
    growth = load(market.discount, curve, day) / load(market.discount, curve, end)
    return (growth - 1.0) * (market.index_year_days[curve] / (end - day))


@inner_kernel
def is_fixed_already(term: Any, n_resets: int) -> bool:
    """Say whether the index of a reset is known on the as-of date."""
    return bool(n_resets == 0 and term.next_index_rate < np.inf)


@kernel
def option_payoff(option_type: int, rate: Any, strike: float) -> Any:
    """Return the intrinsic rate of a caplet or floorlet, zero or positive."""
    return greater(rate - strike if option_type == _CAP else strike - rate, 0.0)


@inner_kernel
def floating_rate(term: Any, old: Any, index: Any, spread: float) -> Any:
    """Return the rate that an index gives, within caps and floors."""
    step = term.rate_multiplier * index + spread - old
    step = lesser(greater(step, -term.period_floor_rate), term.period_cap_rate)
    return lesser(greater(old + step, term.floor_rate), term.cap_rate)


@kernel
def _administered_rate(term: Any, behaviour: BehaviourTables, path: int, day: int) -> Any:
    month = min(behaviour.month_of_day[day], behaviour.rate_move.shape[3] - 1)
    floor = max(term.floor_rate, behaviour.rate_floor[term.cohort])
    move = load(behaviour.rate_move, path, term.cohort, term.index_curve, month)
    return lesser(greater(term.coupon_rate + move, floor), term.cap_rate)


@inner_kernel
def rate_after_reset(
    term: Any,
    market: MarketTables,
    behaviour: BehaviourTables,
    path: int,
    n_resets: int,
    day: int,
    end: int,
    old: Any,
) -> Any:
    """Return the rate from ``day`` on, the ``n_resets``-th reset; the index runs to ``end``."""
    if term.rate_type == _ADMINISTERED:
        return _administered_rate(term, behaviour, path, day)
    if is_fixed_already(term, n_resets):
        index = same(float(term.next_index_rate))
    else:
        index = index_rate(market, term.index_curve, term.index_tenor, path, day, end)
    if term.option_type != _NO_OPTION:
        rate = term.rate_multiplier * index + term.spread_rate
        return option_payoff(term.option_type, rate, term.strike_rate)
    return floating_rate(term, old, index, term.spread_rate)


@kernel
def note_options(
    term: Any, market: MarketTables, path: int, day: int, end: int, states: FloatArray
) -> None:
    """Note what the options on the rate from ``day`` on are worth beyond it.

    Apart from ``rate_after_reset``: a contract whose options nobody values does not carry them.
    """
    index = index_rate(market, term.index_curve, term.index_tenor, path, day, end)
    set_option_rate(term, market, path, day, index, term.spread_rate, states)


@inner_kernel
def _grid_day(term: Any, dates: DateTables, k: int) -> int:
    months, roll = term.reset_months, term.reset_roll
    return grid_day(dates, term.first_reset, term.reset_month, k, months, ZERO, roll)


@inner_kernel
def date_of_reset(term: Any, dates: DateTables, k: int) -> int:
    """Return the day of reset ``k`` after the as-of date, ``NEVER`` from the maturity on."""
    if term.first_reset == NEVER or (k > 0 and term.reset_months == 0):
        return NEVER
    day = _grid_day(term, dates, k)
    if day >= term.maturity:
        return NEVER
    return adjusted_day(dates, term.date_adjustment, day)


@inner_kernel
def index_end(term: Any, dates: DateTables, market: MarketTables, n_resets: int, day: int) -> int:
    """Return where the index of a reset ends: at the next reset when its tenor says so."""
    if not term.is_index_of_period:
        return int(market.tenor_end[term.index_tenor, day])
    end = _grid_day(term, dates, n_resets + 1)
    return max(adjusted_day(dates, term.date_adjustment, end), day + 1)
