"""A move of curves taken apart: parallel, shape, and what curves of a currency do by themselves.

The main curve of each currency says how rates move. Its average over the given tenors is the
parallel part, of all curves of the currency; the rest of its move is the shape. What another curve
(an index alone, a spread) moves beyond its main curve is the basis. The three add up to the move.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from alm_pipeline.engine.arrays import CountArray, FloatArray

_NOTHING = 1e-13
"""Rates that differ by less are equal: a parallel move has no shape left over by rounding."""


class RiskParts(NamedTuple):
    """Parts of moves, each (n_scenarios, n_curves, n_nodes) [decimal per year]."""

    parallel: FloatArray
    shape: FloatArray
    basis: FloatArray


def risk_parts(
    moves: FloatArray, main_row: CountArray, tenor_days: CountArray, level_days: FloatArray
) -> RiskParts:
    """Return the parts of moves of zero rates.

    Parameters
    ----------
    moves : (n_scenarios, n_curves, n_nodes) float64
    main_row : (n_curves,) int64
        The main curve of each curve's currency; a main curve's own row.
    tenor_days : (n_nodes,) [days]
    level_days : (n_levels,) [days]
        Tenors over which the main curve's move is averaged, straight lines between nodes.

    Examples
    --------
    >>> found = risk_parts(np.array([[[1.0, 3.0], [1.0, 4.0]]]), np.array([0, 0]),
    ...                    np.array([0, 10]), np.array([0.0, 10.0]))
    >>> found.parallel[0, 1], found.shape[0, 1], found.basis[0, 1]
    (array([2., 2.]), array([-1.,  1.]), array([0., 1.]))
    """
    main = moves[:, main_row]
    at_levels = [[np.interp(level_days, tenor_days, curve) for curve in one] for one in main]
    level = np.mean(np.array(at_levels).reshape(*main.shape[:2], len(level_days)), axis=2)
    parallel = np.repeat(level[:, :, None], moves.shape[2], axis=2)
    return RiskParts(_cleaned(parallel), _cleaned(main - parallel), _cleaned(moves - main))


def _cleaned(part: FloatArray) -> FloatArray:
    return np.where(np.abs(part) < _NOTHING, 0.0, part)
