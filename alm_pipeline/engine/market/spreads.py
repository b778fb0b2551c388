"""Curves that are quoted as spreads over another one: credit or funding above the risk-free rate.

A spread is the difference of two continuous zero rates at a tenor; between tenors it is a straight
line in days, outside them flat. The curve below is bootstrapped first (`bootstrap`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.market.curve import ZeroCurve, daily_zero_rates
from alm_pipeline.engine.market.tenors import tenor_offsets
from alm_pipeline.errors import MarketDataError

__all__ = ["spread_over", "spread_points"]


def spread_points(as_of_date: np.datetime64, quotes: Mapping[str, NDArray[Any]]) -> ZeroCurve:
    """Return quoted spreads by days, in order.

    Parameters
    ----------
    as_of_date : datetime64[D]
    quotes : mapping of (n,) arrays
        ``instrument`` (spread), ``tenor``, ``quote`` [decimal per year, continuous ACT/365F].

    Raises
    ------
    MarketDataError
        If a quote is no spread, or two stand on one day.
    """
    kinds = sorted({str(kind) for kind in quotes["instrument"]} - {"spread"})
    if kinds:
        raise MarketDataError(
            f"a spread curve is not built from the instrument {kinds[0]}",
            fix="deliver the instrument spread, or give the curve another role in curves.yaml",
        )
    days = tenor_offsets(as_of_date, [str(text) for text in quotes["tenor"]])
    order = np.argsort(days)
    if len(np.unique(days)) != len(days):
        raise MarketDataError(
            "two spreads of one curve stand on the same day",
            detail=f"tenors {[str(quotes['tenor'][row]) for row in order]}",
            fix="deliver one spread per tenor",
        )
    return ZeroCurve(days[order], np.asarray(quotes["quote"], dtype=np.float64)[order])


def spread_over(below: ZeroCurve, spreads: ZeroCurve) -> ZeroCurve:
    """Return the sum of a curve and spreads, with the nodes of both.

    Examples
    --------
    >>> below = ZeroCurve(np.array([365, 1095], np.int32), np.array([0.02, 0.04]))
    >>> spreads = ZeroCurve(np.array([730], np.int32), np.array([0.01]))
    >>> spread_over(below, spreads).zero_rates
    array([0.03, 0.04, 0.05])
    """
    days = np.union1d(below.tenor_days, spreads.tenor_days).astype(np.int32)
    rates = sum(daily_zero_rates(one.tenor_days, one.zero_rates, days) for one in (below, spreads))
    return ZeroCurve(days, np.asarray(rates, dtype=np.float64))
