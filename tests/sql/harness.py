"""Runs one SQL file on rows given by hand: what a test puts in, what comes out, and the contract.

Every table a file reads is a table of an in-memory DuckDB, empty unless the test gives rows. The
result must have the columns, types, key and nulls its data contract promises. Whether a number is
right is the test's business.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from alm_pipeline.inputs.accepted import ACCEPTED_SCHEMAS
from alm_pipeline.inputs.data_contracts import (
    ColumnEntry,
    ExtractContract,
    TableContract,
    load_dictionary,
    load_extract_contracts,
    load_table_contracts,
    sql_type,
)
from alm_pipeline.inputs.relations import SCHEMAS
from alm_pipeline.inputs.sql_files import SqlFile, load_sql_files
from alm_pipeline.warehouse.shapes import QUARANTINE_COLUMNS, SOURCE_COLUMNS

AS_OF_DATE = "2026-10-31"
Row = Mapping[str, Any]

INPUTS = {**SCHEMAS, **ACCEPTED_SCHEMAS}
_ARROW = {
    pa.string(): "VARCHAR",
    pa.int32(): "INTEGER",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
}


@functools.cache
def sql_files() -> Mapping[str, SqlFile]:
    """Return every SQL file of the stages after raw by table name."""
    return {f.table: f for f in load_sql_files("demo") if f.group != "10_raw"}


@functools.cache
def dictionary() -> Mapping[str, ColumnEntry]:
    """Return the dictionary of columns."""
    return load_dictionary()


@functools.cache
def extracts() -> Mapping[str, ExtractContract]:
    """Return every extract contract."""
    return load_extract_contracts()


@functools.cache
def contracts() -> Mapping[str, TableContract]:
    """Return every table contract by table name."""
    return load_table_contracts()


@functools.cache
def _earlier_tables() -> Mapping[str, str]:
    """Return the table behind every name under which a file reads earlier closes."""
    return {
        read.relation: read.table
        for file in sql_files().values()
        for read in file.reads
        if read.months_back
    }


@functools.cache
def column_types(table: str) -> Mapping[str, str]:
    """Return the DuckDB type of every column of a table, in its order."""
    schema, _, name = table.partition(".")
    if schema in ("previous", "history"):
        return column_types(_earlier_tables()[table])
    if schema == "inputs":
        return {field.name: _ARROW[field.type] for field in INPUTS[name]}
    if schema == "quarantine":
        return dict(QUARANTINE_COLUMNS)
    if table == "raw.position_source":
        return {"as_of_date": "DATE", "position_key": "VARCHAR", **SOURCE_COLUMNS}
    if schema == "raw":
        delivered = [c.name for c in extracts()[name].columns]
        text = {c: "VARCHAR" for c in delivered if c != "as_of_date"}
        return {"as_of_date": "DATE", **SOURCE_COLUMNS, **text}
    return {c: sql_type(dictionary()[c], schema) for c in contracts()[table].columns}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


class SqlBench:
    """An in-memory database in which SQL files run on given rows."""

    def __init__(self, as_of_date: str = AS_OF_DATE) -> None:
        self.as_of_date = as_of_date
        self._db = duckdb.connect()
        self._made: set[str] = set()

    def give(self, table: str, rows: Iterable[Row]) -> None:
        """Put rows into a table; a column that a row leaves out is null, `as_of_date` is set."""
        given = [{"as_of_date": self.as_of_date, **row} for row in rows]
        unknown = {name for row in given for name in row} - {"as_of_date", *column_types(table)}
        assert not unknown, f"{table} has no column {sorted(unknown)}"
        self._insert(table, given)

    def run(self, table: str, scenario: str = "base") -> list[dict[str, Any]]:
        """Run a table's SQL file, keep its rows for the files after it, and return them."""
        file = sql_files()[table]
        for read in file.current_reads:
            self._create(read)
        for earlier in (one for one in file.reads if one.months_back):
            self._create(earlier.relation)
        given = {"as_of_date": self.as_of_date, "scenario": scenario}
        values = {name: value for name, value in given.items() if file.uses(name)}
        result = self._db.execute(file.text, values)
        names = [column[0] for column in result.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        self._check(table, names, rows)
        self._insert(table, rows)
        return rows

    def query(self, text: str) -> list[tuple[Any, ...]]:
        """Return the rows of a question asked of what was given and made."""
        return self._db.execute(text).fetchall()

    def _create(self, table: str) -> None:
        if table not in self._made:
            self._made.add(table)
            columns = ", ".join(f"{c} {t}" for c, t in column_types(table).items())
            self._db.execute(f"create schema if not exists {table.partition('.')[0]}")
            self._db.execute(f"create table {table} ({columns})")

    def _insert(self, table: str, rows: Sequence[Row]) -> None:
        """Put rows into a table as text that DuckDB casts: fast for many, the same for few."""
        self._create(table)
        types = column_types(table)
        columns = {c: [_text(row.get(c)) for row in rows] for c in types}
        self._db.register(
            "given_rows", pa.table(columns, pa.schema([(c, pa.string()) for c in types]))
        )
        casts = ", ".join(f"cast({c} as {t})" for c, t in types.items())
        self._db.execute(f"insert into {table} ({', '.join(types)}) select {casts} from given_rows")
        self._db.unregister("given_rows")

    @staticmethod
    def _check(table: str, names: Sequence[str], rows: Sequence[Row]) -> None:
        contract = contracts()[table]
        assert tuple(names) == contract.columns, f"{table}: columns differ from the contract"
        keys = [tuple(row[c] for c in contract.key) for row in rows]
        assert len(set(keys)) == len(keys), f"{table}: rows share a key"
        nulls = {c for row in rows for c in names if row[c] is None}
        assert nulls <= set(contract.nullable), f"{table}: nulls in {sorted(nulls)}"
