"""When the core of balances without maturity leaves: three profiles, and their average life.

Shares of the core that leave at the end of month 1, 2, ...; they add up to one, so that a balance
leaves whole. Which profile a segment has is an assumption and does not belong here.
Source: BCBS 368 (2016), annex 2, for the core; Maes and Timmermans (2005), National Bank of
Belgium, Financial Stability Review 3, for replicating ladders.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.errors import CalculationError


def linear_profile(n_months: int) -> FloatArray:
    """Return equal parts over so many months, (n_months,); average life (n + 1) / 24 years."""
    return np.full(n_months, 1.0 / max(n_months, 1))


def exponential_profile(decay_rate: float, n_months: int) -> FloatArray:
    """Return a constant share of what is left each month; the last month takes the rest.

    Parameters
    ----------
    decay_rate : float [per year]
        ``1 - exp(-decay_rate / 12)`` of what is left leaves in a month.
    n_months : int
        Cut-off: without it the last cent would never leave.

    Returns
    -------
    (n_months,) float64 [share of the core]

    Examples
    --------
    >>> exponential_profile(0.2, 120)[:2].round(8)
    array([0.01652855, 0.01625535])
    """
    left = np.exp(-decay_rate * np.arange(n_months + 1) / 12.0)
    left[n_months:] = 0.0
    return np.asarray(-np.diff(left))


def replicating_profile(tranches: Mapping[int, float]) -> FloatArray:
    """Return what leaves when a portfolio of ladders that replicates the core is not renewed.

    Parameters
    ----------
    tranches : mapping of int to float
        Share of the core in each ladder, by its months: a ladder of M months has 1 / M of its
        amount fall due at the end of each of them.

    Raises
    ------
    CalculationError
        If a ladder has no months, or the shares do not add up to one.
    """
    if min(tranches, default=0) < 1 or abs(sum(tranches.values()) - 1.0) > 1e-9:
        raise CalculationError(
            f"tranches of {sorted(tranches)} months add up to {sum(tranches.values()):g}",
            fix="give ladders of a month or more that make up the whole core",
        )
    profile = np.zeros(max(tranches))
    for months, share in tranches.items():
        profile[:months] += share / months
    return profile


def average_life_years(profile: FloatArray) -> float:
    """Return the average time until the core has left.

    Examples
    --------
    >>> average_life_years(linear_profile(119))
    5.0
    """
    months = np.arange(1, len(profile) + 1)
    return float(np.round(np.sum(months * profile) / 12.0, 12))
