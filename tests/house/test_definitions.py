"""Dagster can load the project, and what it shows is the design: ten stages, honest names."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.house.project import ROOT, STAGES, sql_files

PROGRAM = """
import json, sys
from alm_pipeline.definitions import defs
graph = defs.resolve_asset_graph()
nodes = [graph.get(key) for key in graph.get_all_asset_keys() if not graph.get(key).is_external]
print(json.dumps({
    "assets": {n.key.to_user_string(): n.group_name for n in nodes},
    "undescribed": [n.key.to_user_string() for n in nodes if not n.description],
    "checks": [str(k) for k in graph.asset_check_keys],
    "great_expectations": "great_expectations" in sys.modules,
}))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """What a fresh process sees of the demo bank's definitions, in an empty folder."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.pop("ALM_CONFIG", None)
    command = [sys.executable, "-c", PROGRAM]
    folder = tmp_path_factory.mktemp("bank")
    ran = subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_the_groups_are_the_ten_stages(loaded):
    stages = {f"{number}_{name}" for name, number in STAGES.items()}
    assert set(loaded["assets"].values()) == stages


def test_an_asset_lies_in_the_group_of_its_schema(loaded):
    def group(schema: str) -> set[str]:
        # Twins of ad-hoc scenarios and metrics lie with what they are twins of.
        if schema == "what_if":
            return {"70_scenarios", "80_metrics"}
        return {f"{STAGES[schema]}_{schema}"}

    misplaced = {k: g for k, g in loaded["assets"].items() if g not in group(k.split("/")[0])}
    assert misplaced == {}


def test_every_sql_file_is_an_asset(loaded):
    made = {f"{f.schema}/{f.table}" for f in sql_files() if f.schema != "raw"}
    assert made
    assert made - set(loaded["assets"]) == set()


def test_every_asset_is_described(loaded):
    assert loaded["undescribed"] == []


def test_there_are_checks_and_loading_them_does_not_import_great_expectations(loaded):
    assert loaded["checks"]
    assert not loaded["great_expectations"]
