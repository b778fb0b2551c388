"""The model inventory keeps up with the engine: every package has its model, every name exists."""

from __future__ import annotations

import re

import pytest
import yaml

from alm_pipeline.inputs.models import Model, load_models
from alm_pipeline.reporting.methodology import module_files
from tests.house.project import CONTRACTS, PACKAGE, ROOT, sql_files, table_contracts

MODELS = load_models().models
each_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
CLAIM = re.compile(r"\b(compliant|compliance|complies|certified)\b", re.IGNORECASE)


def proof_groups() -> set[str]:
    """Return the groups of invariants that a close has to prove."""
    (file,) = [f for f in sql_files() if f.name == "audit.proof_coverage"]
    return {group.replace("''", "'") for group in re.findall(r"\('([^']+)', '", file.text)}


def test_every_package_of_the_engine_belongs_to_a_model():
    engine = {
        f"engine.{folder.name}"
        for folder in (PACKAGE / "engine").iterdir()
        if folder.is_dir() and folder.name != "__pycache__"
    }
    named = {".".join(m.split(".")[:2]) for model in MODELS.values() for m in model.modules}
    assert engine - named == set()


def test_every_assumption_file_is_read_by_a_model():
    files = {path.stem for path in (CONTRACTS / "assumptions").glob("*.yaml")}
    assert files - {name for model in MODELS.values() for name in model.assumptions} == set()


@each_model
def test_a_model_names_modules_and_assumption_files_that_exist(model: Model):
    assert [module for module in model.modules if not module_files(module)] == []
    files = {path.stem for path in (CONTRACTS / "assumptions").glob("*.yaml")}
    assert set(model.assumptions) - files == set()


@each_model
def test_a_model_reads_and_decides_tables_that_exist(model: Model):
    assert {*model.inputs, *model.outputs} - set(table_contracts()) == set()


@each_model
def test_a_model_is_watched_by_proofs_and_tests_that_exist(model: Model):
    assert set(model.proofs) - proof_groups() == set()
    assert [test for test in model.tests if not (ROOT / test).exists()] == []


@each_model
def test_a_model_claims_no_compliance(model: Model):
    assert CLAIM.findall(" ".join(str(value) for _, value in model)) == []


def test_the_inventory_says_that_it_is_no_statement_of_compliance():
    about = yaml.safe_load((CONTRACTS / "models.yaml").read_text("utf-8"))["about"]
    assert "no statement of compliance" in about
    assert "formerly SR 11-7" in " ".join(about.split())


def test_steps_of_the_checklist_name_tables_and_proofs_that_exist():
    steps = yaml.safe_load((CONTRACTS / "checklist.yaml").read_text("utf-8"))["steps"]
    named = {t for step in steps for t in step["tables"] if not t.endswith(".*")}
    assert named - set(table_contracts()) == set()
    assert {group for step in steps for group in step["proofs"]} - proof_groups() == set()
