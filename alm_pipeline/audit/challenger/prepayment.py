"""Prepayment by age, season and what refinancing saves, month after month, in plain Python.

Shares with the engine what the figures are and in which steps of age and rate loans are put
together; no arithmetic.
"""

from __future__ import annotations

import math

from alm_pipeline.audit.challenger.contracts import Held, World
from alm_pipeline.audit.challenger.market import months_later
from alm_pipeline.inputs.prepayment_terms import PrepaymentTerms, Refinancing

__all__ = ["MonthlyRates"]

_DAYS_OF_48_MONTHS = 1461


class MonthlyRates:
    """Annual prepayment rates of one loan by month from the as-of date on."""

    def __init__(self, terms: PrepaymentTerms, held: Held, world: World) -> None:
        self._terms, self._held, self._world = terms, held, world
        self._rates: list[float] = []
        self._could_have_saved = 0.0
        days = max((world.as_of - held.start).days, 0) if held.start else 0
        age, oldest = days * 48 // _DAYS_OF_48_MONTHS, max(month for month, _ in terms.by_age)
        self._age = min(age // 6, math.ceil(oldest / 6)) * 6 + 3

    def kept(self, month: int, n_months: int) -> float:
        """Return what stays over so many months, of which the last is given."""
        share = 1.0
        for k in range(month - n_months + 1, month + 1):
            share *= (1.0 - self.rate(max(k, 0))) ** (1.0 / 12.0)
        return share

    def rate(self, month: int) -> float:
        """Return the annual rate of a month."""
        while len(self._rates) <= month:
            self._rates.append(self._next(len(self._rates)))
        return self._rates[month]

    def _next(self, month: int) -> float:
        terms, age = self._terms, self._age + month
        rate = [value for first, value in terms.by_age if first <= age][-1]
        if terms.season:
            rate *= terms.season[months_later(self._world.as_of, month + 1).month - 1]
        if terms.refinancing is not None:
            rate += self._refinanced(terms.refinancing, month)
        return min(max(terms.multiplier * rate, 0.0), 1.0)

    def _refinanced(self, terms: Refinancing, month: int) -> float:
        held, saved = self._held, 0.0
        if held.rate_type == "fixed":
            coupon = round(held.rate / 0.0025) * 0.0025
            curve = self._world.curves[held.index_curve]
            saved = coupon - curve.par_rate(month, terms.tenor_years) - terms.spread
        burnt = math.exp(-terms.burnout_speed * self._could_have_saved)
        self._could_have_saved += max(saved, 0.0) / 12.0
        height = terms.height / (1.0 + math.exp(-terms.slope * (saved - terms.midpoint)))
        return height * (terms.burnout_share + (1.0 - terms.burnout_share) * burnt)
