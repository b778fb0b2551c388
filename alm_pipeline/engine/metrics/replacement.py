"""What one unit of replaced principal earns, by day of placement and bin.

A unit placed on day ``t`` earns the index of its tenor fixed on ``t`` until the tenor ends, then
the index fixed there, and so on to the end of the window. Computed backwards:
``R[t] = F(t, t + tenor) x overlap + R[t + tenor]``. Index and overlap use actual days over the
year of the curve's indices. Placed until the end of the window instead, it grows along the curve:
``P(t) / P(end) - P(t) / P(start)`` in a bin.
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.arrays import CountArray, FloatArray
from alm_pipeline.engine.cash_flows.records import FLAT, MarketTables
from alm_pipeline.engine.cash_flows.resets import index_rate
from alm_pipeline.engine.kernel import entry_kernel
from alm_pipeline.engine.lanes import WIDTH, load, same, store
from alm_pipeline.engine.references import by_reference


def unit_income(
    market: MarketTables, pairs: CountArray, path: int, edges: CountArray, is_to_window_end: bool
) -> FloatArray:
    """Return what one unit earns for each pair of curve and tenor.

    Parameters
    ----------
    pairs : (n_pairs, 2) int64
        Curve and tenor row.
    path : int
        ``FORWARD`` or ``FLAT``; on the flat path a unit earns today's index throughout.
    edges : (n_bins + 1,) int64 [days]
    is_to_window_end : bool
        Placed once until the end of the window, instead of tenor after tenor.

    Returns
    -------
    (n_pairs, edges[-1] + 1, n_bins, WIDTH) float64 [rate x years]
    """
    units = np.zeros((len(pairs), int(edges[-1]) + 1, len(edges) - 1, WIDTH))
    for row, (curve, tenor) in enumerate(pairs):
        if is_to_window_end and path != FLAT:
            units[row, :-1] = _growth(market.discount[curve], edges)
        else:
            _roll(market, int(curve), int(tenor), path, edges, units[row])
    return units


def _growth(discount: FloatArray, edges: CountArray) -> FloatArray:
    """Return the growth in each bin of one unit placed on each day before the last edge."""
    days = np.arange(edges[-1])
    grown = discount[days, None] / discount[np.maximum(days[:, None], edges)]
    return np.asarray(np.diff(grown, axis=1))


@entry_kernel
def _roll(
    market: MarketTables, curve: int, tenor: int, path: int, edges: CountArray, units: FloatArray
) -> None:
    market = by_reference(market)
    year_days = market.index_year_days[curve]
    for day in range(edges[-1] - 1, -1, -1):
        end = market.tenor_end[tenor, day]
        index = index_rate(market, curve, tenor, path, day, end)
        for at in range(units.shape[1]):
            overlap = max(min(end, edges[at + 1]) - max(day, edges[at]), 0) / year_days
            later = load(units, end, at) if end < edges[-1] else same(0.0)
            store(units, day, at, index * overlap + later)
