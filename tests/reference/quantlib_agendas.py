"""Contracts with schedules of their own, as QuantLib builds them from terms.

What the grid of a position cannot say: a long last period, interest that does not follow a moved
payment, ICMA and business-day years, a rate fixed at the end of its period, agreed rate steps.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
import QuantLib as ql  # noqa: N813 - the name its users know

from alm_pipeline.engine.arrays import CashFlowModel
from alm_pipeline.engine.cash_flows.contract import Contract, Kind, Segment
from alm_pipeline.engine.conventions.cycle import Cycle, Grid, Shift
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.period import business_years, icma_years, years_between
from tests.reference.quantlib_fixed import (
    Peer,
    Random,
    any_coupon,
    any_day_count,
    any_principal,
    of_leg,
    owed_under,
)
from tests.reference.quantlib_market import (
    CALENDARS,
    CONVENTIONS,
    ROWS,
    Dates,
    Market,
    Wishes,
    any_of,
    random_dates,
    their_day_count,
)
from tests.reference.quantlib_rates import fixed_already, floating_terms, option_pricer

SHAPES = ("regular", "end of month", "short first", "long first", "short last", "long last")
SEASONED = Wishes(shapes=SHAPES)
STARTING = Wishes(shapes=("regular", "short last", "long last"), starts_later=True)
UNCLIPPED = replace(STARTING, highest_day=28)


def moment(day: Any) -> datetime:
    return datetime(day.year(), day.month(), day.dayOfMonth())  # noqa: DTZ001 - dates have no zone


def day_of(one: date) -> Any:
    return ql.Date(one.day, one.month, one.year)


def cycle_of(dates: Dates) -> Cycle:
    """Return the step; a rest before the maturity is a period of its own, or is not."""
    gap = dates.unadjusted[-1] - dates.unadjusted[-2]
    return Cycle(months=dates.months, has_short_stub=gap < 31 * dates.months)


def agreed(
    market: Market, dates: Dates, terms: dict[str, Any], kind: Kind, **more: Any
) -> Contract:
    """Return the contract of a schedule: interest from its start, its grid from its seed."""
    calendar, convention = ROWS[dates.row]
    counted = DayCount(terms["day_count"])
    grid = Grid(moment(dates.seed), cycle_of(dates))

    def years(start: datetime, end: datetime) -> float:
        return years_between(counted, _day64(start), _day64(end), _day64(moment(dates.maturity)))

    plain: dict[str, Any] = {
        "kind": kind,
        "status_date": moment(market.today),
        "start_date": moment(dates.unadjusted[0]),
        "maturity_date": moment(dates.maturity),
        "principal": terms["principal"],
        "rate": terms["coupon_rate"],
        "interest": grid,
        "is_end_of_month": dates.is_end_of_month,
        "shift": Shift(convention, is_open=lambda d: CALENDARS[calendar].isBusinessDay(day_of(d))),
        "year_fraction": years,
    }
    return Contract(**plain | more)


def _day64(one: datetime) -> np.datetime64:
    return np.datetime64(one.date(), "D")


def accrued(market: Market, dates: Dates, terms: dict[str, Any], count: Any) -> dict[str, Any]:
    """Return what has accrued since the last payment, of a contract that runs."""
    if dates.days[0] > market.today:
        return {}
    years = count.yearFraction(dates.days[dates.running], market.today)
    return {"accrued_interest": terms["principal"] * terms["coupon_rate"] * years}


def with_payout(market: Market, dates: Dates, flows: Any, principal: float) -> list[Any]:
    """Return the flows, and before them the payout of a contract that has not started."""
    start = dates.unadjusted[0]
    payout = [ql.SimpleCashFlow(-principal, start)] if start > market.today else []
    return [*payout, *flows]


def drawn(
    random: Random, market: Market, shapes: tuple[str, ...] = (), highest_day: int = 31
) -> tuple[Dates, Any]:
    """Return dates and the terms of an agenda; a contract that runs has an additive day count."""
    is_later = bool(random.integers(2))
    wishes = STARTING if is_later else SEASONED
    if shapes:
        wishes = Wishes(shapes=shapes, starts_later=is_later, highest_day=highest_day)
    dates = random_dates(random, market, wishes)
    terms = dates.terms | {"principal": any_principal(random), "coupon_rate": any_coupon(random)}
    terms |= {"day_count": any_day_count(random, is_additive=not is_later)}
    return dates, terms | ({"model": CashFlowModel.COMMITMENT} if is_later else {})


def agenda_bond(random: Random, market: Market) -> Peer:
    dates, terms = drawn(random, market)
    count = their_day_count(terms["day_count"], dates.maturity)
    contract = agreed(market, dates, terms, Kind.BULLET, **accrued(market, dates, terms, count))
    bond = ql.FixedRateBond(
        0, terms["principal"], dates.schedule, [terms["coupon_rate"]], count, ql.Unadjusted
    )
    leg = with_payout(market, dates, bond.cashflows(), terms["principal"])
    return of_leg("agenda: fixed bond", market, leg, terms, contract)


def unmoved_dates(random: Random, market: Market, *, needs_calendar: bool) -> tuple[Dates, int]:
    """Return dates that payments leave on closed days, and the row that says where they go."""
    while True:
        dates = random_dates(random, market, Wishes(shapes=SHAPES, has_calendar=False))
        row = int(random.integers(1 if needs_calendar else 0, len(ROWS)))
        calendar, convention = ROWS[row]
        moved = [
            CALENDARS[calendar].adjust(d, CONVENTIONS.get(convention, ql.Unadjusted))
            for d in dates.days
        ]
        sides = [
            (one <= market.today) == (other <= market.today)
            for one, other in zip(dates.days, moved, strict=True)
        ]
        if all(sides) and moved[-1] == dates.maturity:
            return dates, row


def unmoved_bond(random: Random, market: Market) -> Peer:
    """Payments move, interest does not follow; years of the coupon's own for some."""
    dates, row = unmoved_dates(random, market, needs_calendar=True)
    calendar, convention = ROWS[row]
    terms = dates.terms | {"principal": any_principal(random), "coupon_rate": any_coupon(random)}
    terms |= {"day_count": any_day_count(random, is_additive=True)}
    count = their_day_count(terms["day_count"], dates.maturity)
    kind = any_of(random, ["", "ICMA", "BUS/252"])
    if kind == "ICMA" and (dates.months == 1 or _icma_anchor(dates) is None):
        kind = ""
    more: dict[str, Any] = {"has_own_years": bool(kind)}
    is_open = _is_open(calendar)
    if kind == "ICMA":
        count = _icma(dates)
        grid = Grid(_icma_anchor(dates) or moment(dates.seed), Cycle(months=dates.months))
        more["year_fraction"] = lambda a, b: icma_years(grid, 12 // dates.months, a, b)
    if kind == "BUS/252":
        count = ql.Business252(CALENDARS[calendar])
        more["year_fraction"] = lambda a, b: business_years(is_open, a, b)
    more["shift"] = Shift(convention, is_accrual_shifted=False, is_open=is_open)
    more |= accrued(market, dates, terms, count)
    bond = ql.FixedRateBond(
        0, terms["principal"], dates.schedule, [terms["coupon_rate"]], count,
        CONVENTIONS.get(convention, ql.Unadjusted), 100.0, ql.Date(), CALENDARS[calendar],
    )  # fmt: skip
    contract = agreed(market, dates, terms, Kind.BULLET, **more)
    name = f"agenda: bond whose interest stays, {kind or 'calendar days'}"
    return of_leg(name, market, bond.cashflows(), terms, contract)


def _is_open(calendar: str) -> Any:
    theirs = CALENDARS[calendar]
    return lambda d: theirs.isBusinessDay(day_of(d))


def _icma(dates: Dates) -> Any:
    return ql.ActualActual(ql.ActualActual.ISMA, dates.schedule)


def _icma_anchor(dates: Dates) -> datetime | None:
    """Return a coupon date that rolls as the schedule does; none does on ends of February."""
    if not dates.is_end_of_month:
        return moment(dates.seed)
    longest = [d for d in dates.unadjusted if d.dayOfMonth() == 31]
    return moment(longest[0]) if longest else None


def agenda_linear(random: Random, market: Market) -> Peer:
    """Equal amounts on a redemption grid that is wider than that of the interest."""
    dates, terms = drawn(random, market, ("regular",), highest_day=28)
    every = int(any_of(random, [1, 2, 3]))
    count = their_day_count(terms["day_count"], dates.maturity)
    n_periods = len(dates.days) - 1
    amount = terms["principal"] / (n_periods // every + 2)
    grid = Grid(moment(dates.seed), Cycle(months=every * dates.months, has_short_stub=True))
    terms["payment_amount"] = amount
    contract = agreed(
        market, dates, terms, Kind.LINEAR,
        redemption=Grid(grid.date(1), grid.cycle),
        payment=amount, **accrued(market, dates, terms, count),
    )  # fmt: skip
    owed, result = terms["principal"], []
    for k in range(1, n_periods + 1):  # what is owed in period k; every so many of all repay
        result.append(owed)
        if k % every == 0 and k > dates.running:
            owed -= amount
    bond = ql.AmortizingFixedRateBond(
        0, result, dates.schedule, [terms["coupon_rate"]], count, ql.Unadjusted
    )
    leg = with_payout(market, dates, bond.cashflows(), terms["principal"])
    return of_leg("agenda: linear loan", market, leg, terms, contract)


def agenda_annuity(random: Random, market: Market) -> Peer:
    """The instalment leaves nothing on the dates as agreed; moved dates change the last payment."""
    dates = random_dates(random, market, UNCLIPPED)
    terms = dates.terms | {"principal": any_principal(random), "coupon_rate": any_coupon(random)}
    terms |= {"day_count": any_day_count(random, is_additive=True)}
    terms["model"] = CashFlowModel.COMMITMENT
    count, rate = their_day_count(terms["day_count"], dates.maturity), terms["coupon_rate"]
    days = dates.days
    # what is left at the end falls by the same amount for every unit of the instalment
    left, per_unit = 1.0, 0.0
    for start, end in zip(dates.unadjusted[:-1], dates.unadjusted[1:], strict=True):
        growth = 1.0 + rate * count.yearFraction(start, end)
        left, per_unit = left * growth, per_unit * growth + 1.0
    payment = terms["principal"] * left / per_unit
    first = Grid(moment(dates.seed), cycle_of(dates)).date(1)
    contract = agreed(market, dates, terms, Kind.ANNUITY, redemption=Grid(first, cycle_of(dates)))
    owed = owed_under(payment, terms["principal"], rate, days, count)
    bond = ql.AmortizingFixedRateBond(0, owed, dates.schedule, [rate], count, ql.Unadjusted)
    leg = with_payout(market, dates, bond.cashflows(), terms["principal"])
    return of_leg("agenda: annuity", market, leg, terms, contract)


def agenda_floater(random: Random, market: Market) -> Peer:
    """Reset at the start of each period, or at its end."""
    is_late = bool(random.integers(2))
    wishes = Wishes(
        months=(1, 3, 6, 12), shapes=("regular",), is_maturity_open=True,
        has_calendar=not is_late, highest_day=28 if is_late else 31,
    )  # fmt: skip
    dates = random_dates(random, market, wishes)
    terms = floating_terms(random, dates, dates.months)
    terms["day_count"] = any_day_count(random, is_additive=True)
    index = fixed_already(random, market, terms, dates, dates.months)
    count = their_day_count(terms["day_count"], dates.maturity)
    grid = Grid(moment(dates.seed), cycle_of(dates))
    more = accrued(market, dates, terms, count)
    if is_late:  # QuantLib knows no rate that applies until the fixing: none is due before it
        more = {"accrued_interest": 0.0}
        dates, terms = _starts_now(market, dates, terms)
    contract = agreed(
        market, dates, terms, Kind.BULLET, reset=grid, spread=terms["spread_rate"],
        index_cycle=Cycle(months=dates.months), is_reset_in_arrears=is_late, **more,
    )  # fmt: skip
    leg = ql.IborLeg(
        [terms["principal"]], dates.left(), index, count, paymentConvention=ql.Unadjusted,
        fixingDays=[0], gearings=[terms["rate_multiplier"]], spreads=[terms["spread_rate"]],
        isInArrears=is_late, withIndexedCoupons=is_late,
    )  # fmt: skip
    ql.setCouponPricer(leg, option_pricer(market))
    flows = [*leg, ql.SimpleCashFlow(terms["principal"], dates.maturity)]
    product = "agenda: floater fixed in arrears" if is_late else "agenda: floater"
    return of_leg(product, market, flows, terms, contract)


def _starts_now(market: Market, dates: Dates, terms: dict[str, Any]) -> tuple[Dates, Any]:
    """Return the dates without the part of the running period that has passed."""
    days = [market.today, *dates.days[dates.running + 1 :]]
    schedule = ql.Schedule(days)
    unadjusted = (market.today, *dates.unadjusted[dates.running + 1 :])
    return Dates(schedule, 0, dates.months, terms, unadjusted, dates.row, False, dates.seed), terms


def stepped_bond(random: Random, market: Market) -> Peer:
    """Rates agreed for later periods."""
    dates, terms = drawn(random, market, ("regular", "end of month"))
    count = their_day_count(terms["day_count"], dates.maturity)
    rates = [terms["coupon_rate"]] * (dates.running + 1)
    rates += [any_coupon(random) for _ in range(dates.n_left - 1)]
    grid = Grid(moment(dates.seed), cycle_of(dates))
    steps = tuple(
        Segment(grid=Grid(grid.date(k, is_end_of_month=dates.is_end_of_month)), value=rates[k])
        for k in range(dates.running + 1, len(rates))
    )
    contract = agreed(
        market, dates, terms, Kind.BULLET, reset_segments=steps,
        **accrued(market, dates, terms, count),
    )  # fmt: skip
    bond = ql.FixedRateBond(0, terms["principal"], dates.schedule, rates, count, ql.Unadjusted)
    leg = with_payout(market, dates, bond.cashflows(), terms["principal"])
    return of_leg("agenda: bond with agreed steps", market, leg, terms, contract)
