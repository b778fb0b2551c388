"""`alm.duckdb`, the face people open: every table of every schema, copied from published closes.

Position-level tables hold the latest two month ends, every other table all of them. Personal
columns are masked as they are copied; each persona has a schema of views. DuckDB knows no rights
inside a file: `share` copies what one persona reads into a file of its own. Every report has a
view in schema `adjusted` that shows what was added to its amounts by hand. The file is built
beside the old one and swapped by rename, so a reader has the old one or the new one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from alm_pipeline.warehouse.lake import Lake
from alm_pipeline.warehouse.manifests import Manifest
from alm_pipeline.warehouse.masks import masked
from alm_pipeline.warehouse.session import files_relation, literal
from alm_pipeline.warehouse.shapes import TableShape

_RECENT_MONTHS = 2
_DETAIL_SCHEMAS = ("raw", "quarantine", "staging")
_DETAIL_COLUMNS = ("position_id",)
_ADJUSTED_CELLS = "audit.adjusted_cells"
_MONEY = "DECIMAL(18,2)"


@dataclass(frozen=True)
class Reading:
    """What readers of the face see.

    Attributes
    ----------
    personal : Mapping[str, Mapping[str, str]]
        Per table its personal columns, with the way each is masked.
    personal_names : frozenset[str]
        Fields whose values are taken out of JSON text.
    key : str
        Key of the pseudonyms; never shown.
    views : Mapping[str, Mapping[str, tuple[str, ...]]]
        Per persona the tables it reads, with the columns it sees.
    """

    personal: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    personal_names: frozenset[str] = frozenset()
    key: str = field(default="", repr=False)
    views: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def columns(self, table: str, columns: Sequence[str]) -> tuple[str, dict[str, str]]:
        """Return the SELECT list of a table, personal columns masked, and its parameters."""
        text = masked(columns, self.personal.get(table, {}), self.personal_names)
        return text, {"key": self.key} if "$key" in text else {}


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold a lock file; a second holder waits."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)


def build_face(
    path: Path,
    lake: Lake,
    shapes: Mapping[str, TableShape],
    manifests: Sequence[Manifest],
    audit_tables: Mapping[str, pa.Table],
    reading: Reading,
    threads: int = 1,
) -> None:
    """Write the DuckDB file of these closes.

    Parameters
    ----------
    path : Path
        The file to replace.
    manifests : sequence of Manifest
        Published closes, earliest month end first.
    audit_tables : mapping
        Tables made at publishing, by ``schema.table``: manifests, closes, check results.
    reading : Reading
        Masks and views.
    threads : int
        Tables copied at the same time.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    connection = duckdb.connect(str(beside))
    try:
        files = {name: _files(lake, name, shapes[name], manifests) for name in sorted(shapes)}
        for schema in sorted({name.partition(".")[0] for name in shapes}):
            connection.execute(f"create schema {schema}")
        with ThreadPoolExecutor(threads) as pool:  # one file is copied by one thread
            largest_first = sorted(files, key=lambda name: -_size(files[name]))
            list(
                pool.map(
                    lambda name: _create(connection.cursor(), shapes[name], files[name], reading),
                    largest_first,
                )
            )
        for name, table in audit_tables.items():
            _create_from(connection, name, table, reading)
        for name in sorted(shapes):
            if name.startswith("reports."):
                _create_adjusted(connection, name, shapes[name])
        _create_views(connection, reading.views)
    finally:
        connection.close()
    beside.replace(path)


def _create_from(
    connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table, reading: Reading
) -> None:
    """Write a table made at publishing, masked."""
    schema, _, _ = name.partition(".")
    connection.execute(f"create schema if not exists {schema}")
    columns, given = reading.columns(name, table.column_names)
    connection.register("audit_rows", table)
    connection.execute(f"create or replace table {name} as select {columns} from audit_rows", given)
    connection.unregister("audit_rows")


def _create_adjusted(connection: duckdb.DuckDBPyConnection, name: str, shape: TableShape) -> None:
    """Create the view ``adjusted.<report>``: beside each column of money what was added by hand."""
    key = [column for column in shape.key if column != "as_of_date"]
    row = " || ',' || ".join(f"'{c}=' || cast(r.{c} as varchar)" for c in key)
    columns = []
    for column, kind in shape.columns.items():
        columns.append(f"r.{column}")
        if kind == _MONEY:
            columns.append(
                "coalesce((select sum(a.adjustment_amount)"
                f" from {_ADJUSTED_CELLS} as a where a.as_of_date = r.as_of_date"
                f" and a.table_name = '{name}' and a.report_row = {row}"
                f" and a.column_name = '{column}'), 0) as {column}_adjustment"
            )
    connection.execute("create schema if not exists adjusted")
    view = f"adjusted.{name.partition('.')[2]}"
    connection.execute(f"create view {view} as select {', '.join(columns)} from {name} as r")


def _size(files: Sequence[str]) -> int:
    return sum(Path(file).stat().st_size for file in files)


def _files(lake: Lake, name: str, shape: TableShape, manifests: Sequence[Manifest]) -> list[str]:
    is_detail = name.split(".")[0] in _DETAIL_SCHEMAS or any(
        column in shape.columns for column in _DETAIL_COLUMNS
    )
    chosen = manifests[-_RECENT_MONTHS:] if is_detail else manifests
    pinned = [p for manifest in chosen for p in manifest.pinned(name)]
    return [file for p in pinned for file in lake.files(name, p.partition, p.version)]


def _create(
    connection: duckdb.DuckDBPyConnection,
    shape: TableShape,
    files: Sequence[str],
    reading: Reading,
) -> None:
    typed = ", ".join(f'"{column}" {kind}' for column, kind in shape.columns.items())
    connection.execute(f"create table {shape.table} ({typed})")
    if files:
        columns, given = reading.columns(shape.table, list(shape.columns))
        connection.execute(  # every file is in the order of its key already
            f"insert into {shape.table} select {columns} from"
            f" {files_relation(files, shape.columns)}",
            given,
        )


def _create_views(
    connection: duckdb.DuckDBPyConnection, views: Mapping[str, Mapping[str, tuple[str, ...]]]
) -> None:
    for persona, tables in views.items():
        connection.execute(f"create schema {persona}")
        for table, columns in tables.items():
            listed = ", ".join(f'"{column}"' for column in columns)
            connection.execute(
                f"create view {persona}.{view_name(table)} as select {listed} from {table}"
            )


def view_name(table: str) -> str:
    """Return the name under which a persona's schema shows a table: ``book_positions``."""
    return table.replace(".", "_")


def share(face: Path, tables: Mapping[str, tuple[str, ...]], into: Path) -> None:
    """Copy what one persona reads of the face into a file of its own, under the tables' names.

    Parameters
    ----------
    tables : Mapping[str, tuple[str, ...]]
        The tables of the persona, with the columns it sees.
    """
    beside = into.with_name(f".{into.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    into.parent.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(str(beside))
    try:
        connection.execute(f"attach {literal(str(face))} as face (read_only)")
        for table, columns in tables.items():
            listed = ", ".join(f'"{column}"' for column in columns)
            connection.execute(f"create schema if not exists {table.partition('.')[0]}")
            connection.execute(f"create table {table} as select {listed} from face.{table}")
        connection.execute("detach face")
    finally:
        connection.close()
    beside.replace(into)
