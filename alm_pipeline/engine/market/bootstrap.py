"""From quotes to the zero curve that gives them back, and from a curve to par rates.

The bootstrap finds one node per quote, shortest first, so that every quote is fair; days between
the last two nodes are on the line to the node being found. A curve that is interpolated otherwise
is solved for all its nodes together and then kept on many days, between which it is a straight line
like any other. A projection curve is found in the same way, from swaps that another curve
discounts. Which quotes are fresh enough does not belong here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.market.curve import DAYS_PER_YEAR, ZeroCurve, daily_zero_rates
from alm_pipeline.engine.market.interpolation import rates_between
from alm_pipeline.engine.market.quotes import Instrument
from alm_pipeline.errors import MarketDataError

__all__ = ["bootstrap", "kept_on_days", "par_rates"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

_MAX_STEPS = 50
_ENOUGH = 1e-15
_REPRICED = 1e-12
_BUMP = 1e-6


def par_rates(curve: ZeroCurve, instruments: Sequence[Instrument]) -> FloatArray:
    """Return the rate at which each instrument is fair on a curve.

    Parameters
    ----------
    curve : ZeroCurve
        Nodes of one curve.
    instruments : sequence of Instrument
        Days and year fractions; their quotes are not used.

    Returns
    -------
    (n_instruments,) float64 [decimal per year]
        In the compounding of the payment frequency.

    Notes
    -----
    ``(DF_start - DF_n) / sum(years_i * DF_i)`` where the curve discounts itself.
    """
    return np.array(
        [
            one.par_rate(
                daily_zero_rates(curve.tenor_days, curve.zero_rates, one.days)
                * (one.days / DAYS_PER_YEAR)
            )
            for one in instruments
        ]
    )


def bootstrap(instruments: Sequence[Instrument], interpolation: str = "linear_zero") -> ZeroCurve:
    """Return the curve that reprices every instrument.

    Parameters
    ----------
    instruments : sequence of Instrument
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
    Newton's method on the equation of `quotes`, one unknown at a time; a day's growth ``z_i t_i``
    moves by ``w_i t_i`` with the new node, where ``w_i`` is the node's weight in the rate of the
    day.
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
    nodes: IntArray, rates: FloatArray, instruments: Sequence[Instrument], interpolation: str
) -> FloatArray:
    """Return the rates at which every instrument is fair, by Newton's method on all nodes."""

    def gaps(tried: FloatArray) -> FloatArray:
        found = []
        for one in instruments:
            zero = rates_between(nodes, tried, one.days, interpolation)
            found.append(one.gap(zero * (one.days / DAYS_PER_YEAR))[0])
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


def _with_next_node(nodes: IntArray, known: FloatArray, instrument: Instrument) -> FloatArray:
    """Return the known rates and the one that reprices the next instrument."""
    is_new = np.zeros(len(nodes))
    is_new[-1] = 1.0
    days = instrument.days
    years = days / DAYS_PER_YEAR
    weights = daily_zero_rates(nodes, is_new, days) * years
    rates = np.append(known, known[-1] if len(known) else instrument.quote)
    for _ in range(_MAX_STEPS):
        gap, slopes = instrument.gap(daily_zero_rates(nodes, rates, days) * years)
        slope = slopes @ weights
        step = gap / slope if slope else np.nan
        rates[-1] -= step
        if not abs(step) > _ENOUGH * max(1.0, abs(rates[-1])):
            break
    if not abs(gap) < _REPRICED:
        raise MarketDataError(
            "no zero rate reprices a quote",
            detail=f"quote {instrument.quote} maturing in {instrument.maturity_days} days",
            fix="check the quote's unit: rates are decimals, 0.0325 for 3.25 %",
        )
    return rates
