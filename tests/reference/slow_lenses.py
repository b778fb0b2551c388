"""What the slow reference says of a contract: its value, its buckets, its net interest income."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from alm_pipeline.audit.challenger.contracts import Held, Row, World
from alm_pipeline.audit.challenger.market import months_later, tenor_end, years
from alm_pipeline.audit.challenger.projection import rows_of


@dataclass(frozen=True)
class Lenses:
    """Signed results of one contract under one scenario; buckets by (lower, upper] of the days."""

    value: float
    until_reset: float
    principal: tuple[float, ...]
    interest: tuple[float, ...]
    present_value: tuple[float, ...]
    repricing: tuple[float, ...]
    income: dict[tuple[str, int], float]


def lenses(held: Held, world: World, bounds: Sequence[date], *, is_margin_in: bool) -> Lenses:
    rows = rows_of(held, world)
    found = [[0.0] * (len(bounds) + 1) for _ in range(3)]
    for row in rows:
        at = bucket(row.day, bounds)
        principal, interest, value = amounts(held, world, row, is_margin_in=is_margin_in)
        found[0][at] += principal
        found[1][at] += interest
        found[2][at] += value
    income = {}
    for path in ("forward", "flat"):
        other = replace(world, path=path)
        there = rows_of(held, other)
        for months in (12, 24):
            income[path, months] = net_interest_income(held, other, there, months)
    return Lenses(
        value=math.fsum(found[2]),
        until_reset=value_until_reset(held, world, rows, is_margin_in=is_margin_in),
        principal=tuple(found[0]),
        interest=tuple(found[1]),
        present_value=tuple(found[2]),
        repricing=repricing(held, rows, bounds),
        income=income,
    )


def bucket(day: date, bounds: Sequence[date]) -> int:
    return sum(day > bound for bound in bounds)


def amounts(
    held: Held, world: World, row: Row, *, is_margin_in: bool
) -> tuple[float, float, float]:
    """Return principal, interest and value; the margin leaves the coupon or enters the discount."""
    cash = row.scheduled + row.prepaid - row.drawn
    principal = 0.0 if held.is_leg else held.sign * cash
    interest = held.sign * row.interest + row.fee
    factor = world.curves[held.discount_curve].discount(row.day)
    if is_margin_in:
        factor *= math.exp(-held.margin * (row.day - world.as_of).days / 365)
        return principal, interest, (principal + interest) * factor
    stripped = interest - held.sign * held.margin * row.base
    return principal, interest, (principal + stripped) * factor


def repricing(held: Held, rows: Sequence[Row], bounds: Sequence[date]) -> tuple[float, ...]:
    """Return when principal next takes a market rate: when repaid, or all at the first reset."""
    found = [0.0] * (len(bounds) + 1)
    if held.kind in ("cap", "floor"):
        return tuple(found)
    for row in rows:
        amount = row.scheduled + row.prepaid - row.capitalised - row.drawn
        amount += row.balance if row.is_reset else 0.0
        found[bucket(row.day, bounds)] += held.sign * amount
        if row.is_reset:
            break
    return tuple(found)


def value_until_reset(
    held: Held, world: World, rows: Sequence[Row], *, is_margin_in: bool
) -> float:
    """Return what is paid until the first reset, when all of it is; then the margin alone."""
    value, is_over = 0.0, held.kind in ("cap", "floor")
    if is_over:
        return value
    for row in rows:
        day = (row.day - world.as_of).days
        factor = world.curves[held.discount_curve].discount(row.day)
        factor *= math.exp(-held.margin * day / 365) if is_margin_in else 1.0
        margin, owed = held.margin * row.base, row.balance if row.is_reset else 0.0
        paid = row.interest + row.scheduled + row.prepaid - row.drawn + owed + row.fee * held.sign
        amount = margin if is_over else paid - (0.0 if is_margin_in else margin)
        value += held.sign * amount * factor
        is_over = is_over or row.is_reset
        if is_over and not is_margin_in:
            break
    return value


def net_interest_income(held: Held, world: World, rows: Sequence[Row], months: int) -> float:
    """Return what is earned in a window on a constant balance sheet."""
    end = months_later(world.as_of, months)
    if held.is_constant:
        return constant_balance(held, world, months)
    earned = sum(earned_by(held, world, row, end, k == 0) for k, row in enumerate(rows))
    earned += held.sign * sum(row.fee for row in rows if row.day <= end)  # always to the bank
    if held.is_leg:
        return held.sign * earned
    for row in rows:
        if row.day < end:
            principal = row.scheduled + row.prepaid - row.drawn
            earned += principal * replaced(held, world, row.day, end)
    return held.sign * earned


def earned_by(held: Held, world: World, row: Row, end: date, is_first: bool) -> float:
    """Return what a row accrues until the end; of the running period what is not yet booked."""
    begin = max(row.start, world.as_of)
    if begin >= min(row.day, end):
        return 0.0
    amount = row.accrued - (held.accrued if is_first else 0.0)
    if row.day <= end:
        return amount
    whole = years(held.day_count, begin, row.day, held.maturity)
    part = years(held.day_count, begin, end, held.maturity)
    return amount * part / whole if whole else 0.0


def replaced(held: Held, world: World, day: date, end: date) -> float:
    """Return what one unit placed on a day earns: its index, fixed anew when its tenor ends."""
    year_days = world.curves[held.index_curve].year_days
    earned = held.replacement_margin * (end - day).days / year_days
    while day < end:
        until = tenor_end(day, held.replacement_months)
        rate = world.index(held.index_curve, day, until, held.replacement_months)
        earned += rate * (min(until, end) - day).days / year_days
        day = until
    return earned


def constant_balance(held: Held, world: World, months: int) -> float:
    """Return the interest of a balance that stays, its rate fixed anew at each month's start."""
    earned, rate = 0.0, held.rate
    for month in range(months):
        start, end = (months_later(world.as_of, m) for m in (month, month + 1))
        if held.rate_type == "administered":
            lowest = max(held.floor, held.cohort.floor if held.cohort else -math.inf)
            rate = min(max(held.rate + world.move(held, month), lowest), held.cap)
        is_due = start > world.as_of and (held.next_reset is None or start >= held.next_reset)
        if held.rate_type == "floating" and is_due:
            until = tenor_end(start, held.index_months)
            index = world.index(held.index_curve, start, until, held.index_months)
            step = held.multiplier * index + held.spread - rate
            step = min(max(step, -held.period_floor), held.period_cap)
            rate = min(max(rate + step, held.floor), held.cap)
        share = years(held.day_count, world.as_of, end, held.maturity)
        share -= years(held.day_count, world.as_of, start, held.maturity)
        earned += held.principal * rate * share
    return held.sign * earned
