"""The JSON schema of scenarios that editors read is the one the code checks with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from alm_pipeline.inputs.scenario_files import scenario_schema
from tests.house.project import CONTRACTS, load_yaml, relative

PUBLISHED = CONTRACTS / "scenarios" / "schema.json"
FILES = sorted((CONTRACTS / "scenarios").glob("*.yaml"))


def test_the_schema_in_the_repository_is_what_the_command_prints():
    assert PUBLISHED.read_text(encoding="utf-8") == scenario_schema(), (
        "run: alm scenario schema > data_contracts/scenarios/schema.json"
    )


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_every_scenario_is_valid_under_the_schema(path: Path):
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    content = json.loads(json.dumps(load_yaml(path), default=str))  # dates are text in JSON
    assert [error.message for error in Draft202012Validator(schema).iter_errors(content)] == []


def test_the_schema_refuses_what_the_code_refuses():
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    wrong = {"about": "A scenario for a test.", "kind": "own", "shocks": {"parallel_bps": {}}}
    assert not Draft202012Validator(schema).is_valid(wrong)
    assert not Draft202012Validator(schema).is_valid(wrong | {"shocks": {}, "horizon": 36})
