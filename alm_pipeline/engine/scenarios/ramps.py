"""Moves that build up over months: zero rates along a path from the base curve to a shocked one.

A ramp is a curve. Its forward of every day lies between the base forward and the shocked one, in a
straight line from nothing today to all of the move on the ramp's last day:
``f(u) = f_base(u) + min(u / T, 1) x (f_shocked(u) - f_base(u))``. So present values, forwards and
administered rates follow one path, and an index of several months averages the path over its
period, as a market that expects the ramp would quote it. Sizes and floors are settled before, in
`shocks`; spot rates that never move (the flat path of income) do not belong here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.market.curve import daily_zero_rates

__all__ = ["ramped_zero_rates"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]


def ramped_zero_rates(
    tenor_days: IntArray, base_zero_rates: FloatArray, shocked_zero_rates: FloatArray, n_days: int
) -> FloatArray:
    """Return the zero rates whose forwards reach the shocked ones after so many days.

    Parameters
    ----------
    tenor_days : (m,) int32 [days]
        Nodes, increasing, the first above zero.
    base_zero_rates, shocked_zero_rates : (..., m) float64 [decimal per year, continuous ACT/365F]
        Before and after the whole move, floors included.
    n_days : int [days]
        Length of the ramp, one or more.

    Returns
    -------
    (..., m) float64 [decimal per year, continuous ACT/365F]

    Notes
    -----
    Day by day: with ``G(u) = (z_shocked(u) - z_base(u)) u`` the move of a node is the sum of
    ``w(u + 1/2) (G(u + 1) - G(u))`` up to it, divided by its days.

    Examples
    --------
    A parallel move of 1 % over a year: half of it is in the one-year zero rate.

    >>> nodes = np.array([365, 730], dtype=np.int32)
    >>> ramped_zero_rates(nodes, np.zeros(2), np.array([0.01, 0.01]), 365)
    array([0.005 , 0.0075])
    """
    days = np.arange(int(tenor_days[-1]) + 1, dtype=np.int32)
    growth = daily_zero_rates(tenor_days, shocked_zero_rates - base_zero_rates, days) * days
    weight = np.minimum((days[:-1] + 0.5) / n_days, 1.0)
    moved = np.cumsum(np.diff(growth, axis=-1) * weight, axis=-1)
    return np.asarray(base_zero_rates + moved[..., tenor_days - 1] / tenor_days)
