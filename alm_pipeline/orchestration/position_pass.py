"""What the engine adds up into buckets and months, position by position: made again on demand.

Most positions have nothing in most buckets: the rest is kept, a few positions after the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from alm_pipeline.engine.simulation.result import GroupAmounts
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.engine_lineage import READS
from alm_pipeline.orchestration.result_tables import bucket_items, month_items, position_table
from alm_pipeline.orchestration.simulation import (
    EVENTS,
    VALUED,
    Markets,
    PassOptions,
    book_of,
    markets_of,
    run_each,
)
from alm_pipeline.warehouse.array_bridge import EngineBook
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.pinned import PinnedTables

_PART = 100_000
"""So many positions become arrays at once."""

_BUCKETS = ("value", "repricing")
_MONTHS = ("value", "income", "months", "principal")
_PASSES: Mapping[str, PassOptions] = {
    "scenarios.cash_flow_buckets": PassOptions(("base",), lenses=_BUCKETS),
    "scenarios.monthly_balances": PassOptions(("base",), lenses=_MONTHS),
    "cash_flows.contractual_buckets": PassOptions(("base",), is_contractual=True, lenses=_BUCKETS),
}


def rows_by_position(
    bank: Bank, pinned: PinnedTables, table: str, scenarios: Sequence[str], condition: str
) -> pa.Table:
    """Return a stored total's rows with `position_id`, rows of nothing left out.

    Parameters
    ----------
    table : str
        One of the tables the engine adds up.
    condition : str
        Which rows of `book.positions`.
    """
    options = _PASSES[table]
    under = options.scenarios if options.is_contractual else tuple(dict.fromkeys(scenarios))
    options = replace(options, scenarios=under)
    partition = Partition(pinned.manifest.as_of_date)
    pinned.bind(READS)
    markets = markets_of(bank, partition, under)
    events = pinned.query(f"{EVENTS} order by all", READS)
    found: list[pa.Table] = []
    for part in _parts(pinned, markets, condition):
        book = book_of(bank, partition, markets, part, _of(events, part))
        for first, amounts in run_each(bank, partition, markets, book, options):
            for column, scenario in enumerate(under):
                shown = partition if options.is_contractual else partition.under(scenario)
                valued = _rows(book, shown, first, amounts, column)
                found += (_without(rows, markets.stopped(scenario)) for rows in valued)
    return pa.concat_tables(found) if found else _nothing(pinned, table)


def _parts(pinned: PinnedTables, markets: Markets, condition: str) -> Iterator[pa.Table]:
    """Return the rows that a close values and that meet the condition, part by part."""
    left = ", ".join(f"'{currency}'" for currency in sorted(markets.errors)) or "''"
    valued = f"select * from ({VALUED}) where ({condition}) and currency not in ({left})"
    rows = pinned.query(f"{valued} order by position_id", READS)
    for start in range(0, rows.num_rows, _PART):
        yield rows.slice(start, _PART)


def _of(events: pa.Table, rows: pa.Table) -> pa.Table:
    ids = rows.column("position_id").combine_chunks()
    return events.filter(pc.is_in(events.column("position_id"), value_set=ids))


class _Entries(NamedTuple):
    """Amounts other than nothing, (m,) each: whose, in which bucket or month, how much."""

    row: NDArray[np.int64]
    place: NDArray[np.int64]
    amounts: Mapping[str, NDArray[np.float64]]


def _entries(items: Mapping[str, NDArray[np.float64]]) -> _Entries:
    """Return what is not nothing among amounts (n, n_places) each."""
    row, place = np.nonzero(np.any([values != 0.0 for values in items.values()], axis=0))
    return _Entries(row, place, {name: values[row, place] for name, values in items.items()})


def _named_entries(
    amounts: GroupAmounts, column: int
) -> Iterator[tuple[_Entries, dict[str, pa.Array]]]:
    """Yield the amounts under one scenario and where they are: in months or in a bucket set."""
    if amounts.monthly:
        found = _entries(month_items(amounts.monthly, column))
        yield found, {"month_index": pa.array(found.place + 1)}
        return
    for name, one in amounts.buckets.items():
        found = _entries(bucket_items(one, column))
        words = pa.repeat(pa.scalar(name), len(found.row))
        yield found, {"bucket_set": words, "bucket": pa.array(found.place + 1)}


def _rows(
    book: EngineBook, partition: Partition, first: int, amounts: GroupAmounts, column: int
) -> Iterator[pa.Table]:
    """Yield the rows of the positions from ``first`` on under one scenario."""
    for found, place in _named_entries(amounts, column):
        columns = {name: pa.array(values) for name, values in found.amounts.items()}
        yield position_table(book, partition, first + found.row, {**place, **columns})


def _without(rows: pa.Table, currencies: Collection[str]) -> pa.Table:
    """Return rows without those of currencies that a scenario stops."""
    stopped = pc.is_in(rows.column("currency"), value_set=pa.array(currencies, pa.string()))
    return rows.filter(pc.invert(stopped))


def _nothing(pinned: PinnedTables, table: str) -> pa.Table:
    sql = f"select *, cast(null as varchar) as position_id from {table} where false"
    return pinned.query(sql, [table])
