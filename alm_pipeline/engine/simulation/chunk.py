"""One chunk of positions through the projection and every lens, without the GIL.

Each contract is projected once into a small buffer and read by one lens after the other. What a
chunk needs stands in ``Setting`` (read only, shared by all threads). It writes the ``Values`` of
its own positions, and ``Totals`` per group of its own, which the caller adds up in chunk order.
All of it is about one block of ``WIDTH`` scenarios.
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.arrays import CountArray, FloatArray
from alm_pipeline.engine.cash_flows.projection import project_one
from alm_pipeline.engine.cash_flows.records import (
    FLAT,
    FORWARD,
    NEVER,
    Rows,
)
from alm_pipeline.engine.cash_flows.terms import BLOCK_SIZE, derive_terms
from alm_pipeline.engine.kernel import ZERO, entry_kernel, inner_kernel
from alm_pipeline.engine.lanes import add_to, at, load, prefetch, store
from alm_pipeline.engine.metrics.eve import add_cash
from alm_pipeline.engine.metrics.nii import (
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
    add_principal,
)
from alm_pipeline.engine.metrics.repricing import add_repricing
from alm_pipeline.engine.metrics.repricing_value import repricing_value
from alm_pipeline.engine.references import by_reference
from alm_pipeline.engine.simulation.records import Buffers, Contracts, Setting, Totals, Values
from alm_pipeline.engine.simulation.tail import add_tail


@entry_kernel
def fill_chunk(
    contracts: Contracts,
    chosen: CountArray,
    begin: int,
    setting: Setting,
    buffers: Buffers,
    values: Values,
    totals: Totals,
) -> int:
    """Project one contract after the other and read its rows at once: one call without the GIL.

    For the flat path only what depends on where indices go is projected again.

    Parameters
    ----------
    contracts : Contracts
        Of the whole pass.
    chosen, begin : (m,) int64, int
        Rows of neighbours, sorted by group; which of them is the first one.
    buffers : Buffers
        Overwritten.
    values, totals : Values, Totals
        Of the whole pass, those of the chosen are filled; of the chunk's groups, added to.

    Returns
    -------
    int
        Where it stopped: at the end, or before the first contract that the buffers are too short
        for.
    """
    setting, buffers, contracts = (
        by_reference(setting),
        by_reference(buffers),
        by_reference(contracts),
    )
    values, totals = by_reference(values), by_reference(totals)
    columns, dates, capacity = contracts.columns, setting.tables.dates, len(buffers.rows.day)
    for k in range(begin, len(chosen)):
        place = k % len(buffers.terms)
        if setting.block == 0 and k % BLOCK_SIZE == 0:
            terms = buffers.terms[place : place + BLOCK_SIZE]
            derive_terms(columns, chosen, k, dates, contracts.cohorts, terms)
        term, i = buffers.terms[place], chosen[k]
        if term.max_rows > capacity:
            return k
        _read_contract(term, setting, buffers, values, totals, i)
        is_last = k == len(chosen) - 1 or _is_other(columns, i, chosen[k + 1])
        if setting.income.has_months and is_last:
            pair, group = term.replacement_row, term.group - totals.first
            add_placed(setting.income, pair, buffers.placed, totals.months, group)
    return len(chosen)


@inner_kernel
def _is_other(columns: Any, i: int, j: int) -> bool:
    """Say whether two contracts differ in group or replacement."""
    if columns.group[i] != columns.group[j]:
        return True
    return bool(columns.replacement_row[i] != columns.replacement_row[j])


@inner_kernel
def _read_contract(
    term: Any, setting: Setting, buffers: Buffers, values: Values, totals: Totals, i: int
) -> None:
    """Project a contract and read every lens."""
    n_rows, lenses, last_edge = ZERO, setting.lenses, setting.income.windows.edges
    tables, agendas, rows, states = setting.tables, setting.agendas, buffers.rows, buffers.states
    has_income = lenses.has_income and term.is_nii
    prefetch(values.present_value, i, setting.block)
    if has_income:
        for window in range(values.net_interest_income.shape[2]):
            prefetch(values.net_interest_income, FORWARD, i, window, setting.block)
    for path in range(FORWARD, FLAT + 1 if has_income and lenses.has_flat_path else FLAT):
        if path == FORWARD or term.is_path_dependent:
            last_day = NEVER if path == FORWARD else last_edge[-1]
            n_rows = project_one(term, tables, agendas, path, last_day, rows, states)
        if path == FORWARD:
            _read_rows(term, setting, rows, n_rows, values, totals, i)
        if has_income:
            _read_income(term, setting, path, buffers, n_rows, values, totals, i)
        if path == FORWARD and at(rows.handover, 0) != NEVER:
            _read_tail(term, setting, buffers, values, totals, i, has_income)


@inner_kernel
def _read_rows(
    term: Any, setting: Setting, rows: Rows, n_rows: int, values: Values, totals: Totals, i: int
) -> None:
    """Read value, options, repricing and principal."""
    lenses, tails, group = setting.lenses, setting.tables.tails, term.group - totals.first
    if lenses.is_until_reset:
        discount, is_margin_included = setting.tables.market.discount, tails.is_margin_included
        value = repricing_value(term, rows, n_rows, discount, is_margin_included)
        store(values.present_value, i, setting.block, value)
        return
    value = add_cash(
        term,
        rows,
        n_rows,
        setting.tables.market.discount,
        tails.is_margin_included,
        tails.bucket_of_day,
        totals.cash,
        group,
    )
    store(values.present_value, i, setting.block, value)
    if term.has_option and term.is_eve:
        _read_options(term, setting, rows, n_rows, values, i)
    if lenses.has_repricing:
        add_repricing(term, rows, n_rows, tails.bucket_of_day, totals.repricing, group)
    if lenses.has_principal:
        bins, months = setting.income.months, totals.months
        block, record = setting.block, values.principal
        add_principal(term, rows, n_rows, bins, months, group, record, i, block)


@inner_kernel
def _read_tail(
    term: Any,
    setting: Setting,
    buffers: Buffers,
    values: Values,
    totals: Totals,
    i: int,
    has_income: bool,
) -> None:
    """Read what is paid after the last row."""
    rows, states, block = buffers.rows, buffers.states, setting.block
    value, first, whole = add_tail(term, setting, rows, states, totals, values.principal, i)
    add_to(values.present_value, i, block, value)
    if has_income:
        add_to(values.net_interest_income, FORWARD, i, 0, block, first)  # of two windows
        add_to(values.net_interest_income, FORWARD, i, 1, block, whole)


@inner_kernel
def _read_options(
    term: Any, setting: Setting, rows: Rows, n_rows: int, values: Values, i: int
) -> None:
    discount = setting.tables.market.discount
    is_margin_included = setting.tables.tails.is_margin_included
    value = option_value(term, rows, n_rows, discount, is_margin_included)
    store(values.option_value, i, setting.block, value)


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
    """Fill the windows of one path."""
    dates, market, tables, rows = (
        setting.tables.dates,
        setting.tables.market,
        setting.income,
        buffers.rows,
    )
    if term.is_constant:
        for month in range(months.shape[1]):
            store(months, 0, month, MONTH_INTEREST, 0.0)
            store(months, 0, month, MONTH_MARGIN, 0.0)
    needs_months = term.is_constant or (tables.has_months and path == FORWARD)
    bins, is_by_days = tables.months if needs_months else tables.windows, tables.is_split_by_days
    earned = accrued_income(term, dates, bins, is_by_days, rows, n_rows, months, group)
    if term.is_constant:
        behaviour = setting.tables.behaviour
        earned = constant_income(term, dates, market, behaviour, tables, path, months)
    else:
        year_days, placed = market.index_year_days[term.index_curve], buffers.placed
        more = replaced_income(term, tables, path, rows, n_rows, year_days, placed)
        earned = _together(earned, more)
    if term.margin_rate != 0.0 and tables.has_months and path == FORWARD:
        add_margin(term, dates, bins, is_by_days, rows, n_rows, months, group)
    if term.has_fee:
        earned = _together(earned, fee_income(bins, rows, n_rows, months, group))
    _keep(values.net_interest_income, path, i, setting.block, earned)


@inner_kernel
def _together(one: Any, other: Any) -> Any:
    """Return the income of two sources in each window."""
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


@inner_kernel
def _keep(income: FloatArray, path: int, i: int, block: int, earned: Any) -> None:
    """Keep the income of the windows; of two, the middle one is the last one."""
    last = income.shape[2] - 1
    store(income, path, i, 0, block, earned[0])
    if last > 1:
        store(income, path, i, 1, block, earned[1])
    store(income, path, i, last, block, earned[2])
