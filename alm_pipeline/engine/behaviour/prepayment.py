"""How much of a loan is prepaid in a period, from a conditional annual rate.

``share(dt) = 1 - (1 - CPR) ** dt`` of what is left after scheduled principal; for one month this is
the single monthly mortality. Source: market standard, reference/behavioural.md section 5.1.
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


def prepaying_cohorts(behaviour: Behaviour) -> BoolArray:
    """Return which cohorts prepay in at least one scenario, (n_cohorts,)."""
    return np.asarray((behaviour.annual_prepayment_rate > 0.0).any(axis=1))
