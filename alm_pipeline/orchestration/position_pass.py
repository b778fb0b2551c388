"""What the engine adds up into buckets and months, position by position: made again on demand.

Most positions have nothing in most buckets: the rest is kept, a few positions after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from alm_pipeline.audit.closed_bank import WantedRows
from alm_pipeline.engine.simulation.result import GroupAmounts
from alm_pipeline.engine.simulation.setting import LEAST_MONTHS
from alm_pipeline.orchestration.automatic_options import OPTIONS_HELD, without_automatic_options
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.engine_lineage import READS
from alm_pipeline.orchestration.markets import Markets, markets_of
from alm_pipeline.orchestration.result_tables import (
    amounts_at,
    bucket_items,
    month_items,
    position_table,
    where_any,
)
from alm_pipeline.orchestration.risk_split import MEASURES, PARTS, RISKS, risk_changes
from alm_pipeline.orchestration.simulation import (
    BASE,
    EVENTS,
    INCOME_MONTHS,
    PassOptions,
    book_of,
    run_each,
    valued_positions,
)
from alm_pipeline.warehouse.array_bridge import EngineBook
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.pinned import PinnedTables

_PART = 100_000
"""So many positions become arrays at once."""

_BUCKETS = ("value", "repricing")
_MONTHS = ("value", "income", "months", "principal")
MONTHS = "scenarios.monthly_balances"
_Run = Callable[[EngineBook], Iterator[tuple[int, GroupAmounts]]]
_PASSES: Mapping[str, PassOptions] = {
    "scenarios.cash_flow_buckets": PassOptions(("base",), lenses=_BUCKETS),
    MONTHS: PassOptions(("base",), lenses=_MONTHS, window_months=INCOME_MONTHS),
    "cash_flows.contractual_buckets": PassOptions(("base",), is_contractual=True, lenses=_BUCKETS),
}


def rows_by_position(bank: Bank, pinned: PinnedTables, wanted: WantedRows) -> pa.Table:
    """Return a stored total's rows with `position_id`, rows of nothing left out."""
    pinned.bind(READS)
    pass_rows = _risks if wanted.table == RISKS else _totals
    found = list(pass_rows(bank, pinned, wanted))
    return pa.concat_tables(found) if found else _nothing(pinned, wanted.table)


def _totals(bank: Bank, pinned: PinnedTables, wanted: WantedRows) -> Iterator[pa.Table]:
    """Yield what each position adds to buckets or months."""
    options = _PASSES[wanted.table]
    under = options.scenarios if options.is_contractual else tuple(dict.fromkeys(wanted.scenarios))
    options = replace(options, scenarios=under, bucket_sets=wanted.bucket_sets)
    if wanted.months:  # nothing after the last one
        options = replace(options, window_months=(1, max(LEAST_MONTHS, *wanted.months)))
    partition = Partition(pinned.manifest.as_of_date)
    markets = markets_of(bank, partition, under)

    def run(book: EngineBook) -> Iterator[tuple[int, GroupAmounts]]:
        return run_each(bank, partition, markets, book, options)

    for condition, of_each in _passes(wanted, run).items():
        for part, events in _parts(pinned, markets, condition):
            book = book_of(bank, partition, markets, part, events)
            for first, amounts in of_each(book):
                for column, scenario in enumerate(under):
                    shown = partition if options.is_contractual else partition.under(scenario)
                    valued = _rows(book, shown, first, _entries(amounts, column, wanted))
                    yield from (_without(rows, markets.stopped(scenario)) for rows in valued)


def _passes(wanted: WantedRows, run: _Run) -> Mapping[str, _Run]:
    """Return which positions are run, by a condition, and how: of months, options apart as well."""
    if wanted.table != MONTHS:
        return {wanted.condition: run}

    def plain(book: EngineBook) -> Iterator[tuple[int, GroupAmounts]]:
        for first, amounts in run(book):
            none = np.zeros_like(amounts.monthly["interest"])
            yield first, amounts._replace(monthly={**amounts.monthly, "option": none})

    def of_options(held: EngineBook) -> Iterator[tuple[int, GroupAmounts]]:
        bare = run(without_automatic_options(held))
        for (first, amounts), (_, without) in zip(run(held), bare, strict=True):
            months = {name: np.zeros_like(values) for name, values in amounts.monthly.items()}
            months["option"] = amounts.monthly["interest"] - without.monthly["interest"]
            yield first, amounts._replace(monthly=months)

    holders = f"({wanted.condition}) and ({OPTIONS_HELD})"
    return {wanted.condition: plain, holders: of_options}


def _risks(bank: Bank, pinned: PinnedTables, wanted: WantedRows) -> Iterator[pa.Table]:
    """Yield how each position changes when the moves of scenarios are taken apart."""
    under = tuple(name for name in dict.fromkeys(wanted.scenarios) if name != BASE)
    partition = Partition(pinned.manifest.as_of_date)
    markets = markets_of(bank, partition, (BASE, *under))
    holders = pinned.query(valued_positions(markets, OPTIONS_HELD), READS).column("position_id")
    for part, events in _parts(pinned, markets, wanted.condition):
        book = book_of(bank, partition, markets, part, events)
        of_options = _of(part, holders)
        held = book_of(bank, partition, markets, of_options, _of(events, of_options["position_id"]))
        each = np.arange(len(book.position_ids))
        changes = risk_changes(bank, partition, markets, (book, held), under, each)
        for column, scenario in enumerate(under):
            for measure in MEASURES:
                items = {part: changes[measure, part][:, column] for part in PARTS}
                row = np.flatnonzero(np.any([one != 0.0 for one in items.values()], axis=0))
                columns = {part: pa.array(values[row]) for part, values in items.items()}
                shown = partition.under(scenario)
                rows = position_table(book, shown, row, columns, {"risk_measure": measure})
                yield _without(rows, markets.stopped(scenario))


def _parts(
    pinned: PinnedTables, markets: Markets, condition: str
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield the valued rows that meet a condition, part by part, and their events."""
    rows = pinned.query(valued_positions(markets, condition), READS)
    events = pinned.query(f"{EVENTS} order by all", READS)
    for start in range(0, rows.num_rows, _PART):
        part = rows.slice(start, _PART)
        yield part, _of(events, part["position_id"])


def _of(rows: pa.Table, position_ids: pa.ChunkedArray) -> pa.Table:
    """Return the rows of these positions."""
    ids = position_ids.combine_chunks()
    return rows.filter(pc.is_in(rows.column("position_id"), value_set=ids))


class _Entries(NamedTuple):
    """Amounts other than nothing, (m,) each: whose, in which bucket or month, how much."""

    row: NDArray[np.int64]
    place: Mapping[str, pa.Array]
    amounts: Mapping[str, NDArray[np.float64]]


def _entries(amounts: GroupAmounts, column: int, wanted: WantedRows) -> Iterator[_Entries]:
    """Yield the amounts under one scenario, those of the months or of a bucket set at a time."""
    if amounts.monthly:
        every = month_items(amounts.monthly, column)
        n_months = next(iter(every.values())).shape[1]
        months = np.array(sorted(wanted.months) or range(1, n_months + 1))
        chosen = {name: values[:, months - 1] for name, values in every.items()}
        row, month = where_any(chosen)
        yield _Entries(
            row, {"month_index": pa.array(months[month])}, amounts_at(chosen, row, month)
        )
        return
    for name, one in amounts.buckets.items():
        items = bucket_items(one, column)
        if wanted.last_bucket:
            items = {item: values[:, : wanted.last_bucket] for item, values in items.items()}
        row, bucket = where_any(items)
        place = {"bucket_set": pa.repeat(pa.scalar(name), len(row)), "bucket": pa.array(bucket + 1)}
        yield _Entries(row, place, amounts_at(items, row, bucket))


def _rows(
    book: EngineBook, partition: Partition, first: int, found: Iterator[_Entries]
) -> Iterator[pa.Table]:
    """Yield rows of the positions from ``first`` on."""
    for one in found:
        columns = {name: pa.array(values) for name, values in one.amounts.items()}
        yield position_table(book, partition, first + one.row, {**one.place, **columns})


def _without(rows: pa.Table, currencies: Collection[str]) -> pa.Table:
    """Return rows without those of currencies that a scenario stops."""
    if not currencies:
        return rows
    stopped = pc.is_in(rows.column("currency"), value_set=pa.array(currencies, pa.string()))
    return rows.filter(pc.invert(stopped))


def _nothing(pinned: PinnedTables, table: str) -> pa.Table:
    sql = f"select *, cast(null as varchar) as position_id from {table} where false"
    return pinned.query(sql, [table])
