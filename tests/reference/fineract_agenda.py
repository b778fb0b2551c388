"""Fineract's loans as agendas of the engine, and the projection of them.

Interest, repayments, balances and the last instalment are the kernel's. This file says what happens
on which day and how many years lie between: Fineract counts some by the period and not by its days.
Where Fineract finds an instalment otherwise than the kernel, the kernel runs again for every trial.
"""

from __future__ import annotations

import calendar
import math
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from alm_pipeline.engine.cash_flows import records
from alm_pipeline.engine.cash_flows.agenda import Action, Repayment
from alm_pipeline.engine.cash_flows.step import Step, agenda_of
from alm_pipeline.engine.cash_flows.terms import TERMS
from alm_pipeline.engine.cash_flows.walk import project_agenda
from alm_pipeline.engine.conventions.calendar import date_tables
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.period import years_between
from alm_pipeline.inputs.actus.simple import _NO_MARKET, _NOBODY_ACTS
from tests.reference.fineract_cases import Frequency, InterestPause, RateChange, Terms

CENT = 0.01
NIGHT = timedelta(days=1)
DAY_COUNTS = (
    DayCount.ACT_365F,
    DayCount.ACT_360,
    DayCount.ACT_ACT_ISDA,
    DayCount.THIRTY_E_360,
)
CYCLES_A_YEAR = {Frequency.MONTHS: 12.0, Frequency.WEEKS: 52.0}
DAYS_OF_CYCLE = {Frequency.MONTHS: 30, Frequency.WEEKS: 7, Frequency.DAYS: 1}
EVERY_PERIOD = 1_000_000


@dataclass(frozen=True)
class Draw:
    """An amount paid out, the day from which it bears interest, and its down payment."""

    day: date
    counts_from: date
    amount: float
    down_payment: float = 0.0

    @property
    def net(self) -> float:
        """Return what is repaid in instalments."""
        return self.amount - self.down_payment


@dataclass(frozen=True)
class Fixing:
    """The instalment from a day on: found by the kernel in its walk, or given to it."""

    day: date
    amount: float = 0.0
    is_given: bool = False


@dataclass(frozen=True, kw_only=True)
class Loan:
    """A loan at some moment: what has been paid out, changed and fixed so far.

    Attributes
    ----------
    planned : float
        Principal that is repaid with the rest and bears no interest.
    repayment : Repayment
        What an instalment is: principal alone, or interest as well.
    unit : float
        What instalments are rounded to.
    years : tuple of float
        Years of each period where neither its days nor its cycle say them.
    overdue_until : date
        In periods that start before it, principal that fell due still bears interest.
    n_rounded : int
        Periods whose interest is rounded; fewer than all in a trial.
    """

    terms: Terms
    periods: tuple[tuple[date, date], ...]
    draws: tuple[Draw, ...] = ()
    planned: float = 0.0
    rates: tuple[RateChange, ...] = ()
    pauses: tuple[InterestPause, ...] = ()
    fixings: tuple[Fixing, ...] = ()
    is_cumulative: bool = False
    is_same_as_period: bool = False
    repayment: Repayment = Repayment.PAYMENT_LESS_INTEREST
    unit: float = CENT
    years: tuple[float, ...] = ()
    n_without_principal: int = 0
    n_interest_deferred: int = 0
    overdue_until: date = date.min
    n_rounded: int = EVERY_PERIOD

    @cached_property
    def day_count(self) -> DayCount:
        """Return the engine's day count that gives the years of every period, if there is one."""
        found = (d for d in DAY_COUNTS if self.is_counted_by(d, 0, self.periods[0][0]))
        return next(found, DayCount.ACT_365F)

    def is_counted_by(self, day_count: DayCount, k: int, day: date) -> bool:
        """Say whether a day count gives the years from a day in period `k` to every due date."""
        starts = [day, *(start for start, _ in self.periods[k + 1 :])]
        ends = [end for _, end in self.periods[k:]]
        stretches = enumerate(zip(starts, ends, strict=True), k)
        return all(_is_by(self, day_count, n, *stretch) for n, stretch in stretches)

    @property
    def pause_spans(self) -> list[tuple[date, date]]:
        """Return the stretches without interest: from the night before, but not the first one."""
        first_night = self.periods[0][0] + NIGHT
        return [(max(p.first - NIGHT, first_night), p.last) for p in self.pauses]

    def rate(self, day: date) -> float:
        """Return the rate of a night, pauses apart: that of the day it leads to."""
        since = [r.annual_rate for r in self.rates if r.effective - NIGHT <= day]
        return since[-1] if since else self.terms.annual_rate

    def is_on_disbursed(self, k: int) -> bool:
        """Say whether interest of a period is on all that was paid out, not on the balance.

        Flat loans, and loans of which every repayment is overdue. Up to the first due date both
        are the same.
        """
        if k in (0, len(self.periods)):
            return False
        return self.terms.is_flat or self.overdue_until > self.periods[k][0]


@dataclass(frozen=True)
class Line:
    """A repayment from the kernel's rows; `closing`: balance at the end of its day."""

    due_date: date
    principal: float
    interest: float
    balance: float
    closing: float

    @property
    def due(self) -> float:
        """Return what is to be paid."""
        return self.principal + self.interest


@dataclass(frozen=True)
class Projection:
    """What the kernel made of a loan.

    Attributes
    ----------
    lines : list of Line
        Down payments among them.
    due : list of Line
        One of each period.
    stretches : list of list of (float, float)
        Rate factor and interest, of each period: rate times years as the kernel had them, pauses
        apart, and what accrued.
    instalment : float
        The last one fixed or given.
    """

    lines: list[Line]
    due: list[Line]
    stretches: list[list[tuple[float, float]]]
    instalment: float


def project(loan: Loan) -> Projection:
    """Return the kernel's projection of a loan."""
    agenda = _Agenda(loan)
    agenda.fill()
    steps, as_of = agenda.steps, loan.periods[0][0]
    entries, payment_days = agenda_of(steps, _at(as_of))
    last = (loan.periods[-1][1] - as_of).days
    term = np.zeros(1, TERMS).view(np.recarray)
    term.day_count, term.maturity = int(loan.day_count), last
    rows, states = records.empty_rows(len(steps)), records.empty_states()
    project_agenda(
        term[0],
        entries,
        payment_days,
        date_tables(np.datetime64(as_of, "D"), 0, last),
        _NO_MARKET,
        _NOBODY_ACTS,
        records.FORWARD,
        rows,
        states,
    )
    return agenda.read(rows, float(states[records.L_PAYMENT, 0]))


# ---------------------------------------------------------------- years


def years_of(loan: Loan, k: int, start: date, end: date) -> float:
    """Return the years of a stretch of period `k`: its share of the period's, or by its days."""
    terms, days, (first, last) = loan.terms, (end - start).days, loan.periods[k]
    share = days / (last - first).days
    if loan.years:
        return loan.years[k] * share
    if loan.is_same_as_period and terms.frequency in CYCLES_A_YEAR:
        return terms.every / CYCLES_A_YEAR[terms.frequency] * share
    if terms.days_in_month is not None and terms.days_in_year is not None:
        return DAYS_OF_CYCLE[terms.frequency] * terms.every / terms.days_in_year * share
    if terms.days_in_year is not None:
        return days / terms.days_in_year
    is_short = terms.is_leap_year_by_period and not _has_leap_day(first, last)
    if loan.is_cumulative or is_short:
        return days / 365.0
    return _years_by_calendar(start, end, terms.is_interest_from_disbursement)


def _years_by_calendar(start: date, end: date, is_last_day_own: bool) -> float:
    """Return the days in each year over its length; its last day counts in the next one or not."""
    years, at = 0.0, start
    for year in range(start.year, end.year + 1):
        turn = date(year, 12, 31) + is_last_day_own * NIGHT
        until = end if year == end.year else turn
        years += (until - at).days / (365.0 + calendar.isleap(year))
        at = until
    return years


def _has_leap_day(start: date, end: date) -> bool:
    leap = [y for y in range(start.year, end.year + 1) if calendar.isleap(y)]
    return any(start < date(year, 2, 29) <= end for year in leap)


def _is_by(loan: Loan, day_count: DayCount, k: int, start: date, end: date) -> bool:
    years = years_between(day_count, np.datetime64(start, "D"), np.datetime64(end, "D"))
    return math.isclose(years, years_of(loan, k, start, end), rel_tol=1e-12)


# ---------------------------------------------------------------- agenda


@dataclass
class _Agenda:
    """The steps of a loan, and the line of the schedule that each belongs to."""

    loan: Loan
    steps: list[Step] = field(default_factory=list)
    lines: list[int | None] = field(default_factory=list)
    due_dates: list[date] = field(default_factory=list)
    due_lines: list[int] = field(default_factory=list)
    stretches: list[tuple[int, int, float]] = field(default_factory=list)
    at: date = date.min
    years: float = 0.0

    def fill(self) -> None:
        loan = self.loan
        days = {d.counts_from for d in loan.draws} | {f.day for f in loan.fixings}
        days |= self._rate_days()
        for k, (start, end) in enumerate(loan.periods):
            self.at = start
            for day in sorted(day for day in days if start <= day < end):
                self._move(k, day)
                self._draw(k, day)
                self._change(k, day)
            self._move(k, end)
            self._repay(k, end)

    def read(self, rows: records.Rows, instalment: float) -> Projection:
        """Return the kernel's rows, summed by the lines of the schedule."""
        flows, lines = rows.flows[:, :, 0].T, []
        for number, due_date in enumerate(self.due_dates):
            own = [row for row, line in enumerate(self.lines) if line == number]
            closing = [row for row, step in enumerate(self.steps) if step.happens == _at(due_date)]
            principal, interest = flows[own][:, [records.SCHEDULED, records.INTEREST]].sum(axis=0)
            balance, at_close = flows[[own[-1], closing[-1]], records.BALANCE]
            lines.append(Line(due_date, principal, interest, balance, at_close))
        stretches: list[list[tuple[float, float]]] = [[] for _ in self.loan.periods]
        for k, row, factor in self.stretches:
            stretches[k].append((factor, flows[row, records.ACCRUED]))
        return Projection(lines, [lines[i] for i in self.due_lines], stretches, instalment)

    def _move(self, k: int, day: date) -> None:
        """Let interest run to a day; inside a pause it runs on to the end, or to the due date."""
        loan, start = self.loan, self.at
        is_in_pause = any(first < day < last for first, last in loan.pause_spans)
        if day <= start or (is_in_pause and day < loan.periods[k][1]):
            return
        years = years_of(loan, k, start, day)
        self.years = math.nan if _is_by(loan, loan.day_count, k, start, day) else years
        self.stretches.append((k, len(self.steps), loan.rate(start) * years))
        self.at = day

    def _draw(self, k: int, day: date) -> None:
        """Pay out, all of a day before its down payments; the base follows in the first period."""
        loan, is_kept = self.loan, self.loan.is_on_disbursed(k)
        drawn = [d for d in loan.draws if d.counts_from == day]
        for d in drawn:
            action = Action.DRAW if self.steps else Action.START
            base = d.net if is_kept else d.amount
            given: dict[str, Any] = {"amount": d.amount, "base": base, "rate": loan.rate(day)}
            self._add(action, d.day, is_base_kept=is_kept, **given)
        for d in (d for d in drawn if d.down_payment):
            given = {"amount": d.down_payment, "repayment": Repayment.AMOUNT}
            self._add(Action.REPAY, d.day, self._line(d.day), is_base_kept=is_kept, **given)
        if loan.planned and day == loan.periods[0][0]:
            self._add(Action.DRAW, day, amount=loan.planned, is_base_kept=True)

    def _change(self, k: int, day: date) -> None:
        """Set the rate, none in a pause, then the instalment."""
        loan = self.loan
        is_kept = loan.terms.is_flat or loan.is_on_disbursed(k)
        if day in self._rate_days():
            is_paused = any(first <= day < last for first, last in loan.pause_spans)
            rate = 0.0 if is_paused else loan.rate(day)
            self._add(Action.SET_RATE, day, rate=rate, is_base_kept=is_kept)
        for fixing in (f for f in loan.fixings if f.day == day):
            action = Action.SET_PAYMENT if fixing.is_given else Action.FIX_PAYMENT
            self._add(action, day, amount=fixing.amount, unit=loan.unit, is_base_kept=is_kept)
            if not fixing.is_given:
                due_dates = tuple(_at(end) for _, end in loan.periods[k:])
                self.steps[-1] = replace(self.steps[-1], payment_dates=due_dates)

    def _repay(self, k: int, day: date) -> None:
        """Repay on a due date, then pay interest: the kernel takes what is due off the payment."""
        loan, line = self.loan, self._line(day)
        self.due_lines.append(line)
        given: dict[str, Any] = {"unit": CENT if k < loan.n_rounded else 0.0}
        given["is_base_kept"] = loan.is_on_disbursed(k + 1)
        if k == len(loan.periods) - 1:
            self._add(Action.MATURE, day, line, **given)
            return
        rule = Repayment.AMOUNT if k < loan.n_without_principal else loan.repayment
        self._add(Action.REPAY, day, line, amount=0.0, repayment=rule, **given)
        if k >= loan.n_interest_deferred:
            self._add(Action.PAY_INTEREST, day, line, **given)

    def _rate_days(self) -> set[date]:
        changes = {r.effective - NIGHT for r in self.loan.rates}
        return changes | {day for span in self.loan.pause_spans for day in span}

    def _line(self, day: date) -> int:
        self.due_dates.append(day)
        return len(self.due_dates) - 1

    def _add(self, action: Action, day: date, line: int | None = None, **values: Any) -> None:
        values["years"], self.years = self.years, 0.0
        happens, accrues_to = _at(day), _at(self.at)
        step = Step(
            action=action, agreed=happens, happens=happens, accrues_to=accrues_to, values=values
        )
        self.steps.append(step)
        self.lines.append(line)


def _at(day: date) -> datetime:
    return datetime.combine(day, time())
