"""The same contract built in QuantLib, where `pip install alm-pipeline[challenger]` installed it.

Answers the value of bullets and swap legs at a fixed rate, on grids of months that no business day
moves. QuantLib makes the dates, the day counts, the coupons and the discounting.

What does not belong here: contracts QuantLib cannot build from terms; they keep the plain method.
"""

from __future__ import annotations

import importlib
from typing import Any

from alm_pipeline.audit.challenger.contracts import NO_LIMIT, Held, World

__all__ = ["QuantLibDesk", "open_desk"]

_LATEST_COMMON_DAY = 28


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
        if not self._is_known(held):
            return None
        ql = self._ql
        ql.Settings.instance().evaluationDate = self._date(self._world.as_of)
        ql.Settings.instance().enforcesTodaysHistoricFixings = False
        rate = held.rate if self._is_margin_in else held.rate - held.margin
        schedule, count = self._schedule(held), self._day_count(held)
        leg = list(ql.FixedRateLeg(schedule, count, [held.principal], [rate]))
        if held.kind == "bullet":
            leg.append(ql.SimpleCashFlow(held.principal, self._date(held.maturity)))
        curve = self._curves[held.discount_curve]
        if self._is_margin_in and held.margin:
            spread = ql.QuoteHandle(ql.SimpleQuote(held.margin))
            curve = ql.ZeroSpreadedTermStructure(ql.YieldTermStructureHandle(curve), spread)
        today = self._date(self._world.as_of)
        found = ql.CashFlows.npv(leg, ql.YieldTermStructureHandle(curve), False, today, today)
        return float(held.sign * found)

    def _is_known(self, held: Held) -> bool:
        """Say whether the contract is a fixed bullet or leg on a plain grid."""
        redeemed = held.cohort is not None and bool(held.cohort.redemption[self._world.scenario])
        prepaid = held.cohort is not None and bool(held.cohort.prepayment[self._world.scenario])
        is_plain = held.rate_type == "fixed" and held.cap == NO_LIMIT and held.convention == "none"
        has_dates = held.maturity is not None and (held.last_payment or held.start) is not None
        grid = [day for day in (held.last_payment, held.next_payment, held.maturity) if day]
        is_common = all(day.day <= _LATEST_COMMON_DAY for day in grid)
        return (
            held.kind in ("bullet", "swap leg")
            and is_plain
            and has_dates
            and is_common
            and held.day_count in _COUNTS
            and not redeemed
            and not prepaid
            and not held.principal_months
        )

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

    def _schedule(self, held: Held) -> Any:
        ql = self._ql
        start, end = held.last_payment or held.start, held.maturity
        if not held.payment_months or held.next_payment is None:
            return ql.Schedule([self._date(start), self._date(end)])
        return ql.MakeSchedule(
            effectiveDate=self._date(start),
            terminationDate=self._date(end),
            tenor=ql.Period(held.payment_months, ql.Months),
            calendar=ql.NullCalendar(),
            convention=ql.Unadjusted,
            rule=ql.DateGeneration.Forward,
            firstDate=self._date(held.next_payment),
        )

    def _day_count(self, held: Held) -> Any:
        ql = self._ql
        return {
            "act_360": ql.Actual360,
            "act_365f": ql.Actual365Fixed,
            "act_act_isda": lambda: ql.ActualActual(ql.ActualActual.ISDA),
            "30e_360": lambda: ql.Thirty360(ql.Thirty360.European),
        }[held.day_count]()

    def _date(self, day: Any) -> Any:
        return self._ql.Date(day.day, day.month, day.year)


_COUNTS = ("act_360", "act_365f", "act_act_isda", "30e_360")
