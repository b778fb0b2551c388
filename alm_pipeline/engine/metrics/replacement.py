"""What one unit of replaced principal earns: the rolled index, by day of placement and bin.

A unit placed on day ``t`` earns the index of its tenor fixed on ``t`` until the tenor ends, then
the index fixed there, and so on to the end of the window. Computed backwards:
``R[t] = F(t, t + tenor) x overlap + R[t + tenor]``. Index and overlap use actual days over the
year of the curve's indices.
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.arrays import CountArray, FloatArray
from alm_pipeline.engine.cash_flows.records import FLAT, MarketTables
from alm_pipeline.engine.kernel import entry_kernel


def rolled_index(
    market: MarketTables, pairs: CountArray, path: int, edges: CountArray
) -> FloatArray:
    """Return the rolled index of each pair of curve and tenor.

    Parameters
    ----------
    pairs : (n_pairs, 2) int64
        Curve and tenor row.
    path : int
        ``FORWARD`` or ``FLAT``.
    edges : (n_bins + 1,) int64 [days]

    Returns
    -------
    (n_pairs, edges[-1] + 1, n_bins, S) float64 [rate x years]
    """
    shape = (len(pairs), int(edges[-1]) + 1, len(edges) - 1, market.discount.shape[2])
    rolled = np.zeros(shape)
    for row, (curve, tenor) in enumerate(pairs):
        _roll(market, int(curve), int(tenor), path, edges, rolled[row])
    return rolled


@entry_kernel
def _roll(
    market: MarketTables, curve: int, tenor: int, path: int, edges: CountArray, rolled: FloatArray
) -> None:
    year_days, index = market.index_year_days[curve], np.empty(rolled.shape[2])
    for day in range(edges[-1] - 1, -1, -1):
        end = market.tenor_end[tenor, day]
        years = (end - day) / year_days
        for s in range(len(index)):
            if path == FLAT:
                index[s] = market.spot_index[curve, tenor, s]
            else:
                ratio = market.discount[curve, day, s] / market.discount[curve, end, s]
                index[s] = (ratio - 1.0) / years
        for at in range(rolled.shape[1]):
            overlap = max(min(end, edges[at + 1]) - max(day, edges[at]), 0) / year_days
            for s in range(len(index)):
                later = rolled[end, at, s] if end < edges[-1] else 0.0
                rolled[day, at, s] = index[s] * overlap + later
