"""Runs the SQL of the Berka source on files, as a close does, and checks its contracts.

Files are registered, kept and read by the warehouse; every SQL file of the source then runs once,
in the order of what it reads. Whether a number is right is the test's business.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from alm_pipeline.inputs.data_contracts import (
    ExtractContract,
    TableContract,
    load_extract_contracts,
    load_table_contracts,
)
from alm_pipeline.inputs.sources import load_source, source_relations
from alm_pipeline.inputs.sql_files import SqlFile, load_sql_files
from alm_pipeline.paths import DATA_CONTRACTS
from alm_pipeline.warehouse import raw_files
from alm_pipeline.warehouse.shapes import raw_shape

SOURCE = load_source(DATA_CONTRACTS / "sources" / "berka" / "source.yaml")


@functools.cache
def in_order() -> tuple[SqlFile, ...]:
    """Return the source's SQL files, each after the files it reads."""
    waiting = {file.table: file for file in load_sql_files("berka") if file.group == "10_raw"}
    ordered: list[SqlFile] = []
    while waiting:
        ready = [f for f in waiting.values() if not set(f.current_reads) & set(waiting)]
        ordered += ready
        waiting = {name: file for name, file in waiting.items() if file not in ready}
    return tuple(ordered)


class BerkaBench:
    """The raw tables of one as-of date, made from the files of two folders."""

    def __init__(self, berka: Path, ust: Path, keep: Path, as_of_date: str) -> None:
        self._db = duckdb.connect()
        self._db.execute("create schema raw; create schema inputs")
        self.register: list[raw_files.FileRecord] = []
        self.refused: list[raw_files.RefusedRow] = []
        day = date.fromisoformat(as_of_date)
        files = raw_files.register_files(SOURCE, {"berka": berka, "ust": ust}, day)
        for spec in SOURCE.file_specs:
            loaded = raw_files.load_table(SOURCE, spec.name, files, keep, day)
            self.register += loaded.register
            self.refused += loaded.refused
            self._put(SOURCE.raw_table(spec.name), loaded.table)
        for name, rows in source_relations(SOURCE).items():
            self._put(f"inputs.{name}", pa.Table.from_pylist(rows))
        for file in in_order():
            given = {"as_of_date": as_of_date} if file.uses("as_of_date") else {}
            made = self._db.sql(file.text, params=given).to_arrow_table()
            _check(file.table, made)
            self._put(file.table, made)

    def query(self, text: str) -> list[tuple[Any, ...]]:
        """Return the rows of a question asked of what was made."""
        return self._db.sql(text).fetchall()

    def control_totals(self) -> dict[tuple[str, str], tuple[int, float | None]]:
        """Return number of rows and amount by measure and item."""
        rows = self.query("select measure, item, n_rows, amount from raw.control_total")
        return {(m, i): (int(n), None if a is None else float(a)) for m, i, n, a in rows}

    def _put(self, name: str, rows: pa.Table) -> None:
        self._db.register("incoming", rows)
        self._db.execute(f"create table {name} as select * from incoming")
        self._db.unregister("incoming")


@functools.cache
def _contracts() -> tuple[Mapping[str, ExtractContract], Mapping[str, TableContract]]:
    return load_extract_contracts(), load_table_contracts()


def _check(table: str, rows: pa.Table) -> None:
    extracts, contracts = _contracts()
    name = table.partition(".")[2]
    if name in extracts:
        shape = raw_shape(table, [column.name for column in extracts[name].columns])
        columns, key, nullable = set(shape.columns), shape.key, set(shape.columns) - set(shape.key)
    else:
        contract = contracts[table]
        columns, key, nullable = set(contract.columns), contract.key, set(contract.nullable)
    assert set(rows.column_names) == columns, f"{table}: columns differ from the contract"
    keys = list(zip(*(rows.column(c).to_pylist() for c in key), strict=True))
    assert len(set(keys)) == len(keys), f"{table}: rows share a key"
    nulls = {c for c in rows.column_names if rows.column(c).null_count}
    assert nulls <= nullable, f"{table}: nulls in {sorted(nulls - nullable)}"
