"""What readers of a close see: views per persona, masked customers, who published it."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from alm_pipeline.inputs.settings import load_settings
from alm_pipeline.orchestration.access import reading_of
from alm_pipeline.orchestration.assets.publication import rebuild_face
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.warehouse.journal import Action
from tests.pipeline.banks import DAY, Folder
from tests.pipeline.conftest import Closed
from tests.pipeline.test_command_line import alm

Face = duckdb.DuckDBPyConnection


@pytest.fixture
def face(closed_small_bank: Closed) -> Iterator[Face]:
    path = closed_small_bank.folder.path / "warehouse" / "alm.duckdb"
    connection = duckdb.connect(str(path), read_only=True)
    yield connection
    connection.close()


def column(face: Face, select: str) -> set[object]:
    return {value for (value,) in face.execute(select).fetchall()}


def test_no_value_that_identifies_a_customer_leaves_raw(closed_small_bank: Closed, face: Face):
    bank = closed_small_bank.folder.bank
    delivered = column(face, "select counterparty_id from raw.counterparty")
    delivered |= column(face, "select name from raw.counterparty")
    assert {"C1", "Customer 1"} <= delivered
    for table, shape in bank.shown_shapes.items():
        if table.startswith("raw."):
            continue
        for name in bank.access.personal(table, shape.columns, bank.dictionary):
            assert not delivered & column(face, f'select "{name}" from {table}'), (table, name)


def test_pseudonyms_still_join_and_count(closed_small_bank: Closed, face: Face):
    rows = closed_small_bank.folder.rows("book.positions")
    known = [row["counterparty_id"] for row in rows if row["counterparty_id"]]
    joined = face.execute(
        "select count(*), count(distinct counterparty_id) from book.positions"
        " inner join staging.counterparty using (counterparty_id)"
    ).fetchone()
    assert joined == (len(known), len(set(known)))


def test_the_lake_and_its_hashes_do_not_depend_on_the_key(closed_small_bank: Closed, monkeypatch):
    bank = closed_small_bank.folder.bank
    assert {row["counterparty_id"] for row in closed_small_bank.folder.rows("book.positions")} & {
        "C1"
    }
    manifest = closed_small_bank.outcome.manifest
    assert manifest is not None, closed_small_bank.outcome.failures
    key = reading_of(bank).key
    written = (bank.closes.root / DAY.isoformat() / f"{manifest.run_id}.json").read_text()
    assert key not in written
    assert key not in repr(reading_of(bank))
    monkeypatch.setenv("ALM_PSEUDONYM_KEY", "quite another key than before")
    assert Bank(bank.settings).definition_hashes == bank.definition_hashes


@pytest.mark.parametrize(
    ("persona", "sees", "not_"),
    [
        ("board", {"reports_scorecard"}, {"book_positions", "audit_proofs", "raw_loan"}),
        ("risk", {"book_positions", "metrics_eve"}, {"staging_counterparty", "raw_loan"}),
        ("finance", {"book_ledger_reconciliation", "staging_gl_balance"}, {"raw_gl_balance"}),
        ("treasury", {"staging_curve_quote", "cash_flows_contractual_buckets"}, {"raw_loan"}),
        ("auditor", {"raw_loan", "audit_journal_actions", "staging_counterparty"}, set()),
    ],
)
def test_a_persona_has_a_schema_of_views(face: Face, persona, sees, not_):
    views = column(face, f"select view_name from duckdb_views() where schema_name = '{persona}'")
    assert sees <= views
    assert not not_ & views
    for view in sorted(str(view) for view in views):
        face.execute(f"select count(*) from {persona}.{view}")


def test_risk_and_finance_see_positions_without_the_customer(face: Face):
    for persona in ("risk", "finance"):
        names = column(face, f"select column_name from (describe {persona}.book_positions)")
        assert "position_id" in names
        assert "counterparty_id" not in names


def test_a_persona_gets_a_file_of_its_own(closed_small_bank: Closed, tmp_path: Path):
    folder = Folder(shutil.copytree(closed_small_bank.folder.path, tmp_path / "bank"))
    into = tmp_path / "board" / "board.duckdb"
    done = alm("share", "board", str(into), folder=folder.path)
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(into), read_only=True) as shared:
        assert column(shared, "select distinct schema_name from duckdb_tables()") == {"reports"}
        assert column(shared, "select count(*) > 0 from reports.scorecard") == {True}
    unknown = alm("share", "bord", str(into), folder=folder.path)
    assert unknown.returncode == 1
    assert "to fix: name one of board" in unknown.stderr


def test_a_close_writes_down_who_published_it(closed_small_bank: Closed, face: Face):
    manifest = closed_small_bank.outcome.manifest
    assert manifest is not None, closed_small_bank.outcome.failures
    (found,) = closed_small_bank.folder.bank.journal.actions()
    assert found.done == Action("publish", "close", manifest.run_id, DAY, manifest.run_id)
    assert found.system_user == found.actor == pwd.getpwuid(os.geteuid()).pw_name
    shown = face.execute("select actor, action, run_id from audit.journal_actions").fetchall()
    assert shown == [(found.actor, "publish", manifest.run_id)]


def test_an_identity_acts_without_changing_the_close(copy_of_small_bank: Folder, monkeypatch):
    before = copy_of_small_bank.bank.definition_hashes
    monkeypatch.setenv("ALM_IDENTITY", "m.keller")
    bank = Bank(load_settings(copy_of_small_bank.config))
    assert bank.journal.actor == "m.keller"
    assert bank.definition_hashes == before
    bank.journal.record(Action("approve", "assumptions/deposits.yaml", comment="seen"))
    rebuild_face(bank)  # an action is shown without another close
    with duckdb.connect(str(bank.settings.warehouse_folder / "alm.duckdb"), read_only=True) as face:
        assert ("m.keller", "approve") in face.execute(
            "select actor, action from audit.journal_actions"
        ).fetchall()


def test_a_close_that_changes_nothing_publishes_nothing_again(copy_of_small_bank: Folder):
    outcome = copy_of_small_bank.close()
    assert outcome.manifest is not None, outcome.failures
    assert len(copy_of_small_bank.bank.journal.actions()) == 1
