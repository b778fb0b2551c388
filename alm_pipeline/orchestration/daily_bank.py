"""A bank's days: what its treasury delivers every day, in a warehouse of their own.

The machinery is a close's: the same data contracts, checks, quarantine and staging. Tables lie in
``warehouse/daily``, so a day and a close never touch each other's files. A day reads the last
published close before it under ``@previous``, and its own tables as the last day before it made
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.sql_files import SqlFile, load_sql_files
from alm_pipeline.orchestration.bank import DAILY, Bank, open_bank
from alm_pipeline.warehouse.archive import Archive
from alm_pipeline.warehouse.history import History
from alm_pipeline.warehouse.manifests import Manifest
from alm_pipeline.warehouse.shapes import TableShape

CLOSED = "closed:"
"""What names, among the inputs of a day, the close it read."""


class DailyBank(Bank):
    """A bank as a day sees it.

    Raises
    ------
    ConfigurationError
        If the bank's source declares no daily files.
    """

    def __init__(self, of_closes: Bank) -> None:
        settings = of_closes.settings
        self._closed = of_closes.history
        folder = settings.warehouse_folder / DAILY
        super().__init__(settings.model_copy(update={"warehouse": folder}))
        source = of_closes.source.of_a_day
        if source is None or source.identity is None:
            raise ConfigurationError(
                f"source {of_closes.source.source} delivers nothing daily",
                where=f"data_contracts/sources/{of_closes.source.source}/source.yaml",
                fix="declare the files under `daily`",
            )
        self.source = source
        self.extracts = {n: self.contracted[n] for n in source.identity.extracts}
        files = load_sql_files(settings.source, settings.sql_folder)
        self.sql_files = tuple(file for file in files if self._is_of_a_day(file))

    @property
    def pseudonym_folder(self) -> Path:
        """Folder of the key of pseudonyms: a customer has one in the closes and the days."""
        return self.settings.warehouse_folder.parent

    @property
    def shown_shapes(self) -> Mapping[str, TableShape]:
        """Shapes of the tables that a day makes."""
        own = {file.table for file in self.sql_files}
        own |= {f"{schema}.{name}" for schema in ("raw", "quarantine") for name in self.extracts}
        return {name: shape for name, shape in self.shapes.items() if name in own}

    def history_of(self, table: str) -> History:
        """Return earlier days for the tables a day makes, closes for all others."""
        return self.history if table.partition(".")[0] == DAILY else self._closed

    def closed_before(self, day: date) -> Manifest | None:
        """Return the last published close before a day; None if there is none."""
        return next(iter(self._closed.before(day)), None)

    def closed_history(self, day: Manifest) -> History:
        """Return the close that a published day read, superseded or not, as a history."""
        root = self.settings.warehouse_folder.parent
        named = [name for name in day.inputs if name.startswith(CLOSED)]
        archive = Archive(root)
        read = [
            archive.closes.read(date.fromisoformat(name.removeprefix(CLOSED)), day.inputs[name])
            for name in named
        ]
        return History(archive.closes, archive.lake, read)

    def _is_of_a_day(self, file: SqlFile) -> bool:
        """Say whether a file is of the daily view, or stages what it reads."""
        delivered = {f"raw.{name}" for name in self.extracts}
        is_staged = file.group == "30_staging" and set(file.current_reads) <= delivered
        return is_staged or file.table.partition(".")[0] == DAILY


_OPEN: dict[Path, DailyBank] = {}


def open_daily_bank(config: Path) -> DailyBank:
    """Return the days of the bank of a settings file; the same object in one process."""
    if config not in _OPEN:
        _OPEN[config] = DailyBank(open_bank(config))
    return _OPEN[config]


def bank_of_table(config: Path, table: str) -> Bank:
    """Return the bank in whose warehouse a table is: that of closes, or that of days."""
    is_daily = table.partition(".")[0] == DAILY
    return open_daily_bank(config) if is_daily else open_bank(config)
