"""Tenors counted from an as-of date in calendar days.

Days and weeks are counted; months and years go to the same day of a later month, or to its last
day where that day does not exist or where the as-of date is itself a month end. No business-day
rule is applied, so a node of a curve and a bound of a bucket lie on the calendar date a person
expects. What a tenor text means is `conventions/tenor`; schedules of contracts do not belong here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.conventions.months import months_after
from alm_pipeline.engine.conventions.tenor import tenor
from alm_pipeline.errors import CalculationError

__all__ = ["tenor_offsets"]


def tenor_offsets(as_of_date: np.datetime64, tenors: Sequence[str]) -> NDArray[np.int32]:
    """Return the calendar days from the as-of date to each tenor's date.

    Parameters
    ----------
    as_of_date : datetime64[D]
        The day tenors are counted from.
    tenors : sequence of str
        A count and a unit: ``"1D"``, ``"3M"``, ``"10Y"``.

    Returns
    -------
    (n_tenors,) int32 [days]
        Positive.

    Raises
    ------
    CalculationError
        If a text is not a tenor, or means no time at all.

    Examples
    --------
    >>> tenor_offsets(np.datetime64("2026-02-28"), ["1W", "1M"])
    array([ 7, 31], dtype=int32)
    """
    parts = [tenor(text) for text in tenors]
    month_dates = months_after(as_of_date, max((part.months for part in parts), default=0))
    days = np.array([part.days or int(month_dates[part.months]) for part in parts], dtype=np.int32)
    if (days <= 0).any():
        raise CalculationError("a tenor means no time at all", fix="write at least 1D")
    return days
