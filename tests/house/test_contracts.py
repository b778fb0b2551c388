"""Contracts of extracts are valid ODCS, agree with the dictionary and change by the rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft201909Validator

from alm_pipeline.inputs.data_contracts import load_dictionary, load_extract_contracts
from alm_pipeline.paths import DATA_CONTRACTS
from alm_pipeline.validation.compatibility import refuse_breaking_changes
from alm_pipeline.validation.rules import compile_rules

CONTRACTS = load_extract_contracts()
DICTIONARY = load_dictionary()
FILES = sorted((DATA_CONTRACTS / "extracts").glob("*.yaml"))
each_contract = pytest.mark.parametrize("name", CONTRACTS)


@pytest.fixture(scope="module")
def published_schema():
    """The JSON schema of ODCS 3.1.0 as the linter ships it."""
    import datacontract

    folder = Path(str(datacontract.__file__)).parent / "schemas"
    text = (folder / "odcs-3.1.0.schema.json").read_text(encoding="utf-8")
    return Draft201909Validator(json.loads(text))


def test_there_is_a_contract_per_extract():
    assert len(CONTRACTS) == len(FILES) == 35


@each_contract
def test_a_contract_is_valid_under_the_published_schema(published_schema, name):
    text = (DATA_CONTRACTS / "extracts" / f"{name}.yaml").read_text(encoding="utf-8")
    problems = [error.message for error in published_schema.iter_errors(yaml.safe_load(text))]
    assert problems == []


def test_the_linter_accepts_a_contract():
    from datacontract.data_contract import DataContract

    for path in FILES[:2]:
        run = DataContract(data_contract_file=str(path)).lint()
        assert run.result == "passed", [check.reason for check in run.checks or []]


@pytest.mark.slow
def test_the_linter_accepts_every_contract():
    from datacontract.data_contract import DataContract

    results = {
        path.stem: DataContract(data_contract_file=str(path)).lint().result for path in FILES
    }
    assert set(results.values()) == {"passed"}


@each_contract
def test_columns_agree_with_the_dictionary(name):
    for column in CONTRACTS[name].columns:
        entry = DICTIONARY[column.name]
        same = {"rate": "double"}.get(entry.type, entry.type)
        assert column.type == same, column.name
        assert column.unit == entry.unit, column.name
        assert column.about == entry.about, column.name


@each_contract
def test_a_contract_says_who_when_and_what_it_is_for(name):
    contract = CONTRACTS[name]
    assert contract.owner.startswith("team:")
    assert contract.available
    assert contract.frequency == "1"
    assert contract.about.endswith(".")


@each_contract
def test_every_rule_says_what_is_true_of_sound_rows(name):
    for rule in compile_rules(CONTRACTS[name]):
        assert rule.about, rule.rule_id
        assert rule.severity in ("blocking", "quarantine", "warning"), rule.rule_id


def test_unsigned_amounts_have_a_lower_bound():
    open_below = {
        f"{name}.{column.name}"
        for name, contract in CONTRACTS.items()
        for column in contract.columns
        if DICTIONARY[column.name].sign == "unsigned" and column.minimum is None
    }
    assert open_below == set()


def test_no_breaking_change_lacks_a_new_major_version(root):
    refuse_breaking_changes(root, CONTRACTS)
