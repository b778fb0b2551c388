"""Payment grids: how many payments are left and on which day the k-th falls.

A grid always steps from its anchor month with the anchor's roll day (31 January, 28 February,
31 March ...), never from the previous date. What is left before the maturity is one short last
period. Source: ACTUS guide, section 2. Stepping by days (weekly, daily) never rolls.

What does not belong here: what is paid (``cash_flows``).
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.conventions.calendar import adjusted_day, month_of, rolled_day
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.kernel import entry_kernel, inner_kernel, kernel, shared_kernel
from alm_pipeline.engine.lanes import at


@shared_kernel
def grid_day(
    tables: DateTables,
    anchor_day: int,
    anchor_month: int,
    k: int,
    step_months: int,
    step_days: int,
    roll_day: int,
) -> int:
    """Return the offset of the ``k``-th date of a grid, not adjusted for business days.

    ``anchor_month`` is the month to which the anchor belongs: not its own where it was moved out.
    """
    if step_months == 0:
        return anchor_day + k * step_days
    if k == 0:
        return anchor_day
    return rolled_day(tables, anchor_month + k * step_months, roll_day)


@kernel
def anchored(
    tables: DateTables, anchor_day: int, roll_day: int, adjustment: int, is_end_of_month: bool
) -> tuple[int, int]:
    """Return month and roll day of the grid to which a date belongs, as agreed or moved.

    The day given for the roll counts where it explains the date, in its own month or in a
    neighbour from which a closed day moved it; else the date's own day does, 31 under the
    end-of-month rule.
    """
    month = month_of(tables, anchor_day)
    row = anchor_day - tables.first_day
    if is_end_of_month and at(tables.month_index, row + 1) != month:
        return month, 31
    for shift in (0, -1, 1):
        if roll_day > 0:
            day = rolled_day(tables, month + shift, roll_day)
            if anchor_day in (day, adjusted_day(tables, adjustment, day)):
                return month + shift, roll_day
    return month, int(at(tables.day_of_month, row))


@inner_kernel
def payment_day(tables: DateTables, term: Any, k: int) -> int:
    """Return the offset of a contract's ``k``-th payment, moved; the last is its maturity."""
    if k >= term.n_payments - 1:
        return int(term.maturity)
    day = grid_day(
        tables,
        term.first_payment,
        term.payment_month,
        k,
        term.step_months,
        term.step_days,
        term.payment_roll,
    )
    return int(min(adjusted_day(tables, term.date_adjustment, day), term.maturity))


@entry_kernel
def payments_left(
    tables: DateTables,
    first_day: int,
    first_month: int,
    maturity_day: int,
    step_months: int,
    step_days: int,
    roll_day: int,
) -> int:
    """Return the number of dates: the grid dates before the maturity, and the maturity itself."""
    if first_day >= maturity_day or (step_months == 0 and step_days == 0):
        return 1
    if step_months == 0:
        return (maturity_day - first_day + step_days - 1) // step_days + 1
    months = max(month_of(tables, maturity_day) - first_month, 0)
    k = months // step_months
    last_grid_day = rolled_day(tables, month_of(tables, maturity_day), roll_day)
    if k > 0 and months % step_months == 0 and last_grid_day >= maturity_day:
        k -= 1
    return k + 2
