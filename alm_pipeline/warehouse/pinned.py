"""The tables of one published close, readable in a session of their own at the versions it pinned.

A superseded close reads like the current one. No gate is asked: what was published passed its
gates when it was. Which tables are wanted is the caller's business.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa

from alm_pipeline.warehouse.lake import Lake
from alm_pipeline.warehouse.manifests import Manifest
from alm_pipeline.warehouse.session import Session
from alm_pipeline.warehouse.shapes import TableShape


class PinnedTables:
    """Relations over the files of one close; binding what is bound already costs nothing."""

    def __init__(
        self, session: Session, lake: Lake, shapes: Mapping[str, TableShape], manifest: Manifest
    ) -> None:
        self.session, self.manifest, self.shapes = session, manifest, shapes
        self._lake = lake

    def bind(self, tables: Collection[str]) -> None:
        """Make tables readable; one that the close does not have is empty."""
        for table in sorted(set(tables) & set(self.shapes)):
            pinned = self.manifest.pinned(table)
            files = [f for p in pinned for f in self._lake.files(table, p.partition, p.version)]
            self.session.bind_files(table, files, self.shapes[table].columns)

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
