"""Do the curves give back the quotes they were built from? Every quote, by plain arithmetic.

A deposit, a par swap and a par bond pay their rate and the principal for one today; here a million
is worth a million. Payments count back from the maturity, by the calendar.

What does not belong here: building curves (`engine/market`), the age of quotes (`inputs`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from alm_pipeline.audit.challenger.book import frequency
from alm_pipeline.audit.challenger.market import Curve, months_later, years
from alm_pipeline.audit.probe_contracts import NOTIONAL
from alm_pipeline.audit.ties import Tie, worst_of

__all__ = ["quote_ties"]

CENT = 0.01
_INVARIANT = "a quote is worth par on its curve"


def quote_ties(quotes: Iterable[Mapping[str, Any]], curves: Mapping[str, Curve]) -> list[Tie]:
    """Return the worst quote of every curve; quotes of other curves are left out.

    Parameters
    ----------
    quotes
        Rows of `staging.curve_quote`.
    curves
        The base curves by id.
    """
    ties = [
        Tie(_INVARIANT, quote["curve_id"], _worth(quote, curves[quote["curve_id"]]), NOTIONAL, CENT)
        for quote in quotes
        if quote["curve_id"] in curves
    ]
    return worst_of(ties)


def _worth(quote: Mapping[str, Any], curve: Curve) -> float:
    """Return what the coupons and the principal of a quote are worth on the curve."""
    days = _pay_days(quote, curve.as_of)
    spans = [(start, end, _years(quote, start, end, days[-1])) for start, end in pairwise(days)]
    coupons = math.fsum(fraction * curve.discount(end) for _, end, fraction in spans)
    return NOTIONAL * (float(quote["quote"]) * coupons + curve.discount(days[-1]))


def _pay_days(quote: Mapping[str, Any], as_of: date) -> list[date]:
    """Return the start and every payment day, a broken first period first."""
    months, days = _length(quote)
    if not months:
        return [as_of, as_of + timedelta(days=days)]
    step = 0 if quote["instrument"] == "deposit" else frequency(quote["payment_freq"])[0]
    pays = range(months, 0, -step) if 0 < step < months else (months,)
    return [as_of, *(months_later(as_of, month) for month in sorted(pays))]


def _length(quote: Mapping[str, Any]) -> tuple[int, int]:
    return frequency("P" + str(quote["tenor"]).removeprefix("P"))


def _years(quote: Mapping[str, Any], start: date, end: date, maturity: date) -> float:
    """Return the length of a period: a bond counts months, everything else days."""
    if quote["instrument"] != "bond":
        return years(quote["day_count"], start, end, maturity)
    if not _length(quote)[0]:
        return (end - start).days / 365.0
    return (12 * (end.year - start.year) + end.month - start.month) / 12.0
