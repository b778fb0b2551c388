"""What changes a contract's steps once their dates are known: agreed interest, fees, arrears.

An agreed interest amount becomes the rate that earns exactly this amount over its period, on the
balance as agreed: it then accrues day by day, and what customers prepay earns nothing. Arrears are
paid on the day after the status date and bear no interest. Dates are ``steps``' business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from alm_pipeline.engine.cash_flows.agenda import Action, Repayment
from alm_pipeline.engine.cash_flows.contract import Contract
from alm_pipeline.engine.cash_flows.step import Step
from alm_pipeline.errors import CalculationError

_ENDS = (Action.PAY_INTEREST, Action.MATURE, Action.TERMINATE)
_ONE_DAY = timedelta(days=1)


def with_agreed_terms(contract: Contract, steps: Sequence[Step]) -> list[Step]:
    """Return a contract's steps, in order, with what is agreed and what customers do in them.

    Parameters
    ----------
    contract : Contract
    steps : sequence of Step
        In order, the opening first.

    Raises
    ------
    CalculationError
        If an agreed interest amount has nothing to be earned on, or arrears cannot be told from
        the interest of the running period.
    """
    found = list(steps)
    if contract.agreed_interest:
        found = _with_agreed_interest(contract, found)
    if contract.past_due_principal or contract.past_due_interest:
        found += _arrears(contract, _rate_at_status(contract, found))
    for day, amount in contract.fees:  # interest runs on through the day of a fee
        paid = _on(day, Action.FEE, amount=amount)
        found.append(replace(paid, accrues_to=contract.status_date))
    if contract.is_redeemable:
        found.append(_on(contract.status_date + _ONE_DAY, Action.REDEEM))
    found.sort(key=lambda step: (step.happens, step.action))
    return _with_prepayment(contract, found) if contract.is_prepayable else found


def _on(day: datetime, action: Action, **values: float) -> Step:
    return Step(action=action, agreed=day, happens=day, accrues_to=day, values={**values})


# ---------------------------------------------------------------- agreed interest


@dataclass
class _Period:
    """The time between two payments of interest, and what one unit of rate earns in it."""

    start: datetime
    end: datetime
    coupon: float  # in force at its start
    due: float  # accrued before the status date
    weight: float = 0.0  # balance x years
    agreed: float | None = None

    @property
    def rate(self) -> float:
        """The rate that earns the agreed amount; the coupon where none is agreed."""
        if self.agreed is None:
            return self.coupon
        if self.weight == 0.0:
            if abs(self.agreed - self.due) < 0.005:
                return 0.0
            raise CalculationError(
                f"interest of {self.agreed} on {self.end:%Y-%m-%d} is earned on nothing",
                fix="correct the dates or the amounts of the schedule",
            )
        return (self.agreed - self.due) / self.weight


def _with_agreed_interest(contract: Contract, steps: list[Step]) -> list[Step]:
    """Return the steps in which every period with an agreed amount has the rate that earns it."""
    periods = _periods(contract, steps)
    stepped = [step for step in steps if step.action is Action.SET_RATE]
    agreed = [period for period in periods if period.agreed is not None]
    in_agreed = {
        id(step)
        for step in stepped
        if any(period.start <= step.happens < period.end for period in agreed)
    }
    kept = [step for step in steps if id(step) not in in_agreed]
    before = False
    for period in periods:
        if period.agreed is not None or before:
            kept.append(_on(period.start, Action.SET_RATE, rate=period.rate))
        before = period.agreed is not None
    return sorted(kept, key=lambda step: (step.happens, step.action))


def _periods(contract: Contract, steps: list[Step]) -> list[_Period]:
    """Return the periods of interest on the balance as agreed."""
    agreed = dict(contract.agreed_interest)
    opening = steps[0]
    balance, coupon = contract.principal - contract.past_due_principal, contract.rate or 0.0
    due = opening.values.get("due", 0.0) - contract.past_due_interest
    done, start = contract.status_date, contract.status_date
    running = _Period(start, start, coupon, due)
    found: list[_Period] = []
    for step in steps[1:]:
        if step.accrues_to > done:
            running.weight += balance * contract.year_fraction(done, step.accrues_to)
            done = step.accrues_to
        if step.action is Action.REPAY and step.values["repayment"] is Repayment.AMOUNT:
            balance -= min(step.values["amount"], balance)
        elif step.action is Action.DRAW:
            balance += step.values["amount"]
        elif step.action is Action.SET_RATE:
            coupon = step.values["rate"]
            running.coupon = coupon if step.happens == running.start else running.coupon
        elif step.action in _ENDS and step.happens > running.start:
            running.end, running.agreed = step.happens, agreed.get(step.happens)
            found.append(running)
            running = _Period(step.happens, step.happens, coupon, 0.0)
    return found


# ---------------------------------------------------------------- arrears


def _rate_at_status(contract: Contract, steps: Sequence[Step]) -> float:
    """Return the rate in force after the status date: an agreed amount may have set its own."""
    agreed = [
        float(step.values["rate"])
        for step in steps
        if step.action is Action.SET_RATE and step.happens <= contract.status_date
    ]
    return agreed[-1] if agreed else contract.rate or 0.0


def _arrears(contract: Contract, rate: float) -> list[Step]:
    """Return what pays the arrears and leaves the interest of the running period due.

    Paid "in advance" for a period of minus the time it would take to accrue what stays due at the
    rate in force: of all that is due, the arrears alone are paid.
    """
    day, until = contract.status_date + _ONE_DAY, contract.status_date
    repaid = _on(day, Action.REPAY, amount=contract.past_due_principal, repayment=Repayment.AMOUNT)
    stays = (contract.accrued_interest or 0.0) - contract.past_due_interest
    yearly = (contract.principal - contract.past_due_principal) * rate
    if stays != 0.0 and yearly == 0.0:
        raise CalculationError(
            "interest is accrued beside the arrears and no principal or rate says since when",
            fix="state which part of the accrued interest is past due",
        )
    years = -stays / yearly if stays else 0.0
    paid = _on(day, Action.PAY_IN_ADVANCE, years_ahead=years)
    return [replace(step, accrues_to=until) for step in (repaid, paid)]


# ---------------------------------------------------------------- customers


def _with_prepayment(contract: Contract, steps: list[Step]) -> list[Step]:
    """Return the steps with the time for which customers prepay after the last one of a payment."""
    end = steps[-1].happens
    drawn = max((step.happens for step in steps if step.action is Action.DRAW), default=None)
    paid: dict[datetime, int] = {}
    for row, step in enumerate(steps):
        is_payment = step.action in (Action.REPAY, Action.PAY_INTEREST)
        if is_payment and step.accrues_to > contract.status_date and step.happens < end:
            paid[step.happens] = row
    days = [contract.last_payment_date or contract.status_date]
    days += [steps[row].agreed for row in paid.values()]
    found = list(steps)
    for (before, day), row in zip(pairwise(days), paid.values(), strict=True):
        if drawn is None or steps[row].happens > drawn:
            years = _months_apart(before, day)
            values = {**steps[row].values, "prepayment_years": years}
            found[row] = replace(steps[row], values=values)
    return found


def _months_apart(start: datetime, end: datetime) -> float:
    """Return the years between two days in months of 30 days, the last day of a month the 30th."""
    first, last = _of_thirty(start), _of_thirty(end)
    months = 12 * (end.year - start.year) + end.month - start.month
    return (30 * months + last - first) / 360.0


def _of_thirty(day: datetime) -> int:
    return 30 if (day + _ONE_DAY).month != day.month else day.day
