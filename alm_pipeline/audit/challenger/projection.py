"""A second engine, slow and plain: one contract, one scenario, one date after the other.

Written from the documented rules (the docstrings of `engine`, the ACTUS guide, the formulae of
behaviour), in plain Python with dates; it shares no code with the engine. It prices the
challenger's sample at every close (`comparison`) and is the slow reference of the tests.

What does not belong here: agreed schedules, option value beyond the forwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from alm_pipeline.audit.challenger.contracts import Held, Row, World
from alm_pipeline.audit.challenger.market import (
    ONE_DAY,
    in_month,
    months_later,
    roll_of,
    tenor_end,
    years,
)
from alm_pipeline.audit.challenger.prepayment import MonthlyRates

__all__ = ["rows_of"]

NEARLY_WHOLE = 1e-6
"""Of an instalment: so little left over needs no instalment of its own."""


def rows_of(held: Held, world: World) -> list[Row]:
    """Return what happens to a position, date by date."""
    if held.kind == "balance":
        return []
    if held.kind == "undrawn":
        return Line(held, world).rows() if _is_drawn(held) else []
    if held.is_constant:
        return run_off(held, world)
    if held.kind == "non-performing":
        loss = min(held.impairment, held.principal)
        assert held.recovery is not None
        only = Row(world.as_of, held.recovery, scheduled=held.principal - loss, written_off=loss)
        return [only]
    return Loan(held, world).rows()


def _is_drawn(held: Held) -> bool:
    """Say whether customers draw a line in any scenario."""
    return held.cohort is not None and held.cohort.draw_months > 0 and any(held.cohort.drawn)


def run_off(held: Held, world: World) -> list[Row]:
    """Non-core overnight, core by its profile at month ends; interest on the core, at each."""
    cohort = held.cohort
    months = cohort.core_months if cohort else 0
    core = held.principal * cohort.core_share if cohort and months else 0.0
    parts = [core / max(months, 1)] * months
    if cohort and cohort.core_profile:
        parts = [core * share for share in cohort.core_profile]
    start, due, base, found = world.as_of, 0.0, 0.0, list[Row]()
    n_slots = months if core else 0
    for slot in range(n_slots + 1):
        day = months_later(world.as_of, slot) if slot else world.as_of + ONE_DAY
        weight = core * years(held.day_count, start, day, None)
        due, base = due + weight * held.rate, base + weight
        row = Row(start, day, accrued=weight * held.rate)
        if slot:
            row.interest, row.base, due, base = due, base, 0.0, 0.0
            core -= parts[slot - 1]
        row.scheduled = parts[slot - 1] if slot else held.principal - core
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
        terms = held.cohort.terms(world.scenario) if held.cohort else None
        self.monthly = MonthlyRates(terms, held, world) if terms else None
        self.n_needed: int | None = None
        self.n_resets = 0

    @property
    def step(self) -> int:
        """Return the months between two payments of any kind; 0 without a schedule."""
        given = [m for m in (self.held.payment_months, self.held.principal_months) if m]
        return min(given, default=0)

    def _pay_days(self) -> Iterable[date]:
        held = self.held
        if held.next_payment is not None and self.step:
            for agreed in held.agreed_grid(held.next_payment, self.step):
                if agreed >= self.maturity or held.moved(agreed) >= self.maturity:
                    break
                yield held.moved(agreed)
        yield self.maturity

    def _reset_days(self) -> Iterable[date]:
        held = self.held
        if held.rate_type == "fixed" or held.next_reset is None:
            return
        for agreed in held.agreed_grid(held.next_reset, held.reset_months):
            if agreed >= self.maturity:  # its end may be a closed day, which stays as it is
                return
            if held.moved(agreed) > self.world.as_of:
                yield held.moved(agreed)
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
        since, done = start, 0.0  # parts of a period are counted from its start
        for day in sorted({*self.pay_days, *self.reset_days, *overnight}):
            row = Row(start, day)
            whole = years(held.day_count, since, day, self.maturity)
            weight = self.balance * (whole - done)
            is_end = day in self.pay_days or day in self.reset_days
            since, done = (day, 0.0) if is_end else (since, whole)
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
        """Let a share of the balance leave, and pay for it."""
        held, amount = self.held, share * self.balance
        row.prepaid += amount
        costly = max(amount - held.free_amount * share * self.survival, 0.0)
        row.fee += costly * held.penalty_share
        row.fee += costly * max(self.rate, 0.0) / 12 * held.penalty_months
        row.fee += held.penalty_amount * share * self.survival
        self.balance -= amount
        if not held.is_term_shortened:
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
        is_barred = held.lockout is not None and row.day <= held.lockout
        if held.cohort and left and not held.is_leg and not is_barred:
            self._leave(row, self._prepaid_share(k))

    def _repay(self, row: Row, n_payments: int) -> None:
        held, kept = self.held, self.held.balloon * self.survival
        n_all = max(held.n_amortisation - self._n_principal(), 0) + n_payments
        if held.kind == "linear":
            if held.is_term_shortened and not self.payment:
                self.payment = (self.balance - kept) / n_all
            if self.payment:
                row.scheduled = min(self.payment, self.balance)
            else:
                row.scheduled = max(self.balance - kept, 0.0) / n_all
            self.balance -= row.scheduled
        if held.kind in ("annuity", "interest only", "commitment"):
            if self.must_fix:
                self._fix(kept, n_all)
            principal = self.payment - self.due
            row.capitalised = max(-principal, 0.0)
            row.interest -= row.capitalised
            row.scheduled = min(max(principal, 0.0), self.balance)
            self.balance += row.capitalised - row.scheduled

    def _n_principal(self) -> int:
        return (len(self.pay_days) - 1) // (self.held.principal_months // self.step) + 1

    def _fix(self, kept: float, n_agreed: int) -> None:
        """Fix the instalment anew, over the instalments agreed or those that were still needed."""
        if self.held.is_term_shortened:
            kept, n_agreed = min(kept, self.balance), min(self.n_needed or n_agreed, n_agreed)
        self.payment, self.must_fix, self.n_needed = self._level(kept, n_agreed), False, None

    def _note_needed(self) -> None:
        """Count how many of the present instalments the balance needs at the rate in force."""
        held, left = self.held, self.balance
        rate = self.rate * held.principal_months / 12
        if self.n_needed is not None or self.payment <= max(left * rate, 0.0):
            return
        kept, n_most = min(held.balloon, left), held.n_amortisation + len(self.pay_days)
        self.n_needed = 0
        while left > kept + NEARLY_WHOLE * self.payment and self.n_needed < n_most:
            left, self.n_needed = left * (1 + rate) - self.payment, self.n_needed + 1
        self.n_needed = max(self.n_needed, 1)

    def _level(self, kept: float, n: int) -> float:
        rate = self.rate * self.held.principal_months / 12
        if rate == 0.0:
            return (self.balance - kept) / n
        growth = (1 + rate) ** n
        return (self.balance * growth - kept) * rate / (growth - 1)

    def _prepaid_share(self, k: int) -> float:
        """Return 1 - (1 - CPR)^dt; the running period counts as long as it is."""
        held, first = self.held, self.pay_days[0]
        dt, is_whole = self.step / 12, self.step <= 12
        began = held.start if held.start and held.start > self.world.as_of else held.last_payment
        began = began or self.world.as_of
        if k == 0 and in_month(first, -self.step, roll_of(first, held.roll_day)) != began:
            dt, is_whole = years("30e_360", began, first, None), False
        assert held.cohort is not None
        if self.monthly is None:
            kept: float = (1 - held.cohort.prepayment[self.world.scenario]) ** dt
            return 1 - kept
        month = self.world.month_of(self.pay_days[k] - ONE_DAY)
        if is_whole:
            return 1 - self.monthly.kept(month, self.step)
        irregular: float = (1 - self.monthly.rate(month)) ** dt
        return 1 - irregular

    def _reset(self, row: Row) -> None:
        held, world = self.held, self.world
        if held.is_term_shortened:
            self._note_needed()
        is_known = self.n_resets == 0 and held.next_index is not None
        self.n_resets, self.must_fix = self.n_resets + 1, True
        row.is_reset = not is_known
        if held.rate_type == "administered":
            assert held.cohort is not None
            rate = held.rate + world.move(held, world.month_of(row.day))
            self.rate = min(max(rate, held.floor, held.cohort.floor), held.cap)
            return
        index = held.next_index if is_known else self._index(row.day)
        assert index is not None
        target = held.multiplier * index + held.spread
        if held.kind in ("cap", "floor"):
            self.rate = self._payoff(target)
            return
        step = min(max(target - self.rate, -held.period_floor), held.period_cap)
        self.rate = min(max(self.rate + step, held.floor), held.cap)

    def _index(self, day: date) -> float:
        """Return the index from a reset on: to the next one, where its tenor is as long."""
        held, end = self.held, tenor_end(day, self.held.index_months)
        if 0 < held.reset_months == held.index_months and held.next_reset is not None:
            grid = held.grid(held.next_reset, held.reset_months)
            end = next(after for after in grid if after > day)
        return self.world.index(held.index_curve, day, end, held.index_months)

    def _payoff(self, rate: float) -> float:
        strike = self.held.strike
        return max(rate - strike, 0.0) if self.held.kind == "cap" else max(strike - rate, 0.0)


class Line(Loan):
    """An undrawn line that customers draw: equal parts at month ends, all repaid at its end.

    Interest on what is drawn is paid with each draw, at each reset and at the end. Nothing is drawn
    on the day the line ends.
    """

    def rows(self) -> list[Row]:
        """Return the draws of the line, its resets and its repayment, one row each."""
        held, world, found = self.held, self.world, []
        cohort, start = held.cohort, world.as_of
        assert cohort is not None
        part = held.principal * cohort.drawn[world.scenario] / cohort.draw_months
        draws = {months_later(world.as_of, k + 1) for k in range(cohort.draw_months)}
        days = {day for day in (*draws, *self.reset_days) if day < self.maturity}
        self.balance = 0.0
        for day in sorted({*days, self.maturity}):
            weight = self.balance * years(held.day_count, start, day, self.maturity)
            due = weight * self.rate
            row = Row(start, day, accrued=due, interest=due, base=weight)
            row.drawn = part if day in draws and day < self.maturity else 0.0
            row.scheduled = self.balance if day == self.maturity else 0.0
            self.balance += row.drawn - row.scheduled
            if day in self.reset_days:
                self._reset(row)
            row.balance, start = self.balance, day
            found.append(row)
        return found
