"""One chunk of positions through the projection and every lens, without the GIL.

Each contract is projected once into a small buffer and read by one lens after the other. What a
chunk needs stands in ``Setting`` (read only, shared by all threads). It writes the ``Values`` of
its own positions, and ``Totals`` per group of its own, which the caller adds up in chunk order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from alm_pipeline.engine.arrays import CountArray, FloatArray
from alm_pipeline.engine.cash_flows.agenda import AgendaTables
from alm_pipeline.engine.cash_flows.projection import project_one
from alm_pipeline.engine.cash_flows.records import (
    FLAT,
    FORWARD,
    N_LANES,
    NEVER,
    BehaviourTables,
    MarketTables,
    Rows,
    empty_rows,
)
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.kernel import entry_kernel, kernel
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
    agendas: AgendaTables
    bucket_of_day: CountArray
    is_margin_included: bool
    months: IncomeBins
    windows: IncomeBins


class Buffers(NamedTuple):
    """What one thread overwrites contract by contract: small enough to stay in its cache.

    ``months``, ``windows`` (2, n_bins, S): run-off interest, and the rest of the income.
    """

    rows: Rows
    lanes: FloatArray
    months: FloatArray
    windows: FloatArray


class Values(NamedTuple):
    """Results per position of the whole pass; a chunk writes those of its own positions.

    ``net_interest_income`` (n, 2 paths, 2 windows, S).
    """

    present_value: FloatArray
    net_interest_income: FloatArray
    principal: FloatArray


class Totals(NamedTuple):
    """Amounts of consecutive groups, ``first`` in row 0: of one chunk, or of the whole pass."""

    first: int
    cash: FloatArray
    repricing: FloatArray
    months: FloatArray


class Shape(NamedTuple):
    """How many buckets, months and scenarios the results of a pass have."""

    n_buckets: int
    n_months: int
    n_scenarios: int


def empty_values(n: int, n_scenarios: int) -> Values:
    """Return zeroed results of ``n`` positions."""
    return Values(
        present_value=np.zeros((n, n_scenarios)),
        net_interest_income=np.zeros((n, 2, 2, n_scenarios)),
        principal=np.zeros((n, N_PRINCIPAL_ITEMS, n_scenarios)),
    )


def empty_totals(first: int, n: int, shape: Shape) -> Totals:
    """Return zeroed amounts of ``n`` groups from group ``first`` on."""
    n_buckets, n_months, n_scenarios = shape
    return Totals(
        first=first,
        cash=np.zeros((n, n_buckets, N_CASH_ITEMS, n_scenarios)),
        repricing=np.zeros((n, n_buckets, n_scenarios)),
        months=np.zeros((n, n_months, N_MONTH_ITEMS, n_scenarios)),
    )


def chunk_totals(
    terms: Any, chosen: CountArray, setting: Setting, values: Values, shape: Shape
) -> Totals:
    """Run the ``chosen`` contracts, sorted by group: fill their values, return their totals."""
    first, last = int(terms.group[chosen[0]]), int(terms.group[chosen[-1]])
    totals = empty_totals(first, last - first + 1, shape)
    n_rows = int(terms.max_rows[chosen].max())
    buffers = Buffers(
        rows=empty_rows(max(n_rows, 1), shape.n_scenarios),
        lanes=np.zeros((N_LANES, shape.n_scenarios)),
        months=np.zeros((2, len(setting.months.edges) - 1, shape.n_scenarios)),
        windows=np.zeros((2, len(setting.windows.edges) - 1, shape.n_scenarios)),
    )
    _fill(terms, chosen, setting, buffers, values, totals)
    return totals


@entry_kernel
def _fill(
    terms: Any,
    chosen: CountArray,
    setting: Setting,
    buffers: Buffers,
    values: Values,
    totals: Totals,
) -> None:
    """Project one contract after the other and read its rows at once: one call without the GIL."""
    dates, market, behaviour = setting.dates, setting.market, setting.behaviour
    agendas = setting.agendas
    rows, lanes = buffers.rows, buffers.lanes
    last_day = setting.windows.edges[-1]
    for i in chosen:
        term = terms[i]
        n_rows = project_one(term, dates, market, behaviour, agendas, FORWARD, NEVER, rows, lanes)
        _read_cash(term, setting, rows, n_rows, values, totals, i)
        if not term.is_nii:
            continue
        income, months = values.net_interest_income[i], totals.months[term.group - totals.first]
        _read_income(term, setting, FORWARD, buffers, n_rows, buffers.months, income)
        add_months(buffers.months[0], buffers.months[1], months, MONTH_INTEREST)
        if term.is_path_dependent:
            n_rows = project_one(
                term, dates, market, behaviour, agendas, FLAT, last_day, rows, lanes
            )
        _read_income(term, setting, FLAT, buffers, n_rows, buffers.windows, income)


@kernel
def _read_cash(
    term: Any,
    setting: Setting,
    rows: Rows,
    n_rows: int,
    values: Values,
    totals: Totals,
    i: int,
) -> None:
    """Read the lenses of the forward path that do not accrue."""
    group, buckets = term.group - totals.first, setting.bucket_of_day
    add_cash(
        term,
        rows,
        n_rows,
        setting.market.discount[term.discount_curve],
        setting.is_margin_included,
        buckets,
        totals.cash[group],
        values.present_value[i],
    )
    add_repricing(term, rows, n_rows, buckets, totals.repricing[group])
    bins = setting.months.bins
    add_principal(term, rows, n_rows, bins, totals.months[group], values.principal[i])


@kernel
def _read_income(
    term: Any,
    setting: Setting,
    path: int,
    buffers: Buffers,
    n_rows: int,
    both: FloatArray,
    income: FloatArray,
) -> None:
    """Fill the bins of one path, run-off interest and the rest, and add up its windows."""
    dates, market, behaviour = setting.dates, setting.market, setting.behaviour
    bins = setting.months if path == FORWARD else setting.windows
    rows, edges, own, other = buffers.rows, bins.edges, both[0], both[1]
    own[:], other[:] = 0.0, 0.0
    add_accrued(term, dates, rows, n_rows, edges, bins.bins, own)
    rolled, year_days = bins.rolled[term.replacement_row], market.index_year_days[term.index_curve]
    add_replaced(term, rows, n_rows, edges, bins.bins, rolled, year_days, other)
    month_days, lanes = setting.months.edges, buffers.lanes
    add_constant(term, dates, market, behaviour, path, month_days, bins.bins, lanes, own, other)
    add_income(own, other, bins.n_first, income[path])
