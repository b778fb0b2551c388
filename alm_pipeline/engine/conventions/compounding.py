"""Rates from one convention to another.

The engine's curves are continuous ACT/365F; an index is a simple rate over its own period.

What does not belong here: building curves (``market``).
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.arrays import FloatArray


def continuous_from_annual(annual_rate: FloatArray) -> FloatArray:
    """Return the continuous rate with the same yearly growth, ``log(1 + r)``.

    Examples
    --------
    >>> continuous_from_annual(np.array([0.06])).round(8)
    array([0.05826891])
    """
    return np.log1p(annual_rate)


def annual_from_continuous(zero_rate: FloatArray) -> FloatArray:
    """Return the annual rate with the same yearly growth, ``exp(z) - 1``."""
    return np.expm1(zero_rate)


def simple_from_discount(discount_ratio: FloatArray, years: FloatArray) -> FloatArray:
    """Return the simple rate of a period, ``(P(start) / P(end) - 1) / years``."""
    return (discount_ratio - 1.0) / years
