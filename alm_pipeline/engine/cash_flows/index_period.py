"""From when to when the index of a reset runs, and when it is read.

Answers both for contracts with schedules of their own; on grids ``resets`` does. When resets are is
``steps``' business.
"""

from __future__ import annotations

from datetime import datetime

from alm_pipeline.engine.cash_flows.contract import Contract
from alm_pipeline.errors import CalculationError


def fixing_day(contract: Contract, day: datetime) -> datetime:
    """Return the business day on which the index of a reset is read.

    Raises
    ------
    CalculationError
        If that day has passed: the rate is known and must be given.
    """
    c, fixed = contract, day
    for _ in range(c.fixing_lag):
        fixed = c.shift.before(fixed)
    if fixed < c.status_date:
        raise CalculationError(
            f"the rate of {day:%Y-%m-%d} was fixed on {fixed:%Y-%m-%d}",
            fix="give it as the rate of the next reset",
        )
    return fixed


def index_end(contract: Contract, day: datetime) -> datetime | None:
    """Return the next reset where the index runs as long as a reset period."""
    c = contract
    grid, tenor = c.reset, c.index_cycle
    if grid is None or grid.cycle is None or tenor is None:
        return None
    own = (grid.cycle.months, grid.cycle.days)
    if own != (tenor.months, tenor.days):
        return None
    k = 0
    while grid.date(k, is_end_of_month=c.is_end_of_month) <= day:
        k += 1
    return c.shift.moved(grid.date(k, is_end_of_month=c.is_end_of_month))
