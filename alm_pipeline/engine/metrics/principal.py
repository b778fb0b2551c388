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
    Block,
    Rows,
)
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
def _add_row(rows: Rows, row: int, item: FloatArray) -> None:
    flow = rows.flows[row]
    for s in range(item.shape[1]):
        item[DRAWN, s] += rows.drawn[row]
        item[CAPITALISED_INTEREST, s] += flow[CAPITALISED, s]
        item[SCHEDULED_PRINCIPAL, s] += flow[SCHEDULED, s]
        item[PREPAID_PRINCIPAL, s] += flow[PREPAID, s]
        item[WRITTEN_OFF, s] += rows.written_off[row]


@kernel
def add_principal(
    terms: Any,
    rows: Rows,
    block: Block,
    bin_of_day: CountArray,
    months: FloatArray,
    record: FloatArray,
) -> None:
    """Add the principal movements of a block to the contracts' records and groups' months.

    Parameters
    ----------
    bin_of_day : (n_days,) int64
        Month of each day, 0 for days 1 to the end of month 1; days beyond the array are not
        in any month.
    months : (n_groups, n_months, N_MONTH_ITEMS, S) float64, added to
    record : (n, N_PRINCIPAL_ITEMS, S) float64, added to
    """
    for i in range(len(terms)):
        months_of_group = months[terms[i].group]
        _add_one(
            terms[i], rows, block.begin[i], block.end[i], bin_of_day, months_of_group, record[i]
        )


@kernel
def _add_one(
    term: Any,
    rows: Rows,
    begin: int,
    end: int,
    bin_of_day: CountArray,
    months: FloatArray,
    record: FloatArray,
) -> None:
    opening = opening_principal(term)
    for s in range(record.shape[1]):
        record[OPENING, s] += opening
        months[0, OPENING, s] += opening
    if term.is_notional:
        return
    for row in range(begin, end):
        _add_row(rows, row, record)
        if rows.day[row] < len(bin_of_day):
            _add_row(rows, row, months[bin_of_day[rows.day[row]]])
    for s in range(record.shape[1]):
        record[REMAINING, s] += rows.flows[end - 1, BALANCE, s] if end > begin else opening
