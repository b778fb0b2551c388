"""A published close made again from what was kept: identical, or the difference is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from alm_pipeline.audit.comparison import Verdict
from alm_pipeline.audit.difference import difference
from alm_pipeline.errors import AlmError, ConfigurationError
from alm_pipeline.inputs.settings import load_settings
from alm_pipeline.orchestration import bank as bank_module
from alm_pipeline.orchestration.computing_code import computing_code_hash
from alm_pipeline.orchestration.replay import Replay, replay_close
from alm_pipeline.orchestration.replay_command import lines_of, replay_with_record
from alm_pipeline.warehouse.archive import Archive
from alm_pipeline.warehouse.replay_journal import recorded_replays
from tests.pipeline.banks import DAY, Folder
from tests.pipeline.conftest import Closed
from tests.pipeline.test_plan import approved, one_assumption, one_source_file

FIELD = "assumptions/deposits.yaml segments.retail_current_nib.core_share.value 0.8 -> 0.7"


def replayed(folder: Folder, into: Path, run: str = str(DAY)) -> Replay:
    return replay_close(load_settings(folder.config), run, into, lambda _line: None)


@pytest.fixture(scope="module")
def restated(closed_small_bank: Closed, tmp_path_factory) -> Folder:
    """A bank whose close was superseded after an assumption and a file were changed."""
    path = tmp_path_factory.mktemp("restated") / "bank"
    folder = Folder(Path(shutil.copytree(closed_small_bank.folder.path, path)))
    one_assumption(folder)
    folder = approved(folder)
    one_source_file(folder)
    assert folder.close().failures == ()
    shutil.rmtree(folder.path / "landing")  # a replay needs neither landing nor overlay
    shutil.rmtree(folder.path / "contracts")
    return folder


@pytest.mark.slow(seconds=60)
def test_a_superseded_close_replays_with_the_assumptions_and_files_it_had(
    restated: Folder, closed_small_bank: Closed, tmp_path: Path, monkeypatch
):
    manifest = closed_small_bank.outcome.manifest
    assert manifest is not None
    monkeypatch.setenv("ALM_EVE_MARGINS", "included")  # no variable of today reaches a replay
    found = replayed(restated, tmp_path / "again", f"{DAY}~1")
    assert found.manifest.run_id == manifest.run_id
    assert found.run_id == manifest.run_id
    assert found.changed == {}
    assert found.counted == {Verdict.IDENTICAL: len(manifest.tables)}
    assert found.is_same


def test_the_command_prints_each_stage_records_the_replay_and_ends_with_0(
    restated: Folder, tmp_path: Path
):
    said: list[str] = []
    status = replay_with_record(restated.config, str(DAY), tmp_path / "again", said.append)
    assert status == 0
    text = "\n".join(said)
    assert "inputs, code and versions are the close's: same run id" in text
    kept = Archive(restated.path / "warehouse")
    pinned = kept.closes.find(str(DAY)).tables
    n_tables, n = len(pinned), sum(pin.table.startswith("scenarios.") for pin in pinned)
    assert f"  scenarios     {n} partitions: {n} identical" in text
    (row,) = recorded_replays(kept.lake).to_pylist()
    assert (row["n_identical"], row["n_different"], row["is_passed"]) == (n_tables, 0, True)
    assert (tmp_path / "again" / "warehouse" / "alm.duckdb").is_file()


@pytest.mark.slow(seconds=35)
def test_other_code_is_named_and_its_tables_are_compared_anyway(
    closed_small_bank: Closed, tmp_path: Path, monkeypatch
):
    own = computing_code_hash
    monkeypatch.setattr(bank_module, "computing_code_hash", lambda: own()[::-1])
    found = replayed(closed_small_bank.folder, tmp_path / "again")
    assert set(found.changed) == {"code"}
    assert found.is_same
    assert any(line.startswith("not the close's: code ") for line in lines_of(found))


@pytest.mark.slow(seconds=30)
def test_a_lake_file_changed_after_the_close_is_found_with_its_row(
    copy_of_small_bank: Folder, tmp_path: Path
):
    folder = copy_of_small_bank
    _edit_parquet(folder, "metrics.eve", "present_value")
    found = replayed(folder, tmp_path / "again")
    assert not found.is_same
    (damaged,) = [c for c in found.comparisons if c.verdict is not Verdict.IDENTICAL]
    assert (damaged.table, damaged.verdict) == ("metrics.eve", Verdict.DAMAGED)
    assert damaged.columns == ("present_value",)
    # 100 more than before: relative to the larger of the two.
    assert 0 < damaged.largest_relative_difference < 1
    assert "the replay made what the close recorded" in str(damaged)
    assert " -> " in damaged.examples[0]


def _edit_parquet(folder: Folder, table: str, column: str) -> None:
    manifest = folder.bank.closes.current(DAY)
    assert manifest is not None
    pin = manifest.pinned(table)[0]
    (file,) = folder.bank.lake.files(pin.table, pin.partition, pin.version)
    rows = pq.ParquetFile(file).read()
    position = rows.column_names.index(column)
    pq.write_table(rows.set_column(position, column, pc.add(rows.column(column), 100.0)), file)


def test_a_raw_file_that_is_missing_or_changed_stops_the_replay_by_name(
    copy_of_small_bank: Folder, tmp_path: Path
):
    folder = copy_of_small_bank
    manifest = folder.bank.closes.current(DAY)
    assert manifest is not None
    kept = folder.path / "warehouse" / "raw_files" / manifest.inputs["file:loan/loan.csv"]
    kept.chmod(0o644)
    kept.write_bytes(kept.read_bytes() + b"\n")
    with pytest.raises(AlmError, match=r"was changed \| loan/loan.csv"):
        replayed(folder, tmp_path / "changed")
    kept.unlink()
    with pytest.raises(AlmError, match=r"is missing \| loan/loan.csv .* to fix"):
        replayed(folder, tmp_path / "missing")


def test_a_definition_that_is_missing_stops_the_replay_by_name(
    copy_of_small_bank: Folder, tmp_path: Path
):
    folder = copy_of_small_bank
    manifest = folder.bank.closes.current(DAY)
    assert manifest is not None
    (folder.path / "warehouse" / "definitions" / manifest.inputs["sql:80_metrics/eve.sql"]).unlink()
    with pytest.raises(AlmError, match=r"text of 80_metrics/eve\.sql was not kept"):
        replayed(folder, tmp_path / "missing")


def test_a_close_is_found_by_prefix_by_date_and_by_how_often_it_was_superseded(restated: Folder):
    closes = Archive(restated.path / "warehouse").closes
    current, first = closes.find(str(DAY)), closes.find(f"{DAY}~1")
    assert current.supersedes == first.run_id
    assert closes.find(first.run_id[:6]) == first
    for wrong in ("2026-09-30", f"{DAY}~2", f"{DAY}~x", "zzzz", ""):
        with pytest.raises(ConfigurationError, match="to fix"):
            closes.find(wrong)


def test_two_closes_differ_in_the_file_the_figure_and_what_they_led_to(restated: Folder):
    archive = Archive(restated.path / "warehouse")
    first, second = archive.closes.find(f"{DAY}~1"), archive.closes.find(str(DAY))
    found = difference(first, second, archive.lake, archive.definitions)
    assert found.inputs.files == {
        "capital/capital.csv": "changed",
        "control/control.csv": "changed",
    }
    fields = [str(one) for one in found.inputs.fields]
    assert [one for one in fields if not one.startswith("approvals.yaml ")] == [FIELD]
    assert (found.inputs.sql, found.inputs.others) == ({}, {})
    kept = archive.raw_files / second.inputs["file:capital/capital.csv"]
    n_rows = len(kept.read_text("utf-8").splitlines()) - 1  # without the header
    assert found.n_rows["capital/capital.csv"] == (n_rows, n_rows)
    cells = {(c.row, c.column): c for c in found.headlines}
    worst = cells["BANK, entity, delta_eve, worst_outlier_shape, at_least", "value"]
    assert worst.change == worst.after - worst.before != 0
    assert found.tables["scenarios.position_values"] == 3
    assert "raw.loan" not in found.tables
