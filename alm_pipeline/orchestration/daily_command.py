"""`alm daily`: make the daily view of a day that has arrived, and show it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from alm_pipeline.errors import ConfigurationError, DataError
from alm_pipeline.orchestration import jobs
from alm_pipeline.orchestration.assemble import assemble
from alm_pipeline.orchestration.close import run_job
from alm_pipeline.orchestration.command import keep_quiet
from alm_pipeline.orchestration.daily import delivered_days, published_day
from alm_pipeline.orchestration.daily_bank import DailyBank, open_daily_bank
from alm_pipeline.orchestration.home import open_instance
from alm_pipeline.reporting.daily_view import DailyView, view_lines
from alm_pipeline.warehouse.partition import Partition

_TABLES = ("cash_days", "cash_outlook", "forecast_check", "largest_movers", "indicators")


def make_days(config: Path, days: list[date]) -> Iterator[str]:
    """Make the daily view of some days, earliest first, and yield the last one as lines.

    Raises
    ------
    DataError
        Naming what stopped a day; the days before it are made.
    """
    keep_quiet()
    definitions, bank = assemble(config), open_daily_bank(config)
    with open_instance(bank) as instance:
        for day in sorted(days):
            failures = run_job(definitions, instance, jobs.DAILY_VIEW, [Partition(day)], {})
            if failures:
                raise DataError("\n".join(failures), where=f"daily view of {day}")
            yield f"daily view of {day} is made"
    yield from view_lines(daily_view(bank, max(days)))
    yield f"tables    {bank.settings.warehouse_folder.parent / 'alm_daily.duckdb'}"


def asked_days(config: Path, day: date | None) -> list[date]:
    """Return the day asked for, else the latest one whose files have arrived."""
    found = delivered_days(open_daily_bank(config))
    if day is None and not found:
        raise ConfigurationError(
            "no day has been delivered", fix="put its files into landing/daily/YYYY-MM-DD"
        )
    return [day or found[-1]]


def daily_view(bank: DailyBank, day: date | None = None) -> DailyView:
    """Return the rows of a published day."""
    manifest = published_day(bank, day)
    return DailyView(
        manifest.as_of_date, **{name: _rows(bank, manifest.as_of_date, name) for name in _TABLES}
    )


def _rows(bank: DailyBank, day: date, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = bank.store.table(f"daily.{name}", Partition(day)).to_pylist()
    return rows
