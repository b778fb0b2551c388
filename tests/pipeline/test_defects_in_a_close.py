"""Defects that show only in a whole close, and all that stop nothing planted together."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from alm_pipeline.demo import write_demo_bank
from alm_pipeline.demo.defects import DEFECTS, Label, plant_defects
from alm_pipeline.orchestration.close import Outcome
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import BASE, DAY, OF_OTHER_PACKS, UP, Folder, write_folder

SEPTEMBER = date(2026, 9, 30)
LEDGER_NOTICES = {  # not what the ledger holds, so that its tie stops the close: the account
    "amount_in_thousands": "10510",
    "duplicate_across_extracts": "20410",
    "missing_currency": "20210",
    "negative_amount": "20310",
    "undrawn_mismatch": "90110",
    "unknown_entity": "20310",
    "unparseable_amount": "20310",
}
OF_THEIR_OWN = ("annuity_payment_broken", "row_count_drift")
HARMLESS = sorted(
    d.name
    for d in DEFECTS.values()
    if d.handling in ("quarantine", "warning") and not d.is_blocking and d.name not in OF_THEIR_OWN
)


def demo_with(
    path: Path,
    *names: str,
    n_positions: int,
    days: tuple[date, ...] = (DAY,),
    scenarios: tuple[str, ...] = (BASE,),
) -> tuple[Folder, list[Label]]:
    """Write a demo bank with defects planted in its last month end."""
    folder = write_folder(path / "bank", scenarios)
    write_demo_bank(folder.path, month_ends=days, n_positions=n_positions)
    labels = plant_defects(folder.landing(), names, label_file=folder.path / "defects.json")
    return folder, labels


def failed_checks(folder: Folder) -> dict[str, dict]:
    return {
        row["check_id"]: row
        for name in folder.bank.store.shapes
        for row in folder.bank.store.gate.results(name, checked_hash(folder, name))
        if not row["is_passed"]
    }


def checked_hash(folder: Folder, table: str) -> str:
    found = folder.bank.store.registry.find(table, Partition(DAY))
    return folder.bank.store.checked_hash(table, Partition(DAY)) if found else ""


@pytest.mark.slow(seconds=30)
@pytest.mark.parametrize("name", ["ledger_break", "unknown_product", "unmapped_gl_account"])
def test_a_blocking_defect_stops_the_close_at_its_rule(tmp_path, name):
    folder, (label,) = demo_with(tmp_path, name, n_positions=2_000)
    outcome = folder.close()
    assert outcome.manifest is None
    assert folder.bank.closes.current(DAY) is None
    stopped = failed_checks(folder)[label.rule]
    assert stopped["is_blocking"]
    assert stopped["table_name"] in " ".join(outcome.failures)
    if name == "ledger_break":
        account = label.keys[0].split(":")[1]
        assert account in stopped["sample"]


@pytest.mark.slow(seconds=30)
def test_amounts_that_the_ledger_does_not_hold_stop_the_close_at_its_accounts(tmp_path):
    folder, _ = demo_with(tmp_path, *LEDGER_NOTICES, n_positions=20_000)
    outcome = folder.close()
    assert outcome.manifest is None
    assert "book.ledger_reconciliation" in " ".join(outcome.failures)
    unexplained = {
        row["gl_account"]
        for row in folder.rows("book.ledger_reconciliation")
        if row["status"] == "unexplained"
    }
    assert set(LEDGER_NOTICES.values()) <= unexplained


@pytest.mark.slow(seconds=40)
@pytest.mark.parametrize(
    ("name", "named"),
    [("stale_curve", "EUR"), ("missing_curve_node", "EUR"), ("missing_fx", "EUR")],
)
def test_what_stops_a_currency_is_named_and_the_close_ends_with_status_one(tmp_path, name, named):
    folder, _ = demo_with(tmp_path, name, n_positions=2_000)
    outcome = folder.close()
    assert outcome.failures == ()
    status, text = folder.headline(outcome)
    assert status == 1
    assert "not available" in text
    group = [
        row
        for row in folder.rows("reports.eve_sensitivity")
        if row["row_kind"] == "group" and row["family"] == "total"
    ]
    assert {row["eve"] for row in group} == {None}
    assert all(named in row["availability"] for row in group)


@pytest.mark.slow(seconds=60)
def test_a_third_of_the_accounts_missing_since_the_month_before_is_reported(tmp_path):
    days = (SEPTEMBER, DAY)
    folder, (label,) = demo_with(tmp_path, "row_count_drift", n_positions=2_000, days=days)
    before = folder.close(SEPTEMBER)
    assert before.failures == ()
    folder.close()  # the ledger still holds the missing accounts, so this close is stopped
    drift = failed_checks(folder)[label.rule]
    assert drift["severity"] == "warning"
    assert "33" in drift["message"]


@pytest.mark.slow(seconds=30)
def test_an_annuity_that_never_repays_is_reported_and_stops_nothing(tmp_path):
    folder, (label,) = demo_with(tmp_path, "annuity_payment_broken", n_positions=2_000)
    outcome = folder.close()
    assert failed_checks(folder)[label.rule]["severity"] == "warning"
    assert outcome.failures == ()


@pytest.fixture(scope="module")
def all_harmless(tmp_path_factory) -> tuple[Folder, list[Label], Outcome]:
    """Every defect that stops nothing, in one delivery of 20,000 positions."""
    path = tmp_path_factory.mktemp("all")
    folder, labels = demo_with(path, *HARMLESS, n_positions=20_000, scenarios=(BASE, UP))
    return folder, labels, folder.close()


@pytest.mark.slow(seconds=90)
def test_all_harmless_defects_together_let_the_close_complete(all_harmless):
    folder, labels, outcome = all_harmless
    assert outcome.failures == ()
    status, text = folder.headline(outcome)
    assert status == 0
    assert "0 blocking failures" in text
    failed = failed_checks(folder)
    assert {label.rule for label in labels} <= set(failed)


@pytest.mark.slow(seconds=90)
def test_every_report_prints_what_is_excluded(all_harmless):
    folder, _, _ = all_harmless
    n_excluded: Counter[str] = Counter()
    for row in folder.rows("book.excluded"):
        n_excluded[row["entity_id"]] += row["excluded_rows"]
    reports = {name for name in folder.bank.shapes if name.startswith("reports.")}
    lists = {"reports.hqla_register"}  # holdings one by one: no total that a missing row lessens
    for name in reports - OF_OTHER_PACKS - lists:
        rows = [row for row in folder.rows(name) if row["row_kind"] == "entity"]
        group = [row for row in folder.rows(name) if row["row_kind"] == "group"]
        assert rows, name
        assert {r["entity_id"]: r["excluded_rows"] for r in rows}.items() <= n_excluded.items()
        assert group or name == "reports.nii_run_rate"  # the ledger books by entity
        assert {row["excluded_rows"] for row in group} <= {n_excluded.total()}, name
        assert all(row["excluded_amount"] > 0 and row["excluded_share"] > 0 for row in group), name


@pytest.mark.slow(seconds=90)
def test_the_ledger_reconciles_with_the_rows_set_aside_as_reconciling_items(all_harmless):
    folder, _, _ = all_harmless
    ledger = folder.rows("book.ledger_reconciliation")
    assert {row["status"] for row in ledger} <= {"matched", "explained", "within_tolerance"}
    assert any(row["quarantined_amount"] for row in ledger)
    for row in folder.rows("book.balance_check"):
        assets = row["assets_amount"] + row["excluded_amount"]
        assert assets == row["liabilities_amount"] + row["equity_amount"]
    assert all(row["is_passed"] for row in folder.rows("audit.proofs"))
