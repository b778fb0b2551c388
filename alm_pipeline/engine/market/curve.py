"""The zero curve: from par quotes to zero rates, discount factors, forwards and back to par.

Zero rates are continuous, ACT/365F, linear between nodes and flat outside them. The bootstrap
finds one node per quote, shortest first, so that every quote is repriced; payments between the
last two nodes are discounted on the line to the node being found. A curve that is interpolated
otherwise is solved for all its nodes together and then kept on many days, between which it is a
straight line like any other. Answers what a day's discount
factor is; which quotes are fresh enough and what a scenario does to a curve do not belong here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.market.interpolation import rates_between
from alm_pipeline.engine.market.quotes import ParInstrument
from alm_pipeline.errors import MarketDataError

__all__ = [
    "DAYS_PER_YEAR",
    "ZeroCurve",
    "bootstrap",
    "daily_zero_rates",
    "discount_factors",
    "forward_rates",
    "kept_on_days",
    "par_rates",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

DAYS_PER_YEAR = 365.0
_MAX_STEPS = 50
_ENOUGH = 1e-15
_REPRICED = 1e-12
_BUMP = 1e-6


@dataclass(frozen=True)
class ZeroCurve:
    """Nodes of one curve: days (m,) int32 increasing, zero rates (m,) continuous ACT/365F."""

    tenor_days: IntArray
    zero_rates: FloatArray


def daily_zero_rates(
    tenor_days: IntArray, zero_rates: FloatArray, day_offsets: IntArray
) -> FloatArray:
    """Return the zero rate at every day, linear between nodes and flat outside them.

    Parameters
    ----------
    tenor_days : (m,) int32 [days]
        Nodes, increasing.
    zero_rates : (..., m) float64 [decimal per year, continuous ACT/365F]
        Rates at the nodes; any number of scenarios and curves in front.
    day_offsets : (n_days,) int32 [days]
        Days from the as-of date, zero or positive, in any order.

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


def par_rates(curve: ZeroCurve, instruments: Sequence[ParInstrument]) -> FloatArray:
    """Return the rate at which each instrument is worth par on a curve.

    Parameters
    ----------
    curve : ZeroCurve
        Nodes of one curve.
    instruments : sequence of ParInstrument
        Payment days and year fractions; their quotes are not used.

    Returns
    -------
    (n_instruments,) float64 [decimal per year]
        In the compounding of the payment frequency.

    Notes
    -----
    ``(1 - DF_n) / sum(years_i * DF_i)``.
    """
    rates = []
    for one in instruments:
        factors = discount_factors(curve, one.pay_days)
        rates.append((1.0 - factors[-1]) / (one.accrual_years @ factors))
    return np.array(rates)


def bootstrap(
    instruments: Sequence[ParInstrument], interpolation: str = "linear_zero"
) -> ZeroCurve:
    """Return the curve that reprices every instrument.

    Parameters
    ----------
    instruments : sequence of ParInstrument
        Shortest maturity first, maturities increasing strictly.
    interpolation : str
        What holds between the nodes, one of `interpolation.INTERPOLATIONS`.

    Returns
    -------
    ZeroCurve
        One node per instrument, at its last payment.

    Raises
    ------
    MarketDataError
        If there is no quote, or no zero rate reprices one.

    Notes
    -----
    Newton's method on the par equation of `quotes`, one unknown at a time, with the derivative
    ``-t_i * w_i * DF_i`` per payment, where ``w_i`` is the new node's weight in the rate at t_i.
    """
    if not instruments:
        raise MarketDataError("a curve has no quote", fix="deliver its quotes")
    nodes = np.array([one.maturity_days for one in instruments], dtype=np.int32)
    rates = np.empty(len(nodes))
    for number, instrument in enumerate(instruments):
        rates[: number + 1] = _with_next_node(nodes[: number + 1], rates[:number], instrument)
    if interpolation != "linear_zero":
        rates = _solved_together(nodes, rates, instruments, interpolation)
    return ZeroCurve(nodes, rates)


def kept_on_days(
    curve: ZeroCurve, day_offsets: IntArray, interpolation: str, extrapolation: str
) -> ZeroCurve:
    """Return a curve with a node on each of these days and straight lines between them.

    Parameters
    ----------
    curve : ZeroCurve
        Nodes, between which ``interpolation`` holds and beyond which ``extrapolation`` does.
    day_offsets : (n,) int32 [days]
        Above zero, in any order; the curve's own nodes are kept too.
    """
    days = np.union1d(curve.tenor_days, day_offsets).astype(np.int32)
    rates = rates_between(curve.tenor_days, curve.zero_rates, days, interpolation, extrapolation)
    return ZeroCurve(days, rates)


def _solved_together(
    nodes: IntArray, rates: FloatArray, instruments: Sequence[ParInstrument], interpolation: str
) -> FloatArray:
    """Return the rates at which every instrument is worth par, by Newton's method on all nodes."""

    def gaps(tried: FloatArray) -> FloatArray:
        found = []
        for one in instruments:
            zero = rates_between(nodes, tried, one.pay_days, interpolation)
            factors = np.exp(-zero * one.pay_days / DAYS_PER_YEAR)
            found.append((one.quote * one.accrual_years) @ factors + factors[-1] - 1.0)
        return np.array(found)

    bump = _BUMP * np.eye(len(nodes))
    for _ in range(_MAX_STEPS):
        gap = gaps(rates)
        if np.abs(gap).max() < _REPRICED / 10.0:
            return rates
        slopes = np.stack([gaps(rates + one) - gaps(rates - one) for one in bump], axis=1)
        rates = rates - np.linalg.solve(slopes / (2.0 * _BUMP), gap)
    raise MarketDataError(
        f"no {interpolation} curve reprices all quotes",
        detail=f"largest gap {np.abs(gaps(rates)).max():.1e}",
        fix="check the quotes, or choose another interpolation in curves.yaml",
    )


def _with_next_node(nodes: IntArray, known: FloatArray, instrument: ParInstrument) -> FloatArray:
    """Return the known rates and the one that reprices the next instrument."""
    is_new = np.zeros(len(nodes))
    is_new[-1] = 1.0
    weights = daily_zero_rates(nodes, is_new, instrument.pay_days)
    years = instrument.pay_days / DAYS_PER_YEAR
    cash = instrument.quote * instrument.accrual_years
    cash[-1] += 1.0
    rates = np.append(known, known[-1] if len(known) else instrument.quote)
    for _ in range(_MAX_STEPS):
        values = cash * np.exp(-daily_zero_rates(nodes, rates, instrument.pay_days) * years)
        slope = -(values * years * weights).sum()
        step = (values.sum() - 1.0) / slope if slope else np.nan
        rates[-1] -= step
        if not abs(step) > _ENOUGH * max(1.0, abs(rates[-1])):
            break
    if not abs(values.sum() - 1.0) < _REPRICED:
        raise MarketDataError(
            "no zero rate reprices a quote",
            detail=f"quote {instrument.quote} maturing in {instrument.maturity_days} days",
            fix="check the quote's unit: rates are decimals, 0.0325 for 3.25 %",
        )
    return rates
