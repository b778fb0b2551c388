"""The command `alm` as somebody types it: what it prints and how it ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from alm_pipeline.paths import DATA_CONTRACTS
from tests.pipeline.banks import BASE, DAY, Folder, small_bank
from tests.pipeline.conftest import Closed

UP = DATA_CONTRACTS / "scenarios" / "basel_2024_parallel_up.yaml"


def alm(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, without a terminal."""
    command = [sys.executable, "-c", "from alm_pipeline.cli import program; program()", *arguments]
    environment = {k: v for k, v in os.environ.items() if k not in ("DAGSTER_HOME", "ALM_CONFIG")}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_a_close_prints_the_headline_and_ends_with_status_zero(closed_small_bank: Closed, tmp_path):
    # Closed before, so that the command finds everything as it should be; the folder was moved.
    folder = tmp_path / "bank"
    shutil.copytree(closed_small_bank.folder.path, folder)
    done = alm("close", DAY.isoformat(), folder=folder)
    assert done.returncode == 0, done.stderr
    for title in (
        "Balance sheet (millions)",
        "Economic value and net interest income by scenario (millions)",
        "Repricing gap, base (millions)",
        "Liquidity gap, base (millions)",
        "Scorecard",
        "0 blocking failures",
        "excluded  0 rows",
    ):
        assert title in done.stdout
    assert str(folder / "warehouse" / "alm.duckdb") in done.stdout
    published = Folder(folder).bank.closes.current(DAY)
    assert published is not None
    assert f"close     {published.run_id} of {DAY}" in done.stdout
    assert "\x1b[" not in done.stdout


def test_a_missing_delivery_ends_with_status_one_and_names_the_files(tmp_path):
    bank = small_bank(tmp_path / "bank", (BASE,))
    (bank.landing() / "loan.csv").unlink()
    (bank.landing() / "fx_rate.csv").unlink()
    done = alm("close", DAY.isoformat(), folder=bank.path)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "loan.csv" in said
    assert "fx_rate.csv" in said
    assert "to fix:" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "arguments",
    [("close",), ("close", "october"), ("shut", "2026-10-31"), ("demo", "--months", "0")],
)
def test_wrong_usage_ends_with_status_two_and_says_how_it_is_used(tmp_path, arguments):
    done = alm(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert "Usage" in done.stderr


def test_a_configuration_that_does_not_exist_ends_with_status_one(tmp_path):
    done = alm("--config", "nowhere/alm.yaml", "close", DAY.isoformat(), folder=tmp_path)
    assert done.returncode == 1
    assert "alm init" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_valid_scenario_is_called_valid(tmp_path):
    done = alm("scenario", "check", str(UP), "--picture", "up.svg", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "basel_2024_parallel_up.yaml: valid"


def test_a_scenario_of_an_unknown_pack_is_refused_with_what_is_wrong(tmp_path):
    written = tmp_path / "mine.yaml"
    written.write_text(UP.read_text("utf-8").replace("pack: basel_2024", "pack: basel_2094"))
    done = alm("scenario", "check", str(written), folder=tmp_path)
    assert done.returncode == 1
    assert "basel_2094" in done.stderr


def test_the_data_contracts_of_the_project_agree(tmp_path):
    done = alm("contracts", "check", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "35 extracts" in done.stdout
    assert "all agree" in done.stdout


@pytest.mark.slow(seconds=30)
def test_a_changed_assumption_is_shown_refused_and_not_approved_by_its_author(
    closed_small_bank: Closed, tmp_path
):
    folder = tmp_path / "bank"
    shutil.copytree(closed_small_bank.folder.path, folder)
    deposits = (DATA_CONTRACTS / "assumptions" / "deposits.yaml").read_text("utf-8")
    (folder / "contracts" / "assumptions").mkdir()
    (folder / "contracts" / "assumptions" / "deposits.yaml").write_text(
        deposits.replace("core_share: {value: 0.8,", "core_share: {value: 0.9,")
    )
    refused = alm("close", DAY.isoformat(), folder=folder)
    assert refused.returncode == 1
    assert "1 changed and unapproved: assumptions/deposits" in refused.stdout
    assert "GROUP delta_eve worst_outlier_shape" in refused.stdout
    assert "Traceback" not in refused.stdout + refused.stderr

    shown = alm("changes", folder=folder)
    assert "assumptions/deposits  unapproved" in shown.stdout
    assert "segments.retail_current_nib.core_share.value  0.8 -> 0.9" in shown.stdout
    assert "effect  GROUP delta_eve worst_outlier_shape" in shown.stdout

    words = ("approve", "assumptions/deposits", "--author", "jane", "--comment", "study")
    own = alm(*words, "--approver", "jane", folder=folder)
    assert own.returncode == 1
    assert "cannot approve" in own.stderr
    assert not (folder / "contracts" / "approvals.yaml").exists()
    assert alm(*words, "--approver", "john", folder=folder).returncode == 0
    assert "assumptions/deposits  approved by john: study" in alm("changes", folder=folder).stdout
