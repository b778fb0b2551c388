"""The daily tables that one simulation needs, built once before the pass.

Discount factors of every curve and scenario on every day, the end of every index period, spot
indices, behaviour per cohort. Zero rates are linear between nodes and flat beyond both ends;
``P(t) = exp(-z(t) t / 365)``.

What does not belong here: building curves from quotes (``market``), shocks (``scenarios``).
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.arrays import (
    SPOT_TENOR_MONTHS,
    Behaviour,
    CountArray,
    Curves,
    FloatArray,
    IntArray,
    Volatilities,
)
from alm_pipeline.engine.behaviour.deposits import rate_moves, run_off_ladders
from alm_pipeline.engine.behaviour.prepayment import period_shares
from alm_pipeline.engine.cash_flows.records import FLAT, FORWARD, BehaviourTables, MarketTables
from alm_pipeline.engine.conventions.compounding import simple_from_discount
from alm_pipeline.engine.conventions.grids import Grids
from alm_pipeline.engine.conventions.months import months_after
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS
from alm_pipeline.engine.lanes import WIDTH, scenario_blocks
from alm_pipeline.engine.market.curve import daily_zero_rates

_SPOT_TENOR = INDEX_TENOR_MONTHS.index(SPOT_TENOR_MONTHS)


def discount_factors(tenor_days: IntArray, zero_rates: FloatArray, n_days: int) -> FloatArray:
    """Return the discount factor of every day 0, 1, ..., ``n_days - 1``.

    Parameters
    ----------
    tenor_days : (m,) int32
    zero_rates : (n_scenarios, n_curves, m) float64
        Continuous ACT/365F.

    Returns
    -------
    (n_curves, n_days, n_scenarios) float64
        Scenarios innermost.
    """
    days = np.arange(n_days, dtype=np.int32)
    factors = np.exp(-daily_zero_rates(tenor_days, zero_rates, days) * (days / 365.0))
    return np.ascontiguousarray(np.moveaxis(factors, 0, -1))


def index_period_ends(as_of_date: np.datetime64, n_days: int) -> CountArray:
    """Return where an index period that starts on a day ends, (n_tenors, n_days).

    Months step by the calendar, clipped to the month's last day; overnight is one day.
    """
    origin = as_of_date.astype("datetime64[D]")
    longest = max(INDEX_TENOR_MONTHS) + 2
    months = origin.astype("datetime64[M]") + np.arange(n_days // 28 + longest + 1)
    starts = (months.astype("datetime64[D]") - origin).astype(np.int64)
    lengths, days = np.diff(starts), np.arange(n_days)
    month = np.searchsorted(starts, days, side="right") - 1
    day_of_month = days - starts[month]
    ends = np.empty((len(INDEX_TENOR_MONTHS), n_days), np.int64)
    for row, n_months in enumerate(INDEX_TENOR_MONTHS):
        target = month + n_months
        ends[row] = starts[target] + np.minimum(day_of_month, lengths[target] - 1)
    ends[INDEX_TENOR_MONTHS.index(0)] = days + 1
    return ends


def deviations(volatilities: Volatilities, n_days: int) -> FloatArray:
    """Return the standard deviation of an index fixed on day 0, 1, ..., ``n_days - 1``.

    (n_curves, n_days, n_scenarios) [decimal per year], ``volatility x sqrt(day / 365)``.
    """
    nodes, days = volatilities.expiry_days, np.arange(n_days, dtype=np.int32)
    by_day = daily_zero_rates(nodes, volatilities.normal_volatilities, days)  # linear, flat beyond
    return np.ascontiguousarray(np.moveaxis(by_day * np.sqrt(days / 365.0), 0, -1))


def market_tables(
    curves: Curves,
    as_of_date: np.datetime64,
    n_days: int,
    volatilities: Volatilities | None = None,
) -> MarketTables:
    """Return the daily tables of all curves and scenarios.

    ``n_days`` covers every index period used. Scenarios stand last, all of them; ``market_blocks``
    cuts them.
    """
    no_options = np.zeros((0, 0, curves.n_scenarios))
    discount = discount_factors(curves.tenor_days, curves.zero_rates, n_days)
    ends = index_period_ends(as_of_date, n_days)
    return MarketTables(
        discount=discount,
        spot_index=_index_on_day_0(discount, ends, curves.index_year_days),
        tenor_end=ends,
        index_year_days=curves.index_year_days,
        deviation=deviations(volatilities, n_days) if volatilities is not None else no_options,
    )


def market_blocks(market: MarketTables) -> list[MarketTables]:
    """Return the tables of each block of scenarios."""
    names = ("discount", "spot_index", "deviation")
    parts = zip(*(scenario_blocks(getattr(market, name)) for name in names), strict=True)
    return [market._replace(**dict(zip(names, part, strict=True))) for part in parts]


def behaviour_blocks(behaviour: BehaviourTables) -> list[BehaviourTables]:
    """Return the tables of each block of scenarios."""
    by_rate = ("annual_prepayment_rate", "prepaid_share", "redemption_share", "rate_move")
    names = (*by_rate, "draw_profile")
    parts = zip(*(scenario_blocks(getattr(behaviour, name)) for name in names), strict=True)
    return [behaviour._replace(**dict(zip(names, part, strict=True))) for part in parts]


def _index_on_day_0(discount: FloatArray, ends: CountArray, year_days: FloatArray) -> FloatArray:
    """Return the spot index of every curve and tenor, zero where the table is too short."""
    n_days = discount.shape[1]
    spot = np.zeros((discount.shape[0], len(ends), discount.shape[2]))
    for row, end in enumerate(ends[:, 0]):
        if end < n_days:
            years = end / year_days[:, None]
            spot[:, row] = simple_from_discount(discount[:, 0] / discount[:, end], years)
    return spot


def behaviour_tables(
    behaviour: Behaviour,
    curves: Curves,
    market: MarketTables,
    as_of_date: np.datetime64,
    n_days: int,
    n_rate_months: int,
) -> BehaviourTables:
    """Return behaviour per cohort and scenario, with a last cohort that does nothing."""
    rates = _with_idle_row(behaviour.monthly_prepayment_rate)
    draws = _with_idle_row(behaviour.monthly_draw_share)
    redemption = _with_idle_row(behaviour.redemption_share)
    ladder, n_slots = run_off_ladders(behaviour)
    idle = np.zeros((1, ladder.shape[1]))
    idle[0, 0] = 1.0
    n_months = max(n_rate_months, ladder.shape[1], draws.shape[1] + 1, n_days // 28 + 2)
    month_days = months_after(as_of_date, n_months)
    slot_day = month_days[: ladder.shape[1]].astype(np.int64)
    slot_day[0] = 1
    return BehaviourTables(
        annual_prepayment_rate=rates,
        prepaid_share=period_shares(rates, 13 if rates.shape[1] == 1 else 2),
        redemption_share=redemption,
        ladder=np.vstack([ladder, idle]),
        n_slots=np.append(n_slots, 1).astype(np.int64),
        slot_day=slot_day,
        draw_profile=draws,
        draw_day=month_days[1 : draws.shape[1] + 1].astype(np.int64),
        rate_floor=np.append(behaviour.rate_floor, -np.inf),
        rate_move=_rate_moves(behaviour, curves, market, month_days[:n_rate_months]),
        month_of_day=np.searchsorted(month_days, np.arange(n_days), side="right") - 1,
    )


def _with_idle_row(table: FloatArray) -> FloatArray:
    return np.concatenate([table, np.zeros((1, *table.shape[1:]))])


def _rate_moves(
    behaviour: Behaviour, curves: Curves, market: MarketTables, month_days: IntArray
) -> FloatArray:
    """Return the pass-through moves on both paths, (2, n_cohorts + 1, n_curves, n_months, S)."""
    end_0 = int(market.tenor_end[_SPOT_TENOR, 0])
    base = discount_factors(curves.tenor_days, curves.base_zero_rates[None], end_0 + 1)[:, -1, 0]
    base_index = simple_from_discount(1.0 / base, end_0 / curves.index_year_days)
    ends = market.tenor_end[_SPOT_TENOR, month_days]
    years = (ends - month_days)[None, :, None] / curves.index_year_days[:, None, None]
    ratio = market.discount[:, month_days] / market.discount[:, ends]
    forward = simple_from_discount(ratio, years)
    flat = np.repeat(market.spot_index[:, None, _SPOT_TENOR], len(month_days), axis=1)
    moves = np.zeros((2, len(behaviour.core_share) + 1, *forward.shape))
    moves[FORWARD, :-1] = rate_moves(behaviour, forward, base_index)
    moves[FLAT, :-1] = rate_moves(behaviour, flat, base_index)
    return moves


def factor_sums(grids: Grids, discount: FloatArray) -> FloatArray:
    """Return the discount factors of a day of the month, summed over all months before one.

    Parameters
    ----------
    grids : Grids
    discount : (n_curves, n_days, WIDTH) float64
        From the as-of date on; other days add nothing.

    Returns
    -------
    (n_curves, 31, n_months + 1, WIDTH) float64
        Of day 1 to 31, clipped to the month; months as in ``grids``.
    """
    day = grids.days[0]
    is_known = (day >= 0) & (day < discount.shape[1])
    sums = np.zeros((len(discount), day.shape[0], day.shape[1] + 1, WIDTH))
    factors = discount[:, np.where(is_known, day, 0)]
    factors[:, ~is_known] = 0.0
    np.cumsum(factors, axis=2, out=sums[:, :, 1:])
    return sums
