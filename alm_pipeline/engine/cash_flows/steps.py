"""From the terms of one contract to its agenda: which action happens on which date.

Answers the schedules of the ACTUS guide, sections 6 and 8: interest, redemption, reset,
capitalisation and fixing dates on grids of their own, and business-day shifts. What an action does
to the contract is ``agenda``'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from alm_pipeline.engine.cash_flows.agenda import Action, Repayment
from alm_pipeline.engine.cash_flows.agreed import with_agreed_terms
from alm_pipeline.engine.cash_flows.contract import BaseRule, Contract, Kind, Segment
from alm_pipeline.engine.cash_flows.index_period import fixing_day, index_end
from alm_pipeline.engine.cash_flows.maturity import end_of, is_derived
from alm_pipeline.engine.cash_flows.step import Step
from alm_pipeline.engine.conventions.cycle import Grid

_CHANGES = (Action.REPAY, Action.DRAW, Action.CAPITALISE)


def steps_of(contract: Contract) -> list[Step]:
    """Return the actions of a contract after its status date, in order, the opening first."""
    found = _ScheduleOf(contract)
    steps = [step for step in found.steps() if not _is_past(contract, step)]
    steps.sort(key=lambda step: (step.happens, step.action))
    chosen = with_agreed_terms(contract, [found.opening(), *_until_over(steps)])
    return _with_years(contract, chosen) if contract.has_own_years else chosen


def n_redemptions(contract: Contract) -> int:
    """Return the number of redemption dates from the first one on, the maturity among them."""
    return sum(step.action is Action.REPAY for step in _ScheduleOf(contract).steps()) + 1


def _with_years(contract: Contract, steps: Sequence[Step]) -> list[Step]:
    """Return the steps with the years that interest runs up to each."""
    done, found = steps[0].accrues_to, []
    for step in steps:
        years = contract.year_fraction(done, step.accrues_to) if step.accrues_to > done else 0.0
        found.append(replace(step, values={**step.values, "years": years}))
        done = max(done, step.accrues_to)
    return found


def _is_past(contract: Contract, step: Step) -> bool:
    if step.action is Action.START:
        return contract.has_started
    return step.accrues_to <= contract.status_date


def _until_over(steps: Iterable[Step]) -> Iterable[Step]:
    for step in steps:
        yield step
        if step.action in (Action.TERMINATE, Action.MATURE):
            return


class _ScheduleOf:
    """The schedules of one contract, built on one another: maturity first."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.is_maturity_derived = is_derived(contract)
        self.end = end_of(contract)

    # ---------------------------------------------------------------- what happens when

    def steps(self) -> Iterable[Step]:
        """Yield every action of the contract, in no order, past ones too."""
        c = self.contract
        if not c.has_started:
            yield self._start()
        yield from self._interest()
        yield from self._principal()
        yield from self._resets()
        yield from self._fixings()
        yield from (self._rate_step(day, rate) for day, rate in c.rate_steps)
        yield from (self._fixed(Action.PAY_INTEREST, day) for day, _ in c.agreed_interest)
        if c.scaling is not None and self.end is not None:
            yield from (self._step(Action.SCALE, d) for d in self._dates(c.scaling))
        if c.base_rule is BaseRule.LAGGED and c.base is not None:
            yield from (self._step(Action.FIX_BASE, d) for d in self._dates(c.base))
        if c.purchase_date is not None:
            yield self._fixed(Action.PURCHASE, c.purchase_date)
        if c.termination_date is not None:
            yield self._fixed(Action.TERMINATE, c.termination_date)
        yield from self._last()

    def opening(self) -> Step:
        """Return the states as of the status date; zero where the contract has not started."""
        c = self.contract
        values: dict[str, Any] = {}
        payments: tuple[datetime, ...] = ()
        if c.has_started:
            values |= {"amount": c.principal, "rate": c.rate or 0.0, "base": self._opening_base}
            values["due"] = self._accrued_at_status()
            first = self._first_fixing()
            if first is not None and first <= c.status_date:
                payments = self._payments_after(c.status_date)
        step = self._fixed(Action.OPEN, c.status_date, **values)
        return replace(step, payment_dates=payments)

    def _start(self) -> Step:
        c = self.contract
        anchor = c.interest.anchor if c.interest is not None else None
        due = c.accrued_interest
        if due is None and anchor is not None and anchor < c.start_date:
            due = c.year_fraction(anchor, c.start_date) * c.principal * (c.rate or 0.0)
        step = self._fixed(
            Action.START,
            c.start_date,
            amount=c.principal,
            rate=c.rate or 0.0,
            base=self._opening_base,
            due=due or 0.0,
        )
        is_first_at_start = (
            c.kind is Kind.ANNUITY
            and c.payment is None
            and c.redemption is not None
            and c.redemption.anchor <= c.start_date
        )
        if is_first_at_start and c.redemption is not None:
            return replace(step, payment_dates=self._payments_from(c.redemption.anchor))
        return step

    def _interest(self) -> Iterable[Step]:
        c, until = self.contract, self.contract.capitalised_until
        dates = self._interest_dates()
        if c.is_interest_in_advance:
            yield from self._in_advance(dates)
            return
        action = Action.PAY_INTEREST
        if c.kind in (Kind.CALL, Kind.NON_MATURITY):
            action = Action.CAPITALISE
        if until is not None:
            capitalised = {d for d in dates if d < until} | {until}
            yield from (self._step(Action.CAPITALISE, d) for d in sorted(capitalised))
            dates = [d for d in dates if d > until]
        for day in dates:
            is_given_end = day == self.end and not self.is_maturity_derived
            yield self._fixed(action, day) if is_given_end else self._step(action, day)

    def _in_advance(self, dates: Sequence[datetime]) -> Iterable[Step]:
        """Yield what is paid at the start of each period for the whole of it."""
        c = self.contract
        begin = [d for d in (c.start_date, *dates) if d >= c.start_date]
        for day, until in pairwise(begin):
            step = self._fixed(Action.PAY_IN_ADVANCE, day)
            step = step if day == c.start_date else self._step(Action.PAY_IN_ADVANCE, day)
            paid_to = until if until == self.end else c.shift.accrued_to(until)
            step.values["years_ahead"] = c.year_fraction(step.accrues_to, paid_to)
            yield step

    def _interest_dates(self) -> list[datetime]:
        c = self.contract
        if c.rate is None or self.end is None:
            return []
        if c.kind is Kind.SEGMENTS:
            return sorted({*self._segment_dates(c.interest_segments), self.end})
        if c.kind in (Kind.CALL, Kind.NON_MATURITY):
            return self._dates(c.interest) if c.interest is not None else []
        dates = {self.end, *self._dates(c.interest, with_end=True)}
        if c.kind in (Kind.NEGATIVE_AMORTISING, Kind.ANNUITY) and c.redemption is not None:
            dates |= {*self._dates(c.redemption), self.end}
        return sorted(dates)

    def _principal(self) -> Iterable[Step]:
        c = self.contract
        for moment, amount in c.movements:
            yield self._movement(self._fixed, moment, amount)
        for segment, dates in self._cut(c.principal_segments):
            for day in dates:
                yield self._movement(self._step, day, segment.value)
        if c.redemption is None or c.kind not in (
            Kind.LINEAR,
            Kind.NEGATIVE_AMORTISING,
            Kind.ANNUITY,
        ):
            return
        rule = Repayment.PAYMENT_LESS_INTEREST
        if c.kind is Kind.LINEAR:
            rule = Repayment.PAYMENT
        for day in self._dates(c.redemption):
            yield self._step(Action.REPAY, day, repayment=rule)

    @staticmethod
    def _movement(step: Callable[..., Step], day: datetime, amount: float) -> Step:
        """Return the repayment of an amount, or the drawing of a negative one."""
        if amount < 0.0:
            return step(Action.DRAW, day, amount=-amount)
        return step(Action.REPAY, day, amount=amount, repayment=Repayment.AMOUNT)

    def _resets(self) -> Iterable[Step]:
        c = self.contract
        for segment, dates in self._cut(c.reset_segments):
            for day in dates:
                yield self._reset(day, segment)
        if c.reset is None or self.end is None:
            return
        if c.is_reset_in_arrears:
            for day in self._dates(c.reset, with_end=True):
                if day > c.start_date:
                    yield replace(self._reset(day, None), action=Action.RESET_IN_ARREARS)
            return
        dates = self._dates(c.reset)
        first = next((d for d in dates if d > c.status_date), None)
        is_next = c.next_reset_rate is not None
        for day in dates:
            if is_next and day > c.status_date:
                is_next = False
                known = self._step(Action.SET_RATE, day, rate=c.next_reset_rate, is_observed=True)
                yield self._with_instalment_anew(known)
                continue
            step = self._reset(day, None)
            if c.next_index is not None and day == first:
                step.values.update(is_observed=True, rate=c.next_index)
            yield step

    def _reset(self, day: datetime, segment: Segment | None) -> Step:
        c = self.contract
        if segment is not None and not segment.is_reset_to_index:
            return self._step(Action.SET_RATE, day, rate=segment.value)
        spread = c.spread if segment is None else segment.value
        step = self._step(Action.RESET, day, base=spread)
        if c.observed is None and not _is_past(c, step):
            step = replace(step, index_start=fixing_day(c, step.happens))
        if c.reset is not None and c.reset.cycle is not None and c.index_cycle is not None:
            step = replace(step, index_end=index_end(c, day))
        if c.observed is not None and not _is_past(c, step):
            step.values.update(is_observed=True, rate=c.observed(day))
        return self._with_instalment_anew(step)

    def _with_instalment_anew(self, step: Step) -> Step:
        """Return a reset after which the given instalment of an annuity is computed anew."""
        c = self.contract
        if c.kind is Kind.ANNUITY and c.payment is not None:
            return replace(step, payment_dates=self._payments_after(step.accrues_to))
        return step

    def _rate_step(self, day: datetime, rate: float) -> Step:
        step = self._fixed(Action.SET_RATE, day, rate=rate)
        is_annuity = self.contract.kind is Kind.ANNUITY
        return replace(step, payment_dates=self._payments_after(day)) if is_annuity else step

    def _fixings(self) -> Iterable[Step]:
        """Yield where an annuity's instalment is fixed: before its first date, and at resets."""
        c = self.contract
        first = self._first_fixing()
        if first is None:
            return
        if c.redemption is not None and c.redemption.anchor > c.start_date:
            step = self._fixed(Action.FIX_PAYMENT, first)
            yield replace(step, payment_dates=self._payments_after(first))
        for day in self._dates(c.reset) if c.reset is not None else []:
            step = self._step(Action.FIX_PAYMENT, day)
            yield replace(step, payment_dates=self._payments_after(step.accrues_to))

    def _first_fixing(self) -> datetime | None:
        c = self.contract
        if c.kind is not Kind.ANNUITY or c.payment is not None or c.redemption is None:
            return None
        first = c.redemption.anchor
        return min(first, c.shift.moved(first)) - timedelta(days=1)

    def _last(self) -> Iterable[Step]:
        c = self.contract
        if c.kind is Kind.NON_MATURITY or self.end is None:
            return
        if c.kind is Kind.CALL:
            yield from self._settlement()
        elif self.is_maturity_derived:
            yield self._step(Action.MATURE, self.end)
        else:
            yield self._fixed(Action.MATURE, self.end)

    def _settlement(self) -> Iterable[Step]:
        """Yield the end of call money: at its maturity, or after notice on the day of the call."""
        c, end = self.contract, self.end
        if end is None:
            return
        if c.maturity_date is not None:
            paid = replace(self._fixed(Action.PAY_INTEREST, end), accrues_to=c.shift.moved(end))
            yield paid
            yield replace(paid, action=Action.MATURE)
            return
        called = self._fixed(Action.CALL, end)
        yield called
        settled = c.notice.after(end, 1) if c.notice is not None else end
        yield replace(called, action=Action.SETTLE_INTEREST, agreed=settled, happens=settled)
        yield replace(called, action=Action.SETTLE, agreed=settled, happens=settled)

    # ---------------------------------------------------------------- dates

    def _dates(self, grid: Grid | None, *, with_end: bool = False) -> list[datetime]:
        if grid is None or self.end is None:
            return []
        is_end_of_month = self.contract.is_end_of_month
        return grid.dates(self.end, with_end=with_end, is_end_of_month=is_end_of_month)

    def _cut(self, segments: Sequence[Segment]) -> Iterable[tuple[Segment, list[datetime]]]:
        """Yield the dates of each segment up to the next one, before the end."""
        c = self.contract
        for i, segment in enumerate(segments):
            limit = segments[i + 1].grid.anchor if i + 1 < len(segments) else self.end
            if self.end is not None and limit is not None:
                until = min(limit, self.end)
                dates = segment.grid.dates(until, is_end_of_month=c.is_end_of_month)
                yield segment, dates

    def _segment_dates(self, segments: Sequence[Segment]) -> list[datetime]:
        return [day for _, dates in self._cut(segments) for day in dates]

    def _payments_after(self, moment: datetime) -> tuple[datetime, ...]:
        return tuple(day for day in self._annuity_dates if day > moment)

    def _payments_from(self, moment: datetime) -> tuple[datetime, ...]:
        return tuple(day for day in self._annuity_dates if day >= moment)

    @cached_property
    def _annuity_dates(self) -> list[datetime]:
        """Return the days on which the instalment repays, to its horizon and not the maturity."""
        c = self.contract
        last = c.amortisation_date or self.end
        if c.redemption is None or last is None:
            return []
        return c.redemption.dates(last, with_end=True, is_end_of_month=c.is_end_of_month)

    # ---------------------------------------------------------------- states

    @property
    def _is_base_kept(self) -> bool:
        return self.contract.base_rule is not BaseRule.PRINCIPAL

    @property
    def _opening_base(self) -> float:
        c = self.contract
        if self._is_base_kept and c.base_amount is not None:
            return c.base_amount
        return c.principal

    def _accrued_at_status(self) -> float:
        c = self.contract
        if c.accrued_interest is not None:
            return c.accrued_interest
        if c.is_interest_in_advance:
            until = next((d for d in self._interest_dates() if d > c.status_date), None)
            years = c.year_fraction(c.status_date, until) if until is not None else 0.0
            return -years * (c.rate or 0.0) * c.principal
        is_capitalising = c.kind in (Kind.CALL, Kind.NON_MATURITY)
        earlier = [d for d in self._interest_dates() if d < c.status_date]
        if c.drops_unpaid_interest and is_capitalising:
            earlier = []
        if c.drops_unpaid_interest and c.capitalised_until is not None:
            earlier = [d for d in earlier if d > c.capitalised_until]
        since = earlier[-1] if earlier else None
        if since is None and not c.drops_unpaid_interest:
            since = c.start_date
        if since is None or c.rate is None:
            return 0.0
        return c.year_fraction(since, c.status_date) * c.rate * c.principal

    def _step(self, action: Action, day: datetime, **values: Any) -> Step:
        shift = self.contract.shift
        return replace(
            self._fixed(action, day, **values),
            happens=shift.moved(day),
            accrues_to=shift.accrued_to(day),
        )

    def _fixed(self, action: Action, day: datetime, **values: Any) -> Step:
        is_kept = self._is_base_kept
        if self.contract.base_rule is BaseRule.UNTIL_CHANGE and action in _CHANGES:
            is_kept = False
        kept = {"is_base_kept": is_kept, "unit": self.contract.unit}
        return Step(
            action=action, agreed=day, happens=day, accrues_to=day, values={**kept, **values}
        )
