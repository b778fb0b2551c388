"""A store whose writes stay in memory: tables made anew over those of a real warehouse.

Answers what the results would be under other inputs, with the same SQL and the same engine, without
a commit. What was not made anew is read from the store below. Its gate is open: what the tables
below were checked for holds, and nothing made here is ever published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from alm_pipeline.warehouse.gate import Gate
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.registry import Entry
from alm_pipeline.warehouse.store import Commit, Store

__all__ = ["ScratchStore"]


class _OpenGate(Gate):
    """A gate that asks for no verdict."""

    def needs_verdict(self, table: str) -> bool:  # noqa: ARG002 - the gate's signature
        """Say that no table needs one."""
        return False

    def refuse_unless_open(self, table: str, partition: Partition, checked_hash: str) -> None:
        """Refuse nothing."""


class ScratchStore(Store):
    """Tables in memory over another store.

    Parameters
    ----------
    below : Store
        Where everything is read that is not made here; it is never written to.
    closing_scenarios : iterable of str
        Scenarios a reader of all of them sees.
    """

    def __init__(self, below: Store, closing_scenarios: Iterable[str]) -> None:
        gate = _OpenGate(below.lake, {})
        super().__init__(
            below.open_session,
            below.lake,
            below.shapes,
            gate,
            below.history,
            closing_scenarios,
            below.made_with,
            below.rules,
        )
        self.registry = below.registry
        self._made: dict[tuple[str, Partition], tuple[Entry, pa.Table]] = {}

    @property
    def tables(self) -> frozenset[str]:
        """Tables of which some partition was made here."""
        return frozenset(table for table, _ in self._made)

    def entry(self, table: str, partition: Partition) -> Entry:
        """Return what was made here, else what the store below has."""
        made = self._made.get((table, partition))
        return super().entry(table, partition) if made is None else made[0]

    def is_current(
        self,
        table: str,  # noqa: ARG002 - the store's signature
        partition: Partition,  # noqa: ARG002
        inputs: Mapping[str, str],  # noqa: ARG002
        code_version: str,  # noqa: ARG002
    ) -> Entry | None:
        """Return None: whoever asks is about to make the table anew."""
        return None

    def bind(
        self, table: str, partition: Partition, *, alias: str = "", is_gated: bool = True
    ) -> dict[str, str]:
        """Make a table readable, in memory where it was made here."""
        if table not in self.tables:
            return super().bind(table, partition, alias=alias, is_gated=is_gated)
        entries = self.entries(table, partition)
        self.session.bind_table(alias or table, pa.concat_tables(self._rows(e) for e in entries))
        return {f"{e.table} {e.partition}": e.content_hash for e in entries}

    def replace_partition(
        self,
        table: str,
        partition: Partition,
        rows: pa.Table,
        inputs: Mapping[str, str],  # noqa: ARG002 - the store's signature
        code_version: str,  # noqa: ARG002
        *,
        is_ordered: bool = False,
    ) -> Commit:
        """Keep the rows in memory, typed, ordered and refused as the real store does."""
        ordered, hashed = self.checked_rows(table, partition, rows, is_ordered=is_ordered)
        version = self.shape(table).version
        entry = Entry(table, partition, -1, hashed, ordered.num_rows, version)
        self._made[table, partition] = (entry, ordered)
        return Commit(entry, is_changed=True)

    def _rows(self, entry: Entry) -> pa.Table:
        return self._made[entry.table, entry.partition][1]
