"""Parquet files of closes as tables: also those written before a column existed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alm_pipeline.warehouse.session import Session

COLUMNS = {"as_of_date": "DATE", "entity_id": "VARCHAR", "amount": "DOUBLE", "note": "VARCHAR"}


def file(folder: Path, day: str, **columns: object) -> str:
    path = folder / f"as_of_date={day}" / "rows.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns), path)
    return str(path)


@pytest.fixture
def session(tmp_path):
    found = Session(1, "1GB", tmp_path / "spill")
    yield found
    found.close()


def test_a_column_that_came_later_is_null_in_what_was_written_before(session, tmp_path):
    old = file(tmp_path, "2026-09-30", entity_id=["A"], amount=[1.5])
    session.bind_files("previous.balance", [old], COLUMNS)
    (row,) = session.rows("select amount, note from previous.balance")
    assert row == {"amount": 1.5, "note": None}
    new = file(tmp_path, "2026-10-31", entity_id=["A"], amount=[2.5], note=["n"])
    session.bind_files("history.balance", [new, old], COLUMNS)
    rows = session.rows("select amount, note from history.balance order by amount")
    assert [tuple(row.values()) for row in rows] == [(1.5, None), (2.5, "n")]


def test_no_files_are_no_rows_with_the_types_of_the_contract(session):
    session.bind_files("previous.balance", [], COLUMNS)
    table = session.query("select * from previous.balance")
    assert (table.num_rows, table.column_names) == (0, list(COLUMNS))
    assert table.schema.field("amount").type == pa.float64()
