"""One thread, one in-memory DuckDB: the place where all relational work happens.

Nothing is shared between threads or processes here; what they share is the lake. A session binds
files or Arrow tables to names `schema.table` and runs SELECTs over them. It decides nothing about
which version of a table is read: that is `warehouse.store`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from alm_pipeline.errors import WarehouseError

_NAME = re.compile(r"^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$")


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def files_relation(files: Sequence[str], columns: Iterable[str]) -> str:
    """Return what to read Parquet files of closes from, in the order in which they are given.

    A column that came after the newest file was written is null; others have the files' types.
    """
    newest = Path(files[-1])
    given = {part.partition("=")[0] for part in newest.parts if "=" in part}
    given |= set(pq.read_schema(newest).names)
    listed = ", ".join(map(literal, files))
    found = (
        f"read_parquet([{listed}], hive_partitioning = true, hive_types_autocast = false,"
        " union_by_name = true)"
    )
    lacking = ", ".join(f'null as "{c}"' for c in columns if c not in given)
    if not lacking:
        return found
    return f"(select * from {found} union all by name select {lacking} where false)"


class Session:
    """A DuckDB connection that lives as long as its thread and never touches a database file.

    Parameters
    ----------
    threads : int
        Worker threads of DuckDB.
    memory_limit : str
        DuckDB's own limit, for example ``"8GB"``; beyond it DuckDB spills to `spill_folder`.
    spill_folder : Path
        Where DuckDB may write temporary files.
    """

    def __init__(self, threads: int, memory_limit: str, spill_folder: Path) -> None:
        self._connection = duckdb.connect(":memory:")
        self._lock = threading.RLock()
        self._held: dict[str, pa.Table] = {}
        self._views: dict[str, str] = {}
        for statement in (
            f"set threads = {threads}",
            f"set memory_limit = '{memory_limit}'",
            f"set temp_directory = {literal(spill_folder.as_posix())}",
            "set preserve_insertion_order = true",
            "set enable_progress_bar = false",
            "set TimeZone = 'UTC'",
        ):
            self._connection.execute(statement)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The raw connection, for readers of delivered files."""
        return self._connection

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """Run one SELECT and return its rows as an Arrow table."""
        with self._lock:
            if parameters:
                relation = self._connection.sql(sql, params=dict(parameters))
            else:
                relation = self._connection.sql(sql)
            return relation.to_arrow_table()

    def rows(
        self, sql: str, parameters: Mapping[str, object] | None = None
    ) -> list[dict[str, Any]]:
        """Run one SELECT and return a few rows as dictionaries."""
        found: list[dict[str, Any]] = self.query(sql, parameters).to_pylist()
        return found

    def value(self, sql: str, parameters: Mapping[str, object] | None = None) -> Any:
        """Run one SELECT and return the first column of its only row."""
        (row,) = self.rows(sql, parameters)
        return next(iter(row.values()))

    def bind_table(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table readable as ``schema.table``."""
        handle = "held_" + self._checked(name).replace(".", "__")
        with self._lock:
            self._held[handle] = table
            self._connection.register(handle, table)
            self._create_view(name, f"select * from {handle}")

    def bind_files(self, name: str, files: Sequence[str], columns: Mapping[str, str]) -> None:
        """Make Parquet files readable as ``schema.table`` with exactly these columns and types.

        A column that came after the newest file was written is null.
        """
        typed = ", ".join(f'cast("{c}" as {t}) as "{c}"' for c, t in columns.items())
        body = f"select {typed} from {files_relation(files, columns)}" if files else ""
        with self._lock:
            self._create_view(self._checked(name), body or self._no_rows(columns))

    def create_view(self, name: str, body: str) -> None:
        """Name a SELECT over bound tables as ``schema.table``."""
        with self._lock:
            self._create_view(self._checked(name), body)

    def unbind(self, names: Iterable[str]) -> None:
        """Forget bound names; memory held for Arrow tables is released."""
        with self._lock:
            for name in names:
                self._connection.execute(f"drop view if exists {self._checked(name)}")
                self._views.pop(name, None)
                handle = "held_" + name.replace(".", "__")
                if self._held.pop(handle, None) is not None:
                    self._connection.unregister(handle)

    def close(self) -> None:
        """Close the connection; the session cannot be used afterwards."""
        with self._lock:
            self._held.clear()
            self._connection.close()

    @staticmethod
    def _no_rows(columns: Mapping[str, str]) -> str:
        nulls = ", ".join(f'cast(null as {t}) as "{c}"' for c, t in columns.items())
        return f"select {nulls} where false"

    def _create_view(self, name: str, body: str) -> None:
        if self._views.get(name) == body:
            return
        schema, _, _ = name.partition(".")
        self._connection.execute(f"create schema if not exists {schema}")
        self._connection.execute(f"create or replace view {name} as {body}")
        self._views[name] = body

    @staticmethod
    def _checked(name: str) -> str:
        if not _NAME.match(name):
            raise WarehouseError(f"'{name}' is not a name of the form schema.table")
        return name
