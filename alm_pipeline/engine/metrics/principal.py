"""The balance lens: what happens to principal over the life and month by month.

Unsigned. Legs and options have a notional, not principal, and contribute nothing.
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.arrays import CountArray, FloatArray
from alm_pipeline.engine.cash_flows.records import (
    BALANCE,
    CAPITALISED,
    PREPAID,
    SCHEDULED,
    Rows,
)
from alm_pipeline.engine.cash_flows.terms import REPAY_ANNUITY
from alm_pipeline.engine.kernel import inner_kernel, kernel

OPENING, DRAWN, CAPITALISED_INTEREST, SCHEDULED_PRINCIPAL, PREPAID_PRINCIPAL = range(5)
WRITTEN_OFF, REMAINING = 5, 6
N_PRINCIPAL_ITEMS = 7
"""Items of the principal record of a position, and of a month with interest added."""

MONTH_INTEREST, MONTH_REPLACEMENT = 7, 8
N_MONTH_ITEMS = 9


@kernel
def opening_principal(term: Any) -> float:
    """Return the principal on the as-of date, zero for notionals and forward starts."""
    if term.is_notional or term.is_forward:
        return 0.0
    return float(term.principal)


@inner_kernel
def _add_row(term: Any, rows: Rows, row: int, item: FloatArray) -> None:
    """Add the movements of a row; what a contract never does is not added as zero."""
    flow, drawn, written_off = rows.flows[row], rows.drawn[row], rows.written_off[row]
    for s in range(item.shape[1]):
        item[SCHEDULED_PRINCIPAL, s] += flow[SCHEDULED, s]
    if term.has_prepayment or term.has_redemption:
        for s in range(item.shape[1]):
            item[PREPAID_PRINCIPAL, s] += flow[PREPAID, s]
    if term.repayment == REPAY_ANNUITY or term.has_agenda:
        for s in range(item.shape[1]):
            item[CAPITALISED_INTEREST, s] += flow[CAPITALISED, s]
    if drawn != 0.0 or written_off != 0.0:
        for s in range(item.shape[1]):
            item[DRAWN, s] += drawn
            item[WRITTEN_OFF, s] += written_off


@kernel
def add_principal(
    term: Any,
    rows: Rows,
    n_rows: int,
    bin_of_day: CountArray,
    months: FloatArray,
    record: FloatArray,
) -> None:
    """Add the principal movements of a contract to its record and its group's months.

    Parameters
    ----------
    bin_of_day : (n_days,) int64
        Month of each day, 0 for days 1 to the end of month 1; days beyond the array are not
        in any month.
    months : (n_months, N_MONTH_ITEMS, S) float64, added to
    record : (N_PRINCIPAL_ITEMS, S) float64, added to
    """
    opening = opening_principal(term)
    for s in range(record.shape[1]):
        record[OPENING, s] += opening
        months[0, OPENING, s] += opening
    if term.is_notional:
        return
    for row in range(n_rows):
        _add_row(term, rows, row, record)
        if rows.day[row] < len(bin_of_day):
            _add_row(term, rows, row, months[bin_of_day[rows.day[row]]])
    for s in range(record.shape[1]):
        record[REMAINING, s] += rows.flows[n_rows - 1, BALANCE, s] if n_rows > 0 else opening
