"""Which days are closed, per calendar id of the extracts.

Answers the closed days of `none`, `weekend`, `target` (the euro's settlement system) and `us` (the
Federal Reserve's: a holiday on a Sunday is kept on Monday, one on a Saturday is not moved).
Weekends are closed in every calendar but `none`. Where a date then moves is the engine's
(`engine/conventions/calendar.py`).
"""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.errors import ConfigurationError

__all__ = ["CALENDAR_IDS", "closed_offsets"]

CALENDAR_IDS = ("none", "weekend", "target", "us")
_SUNDAY = 6


def closed_offsets(
    calendar_id: str, as_of_date: dt.date, first_offset: int, last_offset: int
) -> NDArray[np.int32]:
    """Return the closed days of a calendar as offsets from the as-of date, increasing.

    Parameters
    ----------
    calendar_id
        One of `CALENDAR_IDS`.
    as_of_date
        Day with offset 0.
    first_offset, last_offset
        Range of days, both included.
    """
    if calendar_id not in CALENDAR_IDS:
        raise ConfigurationError(
            f"there is no calendar {calendar_id}",
            detail=f"known: {', '.join(CALENDAR_IDS)}",
            fix="use one of the known calendars",
        )
    offsets = np.arange(first_offset, last_offset + 1, dtype=np.int32)
    if calendar_id == "none":
        return offsets[:0]
    days = np.datetime64(as_of_date, "D") + offsets
    is_closed = ~np.is_busday(days)
    if calendar_id != "weekend":
        years = range(days[0].astype(dt.date).year, days[-1].astype(dt.date).year + 1)
        holidays_of = {"target": _target_holidays, "us": _us_holidays}[calendar_id]
        is_closed |= np.isin(days, np.array(holidays_of(years), dtype="datetime64[D]"))
    return offsets[is_closed]


def _target_holidays(years: range) -> list[dt.date]:
    import holidays  # a large library, wanted only where a calendar is

    return list(holidays.financial_holidays("ECB", years=years))


def _us_holidays(years: range) -> list[dt.date]:
    import holidays

    days = list(holidays.country_holidays("US", years=years, observed=False))
    return days + [day + dt.timedelta(1) for day in days if day.weekday() == _SUNDAY]
