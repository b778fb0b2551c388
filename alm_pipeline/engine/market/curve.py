"""The zero curve: zero rates, discount factors and forwards.

Zero rates are continuous, ACT/365F, linear between nodes and flat outside them. Answers what a
day's discount factor is; finding a curve from quotes is `bootstrap`, what a scenario does to one
does not belong here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "DAYS_PER_YEAR",
    "ZeroCurve",
    "daily_zero_rates",
    "discount_factors",
    "forward_rates",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

DAYS_PER_YEAR = 365.0


@dataclass(frozen=True)
class ZeroCurve:
    """Nodes of one curve: days (m,) int32 increasing, zero rates (m,) continuous ACT/365F."""

    tenor_days: IntArray
    zero_rates: FloatArray


def daily_zero_rates(
    tenor_days: IntArray, zero_rates: FloatArray, day_offsets: NDArray[Any]
) -> FloatArray:
    """Return the zero rate at every day, linear between nodes and flat outside them.

    Parameters
    ----------
    tenor_days : (m,) int32 [days]
        Nodes, increasing.
    zero_rates : (..., m) float64 [decimal per year, continuous ACT/365F]
        Rates at the nodes; any number of scenarios and curves in front.
    day_offsets : (n_days,) [days]
        Days from the as-of date, zero or positive, in any order; parts of a day too.

    Returns
    -------
    (..., n_days) float64 [decimal per year, continuous ACT/365F]
        At a node exactly the node's rate.

    Examples
    --------
    >>> nodes, rates = np.array([365, 730], dtype=np.int32), np.array([0.02, 0.04])
    >>> daily_zero_rates(nodes, rates, np.array([1, 365, 548], dtype=np.int32)).round(4)
    array([0.02, 0.02, 0.03])
    """
    last = len(tenor_days) - 1
    upper = np.clip(np.searchsorted(tenor_days, day_offsets, side="left"), 0, last)
    lower = np.maximum(upper - 1, 0)
    width = np.maximum(tenor_days[upper] - tenor_days[lower], 1)
    weight = np.clip((day_offsets - tenor_days[lower]) / width, 0.0, 1.0)
    weight = np.where(upper == lower, 0.0, weight)
    rates = zero_rates[..., lower] * (1.0 - weight) + zero_rates[..., upper] * weight
    return np.asarray(rates, dtype=np.float64)


def discount_factors(curve: ZeroCurve, day_offsets: IntArray) -> FloatArray:
    """Return the value today of one unit paid on each day.

    Parameters
    ----------
    curve : ZeroCurve
        Nodes of one curve.
    day_offsets : (n_days,) int32 [days]
        Days from the as-of date, zero or positive.

    Returns
    -------
    (n_days,) float64 [units today per unit then]
        Positive; 1 on the as-of date.

    Notes
    -----
    ``exp(-z * days / 365)``.
    """
    rates = daily_zero_rates(curve.tenor_days, curve.zero_rates, day_offsets)
    return np.asarray(np.exp(-rates * day_offsets / DAYS_PER_YEAR), dtype=np.float64)


def forward_rates(
    curve: ZeroCurve, start_days: IntArray, end_days: IntArray, accrual_years: FloatArray
) -> FloatArray:
    """Return the simple rate the curve implies between two days.

    Parameters
    ----------
    curve : ZeroCurve
        Nodes of one curve.
    start_days, end_days : (n,) int32 [days]
        Start before end.
    accrual_years : (n,) float64 [years]
        Length of each period in the rate's own day count, positive.

    Returns
    -------
    (n,) float64 [decimal per year, simple]
        May be negative.

    Notes
    -----
    ``(DF_start / DF_end - 1) / years``.
    """
    growth = discount_factors(curve, start_days) / discount_factors(curve, end_days)
    return (growth - 1.0) / accrual_years
