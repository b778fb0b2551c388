"""The income lens: interest accrued in windows, on a constant balance sheet.

Windows are bins of calendar months after the as-of date. A contract earns what it accrues inside
a bin; of the running period only what is not yet booked as accrued interest. Every principal flow
is replaced on its own date by a new contract at the scenario's index of ``replacement_tenor`` plus
``replacement_margin`` (``replacement`` holds the rolled index), until the end of the window.
Balances without maturity stay constant and reprice month by month. Swap legs run off unreplaced.
Interest splits over bins by year fractions counted from the row's start, so that the parts add up
to the row. Source: BCBS 368, annex 2; EBA/GL/2022/14.
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.arrays import CountArray, FloatArray, RateType
from alm_pipeline.engine.cash_flows.records import (
    ACCRUED,
    L_RATE,
    PREPAID,
    SCHEDULED,
    BehaviourTables,
    MarketTables,
    Rows,
)
from alm_pipeline.engine.cash_flows.resets import reset_rates
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.day_count import year_fraction
from alm_pipeline.engine.kernel import ZERO, kernel

_ADMINISTERED = int(RateType.ADMINISTERED)
_FIXED = int(RateType.FIXED)


@kernel
def add_accrued(
    term: Any,
    dates: DateTables,
    rows: Rows,
    n_rows: int,
    edges: CountArray,
    bin_of_day: CountArray,
    accrued: FloatArray,
) -> None:
    """Add the interest that a contract accrues in each bin.

    Parameters
    ----------
    edges : (n_bins + 1,) int64 [days]
        0 and the end of each bin.
    bin_of_day : (n_days,) int64
        Bin of each day up to the last edge.
    accrued : (n_bins, S) float64 [position currency], signed, added to
    """
    sign = float(term.sign)
    for row in range(n_rows):
        start, day = max(rows.start[row], 0), rows.day[row]
        if start >= edges[-1]:
            return
        booked = term.accrued_interest if row == 0 else 0.0
        first, done = start, 0.0
        flow = rows.flows[row]
        while start < min(day, edges[-1]):
            at = bin_of_day[start + 1]
            stop = min(day, edges[at + 1])
            share = 1.0 if stop == day else _share(term, dates, first, stop, day)
            for s in range(accrued.shape[1]):
                accrued[at, s] += sign * (share - done) * (flow[ACCRUED, s] - booked)
            start, done = stop, share


@kernel
def _share(term: Any, dates: DateTables, start: int, stop: int, day: int) -> float:
    """Return which share of a row's interest has accrued by ``stop``, counted from its start.

    Always from the start: 30/360 is not additive, and its parts would not make up the row.
    """
    whole = year_fraction(dates, term.day_count, start, day, term.maturity)
    if whole == 0.0:
        return 0.0
    return year_fraction(dates, term.day_count, start, stop, term.maturity) / whole


@kernel
def add_replaced(
    term: Any,
    rows: Rows,
    n_rows: int,
    edges: CountArray,
    bin_of_day: CountArray,
    rolled: FloatArray,
    year_days: float,
    replaced: FloatArray,
) -> None:
    """Add what the replacements of a contract's principal flows earn in each bin.

    Parameters
    ----------
    rolled : (n_days, n_bins, S) float64 [years x rate]
        Index earned in a bin by one unit placed on a day and re-fixed every tenor.
    year_days : float [days]
        Year in which index and margin accrue.
    replaced : (n_bins, S) float64 [position currency], signed, added to
    """
    if term.is_notional or term.is_constant:
        return
    sign, n_bins = float(term.sign), len(edges) - 1
    for row in range(n_rows):
        day = rows.day[row]
        if day >= edges[-1]:
            return
        flow, drawn = rows.flows[row], rows.drawn[row]
        for at in range(bin_of_day[day], n_bins):
            margin_years = max(edges[at + 1] - max(day, edges[at]), 0) / year_days
            margin = term.replacement_margin * margin_years
            for s in range(replaced.shape[1]):
                principal = flow[SCHEDULED, s] + flow[PREPAID, s] - drawn
                replaced[at, s] += sign * principal * (rolled[day, at, s] + margin)


@kernel
def add_constant(
    term: Any,
    dates: DateTables,
    market: MarketTables,
    behaviour: BehaviourTables,
    path: int,
    month_days: CountArray,
    bin_of_day: CountArray,
    lanes: FloatArray,
    own: FloatArray,
    other: FloatArray,
) -> None:
    """Put beside the run-off interest what makes it the interest of a constant balance.

    Balances without maturity keep their principal; their rate is re-fixed every month. A floating
    rate keeps today's coupon until its next reset, at least through month 1.
    """
    if not term.is_constant:
        return
    for s in range(lanes.shape[1]):
        lanes[L_RATE, s] = term.coupon_rate
    before = 0.0
    for month in range(len(month_days) - 1):
        start, end = month_days[month], month_days[month + 1]
        is_floating_reset = term.rate_type != _FIXED and start >= max(term.next_reset_offset, 1)
        if term.rate_type == _ADMINISTERED or is_floating_reset:
            index_end = market.tenor_end[max(term.index_tenor, 0), start]
            reset_rates(term, market, behaviour, path, start, index_end, lanes)
        years = year_fraction(dates, term.day_count, ZERO, end, term.maturity)
        amount = term.sign * term.principal * (years - before)
        at, before = bin_of_day[end], years
        for s in range(lanes.shape[1]):
            other[at, s] += amount * lanes[L_RATE, s]
    for at in range(own.shape[0]):
        for s in range(own.shape[1]):
            other[at, s] -= own[at, s]


@kernel
def add_income(own: FloatArray, other: FloatArray, n_first: int, income: FloatArray) -> None:
    """Add the bins of a contract up: the first ``n_first`` bins, and all.

    Parameters
    ----------
    own, other : (n_bins, S) float64
        Run-off interest, and what the constant balance adds to it.
    income : (2, S) float64 [position currency], signed, added to
    """
    for at in range(own.shape[0]):
        for s in range(own.shape[1]):
            income[1, s] += own[at, s] + other[at, s]
        if at == n_first - 1:
            income[0] = income[1]


@kernel
def add_months(own: FloatArray, other: FloatArray, months: FloatArray, item: int) -> None:
    """Add the bins of a contract to its group's months, items ``item`` and ``item + 1``."""
    for at in range(own.shape[0]):
        for s in range(own.shape[1]):
            months[at, item, s] += own[at, s]
            months[at, item + 1, s] += other[at, s]
