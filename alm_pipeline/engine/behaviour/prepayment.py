"""How much of a loan is prepaid in a period, from a conditional annual rate.

``share(dt) = 1 - (1 - CPR) ** dt`` of what is left after scheduled principal; for one month this is
the single monthly mortality. Source: Bond Market Association (1999), Standard Formulas for the
Analysis of Mortgage-Backed Securities, section B.
The scenario multiplier of the rate (Basel: gamma) is applied before, where assumptions are read.
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.arrays import Behaviour, BoolArray, FloatArray


def prepaid_shares(annual_prepayment_rate: FloatArray, years: FloatArray) -> FloatArray:
    """Return the share prepaid in periods of given lengths.

    Parameters
    ----------
    annual_prepayment_rate : (..., ) float64 [1/year, 0 to 1]
    years : (...,) float64 [years]
        Broadcast against the rates.

    Returns
    -------
    float64 [share of the balance after scheduled principal]

    Examples
    --------
    >>> prepaid_shares(np.array([0.06]), np.array([1 / 12])).round(10)
    array([0.00514301])
    """
    return np.asarray(1.0 - (1.0 - annual_prepayment_rate) ** years)


def period_shares(annual_prepayment_rate: FloatArray, n_lengths: int) -> FloatArray:
    """Return the share prepaid in a period of so many months that ends in a month.

    Parameters
    ----------
    annual_prepayment_rate : (n_rows, n_months, S) float64 [1/year]
        By month from the as-of date; before it the first month's rate holds.
    n_lengths : int
        Lengths 0, 1, ... months.

    Returns
    -------
    (n_rows, n_lengths, n_months, S) float64
        ``1 - product of (1 - CPR) ** (1 / 12)`` over the months of the period.
    """
    n_rows, n_months, n_scenarios = annual_prepayment_rate.shape
    kept = np.ones((n_rows, n_lengths, n_months, n_scenarios))
    if n_months == 1:
        years = np.arange(n_lengths)[:, None, None] / 12.0
        return prepaid_shares(annual_prepayment_rate[:, None], years)
    for length in range(1, n_lengths):
        first = np.maximum(np.arange(n_months) - length + 1, 0)
        monthly = 1.0 - prepaid_shares(annual_prepayment_rate[:, first], np.array(1.0 / 12.0))
        kept[:, length] = monthly
        if length > 1:
            kept[:, length] = monthly * kept[:, length - 1]
    return np.asarray(1.0 - kept)


def prepaying_cohorts(behaviour: Behaviour) -> BoolArray:
    """Return which rows of rates prepay in at least one scenario, (n_rows,)."""
    return np.asarray((behaviour.monthly_prepayment_rate > 0.0).any(axis=(1, 2)))
