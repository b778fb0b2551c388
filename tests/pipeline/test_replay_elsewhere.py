"""A close replayed by another checkout, in another time zone, from a warehouse it cannot write.

What could make it pass by accident is taken away: the delivery and the overlay are gone, SQL and
data contracts of the second checkout are empty, its process proves that it runs that checkout and
cannot write the warehouse, and a second checkout with one slip in the engine is found out.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mutation import copied
from tests.pipeline.banks import DAY, Folder, small_bank
from tests.pipeline.conftest import Closed
from tests.pipeline.test_assumption_gate import overlay

REPLAY = """
import json, os, sys, time
from pathlib import Path
import alm_pipeline
from alm_pipeline.cli import main

warehouse, run = sys.argv.pop(1), sys.argv[-1]
try:
    (Path(warehouse) / "written").touch()
    is_writable = True
except PermissionError:
    is_writable = False
said = {"package": alm_pipeline.__file__, "zone": time.tzname[0], "is_writable": is_writable}
print(json.dumps(said), flush=True)
main()
"""
_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE = 24, 1


@dataclass(frozen=True)
class Replayed:
    """How `alm replay` ended in a process of its own."""

    status: int
    package: Path
    zone: str
    is_writable: bool
    text: str

    @property
    def n_identical(self) -> int:
        """Partitions that it counted as identical, over all stages."""
        return sum(int(n) for n in re.findall(r"partitions: .*?(\d+) identical", self.text))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    """A published close of which only `alm.yaml` and a read-only warehouse are left."""
    path = tmp_path_factory.mktemp("kept") / "bank"
    folder = overlay(
        small_bank(path), "limits", lambda text: text.replace("amber: -0.12", "amber: -0.115", 1)
    )
    outcome = folder.close()
    assert outcome.manifest is not None, outcome.failures
    # What its own file changes in the shipped one is published, so that this one is needed too.
    accepted = folder.rows("audit.exception_ledger")
    assert any("-0.12 -> -0.115" in str(row["reason"]) for row in accepted)
    shutil.rmtree(path / "landing")
    shutil.rmtree(path / "contracts")
    _chmod(path / "warehouse", 0o555, 0o444)
    yield Closed(folder, outcome)
    _chmod(path / "warehouse", 0o755, 0o644)


def _chmod(root: Path, of_folders: int, of_files: int) -> None:
    for path in [root, *root.rglob("*")]:
        path.chmod(of_folders if path.is_dir() else of_files)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Another checkout, in which only the package's code says anything."""
    copy = copied(tmp_path / "elsewhere").resolve()
    for file in [*copy.glob("sql/**/*.sql"), *copy.glob("data_contracts/**/*.yaml")]:
        file.write_text("", encoding="utf-8")
    return copy


def replayed(kept: Folder, checkout: Path, home: Path) -> Replayed:
    """Run `alm replay` with the package of a checkout, as somebody who may not write the bank."""
    environment = os.environ | {
        "PYTHONPATH": str(checkout),
        "PYTHONHASHSEED": "7",
        "DAGSTER_HOME": str(home),
        "HOME": str(home),
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C",
        "ALM_THREADS": "1",
    }
    warehouse = kept.path / "warehouse"
    done = subprocess.run(
        [sys.executable, "-c", REPLAY, warehouse, "--config", kept.config, "replay", str(DAY)],
        cwd=checkout,
        env=environment,
        preexec_fn=_obey_permissions,
        capture_output=True,
        text=True,
        check=False,
    )
    head, _, text = done.stdout.partition("\n")
    assert head, done.stderr
    said = json.loads(head)
    package = Path(said["package"]).resolve()
    return Replayed(done.returncode, package, said["zone"], said["is_writable"], text + done.stderr)


def _obey_permissions() -> None:
    """Let root, in a container say, be refused what the permissions of a file refuse."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0)


def contents(folder: Folder) -> dict[str, tuple[int, int]]:
    root = folder.path / "warehouse"
    stats = {str(p.relative_to(root)): p.stat() for p in root.rglob("*")}
    return {name: (stat.st_size, stat.st_mtime_ns) for name, stat in stats.items()}


@pytest.mark.slow(seconds=120)
def test_another_checkout_replays_a_close_from_a_warehouse_it_cannot_write(
    kept: Closed, checkout: Path, tmp_path: Path
):
    manifest, before = kept.outcome.manifest, contents(kept.folder)
    assert manifest is not None
    found = replayed(kept.folder, checkout, tmp_path)
    assert found.package.is_relative_to(checkout)
    assert (found.zone, found.is_writable) == ("+14", False)
    assert found.status == 0, found.text
    assert f"close {manifest.run_id} of {DAY}" in found.text
    assert "inputs, code and versions are the close's: same run id" in found.text
    assert found.n_identical == len(manifest.tables)
    assert f"identical: all {len(manifest.tables)} partitions" in found.text
    assert "not recorded: the warehouse is read-only" in found.text
    assert contents(kept.folder) == before


@pytest.mark.slow(seconds=120)
def test_a_slip_in_the_other_checkout_is_found_in_the_tables_it_reaches(
    kept: Closed, checkout: Path, tmp_path: Path
):
    """A year a millionth of a day short: too little for the proofs, not for a comparison."""
    manifest = kept.outcome.manifest
    assert manifest is not None
    slipped = checkout / "alm_pipeline" / "engine" / "conventions" / "day_count.py"
    text = slipped.read_text(encoding="utf-8")
    right, wrong = "return (end - start) / 365.0", "return (end - start) / 364.999999"
    assert text.count(right) == 1
    slipped.write_text(text.replace(right, wrong), encoding="utf-8")
    found = replayed(kept.folder, checkout, tmp_path)
    assert found.status == 1, found.text
    assert "not the close's: code " in found.text
    assert re.search(r"raw +(\d+) partitions: \1 identical\n", found.text)
    assert not re.search(r"scenarios +(\d+) partitions: \1 identical\n", found.text)
    assert found.n_identical < len(manifest.tables)
