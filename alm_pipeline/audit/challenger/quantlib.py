"""The same contract built in QuantLib, where `pip install alm-pipeline[challenger]` installed it.

Answers the value of bullets and swap legs, at a fixed rate or one that resets to an index of its
own period without bounds. QuantLib makes the dates, moved to its business days, the day counts, the
coupons and the discounting; which days are closed it is told.

What does not belong here: contracts QuantLib cannot build from terms; they keep the plain method.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from alm_pipeline.audit.challenger.contracts import NO_LIMIT, Held, World
from alm_pipeline.audit.challenger.market import in_month, month_end

__all__ = ["QuantLibDesk", "open_desk"]


def open_desk(world: World, *, is_margin_in: bool) -> QuantLibDesk | None:
    """Return QuantLib under one scenario; None where it is not installed."""
    try:
        library = importlib.import_module("QuantLib")
    except ModuleNotFoundError:
        return None
    return QuantLibDesk(library, world, is_margin_in=is_margin_in)


class QuantLibDesk:
    """QuantLib with the curves of one scenario."""

    def __init__(self, library: Any, world: World, *, is_margin_in: bool) -> None:
        self._ql, self._world, self._is_margin_in = library, world, is_margin_in
        self._curves = [self._curve(row) for row in range(len(world.curves))]

    def value(self, held: Held) -> float | None:
        """Return the signed value of a contract; None where QuantLib is not asked."""
        ql = self._ql
        agreed = self._agreed(held) if self._is_known(held) else None
        if agreed is None:
            return None
        ql.Settings.instance().evaluationDate = self._date(self._world.as_of)
        ql.Settings.instance().enforcesTodaysHistoricFixings = False
        leg = [*self._fixed_leg(held, agreed), *self._index_leg(held, agreed)]
        if held.kind == "bullet":
            leg.append(ql.SimpleCashFlow(held.principal, self._date(held.maturity)))
        curve = self._curves[held.discount_curve]
        if self._is_margin_in and held.margin:
            spread = ql.QuoteHandle(ql.SimpleQuote(held.margin))
            curve = ql.ZeroSpreadedTermStructure(ql.YieldTermStructureHandle(curve), spread)
        today = self._date(self._world.as_of)
        found = ql.CashFlows.npv(leg, ql.YieldTermStructureHandle(curve), False, today, today)
        return float(held.sign * found)

    def _fixed_leg(self, held: Held, agreed: date) -> Iterable[Any]:
        """Return the coupons at the rate in force: all, or the running one of a floater."""
        ql, rate = self._ql, held.rate - self._stripped(held)
        start = held.last_payment or held.start
        ends = (held.next_reset, held.next_reset) if _resets(held) else (held.maturity, agreed)
        schedule = self._schedule(held, start, *ends)
        return list(ql.FixedRateLeg(schedule, self._day_count(held), [held.principal], [rate]))

    def _index_leg(self, held: Held, agreed: date) -> Iterable[Any]:
        """Return the coupons of a floater from its next reset on, each over its own period."""
        ql = self._ql
        if not _resets(held):
            return []
        curve = ql.YieldTermStructureHandle(self._curves[held.index_curve])
        months = ql.Period(held.index_months, ql.Months)
        terms = ("index", months, 0, ql.EURCurrency(), ql.NullCalendar(), ql.Unadjusted, False)
        index = ql.IborIndex(*terms, ql.Actual360(), curve)
        second = in_month(agreed, held.payment_months, held.roll_day)
        schedule = self._schedule(held, held.next_reset, held.maturity, second)
        leg = ql.IborLeg(
            [held.principal],
            schedule,
            index,
            self._day_count(held),
            paymentConvention=ql.Unadjusted,
            fixingDays=[0],
            gearings=[held.multiplier],
            spreads=[held.spread - self._stripped(held)],
            withIndexedCoupons=False,
        )
        return list(leg)

    def _stripped(self, held: Held) -> float:
        """Return the margin that leaves the coupon."""
        return 0.0 if self._is_margin_in else held.margin

    def _is_known(self, held: Held) -> bool:
        """Say whether the contract is a bullet or leg whose cash only rates decide."""
        redeemed = held.cohort is not None and bool(held.cohort.redemption[self._world.scenario])
        prepaid = held.cohort is not None and bool(held.cohort.prepayment[self._world.scenario])
        has_dates = held.maturity is not None and (held.last_payment or held.start) is not None
        return (
            held.kind in ("bullet", "swap leg")
            and held.rate_type in ("fixed", "floating")
            and has_dates
            and (not _resets(held) or self._is_plain_floater(held))
            and held.day_count in _COUNTS
            and not redeemed
            and not prepaid
            and not held.principal_months
        )

    def _is_plain_floater(self, held: Held) -> bool:
        """Say whether a rate without bounds resets with every payment, to an index as long."""
        bounds = (held.cap, -held.floor, held.period_cap, held.period_floor)
        lengths = {held.payment_months, held.reset_months, held.index_months}
        return (
            all(bound == NO_LIMIT for bound in bounds)
            and len(lengths) == 1
            and held.next_reset == held.next_payment
            and held.next_index is None
            and self._world.curves[held.index_curve].year_days == _INDEX_YEAR
        )

    def _agreed(self, held: Held) -> date | None:
        """Return the first payment date before it is moved; None where dates are unusual.

        Unusual are a grid that goes on to month ends and a floater whose last index runs beyond
        its end.
        """
        if not held.payment_months or held.next_payment is None:
            return None if _resets(held) else held.maturity
        nearby = (in_month(held.next_payment, shift, held.roll_day) for shift in (0, -1))
        agreed = next((d for d in nearby if self._moved(held, d) == held.next_payment), None)
        if agreed is None or agreed.day != held.roll_day or self._is_stretched(held):
            return None
        return agreed if not _resets(held) or self._ends_on_grid(held, agreed) else None

    def _is_stretched(self, held: Held) -> bool:
        """Say whether later dates are month ends although the first one is an earlier day."""
        day = held.next_payment
        assert day is not None
        is_last = day.day == month_end(day.year, day.month)
        return held.is_end_of_month and is_last and held.roll_day < _LONGEST_MONTH

    def _ends_on_grid(self, held: Held, agreed: date) -> bool:
        """Say whether the last period is a whole one that no calendar shortens."""
        end = held.maturity
        assert end is not None
        n_months = 12 * (end.year - agreed.year) + end.month - agreed.month
        is_whole = n_months % held.payment_months == 0
        is_agreed = in_month(agreed, n_months, held.roll_day) == end
        return is_whole and is_agreed and self._moved(held, end) == end

    def _moved(self, held: Held, day: Any) -> date:
        calendar = _calendar(self._ql, held.closed)
        moved = calendar.adjust(self._date(day), self._convention(held))
        return date(moved.year(), moved.month(), moved.dayOfMonth())

    def _convention(self, held: Held) -> Any:
        ql = self._ql
        return {
            "none": ql.Unadjusted,
            "following": ql.Following,
            "modified_following": ql.ModifiedFollowing,
            "preceding": ql.Preceding,
            "modified_preceding": ql.ModifiedPreceding,
        }[held.convention]

    def _curve(self, row: int) -> Any:
        ql, curve = self._ql, self._world.curves[row]
        today = self._date(self._world.as_of)
        first, *rest = curve.nodes
        dates = [today, *(today + n for n, _ in (first, *rest))]
        rates = [first[1], *(rate for _, rate in (first, *rest))]
        built = ql.ZeroCurve(
            dates, rates, ql.Actual365Fixed(), ql.NullCalendar(), ql.Linear(), ql.Continuous
        )
        built.enableExtrapolation()
        return built

    def _schedule(self, held: Held, start: Any, end: Any, first: Any) -> Any:
        """Return the dates between two, the first one after the start as agreed.

        Those between are moved to business days; the two are as they are.
        """
        ql = self._ql
        begin, last = self._date(start), self._date(end)
        if not held.payment_months or first >= end:
            return ql.Schedule([begin, last])
        agreed = ql.MakeSchedule(
            effectiveDate=begin,
            terminationDate=last,
            tenor=ql.Period(held.payment_months, ql.Months),
            calendar=ql.NullCalendar(),
            convention=ql.Unadjusted,
            rule=ql.DateGeneration.Forward,
            firstDate=self._date(first),
        )
        calendar, convention = _calendar(ql, held.closed), self._convention(held)
        moved = [calendar.adjust(day, convention) for day in list(agreed)[1:-1]]
        return ql.Schedule([begin, *(day for day in moved if begin < day < last), last])

    def _day_count(self, held: Held) -> Any:
        ql = self._ql
        return {
            "act_360": ql.Actual360,
            "act_365f": ql.Actual365Fixed,
            "act_act_isda": lambda: ql.ActualActual(ql.ActualActual.ISDA),
            "30_360": lambda: ql.Thirty360(ql.Thirty360.USA),
            "30e_360": lambda: ql.Thirty360(ql.Thirty360.European),
        }[held.day_count]()

    def _date(self, day: Any) -> Any:
        return self._ql.Date(day.day, day.month, day.year)


def _resets(held: Held) -> bool:
    """Say whether the rate is set anew before the end."""
    if held.rate_type != "floating" or held.next_reset is None or held.maturity is None:
        return False
    return held.next_reset < held.maturity


@lru_cache(maxsize=8)
def _calendar(library: Any, closed: frozenset[date]) -> Any:
    """Return a calendar that is closed on these days; none: on no day."""
    found = library.BespokeCalendar("closed days")
    for day in closed:
        found.addHoliday(library.Date(day.day, day.month, day.year))
    return found


_INDEX_YEAR, _LONGEST_MONTH = 360.0, 31
_COUNTS = ("act_360", "act_365f", "act_act_isda", "30_360", "30e_360")
