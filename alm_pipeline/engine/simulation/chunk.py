"""One chunk of positions through the projection and every lens, without the GIL.

A chunk is cut into blocks of contracts whose rows fit the processor's cache; each block is
projected once and read by one lens after the other. What a chunk needs stands in ``Setting`` (read
only, shared by all threads); what it writes in ``Output``: results per position, and aggregates of
this chunk alone, which the caller adds up in chunk order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from alm_pipeline.engine.arrays import CountArray, FloatArray
from alm_pipeline.engine.cash_flows.projection import project_block
from alm_pipeline.engine.cash_flows.records import (
    FLAT,
    FORWARD,
    N_ITEMS,
    NEVER,
    BehaviourTables,
    Block,
    MarketTables,
    Rows,
    empty_block,
    empty_rows,
)
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.metrics.eve import N_CASH_ITEMS, add_cash
from alm_pipeline.engine.metrics.nii import (
    add_accrued,
    add_constant,
    add_income,
    add_months,
    add_replaced,
)
from alm_pipeline.engine.metrics.principal import (
    MONTH_INTEREST,
    N_MONTH_ITEMS,
    N_PRINCIPAL_ITEMS,
    add_principal,
)
from alm_pipeline.engine.metrics.repricing import add_repricing

BLOCK_BYTES = 1_500_000
"""Rows of a block: they stay in a core's cache while one lens after the other reads them."""

MAX_BLOCK = 256
"""Contracts of a block at most; the bins of the income lens are sized by it."""


class IncomeBins(NamedTuple):
    """Bins of the income lens: edges in days, bin of each day, rolled index, first window."""

    edges: CountArray
    bins: CountArray
    rolled: FloatArray
    n_first: int


class Setting(NamedTuple):
    """What every chunk reads: tables, windows and choices.

    ``months``: the forward path, in monthly bins; ``windows``: the flat path, one bin a window.
    """

    dates: DateTables
    market: MarketTables
    behaviour: BehaviourTables
    bucket_of_day: CountArray
    is_margin_included: bool
    months: IncomeBins
    windows: IncomeBins


class Output(NamedTuple):
    """What one chunk writes: per position (rows of the chunk), and per group."""

    present_value: FloatArray
    net_interest_income: FloatArray
    principal: FloatArray
    cash: FloatArray
    repricing: FloatArray
    months: FloatArray


def empty_output(n: int, n_groups: int, n_buckets: int, n_months: int, n_scenarios: int) -> Output:
    """Return zeroed results of one chunk; income is (2 paths, 2 windows, n, S)."""
    return Output(
        present_value=np.zeros((n, n_scenarios)),
        net_interest_income=np.zeros((2, 2, n, n_scenarios)),
        principal=np.zeros((n, N_PRINCIPAL_ITEMS, n_scenarios)),
        cash=np.zeros((n_groups, n_buckets, N_CASH_ITEMS, n_scenarios)),
        repricing=np.zeros((n_groups, n_buckets, n_scenarios)),
        months=np.zeros((n_groups, n_months, N_MONTH_ITEMS, n_scenarios)),
    )


def chunk_results(terms: Any, setting: Setting, output: Output) -> Output:
    """Run one chunk with buffers of its own, block by block, and return its filled ``output``."""
    n_scenarios = output.present_value.shape[1]
    n_rows = max(int(terms.max_rows.max(initial=1)), BLOCK_BYTES // (8 * N_ITEMS * n_scenarios))
    rows, block = empty_rows(n_rows, n_scenarios), empty_block(MAX_BLOCK, n_scenarios)
    first = 0
    while first < len(terms):
        waiting = terms[first : first + MAX_BLOCK]
        n = _project(waiting, setting, FORWARD, NEVER, rows, block)
        _read_block(waiting[:n], setting, rows, block, _part(output, first, n))
        first += n
    return output


def _project(
    terms: Any, setting: Setting, path: int, last_day: int, rows: Rows, block: Block
) -> int:
    """Fill a block and return how many contracts it holds."""
    dates, market, behaviour = setting.dates, setting.market, setting.behaviour
    return project_block(terms, dates, market, behaviour, path, last_day, rows, block)


def _part(output: Output, first: int, n: int) -> Output:
    """Return a view of the output of ``n`` positions."""
    some = slice(first, first + n)
    return output._replace(
        present_value=output.present_value[some],
        net_interest_income=output.net_interest_income[:, :, some],
        principal=output.principal[some],
    )


def _read_block(terms: Any, setting: Setting, rows: Rows, block: Block, output: Output) -> None:
    """Read the rows of one block through every lens."""
    buckets, discount = setting.bucket_of_day, setting.market.discount
    is_included = setting.is_margin_included
    add_cash(terms, rows, block, discount, is_included, buckets, output.cash, output.present_value)
    add_repricing(terms, rows, block, buckets, output.repricing)
    add_principal(terms, rows, block, setting.months.bins, output.months, output.principal)
    own, other = _income(terms, setting, FORWARD, rows, block, output)
    add_months(terms, own, other, output.months, MONTH_INTEREST)
    _project(terms, setting, FLAT, int(setting.windows.edges[-1]), rows, block)
    _income(terms, setting, FLAT, rows, block, output)


def _income(
    terms: Any, setting: Setting, path: int, rows: Rows, block: Block, output: Output
) -> tuple[FloatArray, FloatArray]:
    """Fill the income of one path and return its bins: run-off interest, and the rest."""
    dates, market, behaviour = setting.dates, setting.market, setting.behaviour
    bins = setting.months if path == FORWARD else setting.windows
    shape = (len(terms), len(bins.edges) - 1, output.present_value.shape[1])
    own, other = np.zeros(shape), np.zeros(shape)
    month_days, year_days = setting.months.edges, market.index_year_days
    add_accrued(terms, dates, rows, block, bins.edges, bins.bins, own)
    add_replaced(terms, rows, block, bins.edges, bins.bins, bins.rolled, year_days, other)
    add_constant(
        terms, dates, market, behaviour, path, month_days, bins.bins, block.lanes, own, other
    )
    first, both = output.net_interest_income[path]
    add_income(own, other, bins.n_first, first, both)
    return own, other
