"""The small bank, closed once for all tests that only look at it, and copies of it to damage."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from alm_pipeline.orchestration.close import Outcome
from tests.pipeline.banks import Folder, small_bank


@dataclass(frozen=True)
class Closed:
    """A bank's folder and how its close ended."""

    folder: Folder
    outcome: Outcome


@pytest.fixture(autouse=True)
def _own_dagster_home(monkeypatch, dagster_home):
    """Opening a bank points Dagster at its own home; the session's comes back after each test."""
    monkeypatch.setenv("DAGSTER_HOME", str(dagster_home))


@pytest.fixture(scope="session")
def closed_small_bank(tmp_path_factory: pytest.TempPathFactory) -> Closed:
    """The small bank, closed under base and both parallel shocks; look, do not touch."""
    folder = small_bank(tmp_path_factory.mktemp("small_bank") / "a bank's größte 50%")
    return Closed(folder, folder.close())


@pytest.fixture
def copy_of_small_bank(closed_small_bank: Closed, tmp_path: Path) -> Folder:
    """A closed small bank of the test's own, as if the folder had been moved."""
    assert closed_small_bank.outcome.manifest is not None, closed_small_bank.outcome.failures
    path = tmp_path / "moved"
    shutil.copytree(closed_small_bank.folder.path, path)
    return Folder(path)


@pytest.fixture
def fresh_small_bank(tmp_path: Path) -> Callable[..., Folder]:
    """Return a function that writes a small bank that was never closed."""

    def write(*scenarios: str, **settings: object) -> Folder:
        return small_bank(tmp_path / "fresh", scenarios or ("base",), **settings)

    return write
