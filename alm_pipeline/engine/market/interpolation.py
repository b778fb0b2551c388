"""Zero rates between and beyond the nodes of a curve: the choices a curve may make.

Between nodes: straight lines in the zero rate (``linear_zero``), in the logarithm of the discount
factor (``log_linear``: forwards are constant between nodes), or Hagan and West's monotone convex
forwards (``monotone_convex``: continuous, and each period keeps its average). Before the first node
the zero rate of ``linear_zero`` is flat, the other two start at a discount factor of one. Beyond
the last node the zero rate is flat, or the forward is (``flat_forward``). Finding the nodes that
reprice quotes is `curve`.

Source: P. Hagan and G. West, Interpolation methods for curve construction, Applied Mathematical
Finance 13 (2006), section 3.7; their bounds that keep forwards positive are left out, because rates
may be negative.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.errors import CalculationError

__all__ = ["EXTRAPOLATIONS", "INTERPOLATIONS", "rates_between"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

INTERPOLATIONS = ("linear_zero", "log_linear", "monotone_convex")
EXTRAPOLATIONS = ("flat_zero", "flat_forward")


def rates_between(
    tenor_days: IntArray,
    zero_rates: FloatArray,
    day_offsets: IntArray,
    interpolation: str = "linear_zero",
    extrapolation: str = "flat_zero",
) -> FloatArray:
    """Return the zero rate of every day.

    Parameters
    ----------
    tenor_days : (m,) int32 [days]
        Nodes, increasing, the first above zero.
    zero_rates : (m,) float64 [decimal per year, continuous ACT/365F]
    day_offsets : (n,) int32 [days]
        Zero or positive.
    interpolation, extrapolation : str
        One of `INTERPOLATIONS` and of `EXTRAPOLATIONS`.

    Returns
    -------
    (n,) float64 [decimal per year, continuous ACT/365F]
        At a node the node's rate.

    Raises
    ------
    CalculationError
        If a word is not a choice.

    Examples
    --------
    Beyond two years the forward of the second year, 6 %, goes on: (2 x 4 % + 6 %) / 3.

    >>> nodes, rates = np.array([365, 730], dtype=np.int32), np.array([0.02, 0.04])
    >>> three = np.array([1095], dtype=np.int32)
    >>> rates_between(nodes, rates, three, "log_linear", "flat_forward").round(6)
    array([0.046667])
    """
    for word, choices in ((interpolation, INTERPOLATIONS), (extrapolation, EXTRAPOLATIONS)):
        if word not in choices:
            raise CalculationError(f"{word!r} is no choice", fix=f"use {' or '.join(choices)}")
    days = np.asarray(day_offsets, dtype=np.float64)
    last = float(tenor_days[-1])
    inside = np.clip(days, 1.0, last)  # the rate of no time at all is that of the first day
    rates = _inside(tenor_days, zero_rates, inside, interpolation)
    if extrapolation == "flat_forward":
        end = _forward_at_end(tenor_days, zero_rates, interpolation)
        beyond = np.maximum(days, last)
        rates = np.where(
            days > last, (zero_rates[-1] * last + end * (beyond - last)) / beyond, rates
        )
    return np.asarray(rates, dtype=np.float64)


def _inside(
    tenor_days: IntArray, zero_rates: FloatArray, days: FloatArray, interpolation: str
) -> FloatArray:
    if interpolation == "linear_zero":
        return np.asarray(np.interp(days, tenor_days, zero_rates))
    nodes = np.concatenate([[0.0], tenor_days])
    growth = np.concatenate([[0.0], zero_rates * tenor_days])
    if interpolation == "log_linear":
        return np.asarray(np.interp(days, nodes, growth) / days)
    right = np.clip(np.searchsorted(nodes, days, side="left"), 1, len(nodes) - 1)
    width = np.diff(nodes)[right - 1]
    average = np.diff(growth)[right - 1] / width
    ends = _node_forwards(nodes, growth)
    left_gap, right_gap = ends[right - 1] - average, ends[right] - average
    share = (days - nodes[right - 1]) / width
    bent = np.array(
        [_gap_integral(*one) for one in zip(left_gap, right_gap, share, strict=True)]
    ).reshape(days.shape)
    return np.asarray((growth[right - 1] + width * (average * share + bent)) / days)


def _forward_at_end(tenor_days: IntArray, zero_rates: FloatArray, interpolation: str) -> float:
    """Return the forward on the last node's day."""
    if len(tenor_days) == 1:
        return float(zero_rates[-1])
    if interpolation == "linear_zero":
        slope = np.diff(zero_rates)[-1] / np.diff(tenor_days)[-1]
        return float(zero_rates[-1] + slope * tenor_days[-1])
    nodes = np.concatenate([[0.0], tenor_days])
    growth = np.concatenate([[0.0], zero_rates * tenor_days])
    if interpolation == "log_linear":
        return float(np.diff(growth)[-1] / np.diff(nodes)[-1])
    return float(_node_forwards(nodes, growth)[-1])


def _node_forwards(nodes: FloatArray, growth: FloatArray) -> FloatArray:
    """Return the forward on every node: between its neighbours' averages, weighted by nearness."""
    widths = np.diff(nodes)
    averages = np.diff(growth) / widths
    if len(averages) == 1:
        return np.repeat(averages, 2)
    weight = widths[:-1] / (widths[:-1] + widths[1:])
    middle = weight * averages[1:] + (1.0 - weight) * averages[:-1]
    first = averages[0] - 0.5 * (middle[0] - averages[0])
    last = averages[-1] - 0.5 * (middle[-1] - averages[-1])
    return np.concatenate([[first], middle, [last]])


def _gap_integral(left: float, right: float, x: float) -> float:
    """Return the integral up to ``x`` of how far a period's forward lies above its average.

    ``left`` and ``right`` are the gaps at its two ends; over the whole period it is zero.
    """
    if left == 0.0 and right == 0.0:
        return 0.0
    if left * right >= 0.0:
        return _same_side(left, right, x)
    small, large = -right / left, -left / right  # both positive
    if 0.5 <= small <= 2.0:
        return left * (x - 2.0 * x**2 + x**3) + right * (x**3 - x**2)
    if large < 0.5:  # the right end lies more than twice as far away
        turn = (right + 2.0 * left) / (right - left)
        late = max(x - turn, 0.0)
        return left * x + (right - left) * late**3 / (3.0 * (1.0 - turn) ** 2)
    turn = 3.0 * right / (right - left)
    early = max(turn - x, 0.0)
    return right * x + (left - right) * (turn**3 - early**3) / (3.0 * turn**2)


def _same_side(left: float, right: float, x: float) -> float:
    """Return the integral where both ends lie on one side: down to a low between them, and up."""
    turn = right / (left + right)
    low = -left * right / (left + right)
    early, late = max(turn - x, 0.0), max(x - turn, 0.0)
    found = low * x
    if turn > 0.0:
        found += (left - low) * (turn**3 - early**3) / (3.0 * turn**2)
    if turn < 1.0:
        found += (right - low) * late**3 / (3.0 * (1.0 - turn) ** 2)
    return found
