"""Do the curves give back the quotes they were built from? Every quote, by plain arithmetic.

A deposit, a par swap and a par bond pay their rate and the principal for one today, a forward for
one on its first day; the legs of a swap on two curves are worth the same; here a million is worth a
million. Payments count back from the maturity, by the calendar.

What does not belong here: building curves (`engine/market`), the age of quotes (`inputs`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from alm_pipeline.audit.challenger.book import frequency
from alm_pipeline.audit.challenger.market import Curve, months_later, years
from alm_pipeline.audit.probe_contracts import NOTIONAL
from alm_pipeline.audit.ties import Tie, worst_of

__all__ = ["Below", "quote_ties"]

CENT = 0.01
_INVARIANT = "a quote is worth par on its curve"


@dataclass(frozen=True)
class Below:
    """What a curve stands on: the curve that discounts its swaps, or that its spreads lie over.

    ``index_months`` are those of the floating leg; 0 for spreads.
    """

    curve: Curve
    index_months: int


def quote_ties(
    quotes: Iterable[Mapping[str, Any]],
    curves: Mapping[str, Curve],
    below: Mapping[str, Below] = MappingProxyType({}),
) -> list[Tie]:
    """Return the worst quote of every curve; quotes of other curves are left out.

    Parameters
    ----------
    quotes
        Rows of `staging.curve_quote`.
    curves
        The base curves by id.
    below
        What those curves stand on that are not built from their own quotes alone.
    """
    ties = [
        Tie(_INVARIANT, name, _worth(quote, curves[name], below.get(name)), NOTIONAL, CENT)
        for quote in quotes
        if (name := quote["curve_id"]) in curves
    ]
    return worst_of(ties)


def _worth(quote: Mapping[str, Any], curve: Curve, below: Below | None) -> float:
    """Return what a quote and the principal it begins with are worth on the curve."""
    start = quote.get("start_date") or curve.as_of
    days = _pay_days(quote, start)
    if below is not None and quote["instrument"] == "spread":
        n_days = (days[-1] - start).days
        excess = curve.zero(n_days) - below.curve.zero(n_days) - float(quote["quote"])
        return NOTIONAL * (1.0 + excess)
    rate = float(quote["quote"]) - float(quote.get("convexity_adjustment_rate") or 0.0)
    spans = [(begin, end, _years(quote, begin, end, days[-1])) for begin, end in pairwise(days)]
    discount = curve
    received = curve.discount(start) - curve.discount(days[-1])
    if below is not None and quote["instrument"] == "irs":
        discount = below.curve
        months = range(_length(quote)[0], 0, -below.index_months)
        bounds = [start, *(months_later(start, month) for month in sorted(months))]
        received = math.fsum(
            (curve.discount(begin) / curve.discount(end) - 1.0) * discount.discount(end)
            for begin, end in pairwise(bounds)
        )
    coupons = math.fsum(fraction * discount.discount(end) for _, end, fraction in spans)
    return NOTIONAL * (1.0 + rate * coupons - received)


def _pay_days(quote: Mapping[str, Any], start: date) -> list[date]:
    """Return the start and every payment day, a broken first period first."""
    months, days = _length(quote)
    if not months:
        return [start, start + timedelta(days=days)]
    pays_once = quote["instrument"] in ("deposit", "fra", "future", "spread")
    step = 0 if pays_once else frequency(quote["payment_freq"])[0]
    pays = range(months, 0, -step) if 0 < step < months else (months,)
    return [start, *(months_later(start, month) for month in sorted(pays))]


def _length(quote: Mapping[str, Any]) -> tuple[int, int]:
    return frequency("P" + str(quote["tenor"]).removeprefix("P"))


def _years(quote: Mapping[str, Any], start: date, end: date, maturity: date) -> float:
    """Return the length of a period: a bond counts months, everything else days."""
    if quote["instrument"] != "bond":
        return years(quote["day_count"], start, end, maturity)
    if not _length(quote)[0]:
        return (end - start).days / 365.0
    return (12 * (end.year - start.year) + end.month - start.month) / 12.0
