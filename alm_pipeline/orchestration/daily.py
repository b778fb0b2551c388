"""One day: read its files, check them, make the daily view, publish it; a second start waits.

A day that is made again from the same files, definitions and close is the same day: nothing is
computed twice, and files that were restated make a new one that supersedes the old.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from alm_pipeline.errors import ConfigurationError, WarehouseError
from alm_pipeline.orchestration.access import reading_of
from alm_pipeline.orchestration.assets.deliveries import delivery_inputs, read_delivery
from alm_pipeline.orchestration.assets.publication import audit_tables, manifest_of
from alm_pipeline.orchestration.assets.quarantine import Checked, check_delivery
from alm_pipeline.orchestration.bank import DAILY
from alm_pipeline.orchestration.daily_bank import CLOSED, DailyBank
from alm_pipeline.orchestration.fingerprint import close_inputs
from alm_pipeline.orchestration.sql_assets import in_reading_order
from alm_pipeline.orchestration.sql_run import run_sql_file
from alm_pipeline.warehouse import raw_files
from alm_pipeline.warehouse.face import build_face, exclusive
from alm_pipeline.warehouse.manifests import Manifest
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.store import Commit


@dataclass(frozen=True)
class Delivered:
    """What was read of one day's files, and what their checks found."""

    commits: tuple[Commit, ...]
    checked: tuple[Checked, ...]


def take_day(bank: DailyBank, day: date) -> Delivered:
    """Read the files of a day and check them.

    Raises
    ------
    SourceError
        If a file is missing, or is not what its control line says.
    """
    partition = Partition(day)
    with _alone(bank, day), bank.store.registry.together():
        commits = tuple(read_delivery(bank, partition))
        return Delivered(commits, tuple(check_delivery(bank, partition)))


def make_day(bank: DailyBank, day: date) -> tuple[Manifest, list[Commit]]:
    """Make and publish the daily view of a day that was taken.

    Raises
    ------
    AlmError
        If a blocking rule is broken, or the files are others than those that were taken; nothing is
        published then.
    """
    partition = Partition(day)
    with _alone(bank, day):
        inputs = day_inputs(bank, day)
        _refuse_others(bank, partition)
        with bank.store.registry.together():
            commits = [
                run_sql_file(bank, file, partition) for file in in_reading_order(bank.sql_files)
            ]
        entries = bank.store.registry.of_month(partition)
        manifest = manifest_of(bank, partition, entries, inputs)
        bank.keep_definitions()
        bank.keep_relations(day)
        bank.closes.publish(manifest)
        show_days(bank)
    return manifest, commits


def _alone(bank: DailyBank, day: date) -> AbstractContextManager[None]:
    return exclusive(bank.settings.warehouse_folder / "closes" / f".{day}.lock")


def _refuse_others(bank: DailyBank, partition: Partition) -> None:
    """Raise unless what was taken of a day is what lies in its folder now."""
    files = raw_files.register_files(bank.source, bank.folders, partition.as_of_date)
    wanted = delivery_inputs(bank, files)
    if not bank.store.known_together(partition, wanted, bank.code_hash):
        raise WarehouseError(
            "the files of the day are not those that were read",
            where=f"daily view of {partition}",
            fix="run `alm daily` for this day again: it reads them first",
        )


def day_inputs(bank: DailyBank, day: date) -> dict[str, str]:
    """Return the hash of everything a day is made from, the last close before it included."""
    closed = bank.closed_before(day)
    read = {f"{CLOSED}{closed.as_of_date}": closed.run_id} if closed else {}
    return close_inputs(bank, day) | read


def delivered_days(bank: DailyBank) -> list[date]:
    """Return the days that have a folder of daily files, earliest first."""
    return raw_files.dated_folders(bank.folders[DAILY])


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
        manifests = bank.closes.published()
        audit = audit_tables(bank, manifests)
        shapes, threads = bank.shown_shapes, bank.settings.threads
        build_face(path, bank.lake, shapes, manifests, audit, reading_of(bank), threads)
    return path
