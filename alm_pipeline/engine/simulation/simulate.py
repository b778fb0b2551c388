"""The engine's entry: positions, curves and behaviour in, every lens out.

Positions are cut into chunks of fixed size, which run in a thread pool; aggregates are added up in
the order of the chunks. So every number is the same bit for bit at any number of threads, and a
scenario computed alone equals the same scenario computed among others.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from alm_pipeline.engine.arrays import Behaviour, Buckets, Curves, Positions
from alm_pipeline.engine.cash_flows.conservation import check_conservation
from alm_pipeline.engine.simulation.chunk import Output, Setting, chunk_results, empty_output
from alm_pipeline.engine.simulation.result import (
    SimulationResult,
    bucket_items,
    monthly_items,
    principal_items,
)
from alm_pipeline.engine.simulation.setting import WINDOW_MONTHS, SimulationOptions, prepared

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
    n_buckets = sum(len(buckets.upper_offset) for buckets in bucket_sets)
    total = empty_output(
        len(positions),
        positions.n_groups,
        n_buckets,
        options.horizon_months,
        curves.n_scenarios,
    )
    for start, part in _chunks(ready.terms, ready.setting, total, options.threads):
        _add(total, part, start)
    check_conservation(total.principal)
    return _result(total, bucket_sets, options)


def _chunks(
    terms: Any, setting: Setting, total: Output, threads: int
) -> Iterator[tuple[int, Output]]:
    """Yield the chunks' results in the order of the positions."""
    starts = list(range(0, len(terms), CHUNK_SIZE))

    def run(start: int) -> Output:
        chunk = terms[start : start + CHUNK_SIZE]
        n_groups, n_buckets, _, n_scenarios = total.cash.shape
        n_months = total.months.shape[1]
        output = empty_output(len(chunk), n_groups, n_buckets, n_months, n_scenarios)
        return chunk_results(chunk, setting, output)

    if threads <= 1:
        yield from ((start, run(start)) for start in starts)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from zip(starts, pool.map(run, starts), strict=True)


def _add(total: Output, part: Output, start: int) -> None:
    """Put a chunk's positions in their place and add its aggregates."""
    rows = slice(start, start + len(part.present_value))
    total.present_value[rows] = part.present_value
    total.net_interest_income[:, :, rows] = part.net_interest_income
    total.principal[rows] = part.principal
    np.add(total.cash, part.cash, out=total.cash)
    np.add(total.repricing, part.repricing, out=total.repricing)
    np.add(total.months, part.months, out=total.months)


def _result(
    total: Output, bucket_sets: tuple[Buckets, ...], options: SimulationOptions
) -> SimulationResult:
    forward, flat = (
        dict(zip(WINDOW_MONTHS, by_window, strict=True)) for by_window in total.net_interest_income
    )
    chosen, other = (forward, flat) if options.nii_path == "forward" else (flat, forward)
    sizes = [(buckets.name, len(buckets.upper_offset)) for buckets in bucket_sets]
    return SimulationResult(
        present_value=total.present_value,
        net_interest_income=chosen,
        net_interest_income_flat=other,
        principal=principal_items(total.principal),
        buckets=bucket_items(sizes, total.cash, total.repricing),
        monthly=monthly_items(total.months),
    )
