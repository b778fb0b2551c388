"""Is a quote young enough to be used? What is allowed stands in `data_contracts/curves.yaml`."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.errors import MarketDataError

__all__ = ["refuse_stale"]


def refuse_stale(
    quote_dates: NDArray[Any], where: str, max_age_days: int, as_of_date: dt.date
) -> None:
    """Refuse quotes older than allowed, or dated after the as-of date.

    Parameters
    ----------
    quote_dates : (n,) datetime64[D]
    where : str
        What the quotes are of, for the message.
    max_age_days : int [days]
        A quote may be exactly as old.
    as_of_date

    Raises
    ------
    MarketDataError
        With the number of such quotes and the age of the worst.
    """
    dates = quote_dates.astype("datetime64[D]")
    age_days = (np.datetime64(as_of_date, "D") - dates).astype(np.int64)
    is_wrong = (age_days > max_age_days) | (age_days < 0)
    if not is_wrong.any():
        return
    n_wrong, worst = int(is_wrong.sum()), int(np.argmax(np.abs(age_days)))
    word = "stale" if age_days[worst] > 0 else "dated after the as-of date"
    raise MarketDataError(
        f"{n_wrong} quote{'s are' if n_wrong > 1 else ' is'} {word}",
        where=where,
        detail=f"quote date {dates[worst]}, {age_days[worst]} days old, allowed {max_age_days}",
        fix="deliver the quotes of the as-of date",
    )
