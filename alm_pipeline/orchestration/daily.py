"""One day: read its files, check them, make the daily view, publish it; a second start waits.

A day that is made again from the same files, definitions and close is the same day: nothing is
computed twice, and files that were restated make a new one that supersedes the old.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.orchestration.access import reading_of
from alm_pipeline.orchestration.assets.deliveries import read_delivery
from alm_pipeline.orchestration.assets.publication import audit_tables, manifest_of
from alm_pipeline.orchestration.assets.quarantine import Checked, check_delivery
from alm_pipeline.orchestration.bank import DAILY
from alm_pipeline.orchestration.daily_bank import CLOSED, DailyBank
from alm_pipeline.orchestration.fingerprint import close_inputs
from alm_pipeline.orchestration.sql_assets import in_reading_order
from alm_pipeline.orchestration.sql_run import run_sql_file
from alm_pipeline.warehouse.face import build_face, exclusive
from alm_pipeline.warehouse.manifests import Manifest
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.store import Commit


@dataclass(frozen=True)
class Day:
    """What was made of one day."""

    manifest: Manifest
    commits: tuple[Commit, ...]
    checked: tuple[Checked, ...]


def make_day(bank: DailyBank, day: date) -> Day:
    """Make and publish the daily view of one day.

    Raises
    ------
    AlmError
        If a file is missing or a blocking rule is broken; nothing is published then.
    """
    partition, root = Partition(day), bank.settings.warehouse_folder
    with exclusive(root / "closes" / f".{day}.lock"):
        inputs = day_inputs(bank, day)
        with bank.store.registry.together():
            commits = list(read_delivery(bank, partition))
            checked = list(check_delivery(bank, partition))
            commits += [one.commit for one in checked]
            commits += _make_tables(bank, partition)
        entries = [commit.entry for commit in commits]
        manifest = manifest_of(bank, partition, entries, inputs)
        bank.keep_definitions()
        bank.keep_relations(day)
        bank.closes.publish(manifest)
        show_days(bank)
    return Day(manifest, tuple(commits), tuple(checked))


def day_inputs(bank: DailyBank, day: date) -> dict[str, str]:
    """Return the hash of everything a day is made from, the last close before it included."""
    closed = bank.closed_before(day)
    read = {f"{CLOSED}{closed.as_of_date}": closed.run_id} if closed else {}
    return close_inputs(bank, day) | read


def _make_tables(bank: DailyBank, partition: Partition) -> Iterator[Commit]:
    for file in in_reading_order(bank.sql_files):
        yield run_sql_file(bank, file, partition)


def delivered_days(bank: DailyBank) -> list[date]:
    """Return the days that have a folder of daily files, earliest first."""
    folders = bank.folders[DAILY].glob("????-??-??")
    return sorted(date.fromisoformat(folder.name) for folder in folders if folder.is_dir())


def published_day(bank: DailyBank, day: date | None = None) -> Manifest:
    """Return the published view of a day, the latest unless named.

    Raises
    ------
    ConfigurationError
        If there is none.
    """
    found = day or max(bank.closes.published_dates(), default=None)
    manifest = bank.closes.current(found) if found else None
    if manifest is None:
        raise ConfigurationError(
            f"no daily view of {found}" if found else "no daily view is made yet",
            fix="run `alm daily YYYY-MM-DD`",
        )
    return manifest


def show_days(bank: DailyBank) -> Path:
    """Build ``alm_daily.duckdb`` beside ``alm.duckdb`` from the published days."""
    root = bank.settings.warehouse_folder
    path = root.parent / "alm_daily.duckdb"
    with exclusive(root / "closes" / ".face.lock"):
        manifests: Sequence[Manifest] = [
            m for day in bank.closes.published_dates() if (m := bank.closes.current(day))
        ]
        audit = audit_tables(bank, list(manifests))
        shapes, threads = bank.shown_shapes, bank.settings.threads
        build_face(path, bank.lake, shapes, manifests, audit, reading_of(bank), threads)
    return path
