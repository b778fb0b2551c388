"""Year fractions: how much of a year lies between two dates.

Each is computed per period, from day offsets or from month and day of both ends; ACT/ACT ISDA is
the difference of one table of all days. Sources: ISDA 2006 definitions 4.16 (b), (d), (e), (f),
(g), (h); ACTUS technical specification v1.1 for 28E/336 and for a maturity in February.

What does not belong here: which period a coupon covers (``schedule``, ``cash_flows``).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.kernel import kernel, shared_kernel
from alm_pipeline.engine.lanes import at


class DayCount(IntEnum):
    """Supported day counts."""

    ACT_360 = 0
    ACT_365F = 1
    ACT_ACT_ISDA = 2
    THIRTY_E_360 = 3
    TWENTY_EIGHT_E_336 = 4
    THIRTY_360_US = 5
    THIRTY_E_360_ISDA = 6


_ACT_360, _ACT_365F = int(DayCount.ACT_360), int(DayCount.ACT_365F)
_ACT_ACT_ISDA = int(DayCount.ACT_ACT_ISDA)
THIRTY_E_360 = int(DayCount.THIRTY_E_360)
_TWENTY_EIGHT_E_336 = int(DayCount.TWENTY_EIGHT_E_336)
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


def isda_years(days: np.ndarray) -> FloatArray:
    """Return the ACT/ACT ISDA years from 2000-01-01 to each day.

    Parameters
    ----------
    days : (n_days,) datetime64[D]

    Returns
    -------
    (n_days,) float64 [years]
        A period's year fraction is the difference of its ends.
    """
    year = days.astype("datetime64[Y]").astype(np.int64)
    first = int(year.min())
    starts = np.arange(first, int(year.max()) + 2).astype("datetime64[Y]").astype("datetime64[D]")
    row, starts = year - first, starts.astype(np.int64)
    day_of_year = days.astype("datetime64[D]").astype(np.int64) - starts[row]
    return np.asarray(year - 30 + day_of_year / np.diff(starts)[row])


@shared_kernel
def year_fraction(tables: DateTables, day_count: int, start: int, end: int, maturity: int) -> float:
    """Return the year fraction from ``start`` to ``end`` [years, signed].

    ``start`` and ``end`` are day offsets; an ``end`` that is the contract's ``maturity`` is not
    stretched by 30E/360 ISDA when it falls in February.
    """
    if day_count == _ACT_360:
        return (end - start) / 360.0
    if day_count == _ACT_365F:
        return (end - start) / 365.0
    a, b = start - tables.first_day, end - tables.first_day
    if day_count == _ACT_ACT_ISDA:
        return float(at(tables.isda_years, b) - at(tables.isda_years, a))
    months = at(tables.month_index, b) - at(tables.month_index, a)
    first, last = at(tables.day_of_month, a), at(tables.day_of_month, b)
    if day_count == THIRTY_E_360:
        return float((30 * months + min(last, 30) - min(first, 30)) / 360.0)
    if day_count == _TWENTY_EIGHT_E_336:
        return float((28 * months + min(last, 28) - min(first, 28)) / 336.0)
    if day_count == _THIRTY_360_US:
        return _thirty_us(tables, a, b, months)
    return _thirty_isda(tables, a, b, months, end == maturity)


@kernel
def _is_last_day(tables: DateTables, row: int) -> bool:
    return bool(at(tables.month_index, row + 1) != at(tables.month_index, row))


@kernel
def _is_february(tables: DateTables, row: int) -> bool:
    return bool(at(tables.month_index, row) % 12 == 1)


@kernel
def _thirty_us(tables: DateTables, a: int, b: int, months: int) -> float:
    first, last = at(tables.day_of_month, a), at(tables.day_of_month, b)
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
    first, last = at(tables.day_of_month, a), at(tables.day_of_month, b)
    if _is_last_day(tables, a):
        first = 30
    if _is_last_day(tables, b) and not (is_maturity and _is_february(tables, b)):
        last = 30
    return float((30 * months + last - first) / 360.0)
