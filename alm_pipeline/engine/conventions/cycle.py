"""Schedules: the dates of a cycle between an anchor and an end, and where they move.

Dates carry a time of day, because a contract may end at 23:59:59; comparisons are exact to the
second. A cycle is always counted from its anchor, never from the previous date. Source: ACTUS
guide, section 2. Grids of many contracts at once are `schedule`'s business.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from alm_pipeline.engine.conventions.calendar import BusinessDayConvention
from alm_pipeline.errors import CalculationError

_CYCLE = re.compile(r"^P(\d+)([DWMQHY])(?:L([01]))?$")
_DAYS = {"D": 1, "W": 7}
_MONTHS = {"M": 1, "Q": 3, "H": 6, "Y": 12}
_LONGEST = 200_000


@dataclass(frozen=True)
class Cycle:
    """A step in months or in days, and what happens to the rest before the end.

    Attributes
    ----------
    has_short_stub : bool
        A rest shorter than a step is a period of its own; otherwise it lengthens the last one.
    """

    months: int = 0
    days: int = 0
    has_short_stub: bool = False

    @classmethod
    def parse(cls, text: str) -> Cycle:
        """Return what ``P<n><D|W|M|Q|H|Y>[L<0|1>]`` means; L0 and no flag: long last period."""
        match = _CYCLE.match(text.strip())
        if match is None or int(match[1]) == 0:
            raise CalculationError(
                f"{text!r} is not a cycle", fix="write P, a number above zero, a unit, L0 or L1"
            )
        count, unit = int(match[1]), match[2]
        return cls(count * _MONTHS.get(unit, 0), count * _DAYS.get(unit, 0), match[3] == "1")

    def after(self, anchor: datetime, k: int) -> datetime:
        """Return the date ``k`` steps after the anchor; a day a month lacks is its last one."""
        if self.days:
            return anchor + timedelta(days=k * self.days)
        month = anchor.year * 12 + anchor.month - 1 + k * self.months
        year, month = divmod(month, 12)
        day = min(anchor.day, calendar.monthrange(year, month + 1)[1])
        return anchor.replace(year=year, month=month + 1, day=day)


@dataclass(frozen=True)
class Grid:
    """An anchor and a cycle; without a cycle the anchor is the only date."""

    anchor: datetime
    cycle: Cycle | None = None

    def date(self, k: int, *, is_end_of_month: bool = False) -> datetime:
        """Return the k-th date; under the end-of-month rule the last day of a short month stays."""
        if self.cycle is None:
            return self.anchor
        found = self.cycle.after(self.anchor, k)
        if k and is_end_of_month and self.cycle.months and _is_last_of_short_month(self.anchor):
            return found.replace(day=calendar.monthrange(found.year, found.month)[1])
        return found

    def dates(
        self, end: datetime, *, with_end: bool = False, is_end_of_month: bool = False
    ) -> list[datetime]:
        """Return the dates before `end`, and `end` itself if asked for, in order.

        Parameters
        ----------
        end : datetime
            First moment that no longer belongs to the schedule.
        with_end : bool
            Adds `end`.
        is_end_of_month : bool
            See `date`.
        """
        if self.cycle is None:
            found = [self.anchor] if self.anchor < end else []
            return sorted({*found, *([end] if with_end else [])})
        found = []
        for k in range(_LONGEST):
            step = self.date(k, is_end_of_month=is_end_of_month)
            if step >= end:
                break
            found.append(step)
        is_stub = step != end
        n_dates = len(found) + with_end
        if is_stub and not self.cycle.has_short_stub and found and n_dates > 2:
            found.pop()
        return sorted({*found, *([end] if with_end else [])})


def _is_last_of_short_month(day: datetime) -> bool:
    length = calendar.monthrange(day.year, day.month)[1]
    return day.day == length and length < 31


@dataclass(frozen=True)
class Shift:
    """Where a date goes that is not a business day, and whether interest follows it.

    Attributes
    ----------
    is_open : callable
        Says whether a day is a business day.
    is_accrual_shifted : bool
        Shift, then calculate: interest runs to the moved date; otherwise to the original one.
    """

    convention: BusinessDayConvention = BusinessDayConvention.NONE
    is_accrual_shifted: bool = True
    is_open: Callable[[date], bool] = lambda _: True

    def moved(self, day: datetime) -> datetime:
        """Return the date on which the event happens."""
        convention = self.convention
        if convention is BusinessDayConvention.NONE or self.is_open(day.date()):
            return day
        is_later = convention in (
            BusinessDayConvention.FOLLOWING,
            BusinessDayConvention.MODIFIED_FOLLOWING,
        )
        target = self._next_open(day, 1 if is_later else -1)
        if "MODIFIED" in convention.name and target.month != day.month:
            return self._next_open(day, -1 if is_later else 1)
        return target

    def accrued_to(self, day: datetime) -> datetime:
        """Return the date to which interest runs."""
        return self.moved(day) if self.is_accrual_shifted else day

    def before(self, day: datetime) -> datetime:
        """Return the business day before a day."""
        return self._next_open(day, -1)

    def _next_open(self, day: datetime, step: int) -> datetime:
        for _ in range(366):
            day += timedelta(days=step)
            if self.is_open(day.date()):
                return day
        raise CalculationError(f"no business day within a year of {day:%Y-%m-%d}", fix="calendar?")
