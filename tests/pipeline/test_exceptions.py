"""What somebody accepted: it passes, it is listed with what it touches, and it ends by itself."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.orchestration.assets.adjustments import apply_adjustments
from alm_pipeline.paths import DATA_CONTRACTS
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import BASE, DAY, Folder, restate, small_bank
from tests.pipeline.conftest import Closed

WAIVERS = """about: Accepted until the ledger is closed.
waivers:
  - check: book.ledger_reconciliation.ties
    applies_to: book.ledger_reconciliation
    failed_rows: 1
    reason: the ledger closes one day later
    owner: jane
    approver: john
    effective_from: 2026-10-01
    expires: 2026-10-31
  - check: audit.proofs.all_hold
    applies_to: audit.proofs
    failed_rows: 1
    reason: the ledger closes one day later
    owner: jane
    approver: john
    effective_from: 2026-10-01
    expires: 2026-10-31
"""
ADJUSTMENTS = """about: Added by hand.
adjustments:
  - report: eve_sensitivity
    row: {entity_id: GROUP, row_kind: group, scenario: base, family: total}
    column: eve
    amount: -1500.25
    comment: a swap booked late
    author: jane
    approver: john
    effective_from: 2026-10-01
    expires: 2026-12-31
  - report: eve_sensitivity
    row: {entity_id: GROUP, row_kind: group, scenario: base, family: total}
    column: eve
    amount: 500.0
    comment: its fee
    author: jane
    approver: john
    effective_from: 2026-10-01
    expires: 2026-12-31
  - report: eve_sensitivity
    row: {entity_id: BANK, row_kind: entity, scenario: base, family: total}
    column: eve
    amount: 99.0
    comment: of the month before
    author: jane
    approver: john
    effective_from: 2026-09-01
    expires: 2026-09-30
"""
FALLBACK = (
    "    fallback: {curve: usd_ois, reason: the source is down, owner: jane, approver: john,"
    " effective_from: 2026-10-01, expires: 2026-10-31}\n"
)


def _one_thousand_more(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    row = next(r for r in rows if r["balance_type"] == "principal")
    row["ending_amount"] = f"{float(row['ending_amount']) + 1000:.2f}"
    return rows


def accepting(path: Path) -> Folder:
    """Write a bank with a ledger that does not tie, no euro quotes, and everything accepted."""
    folder = small_bank(path, (BASE,))
    restate(folder.landing(), "gl_balance", _one_thousand_more)
    restate(
        folder.landing(), "curve_quote", lambda rows: [r for r in rows if r["currency"] != "EUR"]
    )
    own = folder.path / "contracts"
    (own / "assumptions").mkdir()
    (own / "waivers.yaml").write_text(WAIVERS)
    (own / "adjustments.yaml").write_text(ADJUSTMENTS)
    curves = (DATA_CONTRACTS / "curves.yaml").read_text("utf-8")
    euro = "    currency: EUR\n    role: discount\n"
    (own / "curves.yaml").write_text(curves.replace(euro, euro + FALLBACK))
    deposits = (DATA_CONTRACTS / "assumptions" / "deposits.yaml").read_text("utf-8")
    soon = deposits.replace("expires: 2027-12-31", "expires: 2026-12-31")
    (own / "assumptions" / "deposits.yaml").write_text(soon)
    return folder


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Closed:
    folder = accepting(tmp_path_factory.mktemp("accepted") / "bank")
    return Closed(folder, folder.close())


@pytest.fixture(scope="module")
def ledger(accepted: Closed) -> dict[str, list[dict[str, Any]]]:
    """Rows of the exception ledger by kind."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in accepted.folder.rows("audit.exception_ledger"):
        found.setdefault(row["exception_kind"], []).append(row)
    return found


def test_a_waived_check_does_not_stop_the_close_and_its_verdict_stays(accepted):
    assert accepted.outcome.failures == ()
    bank = accepted.folder.bank
    table = "book.ledger_reconciliation"
    hashed = bank.store.checked_hash(table, Partition(DAY))
    verdicts = {r["check_id"]: r for r in bank.store.gate.results(table, hashed)}
    tie = verdicts[f"{table}.ties"]
    assert (tie["is_blocking"], tie["is_passed"]) == (True, False)


@pytest.mark.slow(seconds=10)
def test_a_waiver_that_has_expired_stops_the_close_again(tmp_path):
    folder = accepting(tmp_path / "late")
    waivers = WAIVERS.replace("expires: 2026-10-31", "expires: 2026-10-30")
    (folder.path / "contracts" / "waivers.yaml").write_text(waivers)
    outcome = folder.close()
    assert outcome.manifest is None
    assert any("book.ledger_reconciliation" in message for message in outcome.failures)


def test_the_ledger_has_everything_accepted_with_people_end_and_what_it_touches(ledger):
    waived = {
        (r["item"], r["owner"], r["approver"], str(r["expiry_date"]))
        for r in ledger["waived check"]
    }
    assert waived == {
        (check, "jane", "john", "2026-10-31")
        for check in ("book.ledger_reconciliation.ties", "audit.proofs.all_hold")
    }
    (fallback,) = ledger["curve fallback"]
    assert (fallback["item"], fallback["applies_to"]) == ("eur_ois", "usd_ois")
    # In euro: L3 40,000, T2 45,000, K3 20,000 and E2 15,000, at 1.10 dollars.
    assert (fallback["n_positions"], fallback["exception_amount"]) == (4, Decimal("132000.00"))
    own = {row["item"]: row for row in ledger["the bank's own file"]}
    assert set(own) == {"assumptions/deposits", "curves"}
    (soon,) = ledger["expires soon"]
    assert (soon["item"], soon["reason"]) == ("deposits", "48 figures expire on 2026-12-31")


def test_adjustments_are_listed_and_those_of_another_month_are_not_applied(ledger):
    amounts = {row["reason"]: row["exception_amount"] for row in ledger["manual adjustment"]}
    assert amounts == {
        "a swap booked late": Decimal("-1500.25"),
        "its fee": Decimal("500.00"),
        "of the month before": None,
    }


def test_an_adjusted_cell_keeps_its_value_beside_the_adjustment(accepted):
    rows = accepted.folder.rows("audit.adjusted_cells")
    (report,) = [
        row
        for row in accepted.folder.rows("reports.eve_sensitivity")
        if (row["row_kind"], row["family"]) == ("group", "total")
    ]
    assert {row["published_amount"] for row in rows} == {report["eve"]}
    # -1,500.25 + 500.00 = -1,000.25
    assert {row["adjusted_amount"] - row["published_amount"] for row in rows} == {
        Decimal("-1000.25")
    }


def test_every_report_shows_its_adjustments_in_columns_of_their_own(accepted):
    path = accepted.folder.path / "warehouse" / "alm.duckdb"
    with duckdb.connect(str(path), read_only=True) as face:
        shown = face.sql(
            "select entity_id, eve_adjustment from adjusted.eve_sensitivity"
            " where eve_adjustment <> 0"
        ).fetchall()
        assert shown == [("GROUP", Decimal("-1000.25"))]
        reports = face.sql(
            "select table_name from information_schema.tables where table_schema = 'reports'"
        ).fetchall()
        adjusted = face.sql(
            "select table_name from information_schema.tables where table_schema = 'adjusted'"
        ).fetchall()
    assert set(adjusted) == set(reports)


def test_the_journal_and_the_headline_name_what_was_overridden(accepted):
    actions = [one.done for one in accepted.folder.bank.journal.actions()]
    overridden = sorted(a.object_name.split()[0] for a in actions if a.action == "override")
    assert overridden == [
        "audit.proofs.all_hold",
        "book.ledger_reconciliation.ties",
        "reports.eve_sensitivity",
        "reports.eve_sensitivity",
    ]
    _, text = accepted.folder.headline(accepted.outcome)
    assert "expires   deposits: 48 figures expire on 2026-12-31, team:treasury-risk" in text
    assert "adjusted  2 cells by hand" in text


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("report: eve_sensitivity", "report: eve", "there is no such report"),
        ("column: eve", "column: delta_eve_tier1_share", "the report has no such amount"),
        ("family: total", "family: gold", "the report has no such row"),
        ("family: total", "currency: USD", "the row is not named by its key"),
    ],
)
def test_an_adjustment_of_a_cell_that_is_not_there_is_refused(accepted, tmp_path, old, new, why):
    moved = tmp_path / "moved"
    shutil.copytree(accepted.folder.path, moved)
    (moved / "contracts" / "adjustments.yaml").write_text(ADJUSTMENTS.replace(old, new))
    with pytest.raises(ConfigurationError, match=why):
        apply_adjustments(Folder(moved).bank, Partition(DAY))
