"""The dynamic balance sheet: what volumes beyond the constant one bring.

New business is placed at the end of a month for its tenor at the scenario's index and its margin,
then tenor after tenor, like what replaces principal (``metrics/replacement``). A balance grows by a
rate per year; of what is repaid in a month a share is not renewed. Both are volumes beyond a
constant balance sheet, positive or negative, and earn or save the income of new business.
Depositors whom another product pays more move there, the fewer the less there is to gain.
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.arrays import CountArray, Curves, FloatArray
from alm_pipeline.engine.cash_flows.records import FORWARD
from alm_pipeline.engine.conventions.months import months_after
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS
from alm_pipeline.engine.lanes import joined_scenarios
from alm_pipeline.engine.metrics.replacement import unit_income
from alm_pipeline.engine.simulation.tables import market_blocks, market_tables

_YEAR_DAYS = 365.0
_HARDLY_ANY = 1e-6
"""Of the first balance: so little tells no rate."""


def new_volumes(
    balance: FloatArray, repaid: FloatArray, annual_growth: FloatArray, renewed: FloatArray
) -> FloatArray:
    """Return what is placed at the end of each month beyond a constant balance.

    Parameters
    ----------
    balance : (n,) float64
        Today's, signed by the bank's side.
    repaid : (n, n_months, S) float64
        Of it, by month, signed like it.
    annual_growth : (n, S) float64 [1/year]
    renewed : (n, S) float64
        Share of what is repaid that is replaced.

    Returns
    -------
    (n, n_months, S) float64
        ``B ((1 + g) ** (m / 12) - (1 + g) ** ((m - 1) / 12)) - (1 - renewed) repaid``.

    Examples
    --------
    >>> growth, renewed = np.array([[0.21]]), np.array([[1.0]])
    >>> new_volumes(np.array([100.0]), np.full((1, 12, 1), 2.0), growth, renewed).sum().round(9)
    np.float64(21.0)
    """
    years = np.arange(repaid.shape[1] + 1)[None, :, None] / 12.0
    grown = np.diff((1.0 + annual_growth[:, None]) ** years, axis=1)
    return np.asarray(balance[:, None, None] * grown - (1.0 - renewed)[:, None] * repaid)


def paid_rates(interest: FloatArray, average: FloatArray, n_days: CountArray) -> FloatArray:
    """Return the yearly rate that balances pay in each month; where none is left, the last one.

    Parameters
    ----------
    interest : (n, n_months, S) float64
        Of the month, of either sign.
    average : (n, n_months, S) float64
        Balance on the average day, unsigned.
    n_days : (n_months,) int [days]

    Returns
    -------
    (n, n_months, S) float64 [decimal per year of 365 days]

    Examples
    --------
    >>> interest, average = np.array([-2.0, -1.5, 0.0]), np.array([730.0, 365.0, 0.0])
    >>> days = np.array([30, 30, 30])
    >>> paid_rates(interest[None, :, None], average[None, :, None], days).ravel().round(4)
    array([0.0333, 0.05  , 0.05  ])
    """
    is_told = average > _HARDLY_ANY * average[:, :1]
    yearly = np.abs(interest) * _YEAR_DAYS / n_days[:, None]
    rates = np.divide(yearly, average, out=np.zeros_like(yearly), where=is_told)
    months = np.arange(rates.shape[1])[None, :, None]
    last = np.maximum.accumulate(np.where(is_told, months, 0), axis=1)
    return np.take_along_axis(rates, last, axis=1)


def migrated_shares(
    gained: FloatArray,
    gained_today: FloatArray,
    most: FloatArray,
    speed: FloatArray,
    threshold: FloatArray,
) -> FloatArray:
    """Return which share of a balance leaves for better pay in each month.

    The share that is gone when ``x`` could be gained is ``most (1 - exp(-speed max(x - threshold,
    0)))``; what today's gain explains has gone already, and nobody returns.

    Parameters
    ----------
    gained : (n, n_months, S) float64 [decimal per year]
        What the other product pays more, at the end of each month.
    gained_today : (n,) float64 [decimal per year]
    most : (n, S) float64 [share of today's balance]
    speed, threshold : (n,) float64 [1 / rate], [decimal per year]

    Returns
    -------
    (n, n_months, S) float64 [share of today's balance]

    Examples
    --------
    >>> more = np.array([0.0, 0.01, 0.005])[None, :, None]
    >>> one = np.ones(1)
    >>> migrated_shares(more, 0 * one, np.full((1, 1), 0.3), 100 * one, 0 * one).ravel().round(4)
    array([0.    , 0.1896, 0.    ])
    """

    def gone(gain: FloatArray) -> FloatArray:
        beyond = np.maximum(gain - threshold[:, None, None], 0.0)
        return np.asarray(most[:, None] * (1.0 - np.exp(-speed[:, None, None] * beyond)))

    reached = np.concatenate([gone(gained_today[:, None, None]), gone(gained)], axis=1)
    return np.diff(np.maximum.accumulate(reached, axis=1), axis=1)


def growth_income(
    curves: Curves,
    as_of_date: np.datetime64,
    pairs: CountArray,
    margin_rate: FloatArray,
    volumes: FloatArray,
) -> FloatArray:
    """Return what volumes placed at the ends of months earn in each month.

    Parameters
    ----------
    curves : Curves
        ``S`` scenarios.
    as_of_date : datetime64[D]
    pairs : (n, 2) int64
        Curve, and row of the tenor in ``INDEX_TENOR_MONTHS``.
    margin_rate : (n,) float64 [decimal per year]
    volumes : (n, n_months, S) float64

    Returns
    -------
    (n, n_months, S) float64
        Signed like the volumes; what is placed at the end of the last month earns nothing yet.
    """
    n_months = volumes.shape[1]
    edges = months_after(as_of_date, n_months).astype(np.int64)
    longest = max((INDEX_TENOR_MONTHS[tenor] for _, tenor in pairs), default=0)
    market = market_tables(curves, as_of_date, int(edges[-1]) + 31 * longest + 33)
    blocks, placed = market_blocks(market), edges[1:-1]
    n_days = np.maximum(edges[1:] - np.maximum(placed[:, None], edges[:-1]), 0)
    used, row_of = np.unique(pairs, axis=0, return_inverse=True)
    found = np.zeros(volumes.shape)
    for row, pair in enumerate(used):
        by_day = [unit_income(one, pair[None], FORWARD, edges, False)[0, placed] for one in blocks]
        index = joined_scenarios(by_day, curves.n_scenarios)
        for line in np.flatnonzero(row_of.reshape(-1) == row):
            margin = margin_rate[line] * n_days / market.index_year_days[pair[0]]
            earned = index + margin[:, :, None]
            for volume, income in zip(volumes[line], earned, strict=False):
                found[line] += volume * income  # one by one: the same bits among any scenarios
    return found
