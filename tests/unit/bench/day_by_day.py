"""The work item once more, slowly: one contract, one date, one scenario at a time.

Nothing of the engine is used, and of the benchmark only the drawn terms and the curve's nodes.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

from alm_pipeline.bench.work_item import NODES, Book

AS_OF = dt.date(2025, 12, 31)
WINDOW_ENDS = {"nii12": dt.date(2026, 12, 31), "nii24": dt.date(2027, 12, 31)}
FOUR_BUCKETS = [AS_OF, dt.date(2026, 1, 1), dt.date(2026, 1, 31), dt.date(2026, 3, 31)]
FOUR_BUCKETS += [dt.date(2026, 6, 30)]
BULLETS, LEVEL, FLOATING = (1, 4), (0, 3), 3


class Flow(NamedTuple):
    """What one contract pays on one date, unsigned."""

    start: dt.date
    date: dt.date
    principal: float
    interest: float


def shocked(years: float, rate: float, scenario: int) -> float:
    """Return the zero rate of a node; sizes 200, 250 and 100 bp, BCBS d368, annex 2."""
    short, long = 0.025 * math.exp(-years / 4), 0.01 * (1 - math.exp(-years / 4))
    steepener, flattener = -0.65 * short + 0.9 * long, 0.8 * short - 0.6 * long
    return rate + (0.0, 0.02, -0.02, steepener, flattener, short, -short)[scenario]


def discount_factor(date: dt.date, scenario: int) -> float:
    """Return the value on the as-of date of 1 paid on a date."""
    years = (date - AS_OF).days / 365
    nodes = [(node, shocked(node, rate, scenario)) for node, rate in NODES]
    if years <= nodes[0][0]:
        return math.exp(-nodes[0][1] * years)
    for (left, low), (right, high) in itertools.pairwise(nodes):
        if years <= right:
            return math.exp(-(low + (high - low) * (years - left) / (right - left)) * years)
    return math.exp(-nodes[-1][1] * years)


def year_fraction(day_count: int, start: dt.date, end: dt.date) -> float:
    """Return the years between two dates: 30E/360, ACT/360, ACT/365F or ACT/ACT ISDA."""
    if day_count == 0:
        months = 12 * (end.year - start.year) + end.month - start.month
        return (30 * months + min(end.day, 30) - min(start.day, 30)) / 360
    if day_count in (1, 2):
        return (end - start).days / (360, 365)[day_count - 1]
    days = [start + dt.timedelta(k) for k in range((end - start).days)]
    n_leap = sum(1 for day in days if dt.date(day.year, 12, 31).timetuple().tm_yday == 366)
    return n_leap / 366 + (len(days) - n_leap) / 365


def roll(month: int, day: int) -> dt.date:
    """Return a day of a month counted from January 1970, at most the month's last one."""
    first = dt.date(1970 + month // 12, month % 12 + 1, 1)
    following = dt.date(1970 + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(first + dt.timedelta(day - 1), following - dt.timedelta(1))


def instalment(balance: float, rate: float, n_payments: int) -> float:
    """Return the level monthly payment."""
    if rate == 0.0:
        return balance / n_payments
    return balance * rate / 12 / (1 - (1 + rate / 12) ** -n_payments)


def flows(book: Book, i: int, scenario: int) -> Iterator[Flow]:
    """Yield what contract `i` pays."""
    kind, n_left, day = int(book.kind[i]), int(book.payments_left[i]), int(book.roll_day[i])
    balance, rate = float(book.principal[i]), float(book.coupon_rate[i])
    month, step = int(book.last_payment_month[i]), int(book.payment_months[i])
    level, linear = instalment(balance, rate, n_left), balance / n_left
    start = roll(month, day)
    for left in range(n_left - 1, -1, -1):
        month += step
        date = roll(month, day)
        interest = balance * rate * year_fraction(int(book.day_count[i]), start, date)
        repaid = 0.0 if kind in BULLETS else level - interest if kind in LEVEL else linear
        repaid = balance if left == 0 else repaid
        balance -= repaid
        yield Flow(start, date, repaid, interest)
        reset = int(book.reset_months[i])
        if kind == FLOATING and left and (month - int(book.issue_month[i])) % reset == 0:
            end = roll(month + reset, day)
            growth = discount_factor(date, scenario) / discount_factor(end, scenario)
            forward = (growth - 1) * 360 / (end - date).days
            rate = max(0.0, forward + float(book.spread_rate[i]))
            level = instalment(balance, rate, left)
        start = date


def income(flow: Flow, spread: float, window_end: dt.date, scenario: int) -> float:
    """Return what a flow earns in a window: interest by actual days, then its replacement."""
    first, last = max(flow.start, AS_OF), min(flow.date, window_end)
    earned = flow.interest * max((last - first).days, 0) / (flow.date - flow.start).days
    if flow.date > window_end:
        return earned
    growth = discount_factor(flow.date, scenario) / discount_factor(window_end, scenario)
    margin = spread * (window_end - flow.date).days / 365
    return earned + flow.principal * (growth - 1 + margin)


def slow_checks(book: Book) -> dict[str, list[float]]:
    """Return what `alm_pipeline.bench` prints as `checks`."""
    found = {name: [0.0] * 7 for name in ("sum_pv", "eve", "nii12", "nii24")}
    found["cf_bucket"] = [0.0] * 4
    for scenario in range(7):
        for i in range(len(book)):
            sign, spread = int(book.sign[i]), float(book.spread_rate[i])
            for flow in flows(book, i, scenario):
                cash = flow.principal + flow.interest
                value = cash * discount_factor(flow.date, scenario)
                found["sum_pv"][scenario] += value
                found["eve"][scenario] += sign * value
                for name, end in WINDOW_ENDS.items():
                    found[name][scenario] += sign * income(flow, spread, end, scenario)
                bucket = sum(flow.date > bound for bound in FOUR_BUCKETS) - 1
                if scenario == 0 and bucket < 4:
                    found["cf_bucket"][bucket] += sign * cash
    return found
