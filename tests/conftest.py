"""What every test may rely on: the shared material, and an environment that tells nobody anything.

Fixtures of one folder stand in that folder's own conftest.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Before anything imports Dagster or Great Expectations, and inherited by every subprocess.
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
os.environ["GX_ANALYTICS_ENABLED"] = "false"
os.environ["DO_NOT_TRACK"] = "1"

QUIET_DAGSTER = "telemetry: {enabled: false}\nnux: {enabled: false}\n"


@pytest.fixture(scope="session", autouse=True)
def dagster_home(tmp_path_factory):
    """A Dagster home of this session, telemetry off; no test's run lands in anyone's own."""
    home = tmp_path_factory.mktemp("dagster_home")
    (home / "dagster.yaml").write_text(QUIET_DAGSTER, encoding="utf-8")
    before = os.environ.get("DAGSTER_HOME")
    os.environ["DAGSTER_HOME"] = str(home)
    yield home
    if before is None:
        del os.environ["DAGSTER_HOME"]
    else:
        os.environ["DAGSTER_HOME"] = before


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared material: ALM_SHARED, else the folder `shared` beside the checkout."""
    folder = Path(os.environ.get("ALM_SHARED") or ROOT.parent / "shared")
    if not folder.is_dir():
        reason = "shared material is absent | to run: set ALM_SHARED to its folder"
        if os.environ.get("ALM_REQUIRE_SHARED") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
