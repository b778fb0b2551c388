"""Moves and curves that people write tenor by tenor.

Answers the value at every node of a curve from values at a few tenors: straight lines between them,
flat outside. A key rate is such a move with zeros at the neighbouring key tenors, so that the key
rates of one size add up to a parallel move. Shapes of rule packs are `shocks`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.market.tenors import tenor_offsets

__all__ = ["KEY_TENORS", "at_nodes", "key_rate_moves"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

KEY_TENORS = ("1D", "1M", "3M", "6M", "1Y", "2Y", "3Y", "5Y", "7Y", "10Y", "15Y", "20Y", "30Y")
"""Tenors at which a curve is moved alone; a key rate is a triangle between its neighbours."""


def at_nodes(
    as_of_date: np.datetime64, written: Mapping[str, float], tenor_days: IntArray
) -> FloatArray:
    """Return values written at tenors, at every node of a curve.

    Parameters
    ----------
    as_of_date : datetime64[D]
        The day tenors are counted from.
    written : mapping of tenor to value
        One or more, in any order and unit.
    tenor_days : (m,) int32 [days]

    Returns
    -------
    (m,) float64
        Linear in days between the tenors written, flat outside them.

    Examples
    --------
    >>> days = np.array([365, 730, 1461], dtype=np.int32)
    >>> at_nodes(np.datetime64("2026-10-31"), {"1Y": 50.0, "2Y": -50.0}, days)
    array([ 50., -50., -50.])
    """
    days = tenor_offsets(as_of_date, list(written))
    order = np.argsort(days)
    values = np.array(list(written.values()), dtype=np.float64)
    # np.interp takes arrays of floats only; days are far below 2**53
    return np.asarray(np.interp(tenor_days, days[order], values[order]), dtype=np.float64)


def key_rate_moves(
    as_of_date: np.datetime64, written: Mapping[str, float], tenor_days: IntArray
) -> FloatArray:
    """Return a move of single key rates at every node of a curve.

    Parameters
    ----------
    as_of_date : datetime64[D]
    written : mapping of key tenor to value
        Tenors among `KEY_TENORS`; the others do not move.
    tenor_days : (m,) int32 [days]

    Returns
    -------
    (m,) float64
    """
    return at_nodes(as_of_date, dict.fromkeys(KEY_TENORS, 0.0) | dict(written), tenor_days)
