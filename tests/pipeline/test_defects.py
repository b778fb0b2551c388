"""Defects planted in a delivery: each is found by the rule its label names, and handled as it says.

One delivery is shared; a test damages a copy of its files, so that only those are read again.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest

from alm_pipeline.demo import write_demo_bank
from alm_pipeline.demo.defects import DEFECTS, Label, plant_defects
from alm_pipeline.errors import GateError, SourceError
from alm_pipeline.orchestration.assets.deliveries import read_delivery
from alm_pipeline.orchestration.assets.quarantine import check_delivery
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.sql_run import run_sql_file
from alm_pipeline.validation.evaluation import CheckResult
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import DAY, Folder, write_folder

Rows = list[dict[str, Any]]

N_POSITIONS = 20_000
MONTH = Partition(DAY)
HANDLINGS = ("quarantine", "warning", "stopped", "blocking")
FOUND_LATER = ("ledger_break", "row_count_drift")  # in the book; against the month before
ROW_KINDS = sorted(d.name for d in DEFECTS.values() if d.handling == "quarantine")
ALONE = [d.name for d in DEFECTS.values() if d.handling in HANDLINGS and d.name not in FOUND_LATER]
AMOUNT_IS_THE_DEFECT = {
    "amount_in_thousands",
    "encumbered_above_available",
    "negative_amount",
    "undrawn_mismatch",
    "unparseable_amount",
}


@dataclass(frozen=True)
class Damaged:
    """A delivery with defects, after it was read and checked."""

    bank: Bank
    labels: dict[str, Label]
    results: dict[str, CheckResult]
    set_aside: dict[str, Rows]
    delivered: dict[str, Rows]
    files: Rows
    refused: Rows


class Desk:
    """A bank whose delivery is damaged in one way after the other."""

    def __init__(self, folder: Folder, clean: Path) -> None:
        self.folder, self.clean = folder, clean

    def plant(self, *names: str) -> dict[str, Label]:
        landing = self.folder.landing()
        shutil.rmtree(landing, ignore_errors=True)
        shutil.copytree(self.clean, landing)
        labels = plant_defects(landing, names, label_file=self.folder.path / "defects.json")
        return {label.name: label for label in labels}

    def read(self) -> None:
        list(read_delivery(self.folder.bank, MONTH))

    def check(self, labels: dict[str, Label]) -> Damaged:
        checked = list(check_delivery(self.folder.bank, MONTH))
        results = {r.rule_id: r for one in checked for r in one.results}
        aside = {
            one.extract: self.folder.rows(f"quarantine.{one.extract}")
            for one in checked
            if one.commit.entry.n_rows
        }
        rows = self.folder.rows
        delivered = {one.extract: rows(f"raw.{one.extract}") for one in checked}
        files, refused = rows("audit.files"), rows("audit.refused_rows")
        return Damaged(self.folder.bank, labels, results, aside, delivered, files, refused)

    def damaged(self, *names: str) -> Damaged:
        labels = self.plant(*names)
        self.read()
        return self.check(labels)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The demo bank at its usual size: one bad contract is a small share of an extract."""
    path = tmp_path_factory.mktemp("defects")
    write_demo_bank(path / "clean", month_ends=[DAY], n_positions=N_POSITIONS)
    folder = write_folder(path / "bank", ("base",))
    return Desk(folder, path / "clean" / "landing" / DAY.isoformat())


def assert_found_and_named(damaged: Damaged, label: Label) -> None:
    result = damaged.results[label.rule]
    assert not result.passed
    assert result.failed_rows >= 1
    assert result.table_name in result.message
    expected = "warning" if label.handling == "stopped" else label.handling
    assert result.severity == expected


def assert_set_aside(damaged: Damaged, label: Label) -> None:
    rows = [r for r in damaged.set_aside[label.extract] if label.rule in r["rule_ids"]]
    if not rows:  # a leg whose deal was set aside first
        rows = [r for r in damaged.set_aside[label.extract] if r["rule_ids"]]
    delivered = [set(map(str, json.loads(row["payload"]).values())) for row in rows]
    for key in label.keys:
        parts = set(key.split(":")[1:])
        if label.name == "swap_leg_missing":
            parts = {key.split(":")[1]}
        assert any(parts <= values for values in delivered), (label.name, key)
    assert all(row["reason"] and row["source_file_id"] for row in rows)


@pytest.fixture(scope="module")
def all_at_once(desk: Desk) -> Damaged:
    """Every kind of row defect and a file that breaks off, in one delivery."""
    return desk.damaged(*ROW_KINDS, "truncated_last_row")


def test_every_kind_of_row_defect_is_found_by_its_rule_and_set_aside(all_at_once):
    for name in ROW_KINDS:
        label = all_at_once.labels[name]
        assert_found_and_named(all_at_once, label)
        assert_set_aside(all_at_once, label)


def test_rows_and_amounts_of_every_file_add_up_to_its_control_totals(all_at_once):
    assert len(all_at_once.files) == len(all_at_once.bank.source.file_specs)
    for file in all_at_once.files:
        name = file["source_name"]
        rows = all_at_once.delivered[name]
        aside = {row["source_row"] for row in all_at_once.set_aside.get(name, [])}
        trusted = [row for row in rows if row["source_row"] not in aside]
        assert len(trusted) + len(aside) + file["n_rows_refused"] == file["n_rows_stated"], name
        column = file["control_column"]
        if column:
            loaded = amount_of(trusted, column)
            quarantined = amount_of([r for r in rows if r["source_row"] in aside], column)
            total = loaded + quarantined + file["refused_amount"]
            assert total == file["control_amount_stated"], name


def test_a_file_that_breaks_off_loads_without_its_last_row_which_is_named(all_at_once):
    (file,) = [f for f in all_at_once.files if f["source_name"] == "deposit_term"]
    assert file["status"] == "loaded"
    assert sum(f["n_rows_refused"] for f in all_at_once.files) == file["n_rows_refused"] == 1
    (cut,) = all_at_once.refused
    assert cut["source_file_id"] == file["source_file_id"]
    assert cut["source_row"] == file["n_rows_stated"]
    assert cut["reason"]


def amount_of(rows: Rows, column: str) -> Decimal:
    return sum((readable(row[column]) for row in rows), Decimal(0))


def readable(text: str | None) -> Decimal:
    """The amount of a delivered text, zero when it is none: then it is in the difference."""
    try:
        return Decimal(text or "")
    except InvalidOperation:
        return Decimal(0)


@pytest.mark.parametrize("name", ["altered_after_control", "lost_rows", "missing_file"])
def test_a_file_that_disagrees_with_its_controls_stops_the_delivery_by_name(desk, name):
    label = desk.plant(name)[name]
    with pytest.raises(SourceError, match="to fix:") as refused:
        desk.read()
    message = str(refused.value)
    assert label.extract in message
    assert DAY.isoformat() in message
    if name == "altered_after_control":
        # 12,345.67 was added to one amount after the control total was taken.
        (file,) = [f for f in desk.folder.rows("audit.files") if f["source_name"] == label.extract]
        assert file["status"] == "refused"
        assert file["control_amount_parsed"] - file["control_amount_stated"] == Decimal("12345.67")


def test_a_blocking_rule_keeps_the_extract_from_being_read(desk):
    damaged = desk.damaged("unknown_product")
    assert_found_and_named(damaged, damaged.labels["unknown_product"])
    file = next(f for f in damaged.bank.sql_files if f.table == "staging.borrowing")
    with pytest.raises(GateError, match=r"borrowing\.product_code\.resolves: 1 row"):
        run_sql_file(damaged.bank, file, MONTH)


@pytest.mark.slow(seconds=8)
@pytest.mark.parametrize("name", ALONE)
def test_a_defect_planted_alone_is_found_named_and_handled_as_its_label_says(desk, name):
    damaged = desk.damaged(name)
    label = damaged.labels[name]
    assert_found_and_named(damaged, label)
    blocked = {r.rule_id for r in damaged.results.values() if not r.passed and r.is_blocking}
    if label.handling == "quarantine":
        assert_set_aside(damaged, label)
        n_aside = len(damaged.set_aside[label.extract])
        assert n_aside == label.n_rows
        if name not in AMOUNT_IS_THE_DEFECT:
            amounts = [row["amount"] for row in damaged.set_aside[label.extract]]
            assert sum(amounts) == Decimal(label.amount)
    else:
        assert damaged.set_aside == {}
    assert bool(blocked) == (label.handling == "blocking"), blocked


@pytest.mark.slow(seconds=8)
def test_a_delivery_without_defects_breaks_no_rule(desk):
    damaged = desk.damaged()
    assert [r.rule_id for r in damaged.results.values() if not r.passed] == []
    assert damaged.set_aside == {}
