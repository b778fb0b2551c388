"""Read and replace partitions of contracted tables: the door everything else goes through.

`replace_partition` types and orders the rows, asserts the key, hashes the content and commits once,
or not at all when the content is already there. `bind` pins the registered version, passes the gate
and makes the rows readable as ``schema.table``. What the rows mean is not decided here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from alm_pipeline.errors import DataError, WarehouseError
from alm_pipeline.warehouse.content import combined_hash, content_hash
from alm_pipeline.warehouse.gate import Gate
from alm_pipeline.warehouse.history import History
from alm_pipeline.warehouse.lake import Lake
from alm_pipeline.warehouse.manifests import Manifest, PinnedTable
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.registry import Derivation, Entry, Registry
from alm_pipeline.warehouse.session import Session
from alm_pipeline.warehouse.shapes import TableShape

_INCOMING = "incoming.rows"
_ARROW_TYPES = {
    "VARCHAR": pa.string(),
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "DECIMAL(18,2)": pa.decimal128(18, 2),
}


Content = Callable[[str, Partition], str]
"""What a partition of a table holds, as a hash: what is registered, or what a plan foresees."""


@dataclass(frozen=True)
class Commit:
    """What happened to a partition.

    Attributes
    ----------
    is_changed : bool
        False when the same content was already there and nothing was written.
    is_known : bool
        True when the same code had seen the same inputs before and nothing was computed.
    """

    entry: Entry
    is_changed: bool
    is_known: bool = False


def delivery_hash(delivered: Mapping[str, str], before: Manifest | None, rules: str) -> str:
    """Return the hash of a delivery's raw tables, of those it was compared with, and the rules."""
    compared = {f"before:{p.table}": p.content_hash for p in before.raw_tables} if before else {}
    return combined_hash({**delivered, **compared, "rules": rules})


def rules_hash(inputs: Mapping[str, str]) -> str:
    """Return the hash of what judges content: the extracts' contracts and the code."""
    return combined_hash(
        {n: h for n, h in inputs.items() if n == "code" or n.startswith("contracts:extracts/")}
    )


def _is_in_order(shape: TableShape, rows: pa.Table) -> bool:
    """Say whether rows have the contract's types and strictly rise in their one varying key.

    Arrow compares text byte by byte, as DuckDB orders it.
    """
    if rows.num_rows < 2 or set(rows.column_names) != set(shape.columns):
        return False
    if any(rows.field(c).type != _ARROW_TYPES.get(t) for c, t in shape.columns.items()):
        return False
    *fixed, last = (rows.column(column) for column in shape.key)
    if any(column.null_count or pc.count_distinct(column).as_py() > 1 for column in fixed):
        return False
    rises = pc.less(last.slice(0, len(last) - 1), last.slice(1))
    return not last.null_count and bool(pc.all(rises).as_py())


class Store:
    """Contracted tables over a lake, a registry and a gate; threads may share one."""

    def __init__(
        self,
        open_session: Callable[[], Session],
        lake: Lake,
        shapes: Mapping[str, TableShape],
        gate: Gate,
        history: History,
        closing_scenarios: Iterable[str],
        made_with: Mapping[str, str] | None = None,
        rules: str = "",
    ) -> None:
        self.open_session, self._local = open_session, threading.local()
        self.lake, self.gate = lake, gate
        self.history, self.made_with = history, dict(made_with or {})
        self.rules = rules
        self.registry = Registry(lake)
        self.closing_scenarios = tuple(closing_scenarios)
        self._shapes = dict(shapes)

    @property
    def session(self) -> Session:
        """The session of the calling thread: what one thread binds, no other one sees."""
        if not hasattr(self._local, "session"):
            self._local.session = self.open_session()
        found: Session = self._local.session
        return found

    @property
    def shapes(self) -> Mapping[str, TableShape]:
        """Shape of every table this bank can have, by name."""
        return self._shapes

    def shape(self, table: str) -> TableShape:
        """Return the shape of a table, or say that it has none."""
        if table not in self._shapes:
            raise WarehouseError(
                f"{table} has no data contract", fix="add data_contracts/tables/<schema>/<table>"
            )
        return self._shapes[table]

    def has_shape(self, table: str) -> bool:
        """Say whether this bank can have such a table."""
        return table in self._shapes

    def entry(self, table: str, partition: Partition) -> Entry:
        """Return the registered content of a partition, or say what to run first."""
        found = self.registry.find(table, partition)
        if found is None:
            raise WarehouseError(
                f"{table} has not been materialised",
                where=str(partition),
                fix=f"run `alm close {partition.as_of_date}` or materialise {table} first",
            )
        return found

    def entries(self, table: str, partition: Partition) -> list[Entry]:
        """Return what a reader in `partition` sees: one scenario, or all closing ones."""
        return [self.entry(table, seen) for seen in self.seen_by(table, partition)]

    def seen_by(self, table: str, partition: Partition) -> list[Partition]:
        """Return which partitions of a table a reader in `partition` sees."""
        if not self.shape(table).is_by_scenario:
            return [partition.month]
        if partition.scenario:
            return [partition]
        return [partition.under(scenario) for scenario in self.closing_scenarios]

    def content(self, table: str, partition: Partition) -> str:
        """Return the content hash of a partition."""
        return self.entry(table, partition).content_hash

    def hashes(self, table: str, partition: Partition, content: Content) -> dict[str, str]:
        """Return the content of what a reader in `partition` sees of a table, by name."""
        seen = self.seen_by(table, partition)
        return {f"{table} {one}": content(table, one) for one in seen}

    def is_current(
        self, table: str, partition: Partition, inputs: Mapping[str, str], code_version: str
    ) -> Entry | None:
        """Return the entry when the same code has already seen exactly these inputs."""
        found = self.registry.find(table, partition)
        wanted = Derivation(code_version, self.all_inputs(table, inputs))
        return found if found is not None and wanted in found.derivations else None

    def known_together(
        self,
        partition: Partition,
        inputs: Mapping[str, Mapping[str, str]],
        code_version: str,
    ) -> list[Entry]:
        """Return the entries of tables made together when all are current, else nothing."""
        found = [self.is_current(t, partition, i, code_version) for t, i in inputs.items()]
        return [entry for entry in found if entry] if all(found) else []

    def all_inputs(self, table: str, inputs: Mapping[str, str]) -> dict[str, str]:
        """Return inputs with what every table depends on: its shape, the code, the libraries."""
        return {**inputs, **self.made_with, f"shape:{table}": self.shape(table).hash}

    def checked_hash(self, table: str, partition: Partition) -> str:
        """Return the hash of what the checks of a table look at.

        It is the content and the rules themselves. Rules of a raw extract may look into any other
        extract and compare with the close before, so it is the whole delivery and that close's.
        """
        if not table.startswith("raw."):
            is_by_scenario = self.shape(table).is_by_scenario
            own = partition if is_by_scenario else partition.month
            return combined_hash((self.content(table, own), self.rules))
        month = self.registry.of_month(partition.month)
        delivered = {e.table: e.content_hash for e in month if e.table.startswith("raw.")}
        before = self.history.before(partition.as_of_date)[:1]
        return delivery_hash(delivered, before[0] if before else None, self.rules)

    def checked_in(self, manifest: Manifest, pin: PinnedTable) -> str:
        """Return what `checked_hash` was for a table when a close was published."""
        if not pin.table.startswith("raw."):
            return combined_hash((pin.content_hash, rules_hash(manifest.inputs)))
        days = sorted(manifest.earlier_closes)[-1:]
        before = [
            self.history.read(date.fromisoformat(d), manifest.earlier_closes[d]) for d in days
        ]
        delivered = {p.table: p.content_hash for p in manifest.raw_tables}
        rules = rules_hash(manifest.inputs)
        return delivery_hash(delivered, before[0] if before else None, rules)

    def bind(
        self, table: str, partition: Partition, *, alias: str = "", is_gated: bool = True
    ) -> dict[str, str]:
        """Make a table readable under its name (or `alias`) and return its content hashes."""
        shape = self.shape(table)
        entries = self.entries(table, partition)
        if is_gated and self.gate.needs_verdict(table):
            for seen in {e.partition for e in entries}:  # every scenario that is read
                self.gate.refuse_unless_open(table, seen, self.checked_hash(table, seen))
        files = [f for e in entries for f in self.lake.files(table, e.partition, e.version)]
        self.session.bind_files(alias or table, files, shape.columns)
        return {f"{e.table} {e.partition}": e.content_hash for e in entries}

    def table(self, table: str, partition: Partition, *, is_gated: bool = True) -> pa.Table:
        """Return a partition's rows in the order of its key."""
        self.bind(table, partition, is_gated=is_gated)
        order = ", ".join(f'"{column}"' for column in self.shape(table).key)
        return self.session.query(f"select * from {table} order by {order}")

    def ordered_select(self, table: str, sql: str) -> str:
        """Return the SELECT with the types and in the order of a table's data contract."""
        shape = self.shape(table)
        typed = ", ".join(f'cast("{c}" as {t}) as "{c}"' for c, t in shape.columns.items())
        order = ", ".join(f'"{column}"' for column in shape.key)
        return f"select {typed} from (\n{sql}\n) order by {order}"

    def replace_partition(
        self,
        table: str,
        partition: Partition,
        rows: pa.Table,
        inputs: Mapping[str, str],
        code_version: str,
        *,
        is_ordered: bool = False,
    ) -> Commit:
        """Make `rows` the content of a partition; `is_ordered` if they come from `ordered_select`.

        Raises
        ------
        DataError
            If a required column is null or two rows share a key.
        """
        shape = self.shape(table)
        ordered, hashed = self.checked_rows(table, partition, rows, is_ordered=is_ordered)
        known = self.registry.find(table, partition)
        is_changed = known is None or known.content_hash != hashed
        version = known.version if known else -1
        if is_changed:
            metadata = {
                "content_hash": hashed,
                "contract_version": shape.version,
                "code_version": code_version,
                "input_hash": combined_hash(inputs),
            }
            version = self.lake.overwrite(table, partition, ordered, metadata)
        derivation = (Derivation(code_version, self.all_inputs(table, inputs)),)
        entry = Entry(
            table, partition, version, hashed, ordered.num_rows, shape.version, derivation
        )
        if is_changed or self.is_current(table, partition, inputs, code_version) is None:
            self.registry.add(entry)
        return Commit(entry, is_changed)

    def checked_rows(
        self, table: str, partition: Partition, rows: pa.Table, *, is_ordered: bool
    ) -> tuple[pa.Table, str]:
        """Return rows as their data contract has them, and the hash of their content."""
        shape = self.shape(table)
        ordered = rows if is_ordered else self._ordered(shape, rows)
        self._refuse_nulls(shape, partition, ordered)
        self._refuse_duplicates(shape, partition, ordered)
        return ordered, content_hash(ordered)

    def _ordered(self, shape: TableShape, rows: pa.Table) -> pa.Table:
        if _is_in_order(shape, rows):
            return rows.select(list(shape.columns))
        self.session.bind_table(_INCOMING, rows)
        try:
            select = self.ordered_select(shape.table, f"select * from {_INCOMING}")
            return self.session.query(select)
        finally:
            self.session.unbind([_INCOMING])

    @staticmethod
    def _refuse_nulls(shape: TableShape, partition: Partition, rows: pa.Table) -> None:
        nulls = {c: rows.column(c).null_count for c in shape.columns if c in shape.required}
        found = {column: count for column, count in nulls.items() if count}
        if found:
            raise DataError(
                "a required column is null",
                where=f"{shape.table} {partition}",
                detail=", ".join(f"{column}: {count} rows" for column, count in found.items()),
                fix="deliver the value, or give the null a meaning in the table's data contract",
            )

    def _refuse_duplicates(self, shape: TableShape, partition: Partition, rows: pa.Table) -> None:
        keys = rows.select(list(shape.key))
        if rows.num_rows < 2:
            return
        same = pa.chunked_array([pa.array(np.ones(rows.num_rows - 1, dtype=bool))])
        for column in keys.columns:  # rows are in key order: a repeated key stands next to itself
            same = pc.and_(same, pc.equal(column.slice(1), column.slice(0, len(column) - 1)))
        twice = np.flatnonzero(same.to_numpy(zero_copy_only=False))[:5]
        if len(twice):
            raise DataError(
                "rows share a key that must be unique",
                where=f"{shape.table} {partition}",
                detail="; ".join(str(tuple(row.values())) for row in keys.take(twice).to_pylist()),
                fix=f"the key is ({', '.join(shape.key)}): find why it repeats",
            )
