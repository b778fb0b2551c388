"""The engine's entry: positions, curves and behaviour in, every lens out.

Positions, sorted by group, are cut into chunks of fixed size, which run in a thread pool, block of
scenarios after block; aggregates are added up in the order of the chunks. So every number is the
same bit for bit at any number of threads, and a scenario computed alone equals the same scenario
computed among others.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np

from alm_pipeline.engine.arrays import (
    Behaviour,
    Buckets,
    CountArray,
    Curves,
    Positions,
    Volatilities,
)
from alm_pipeline.engine.cash_flows.agenda import AgendaTables
from alm_pipeline.engine.cash_flows.conservation import check_conservation
from alm_pipeline.engine.cash_flows.records import empty_rows
from alm_pipeline.engine.cash_flows.terms import BLOCK_SIZE
from alm_pipeline.engine.conventions.buckets import fine_bounds
from alm_pipeline.engine.lanes import joined_scenarios, scenarios_of
from alm_pipeline.engine.simulation.chunk import fill_chunk
from alm_pipeline.engine.simulation.premiums import amortised_premiums
from alm_pipeline.engine.simulation.records import (
    Setting,
    Totals,
    Values,
    empty_buffers,
    empty_totals,
    empty_values,
)
from alm_pipeline.engine.simulation.redemption import Redeemable, redemption_values
from alm_pipeline.engine.simulation.result import (
    GroupAmounts,
    SimulationResult,
    bucket_items,
    monthly_items,
    principal_items,
)
from alm_pipeline.engine.simulation.setting import (
    PATHS,
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
    volatilities: Volatilities | None = None,
    redeemable: Redeemable | None = None,
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
    volatilities : Volatilities, optional
        Of the same scenarios and curves; read by the lens "options" only, which needs them.
    redeemable : Redeemable, optional
        Rights to redeem positions early, whose value the lens "options" adds to theirs.

    Returns
    -------
    SimulationResult
        Signed by the bank's side: receiving is positive.

    Raises
    ------
    CalculationError
        If terms are refused, codes do not match, options are to be valued without volatilities, or
        principal is not conserved.
    """
    ready = prepared(positions, curves, behaviour, bucket_sets, options, agendas, volatilities)
    sizes = _sizes(bucket_sets, options)
    values = empty_values(
        len(positions), len(ready.settings), ready.settings[0].lenses, len(options.window_months)
    )
    totals = [empty_totals(0, positions.n_groups, *sizes) for _ in ready.settings]
    for parts in _chunks(ready, values, sizes, options.threads):
        for total, part in zip(totals, parts, strict=True):
            _add(total, part)
    n = curves.n_scenarios
    summed = _summed(totals, n)
    joined = _joined(values, n)
    if redeemable is not None and options.has_options:
        rows = [right.row for right in redeemable.rights]
        joined.option_value[rows] += redemption_values(ready, curves, options, redeemable)
    n_days = np.diff(ready.settings[0].income.months.edges)
    result = _result(joined, summed, bucket_sets, options, n_days)
    if not {"income", "premiums"} <= set(options.lenses):
        return result
    windows = amortised_premiums(ready, options, n)
    return replace(result, amortised=dict(zip(options.window_months, windows, strict=True)))


def amounts_of_each(
    positions: Positions,
    curves: Curves,
    behaviour: Behaviour,
    bucket_sets: tuple[Buckets, ...],
    options: SimulationOptions,
    agendas: AgendaTables | None = None,
) -> Iterator[tuple[int, GroupAmounts]]:
    """Yield what every position adds to buckets and months: the first row of a few, their amounts.

    What ``simulate`` would return if each position were a group of its own, whatever groups they
    are in; only a few positions' amounts are in memory at a time.

    Raises
    ------
    CalculationError
        As ``simulate``.
    """
    alone = replace(positions, group=np.arange(len(positions), dtype=np.int32))
    ready = prepared(alone, curves, behaviour, bucket_sets, options, agendas)
    values = empty_values(
        len(positions), len(ready.settings), ready.settings[0].lenses, len(options.window_months)
    )
    n_days = np.diff(ready.settings[0].income.months.edges)
    for parts in _chunks(ready, values, _sizes(bucket_sets, options), options.threads):
        summed = _summed(parts, curves.n_scenarios)
        yield parts[0].first, _amounts(summed, bucket_sets, options, n_days)


def _sizes(bucket_sets: tuple[Buckets, ...], options: SimulationOptions) -> tuple[int, int]:
    """Return the number of fine buckets, and of the months that are read."""
    has_months = not {"income", "months", "principal"}.isdisjoint(options.lenses)
    return len(fine_bounds(bucket_sets)), options.horizon_months * has_months


class _Workplace(threading.local):
    """What a thread overwrites contract by contract: fresh memory costs as much as arithmetic."""

    def __init__(self, n_blocks: int, edges: CountArray) -> None:
        n_terms = BLOCK_SIZE if n_blocks == 1 else -(-CHUNK_SIZE // BLOCK_SIZE) * BLOCK_SIZE
        self.buffers = empty_buffers(n_terms, edges)

    def fill(self, ready: Prepared, chosen: CountArray, setting: Setting, *read: Any) -> None:
        """Fill values and totals of a chunk, with rows for the longest contract."""
        contracts, done = ready.contracts, 0
        while True:
            done = fill_chunk(contracts, chosen, done, setting, self.buffers, *read)
            if done == len(chosen):
                return
            n_rows, until = int(self.buffers.terms.max_rows.max()), self.buffers.rows.accrued_until
            self.buffers = self.buffers._replace(rows=empty_rows(n_rows, accrued_until=until))


def _chunks(
    ready: Prepared, values: Values, sizes: tuple[int, int], threads: int
) -> Iterator[list[Totals]]:
    """Yield the totals of each block of scenarios, chunk by chunk; ``sizes``: buckets and months.

    Neighbours share a group and its replacement. Principal is conserved, or it raises at the end.
    """
    order, edges = _order(ready), ready.settings[0].income.months.edges
    starts, place = range(0, len(order), CHUNK_SIZE), _Workplace(len(ready.settings), edges)

    def run(start: int) -> list[Totals]:
        chosen, parts = order[start : start + CHUNK_SIZE], []
        first, last = (int(ready.positions.group[row]) for row in chosen[[0, -1]])
        for setting in ready.settings:
            totals = empty_totals(first, last - first + 1, *sizes)
            place.fill(ready, chosen, setting, values, totals)
            parts.append(totals)
        return parts

    if threads <= 1:
        yield from map(run, starts)
    else:
        with ThreadPoolExecutor(threads) as pool:
            yield from pool.map(run, starts)
    for block in range(len(ready.settings)):
        check_conservation(values.principal[:, block])


def _order(ready: Prepared) -> CountArray:
    """Return the rows by group and replacement."""
    group = ready.positions.group.astype(np.int64)
    key = group * (int(ready.replacement_row.max(initial=0)) + 1) + ready.replacement_row
    if (np.diff(key) >= 0).all():
        return np.arange(len(key))
    return np.argsort(key, kind="stable")


def _add(totals: Totals, part: Totals) -> None:
    """Add the totals of a chunk to those of the pass."""
    groups = slice(part.first, part.first + len(part.cash))
    totals.cash[groups] += part.cash
    totals.repricing[groups] += part.repricing
    totals.months[groups] += part.months


def _summed(totals: list[Totals], n_scenarios: int) -> Totals:
    """Return the totals of blocks of scenarios as one, scenarios last."""
    _, *amounts = (list(parts) for parts in zip(*totals, strict=True))
    return Totals(totals[0].first, *(joined_scenarios(parts, n_scenarios) for parts in amounts))


def _joined(values: Values, n_scenarios: int) -> Values:
    """Return what the blocks of scenarios gave with scenarios last."""
    by_block = values._replace(principal=np.swapaxes(values.principal, 1, 2))
    return Values(*(scenarios_of(one, n_scenarios) for one in by_block))


def _result(
    values: Values,
    totals: Totals,
    bucket_sets: tuple[Buckets, ...],
    options: SimulationOptions,
    n_days: CountArray,
) -> SimulationResult:
    lenses, income = options.lenses, values.net_interest_income
    by_path = {
        name: {months: path[:, w] for w, months in enumerate(options.window_months)}
        for name, path in zip(PATHS, income if "income" in lenses else [], strict=False)
    }
    amounts = _amounts(totals, bucket_sets, options, n_days)
    return SimulationResult(
        present_value=values.present_value,
        option_value=values.option_value,
        net_interest_income=by_path.pop(options.nii_path, {}),
        net_interest_income_other_path=by_path.popitem()[1] if by_path else {},
        principal=principal_items(values.principal) if "principal" in lenses else {},
        buckets=amounts.buckets,
        monthly=amounts.monthly,
    )


def _amounts(
    totals: Totals,
    bucket_sets: tuple[Buckets, ...],
    options: SimulationOptions,
    n_days: CountArray,
) -> GroupAmounts:
    """Return the totals of groups by name, those of the lenses that were chosen."""
    lenses = options.lenses
    repricing = totals.repricing if "repricing" in lenses else totals.repricing[:0]
    buckets = bucket_items(bucket_sets, totals.cash, repricing)
    return GroupAmounts(
        buckets,
        monthly_items(
            totals.months,
            n_days,
            has_income="months" in lenses,
            has_principal="principal" in lenses,
        ),
    )
