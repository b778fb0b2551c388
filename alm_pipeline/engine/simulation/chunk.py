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
    Tables,
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


class Chunk:
    """The totals of neighbouring contracts under one block of scenarios, filled part by part."""

    def __init__(self, groups: tuple[int, int], n_buckets: int, setting: Setting) -> None:
        """Begin with nothing; ``groups`` are the first and the last one."""
        edges = setting.income.months.edges
        n_months, n_days = len(edges) - 1, int(edges[-1])
        self.setting = setting
        self.totals = empty_totals(groups[0], groups[1] - groups[0] + 1, n_buckets, n_months)
        self.buffers = Buffers(
            rows=empty_rows(1, accrued_until=n_days),
            states=empty_states(),
            months=np.zeros((1, n_months, N_MONTH_ITEMS, WIDTH)),
            placed=Placed(np.zeros((2, n_days, WIDTH)), np.zeros(n_days, np.bool_)),
        )

    def fill(self, terms: Any, chosen: CountArray, values: Values) -> None:
        """Run contracts, sorted by group: fill their values, add to the totals.

        ``terms`` (m,) records of the rows ``chosen`` (m,) of the whole pass.
        """
        n_rows, rows = max(int(terms.max_rows.max()), 1), self.buffers.rows
        if n_rows > len(rows.day):
            self.buffers = self.buffers._replace(rows=empty_rows(n_rows, rows.accrued_until))
        _fill(terms, chosen, self.setting, self.buffers, values, self.totals)


@entry_kernel
def _fill(
    terms: Any,
    chosen: CountArray,
    setting: Setting,
    buffers: Buffers,
    values: Values,
    totals: Totals,
) -> None:
    """Project one contract after the other and read its rows at once: one call without the GIL.

    For the flat path only what depends on where indices go is projected again.
    """
    n, n_rows, lenses, last_edge = len(chosen), ZERO, setting.lenses, setting.income.windows.edges
    for k in range(n):
        term, i = terms[k], chosen[k]
        has_income = lenses.has_income and term.is_nii
        for path in range(FORWARD, FLAT + 1 if has_income and lenses.has_flat_path else FLAT):
            if path == FORWARD or term.is_path_dependent:
                last_day = NEVER if path == FORWARD else last_edge[-1]
                n_rows = _project(term, setting, path, last_day, buffers)
            if path == FORWARD:
                _read_rows(term, setting, buffers.rows, n_rows, values, totals, i)
            if has_income:
                _read_income(term, setting, path, buffers, n_rows, values, totals, i)
        is_last = k == n - 1 or terms[k + 1].group != term.group
        is_last = is_last or terms[k + 1].replacement_row != term.replacement_row
        if setting.income.has_months and is_last:
            pair, group = term.replacement_row, term.group - totals.first
            add_placed(setting.income, pair, buffers.placed, totals.months, group)


@inner_kernel
def _project(term: Any, setting: Setting, path: int, last_day: int, buffers: Buffers) -> int:
    tables = Tables(setting.dates, setting.market, setting.behaviour, setting.gathering)
    return project_one(term, tables, setting.agendas, path, last_day, buffers.rows, buffers.states)


@inner_kernel
def _read_rows(
    term: Any, setting: Setting, rows: Rows, n_rows: int, values: Values, totals: Totals, i: int
) -> None:
    """Read value, options, repricing and principal."""
    lenses, gathering, group = setting.lenses, setting.gathering, term.group - totals.first
    value = add_cash(
        term,
        rows,
        n_rows,
        setting.market.discount,
        gathering.is_margin_included,
        gathering.bucket_of_day,
        totals.cash,
        group,
    )
    store(values.present_value, i, value)
    if term.has_option and term.is_eve:
        _read_options(term, setting, rows, n_rows, values, i)
    if lenses.has_repricing:
        add_repricing(term, rows, n_rows, gathering.bucket_of_day, totals.repricing, group)
    if lenses.has_principal:
        bins, months = setting.income.months, totals.months
        add_principal(term, rows, n_rows, bins, months, group, values.principal, i)


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
    path: int,
    buffers: Buffers,
    n_rows: int,
    values: Values,
    totals: Totals,
    i: int,
) -> None:
    """Read the income of one path; months keep that along the forwards."""
    months, group = buffers.months, ZERO
    if path == FORWARD and not term.is_constant:
        months, group = totals.months, term.group - totals.first
    _read_path(term, setting, path, buffers, n_rows, months, group, values, i)
    if path == FORWARD and term.is_constant:
        for month in range(months.shape[1]):
            for item in (MONTH_INTEREST, MONTH_REPLACEMENT, MONTH_MARGIN):
                own = load(months, 0, month, item)
                add_to(totals.months, term.group - totals.first, month, item, own)


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
