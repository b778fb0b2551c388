"""Dates, day counts and curves of the challenger, in plain Python.

Shares no code with the engine: what one gets wrong, the other does not repeat.
"""

from __future__ import annotations

import calendar
import math
from dataclasses import dataclass, field
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


def month_end(year: int, month: int) -> int:
    """Return the last day of a month."""
    return calendar.monthrange(year, month)[1]


def in_month(day: date, n_months: int, roll_day: int) -> date:
    """Return the roll day of a later month, or its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + n_months, 12)
    return date(year, month + 1, min(roll_day, month_end(year, month + 1)))


def roll_of(anchor: date, roll_day: int) -> int:
    """Return the day on which the grid of an anchor rolls: its own, unless the month cut it."""
    return roll_day if in_month(anchor, 0, roll_day) == anchor else anchor.day


def moved(day: date, convention: str, closed: frozenset[date]) -> date:
    """Return the business day a date moves to; the modified conventions stay in the month."""
    if convention == "none" or day not in closed:
        return day
    step = -ONE_DAY if convention.endswith("preceding") else ONE_DAY
    found = day
    while found in closed:
        found += step
    if convention.startswith("modified") and found.month != day.month:
        found = day
        while found in closed:
            found -= step
    return found


def tenor_end(day: date, n_months: int) -> date:
    """Return where an index period ends; overnight has no months."""
    return in_month(day, n_months, day.day) if n_months else day + ONE_DAY


def months_later(as_of: date, n_months: int) -> date:
    """Return the end of a window: an end of month stays one."""
    is_last = as_of.day == month_end(as_of.year, as_of.month)
    return in_month(as_of, n_months, 31 if is_last else as_of.day)


def is_february_end(day: date) -> bool:
    """Say whether a day is the last one of February."""
    return day.month == 2 and day.day == month_end(day.year, 2)


def thirty(start: date, end: date, first: int, last: int) -> float:
    """Return years of twelve months of thirty days, between days of the month as adjusted."""
    return (360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first) / 360


def years(count: str, start: date, end: date, maturity: date | None) -> float:
    """Return the year fraction of a day count."""
    n_days = (end - start).days
    if count in ("act_360", "act_365f"):
        return n_days / (360 if count == "act_360" else 365)
    if count == "act_act_isda":
        found, day = 0.0, start
        while day < end:  # each calendar year by its own length
            stop = min(end, date(day.year + 1, 1, 1))
            found += (stop - day).days / (366 if calendar.isleap(day.year) else 365)
            day = stop
        return found
    first, last = start.day, end.day
    if count == "28e_336":
        months = 12 * (end.year - start.year) + end.month - start.month
        return (28 * months + min(last, 28) - min(first, 28)) / 336
    if count == "30e_360":
        return thirty(start, end, min(first, 30), min(last, 30))
    if count == "30_360":
        if is_february_end(start):
            last = 30 if is_february_end(end) else last
            first = 30
        last = 30 if last == 31 and first >= 30 else last
        return thirty(start, end, min(first, 30), last)
    first = 30 if first == month_end(start.year, start.month) else first  # 30E/360 ISDA
    is_stretched = last == month_end(end.year, end.month)
    if is_stretched and not (end == maturity and end.month == 2):
        last = 30
    return thirty(start, end, first, last)


@dataclass(frozen=True)
class Curve:
    """Continuous ACT/365F zero rates, linear between nodes, flat beyond both ends."""

    as_of: date
    nodes: tuple[tuple[int, float], ...]
    year_days: float = 360.0
    known: dict[date, float] = field(default_factory=dict, compare=False)
    known_par: dict[tuple[int, int], float] = field(default_factory=dict, compare=False)

    def zero(self, n_days: int) -> float:
        """Return the zero rate of a number of days."""
        if n_days <= self.nodes[0][0]:
            return self.nodes[0][1]
        for (left, low), (right, high) in zip(self.nodes, self.nodes[1:], strict=False):
            if n_days <= right:
                return low + (high - low) * (n_days - left) / (right - left)
        return self.nodes[-1][1]

    def discount(self, day: date) -> float:
        """Return the discount factor of a day."""
        if day not in self.known:
            n_days = (day - self.as_of).days
            self.known[day] = math.exp(-self.zero(n_days) * n_days / 365)
        return self.known[day]

    def discount_after(self, n_days: int) -> float:
        """Return the discount factor of a number of days."""
        return self.discount(self.as_of + timedelta(days=n_days))

    def par_rate(self, month: int, n_years: int) -> float:
        """Return the yearly rate at which something lent in so many months is worth itself."""
        if (month, n_years) not in self.known_par:
            days = (months_later(self.as_of, month + 12 * k) for k in range(n_years + 1))
            factors = [self.discount(day) for day in days]
            self.known_par[month, n_years] = (factors[0] - factors[-1]) / sum(factors[1:])
        return self.known_par[month, n_years]

    def index(self, start: date, end: date) -> float:
        """Return the simple rate of a period along the forwards."""
        ratio = self.discount(start) / self.discount(end)
        return (ratio - 1) / ((end - start).days / self.year_days)
