"""A close as a whole: repeatable to the bit, superseded when inputs change, readable anywhere."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from alm_pipeline.inputs.sql_files import Read
from alm_pipeline.orchestration import jobs
from alm_pipeline.orchestration.approve import approve_change
from alm_pipeline.orchestration.fingerprint import close_inputs
from alm_pipeline.orchestration.sql_run import bind_reads
from alm_pipeline.paths import DATA_CONTRACTS
from alm_pipeline.warehouse.manifests import run_id_of
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import DAY, OF_OTHER_PACKS, SCENARIOS, UP, Folder, restate
from tests.pipeline.conftest import Closed


def hashes(folder: Folder) -> dict[str, str]:
    return {name: content for name, (_, content) in folder.contents().items()}


def test_a_second_close_commits_to_no_table_and_is_the_same_close(copy_of_small_bank):
    folder = copy_of_small_bank
    first = folder.bank.closes.current(DAY)
    before = {name: folder.bank.store.lake.versions(name) for name in folder.bank.shapes}
    outcome = folder.close()
    after = {name: folder.bank.store.lake.versions(name) for name in folder.bank.shapes}
    assert after == before
    assert outcome.manifest == first
    assert outcome.run_id == run_id_of(close_inputs(folder.bank, DAY))
    assert [m.run_id for m in folder.bank.closes.all()] == [outcome.run_id]


@pytest.mark.slow(seconds=35)
def test_one_thread_in_an_empty_warehouse_gives_the_same_content(
    closed_small_bank: Closed, fresh_small_bank, monkeypatch
):
    monkeypatch.setenv("ALM_THREADS", "1")
    alone: Folder = fresh_small_bank(*SCENARIOS)
    assert alone.bank.settings.threads == 1
    outcome = alone.close()
    assert outcome.failures == ()
    assert outcome.run_id == closed_small_bank.outcome.run_id
    assert hashes(alone) == hashes(closed_small_bank.folder)


def test_a_scenario_made_again_alone_has_the_same_content_and_touches_nothing_else(
    copy_of_small_bank,
):
    folder, bank = copy_of_small_bank, copy_of_small_bank.bank
    before = folder.contents()
    n_known = {
        e.table: len(e.derivations)
        for e in bank.store.registry.of_month(Partition(DAY))
        if e.partition.scenario in ("", UP)
    }
    # As another version of the code: what is there already is not taken for granted.
    bank.__dict__["code_hash"] = "made by other code"
    result = folder.run(jobs.SCENARIO, Partition(DAY, UP))
    assert result.success
    assert folder.contents() == before
    made_again = {
        e.table
        for e in bank.store.registry.of_month(Partition(DAY))
        if e.partition.scenario in ("", UP) and len(e.derivations) > n_known[e.table]
    }
    assert made_again == {
        "scenarios.zero_rates",
        "scenarios.position_values",
        "scenarios.cash_flow_buckets",
        "scenarios.monthly_balances",
        "scenarios.growth_income",
        "scenarios.stopped_currencies",
    }


@pytest.mark.slow(seconds=30)
def test_a_restated_file_and_a_changed_assumption_make_a_close_that_supersedes(
    copy_of_small_bank,
):
    folder = copy_of_small_bank
    first = folder.bank.closes.current(DAY)
    assert first is not None
    restate(folder.landing(), "capital", _one_more_dollar)
    overlaid = folder.path / "contracts" / "assumptions" / "deposits.yaml"
    overlaid.parent.mkdir()
    shipped = (DATA_CONTRACTS / "assumptions" / "deposits.yaml").read_text("utf-8")
    overlaid.write_text(shipped.replace("core_share: {value: 0.8,", "core_share: {value: 0.7,"))

    changed_bank = Folder(shutil.copytree(folder.path, folder.path.parent / "changed")).bank
    approve_change(changed_bank, "assumptions/deposits", "jane", "john", "deposit study")
    second = Folder((folder.path.parent / "changed").rename(folder.path.parent / "restated"))
    outcome = second.close()

    assert outcome.manifest is not None, outcome.failures
    assert outcome.manifest.run_id != first.run_id
    assert outcome.manifest.supersedes == first.run_id
    changed = {n for n, h in outcome.manifest.inputs.items() if first.inputs.get(n) != h}
    assert {n.partition(":")[0] for n in changed} == {"file", "contracts"}
    assert "contracts:assumptions/deposits.yaml" in changed
    assert second.bank.closes.read(DAY, first.run_id) == first
    assert {m.run_id for m in second.bank.closes.all()} == {first.run_id, outcome.run_id}
    face = duckdb.connect(str(second.path / "warehouse" / "alm.duckdb"), read_only=True)
    shown = face.execute("select run_id, is_current, supersedes from audit.closes").fetchall()
    assert set(shown) == {
        (first.run_id, False, None),
        (outcome.run_id, True, first.run_id),
    }
    face.close()


def _one_more_dollar(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    # The group's Tier 1 stays the sum of its members': 516,501 = 500,001 + 16,500.
    for row in rows:
        if row["entity_id"] in ("BANK", "GROUP"):
            row["amount"] = f"{float(row['amount']) + 1:.2f}"
    return rows


def test_previous_is_the_published_close_of_the_month_before(copy_of_small_bank):
    bank = copy_of_small_bank.bank
    reads = (Read("book.positions", "previous", 1),)
    file = replace(next(f for f in bank.sql_files if f.table == "book.balance_sheet"), reads=reads)
    november, october = Partition(date(2026, 11, 30)), Partition(DAY)
    inputs = bind_reads(bank, file, november)
    pinned = bank.closes.before(november.as_of_date)[0].pinned("book.positions")[0]
    assert inputs == {f"previous:book.positions {october}": pinned.content_hash}
    found = bank.store.session.rows(
        "select as_of_date, count(*) as n from previous.positions group by all"
    )
    assert found == [{"as_of_date": DAY, "n": 21}]
    # Nothing was closed before October: the relation is there and empty.
    assert bind_reads(bank, file, october) == {}
    assert bank.store.session.value("select count(*) from previous.positions") == 0


@pytest.fixture
def face(closed_small_bank: Closed, tmp_path: Path, monkeypatch):
    """`alm.duckdb`, opened for reading from another working directory."""
    monkeypatch.chdir(tmp_path)
    path = closed_small_bank.folder.path / "warehouse" / "alm.duckdb"
    connection = duckdb.connect(str(path), read_only=True)
    yield connection
    connection.close()


def test_the_face_holds_every_table_of_every_schema(closed_small_bank, face):
    promised = set(closed_small_bank.folder.bank.shown_shapes)
    found = face.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
    ).fetchall()
    assert {name for (name,) in found} >= promised
    assert {name.partition(".")[0] for (name,) in found} >= {
        "raw",
        "quarantine",
        "staging",
        "book",
        "behaviour",
        "cash_flows",
        "scenarios",
        "metrics",
        "reports",
        "audit",
    }


def test_every_report_in_the_face_is_the_lakes(closed_small_bank, face):
    bank = closed_small_bank.folder.bank
    reports = sorted(name for name in bank.shapes if name.startswith("reports."))
    assert len(reports) == 48
    for name in reports:
        lake = closed_small_bank.folder.table(name).to_pylist()
        order = ", ".join(bank.shapes[name].key)
        shown = face.sql(f"select * from {name} order by {order}").to_arrow_table().to_pylist()
        # nobody asked the small bank's close for the scenarios of the United States
        assert bool(shown) == (name not in OF_OTHER_PACKS), name
        assert shown == lake, name


def test_every_close_is_in_the_face_with_its_checks_and_hashes(closed_small_bank, face):
    manifest = closed_small_bank.outcome.manifest
    n_pinned = face.execute("select count(*) from audit.partitions").fetchone()[0]
    assert n_pinned == len(manifest.tables)
    failed = face.execute(
        "select count(*) from audit.check_results where not is_passed"
    ).fetchone()[0]
    assert failed == 0
    (definitions,) = face.execute("select definitions from audit.closes").fetchone()
    assert json.loads(definitions)["eve_margins"] == "excluded"
    n_inputs = face.execute(
        "select count(*) from audit.run_manifest where manifest_kind = 'input'"
    ).fetchone()[0]
    assert n_inputs == len(manifest.inputs)


def test_no_result_table_has_a_clock(face):
    clocks = face.execute(
        "select table_schema, table_name, column_name from information_schema.columns"
        " where (data_type like 'TIME%' or column_name like '%\\_at' escape '\\')"
        " and table_name not like '%journal\\_%' escape '\\'"
    ).fetchall()
    assert clocks == []
