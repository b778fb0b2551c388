"""Headers of SQL files: what is read, at which month ends, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from alm_pipeline.errors import ContractError
from alm_pipeline.inputs.sql_files import load_sql_files

GOOD = """-- about:  Things.
-- grain:  as_of_date, position_id
-- reads:  book.positions, reports.irrbb1 @previous,
--         staging.balances @history(60), inputs.members
-- after:  book.ledger_reconciliation
select $as_of_date as as_of_date
"""


def write(root: Path, place: str, text: str = GOOD) -> None:
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_a_header_names_tables_and_how_far_back_they_are_read(tmp_path: Path) -> None:
    write(tmp_path, "90_reports/things.sql")
    (file,) = load_sql_files("demo", tmp_path)
    assert (file.table, file.group) == ("reports.things", "90_reports")
    assert [(r.table, r.kind, r.months_back) for r in file.reads] == [
        ("book.positions", "", 0),
        ("reports.irrbb1", "previous", 1),
        ("staging.balances", "history", 60),
        ("inputs.members", "", 0),
    ]
    assert file.after == ("book.ledger_reconciliation",)
    assert file.uses("as_of_date")
    assert not file.uses("scenario")


def test_only_the_files_of_the_banks_own_source_are_read(tmp_path: Path) -> None:
    write(tmp_path, "10_raw/berka/loan.sql")
    write(tmp_path, "10_raw/other/loan.sql")
    write(tmp_path, "30_staging/loan.sql")
    assert [f.table for f in load_sql_files("berka", tmp_path)] == ["raw.loan", "staging.loan"]


def test_every_broken_header_is_reported_at_once(tmp_path: Path) -> None:
    write(tmp_path, "30_staging/a.sql", "select 1")
    write(tmp_path, "30_staging/b.sql", GOOD.replace("reports.irrbb1 @previous", "no table"))
    with pytest.raises(ContractError, match=r"2 SQL headers .*a\.sql.*b\.sql"):
        load_sql_files("demo", tmp_path)
