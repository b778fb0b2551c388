"""Tables of payment grids: on which day each month pays, and how long its period is.

A grid that steps by months from a roll day is the same for every contract that has that roll day:
so days and year fractions are looked up by month, neighbours beside each other, and a period costs
one read. A *rhythm* is a day count, a business-day adjustment and a step in months.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import CountArray, FloatArray, IntArray
from alm_pipeline.engine.conventions.calendar import adjusted_day, month_of, rolled_day
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.day_count import year_fraction
from alm_pipeline.engine.kernel import entry_kernel, inner_kernel
from alm_pipeline.engine.references import by_reference

N_ROLL_DAYS = 31
LONGEST_STEP = 12
_NO_MATURITY = -1


class Grids(NamedTuple):
    """Payment days and periods by month, from the month of the as-of date, ``first_month``, on.

    ``days`` (n_adjustments, 31, n_months): offset of roll day 1 to 31, clipped and moved.
    ``years`` (n_rhythms, 31, n_months): year fraction of the period that ends in a month, where
    that is not the maturity. ``longest_years`` (n_rhythms,): the longest of them.
    """

    first_month: int
    days: IntArray
    years: FloatArray
    longest_years: FloatArray


def no_grids() -> Grids:
    """Return tables that nobody looks up."""
    no_days, no_years = np.zeros((0, N_ROLL_DAYS, 0), np.int32), np.zeros((0, N_ROLL_DAYS, 0))
    return Grids(0, no_days, no_years, np.zeros(0))


def rhythms_of(
    day_count: NDArray[Any], adjustment: NDArray[Any], step_months: NDArray[Any]
) -> tuple[CountArray, CountArray]:
    """Return the rhythms of contracts.

    Parameters
    ----------
    day_count, adjustment, step_months : (n,) integer
        A contract that does not step by 1 to 12 months has no rhythm.

    Returns
    -------
    tuple of (n_rhythms, 3) int64 and (n,) int64
        The different rhythms; which one each contract has, -1 for none.
    """
    n_steps, n_adjustments = LONGEST_STEP + 1, int(adjustment.max(initial=0)) + 1
    has_rhythm = (step_months > 0) & (step_months <= LONGEST_STEP)
    code = (day_count.astype(np.int64) * n_adjustments + adjustment) * n_steps + step_months
    code = np.where(has_rhythm, code, 0)
    used = np.flatnonzero(np.bincount(code, minlength=1))
    used = used[used % n_steps > 0]
    row_of = np.full(int(used.max(initial=0)) + 1, -1, np.int64)
    row_of[used] = np.arange(len(used))
    pair, step = used // n_steps, used % n_steps
    return np.stack([pair // n_adjustments, pair % n_adjustments, step], axis=1), row_of[code]


def grids(dates: DateTables, rhythms: CountArray) -> Grids:
    """Return the tables of the given rhythms, (n_rhythms, 3): day count, adjustment, step."""
    first_month = month_of(dates, 0)
    n_months = dates.first_month + len(dates.month_start) - first_month - 1
    days = np.zeros((len(dates.adjusted), N_ROLL_DAYS, n_months), np.int32)
    years = np.zeros((len(rhythms), N_ROLL_DAYS, n_months))
    found = Grids(first_month, days, years, np.zeros(len(rhythms)))
    _fill(dates, rhythms, found)
    return found._replace(longest_years=years.max(axis=(1, 2), initial=0.0))


@entry_kernel
def _fill(dates: DateTables, rhythms: CountArray, tables: Grids) -> None:
    dates, tables = by_reference(dates), by_reference(tables)
    days, years, first_month = tables.days, tables.years, tables.first_month
    for adjustment in range(days.shape[0]):
        for roll in range(days.shape[1]):
            for k in range(days.shape[2]):
                days[adjustment, roll, k] = _day(dates, adjustment, first_month + k, roll)
    for rhythm in range(years.shape[0]):
        day_count, adjustment, step = rhythms[rhythm]
        for roll in range(days.shape[1]):
            for k in range(days.shape[2]):
                start = _day(dates, adjustment, first_month + k - step, roll)
                end = days[adjustment, roll, k]
                years[rhythm, roll, k] = year_fraction(dates, day_count, start, end, _NO_MATURITY)


@inner_kernel
def _day(dates: DateTables, adjustment: int, month: int, roll: int) -> int:
    return adjusted_day(dates, adjustment, rolled_day(dates, month, roll + 1))


def buckets_by_month(grids: Grids, bounds: IntArray) -> IntArray:
    """Return the time bucket of each payment day, (n_adjustments, 31, n_months).

    Parameters
    ----------
    grids : Grids
    bounds : (n_buckets,) int32 [days]
        Last day of each bucket.
    """
    return np.searchsorted(bounds, grids.days, side="left").astype(np.int32)


def last_months(grids: Grids, last_days: NDArray[Any]) -> IntArray:
    """Return the last month whose payment day is at most a day, -1 if there is none.

    Parameters
    ----------
    grids : Grids
    last_days : (m,) integer [days]

    Returns
    -------
    (n_adjustments, 31, m) int32
        Months as in ``grids``.
    """
    by_roll = grids.days.reshape(-1, grids.days.shape[-1])
    found = [np.searchsorted(days, last_days, side="right") - 1 for days in by_roll]
    return np.array(found, np.int32).reshape(*grids.days.shape[:2], len(last_days))
