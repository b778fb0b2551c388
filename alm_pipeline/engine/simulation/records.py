"""What one pass reads and writes, block of scenarios by block: the records of arrays of a chunk."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from alm_pipeline.engine.arrays import CountArray, FloatArray
from alm_pipeline.engine.cash_flows.agenda import AgendaTables
from alm_pipeline.engine.cash_flows.records import Rows, Tables, empty_rows, empty_states
from alm_pipeline.engine.cash_flows.terms import Cohorts, empty_terms
from alm_pipeline.engine.lanes import WIDTH
from alm_pipeline.engine.metrics.eve import N_CASH_ITEMS
from alm_pipeline.engine.metrics.nii import IncomeTables, Placed
from alm_pipeline.engine.metrics.principal import N_MONTH_ITEMS, N_PRINCIPAL_ITEMS


class Lenses(NamedTuple):
    """Which lenses read the rows besides value; ``is_until_reset``: of what the value is."""

    is_until_reset: bool
    has_income: bool
    has_flat_path: bool
    has_repricing: bool
    has_principal: bool
    has_options: bool


class Setting(NamedTuple):
    """What every chunk reads: tables of one block of scenarios, which it is, and choices."""

    block: int
    tables: Tables
    agendas: AgendaTables
    income: IncomeTables
    lenses: Lenses


class Contracts(NamedTuple):
    """The terms of every position of the pass (``terms.columns_of``), and what cohorts do."""

    columns: Any
    cohorts: Cohorts


class Buffers(NamedTuple):
    """What one thread overwrites contract by contract: small enough to stay in its cache.

    ``terms``: of the contracts of a chunk, which all blocks of scenarios read; with one block, of
    the next few.
    """

    terms: Any
    rows: Rows
    states: FloatArray
    months: FloatArray
    placed: Placed


class Values(NamedTuple):
    """Results per position of the whole pass; a chunk writes those of its own positions.

    ``present_value`` (n, n_blocks, WIDTH); ``net_interest_income`` (n_paths, n, n_windows,
    n_blocks, WIDTH); ``principal`` (n, n_blocks, N_PRINCIPAL_ITEMS, WIDTH); ``option_value``
    (n, n_blocks, WIDTH). A lens that is not chosen has n = 0.
    """

    present_value: FloatArray
    net_interest_income: FloatArray
    principal: FloatArray
    option_value: FloatArray


class Totals(NamedTuple):
    """Amounts of consecutive groups, ``first`` in row 0: of one chunk, or of the whole pass."""

    first: int
    cash: FloatArray
    repricing: FloatArray
    months: FloatArray


def empty_values(n: int, n_blocks: int, lenses: Lenses, n_windows: int) -> Values:
    """Return zeroed results of ``n`` positions and ``n_blocks`` blocks of scenarios."""
    n_income, n_principal = n * lenses.has_income, n * lenses.has_principal
    n_paths = 1 + lenses.has_flat_path
    return Values(
        present_value=np.zeros((n, n_blocks, WIDTH)),
        net_interest_income=np.zeros((n_paths, n_income, n_windows, n_blocks, WIDTH)),
        principal=np.zeros((n_principal, n_blocks, N_PRINCIPAL_ITEMS, WIDTH)),
        option_value=np.zeros((n * lenses.has_options, n_blocks, WIDTH)),
    )


def empty_totals(first: int, n: int, n_buckets: int, n_months: int) -> Totals:
    """Return zeroed amounts of ``n`` groups from group ``first`` on."""
    return Totals(
        first=first,
        cash=np.zeros((n, n_buckets, N_CASH_ITEMS, WIDTH)),
        repricing=np.zeros((n, n_buckets, WIDTH)),
        months=np.zeros((n, n_months, N_MONTH_ITEMS, WIDTH)),
    )


def empty_buffers(n: int, edges: CountArray) -> Buffers:
    """Return buffers of ``n`` terms, whose rows are too few for any; ``edges``: of the months."""
    n_months, n_days = len(edges) - 1, int(edges[-1])
    return Buffers(
        terms=empty_terms(n),
        rows=empty_rows(1, accrued_until=n_days),
        states=empty_states(),
        months=np.zeros((1, n_months, N_MONTH_ITEMS, WIDTH)),
        placed=Placed(np.zeros((2, n_days, WIDTH)), np.zeros(n_days, np.bool_)),
    )
