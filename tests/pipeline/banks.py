"""Banks in temporary folders, closed in this process: what the pipeline tests share.

Each bank has its own landing, warehouse and Dagster home, so that tests neither meet each other
nor anyone's real bank. What a close should give does not belong here.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import yaml
from rich.console import Console

from alm_pipeline.orchestration.assemble import assemble
from alm_pipeline.orchestration.bank import Bank, open_bank
from alm_pipeline.orchestration.close import CLOSE_TAG, Outcome, close_month
from alm_pipeline.orchestration.command import bind_published
from alm_pipeline.orchestration.home import open_instance
from alm_pipeline.reporting.headline import exit_status, print_headline
from alm_pipeline.warehouse.partition import Partition

ROOT = Path(__file__).resolve().parents[2]
SMALL_BANK = ROOT / "tests" / "small_bank"
DAY = date(2026, 10, 31)
BASE, UP, DOWN = "base", "basel_2024_parallel_up", "basel_2024_parallel_down"
SCENARIOS = (BASE, UP, DOWN)
OF_OTHER_PACKS = {"reports.us_rate_shocks", "reports.ncua_nev"}
"""Reports without a row unless their scenarios are asked for: `test_supervisory_cells.py` does."""
Row = dict[str, str]


@dataclass(frozen=True)
class Folder:
    """A bank's folder: `alm.yaml`, landing, warehouse."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "alm.yaml"

    def landing(self, day: date = DAY) -> Path:
        return self.path / "landing" / day.isoformat()

    @cached_property
    def bank(self) -> Bank:
        return open_bank(self.config)

    @cached_property
    def definitions(self) -> dg.Definitions:
        return assemble(self.config)

    def close(self, day: date = DAY) -> Outcome:
        """Close a month end as the command line does, in this process."""
        with open_instance(self.bank) as instance:
            return close_month(self.bank, self.definitions, instance, day, _say_nothing)

    def run(self, job: str, partition: Partition, run_id: str = "") -> dg.ExecuteInProcessResult:
        """Run one job of the chain for one partition, as the UI does."""
        with open_instance(self.bank) as instance:
            return self.definitions.resolve_job_def(job).execute_in_process(
                partition_key=str(partition),
                instance=instance,
                tags={CLOSE_TAG: run_id} if run_id else None,
                run_config={"loggers": {"console": {"config": {}}}},
                raise_on_error=False,
            )

    def table(self, name: str, day: date = DAY, scenario: str = "") -> pa.Table:
        """Return the registered rows of a table, whatever its checks said."""
        return self.bank.store.table(name, Partition(day, scenario), is_gated=False)

    def rows(self, name: str, day: date = DAY, scenario: str = "") -> list[dict[str, Any]]:
        """Return the registered rows of a table as dictionaries."""
        found: list[dict[str, Any]] = self.table(name, day, scenario).to_pylist()
        return found

    def contents(self, day: date = DAY) -> dict[str, tuple[int, str]]:
        """Return Delta version and content hash of every partition of a month end."""
        entries = self.bank.store.registry.of_month(Partition(day))
        return {f"{e.table} {e.partition}": (e.version, e.content_hash) for e in entries}

    def headline(self, outcome: Outcome) -> tuple[int, str]:
        """Return exit status and printed headline of a published close."""
        assert outcome.manifest is not None, outcome.failures
        published = bind_published(self.bank, outcome.manifest)
        group = self.bank.settings.group_entity_id
        console = Console(file=io.StringIO(), width=132)
        print_headline(published, group, console)
        assert isinstance(console.file, io.StringIO)
        return exit_status(published, group), console.file.getvalue()


def again(folder: Folder) -> Folder:
    """Return the bank as a new process would open it."""
    moved = folder.path.with_name(folder.path.name + "_")
    folder.path.rename(moved)
    return Folder(moved)


def write_folder(path: Path, scenarios: tuple[str, ...] = SCENARIOS, **settings: object) -> Folder:
    """Write a bank's folder with an empty landing and its own overlay."""
    (path / "landing").mkdir(parents=True)
    (path / "contracts").mkdir()
    written = {"closing_scenarios": list(scenarios), "threads": 2, "contracts": "contracts"}
    (path / "alm.yaml").write_text(yaml.safe_dump(written | settings), encoding="utf-8")
    return Folder(path)


def small_bank(path: Path, scenarios: tuple[str, ...] = SCENARIOS, **settings: object) -> Folder:
    """Write a folder with the delivery of the small bank that is worked out by hand."""
    folder = write_folder(path, scenarios, **settings)
    shutil.copytree(SMALL_BANK / "landing", path / "landing", dirs_exist_ok=True)
    return folder


def _say_nothing(_step: str) -> None:
    """Where a close announces its steps when nobody listens."""


def restate(folder: Path, extract: str, edit: Any) -> None:
    """Change the rows of a CSV file and restate its control totals, as a bank would send it."""
    path = folder / f"{extract}.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    header, body = rows[0], [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    edited = edit(body)
    _write(path, header, [list(row.values()) for row in edited])
    control = folder / "control.csv"
    stated = list(csv.reader(control.read_text(encoding="utf-8").splitlines()))
    for line in stated[1:]:
        if line[0] == path.name:
            line[1] = str(len(edited))
            if line[2]:
                line[3] = f"{sum(round(100 * float(row[line[2]])) for row in edited) / 100:.2f}"
    _write(control, stated[0], stated[1:])


def _write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


# ---------------------------------------------------------------- more contracts in a small bank


def amounts(principal: float, carrying: float | None = None) -> Row:
    """Balances of a contract that is carried at its principal unless said otherwise."""
    shown = f"{principal:.2f}"
    return {
        "original_amount": shown, "outstanding_principal": shown,
        "carrying_amount": f"{carrying or principal:.2f}",
    }  # fmt: skip


def like(number: str, *rows: Row) -> Callable[[list[Row]], list[Row]]:
    """Return an edit that adds rows which differ from the first one of that number."""

    def edit(body: list[Row]) -> list[Row]:
        plain = next(row for row in body if number in row.values())
        return body + [plain | row for row in rows]

    return edit


def posted(ledger: Mapping[tuple[str, str], float]) -> Callable[[list[Row]], list[Row]]:
    """Return an edit that adds what contracts bring to the ledger of BANK in dollars."""

    def edit(body: list[Row]) -> list[Row]:
        left, found = dict(ledger), []
        for row in body:
            is_ours = (row["entity_id"], row["currency"]) == ("BANK", "USD")
            more = left.pop((row["gl_account"], row["balance_type"]), 0) if is_ours else 0
            found.append(row | {"ending_amount": f"{float(row['ending_amount']) + more:.2f}"})
        new = [
            body[0] | {"gl_account": account, "balance_type": kind, "ending_amount": f"{value:.2f}"}
            for (account, kind), value in left.items()
        ]
        return found + new

    return edit


def funded(ledger: Mapping[tuple[str, str], float]) -> Callable[[list[Row]], list[Row]]:
    """Return an edit that lets the owners pay for contracts, as their ledger says."""
    more = ledger["3000", "principal"]

    def edit(body: list[Row]) -> list[Row]:
        for row in body:
            if row["balance_no"] == "E1":
                for name in ("outstanding_principal", "carrying_amount"):
                    row[name] = f"{float(row[name]) + more:.2f}"
        return body

    return edit
