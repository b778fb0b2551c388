"""Market quotes as equations: which days a quote reads on its curve, and what makes it fair.

A deposit, a forward rate agreement, a future, a par swap and a par bond say the same thing: the
quoted rate on every payment and the principal at the end are worth the principal at the start,

    quote * sum(years_i * DF_i) + DF_n = DF_start.

A swap whose floating leg follows another curve than the one that discounts says

    quote * sum(years_i * D_i) = sum((P_start_j / P_end_j - 1) * D_end_j)

with discount factors D that are known and P of the curve that is sought. Answers the days and year
fractions of each quote. Payments count backwards from maturity, a broken first period comes first;
dates are calendar dates, without spot lag or business days. A tenor of at most one period pays
once. A future is quoted as the rate its price implies, 1 - price / 100; the forward is that rate
less its convexity adjustment, which has to be stated, because daily margining makes the two differ.
Finding the curve is `bootstrap`; freshness of quotes is judged where they are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.conventions.calendar import date_tables
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.day_count import DAY_COUNT_CODES, year_fraction
from alm_pipeline.engine.conventions.months import months_after
from alm_pipeline.engine.conventions.tenor import Tenor, tenor
from alm_pipeline.engine.market.curve import ZeroCurve, discount_factors
from alm_pipeline.errors import MarketDataError

__all__ = ["Instrument", "ParInstrument", "ProjectedSwap", "Projection", "par_instruments"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

_MONTHS_PER_YEAR = 12.0
_DAYS_PER_YEAR = 365.0
_FORWARDS = {"fra", "future"}
_SINGLE_PAYMENT = {"deposit", *_FORWARDS}
_SEVERAL_PAYMENTS = {"ois", "irs", "bond"}
_OF_A_PROJECTION = {*_SINGLE_PAYMENT, "irs"}


@dataclass(frozen=True)
class ParInstrument:
    """One quote: payment days [days], year fractions [years], par rate [decimal], its first day."""

    pay_days: IntArray
    accrual_years: FloatArray
    quote: float
    start_day: int = 0

    @property
    def maturity_days(self) -> int:
        """Return the days from the as-of date to the last payment."""
        return int(self.pay_days[-1])

    @property
    def days(self) -> IntArray:
        """Return every day on which the quote reads its curve, (n,) increasing [days]."""
        return np.concatenate([[self.start_day], self.pay_days]).astype(np.int32)

    def gap(self, growth: FloatArray) -> tuple[float, FloatArray]:
        """Return how far the quote is from fair, and the slope of that in each growth.

        ``growth`` (n,): zero rate times years on each of `days`.
        """
        cash = np.concatenate([[-1.0], self.quote * self.accrual_years])
        cash[-1] += 1.0
        values = cash * np.exp(-growth)
        return float(values.sum()), -values

    def par_rate(self, growth: FloatArray) -> float:
        """Return the quote that would be fair [decimal per year]."""
        factors = np.exp(-growth)
        return float((factors[0] - factors[-1]) / (self.accrual_years @ factors[1:]))


@dataclass(frozen=True)
class ProjectedSwap:
    """A swap on a curve that does not discount it.

    Fixed leg: ``accrual_years`` (m,) and ``fixed_factors`` (m,) of its payments. Floating leg:
    ``days`` (n + 1,) bound its periods, ``floating_factors`` (n,) discount what each pays.
    """

    accrual_years: FloatArray
    fixed_factors: FloatArray
    quote: float
    days: IntArray
    floating_factors: FloatArray

    @property
    def maturity_days(self) -> int:
        """Return the days from the as-of date to the last payment."""
        return int(self.days[-1])

    def gap(self, growth: FloatArray) -> tuple[float, FloatArray]:
        """Return how far the quote is from fair, and the slope of that in each growth."""
        paid = np.exp(np.diff(growth)) * self.floating_factors
        fixed = self.quote * (self.accrual_years @ self.fixed_factors)
        slopes = np.append(paid, 0.0) - np.insert(paid, 0, 0.0)
        return float(fixed - paid.sum() + self.floating_factors.sum()), slopes

    def par_rate(self, growth: FloatArray) -> float:
        """Return the quote that would be fair [decimal per year]."""
        paid = np.expm1(np.diff(growth)) @ self.floating_factors
        return float(paid / (self.accrual_years @ self.fixed_factors))


Instrument = ParInstrument | ProjectedSwap


@dataclass(frozen=True)
class Projection:
    """How swaps on a projection curve are valued: what discounts them, months of their index."""

    discount: ZeroCurve
    index_months: int


def par_instruments(
    as_of_date: np.datetime64,
    quotes: Mapping[str, NDArray[Any]],
    projection: Projection | None = None,
) -> list[Instrument]:
    """Return the quotes of one curve as instruments, shortest maturity first.

    Parameters
    ----------
    as_of_date : datetime64[D]
        The day the instruments start, forwards and futures excepted.
    quotes : mapping of (n,) arrays
        ``instrument`` (deposit, fra, future, ois, irs or bond), ``tenor``, ``quote`` [decimal per
        year], ``day_count``, ``payment_freq`` (an ISO duration; None or empty for one payment),
        and for forwards and futures ``start_date`` (datetime64[D]) and
        ``convexity_adjustment_rate`` [decimal per year].
    projection : Projection or None
        Given for a curve of forwards that another curve discounts.

    Returns
    -------
    list of Instrument
        Maturities increase strictly.

    Raises
    ------
    MarketDataError
        If an instrument is unknown or not on such a curve, a swap or bond has no payment
        frequency, a forward no start, a future no convexity adjustment, or two quotes mature on
        the same day.
    """
    found = [
        _instrument(as_of_date, {name: column[row] for name, column in quotes.items()}, projection)
        for row in range(len(quotes["tenor"]))
    ]
    found.sort(key=lambda one: one.maturity_days)
    days = [one.maturity_days for one in found]
    if len(set(days)) != len(days):
        raise MarketDataError(
            "two quotes of one curve mature on the same day",
            detail=f"days to maturity: {sorted(day for day in set(days) if days.count(day) > 1)}",
            fix="deliver one quote per maturity",
        )
    return found


def _instrument(
    as_of_date: np.datetime64, quote: Mapping[str, Any], projection: Projection | None
) -> Instrument:
    length, period = tenor(str(quote["tenor"])), _period_months(quote)
    start = _start_date(as_of_date, quote)
    offset = int((start - as_of_date.astype("datetime64[D]")).astype(np.int64))
    months = _payment_months(length, period)
    days = _days(start, months, length) + np.int32(offset)
    if str(quote["instrument"]) == "bond":
        years = np.diff(months) / _MONTHS_PER_YEAR
        if not length.months:
            years = np.diff(days) / _DAYS_PER_YEAR
    else:
        tables = date_tables(as_of_date, 0, int(days[-1]) + 366)
        years = _accrual_years(tables, str(quote["day_count"]), days)
    rate, accrual_years = _rate(quote), np.asarray(years, dtype=np.float64)
    if projection is None:
        return ParInstrument(days[1:], accrual_years, rate, offset)
    _refuse_on_projection(quote)
    if str(quote["instrument"]) != "irs":
        return ParInstrument(days[1:], accrual_years, rate, offset)
    floating = _days(start, _payment_months(length, projection.index_months), length)
    return ProjectedSwap(
        accrual_years,
        discount_factors(projection.discount, days[1:]),
        rate,
        floating,
        discount_factors(projection.discount, floating[1:]),
    )


def _start_date(as_of_date: np.datetime64, quote: Mapping[str, Any]) -> np.datetime64:
    """Return the day an instrument starts: the as-of date, or a later one of a forward."""
    as_of, delivered = as_of_date.astype("datetime64[D]"), quote.get("start_date")
    start = as_of if delivered is None or np.isnat(delivered) else np.datetime64(delivered, "D")
    kind = str(quote["instrument"])
    if (kind in _FORWARDS) != bool(start > as_of):
        has_to = "later than" if kind in _FORWARDS else "on"
        raise MarketDataError(
            f"the {kind} quote {quote['tenor']} does not start {has_to} the as-of date",
            detail=f"start_date {start}",
            fix="deliver in start_date the day the quoted period begins",
        )
    return start


def _rate(quote: Mapping[str, Any]) -> float:
    """Return the quoted rate; a future's less its convexity adjustment."""
    if str(quote["instrument"]) != "future":
        return float(quote["quote"])
    adjustment = quote.get("convexity_adjustment_rate")
    if adjustment is None or np.isnan(adjustment):
        raise MarketDataError(
            f"the future quote {quote['tenor']} from {quote['start_date']} states no convexity",
            fix="deliver convexity_adjustment_rate: what the forward lies below the quote, or 0",
        )
    return float(quote["quote"]) - float(adjustment)


def _refuse_on_projection(quote: Mapping[str, Any]) -> None:
    if str(quote["instrument"]) not in _OF_A_PROJECTION:
        raise MarketDataError(
            f"a curve discounted by another one is not built from {quote['instrument']}",
            detail=f"tenor {quote['tenor']}",
            fix=f"deliver {', '.join(sorted(_OF_A_PROJECTION))}",
        )


def _period_months(quote: Mapping[str, Any]) -> int:
    """Return the months between payments; 0 for an instrument that pays once."""
    kind, frequency = str(quote["instrument"]), quote["payment_freq"]
    if kind in _SINGLE_PAYMENT:
        return 0
    if kind not in _SEVERAL_PAYMENTS:
        raise MarketDataError(
            f"a zero curve is not built from the instrument {kind}",
            detail=f"tenor {quote['tenor']}",
            fix="deliver deposits, forward rate agreements, futures, ois, irs or bonds",
        )
    if not isinstance(frequency, str) or not frequency:
        raise MarketDataError(
            f"the {kind} quote {quote['tenor']} has no payment frequency",
            fix="deliver payment_freq, for example P1Y or P6M",
        )
    return tenor(frequency).months


def _payment_months(length: Tenor, period: int) -> IntArray:
    """Return 0 and the months of all payments, counted backwards from maturity."""
    if period == 0 or length.months <= period:
        return np.array([0, length.months], dtype=np.int32)
    backwards = np.arange(length.months, 0, -period, dtype=np.int32)
    return np.concatenate([np.zeros(1, dtype=np.int32), backwards[::-1]])


def _days(start: np.datetime64, months: IntArray, length: Tenor) -> IntArray:
    """Return the days from a start to the ends of these months, the start itself first."""
    if not length.months:
        return np.array([0, length.days], dtype=np.int32)
    return np.asarray(months_after(start, length.months)[months], dtype=np.int32)


def _accrual_years(tables: DateTables, day_count: str, days: IntArray) -> FloatArray:
    if day_count not in DAY_COUNT_CODES:
        raise MarketDataError(
            f"the day count {day_count!r} of a quote is unknown",
            fix=f"deliver one of {', '.join(DAY_COUNT_CODES)}",
        )
    code, last, maturity = int(DAY_COUNT_CODES[day_count]), len(days) - 1, int(days[-1])
    return np.array(
        [
            year_fraction(tables, code, int(days[row]), int(days[row + 1]), maturity)
            for row in range(last)
        ]
    )
