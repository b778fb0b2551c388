"""Discount factors of the midpoints of time buckets, day by day.

The standardised approach discounts a cash flow at the midpoint of its bucket, or splits it between
the two midpoints around it so that its maturity is kept (BCBS d368, paragraphs 101 to 108 and 132).
Either is a discount factor of the day it falls on: a step, or the straight line between two
midpoints' factors. So one projection serves full revaluation and both slottings.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import Buckets, Curves, FloatArray
from alm_pipeline.engine.conventions.buckets import bucket_of_day
from alm_pipeline.engine.market.curve import DAYS_PER_YEAR


def bucketed_factors(
    zero_rates: FloatArray, midpoints: FloatArray, buckets: Buckets, n_days: int
) -> FloatArray:
    """Return the factor of the midpoint of each day's bucket.

    Parameters
    ----------
    zero_rates : (..., n_buckets) float64 [decimal per year, continuous ACT/365F]
        At the midpoints.
    midpoints : (n_buckets,) float64 [years]
    buckets : Buckets
        The same buckets by days.
    n_days : int
        Days 1, 2 ... of the result.

    Returns
    -------
    (..., n_days) float64
    """
    bucket = bucket_of_day(buckets.upper_offset, n_days + 1)[1:]
    return np.asarray(np.exp(-zero_rates * midpoints)[..., bucket])


def split_factors(zero_rates: FloatArray, midpoints: FloatArray, n_days: int) -> FloatArray:
    """Return the factors of the two midpoints around each day, weighted so that maturity is kept.

    ``w_lower = (t_upper - t) / (t_upper - t_lower)``; before the first and after the last midpoint
    its own factor. Parameters and result as ``bucketed_factors``.
    """
    factors, years = np.exp(-zero_rates * midpoints), np.arange(1, n_days + 1) / DAYS_PER_YEAR
    upper = np.clip(np.searchsorted(midpoints, years), 1, len(midpoints) - 1)
    width = midpoints[upper] - midpoints[upper - 1]
    weight = np.clip((midpoints[upper] - years) / width, 0.0, 1.0)
    return np.asarray(factors[..., upper - 1] * weight + factors[..., upper] * (1.0 - weight))


def curves_of_factors(factors: FloatArray) -> Curves:
    """Return curves with these factors, (n_scenarios, n_curves, n_days), on days 1, 2 ..."""
    days: NDArray[np.int32] = np.arange(1, factors.shape[-1] + 1, dtype=np.int32)
    rates = -np.log(factors) * (DAYS_PER_YEAR / days)
    return Curves(tenor_days=days, zero_rates=rates, base_zero_rates=rates[0])
