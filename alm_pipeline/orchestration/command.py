"""Run a close from the command line: open the bank, show progress, time every table.

On a terminal progress is one moving line with elapsed and estimated time; elsewhere it is one plain
line per table that took notice of anything.
"""

from __future__ import annotations

import gc
import logging
import time
import warnings
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import dagster as dg
import pyarrow as pa
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from alm_pipeline.orchestration.assemble import assemble, bank_assets
from alm_pipeline.orchestration.assets.publication import check_rows
from alm_pipeline.orchestration.bank import Bank, open_bank
from alm_pipeline.orchestration.close import Outcome, close_month
from alm_pipeline.orchestration.home import open_instance
from alm_pipeline.orchestration.lineage_view import PAGE
from alm_pipeline.orchestration.partitions import Partitions
from alm_pipeline.reporting.headline import exit_status, footer_lines, print_headline
from alm_pipeline.warehouse.change_log import CHANGES, CHANGES_SCHEMA
from alm_pipeline.warehouse.gate import SCHEMA as CHECK_SCHEMA
from alm_pipeline.warehouse.manifests import Manifest
from alm_pipeline.warehouse.session import Session
from alm_pipeline.warehouse.store import Commit

_SLOW_SECONDS = 2.0
_PLAIN_WIDTH = 132


@dataclass
class Timings:
    """Seconds and rows per table of one close, for the command line and the benchmarks."""

    seconds: dict[str, float] = field(default_factory=dict)
    n_changed: int = 0
    n_tables: int = 0

    def note(self, commit: Commit, seconds: float) -> None:
        """Add one commit."""
        self.n_tables += 1
        self.n_changed += commit.is_changed
        table = commit.entry.table
        self.seconds[table] = self.seconds.get(table, 0.0) + seconds


def close_with_progress(config: Path, as_of_date: date, timings: Timings | None = None) -> Outcome:
    """Close one month end and show how far it is."""
    keep_quiet()
    gc.set_threshold(100_000, 50, 100)  # one short process: collecting often costs seconds
    bank = open_bank(config)
    definitions = assemble(config)
    timings = timings or Timings()
    with open_instance(bank) as instance:
        return _with_progress(bank, definitions, instance, as_of_date, timings)


def show_outcome(bank: Bank, outcome: Outcome, *, is_brief: bool = False) -> int:
    """Print what a close led to and return the exit status of the command."""
    console = _console()
    if outcome.manifest is None:
        for failure in outcome.failures:
            console.print(f"stopped: {failure}", highlight=False, soft_wrap=True, markup=False)
        return 1
    published = bind_published(bank, outcome.manifest)
    group = bank.settings.group_entity_id
    if is_brief:
        for line in footer_lines(published, group):
            console.print(line, highlight=False, soft_wrap=True)
    else:
        print_headline(published, group, console)
    root = bank.settings.warehouse_folder
    console.print(f"close     {outcome.run_id} of {outcome.manifest.as_of_date}", highlight=False)
    console.print(f"tables    {root / 'alm.duckdb'}", highlight=False, soft_wrap=True)
    console.print(f"lineage   {root / PAGE}", highlight=False, soft_wrap=True)
    return exit_status(published, group)


def bind_published(bank: Bank, manifest: Manifest) -> Session:
    """Bind the reports and the evidence of a published close and return the session."""
    store = bank.store
    for name, shape in store.shapes.items():
        if name.startswith(("reports.", "audit.", "scenarios.stopped")):
            pinned = manifest.pinned(name)
            files = [f for p in pinned for f in store.lake.files(name, p.partition, p.version)]
            store.session.bind_files(name, files, shape.columns)
    checks = pa.Table.from_pylist(check_rows(bank, manifest), schema=CHECK_SCHEMA)
    store.session.bind_table("audit.check_results", checks)
    changes = pa.Table.from_pylist(bank.change_log.changes([manifest.run_id]), CHANGES_SCHEMA)
    store.session.bind_table(CHANGES, changes)
    return store.session


def _with_progress(
    bank: Bank,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    as_of_date: date,
    timings: Timings,
) -> Outcome:
    console = _console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    started = time.perf_counter()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"close {as_of_date}", total=n_tables_of_close(bank))

        def listen(commit: Commit, seconds: float) -> None:
            timings.note(commit, seconds)
            progress.update(task, advance=1, description=f"close {as_of_date} {commit.entry.table}")
            if not console.is_terminal and seconds >= _SLOW_SECONDS:
                console.print(line_of(commit, seconds), highlight=False, soft_wrap=True)

        def announce(step: str) -> None:
            if not console.is_terminal:
                elapsed = time.perf_counter() - started
                console.print(f"{elapsed:6.1f} s  {step}", highlight=False, soft_wrap=True)

        bank.listeners.append(listen)
        try:
            return close_month(bank, definitions, instance, as_of_date, announce)
        finally:
            bank.listeners.remove(listen)


def n_tables_of_close(bank: Bank) -> int:
    """Return how many partitions a close writes."""
    partitions = Partitions.of(bank.settings)
    n_scenarios = len(bank.settings.closing_scenarios)
    total = 0
    for asset in bank_assets(bank, partitions):
        if asset.partitions_def == partitions.by_scenario:
            total += n_scenarios * len(list(asset.keys))
        elif asset.partitions_def == partitions.month_ends:
            total += len(list(asset.keys))
    return total


def line_of(commit: Commit, seconds: float) -> str:
    """Return the log line of a table: name, partition, rows, seconds."""
    entry = commit.entry
    state = "" if commit.is_changed else ", unchanged"
    return (
        f"          {entry.table} {entry.partition}: {entry.n_rows:,} rows, {seconds:.1f} s{state}"
    )


def _console() -> Console:
    """Return the console: as wide as the terminal, or wide enough for every table."""
    console = Console()
    return console if console.is_terminal else Console(width=_PLAIN_WIDTH)


def keep_quiet() -> None:
    """Keep Dagster's and Great Expectations' logs to what is wrong; the UI has the rest."""
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    warnings.filterwarnings("ignore", category=dg.PreviewWarning)
    for name in ("dagster", "great_expectations"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
