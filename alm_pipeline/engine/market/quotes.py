"""Market quotes as par instruments: which payments a quote promises, and when.

A deposit, a par swap and a par bond say the same thing: the quoted rate on every payment and the
principal at maturity are worth one today,

    quote * sum(years_i * DF_i) + DF_n = 1.

Answers the payment days and year fractions of each quote. Payments count backwards from maturity,
a broken first period comes first; dates are calendar dates from the as-of date, without spot lag
or business days. A tenor of at most one period pays once. Finding the discount factors is
`curve.bootstrap`; freshness of quotes is judged where they are read.
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
from alm_pipeline.errors import MarketDataError

__all__ = ["ParInstrument", "par_instruments"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

_MONTHS_PER_YEAR = 12.0
_DAYS_PER_YEAR = 365.0
_SINGLE_PAYMENT = {"deposit"}
_SEVERAL_PAYMENTS = {"ois", "irs", "bond"}


@dataclass(frozen=True)
class ParInstrument:
    """One quote: payment days [days], year fractions [years] and the par rate [decimal]."""

    pay_days: IntArray
    accrual_years: FloatArray
    quote: float

    @property
    def maturity_days(self) -> int:
        """Return the days from the as-of date to the last payment."""
        return int(self.pay_days[-1])


def par_instruments(
    as_of_date: np.datetime64, quotes: Mapping[str, NDArray[Any]]
) -> list[ParInstrument]:
    """Return the quotes of one curve as par instruments, shortest maturity first.

    Parameters
    ----------
    as_of_date : datetime64[D]
        The day the instruments start.
    quotes : mapping of (n,) arrays
        ``instrument`` (deposit, ois, irs or bond), ``tenor``, ``quote`` [decimal per year],
        ``day_count`` and ``payment_freq`` (an ISO duration; None or empty for a deposit).

    Returns
    -------
    list of ParInstrument
        Maturities increase strictly.

    Raises
    ------
    MarketDataError
        If an instrument is not one of the four, a swap or bond has no payment frequency, or two
        quotes mature on the same day.
    """
    last_month = max((tenor(str(text)).months for text in quotes["tenor"]), default=0)
    month_dates = months_after(as_of_date, last_month)
    tables = date_tables(as_of_date, 0, max(int(month_dates[-1]), 1) + 366)
    found = [
        _par_instrument(tables, month_dates, {name: quotes[name][row] for name in _COLUMNS})
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


_COLUMNS = ("instrument", "tenor", "quote", "day_count", "payment_freq")


def _par_instrument(
    tables: DateTables, month_dates: IntArray, quote: Mapping[str, Any]
) -> ParInstrument:
    length = tenor(str(quote["tenor"]))
    period = _period_months(quote)
    months = _payment_months(length, period)
    days = month_dates[months] if length.months else np.array([0, length.days])
    days = np.asarray(days, dtype=np.int32)
    if str(quote["instrument"]) == "bond":
        years = np.diff(months) / _MONTHS_PER_YEAR
        if not length.months:
            years = np.diff(days) / _DAYS_PER_YEAR
    else:
        years = _accrual_years(tables, str(quote["day_count"]), days)
    return ParInstrument(days[1:], np.asarray(years, dtype=np.float64), float(quote["quote"]))


def _period_months(quote: Mapping[str, Any]) -> int:
    """Return the months between payments; 0 for an instrument that pays once."""
    kind, frequency = str(quote["instrument"]), quote["payment_freq"]
    if kind in _SINGLE_PAYMENT:
        return 0
    if kind not in _SEVERAL_PAYMENTS:
        raise MarketDataError(
            f"a zero curve is not built from the instrument {kind}",
            detail=f"tenor {quote['tenor']}",
            fix="deliver deposits, ois, irs or bonds",
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
