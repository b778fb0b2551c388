"""The tables of one published close, readable in a session of their own at the versions it pinned.

A superseded close reads like the current one. No gate is asked: what was published passed its
gates when it was. Which tables are wanted is the caller's business.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from alm_pipeline.warehouse.history import History
from alm_pipeline.warehouse.lake import Lake
from alm_pipeline.warehouse.manifests import Manifest
from alm_pipeline.warehouse.session import Session
from alm_pipeline.warehouse.shapes import TableShape


@dataclass(frozen=True)
class EarlierTables:
    """What a close read of earlier ones.

    Attributes
    ----------
    history_of : callable
        The history in which a table is read.
    reads : mapping
        ``previous.irrbb1`` to its table and how many closes back it reaches.
    """

    history_of: Callable[[str], History]
    reads: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def files(self, name: str, manifest: Manifest) -> list[str]:
        """Return the files behind a name, as a close saw them."""
        table, months_back = self.reads[name]
        history = self.history_of(table)
        earlier = history.before(manifest.as_of_date)[:months_back]
        return [file for one in earlier for pin in one.pinned(table) for file in history.files(pin)]


class PinnedTables:
    """Relations over the files of one close; binding what is bound already costs nothing."""

    def __init__(
        self,
        session: Session,
        lake: Lake,
        shapes: Mapping[str, TableShape],
        manifest: Manifest,
        earlier: EarlierTables | None = None,
    ) -> None:
        self.session, self.manifest, self.shapes = session, manifest, shapes
        self._lake, self._earlier = lake, earlier

    @property
    def earlier_reads(self) -> Mapping[str, tuple[str, int]]:
        """Tables of earlier closes, by the name they are read under."""
        return self._earlier.reads if self._earlier is not None else {}

    def bind(self, tables: Collection[str]) -> None:
        """Make tables readable; one that the close does not have is empty."""
        for table in sorted(set(tables) & set(self.shapes)):
            pinned = self.manifest.pinned(table)
            files = [f for p in pinned for f in self._lake.files(table, p.partition, p.version)]
            self._bind(table, table, files)
        if self._earlier is not None:
            for name in sorted(set(tables) & set(self._earlier.reads)):
                table, _ = self._earlier.reads[name]
                self._bind(name, table, self._earlier.files(name, self.manifest))

    def _bind(self, name: str, table: str, files: Sequence[str]) -> None:
        self.session.bind_files(name, files, self.shapes[table].columns)

    def bind_rows(self, name: str, rows: pa.Table) -> None:
        """Make an Arrow table readable as ``schema.table``."""
        self.session.bind_table(name, rows)

    def bind_select(self, name: str, sql: str) -> None:
        """Make a SELECT over bound tables readable as ``schema.table``."""
        self.session.create_view(name, sql)

    def query(self, sql: str, reads: Collection[str]) -> pa.Table:
        """Run a SELECT over the tables it reads."""
        self.bind(reads)
        return self.session.query(sql)

    def rows(self, sql: str, reads: Collection[str]) -> list[dict[str, Any]]:
        """Run a SELECT and return a few rows as dictionaries."""
        found: list[dict[str, Any]] = self.query(sql, reads).to_pylist()
        return found
