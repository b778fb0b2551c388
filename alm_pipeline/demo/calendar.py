"""Calendar arithmetic of the demo bank on whole columns of days since 1970-01-01.

It steps dates by months, counts days between them and measures year fractions, which is all the
generator needs. It knows no holidays: contract dates are unadjusted. The conventions a close
calculates with are the engine's; nothing here is read by it.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

EPOCH = dt.date(1970, 1, 1)
DAYS_PER_MONTH = 30.4375
FAR_FUTURE = 200_000


def day_number(date: dt.date) -> int:
    """Days since 1970-01-01."""
    return (date - EPOCH).days


def as_date(day: int) -> dt.date:
    """The calendar date of a day number."""
    return EPOCH + dt.timedelta(days=int(day))


def month_parts(days: Ints) -> tuple[Ints, Ints]:
    """Months since 1970-01 and day of the month (1 to 31) of each date."""
    dates = np.asarray(days, dtype=np.int64).astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    in_month = (dates - months.astype("datetime64[D]")).astype(np.int64)
    return months.astype(np.int64), in_month + 1


def first_of_month(month: Ints) -> Ints:
    """Day number of the first day of each month, counted since 1970-01."""
    months = np.asarray(month, dtype=np.int64).astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64)


def add_months(days: Ints, months: Ints | int, anchor_day: Ints | None = None) -> Ints:
    """Each date moved by whole months, cut at the end of shorter months.

    `anchor_day` is the day of the month to aim for; the day of the date itself if none is given.
    """
    month, day = month_parts(days)
    target = month + months
    start = first_of_month(target)
    length = first_of_month(target + 1) - start
    wanted = day if anchor_day is None else anchor_day
    moved: Ints = start + np.minimum(wanted, length) - 1
    return moved


def whole_periods(start: Ints, until: Ints | int, months: Ints | int) -> Ints:
    """Number of whole periods of `months` from `start` whose end is not after `until`."""
    until_array = np.broadcast_to(np.asarray(until, dtype=np.int64), start.shape)
    elapsed = month_parts(until_array)[0] - month_parts(start)[0]
    periods = elapsed // months
    late = add_months(start, periods * months) > until_array
    counted: Ints = np.where(late, periods - 1, periods)
    return counted


def month_ends(last: dt.date, n: int) -> list[dt.date]:
    """The `n` month ends up to and including the month of `last`, oldest first."""
    index = last.year * 12 + last.month - 1
    ends = []
    for step in range(n - 1, -1, -1):
        year, month = divmod(index - step + 1, 12)
        ends.append(dt.date(year, month + 1, 1) - dt.timedelta(days=1))
    return ends


def latest_month_ends(n: int, today: dt.date) -> list[dt.date]:
    """The latest `n` month ends not after `today`, oldest first."""
    tomorrow = today + dt.timedelta(days=1)
    complete = tomorrow.day == 1
    last = today if complete else today.replace(day=1) - dt.timedelta(days=1)
    return month_ends(last, n)


def thirty_360_days(start: Ints, end: Ints, european: NDArray[np.bool_]) -> Ints:
    """Days between two dates in months of 30 days, bond basis or Eurobond basis."""
    month_1, day_1 = month_parts(start)
    month_2, day_2 = month_parts(end)
    cut_1 = np.minimum(day_1, 30)
    cut_2 = np.where(european | (cut_1 == 30), np.minimum(day_2, 30), day_2)
    days: Ints = (month_2 - month_1) * 30 + cut_2 - cut_1
    return days


def actual_actual(start: Ints, end: Ints) -> Floats:
    """Year fraction in calendar years of 365 or 366 days (ISDA)."""
    year_start = start.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    year_end = end.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)

    def elapsed(days: Ints, year: Ints) -> Floats:
        opening = year.astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
        closing = (year + 1).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
        share: Floats = (days - opening) / (closing - opening)
        return share

    fraction: Floats = year_end - year_start + elapsed(end, year_end) - elapsed(start, year_start)
    return fraction


def year_fraction(start: Ints, end: Ints, day_count: str) -> Floats:
    """Year fraction between two columns of dates under one of the contracted day counts."""
    if day_count == "act_360":
        return np.asarray((end - start) / 360.0, dtype=np.float64)
    if day_count == "act_365f":
        return np.asarray((end - start) / 365.0, dtype=np.float64)
    if day_count == "act_act_isda":
        return actual_actual(start, end)
    european = np.full(start.shape, day_count != "30_360")
    return np.asarray(thirty_360_days(start, end, european) / 360.0, dtype=np.float64)
