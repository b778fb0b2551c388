"""The income lens: interest accrued in windows, on a constant balance sheet.

Two or three windows begin on the as-of date, such as 12, 24 and 36 months long, and are made of
months. A contract earns what it accrues inside them; of the running period only what is not yet
booked as accrued interest. Every principal flow is replaced on its own date by a new contract at
the scenario's index of ``replacement_tenor`` plus ``replacement_margin``, until the end of the
window (``replacement`` holds what one unit earns). Balances without maturity stay constant and
reprice month by month. Swap legs run off unreplaced. Interest splits over months by year fractions
counted from the row's start, so that the parts add up to the row, or by actual days. Fees are
income of their day.
Source: BCBS 368, annex 2; EBA/GL/2022/14.

Each contract gives the income of every window (the middle one of two is the last one again);
months are added up per group, replacements of a group's principal by the day on which it was
placed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from alm_pipeline.engine.arrays import BoolArray, FloatArray, RateType
from alm_pipeline.engine.cash_flows.records import (
    ACCRUED,
    ACCRUED_BASE,
    FEE,
    FORWARD,
    BehaviourTables,
    MarketTables,
    Rows,
    repaid,
)
from alm_pipeline.engine.cash_flows.resets import rate_after_reset
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.day_count import year_fraction
from alm_pipeline.engine.kernel import ZERO, inner_kernel
from alm_pipeline.engine.lanes import add_to, at, load, same, store
from alm_pipeline.engine.metrics.bins import Bins
from alm_pipeline.engine.metrics.principal import MONTH_INTEREST, MONTH_MARGIN, MONTH_REPLACEMENT

_ADMINISTERED = int(RateType.ADMINISTERED)
_FIXED = int(RateType.FIXED)
_MAX_WINDOWS = 3


class IncomeTables(NamedTuple):
    """What the income lens reads.

    ``months``, ``windows``: bins of a month and of a window each; ``has_months``: whether months
    are added up. ``unit_months`` (n_pairs, n_days, n_months, WIDTH) and ``unit_windows`` (n_paths,
    n_pairs, n_days, n_windows, WIDTH): what one unit placed on a day earns in a month, forward
    path, and up to the end of a window. ``is_split_by_days``: how a row's interest is split.
    """

    months: Bins
    windows: Bins
    has_months: bool
    unit_months: FloatArray
    unit_windows: FloatArray
    is_split_by_days: bool


class Placed(NamedTuple):
    """Principal of a group that is replaced, by day.

    ``amounts`` (2, n_days, WIDTH): signed principal, and principal times margin; ``is_day``.
    """

    amounts: FloatArray
    is_day: BoolArray


@inner_kernel
def accrued_income(
    term: Any,
    dates: DateTables,
    bins: Bins,
    is_split_by_days: bool,
    rows: Rows,
    n_rows: int,
    months: FloatArray,
    group: int,
) -> Any:
    """Return what a contract accrues in the windows, signed, and add it to months.

    Parameters
    ----------
    bins : Bins
        Of months, or of windows where months are not wanted.
    months : (n_groups, n_months, N_MONTH_ITEMS, WIDTH) float64 [position currency]
        Item MONTH_INTEREST of row ``group`` is added to.
    """
    first, middle, whole, last_day = same(0.0), same(0.0), same(0.0), bins.edges[-1]
    for row in range(n_rows):
        if at(rows.start, row) >= last_day:
            break
        earned = float(term.sign) * load(rows.flows, ACCRUED, row)
        if row == 0:
            earned = earned - float(term.sign) * term.accrued_interest
        split = is_split_by_days
        more = _spread(term, dates, bins, split, rows, row, earned, months, group, MONTH_INTEREST)
        first, middle, whole = first + more[0], middle + more[1], whole + more[2]
    return first, middle, whole


@inner_kernel
def add_margin(
    term: Any,
    dates: DateTables,
    bins: Bins,
    is_split_by_days: bool,
    rows: Rows,
    n_rows: int,
    months: FloatArray,
    group: int,
) -> None:
    """Add the margin's part of what a contract accrues to months, item MONTH_MARGIN.

    Of the period that runs on the as-of date only the days to come count.
    """
    rate, last_day = float(term.sign) * term.margin_rate, bins.edges[-1]
    for row in range(n_rows):
        if at(rows.start, row) >= last_day:
            break
        earned, start, day = rate * load(rows.flows, ACCRUED_BASE, row), at(rows.start, row), 0
        if start < day:
            gone = accrued_share(term, dates, is_split_by_days, start, day, at(rows.day, row))
            earned = earned * (1.0 - gone)
        split = is_split_by_days
        _spread(term, dates, bins, split, rows, row, earned, months, group, MONTH_MARGIN)


@inner_kernel
def _spread(
    term: Any,
    dates: DateTables,
    bins: Bins,
    is_split_by_days: bool,
    rows: Rows,
    row: int,
    earned: Any,
    months: FloatArray,
    group: int,
    item: int,
) -> Any:
    """Spread what a row earns over the bins; return what falls into the windows."""
    edges, first, middle, whole = bins.edges, same(0.0), same(0.0), same(0.0)
    begin, day = max(at(rows.start, row), 0), at(rows.day, row)
    start, done, end = begin, 0.0, min(day, edges[-1])
    while start < end:
        bin_ = at(bins.of_day, start + 1)
        stop, share = min(day, at(edges, bin_ + 1)), 1.0
        if stop != day:
            share = accrued_share(term, dates, is_split_by_days, begin, stop, day)
        amount = (share - done) * earned
        if len(edges) > _MAX_WINDOWS + 1:
            add_to(months, group, bin_, item, amount)
        whole = whole + amount
        if stop <= edges[bins.n_middle]:
            middle = middle + amount
        if stop <= edges[bins.n_first]:
            first = first + amount
        start, done = stop, share
    return first, middle, whole


@inner_kernel
def fee_income(bins: Bins, rows: Rows, n_rows: int, months: FloatArray, group: int) -> Any:
    """Return the fees of the windows, signed, and add them to months as ``accrued_income``."""
    edges, first, middle, whole = bins.edges, same(0.0), same(0.0), same(0.0)
    for row in range(n_rows):
        day, fee = at(rows.day, row), load(rows.flows, FEE, row)
        if day > edges[-1]:
            break
        whole = whole + fee
        if day <= edges[bins.n_middle]:
            middle = middle + fee
        if day <= edges[bins.n_first]:
            first = first + fee
        if len(edges) > _MAX_WINDOWS + 1:
            add_to(months, group, at(bins.of_day, day), MONTH_INTEREST, fee)
    return first, middle, whole


@inner_kernel
def accrued_share(
    term: Any, dates: DateTables, is_split_by_days: bool, start: int, stop: int, day: int
) -> float:
    """Return which share of a row's interest has accrued by ``stop``, counted from its start.

    Always from the start: 30/360 is not additive, and its parts would not make up the row.
    """
    if is_split_by_days:
        return (stop - start) / (day - start)
    whole = year_fraction(dates, term.day_count, start, day, term.maturity)
    if whole == 0.0:
        return 0.0
    return year_fraction(dates, term.day_count, start, stop, term.maturity) / whole


@inner_kernel
def replaced_income(
    term: Any,
    tables: IncomeTables,
    path: int,
    rows: Rows,
    n_rows: int,
    year_days: float,
    placed: Placed,
) -> Any:
    """Return what the replacements of a contract earn in the windows, and note their days.

    Parameters
    ----------
    year_days : float [days]
        Year in which index and margin accrue.
    placed : Placed
        The forward path is added to.
    """
    first, middle, whole = same(0.0), same(0.0), same(0.0)
    if term.is_notional or term.is_constant:
        return first, middle, whole
    edges, n_windows = tables.windows.edges, len(tables.windows.edges) - 1
    last_day, middle_edge, first_edge = edges[-1], edges[2], edges[1]
    pair, margin = term.replacement_row, term.replacement_margin / year_days
    for row in range(n_rows):
        day = at(rows.day, row)
        if day >= last_day:
            break
        principal = float(term.sign) * repaid(term, rows, row)
        unit = load(tables.unit_windows, path, pair, day, n_windows - 1)
        whole = whole + principal * (unit + margin * (last_day - day))
        if day < middle_edge:
            unit = load(tables.unit_windows, path, pair, day, 1) + margin * (middle_edge - day)
            middle = middle + principal * unit
        if day < first_edge:
            unit = load(tables.unit_windows, path, pair, day, 0) + margin * (first_edge - day)
            first = first + principal * unit
        if tables.has_months and path == FORWARD:
            add_to(placed.amounts, 0, day, principal)
            add_to(placed.amounts, 1, day, principal * margin)
            placed.is_day[day] = True
    return first, middle, whole


@inner_kernel
def add_placed(
    tables: IncomeTables, pair: int, placed: Placed, months: FloatArray, group: int
) -> None:
    """Add what the principal placed by a group earns to its months, and forget the principal.

    Parameters
    ----------
    months : (n_groups, n_months, N_MONTH_ITEMS, WIDTH) float64 [position currency]
        Item MONTH_REPLACEMENT of row ``group`` is added to.
    """
    edges = tables.months.edges
    for day in range(len(placed.is_day)):
        if not placed.is_day[day]:
            continue
        principal, margin = load(placed.amounts, 0, day), load(placed.amounts, 1, day)
        for month in range(tables.months.of_day[day], len(edges) - 1):
            n_days = max(edges[month + 1] - max(day, edges[month]), 0)
            earned = principal * load(tables.unit_months, pair, day, month) + margin * n_days
            add_to(months, group, month, MONTH_REPLACEMENT, earned)
        store(placed.amounts, 0, day, 0.0)
        store(placed.amounts, 1, day, 0.0)
        placed.is_day[day] = False


@inner_kernel
def constant_income(
    term: Any,
    dates: DateTables,
    market: MarketTables,
    behaviour: BehaviourTables,
    tables: IncomeTables,
    path: int,
    months: FloatArray,
) -> Any:
    """Return what a constant balance earns in the windows.

    Balances without maturity keep their principal; their rate is re-fixed every month. A floating
    rate keeps today's coupon until its next reset, at least through month 1.

    Parameters
    ----------
    months : (1, n_months, N_MONTH_ITEMS, WIDTH) float64 [position currency]
        Run-off interest in MONTH_INTEREST; what the constant balance earns more is put beside it.
    """
    rate = same(float(term.coupon_rate))
    first, middle, whole, before = same(0.0), same(0.0), same(0.0), 0.0
    edges = tables.months.edges
    for month in range(len(edges) - 1):
        start, end = edges[month], edges[month + 1]
        is_floating_reset = term.rate_type != _FIXED and start >= max(term.next_reset_offset, 1)
        if term.rate_type == _ADMINISTERED or is_floating_reset:
            index_end = market.tenor_end[max(term.index_tenor, 0), start]
            n = ZERO + 1
            rate = rate_after_reset(term, market, behaviour, path, n, start, index_end, rate)
        years = year_fraction(dates, term.day_count, ZERO, end, term.maturity)
        earned = term.sign * term.principal * (years - before) * rate
        whole, before = whole + earned, years
        if month < tables.months.n_middle:
            middle = middle + earned
        if month < tables.months.n_first:
            first = first + earned
        own = load(months, 0, month, MONTH_INTEREST)
        store(months, 0, month, MONTH_REPLACEMENT, earned - own)
    return first, middle, whole
