"""What refinancing saves, and how many use it: prepayment that answers to rates.

A loan whose rate lies ``x`` above what a new one costs is refinanced at
``height / (1 + exp(-slope (x - midpoint)))`` a year: next to nobody far below the midpoint,
``height`` far above. Those who notice first leave first, so that the rate burns out with what could
have been saved. Source of the curve: Richard and Roll (1989), Prepayments on fixed-rate
mortgage-backed securities, Journal of Portfolio Management 15(3); of the burnout: Schwartz and
Torous (1989), Journal of Finance 44(2).
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.arrays import Curves, FloatArray
from alm_pipeline.engine.conventions.months import months_after
from alm_pipeline.engine.market.curve import daily_zero_rates

__all__ = ["burnout_factors", "par_rates", "refinanced_rates"]


def par_rates(
    curves: Curves, as_of_date: np.datetime64, n_months: int, tenor_years: int
) -> FloatArray:
    """Return the yearly rate of a new loan at the start of each month, on each curve's forwards.

    Parameters
    ----------
    curves : Curves
        ``S`` scenarios.
    as_of_date : datetime64[D]
    n_months, tenor_years : int
        A rate for every month from the as-of date on, interest once a year.

    Returns
    -------
    (n_curves, n_months, S) float64 [decimal per year]
        ``(P(m) - P(m + 12 n)) / sum of P(m + 12 k)``, k from 1 to n.
    """
    days = months_after(as_of_date, n_months + 12 * tenor_years)
    rates = daily_zero_rates(curves.tenor_days, curves.zero_rates, days)
    factors = np.moveaxis(np.exp(-rates * (days / 365.0)), 0, -1)
    first, last = factors[:, :n_months], factors[:, 12 * tenor_years :][:, :n_months]
    annuity = np.zeros_like(first)
    for year in range(1, tenor_years + 1):
        annuity += factors[:, 12 * year : 12 * year + n_months]
    return np.asarray((first - last) / annuity)


def refinanced_rates(saved: FloatArray, height: float, slope: float, midpoint: float) -> FloatArray:
    """Return the yearly rate at which loans are refinanced, of what that saves [decimal per year].

    Examples
    --------
    Half of the height at the midpoint.

    >>> refinanced_rates(np.array([0.011, 1.0, -1.0]), 0.22, 180.0, 0.011).round(6)
    array([0.11, 0.22, 0.  ])
    """
    return np.asarray(height / (1.0 + np.exp(-slope * (saved - midpoint))))


def burnout_factors(saved: FloatArray, share_left: float, speed: float) -> FloatArray:
    """Return which part of the refinancing rate is left in each month.

    Parameters
    ----------
    saved : (..., n_months, S) float64 [decimal per year]
        What refinancing saves in each month from the as-of date on.
    share_left : float [share]
        Of customers who refinance whatever they could have saved before.
    speed : float [1 / (rate x years)]

    Returns
    -------
    (..., n_months, S) float64
        ``left + (1 - left) exp(-speed sum of max(x, 0) / 12)`` over the months before; 1 at first.

    Examples
    --------
    >>> burnout_factors(np.full((3, 1), 0.12), 0.2, 50.0).ravel().round(4)
    array([1.    , 0.6852, 0.4943])
    """
    yearly = np.cumsum(np.maximum(saved, 0.0), axis=-2) / 12.0
    before = np.concatenate([np.zeros_like(yearly[..., :1, :]), yearly[..., :-1, :]], axis=-2)
    return np.asarray(share_left + (1.0 - share_left) * np.exp(-speed * before))
