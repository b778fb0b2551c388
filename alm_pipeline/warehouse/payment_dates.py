"""Payment frequencies as months or days, and the unshifted dates they give.

What does not belong here: business days (`Shift`), what happens on a date (`agenda_bridge`).
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import BoolArray, IntArray
from alm_pipeline.engine.conventions.cycle import Cycle, Grid, Shift
from alm_pipeline.warehouse.book_columns import BookColumns

__all__ = ["Frequency", "RolledGrid", "dates_back", "grid_from", "is_apart", "roll_day"]

_ROLL_DAYS = 4


@dataclass(frozen=True)
class Frequency:
    """A step of months or of days; neither means once, at maturity."""

    months: int
    days: int

    @property
    def is_repeated(self) -> bool:
        """Whether it steps at all."""
        return self.months > 0 or self.days > 0

    @property
    def length(self) -> float:
        """About how many days a step takes."""
        return self.days + 30.4 * self.months

    @property
    def cycle(self) -> Cycle | None:
        """The step as the engine's contracts have it; the rest is a short last period."""
        if not self.is_repeated:
            return None
        return Cycle(months=self.months, days=self.days, has_short_stub=True)


@dataclass(frozen=True)
class RolledGrid(Grid):
    """A grid of months on one day of the month, the last day of months that lack it."""

    roll_day: int = 0

    def date(self, k: int, *, is_end_of_month: bool = False) -> dt.datetime:
        """Return the k-th date; what the anchor's month lacks does not shorten later ones."""
        found = super().date(k, is_end_of_month=is_end_of_month)
        if self.roll_day == 0 or self.cycle is None or not self.cycle.months:
            return found
        return found.replace(day=min(self.roll_day, _month_length(found)))


def _month_length(day: dt.datetime) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def is_apart(
    months: tuple[IntArray, IntArray], days: tuple[IntArray, IntArray]
) -> tuple[BoolArray, BoolArray]:
    """Return which pairs of frequencies lie on no one grid, and which are no multiples.

    Parameters
    ----------
    months, days : pairs of (n,) int32
        Interest and principal.

    Returns
    -------
    pair of (n,) bool
        The second one marks steps in the same unit of which none is a multiple of the other.
    """
    is_odd = np.zeros(len(months[0]), dtype=np.bool_)
    for one, other in (months, days):
        longer, shorter = np.maximum(one, other), np.minimum(one, other)
        is_odd |= (shorter > 0) & (longer % np.maximum(shorter, 1) > 0)
    has_both = (months[0] + days[0] > 0) & (months[1] + days[1] > 0)
    is_same = (months[0] == months[1]) & (days[0] == days[1])
    by_days = (days[0] > 0) | (days[1] > 0)
    return has_both & np.where(by_days, ~is_same, is_odd), is_odd


def grid_from(
    first: dt.datetime, frequency: Frequency, roll_day: int, shift: Shift, *, is_end_of_month: bool
) -> Grid:
    """Return the grid on which a date lies that may have been moved to a business day.

    Parameters
    ----------
    first : datetime
        A date of the grid, as paid.
    frequency : Frequency
    roll_day : int
        Day of the month the contract pays on; ignored unless its business day is `first`.
    shift : Shift
    is_end_of_month : bool
        A last day of a month stays one.
    """
    if frequency.days or not frequency.months:
        return Grid(first, frequency.cycle)
    if is_end_of_month and first.day == _month_length(first):
        return RolledGrid(first, frequency.cycle, 31)
    rolled = first.replace(day=min(roll_day, _month_length(first))) if roll_day > 0 else first
    if shift.moved(rolled) != first:
        return RolledGrid(first, frequency.cycle, first.day)
    return RolledGrid(rolled, frequency.cycle, roll_day or first.day)


def dates_back(
    dates: Sequence[dt.datetime],
    finest: Frequency,
    frequency: Frequency,
    end: dt.datetime,
    as_of: dt.datetime,
) -> list[dt.datetime]:
    """Return the dates of a frequency before the end, from those of the finest one.

    A multiple of the finest step takes every so-many-th date, counted back from the end; months
    beside days step back from the end on their own.
    """
    if not frequency.is_repeated:
        return []
    if bool(frequency.months) == bool(finest.months):
        ratio = round(frequency.length / finest.length)
        return [day for k, day in enumerate(dates) if (len(dates) - k) % ratio == 0]
    found, k = [], 1
    back = Cycle(months=frequency.months, days=frequency.days)
    while (day := back.after(end, -k)) > as_of:
        found.append(day)
        k += 1
    return sorted(found)


def roll_day(book: BookColumns) -> NDArray[Any]:
    """Return the day of the month a contract pays on.

    The maturity's or the start's day when the next payment lies so near to it that only a short
    month or a closed day can be the cause; else the next payment's own day. The engine checks it.
    """
    own = book.days("next_payment_date")
    roll = own.copy()
    for name in ("start_date", "maturity_date"):
        day = book.days(name)
        roll = np.where((day > 0) & (np.abs(day - own) <= _ROLL_DAYS), day, roll)
    return roll
