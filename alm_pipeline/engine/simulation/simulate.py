"""The engine's entry: positions, curves and behaviour in, every lens out.

Positions, sorted by group, are cut into chunks of fixed size, which run in a thread pool;
aggregates are added up in the order of the chunks. So every number is the same bit for bit at any
number of threads, and a scenario computed alone equals the same scenario computed among others.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from alm_pipeline.engine.arrays import Behaviour, Buckets, CountArray, Curves, Positions
from alm_pipeline.engine.cash_flows.agenda import AgendaTables
from alm_pipeline.engine.cash_flows.conservation import check_conservation
from alm_pipeline.engine.conventions.buckets import fine_bounds
from alm_pipeline.engine.simulation.chunk import (
    Shape,
    Totals,
    Values,
    chunk_totals,
    empty_totals,
    empty_values,
)
from alm_pipeline.engine.simulation.result import (
    SimulationResult,
    bucket_items,
    monthly_items,
    principal_items,
)
from alm_pipeline.engine.simulation.setting import (
    WINDOW_MONTHS,
    Prepared,
    SimulationOptions,
    prepared,
)

CHUNK_SIZE = 4096


def simulate(
    positions: Positions,
    curves: Curves,
    behaviour: Behaviour,
    bucket_sets: tuple[Buckets, ...],
    options: SimulationOptions,
    agendas: AgendaTables | None = None,
) -> SimulationResult:
    """Project every position under every scenario and read all lenses.

    Parameters
    ----------
    positions : Positions
        ``n`` positions in contract currency.
    curves : Curves
        ``S`` scenarios; element order is the order of the results.
    behaviour : Behaviour
        Per cohort and scenario; ``Behaviour.none(S)`` for contractual terms.
    bucket_sets : tuple of Buckets
    options : SimulationOptions
    agendas : AgendaTables, optional
        Dated actions of the positions whose dates lie on no common grid.

    Returns
    -------
    SimulationResult
        Signed by the bank's side: receiving is positive.

    Raises
    ------
    CalculationError
        If terms are refused, codes do not match, or principal is not conserved.
    """
    ready = prepared(positions, curves, behaviour, bucket_sets, options, agendas)
    fine = fine_bounds(bucket_sets)
    shape = Shape(len(fine), options.horizon_months, curves.n_scenarios)
    values = empty_values(len(positions), curves.n_scenarios)
    totals = empty_totals(0, positions.n_groups, shape)
    for part in _chunks(ready, values, shape, options.threads):
        _add(totals, part)
    check_conservation(values.principal)
    return _result(values, totals, bucket_sets, options)


def _chunks(ready: Prepared, values: Values, shape: Shape, threads: int) -> Iterator[Totals]:
    """Yield the totals chunk by chunk; neighbours share a group and its replacement."""
    order = np.lexsort((ready.terms.replacement_row, ready.terms.group))
    chunks = [order[start : start + CHUNK_SIZE] for start in range(0, len(order), CHUNK_SIZE)]

    def run(chosen: CountArray) -> Totals:
        return chunk_totals(ready.terms, chosen, ready.setting, values, shape)

    if threads <= 1:
        yield from map(run, chunks)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(run, chunks)


def _add(totals: Totals, part: Totals) -> None:
    """Add the totals of a chunk to those of the pass."""
    groups = slice(part.first, part.first + len(part.cash))
    totals.cash[groups] += part.cash
    totals.repricing[groups] += part.repricing
    totals.months[groups] += part.months


def _result(
    values: Values, totals: Totals, bucket_sets: tuple[Buckets, ...], options: SimulationOptions
) -> SimulationResult:
    by_path = np.ascontiguousarray(np.moveaxis(values.net_interest_income, 0, 2))
    forward, flat = (dict(zip(WINDOW_MONTHS, windows, strict=True)) for windows in by_path)
    chosen, other = (forward, flat) if options.nii_path == "forward" else (flat, forward)
    return SimulationResult(
        present_value=values.present_value,
        net_interest_income=chosen,
        net_interest_income_other_path=other,
        principal=principal_items(values.principal),
        buckets=bucket_items(bucket_sets, totals.cash, totals.repricing),
        monthly=monthly_items(totals.months),
    )
