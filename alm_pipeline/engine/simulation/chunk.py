"""One chunk of positions through the projection and every lens, without the GIL.

Each contract is projected once into a small buffer and read by one lens after the other. What a
chunk needs stands in ``Setting`` (read only, shared by all threads). It writes the ``Values`` of
its own positions, and ``Totals`` per group of its own, which the caller adds up in chunk order.
All of it is about one block of ``WIDTH`` scenarios.
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
    NEVER,
    BehaviourTables,
    Gathering,
    MarketTables,
    Rows,
    empty_rows,
    empty_states,
)
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.kernel import ZERO, entry_kernel, inner_kernel
from alm_pipeline.engine.lanes import WIDTH, add_to, load, store
from alm_pipeline.engine.metrics.eve import N_CASH_ITEMS, add_cash
from alm_pipeline.engine.metrics.nii import (
    IncomeTables,
    Placed,
    accrued_income,
    add_margin,
    add_placed,
    constant_income,
    fee_income,
    replaced_income,
)
from alm_pipeline.engine.metrics.option_value import option_value
from alm_pipeline.engine.metrics.principal import (
    MONTH_INTEREST,
    MONTH_MARGIN,
    MONTH_REPLACEMENT,
    N_MONTH_ITEMS,
    N_PRINCIPAL_ITEMS,
    add_principal,
)
from alm_pipeline.engine.metrics.repricing import add_repricing


class Lenses(NamedTuple):
    """Which lenses read the rows besides value."""

    has_income: bool
    has_flat_path: bool
    has_repricing: bool
    has_principal: bool
    has_options: bool


class Setting(NamedTuple):
    """What every chunk reads: tables of one block of scenarios, and choices."""

    dates: DateTables
    market: MarketTables
    behaviour: BehaviourTables
    agendas: AgendaTables
    income: IncomeTables
    gathering: Gathering
    lenses: Lenses


class Buffers(NamedTuple):
    """What one thread overwrites contract by contract: small enough to stay in its cache."""

    rows: Rows
    states: FloatArray
    months: FloatArray
    placed: Placed


class Values(NamedTuple):
    """Results per position of the whole pass; a chunk writes those of its own positions.

    ``present_value`` (n, WIDTH); ``net_interest_income`` (n_paths, n, 2 windows, WIDTH);
    ``principal`` (1, n, N_PRINCIPAL_ITEMS, WIDTH); ``option_value`` (n, WIDTH). A lens that is not
    chosen has n = 0.
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


def empty_values(n: int, lenses: Lenses) -> Values:
    """Return zeroed results of ``n`` positions."""
    n_income, n_principal = n * lenses.has_income, n * lenses.has_principal
    return Values(
        present_value=np.zeros((n, WIDTH)),
        net_interest_income=np.zeros((1 + lenses.has_flat_path, n_income, 2, WIDTH)),
        principal=np.zeros((1, n_principal, N_PRINCIPAL_ITEMS, WIDTH)),
        option_value=np.zeros((n * lenses.has_options, WIDTH)),
    )


def empty_totals(first: int, n: int, n_buckets: int, n_months: int) -> Totals:
    """Return zeroed amounts of ``n`` groups from group ``first`` on."""
    return Totals(
        first=first,
        cash=np.zeros((n, n_buckets, N_CASH_ITEMS, WIDTH)),
        repricing=np.zeros((n, n_buckets, WIDTH)),
        months=np.zeros((n, n_months, N_MONTH_ITEMS, WIDTH)),
    )


def chunk_totals(
    terms: Any, chosen: CountArray, setting: Setting, values: Values, n_buckets: int
) -> Totals:
    """Run the contracts of a chunk, sorted by group: fill their values, return their totals.

    ``terms`` (m,) records of the rows ``chosen`` (m,) of the whole pass.
    """
    first, last = int(terms.group[0]), int(terms.group[-1])
    edges = setting.income.months.edges
    n_months, n_days = len(edges) - 1, int(edges[-1])
    totals = empty_totals(first, last - first + 1, n_buckets, n_months)
    placed = Placed(np.zeros((2, n_days, WIDTH)), np.zeros(n_days, np.bool_))
    buffers = Buffers(
        rows=empty_rows(max(int(terms.max_rows.max()), 1), accrued_until=n_days),
        states=empty_states(),
        months=np.zeros((1, n_months, N_MONTH_ITEMS, WIDTH)),
        placed=placed,
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
    n, rows, lenses = len(chosen), buffers.rows, setting.lenses
    for k in range(n):
        term, i = terms[k], chosen[k]
        group = term.group - totals.first
        n_rows = _project(term, setting, FORWARD, NEVER, buffers)
        value = add_cash(
            term,
            rows,
            n_rows,
            setting.market.discount,
            setting.gathering.is_margin_included,
            setting.gathering.bucket_of_day,
            totals.cash,
            group,
        )
        store(values.present_value, i, value)
        if term.has_option and term.is_eve:
            _read_options(term, setting, rows, n_rows, values, i)
        if lenses.has_repricing:
            bucket_of_day = setting.gathering.bucket_of_day
            add_repricing(term, rows, n_rows, bucket_of_day, totals.repricing, group)
        if lenses.has_principal:
            bins, months = setting.income.months, totals.months
            add_principal(term, rows, n_rows, bins, months, group, values.principal, i)
        if lenses.has_income and term.is_nii:
            _read_income(term, setting, buffers, n_rows, values, totals, i)
        is_last = k == n - 1 or terms[k + 1].group != term.group
        is_last = is_last or terms[k + 1].replacement_row != term.replacement_row
        if setting.income.has_months and is_last:
            pair = term.replacement_row
            add_placed(setting.income, pair, buffers.placed, totals.months, group)


@inner_kernel
def _project(term: Any, setting: Setting, path: int, last_day: int, buffers: Buffers) -> int:
    return project_one(
        term,
        setting.dates,
        setting.market,
        setting.behaviour,
        setting.agendas,
        setting.gathering,
        path,
        last_day,
        buffers.rows,
        buffers.states,
    )


@inner_kernel
def _read_options(
    term: Any, setting: Setting, rows: Rows, n_rows: int, values: Values, i: int
) -> None:
    discount = setting.market.discount
    is_margin_included = setting.gathering.is_margin_included
    store(values.option_value, i, option_value(term, rows, n_rows, discount, is_margin_included))


@inner_kernel
def _read_income(
    term: Any,
    setting: Setting,
    buffers: Buffers,
    n_rows: int,
    values: Values,
    totals: Totals,
    i: int,
) -> None:
    """Read the income of both paths; what depends on the path is projected again for the flat."""
    group, months = term.group - totals.first, buffers.months
    if term.is_constant:
        _read_path(term, setting, FORWARD, buffers, n_rows, months, ZERO, values, i)
        for month in range(months.shape[1]):
            for item in (MONTH_INTEREST, MONTH_REPLACEMENT, MONTH_MARGIN):
                add_to(totals.months, group, month, item, load(months, 0, month, item))
    else:
        _read_path(term, setting, FORWARD, buffers, n_rows, totals.months, group, values, i)
    if not setting.lenses.has_flat_path:
        return
    if term.is_path_dependent:
        n_rows = _project(term, setting, FLAT, setting.income.months.edges[-1], buffers)
    _read_path(term, setting, FLAT, buffers, n_rows, months, ZERO, values, i)


@inner_kernel
def _read_path(
    term: Any,
    setting: Setting,
    path: int,
    buffers: Buffers,
    n_rows: int,
    months: FloatArray,
    group: int,
    values: Values,
    i: int,
) -> None:
    """Fill the two windows of one path."""
    dates, market, tables, rows = setting.dates, setting.market, setting.income, buffers.rows
    if term.is_constant:
        for month in range(months.shape[1]):
            store(months, 0, month, MONTH_INTEREST, 0.0)
            store(months, 0, month, MONTH_MARGIN, 0.0)
    needs_months = term.is_constant or (tables.has_months and path == FORWARD)
    bins, is_by_days = tables.months if needs_months else tables.windows, tables.is_split_by_days
    first, whole = accrued_income(term, dates, bins, is_by_days, rows, n_rows, months, group)
    if term.is_constant:
        states, behaviour = buffers.states, setting.behaviour
        first, whole = constant_income(term, dates, market, behaviour, tables, path, states, months)
    else:
        year_days, placed = market.index_year_days[term.index_curve], buffers.placed
        more = replaced_income(term, tables, path, rows, n_rows, year_days, placed)
        first, whole = first + more[0], whole + more[1]
    if term.margin_rate != 0.0 and tables.has_months and path == FORWARD:
        add_margin(term, dates, bins, is_by_days, rows, n_rows, months, group)
    if term.has_fee:
        fees = fee_income(bins, rows, n_rows, months, group)
        first, whole = first + fees[0], whole + fees[1]
    store(values.net_interest_income, path, i, 0, first)
    store(values.net_interest_income, path, i, 1, whole)
