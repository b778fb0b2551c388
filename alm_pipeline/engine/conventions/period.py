"""Year fractions between single dates, for schedules that are built one contract at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np

from alm_pipeline.engine.arrays import CountArray, FloatArray
from alm_pipeline.engine.conventions.calendar import date_tables
from alm_pipeline.engine.conventions.cycle import Grid
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.day_count import DayCount, year_fraction
from alm_pipeline.engine.kernel import entry_kernel
from alm_pipeline.engine.references import by_reference

_ACTUAL_DAYS = {DayCount.ACT_360: 360.0, DayCount.ACT_365F: 365.0}
"""Day counts that need no tables."""


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
    last = int((end - start).astype(np.int64))
    if day_count in _ACTUAL_DAYS:
        return last / _ACTUAL_DAYS[day_count]
    tables = date_tables(start, 0, last)
    matures = int((maturity - start).astype(np.int64)) if maturity is not None else -1
    return _between(tables, int(day_count), last, matures)


def period_fractions(day_count: DayCount, start: np.ndarray, end: np.ndarray) -> FloatArray:
    """Return the year fractions of many periods at once [years].

    Parameters
    ----------
    day_count : DayCount
    start, end : (n,) datetime64[D]
        Neither is a contract's maturity.
    """
    if not len(start):
        return np.zeros(0)
    origin = min(start.min(), end.min())
    first, last = ((days - origin).astype(np.int64) for days in (start, end))
    fractions = np.zeros(len(start))
    tables = date_tables(origin, 0, int(max(first.max(), last.max())))
    _fill_fractions(tables, int(day_count), first, last, fractions)
    return fractions


def icma_years(
    coupons: Grid,
    coupons_per_year: int,
    start: datetime,
    end: datetime,
    *,
    is_end_of_month: bool = False,
) -> float:
    """Return the ACT/ACT ICMA year fraction (ICMA rule 251.1): shares of regular coupon periods.

    Parameters
    ----------
    coupons : Grid
        Coupon dates; continued before the anchor for a first period that is not regular.
    coupons_per_year : int
    start, end : datetime
    is_end_of_month : bool
        See ``Grid.date``.
    """

    def coupon(k: int) -> datetime:
        return coupons.date(k, is_end_of_month=is_end_of_month)

    k = 0
    while coupon(k) > start:
        k -= 1
    while coupon(k + 1) <= start:
        k += 1
    years = 0.0
    while coupon(k) < end:
        first, last = coupon(k), coupon(k + 1)
        shared = (min(end, last) - max(start, first)).days
        years += shared / ((last - first).days * coupons_per_year)
        k += 1
    return years


def business_years(
    is_open: Callable[[date], bool], start: datetime, end: datetime, days_of_year: int = 252
) -> float:
    """Return BUS/252: business days from `start` on and before `end`, over 252."""
    days = (start.date() + timedelta(days=k) for k in range((end.date() - start.date()).days))
    return sum(is_open(day) for day in days) / days_of_year


@entry_kernel
def _fill_fractions(
    tables: DateTables, day_count: int, start: CountArray, end: CountArray, years: FloatArray
) -> None:
    tables = by_reference(tables)
    for i in range(len(years)):
        years[i] = year_fraction(tables, day_count, start[i], end[i], -1)


@entry_kernel
def _between(tables: DateTables, day_count: int, last: int, maturity: int) -> float:
    return year_fraction(by_reference(tables), day_count, 0, last, maturity)
