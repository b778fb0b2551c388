"""Days and months around an as-of date, and where non-business days move.

Holidays arrive as arrays of day offsets; which days are holidays is not decided here
(``alm_pipeline.inputs.calendars``). Weekends count as closed in every named calendar and arrive
among the holidays. Conventions follow the ACTUS guide, section 2: shift, then calculate, so that
the moved date is both payment date and accrual date; a maturity given as a term is not moved.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from alm_pipeline.engine.arrays import CountArray, IntArray
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.day_count import isda_years
from alm_pipeline.engine.kernel import inner_kernel, shared_kernel
from alm_pipeline.engine.lanes import at
from alm_pipeline.errors import CalculationError


class BusinessDayConvention(IntEnum):
    """Where a date goes that is not a business day."""

    NONE = 0
    FOLLOWING = 1
    MODIFIED_FOLLOWING = 2
    PRECEDING = 3
    MODIFIED_PRECEDING = 4


CONVENTION_CODES = {item.name.lower(): item for item in BusinessDayConvention}
"""Words of the extracts."""


def business_days(
    day_offsets: CountArray,
    holiday_offsets: IntArray,
    month_index: CountArray,
    convention: BusinessDayConvention,
) -> CountArray:
    """Return where each day moves under a convention.

    Parameters
    ----------
    day_offsets : (n_days,) int64 [days]
        Consecutive offsets.
    holiday_offsets : (n_holidays,) int32 [days]
        Closed days, weekends included; days outside the range are ignored.
    month_index : (n_days,) int64
        Month of each day, for the modified conventions.
    convention : BusinessDayConvention

    Returns
    -------
    (n_days,) int64 [days]
        Offset of the business day; at the edges of the range a day without one stays.
    """
    if convention is BusinessDayConvention.NONE:
        return day_offsets.copy()
    is_open = ~np.isin(day_offsets, holiday_offsets)
    rows = np.arange(len(day_offsets))
    later = np.minimum.accumulate(np.where(is_open, rows, len(rows))[::-1])[::-1]
    earlier = np.maximum.accumulate(np.where(is_open, rows, -1))
    later = np.where(later == len(rows), rows, later)
    earlier = np.where(earlier == -1, rows, earlier)
    is_later = convention in (
        BusinessDayConvention.FOLLOWING,
        BusinessDayConvention.MODIFIED_FOLLOWING,
    )
    target, other = (later, earlier) if is_later else (earlier, later)
    if convention.name.startswith("MODIFIED"):
        leaves_month = month_index[target] != month_index
        target = np.where(leaves_month, other, target)
    return day_offsets[target]


def date_tables(
    as_of_date: np.datetime64,
    first_day: int,
    last_day: int,
    adjustments: tuple[tuple[BusinessDayConvention, IntArray], ...] = (),
) -> DateTables:
    """Build the look-up tables for all days from ``first_day`` to ``last_day``.

    Parameters
    ----------
    as_of_date : datetime64[D]
        Day with offset 0.
    first_day, last_day : int [days]
        Range of offsets, both included; widened to whole months with one month to spare.
    adjustments : tuple of (convention, holiday_offsets)
        Row ``k + 1`` of ``DateTables.adjusted`` is built from element ``k``.
    """
    if first_day > last_day:
        raise CalculationError("the date tables would be empty", fix="give first_day <= last_day")
    origin = as_of_date.astype("datetime64[D]")
    months = np.arange(
        (origin + first_day).astype("datetime64[M]") - 1,
        (origin + last_day).astype("datetime64[M]") + 3,
    )
    starts = (months.astype("datetime64[D]") - origin).astype(np.int64)
    lengths = np.diff(starts)
    offsets = np.arange(starts[0], starts[-1], dtype=np.int64)
    month_index = np.repeat(months[:-1].astype(np.int64), lengths)
    moved = [offsets]
    moved += [business_days(offsets, closed, month_index, rule) for rule, closed in adjustments]
    return DateTables(
        first_day=int(offsets[0]),
        first_month=int(month_index[0]),
        month_start=starts[:-1],
        month_length=lengths,
        month_index=month_index.astype(np.int32),
        day_of_month=(offsets - np.repeat(starts[:-1], lengths) + 1).astype(np.int8),
        isda_years=isda_years(origin + offsets),
        adjusted=np.ascontiguousarray(np.stack(moved), dtype=np.int32),
    )


@inner_kernel
def rolled_day(tables: DateTables, month: int, roll_day: int) -> int:
    """Return the offset of ``roll_day`` in a month, clipped to the month's last day.

    ``month`` is counted from January 1970; ``roll_day`` 31 means the last day of any month.
    """
    row = month - tables.first_month
    return int(at(tables.month_start, row) + min(roll_day, at(tables.month_length, row)) - 1)


@inner_kernel
def adjusted_day(tables: DateTables, adjustment: int, day: int) -> int:
    """Return where a day moves under a row of ``DateTables.adjusted``."""
    return int(at(tables.adjusted, adjustment, day - tables.first_day)) if adjustment > 0 else day


@shared_kernel
def month_of(tables: DateTables, offset: int) -> int:
    """Return the month of an offset, counted from January 1970."""
    return int(at(tables.month_index, offset - tables.first_day))
