"""What a plan says is what the close then computes, edit by edit."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from alm_pipeline.orchestration.approve import approve_change
from alm_pipeline.orchestration.assumption_gate import comparison
from alm_pipeline.orchestration.plan import Step, plan_close
from alm_pipeline.orchestration.plan_lines import plan_lines
from alm_pipeline.paths import DATA_CONTRACTS, SQL
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.store import Commit
from tests.pipeline.banks import BASE, DAY, DOWN, UP, Folder, again, restate

Key = tuple[str, Partition]
MONTH = Partition(DAY)
ENGINE = {
    "scenarios.zero_rates",
    "scenarios.position_values",
    "scenarios.cash_flow_buckets",
    "scenarios.monthly_balances",
    "scenarios.stopped_currencies",
}


def nothing(folder: Folder) -> None:
    """Leave everything as it is."""


def one_scenario(folder: Folder) -> None:
    # The short shock has the same behaviour multipliers as the parallel one: only curves move.
    overlay(folder, f"scenarios/{UP}.yaml", "shape: parallel_up", "shape: short_up")


def one_assumption(folder: Folder) -> None:
    overlay(folder, "assumptions/deposits.yaml", "core_share: {value: 0.8,", _SEVENTY)


def a_remark(folder: Folder) -> None:
    overlay(folder, "assumptions/deposits.yaml", "# core_share ", "# The core_share ")


def one_limit(folder: Folder) -> None:
    overlay(folder, "limits.yaml", "red: -0.15", "red: -0.14")


def one_sql_file(folder: Folder) -> None:
    shutil.copytree(SQL, folder.path / "sql")
    file = folder.path / "sql" / "80_metrics" / "eve.sql"
    file.write_text(file.read_text("utf-8") + "-- the end\n", "utf-8")
    settings = yaml.safe_load(folder.config.read_text("utf-8"))
    folder.config.write_text(yaml.safe_dump(settings | {"sql": "sql"}), "utf-8")


def one_source_file(folder: Folder) -> None:
    restate(folder.landing(), "capital", _one_more_dollar)


_SEVENTY = "core_share: {value: 0.7,"


def _one_more_dollar(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    # The group's Tier 1 stays the sum of its members': 516,501 = 500,001 + 16,500.
    for row in rows:
        if row["entity_id"] in ("BANK", "GROUP"):
            row["amount"] = f"{float(row['amount']) + 1:.2f}"
    return rows


def overlay(folder: Folder, name: str, old: str, new: str) -> None:
    """Overlay a shipped file with one text replaced."""
    text = (DATA_CONTRACTS / name).read_text("utf-8")
    assert old in text
    path = folder.path / "contracts" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(old, new), "utf-8")


def approved(folder: Folder) -> Folder:
    """Return the bank after somebody else approved what was changed in its figures."""
    found = comparison(folder.bank, MONTH)
    assert found is not None
    for name in found.changed:
        approve_change(folder.bank, name, "jane", "john", "study of 2026")
    return again(folder)


def planned_and_computed(folder: Folder) -> tuple[list[Step], set[Key], set[Key]]:
    """Plan a close, run it, and return the plan, what it came to and what was computed."""
    steps = plan_close(folder.bank, DAY)
    before, computed = folder.contents(), set()

    def note(commit: Commit, _seconds: float) -> None:
        if not commit.is_known:
            computed.add((commit.entry.table, commit.entry.partition))

    folder.bank.listeners.append(note)
    outcome = folder.close()
    assert outcome.failures == ()
    after = folder.contents()
    changed = {name for name in after if before.get(name) != after[name]}
    planned = {
        (step.table, step.partition)
        for step in steps
        if step.is_sure or any(f"{t} {p}" in changed for t, p in step.waits_for)
    }
    return steps, planned, computed


@pytest.fixture(scope="module")
def edited(closed_small_bank, tmp_path_factory) -> Callable[[Callable[[Folder], None]], Folder]:
    """Return a function that makes an edit in a closed bank of its own."""

    def make(change: Callable[[Folder], None]) -> Folder:
        path = tmp_path_factory.mktemp(change.__name__) / "bank"
        folder = Folder(Path(shutil.copytree(closed_small_bank.folder.path, path)))
        change(folder)
        return approved(folder)

    return make


def test_nothing_changed_or_a_remark_only_computes_nothing(edited):
    for change in (nothing, a_remark):
        steps, planned, computed = planned_and_computed(edited(change))
        assert (steps, planned, computed) == ([], set(), set()), change.__name__


def test_one_edited_scenario_touches_its_own_partitions_and_the_reports(edited):
    folder = edited(one_scenario)
    before = folder.contents()
    steps, planned, computed = planned_and_computed(folder)
    assert planned == computed
    by_scenario = {(table, p.scenario) for table, p in computed if p.scenario}
    assert {scenario for _, scenario in by_scenario} == {UP}
    assert {table for table, _ in by_scenario if table in ENGINE} == ENGINE
    by_month = {t for t, p in computed if not p.scenario}
    stepped = {"scenarios.assumption_values", "metrics.assumption_effects"}  # under the rise too
    slotted = {"scenarios.standardised_values", "metrics.eve_standardised"}  # under every shape
    apart = {"scenarios.risk_changes", "metrics.risk_split"}  # under every scenario
    compared = {"scenarios.position_changes"}  # of the base, which stands beside the others
    called = {f"metrics.stress_{part}" for part in ("flows", "paths", "effects")}  # by its rates
    others = by_month - stepped - slotted - apart - compared - called
    assert {t.partition(".")[0] for t in others} == {"reports", "audit"}
    after = folder.contents()
    untouched = {n for n in before if n.endswith((f"|{BASE}", f"|{DOWN}"))}
    assert untouched
    assert {n: after[n] for n in untouched} == {n: before[n] for n in untouched}
    assert (
        after[f"scenarios.position_values {DAY}|{UP}"]
        != before[f"scenarios.position_values {DAY}|{UP}"]
    )
    sure = {step.reasons for step in steps if step.table in ENGINE}
    assert sure == {(f"scenario {UP}",)}


@pytest.mark.slow(seconds=20)
def test_one_edited_assumption_is_named_with_its_field(edited):
    folder = edited(one_assumption)
    lines = "\n".join(plan_lines(folder.bank, DAY))
    field = "assumptions/deposits.yaml segments.retail_current_nib.core_share.value 0.8 -> 0.7"
    assert f"scenarios.position_values ({BASE}, {UP}, {DOWN}): its behaviour ({field})" in lines
    _, planned, computed = planned_and_computed(folder)
    assert planned == computed
    assert {t.partition(".")[0] for t, _ in computed} >= {"scenarios", "metrics", "reports"}
    assert not {t for t, _ in computed if t.startswith(("raw.", "quarantine.", "staging."))}


@pytest.mark.slow(seconds=15)
def test_one_edited_limit_computes_what_stands_against_limits_and_the_evidence_only(edited):
    _, planned, computed = planned_and_computed(edited(one_limit))
    assert planned == computed
    evidence = {"audit.close_checklist", "audit.exception_ledger"}  # limits are the bank's own now
    against_limits = {f"reports.{name}" for name in ("scorecard", "limit_status", "us_rate_shocks")}
    assert {table for table, _ in computed} == {*against_limits, *evidence}


@pytest.mark.slow(seconds=15)
def test_one_edited_sql_file_computes_its_table_and_what_differs_then(edited):
    steps, planned, computed = planned_and_computed(edited(one_sql_file))
    assert planned == computed
    # A remark at its end changes no row: what reads the table is planned, and left alone.
    tables = {table for table, _ in computed}
    assert tables == {"metrics.eve", "audit.lineage", "audit.column_lineage"}
    assert "reports.eve_sensitivity" in {step.table for step in steps if not step.is_sure}


@pytest.mark.slow(seconds=20)
def test_one_restated_file_reads_the_delivery_and_computes_what_depends_on_it(edited):
    folder = edited(one_source_file)
    steps, planned, computed = planned_and_computed(folder)
    assert planned == computed
    staged = {table for table, _ in computed if table.startswith("staging.")}
    assert staged == {"staging.capital"}
    assert {p.scenario for _, p in computed} == {""}  # capital moves no value and no cash flow
    (restated,) = [step for step in steps if step.table == "raw.capital"]
    assert restated.reasons == ("file:capital/capital.csv",)


@pytest.mark.slow(seconds=25)
def test_a_bank_that_was_never_closed_computes_everything(fresh_small_bank):
    folder = fresh_small_bank()
    steps, planned, computed = planned_and_computed(folder)
    assert all(step.is_sure for step in steps)
    assert planned == computed
    assert {f"{t} {p}" for t, p in computed} == set(folder.contents())
