"""Append-only tables that parallel runs share, kept in memory as they grow.

The registry of partitions and the check results are such tables: every process appends, nobody
rewrites, and a reader only ever loads the files it has not seen.
"""

from __future__ import annotations

import threading
from typing import Any

import pyarrow as pa

from alm_pipeline.warehouse.lake import Lake, read_files


class AppendLog:
    """One append-only table of the lake.

    Parameters
    ----------
    lake : Lake
    table : str
        Name as ``schema.table``.
    schema : pyarrow.Schema
        Columns of the table; every append has exactly these.
    """

    def __init__(self, lake: Lake, table: str, schema: pa.Schema) -> None:
        self._lake, self.table, self._schema = lake, table, schema
        self._seen: set[str] = set()
        self._version = -1
        self._rows: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def append(self, rows: list[dict[str, Any]]) -> None:
        """Commit rows; they are durable when this returns."""
        if rows:
            self._lake.append(self.table, pa.Table.from_pylist(rows, schema=self._schema))

    def rows(self) -> list[dict[str, Any]]:
        """Return every row committed so far by any process (order carries no meaning)."""
        with self._lock:
            version = self._lake.versions(self.table)
            if version != self._version:
                fresh = [f for f in self._lake.all_files(self.table) if f not in self._seen]
                if fresh:
                    self._rows.extend(read_files(fresh).to_pylist())
                    self._seen.update(fresh)
                self._version = version
            return self._rows
