"""Nothing calls home: neither Dagster nor Great Expectations, and no pop-up greets anyone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.house.project import ROOT

SILENT = {"DAGSTER_DISABLE_TELEMETRY", "GX_ANALYTICS_ENABLED", "DO_NOT_TRACK", "DAGSTER_HOME"}


def answer_of(program: str, folder: Path) -> str:
    """Run a program as a user would, without this session's variables; return what it prints."""
    loud = {name: value for name, value in os.environ.items() if name not in SILENT}
    environment = loud | {"PYTHONPATH": str(ROOT), "HOME": str(folder)}
    command = [sys.executable, "-c", program]
    ran = subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_the_dagster_home_of_a_bank_is_made_with_telemetry_off(tmp_path):
    program = (
        "import dagster as dg; from pathlib import Path;"
        "from alm_pipeline.orchestration.home import prepare_home;"
        "home = prepare_home(Path('home'));"
        "print(dg.DagsterInstance.from_config(str(home.resolve())).telemetry_enabled)"
    )
    assert answer_of(program, tmp_path) == "False"
    settings = yaml.safe_load((tmp_path / "home" / "dagster.yaml").read_text(encoding="utf-8"))
    assert settings["telemetry"] == {"enabled": False}
    assert settings["nux"] == {"enabled": False}


@pytest.mark.slow(seconds=20)
def test_great_expectations_is_imported_with_analytics_off(tmp_path):
    program = (
        "import os; from alm_pipeline.validation import expectations; "
        "expectations.load_great_expectations(); print(os.environ['GX_ANALYTICS_ENABLED'])"
    )
    assert answer_of(program, tmp_path) == "false"


def test_no_client_of_a_usage_statistics_service_is_installed():
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower()
    assert not [name for name in ("posthog", "analytics-python", "sentry-sdk") if name in pins]
