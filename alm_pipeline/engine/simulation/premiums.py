"""Amortisation of premiums and discounts of the contracts that have one, under every scenario.

Those contracts are projected once more, row by row and along the forwards, because the effective
interest rate needs their whole life at once. What has no life is left as it is: balances without
maturity and lines, non-performing positions, swap legs; so is what is outside the income measure.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from alm_pipeline.engine.arrays import (
    NO_DATE,
    CountArray,
    FloatArray,
    Positions,
)
from alm_pipeline.engine.cash_flows.accepted_terms import LENT_UNTIL_A_DATE
from alm_pipeline.engine.cash_flows.agenda import AgendaTables
from alm_pipeline.engine.cash_flows.projection import project_one
from alm_pipeline.engine.cash_flows.records import (
    FORWARD,
    NEVER,
    Rows,
    Tables,
    empty_rows,
    empty_states,
    no_tails,
)
from alm_pipeline.engine.kernel import entry_kernel
from alm_pipeline.engine.lanes import WIDTH, joined_scenarios
from alm_pipeline.engine.metrics.amortised_cost import amortised, is_same_cash
from alm_pipeline.engine.references import by_reference
from alm_pipeline.engine.simulation.records import Setting
from alm_pipeline.engine.simulation.setting import Prepared, SimulationOptions
from alm_pipeline.errors import CalculationError

__all__ = ["amortised_premiums"]

_PART_SIZE = 1024


def _with_premium(positions: Positions) -> CountArray:
    """Return the rows carried above or below their principal, which amortise that."""
    rows = np.flatnonzero(positions.premium_amount != 0.0)
    model, maturity = positions.model[rows], positions.maturity_offset[rows]
    has_life = np.isin(model, LENT_UNTIL_A_DATE) & (maturity != NO_DATE)
    is_owed = positions.is_nii[rows] & (positions.principal[rows] > 0.0)
    return np.asarray(rows[has_life & is_owed])


def amortised_premiums(ready: Prepared, options: SimulationOptions, n_scenarios: int) -> FloatArray:
    """Return what of the premiums and discounts is income of the windows.

    Returns
    -------
    (n_windows, n, S) float64 [position currency]
        Income positive, 0 for positions without a premium.

    Raises
    ------
    CalculationError
        If no rate gives a position the amount at which it is carried.
    """
    positions = ready.positions
    rows = _with_premium(positions)
    shape = (len(options.window_months), len(positions), n_scenarios)
    if not len(rows):
        return np.broadcast_to(0.0, shape)
    parts = [rows[start : start + _PART_SIZE] for start in range(0, len(rows), _PART_SIZE)]
    found = np.zeros(shape)

    def run(part: CountArray) -> None:
        terms = ready.terms(part)
        blocks = [_windows(terms, setting) for setting in ready.settings]
        found[:, part] = joined_scenarios(blocks, n_scenarios)

    with ThreadPoolExecutor(max(options.threads, 1)) as pool:
        list(pool.map(run, parts))
    odd = np.flatnonzero(~np.isfinite(found).all(axis=(0, 2)))
    if len(odd):
        raise CalculationError(
            f"{len(odd)} positions have no effective interest rate",
            detail=f"rows {list(odd[:10])}",
            fix="correct deferred_fees_amount: it is more than all that will be paid",
        )
    return found


def _windows(terms: Any, setting: Setting) -> FloatArray:
    """Return what contracts amortise under a block of scenarios, (n_windows, m, WIDTH)."""
    found = np.zeros((len(terms), WIDTH, len(setting.income.windows.edges) - 1))
    rows, tables = empty_rows(int(terms.max_rows.max())), setting.tables._replace(tails=no_tails())
    edges = setting.income.windows.edges
    _fill(terms, tables, setting.agendas, edges, rows, empty_states(), found)
    return np.ascontiguousarray(np.moveaxis(found, 2, 0))


@entry_kernel
def _fill(
    terms: Any,
    tables: Tables,
    agendas: AgendaTables,
    edges: CountArray,
    rows: Rows,
    states: FloatArray,
    found: FloatArray,
) -> None:
    """Fill the amortisation of every contract and scenario of a block, (n, WIDTH, n_windows)."""
    tables, agendas, rows = by_reference(tables), by_reference(agendas), by_reference(rows)
    for k in range(len(terms)):
        term = terms[k]
        n_rows = project_one(term, tables, agendas, FORWARD, NEVER, rows, states)
        for lane in range(found.shape[1]):
            if lane > 0 and is_same_cash(term, rows, n_rows, lane, lane - 1):
                for window in range(found.shape[2]):
                    found[k, lane, window] = found[k, lane - 1, window]
            else:
                amortised(term, tables.dates, rows, n_rows, lane, edges, found[k, lane])
