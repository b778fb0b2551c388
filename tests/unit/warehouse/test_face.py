"""The tables of `alm.duckdb` as they are copied out of the lake's files."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alm_pipeline.warehouse.face import Reading, _create
from alm_pipeline.warehouse.shapes import TableShape

SHAPE = TableShape(
    table="metrics.balance",
    columns={"as_of_date": "DATE", "entity_id": "VARCHAR", "amount": "DOUBLE", "note": "VARCHAR"},
    key=("as_of_date", "entity_id"),
    required=frozenset({"as_of_date", "entity_id"}),
    partition_by=("as_of_date",),
    version="1.1.0",
)


def file(folder: Path, day: str, **columns: object) -> str:
    path = folder / f"as_of_date={day}" / "rows.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns), path)
    return str(path)


@pytest.fixture
def connection():
    with duckdb.connect() as found:
        found.execute("create schema metrics")
        yield found


def rows(connection, *files: str) -> list[tuple[object, ...]]:
    _create(connection, SHAPE, files, Reading())
    found: list[tuple[object, ...]] = connection.execute(
        "select * from metrics.balance order by as_of_date"
    ).fetchall()
    return found


def test_a_column_that_no_close_has_yet_is_null(connection, tmp_path):
    # every file was written before the contract had a note
    old = file(tmp_path, "2026-09-30", entity_id=["A"], amount=[1.5])
    assert rows(connection, old) == [(dt.date(2026, 9, 30), "A", 1.5, None)]


def test_older_closes_stand_beside_the_first_with_a_new_column(connection, tmp_path):
    old = file(tmp_path, "2026-09-30", entity_id=["A"], amount=[1.5])
    new = file(tmp_path, "2026-10-31", entity_id=["A"], amount=[2.5], note=["n"])
    assert rows(connection, old, new) == [
        (dt.date(2026, 9, 30), "A", 1.5, None),
        (dt.date(2026, 10, 31), "A", 2.5, "n"),
    ]
