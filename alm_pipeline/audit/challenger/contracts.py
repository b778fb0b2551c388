"""A second engine, slow and plain: one contract, one scenario, one date after the other.

Written from the documented rules (the docstrings of `engine`, the ACTUS guide, the formulae of
behaviour), in plain Python with dates; it shares no code with the engine. Amounts of a row are
unsigned, what reads them applies the sign. It prices the challenger's sample at every close
(`comparison`) and is the slow reference of the tests.

What does not belong here: agreed schedules, option value beyond the forwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from alm_pipeline.audit.challenger.market import (
    ONE_DAY,
    Curve,
    in_month,
    month_end,
    months_later,
    moved,
    roll_of,
    tenor_end,
    years,
)

NO_LIMIT = math.inf


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """What customers do; rates and shares by scenario."""

    prepayment: tuple[float, ...]
    redemption: tuple[float, ...]
    core_share: float = 0.0
    core_months: int = 0
    up: float = 1.0
    down: float = 1.0
    lag: int = 0
    floor: float = -1.0


@dataclass(frozen=True, kw_only=True)
class Held:
    """The terms of one position."""

    kind: str
    principal: float
    sign: int = 1
    rate: float = 0.0
    rate_type: str = "fixed"
    spread: float = 0.0
    multiplier: float = 1.0
    margin: float = 0.0
    cap: float = NO_LIMIT
    floor: float = -NO_LIMIT
    period_cap: float = NO_LIMIT
    period_floor: float = NO_LIMIT
    strike: float = 0.0
    discount_curve: int = 0
    index_curve: int = 0
    index_months: int = 3
    day_count: str = "act_365f"
    start: date | None = None
    last_payment: date | None = None
    next_payment: date | None = None
    maturity: date | None = None
    next_reset: date | None = None
    interest_only_end: date | None = None
    recovery: date | None = None
    payment_months: int = 0
    principal_months: int = 0
    reset_months: int = 0
    roll_day: int = 31
    payment: float = 0.0
    n_amortisation: int = 0
    balloon: float = 0.0
    accrued: float = 0.0
    impairment: float = 0.0
    cohort: Cohort | None = None
    replacement_months: int = 12
    replacement_margin: float = 0.0
    convention: str = "none"
    closed: frozenset[date] = frozenset()
    is_end_of_month: bool = False

    @property
    def is_leg(self) -> bool:
        """Say whether the principal is a notional."""
        return self.kind in ("swap leg", "cap", "floor")

    @property
    def is_constant(self) -> bool:
        """Say whether income assumes a balance that stays."""
        return self.kind in ("non-maturity", "revolving")

    def grid(self, anchor: date, step: int) -> Iterator[date]:
        """Yield the dates of a grid of months from one of its dates on, moved to business days.

        The anchor is as agreed, or moved already, out of its month too.
        """
        for shift in (0, -1, 1):
            agreed = in_month(anchor, shift, self.roll_day)
            if anchor in (agreed, self.moved(agreed)):
                origin, roll = in_month(anchor, shift, 1), self.roll_day
                break
        else:
            origin, roll = anchor, roll_of(anchor, self.roll_day)
        if self.is_end_of_month and anchor.day == month_end(anchor.year, anchor.month):
            origin, roll = anchor, 31
        yield self.moved(anchor)
        k = 1
        while True:
            yield self.moved(in_month(origin, k * step, roll))
            k += 1

    def moved(self, day: date) -> date:
        """Return the business day of a date."""
        return moved(day, self.convention, self.closed)


@dataclass
class Row:
    """What happens on one date, after interest has run from `start` to `day`."""

    start: date
    day: date
    accrued: float = 0.0
    interest: float = 0.0
    base: float = 0.0
    scheduled: float = 0.0
    prepaid: float = 0.0
    drawn: float = 0.0
    written_off: float = 0.0
    capitalised: float = 0.0
    balance: float = 0.0
    is_reset: bool = False


@dataclass(frozen=True)
class World:
    """One scenario: its curves, the curves before the shock, and where indices go."""

    as_of: date
    curves: tuple[Curve, ...]
    base: tuple[Curve, ...]
    scenario: int
    path: str = "forward"

    def index(self, curve: int, start: date, end: date, n_months: int) -> float:
        """Return the index of a period: along the forwards, or as it is today."""
        one = self.curves[curve]
        if self.path == "flat":
            return one.index(self.as_of, tenor_end(self.as_of, n_months))
        return one.index(start, end)

    def month_of(self, day: date) -> int:
        """Return the number of whole months between the as-of date and a day."""
        month = 0
        while months_later(self.as_of, month + 1) <= day:
            month += 1
        return month

    def move(self, held: Held, month: int) -> float:
        """Return what the market has added to an administered rate by a month."""
        cohort = held.cohort
        if cohort is None or month < cohort.lag:
            return 0.0
        seen = months_later(self.as_of, month - cohort.lag)
        now = self.index(held.index_curve, seen, tenor_end(seen, 1), 1)
        today = self.base[held.index_curve].index(self.as_of, tenor_end(self.as_of, 1))
        return (cohort.up if now > today else cohort.down) * (now - today)


# ------------------------------------------------------------------- contracts


def rows_of(held: Held, world: World) -> list[Row]:
    """Return what happens to a position, date by date."""
    if held.kind in ("balance", "undrawn"):
        return []
    if held.is_constant:
        return run_off(held, world)
    if held.kind == "non-performing":
        loss = min(held.impairment, held.principal)
        assert held.recovery is not None
        only = Row(world.as_of, held.recovery, scheduled=held.principal - loss, written_off=loss)
        return [only]
    return Loan(held, world).rows()


def run_off(held: Held, world: World) -> list[Row]:
    """Non-core overnight, core in equal parts at month ends; interest on the core, at each."""
    cohort = held.cohort
    months = cohort.core_months if cohort else 0
    core = held.principal * cohort.core_share if cohort and months else 0.0
    part, start, due, base, found = core / max(months, 1), world.as_of, 0.0, 0.0, []
    n_slots = months if core else 0
    for slot in range(n_slots + 1):
        day = months_later(world.as_of, slot) if slot else world.as_of + ONE_DAY
        weight = core * years(held.day_count, start, day, None)
        due, base = due + weight * held.rate, base + weight
        row = Row(start, day, accrued=weight * held.rate)
        if slot:
            row.interest, row.base, due, base = due, base, 0.0, 0.0
            core -= part
        row.scheduled = part if slot else held.principal - core
        row.balance = core
        found.append(row)
        start = day
    return found


class Loan:
    """A contract with payment dates: its state, and the dates one by one."""

    def __init__(self, held: Held, world: World) -> None:
        self.held, self.world = held, world
        self.maturity = held.maturity or world.as_of + ONE_DAY  # call money
        self.pay_days = list(self._pay_days())
        self.reset_days = list(self._reset_days())
        self.balance, self.rate, self.survival = held.principal, held.rate, 1.0
        if held.kind in ("cap", "floor"):
            self.rate = self._payoff(held.rate)
        self.due = self.base = 0.0
        self.payment, self.must_fix = held.payment, held.payment == 0.0

    @property
    def step(self) -> int:
        """Return the months between two payments of any kind; 0 without a schedule."""
        given = [m for m in (self.held.payment_months, self.held.principal_months) if m]
        return min(given, default=0)

    def _pay_days(self) -> Iterable[date]:
        held = self.held
        if held.next_payment is not None and self.step:
            for day in held.grid(held.next_payment, self.step):
                if day >= self.maturity:
                    break
                yield day
        yield self.maturity

    def _reset_days(self) -> Iterable[date]:
        held = self.held
        if held.rate_type == "fixed" or held.next_reset is None:
            return
        for day in held.grid(held.next_reset, held.reset_months):
            if day >= self.maturity:
                return
            if day > self.world.as_of:
                yield day
            if not held.reset_months:
                return

    def rows(self) -> list[Row]:
        """Return the dates of the contract, one row each."""
        held, as_of, found = self.held, self.world.as_of, []
        start = held.last_payment or held.start or as_of
        if held.start is not None and held.start > as_of:
            start = held.start
            if held.kind == "commitment":
                found.append(Row(start, start, drawn=held.principal, balance=held.principal))
        share = held.cohort.redemption[self.world.scenario] if held.cohort else 0.0
        overnight = {as_of + ONE_DAY} if share and not held.is_leg else set()
        for day in sorted({*self.pay_days, *self.reset_days, *overnight}):
            row = Row(start, day)
            weight = self.balance * years(held.day_count, start, day, self.maturity)
            row.accrued = weight * self.rate
            self.due, self.base = self.due + row.accrued, self.base + weight
            if day in overnight:
                self._leave(row, share)
            if day in self.pay_days:
                self._pay(row, self.pay_days.index(day))
            if day in self.reset_days:
                self._reset(row)
            row.balance, start = self.balance, day
            found.append(row)
        return found

    def _leave(self, row: Row, share: float) -> None:
        row.prepaid += share * self.balance
        self.balance *= 1 - share
        self.payment *= 1 - share
        self.survival *= 1 - share

    def _pay(self, row: Row, k: int) -> None:
        held, left = self.held, len(self.pay_days) - 1 - k
        is_interest = left == 0 or (
            held.payment_months > 0 and left % (held.payment_months // self.step) == 0
        )
        if is_interest:
            row.interest, row.base = self.due, self.base
        if left == 0:
            row.scheduled, self.balance = self.balance, 0.0
        elif held.principal_months and left % (held.principal_months // self.step) == 0:
            is_waiting = held.interest_only_end is not None and row.day <= held.interest_only_end
            if not is_waiting:
                self._repay(row, left // (held.principal_months // self.step) + 1)
        if is_interest:
            self.due = self.base = 0.0
        if held.cohort and left and not held.is_leg:
            self._leave(row, self._prepaid_share(k))

    def _repay(self, row: Row, n_payments: int) -> None:
        held, kept = self.held, self.held.balloon * self.survival
        if held.kind == "linear":
            if held.payment:
                row.scheduled = min(self.payment, self.balance)
            else:
                row.scheduled = max(self.balance - kept, 0.0) / n_payments
            self.balance -= row.scheduled
        if held.kind in ("annuity", "interest only", "commitment"):
            if self.must_fix:
                n_all = max(held.n_amortisation - self._n_principal(), 0) + n_payments
                self.payment, self.must_fix = self._level(kept, n_all), False
            principal = self.payment - self.due
            row.capitalised = max(-principal, 0.0)
            row.interest -= row.capitalised
            row.scheduled = min(max(principal, 0.0), self.balance)
            self.balance += row.capitalised - row.scheduled

    def _n_principal(self) -> int:
        return (len(self.pay_days) - 1) // (self.held.principal_months // self.step) + 1

    def _level(self, kept: float, n: int) -> float:
        rate = self.rate * self.held.principal_months / 12
        if rate == 0.0:
            return (self.balance - kept) / n
        growth = (1 + rate) ** n
        return (self.balance * growth - kept) * rate / (growth - 1)

    def _prepaid_share(self, k: int) -> float:
        """Return 1 - (1 - CPR)^dt; the running period counts as long as it is."""
        held, first = self.held, self.pay_days[0]
        dt = self.step / 12
        began = held.start if held.start and held.start > self.world.as_of else held.last_payment
        began = began or self.world.as_of
        if k == 0 and in_month(first, -self.step, roll_of(first, held.roll_day)) != began:
            dt = years("30e_360", began, first, None)
        assert held.cohort is not None
        kept: float = (1 - held.cohort.prepayment[self.world.scenario]) ** dt
        return 1 - kept

    def _reset(self, row: Row) -> None:
        held, world = self.held, self.world
        row.is_reset = self.must_fix = True
        if held.rate_type == "administered":
            assert held.cohort is not None
            rate = held.rate + world.move(held, world.month_of(row.day))
            self.rate = min(max(rate, held.floor, held.cohort.floor), held.cap)
            return
        end = tenor_end(row.day, held.index_months)
        if 0 < held.reset_months == held.index_months and held.next_reset is not None:
            grid = held.grid(held.next_reset, held.reset_months)
            end = next(day for day in grid if day > row.day)
        target = held.multiplier * world.index(held.index_curve, row.day, end, held.index_months)
        target += held.spread
        if held.kind in ("cap", "floor"):
            self.rate = self._payoff(target)
            return
        step = min(max(target - self.rate, -held.period_floor), held.period_cap)
        self.rate = min(max(self.rate + step, held.floor), held.cap)

    def _payoff(self, rate: float) -> float:
        strike = self.held.strike
        return max(rate - strike, 0.0) if self.held.kind == "cap" else max(strike - rate, 0.0)
