"""What the engine adds up into buckets and months, position by position: made again on demand.

Each position is a group of its own, so that the totals of a pass are its own amounts. A book is
taken in parts, because most positions have nothing in most buckets and only the rest is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from alm_pipeline.orchestration import result_tables
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.engine_lineage import READS
from alm_pipeline.orchestration.simulation import (
    EVENTS,
    LENSES,
    VALUED,
    Markets,
    MonthPass,
    PassOptions,
    book_of,
    markets_of,
    run_engine,
)
from alm_pipeline.warehouse.array_bridge import EngineBook
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.pinned import PinnedTables

_PART = 20_000
_BUCKETS = ("value", "repricing")
_AMOUNTS = ("principal_amount", "interest_amount")

_TABLES: Mapping[str, tuple[Callable[[MonthPass, Partition], pa.Table], PassOptions]] = {
    "scenarios.cash_flow_buckets": (
        result_tables.cash_flow_buckets,
        PassOptions(("base",), lenses=_BUCKETS),
    ),
    "scenarios.monthly_balances": (
        result_tables.monthly_balances,
        PassOptions(("base",), lenses=LENSES),
    ),
    "cash_flows.contractual_buckets": (
        lambda done, partition: result_tables.cash_flow_buckets(done, partition.month, "base"),
        PassOptions(("base",), is_contractual=True, lenses=_BUCKETS),
    ),
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
    make, options = _TABLES[table]
    under = ("base",) if options.is_contractual else tuple(dict.fromkeys(scenarios))
    partition = Partition(pinned.manifest.as_of_date)
    pinned.bind(READS)
    markets = markets_of(bank, partition, under)
    events = pinned.query(f"{EVENTS} order by all", READS)
    found = []
    for rows in _parts(pinned, markets, condition):
        book = _each_alone(book_of(bank, partition, markets, rows, _of(events, rows)))
        result = run_engine(bank, partition, markets, book, replace(options, scenarios=under))
        done = MonthPass(under, book, result, markets, {}, is_by_position=True)
        found += [_kept(make(done, partition.under(scenario))) for scenario in under]
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


def _each_alone(book: EngineBook) -> EngineBook:
    group = book.positions.group
    alone = np.arange(len(group), dtype=np.int32)
    return replace(
        book,
        positions=replace(book.positions, group=alone),
        entity_id=book.entity_id[group],
        currency=book.currency[group],
        product_code=book.product_code[group],
    )


def _kept(rows: pa.Table) -> pa.Table:
    amounts = [name for name in _AMOUNTS if name in rows.column_names]
    if len(amounts) < len(_AMOUNTS):
        return rows
    principal, interest = (pc.not_equal(rows.column(name), 0.0) for name in amounts)
    return rows.filter(pc.or_(principal, interest))


def _nothing(pinned: PinnedTables, table: str) -> pa.Table:
    sql = f"select *, cast(null as varchar) as position_id from {table} where false"
    return pinned.query(sql, [table])
