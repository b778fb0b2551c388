"""Contracts with a fixed rate, as QuantLib builds them from terms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import QuantLib as ql  # noqa: N813 - the name its users know

from alm_pipeline.engine.arrays import CashFlowModel
from alm_pipeline.engine.cash_flows.contract import Contract
from alm_pipeline.engine.conventions.day_count import DayCount
from tests.reference.quantlib_market import (
    ADDITIVE,
    Dates,
    Market,
    Wishes,
    any_of,
    random_dates,
    their_day_count,
)

Random = np.random.Generator
Flows = dict[int, float]


@dataclass(frozen=True)
class Peer:
    """One contract: the engine's terms and QuantLib's instrument.

    `flows` returns the received amounts by day under the scenario that the market shows, `value`
    what QuantLib says they are worth.
    """

    product: str
    terms: dict[str, Any]
    flows: Callable[[], Flows]
    value: Callable[[], float]
    contract: Contract | None = None


def leg_flows(market: Market, leg: Any) -> Flows:
    """Return the amounts of a leg after today, by day."""
    found: Flows = {}
    for flow in leg:
        day = market.offset(flow.date())
        if day > 0:
            found[day] = found.get(day, 0.0) + flow.amount()
    return found


def leg_value(market: Market, leg: Any) -> float:
    return float(ql.CashFlows.npv(leg, market.handles[0], False, market.today, market.today))


def of_leg(
    product: str, market: Market, leg: Any, terms: dict[str, Any], contract: Contract | None = None
) -> Peer:
    """Return a peer whose cash and value are those of one leg."""
    return Peer(
        product,
        terms,
        lambda: leg_flows(market, leg),
        lambda: leg_value(market, leg),
        contract,
    )


def any_day_count(random: Random, *, is_additive: bool = False) -> DayCount:
    counts = ADDITIVE if is_additive else [d for d in DayCount if d.name != "TWENTY_EIGHT_E_336"]
    return DayCount(any_of(random, counts))


def any_principal(random: Random) -> float:
    return float(round(random.uniform(50.0, 5e6), 2))


def any_coupon(random: Random) -> float:
    """Return a rate between -0.5 % and 11 %, sometimes zero."""
    return 0.0 if random.random() < 0.05 else float(round(random.uniform(-0.005, 0.11), 6))


def plain_terms(random: Random, dates: Dates) -> dict[str, Any]:
    return dates.terms | {
        "principal": any_principal(random),
        "coupon_rate": any_coupon(random),
        "day_count": any_day_count(random),
    }


def fixed_bond(random: Random, market: Market) -> Peer:
    dates = random_dates(random, market, Wishes())
    terms = plain_terms(random, dates)
    count = their_day_count(terms["day_count"], dates.maturity)
    bond = ql.FixedRateBond(
        0, terms["principal"], dates.schedule, [terms["coupon_rate"]], count, ql.Unadjusted
    )
    return of_leg("fixed bullet bond", market, bond.cashflows(), terms)


def weekly_bond(random: Random, market: Market) -> Peer:
    """Interest every so many days: steps are counted from the last payment."""
    n_days, left = int(random.choice([7, 14, 28, 91])), int(random.integers(1, 30))
    start = market.today - int(random.integers(0, n_days))
    end = start + n_days * left + int(random.choice([0, 0, n_days // 2]))
    schedule = ql.Schedule(
        start, end, ql.Period(n_days, ql.Days), ql.NullCalendar(), ql.Unadjusted, ql.Unadjusted,
        ql.DateGeneration.Forward, False,
    )  # fmt: skip
    terms: dict[str, Any] = {
        "principal": any_principal(random),
        "coupon_rate": any_coupon(random),
        "day_count": any_day_count(random),
        "payment_days": n_days,
        "last_payment_offset": market.offset(start),
        "next_payment_offset": market.offset(schedule[1]),
        "maturity_offset": market.offset(end),
    }
    count = their_day_count(terms["day_count"], end)
    bond = ql.FixedRateBond(
        0, terms["principal"], schedule, [terms["coupon_rate"]], count, ql.Unadjusted
    )
    return of_leg("bond that pays every n days", market, bond.cashflows(), terms)


def zero_bond(random: Random, market: Market) -> Peer:
    maturity, principal = market.today + int(random.integers(1, 4000)), any_principal(random)
    bond = ql.ZeroCouponBond(
        0, ql.NullCalendar(), principal, maturity, ql.Unadjusted, 100.0, market.today
    )
    terms = {"principal": principal, "coupon_rate": 0.0, "maturity_offset": market.offset(maturity)}
    return of_leg("zero coupon bond", market, bond.cashflows(), terms)


def term_deposit(random: Random, market: Market) -> Peer:
    """Interest and principal in one payment, taken by the bank."""
    start = market.today - int(random.integers(0, 200))
    maturity = market.today + int(random.integers(1, 1500))
    schedule = ql.Schedule(
        start, maturity, ql.Period(ql.Once), ql.NullCalendar(), ql.Unadjusted, ql.Unadjusted,
        ql.DateGeneration.Zero, False,
    )  # fmt: skip
    terms: dict[str, Any] = {
        "sign": -1,
        "principal": any_principal(random),
        "coupon_rate": any_coupon(random),
        "day_count": any_day_count(random),
        "last_payment_offset": market.offset(start),
        "maturity_offset": market.offset(maturity),
    }
    count = their_day_count(terms["day_count"], maturity)
    bond = ql.FixedRateBond(
        0, -terms["principal"], schedule, [terms["coupon_rate"]], count, ql.Unadjusted
    )
    return of_leg("term deposit", market, bond.cashflows(), terms)


def amortising(
    market: Market, product: str, terms: dict[str, Any], dates: Dates, owed: Any
) -> Peer:
    """Return the bond of which `owed` is what earns interest in each period still to come."""
    notionals = [terms["principal"]] * dates.running + list(owed)
    count = their_day_count(terms["day_count"], dates.maturity)
    bond = ql.AmortizingFixedRateBond(
        0, notionals, dates.schedule, [terms["coupon_rate"]], count, ql.Unadjusted
    )
    return of_leg(product, market, bond.cashflows(), terms)


def repaid_equally(principal: float, left_at_end: float, n: int, every: int) -> list[float]:
    """Return what is owed in each of n periods; every so many, counted from the end, repay."""
    n_repayments = (n - 1) // every + 1
    owed, result = principal, []
    for k in range(n):
        result.append(owed)
        if (n - 1 - k) % every == 0:
            owed -= (principal - left_at_end) / n_repayments
    return result


def linear_loan(random: Random, market: Market) -> Peer:
    dates = random_dates(random, market, Wishes(months=(1, 3, 6)))
    every = int(random.choice([1, 1, 2, 3])) if dates.months < 6 else 1
    terms = plain_terms(random, dates) | {"model": CashFlowModel.LINEAR}
    terms["principal_months"] = every * dates.months
    terms["balloon_amount"] = terms["principal"] * float(random.choice([0.0, 0.0, 0.3]))
    owed = repaid_equally(terms["principal"], terms["balloon_amount"], dates.n_left, every)
    return amortising(market, "linear loan", terms, dates, owed)


def linear_loan_by_instalments(random: Random, market: Market) -> Peer:
    """A given amount is repaid each time, and at maturity what is left."""
    dates = random_dates(random, market, Wishes(months=(1, 3, 6)))
    terms = plain_terms(random, dates) | {"model": CashFlowModel.LINEAR}
    terms |= {"principal_months": dates.months}
    part = float(random.uniform(0.2, 1.3)) / dates.n_left
    terms["payment_amount"] = terms["principal"] * part
    owed = [terms["principal"] * max(1.0 - k * part, 0.0) for k in range(dates.n_left)]
    return amortising(market, "linear loan by given instalments", terms, dates, owed)


def level(principal: float, rate: float, n: int, left_at_end: float = 0.0) -> float:
    """Return the textbook instalment that leaves an amount after n payments."""
    if rate == 0.0:
        return (principal - left_at_end) / n
    growth = (1.0 + rate) ** n
    return (principal * growth - left_at_end) * rate / (growth - 1.0)


def owed_under(
    payment: float, principal: float, rate: float, days: Sequence[Any], count: Any
) -> list[float]:
    """Return what is owed in each period if the payment is interest first, then principal."""
    owed = [principal]
    for start, end in pairwise(days[:-1]):
        interest = owed[-1] * rate * count.yearFraction(start, end)
        owed.append(max(owed[-1] + interest - payment, 0.0))
    return owed


def annuity(random: Random, market: Market) -> Peer:
    """The instalment is that of equal periods; interest is exact, the last payment takes the rest.

    With a balloon, with an amortisation longer than the contract, or with an instalment given.
    """
    dates = random_dates(random, market, Wishes())
    terms = plain_terms(random, dates) | {"model": CashFlowModel.ANNUITY}
    terms |= {"principal_months": dates.months}
    principal, rate, n = terms["principal"], terms["coupon_rate"], dates.n_left
    kind = any_of(random, ["full", "full", "balloon", "longer", "given"])
    if kind == "balloon":
        terms["balloon_amount"] = 0.4 * principal
    if kind == "longer":
        terms["amortisation_payments"] = n + int(random.integers(1, 60))
    n_level = terms.get("amortisation_payments", n)
    balloon = terms.get("balloon_amount", 0.0)
    payment = level(principal, rate * dates.months / 12.0, n_level, balloon)
    if kind == "given":  # half the level payment: some of these do not cover their interest
        payment = terms["payment_amount"] = 0.5 * payment
    count = their_day_count(terms["day_count"], dates.maturity)
    owed = owed_under(payment, principal, rate, dates.days[dates.running :], count)
    return amortising(market, f"annuity, {kind}", terms, dates, owed)
