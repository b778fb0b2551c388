"""Year fractions: how much of a year lies between two dates.

Five day counts are additive: ``yf(a, b) = T[b] - T[a]`` for one table ``T`` of all days. The two
30/360 variants that look at both ends of a period (US; ISDA with its rule for February) are
computed per period. Sources: ISDA 2006 definitions 4.16 (b), (d), (e), (f), (g), (h); ACTUS
technical specification v1.1 for 28E/336 and for a maturity in February.

What does not belong here: which period a coupon covers (``schedule``, ``cash_flows``).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.kernel import inner_kernel, kernel


class DayCount(IntEnum):
    """Supported day counts; the first ``N_ADDITIVE`` are differences of a table."""

    ACT_360 = 0
    ACT_365F = 1
    ACT_ACT_ISDA = 2
    THIRTY_E_360 = 3
    TWENTY_EIGHT_E_336 = 4
    THIRTY_360_US = 5
    THIRTY_E_360_ISDA = 6


N_ADDITIVE = 5
THIRTY_E_360 = int(DayCount.THIRTY_E_360)
_THIRTY_360_US = int(DayCount.THIRTY_360_US)

DAY_COUNT_CODES = {
    "act_360": DayCount.ACT_360,
    "act_365f": DayCount.ACT_365F,
    "act_act_isda": DayCount.ACT_ACT_ISDA,
    "30e_360": DayCount.THIRTY_E_360,
    "28e_336": DayCount.TWENTY_EIGHT_E_336,
    "30_360": DayCount.THIRTY_360_US,
    "30e_360_isda": DayCount.THIRTY_E_360_ISDA,
}
"""Words of the extracts."""


def additive_table(days: np.ndarray) -> FloatArray:
    """Return ``T`` of the additive day counts.

    Parameters
    ----------
    days : (n_days,) datetime64[D]
        Consecutive days.

    Returns
    -------
    (N_ADDITIVE, n_days) float64 [years]
        Counted from 2000-01-01 so that the values stay small.
    """
    year = days.astype("datetime64[Y]")
    month = days.astype("datetime64[M]")
    y = year.astype(np.int64) - 30
    m = month.astype(np.int64) % 12
    d = (days - month).astype(np.int64) + 1
    day_of_year = (days - year.astype("datetime64[D]")).astype(np.int64)
    year_days = ((year + 1).astype("datetime64[D]") - year.astype("datetime64[D]")).astype(np.int64)
    serial = (days - np.datetime64("2000-01-01")).astype(np.int64)
    table = np.empty((N_ADDITIVE, len(days)))
    table[DayCount.ACT_360] = serial / 360.0
    table[DayCount.ACT_365F] = serial / 365.0
    table[DayCount.ACT_ACT_ISDA] = y + day_of_year / year_days
    table[DayCount.THIRTY_E_360] = (360 * y + 30 * m + np.minimum(d, 30)) / 360.0
    table[DayCount.TWENTY_EIGHT_E_336] = (336 * y + 28 * m + np.minimum(d, 28)) / 336.0
    return table


@inner_kernel
def year_fraction(tables: DateTables, day_count: int, start: int, end: int, maturity: int) -> float:
    """Return the year fraction from ``start`` to ``end`` [years, signed].

    ``start`` and ``end`` are day offsets; an ``end`` that is the contract's ``maturity`` is not
    stretched by 30E/360 ISDA when it falls in February.
    """
    a, b = start - tables.first_day, end - tables.first_day
    if day_count < N_ADDITIVE:
        return float(tables.additive_years[day_count, b] - tables.additive_years[day_count, a])
    months = tables.month_index[b] - tables.month_index[a]
    if day_count == _THIRTY_360_US:
        return _thirty_us(tables, a, b, months)
    return _thirty_isda(tables, a, b, months, end == maturity)


@kernel
def _is_last_day(tables: DateTables, row: int) -> bool:
    return bool(tables.month_index[row + 1] != tables.month_index[row])


@kernel
def _is_february(tables: DateTables, row: int) -> bool:
    return bool(tables.month_index[row] % 12 == 1)


@kernel
def _thirty_us(tables: DateTables, a: int, b: int, months: int) -> float:
    first, last = tables.day_of_month[a], tables.day_of_month[b]
    if _is_february(tables, a) and _is_last_day(tables, a):
        if _is_february(tables, b) and _is_last_day(tables, b):
            last = 30
        first = 30
    if last == 31 and first >= 30:
        last = 30
    first = min(first, 30)
    return float((30 * months + last - first) / 360.0)


@kernel
def _thirty_isda(tables: DateTables, a: int, b: int, months: int, is_maturity: bool) -> float:
    first, last = tables.day_of_month[a], tables.day_of_month[b]
    if _is_last_day(tables, a):
        first = 30
    if _is_last_day(tables, b) and not (is_maturity and _is_february(tables, b)):
        last = 30
    return float((30 * months + last - first) / 360.0)
