"""The lineage of a bank: complete, true for the engine and the YAML, stored, printed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from alm_pipeline.audit.lineage import ColumnEdge
from alm_pipeline.audit.lineage_graph import Lineage, TableEdge
from alm_pipeline.engine.arrays import Behaviour
from alm_pipeline.inputs.accepted import ACCEPTED_FILES
from alm_pipeline.inputs.relations import RELATION_FILES, SCHEMAS
from alm_pipeline.orchestration import simulation
from alm_pipeline.orchestration.assets.engine import _BUILDERS, MONTHLY_TABLES
from alm_pipeline.orchestration.bank import Bank, is_of_close
from alm_pipeline.orchestration.engine_lineage import (
    BEHAVIOUR_COLUMNS,
    ENGINE_COLUMNS,
    ENGINE_CONDITIONS,
    EVENT_COLUMNS,
    TERM_COLUMNS,
)
from alm_pipeline.orchestration.home import open_instance
from alm_pipeline.orchestration.lineage import defined_lineage, lineage_of, published_lineage
from alm_pipeline.orchestration.partitions import asset_key
from alm_pipeline.paths import DATA_CONTRACTS
from alm_pipeline.warehouse.array_bridge import engine_book
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import DAY, Folder, write_folder
from tests.pipeline.conftest import Closed
from tests.pipeline.test_command_line import alm

KEYS_OF_THE_RUN = {"as_of_date", "scenario"}
NUMBERED = {"tenor_days", "month_index", "bucket_set", "bucket", "risk_measure",
            "tenor", "zero_tenor"}  # fmt: skip


@pytest.fixture(scope="module", params=["demo", "berka"])
def defined(request, tmp_path_factory) -> tuple[Bank, Lineage]:
    folder = tmp_path_factory.mktemp(request.param) / "bank"
    bank = write_folder(folder, source=request.param).bank
    return bank, defined_lineage(bank)


def test_every_table_of_every_stage_is_made_from_something(defined):
    bank, lineage = defined
    tables = {name for name in bank.shapes if is_of_close(name)}
    assert tables - {edge.table_name for edge in lineage.tables} == set()
    assert {f"inputs.{name}" for name in bank.relation_columns} <= set(lineage.columns_of)


def test_every_edge_ends_in_a_column_that_is_there(defined):
    _, lineage = defined
    for edge in lineage.columns:
        assert edge.column_name in (*lineage.columns_of[edge.table_name], "*")
        if "/" not in edge.upstream_table:
            assert edge.upstream_column in lineage.columns_of[edge.upstream_table]


def test_column_edges_lie_on_table_edges(defined):
    _, lineage = defined
    tables = {(edge.table_name, edge.upstream_table) for edge in lineage.tables}
    assert {(edge.table_name, edge.upstream_table) for edge in lineage.columns} - tables == set()


def test_every_table_begins_in_files_or_in_the_work_itself(defined):
    _, lineage = defined
    made = {edge.table_name for edge in lineage.tables}
    beginnings = {edge.upstream_table for edge in lineage.tables} - made
    assert {name for name in beginnings if "." in name and "/" not in name} == {"alm.yaml"}


class _Read(Mapping[str, Any]):
    """The columns of a table, noting which are asked for."""

    def __init__(self, rows: Any) -> None:
        self.rows, self.asked = rows, set[str]()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return self.rows.column(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows.column_names)

    def __len__(self) -> int:
        return int(self.rows.num_columns)


def test_the_declared_terms_are_those_that_the_bridge_reads(closed_small_bank: Closed, monkeypatch):
    bank, partition = closed_small_bank.folder.bank, Partition(DAY)
    seen: list[_Read] = []
    real = engine_book

    def noted(rows: Any, events: Any, *rest: Any) -> Any:
        seen.extend((_Read(rows), _Read(events)))
        return real(seen[0], seen[1], *rest)

    monkeypatch.setattr(simulation, "engine_book", noted)
    monkeypatch.setattr(simulation, "_BOOKS", simulation.Newest())  # a kept book reads nothing
    monkeypatch.setattr(simulation, "_AGREED_PASSES", simulation.Newest())
    simulation.pass_inputs(bank, partition)
    simulation.contractual_pass(bank, partition)
    positions, events = seen
    assert positions.asked == set(TERM_COLUMNS)
    assert events.asked == set(EVENT_COLUMNS)


def test_the_declared_assumptions_are_those_of_the_engine():
    named = set(SCHEMAS["behaviour_parameters"].names) & set(Behaviour.__dataclass_fields__)
    made_of = {"prepayment_figures"}  # from which rates by cohort and month are computed
    assert set(BEHAVIOUR_COLUMNS) == named | made_of


def test_the_engine_declares_every_column_it_writes(closed_small_bank: Closed):
    bank = closed_small_bank.folder.bank
    assert set(ENGINE_COLUMNS) == {*MONTHLY_TABLES, *_BUILDERS} == set(ENGINE_CONDITIONS)
    for table, declared in ENGINE_COLUMNS.items():
        assert set(bank.shapes[table].columns) - KEYS_OF_THE_RUN - NUMBERED <= set(declared)
        assert set(declared) <= set(bank.shapes[table].columns)


def test_a_close_stores_the_lineage_it_was_made_by(closed_small_bank: Closed):
    bank, manifest = closed_small_bank.folder.bank, closed_small_bank.outcome.manifest
    assert manifest is not None, closed_small_bank.outcome.failures
    stored = published_lineage(bank, manifest)
    assert stored == defined_lineage(bank)
    assert lineage_of(bank)[1] == manifest
    # read, without the rows set aside, from a YAML file, from a delivered file
    assert TableEdge("reports.eve_sensitivity", "metrics.eve", "current") in stored.tables
    assert TableEdge("staging.loan", "quarantine.loan", "set aside") in stored.tables
    assert TableEdge("inputs.limits", "data_contracts/limits.yaml", "yaml") in stored.tables
    assert ColumnEdge("raw.loan", "loan_no", "delivery/loan", "loan_no") in stored.columns


@pytest.mark.parametrize("table", ["reports.eve_sensitivity", "scenarios.position_values"])
def test_dagster_shows_the_lineage_with_the_table(closed_small_bank: Closed, table):
    with open_instance(closed_small_bank.folder.bank) as instance:
        event = instance.get_latest_materialization_event(asset_key(table))
    assert event is not None
    assert event.asset_materialization is not None
    shown = event.asset_materialization.metadata
    lineage = shown["dagster/column_lineage"].value
    assert isinstance(lineage, dg.TableColumnLineage)
    assert "*" not in lineage.deps_by_column
    assert "which rows there are" in str(shown["column_lineage"].value)


EDITS = [
    ("limits.yaml", "amber: -0.12", "amber: -0.11", {"limits"}),
    (
        "limits.yaml",
        "effective_from: 2025-01-01",
        "effective_from: 2026-12-01",
        {"limits", "outside_dates"},
    ),
    ("products.yaml", "family: cash", "family: notes", {"products"}),
    ("curves.yaml", "max_age_days: 5", "max_age_days: 4", {"curves"}),
    ("curves.yaml", "tenor: 3M", "tenor: 6M", {"indices"}),
    (
        "assumptions/prepayment.yaml",
        "{value: 0.06,",
        "{value: 0.07,",
        {"assumptions", "behaviour_parameters"},
    ),
    (
        "assumptions/prepayment.yaml",
        "expires: 2027-12-31",
        "expires: 2026-01-31",
        {"assumptions", "outside_dates"},
    ),
    (
        "scenarios/basel_2024_parallel_up.yaml",
        "shape: parallel_up",
        "shape: parallel_down",
        {"scenarios", "behaviour_parameters"},
    ),
    ("rules/basel_2024.yaml", "threshold_share: 0.15", "threshold_share: 0.14", {"rule_packs"}),
    ("rules/eu_2024.yaml", "gain_weight: 0.8", "gain_weight: 0.7", {"narrow_bands"}),
    ("rules/time_buckets.yaml", "midpoint_years: 0.0417", "midpoint_years: 0.05", {"time_buckets"}),
    (
        "rules/us.yaml",
        "effective_from: 2010-01-01",
        "effective_from: 2030-01-01",
        {"outside_dates"},
    ),
]


def relation_hashes(path: Path, file: str = "", old: str = "", new: str = "") -> Mapping[str, str]:
    """Return the content of every relation, with one shipped file changed in the overlay."""
    folder = write_folder(path, ("base", "basel_2024_parallel_up", "us_up_100"))
    if file:
        text = (DATA_CONTRACTS / file).read_text(encoding="utf-8")
        assert old in text
        target = path / "contracts" / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace(old, new), encoding="utf-8")
    return folder.bank.relation_hashes(DAY)


@pytest.mark.parametrize(("file", "old", "new", "changes"), EDITS)
def test_an_edit_changes_the_relations_that_name_the_file(tmp_path, file, old, new, changes):
    before = relation_hashes(tmp_path / "before")
    after = relation_hashes(tmp_path / "after", file, old, new)
    changed = {name.removeprefix("inputs.") for name in before if before[name] != after[name]}
    assert changed == {*changes, "overlaid"}  # a file of the bank's own is an exception, too
    for name in changes:
        assert any(Path(file).match(pattern) for pattern in RELATION_FILES[name])


def test_every_relation_names_its_files(tmp_path):
    assert set(write_folder(tmp_path / "bank").bank.relation_columns) == {
        *RELATION_FILES,
        *ACCEPTED_FILES,
    }


def test_before_any_close_the_definitions_answer(tmp_path):
    write_folder(tmp_path / "bank")
    done = alm("lineage", "reports.scorecard.value", "--depth", "2", folder=tmp_path / "bank")
    assert done.returncode == 0, done.stderr
    assert "as defined; nothing is published yet" in done.stdout
    assert "reports.eve_sensitivity" in done.stdout


def test_the_command_prints_the_tree_of_the_published_close(closed_small_bank: Closed, tmp_path):
    folder = Folder(shutil.copytree(closed_small_bank.folder.path, tmp_path / "bank"))
    done = alm("lineage", "reports.irrbb_outlier_test.delta_eve", folder=folder.path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert (
        lines[0] == "reports.irrbb_outlier_test  delta_eve  sql/90_reports/irrbb_outlier_test.sql"
    )
    assert any("delivery/loan" in line and "loan.csv" in line for line in lines)
    assert any("data_contracts/assumptions/*.yaml" in line for line in lines)
    assert lines[-1].startswith("as published in close ")
    down = alm("lineage", "--down", "staging.loan.coupon_rate", folder=folder.path)
    assert "reports.scorecard" in down.stdout
    unknown = alm("lineage", "reports.scorecard.vlaue", folder=folder.path)
    assert unknown.returncode == 1
    assert "reports.scorecard.value" in unknown.stderr
    assert (folder.path / "warehouse" / "lineage.html").is_file()
