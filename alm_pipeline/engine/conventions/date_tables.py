"""The tables that replace date arithmetic in kernels.

``DateTables`` answers by look-up: which day is the 31st of a month (clipped), which month a day
lies in, how many years of an additive day count have passed, where a date goes when it is not a
business day. It is built once per as-of date by ``calendar.date_tables``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import CountArray, FloatArray, IntArray


class DateTables(NamedTuple):
    """Look-up tables of days and months around the as-of date.

    ``first_day`` is the offset of row 0 of the day tables, ``first_month`` the month (counted
    from January 1970) of row 0 of the month tables. ``adjusted`` (n_adjustments, n_days) holds
    the offset each day moves to; row 0 leaves every day where it is. Tables of all days are as
    narrow as their numbers, to stay in the processor's cache.
    """

    first_day: int
    first_month: int
    month_start: CountArray
    month_length: CountArray
    month_index: IntArray
    day_of_month: NDArray[np.int8]
    isda_years: FloatArray
    adjusted: IntArray

    @property
    def last_day(self) -> int:
        """Return the last offset that every table can answer."""
        return self.first_day + len(self.month_index) - 2
