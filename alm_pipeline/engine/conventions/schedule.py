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
from alm_pipeline.engine.kernel import entry_kernel, inner_kernel


@inner_kernel
def grid_day(
    tables: DateTables, anchor_day: int, k: int, step_months: int, step_days: int, roll_day: int
) -> int:
    """Return the offset of the ``k``-th date of a grid, not adjusted for business days."""
    if step_months == 0:
        return anchor_day + k * step_days
    if k == 0:
        return anchor_day
    return rolled_day(tables, month_of(tables, anchor_day) + k * step_months, roll_day)


@inner_kernel
def payment_day(tables: DateTables, term: Any, k: int) -> int:
    """Return the offset of a contract's ``k``-th payment, moved; the last is its maturity."""
    if k >= term.n_payments - 1:
        return int(term.maturity)
    day = grid_day(
        tables, term.first_payment, k, term.step_months, term.step_days, term.payment_roll
    )
    return int(min(adjusted_day(tables, term.date_adjustment, day), term.maturity))


@entry_kernel
def payments_left(
    tables: DateTables,
    first_day: int,
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
    months = month_of(tables, maturity_day) - month_of(tables, first_day)
    k = months // step_months
    last_grid_day = rolled_day(tables, month_of(tables, maturity_day), roll_day)
    if k > 0 and months % step_months == 0 and last_grid_day >= maturity_day:
        k -= 1
    return k + 2
