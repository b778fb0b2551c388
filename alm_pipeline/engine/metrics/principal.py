"""The balance lens: what happens to principal over the life and month by month.

Unsigned. Legs and options have a notional, not principal, and contribute nothing.
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.arrays import CashFlowModel, FloatArray
from alm_pipeline.engine.cash_flows.records import (
    BALANCE,
    CAPITALISED,
    PREPAID,
    SCHEDULED,
    Rows,
    repaid,
)
from alm_pipeline.engine.kernel import inner_kernel, kernel
from alm_pipeline.engine.lanes import add_to, at, load
from alm_pipeline.engine.metrics.bins import Bins

OPENING, DRAWN, CAPITALISED_INTEREST, SCHEDULED_PRINCIPAL, PREPAID_PRINCIPAL = range(5)
WRITTEN_OFF, REMAINING = 5, 6
N_PRINCIPAL_ITEMS = 7
"""Items of the principal record of a position, and of a month with interest added."""

MONTH_INTEREST, MONTH_REPLACEMENT, MONTH_MARGIN, MONTH_CHANGE_DAYS = 7, 8, 9, 10
N_MONTH_ITEMS = 11
"""Further items of a month: interest of contracts and of what replaces them, the margin's part of
the former; changes of balance times the days of the month that are left."""


_NON_PERFORMING = int(CashFlowModel.NON_PERFORMING)


@kernel
def opening_principal(term: Any) -> float:
    """Return the principal on the as-of date, zero for notionals and forward starts."""
    if term.is_notional or term.is_forward:
        return 0.0
    return float(term.principal)


@inner_kernel
def _add_row(term: Any, rows: Rows, row: int, items: FloatArray, first: int, second: int) -> None:
    """Add the movements of a row; what a contract never does is not added as zero."""
    flows = rows.flows
    add_to(items, first, second, SCHEDULED_PRINCIPAL, load(flows, SCHEDULED, row))
    if term.may_leave_early:
        add_to(items, first, second, PREPAID_PRINCIPAL, load(flows, PREPAID, row))
    if at(rows.is_capitalised, row):
        add_to(items, first, second, CAPITALISED_INTEREST, load(flows, CAPITALISED, row))
    if term.may_draw:
        add_to(items, first, second, DRAWN, load(rows.drawn, row))
    if term.model == _NON_PERFORMING:
        add_to(items, first, second, WRITTEN_OFF, at(rows.written_off, row))


@inner_kernel
def _change(term: Any, rows: Rows, row: int) -> Any:
    """Return by how much the balance grows on a date."""
    change = 0.0 - repaid(term, rows, row)
    if at(rows.is_capitalised, row):
        change = change + load(rows.flows, CAPITALISED, row)
    if term.model == _NON_PERFORMING:
        change = change - at(rows.written_off, row)
    return change


@kernel
def add_principal(
    term: Any,
    rows: Rows,
    n_rows: int,
    bins: Bins,
    months: FloatArray,
    group: int,
    records: FloatArray,
    i: int,
    block: int,
) -> None:
    """Add the principal movements of a contract to its record and its group's months.

    Parameters
    ----------
    bins : Bins
        Months; days beyond the last one are not in any.
    months : (n_groups, n_months, N_MONTH_ITEMS, WIDTH) float64, added to
    records : (n, n_blocks, N_PRINCIPAL_ITEMS, WIDTH) float64; row ``i`` of a block is added to
    """
    opening = opening_principal(term)
    add_to(records, i, block, OPENING, opening)
    add_to(months, group, 0, OPENING, opening)
    if term.is_notional:
        return
    for row in range(n_rows):
        _add_row(term, rows, row, records, i, block)
        day = at(rows.day, row)
        if day <= bins.edges[-1]:
            month = at(bins.of_day, day)
            _add_row(term, rows, row, months, group, month)
            n_days = float(at(bins.edges, month + 1) - day)
            change = _change(term, rows, row) * n_days
            add_to(months, group, month, MONTH_CHANGE_DAYS, change)
    if n_rows > 0:
        add_to(records, i, block, REMAINING, load(rows.flows, BALANCE, n_rows - 1))
    else:
        add_to(records, i, block, REMAINING, opening)
