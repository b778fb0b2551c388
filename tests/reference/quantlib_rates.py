"""Floating notes, swaps, options, forward rate agreements, overnight coupons, as QuantLib does."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import QuantLib as ql  # noqa: N813 - the name its users know

from alm_pipeline.engine.arrays import CashFlowModel, OptionType, RateType
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS
from tests.reference.quantlib_fixed import (
    Flows,
    Peer,
    Random,
    any_coupon,
    any_day_count,
    any_principal,
    leg_flows,
    leg_value,
    of_leg,
    repaid_equally,
)
from tests.reference.quantlib_market import (
    ACT_365,
    CALENDARS,
    ROWS,
    Dates,
    Market,
    Wishes,
    any_of,
    random_dates,
    their_day_count,
)

RESETS = Wishes(
    months=(1, 3, 6, 12),
    shapes=("regular", "end of month", "short first", "long first"),
    is_maturity_open=True,
)


def option_pricer(market: Market) -> Any:
    """Return a pricer of caps and floors on coupons, in the normal model."""
    return ql.BlackIborCouponPricer(market.volatility)


def floating_terms(random: Random, dates: Dates, index_months: int) -> dict[str, Any]:
    """Return the terms of a contract that resets on its payment dates, its first rate open."""
    curve = int(random.integers(2))
    return dates.terms | {
        "rate_type": RateType.FLOATING,
        "principal": any_principal(random),
        "day_count": any_day_count(random),
        "reset_months": dates.months,
        "next_reset_offset": dates.terms["next_payment_offset"],
        "index_tenor": INDEX_TENOR_MONTHS.index(index_months),
        "index_curve": curve,
        "spread_rate": float(round(random.uniform(-0.02, 0.04), 6)),
        "rate_multiplier": float(any_of(random, [1.0, 1.0, 0.7, 1.5, -0.5])),
    }


def fixed_already(
    random: Random, market: Market, terms: dict[str, Any], dates: Dates, months: int
) -> Any:
    """Return the index of a contract, its running fixing known, and put the rate into the terms."""
    index = market.ibor(months, terms["index_curve"])
    observed = float(round(random.uniform(-0.01, 0.08), 6))
    index.addFixing(dates.days[dates.running], observed)
    rate = terms["rate_multiplier"] * observed + terms["spread_rate"]
    bounded = max(rate, terms.get("floor_rate", -np.inf))
    terms["coupon_rate"] = float(min(bounded, terms.get("cap_rate", np.inf)))
    return index


def leg_of(terms: dict[str, Any], dates: Dates, index: Any, *, indexed: bool = False) -> Any:
    """Return the coupons still to come."""
    return ql.IborLeg(
        [terms["principal"]],
        dates.left(),
        index,
        their_day_count(terms["day_count"], dates.maturity),
        paymentConvention=ql.Unadjusted,
        fixingDays=[0],
        gearings=[terms["rate_multiplier"]],
        spreads=[terms["spread_rate"]],
        withIndexedCoupons=indexed,
    )


def floating_note(random: Random, market: Market) -> Peer:
    """The index runs to the next reset."""
    dates = random_dates(random, market, RESETS)
    terms = floating_terms(random, dates, dates.months)
    index = fixed_already(random, market, terms, dates, dates.months)
    bond = ql.FloatingRateBond(
        0, terms["principal"], dates.left(), index,
        their_day_count(terms["day_count"], dates.maturity), ql.Unadjusted, 0,
        [terms["rate_multiplier"]], [terms["spread_rate"]],
    )  # fmt: skip
    return of_leg("floating note", market, bond.cashflows(), terms)


def bounded_note(random: Random, market: Market) -> Peer:
    """A floor, a cap or both on the rate; also an inverse floater with them."""
    dates = random_dates(random, market, RESETS)
    terms = floating_terms(random, dates, dates.months)
    kind = any_of(random, ["cap", "floor", "both"])
    if kind != "cap":
        terms["floor_rate"] = float(round(random.uniform(0.0, 0.03), 6))
    if kind != "floor":
        terms["cap_rate"] = float(round(random.uniform(0.03, 0.06), 6))
    index = fixed_already(random, market, terms, dates, dates.months)
    bond = ql.FloatingRateBond(
        0, terms["principal"], dates.left(), index,
        their_day_count(terms["day_count"], dates.maturity), ql.Unadjusted, 0,
        [terms["rate_multiplier"]], [terms["spread_rate"]],
        [terms["cap_rate"]] if "cap_rate" in terms else [],
        [terms["floor_rate"]] if "floor_rate" in terms else [],
    )  # fmt: skip
    ql.setCouponPricer(bond.cashflows(), option_pricer(market))
    return of_leg("floating note with cap or floor", market, bond.cashflows(), terms)


def note_on_another_tenor(random: Random, market: Market) -> Peer:
    """The index has a tenor of its own; the last period may be a stub."""
    shapes = (*RESETS.shapes, "short last")
    dates = random_dates(random, market, Wishes(shapes=shapes))
    others = [m for m in (1, 2, 3, 6, 12, 24, 60) if m != dates.months]
    months = int(any_of(random, others))
    terms = floating_terms(random, dates, months)
    index = fixed_already(random, market, terms, dates, months)
    leg = [*leg_of(terms, dates, index, indexed=True)]
    leg.append(ql.SimpleCashFlow(terms["principal"], dates.maturity))
    return of_leg("floating note on an index of another tenor", market, leg, terms)


def linear_floater(random: Random, market: Market) -> Peer:
    dates = random_dates(random, market, RESETS)
    terms = floating_terms(random, dates, dates.months) | {"model": CashFlowModel.LINEAR}
    terms["principal_months"] = dates.months
    index = fixed_already(random, market, terms, dates, dates.months)
    bond = ql.AmortizingFloatingRateBond(
        0, repaid_equally(terms["principal"], 0.0, dates.n_left, 1), dates.left(), index,
        their_day_count(terms["day_count"], dates.maturity), ql.Unadjusted, 0,
        [terms["rate_multiplier"]], [terms["spread_rate"]],
    )  # fmt: skip
    return of_leg("linear loan with a floating rate", market, bond.cashflows(), terms)


def averaged_note(random: Random, market: Market) -> Peer:
    """Reset more often than it pays: simple interest at each rate, as long as it is in force."""
    plain = Wishes(months=(6, 12), shapes=("regular",), has_calendar=False, highest_day=28)
    dates = random_dates(random, market, plain)
    every = int(any_of(random, [1, 3]))
    n_back = (market.today.year() - dates.days[dates.running].year()) * 12 // every + 12 // every
    grid = [dates.days[dates.running] + ql.Period(every * k, ql.Months) for k in range(n_back + 9)]
    future = [day for day in grid if day > market.today]
    terms = floating_terms(random, dates, every) | {"reset_months": every}
    terms["day_count"] = DayCount.ACT_365F if terms["index_curve"] else DayCount.ACT_360
    count = their_day_count(terms["day_count"], dates.maturity)
    terms |= {"rate_multiplier": 1.0, "next_reset_offset": market.offset(future[0])}
    index = market.ibor(every, terms["index_curve"])
    observed = float(round(random.uniform(-0.01, 0.08), 6))
    for day in grid:
        if day <= market.today:
            index.addFixing(day, observed)
    terms["coupon_rate"] = observed + terms["spread_rate"]
    coupons = ql.MultipleResetsLeg(
        sub_periods(dates, every), index, dates.months // every, [terms["principal"]],
        paymentDayCounter=count, paymentConvention=ql.Unadjusted, fixingDays=[0],
        couponSpreads=[terms["spread_rate"]], averagingMethod=ql.RateAveraging.Simple,
    )  # fmt: skip
    leg = [*coupons, ql.SimpleCashFlow(terms["principal"], dates.maturity)]
    return of_leg("floating note reset between payments", market, leg, terms)


def sub_periods(dates: Dates, every: int) -> Any:
    """Return the schedule of resets from the running period on."""
    start = dates.days[dates.running]
    n = dates.n_left * dates.months // every
    return ql.Schedule([start + ql.Period(every * k, ql.Months) for k in range(n + 1)])


def swap(random: Random, market: Market) -> list[Peer]:
    """Fixed against floating, the legs on schedules of their own; each leg by itself."""
    ours = random_dates(random, market, RESETS)
    theirs = random_dates(random, market, Wishes())
    direction = int(any_of(random, [-1, 1]))
    principal = any_principal(random)
    floating = floating_terms(random, ours, ours.months) | {"model": CashFlowModel.SWAP_LEG}
    floating |= {"principal": principal, "sign": direction, "rate_multiplier": 1.0}
    index = fixed_already(random, market, floating, ours, ours.months)
    fixed = theirs.terms | {
        "model": CashFlowModel.SWAP_LEG,
        "sign": -direction,
        "principal": principal,
        "coupon_rate": any_coupon(random),
        "day_count": any_day_count(random),
    }
    contract = ql.VanillaSwap(
        ql.Swap.Payer if direction > 0 else ql.Swap.Receiver, principal,
        theirs.left(), fixed["coupon_rate"],
        their_day_count(fixed["day_count"], theirs.maturity),
        ours.left(), index, floating["spread_rate"],
        their_day_count(floating["day_count"], ours.maturity), ql.Unadjusted,
    )  # fmt: skip
    return _legs("swap, {} leg", market, contract, [("fixed", fixed), ("floating", floating)])


def basis_swap(random: Random, market: Market) -> list[Peer]:
    """Two floating legs on two indices."""
    found, legs, principal = [], [], any_principal(random)
    direction = int(any_of(random, [-1, 1]))
    for sign in (direction, -direction):
        dates = random_dates(random, market, RESETS)
        terms = floating_terms(random, dates, dates.months) | {"model": CashFlowModel.SWAP_LEG}
        terms |= {"principal": principal, "sign": sign}
        index = fixed_already(random, market, terms, dates, dates.months)
        legs.append(leg_of(terms, dates, index))
        found.append(("floating", terms))
    contract = ql.Swap(legs, [direction < 0, direction > 0])
    return _legs("basis swap, {} leg", market, contract, found)


def _legs(
    product: str, market: Market, contract: Any, terms: list[tuple[str, dict[str, Any]]]
) -> list[Peer]:
    contract.setPricingEngine(ql.DiscountingSwapEngine(market.handles[0], False))

    def peer(k: int, name: str, held: dict[str, Any]) -> Peer:
        sign, leg = held["sign"], contract.leg(k)
        return Peer(
            product.format(name),
            held,
            lambda: {day: sign * amount for day, amount in leg_flows(market, leg).items()},
            lambda: contract.legNPV(k),
        )

    return [peer(k, name, held) for k, (name, held) in enumerate(terms)]


def option(random: Random, market: Market) -> Peer:
    """A cap or a floor; without volatility, as it is by default, worth its intrinsic payoffs."""
    dates = random_dates(random, market, RESETS)
    terms = floating_terms(random, dates, dates.months) | {"model": CashFlowModel.CAP_FLOOR}
    terms |= {"rate_multiplier": float(any_of(random, [1.0, 0.7, 1.5]))}
    index = fixed_already(random, market, terms, dates, dates.months)
    is_cap, sign = bool(random.integers(2)), int(any_of(random, [-1, 1]))
    strike = float(round(random.uniform(-0.005, 0.07), 6))
    terms |= {"option_type": OptionType.CAP if is_cap else OptionType.FLOOR, "sign": sign}
    terms["strike_rate"] = strike
    leg = leg_of(terms, dates, index)
    contract = (ql.Cap if is_cap else ql.Floor)(leg, [strike])
    contract.setPricingEngine(ql.BachelierCapFloorEngine(market.handles[0], market.volatility))

    def flows() -> Flows:
        prices = zip(contract.optionletsPrice(), contract.optionletsDiscountFactor(), strict=True)
        days = [market.offset(coupon.date()) for coupon in leg]
        paid = [price / factor if factor else 0.0 for price, factor in prices]
        return {day: sign * amount for day, amount in zip(days, paid, strict=True)}

    product = "cap" if is_cap else "floor"
    return Peer(product, terms, flows, lambda: sign * float(contract.NPV()))


def forward_rate_agreement(random: Random, market: Market) -> list[Peer]:
    """Two legs that start later; QuantLib settles the discounted difference at the start.

    On one curve that is worth what the difference is worth when it is paid at the end.
    """
    months = int(any_of(random, [1, 3, 6, 12]))
    start = market.today + int(random.integers(1, 500))
    end = start + ql.Period(months, ql.Months)
    strike, principal = float(round(random.uniform(-0.01, 0.07), 6)), any_principal(random)
    index, direction = market.ibor(months, 0), int(any_of(random, [-1, 1]))
    side = ql.Position.Long if direction > 0 else ql.Position.Short
    contract = ql.ForwardRateAgreement(
        index, start, end, side, strike, principal, market.handles[0]
    )
    both = {
        "model": CashFlowModel.SWAP_LEG,
        "principal": principal,
        "day_count": 0,
        "start_offset": market.offset(start),
        "last_payment_offset": market.offset(start),
        "maturity_offset": market.offset(end),
        "roll_day": start.dayOfMonth(),
        "index_curve": 0,
    }
    floating = both | {
        "rate_type": RateType.FLOATING,
        "sign": direction,
        "next_reset_offset": market.offset(start),
        "reset_months": months,
        "index_tenor": INDEX_TENOR_MONTHS.index(months),
    }
    fixed = both | {"sign": -direction, "coupon_rate": strike}
    years, day = float(end - start) / 360.0, market.offset(end)

    def fixed_value() -> float:
        return -direction * principal * strike * years * float(market.handles[0].discount(end))

    def rate() -> float:
        return float(contract.forwardRate().rate())

    return [
        Peer(
            "forward rate agreement, floating leg",
            floating,
            lambda: {day: direction * principal * rate() * years},
            lambda: float(contract.NPV()) - fixed_value(),
        ),
        Peer(
            "forward rate agreement, fixed leg",
            fixed,
            lambda: {day: -direction * principal * strike * years},
            fixed_value,
        ),
    ]


def overnight_note(random: Random, market: Market) -> Peer:
    """Coupons of daily compounded overnight rates, with a business-day calendar of the index."""
    wishes = Wishes(months=(1, 3, 6, 12), shapes=("regular",), starts_later=True,
                    is_maturity_open=True, longest=8)  # fmt: skip
    dates = random_dates(random, market, wishes)
    curve = int(random.integers(2))
    terms = floating_terms(random, dates, dates.months) | {"model": CashFlowModel.SWAP_LEG}
    terms |= {"index_curve": curve, "next_reset_offset": dates.terms["start_offset"]}
    count = ACT_365 if curve else ql.Actual360()
    market.n_indices += 1
    index = ql.OvernightIndex(
        f"overnight {market.n_indices}", 0, ql.EURCurrency(), CALENDARS[ROWS[dates.row][0]],
        count, market.handles[curve],
    )  # fmt: skip
    leg = ql.OvernightLeg(
        [terms["principal"]], dates.schedule, index,
        their_day_count(terms["day_count"], dates.maturity), ql.Unadjusted,
        [terms["rate_multiplier"]], [terms["spread_rate"]],
    )  # fmt: skip
    terms["sign"] = 1
    assert all(one < other for one, other in pairwise(dates.days))
    return Peer(
        "compounded overnight coupons",
        terms,
        lambda: leg_flows(market, leg),
        lambda: leg_value(market, leg),
    )
