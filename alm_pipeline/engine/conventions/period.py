"""Year fractions between single dates, for schedules that are built one contract at a time."""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.conventions.calendar import date_tables
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.day_count import (
    N_ADDITIVE,
    DayCount,
    additive_table,
    year_fraction,
)
from alm_pipeline.engine.kernel import entry_kernel


def years_between(
    day_count: DayCount,
    start: np.datetime64,
    end: np.datetime64,
    maturity: np.datetime64 | None = None,
) -> float:
    """Return the year fraction between two days [years]; 0 where the end is not later.

    Parameters
    ----------
    day_count : DayCount
    start, end : datetime64[D]
    maturity : datetime64[D] or None
        Maturity of the contract, for 30E/360 ISDA.
    """
    if end <= start:
        return 0.0
    if day_count < N_ADDITIVE:
        table = additive_table(np.array([start, end], dtype="datetime64[D]"))
        return float(table[day_count, 1] - table[day_count, 0])
    last = int((end - start).astype(np.int64))
    tables = date_tables(start, 0, last)
    matures = int((maturity - start).astype(np.int64)) if maturity is not None else -1
    return _between(tables, int(day_count), last, matures)


@entry_kernel
def _between(tables: DateTables, day_count: int, last: int, maturity: int) -> float:
    return year_fraction(tables, day_count, 0, last, maturity)
