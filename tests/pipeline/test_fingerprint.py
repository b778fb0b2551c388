"""What names a run: everything a cell depends on, nothing else, and in no table of the lake."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from alm_pipeline.inputs import libraries
from alm_pipeline.inputs.settings import load_settings
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.fingerprint import close_inputs
from alm_pipeline.paths import DATA_CONTRACTS
from alm_pipeline.warehouse.manifests import run_id_of
from tests.pipeline.banks import DAY, Folder, small_bank
from tests.pipeline.conftest import Closed
from tests.pipeline.test_plan import one_sql_file, overlay


def run_id(folder: Folder) -> str:
    """Return what a close would be named, read anew as a new process would."""
    return run_id_of(close_inputs(Bank(load_settings(folder.config)), DAY))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return small_bank(tmp_path / "bank")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TZ", "Asia/Tokyo"),
        ("LC_ALL", "tr_TR.UTF-8"),
        ("LANG", "de_DE"),
        ("ALM_THREADS", "1"),
        ("ALM_MEMORY_LIMIT", "1GB"),
        ("PYTHONHASHSEED", "7"),
        ("NUMBA_NUM_THREADS", "1"),
    ],
)
def test_the_environment_does_not_name_a_run(folder: Folder, monkeypatch, name: str, value: str):
    before = run_id(folder)
    monkeypatch.setenv(name, value)
    assert run_id(folder) == before


def test_where_a_bank_lies_does_not_name_a_run(folder: Folder, tmp_path: Path):
    moved = Folder(Path(shutil.copytree(folder.path, tmp_path / "elsewhere" / "moved")))
    assert run_id(moved) == run_id(folder)


def a_renamed_file(folder: Folder) -> None:
    # The register of files shows the name, so another name is another close.
    (folder.landing() / "loan.csv").rename(folder.landing() / "loan.csv.gz")


def one_byte_of_a_file(folder: Folder) -> None:
    with (folder.landing() / "loan.csv").open("ab") as file:
        file.write(b"\n")


def another_setting(folder: Folder) -> None:
    text = folder.config.read_text("utf-8")
    folder.config.write_text(text + "eve_margins: included\n", "utf-8")


def a_remark_in_a_contract(folder: Folder) -> None:
    overlay(folder, "curves.yaml", "about:", "# a remark\nabout:")


def a_code_list(folder: Folder) -> None:
    name = "sources/berka/code_lists/operation.csv"
    own = (DATA_CONTRACTS / name).read_text("utf-8")
    path = folder.path / "contracts" / name
    path.parent.mkdir(parents=True)
    path.write_text(own + "x,y,z\n", "utf-8")


@pytest.mark.parametrize(
    "change",
    [
        a_renamed_file,
        one_byte_of_a_file,
        another_setting,
        a_remark_in_a_contract,
        a_code_list,
        one_sql_file,
    ],
)
def test_every_input_names_a_run(folder: Folder, change: Callable[[Folder], None]):
    before = run_id(folder)
    change(folder)
    assert run_id(folder) != before


@pytest.mark.parametrize("name", libraries.DECISIVE)
def test_every_decisive_library_names_a_run(folder: Folder, monkeypatch, name: str):
    before, installed = run_id(folder), metadata.version
    monkeypatch.setattr(metadata, "version", lambda n: "0.0.1" if n == name else installed(n))
    assert run_id(folder) != before


def test_the_manifest_lists_all_that_is_installed_as_information(closed_small_bank: Closed):
    manifest = closed_small_bank.outcome.manifest
    assert manifest is not None
    assert manifest.environment["library:dagster"]
    assert manifest.environment["processor_features"]
    assert "library:dagster" not in manifest.inputs


def test_no_result_table_of_the_lake_holds_a_run_id(closed_small_bank: Closed):
    folder, manifest = closed_small_bank.folder, closed_small_bank.outcome.manifest
    assert manifest is not None
    n_tables = 0
    for pin in manifest.tables:
        rows = folder.bank.lake.rows(pin.table, pin.partition, pin.version)
        assert "run_id" not in rows.column_names
        texts = [
            c
            for c in rows.columns
            if str(c.type).removeprefix("large_") in ("string", "string_view")
        ]
        found = {v for c in texts for v in c.to_pylist() if v and manifest.run_id in v}
        assert found == set(), pin.table
        n_tables += 1
    assert n_tables == len(manifest.tables) > 150


def test_contracts_edited_after_they_were_read_are_refused(folder: Folder):
    bank = Bank(load_settings(folder.config))
    overlay(folder, "limits.yaml", "red: -0.15", "red: -0.14")
    with pytest.raises(Exception, match="edited after they were read"):
        _ = bank.figures
