"""The engine's entry: positions, curves and behaviour in, every lens out.

Positions, sorted by group, are cut into chunks of fixed size, which run in a thread pool;
aggregates are added up in the order of the chunks. So every number is the same bit for bit at any
number of threads, and a scenario computed alone equals the same scenario computed among others.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import Behaviour, Buckets, Curves, Positions
from alm_pipeline.engine.cash_flows.conservation import check_conservation
from alm_pipeline.engine.conventions.buckets import fine_bounds
from alm_pipeline.engine.simulation.chunk import Output, Shape, chunk_results, empty_output
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

    Returns
    -------
    SimulationResult
        Signed by the bank's side: receiving is positive.

    Raises
    ------
    CalculationError
        If terms are refused, codes do not match, or principal is not conserved.
    """
    ready = prepared(positions, curves, behaviour, bucket_sets, options)
    fine = fine_bounds(bucket_sets)
    shape = Shape(len(fine), options.horizon_months, curves.n_scenarios)
    total = empty_output(len(positions), 0, positions.n_groups, shape)
    order = np.lexsort((ready.terms.replacement_row, ready.terms.group))
    for rows, part in _chunks(ready, order, shape, options.threads):
        _add(total, part, rows)
    check_conservation(total.principal)
    return _result(total, bucket_sets, options)


def _chunks(
    ready: Prepared, order: NDArray[np.int64], shape: Shape, threads: int
) -> Iterator[tuple[NDArray[np.int64], Output]]:
    """Yield positions and their results, chunk by chunk: neighbours share a group's tables."""
    chunks = [order[start : start + CHUNK_SIZE] for start in range(0, len(order), CHUNK_SIZE)]

    def run(rows: NDArray[np.int64]) -> Output:
        return chunk_results(ready.terms[rows], ready.setting, shape)

    if threads <= 1:
        yield from ((rows, run(rows)) for rows in chunks)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from zip(chunks, pool.map(run, chunks), strict=True)


def _add(total: Output, part: Output, rows: NDArray[np.int64]) -> None:
    """Put a chunk's positions in their place and add its aggregates."""
    total.present_value[rows] = part.present_value
    total.net_interest_income[rows] = part.net_interest_income
    total.principal[rows] = part.principal
    groups = slice(part.first_group, part.first_group + len(part.cash))
    total.cash[groups] += part.cash
    total.repricing[groups] += part.repricing
    total.months[groups] += part.months


def _result(
    total: Output, bucket_sets: tuple[Buckets, ...], options: SimulationOptions
) -> SimulationResult:
    by_path = np.ascontiguousarray(np.moveaxis(total.net_interest_income, 0, 2))
    forward, flat = (dict(zip(WINDOW_MONTHS, windows, strict=True)) for windows in by_path)
    chosen, other = (forward, flat) if options.nii_path == "forward" else (flat, forward)
    return SimulationResult(
        present_value=total.present_value,
        net_interest_income=chosen,
        net_interest_income_flat=other,
        principal=principal_items(total.principal),
        buckets=bucket_items(bucket_sets, total.cash, total.repricing),
        monthly=monthly_items(total.months),
    )
