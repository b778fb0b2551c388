"""The daily view as one asset per table, partitioned by day; all are made in one step.

The last close before a day stands upstream: the reports and cash flows of the month end before it.
"""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from alm_pipeline.inputs.settings import Settings
from alm_pipeline.orchestration.assets.quarantine import rule_check_events, rule_check_specs
from alm_pipeline.orchestration.bank import DAILY
from alm_pipeline.orchestration.daily import make_day
from alm_pipeline.orchestration.daily_bank import DailyBank
from alm_pipeline.orchestration.lineage import edges_of
from alm_pipeline.orchestration.metadata import (
    asset_metadata,
    commit_metadata,
    lineage_metadata,
    owners_of,
)
from alm_pipeline.orchestration.partitions import asset_key, partition_of
from alm_pipeline.orchestration.resources import BankResource
from alm_pipeline.warehouse.partition import Partition

GROUP = "97_daily"


def daily_partitions(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Return every day from the bank's first month end to today."""
    return dg.DailyPartitionsDefinition(
        start_date=settings.first_as_of_date.isoformat(), end_offset=1
    )


def daily_key(table: str) -> dg.AssetKey:
    """Return the asset key of a table of a day: ``daily/raw/entity``, ``daily/cash_outlook``."""
    schema, _, name = table.partition(".")
    return dg.AssetKey([DAILY, name] if schema == DAILY else [DAILY, schema, name])


def daily_asset(bank: DailyBank) -> dg.AssetsDefinition:
    """Return the assets of the daily view."""
    days = daily_partitions(bank.settings)

    @dg.multi_asset(
        name="daily_view",
        specs=[_spec(bank, days, table) for table in sorted(bank.shown_shapes)],
        check_specs=[
            spec
            for name in sorted(bank.extracts)
            for spec in rule_check_specs(daily_key(f"quarantine.{name}"), days)
        ],
        can_subset=False,
    )
    def daily_view(
        context: dg.AssetExecutionContext, bank: BankResource
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        opened = bank.open_daily()
        yield from _made(opened, partition_of(context).as_of_date)

    return daily_view


def _made(bank: DailyBank, day: date) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
    made, shown = make_day(bank, day), bank.shown_shapes
    lineage = {file.table: lineage_metadata(edges_of(bank, file)) for file in bank.sql_files}
    for commit in made.commits:
        table = commit.entry.table
        if table in shown:
            metadata = {**commit_metadata(commit), **lineage.get(table, {})}
            yield dg.MaterializeResult(asset_key=daily_key(table), metadata=metadata)
    for checked in made.checked:
        key = daily_key(f"quarantine.{checked.extract}")
        yield from rule_check_events(bank, Partition(day), key, checked)


def _spec(bank: DailyBank, days: dg.DailyPartitionsDefinition, table: str) -> dg.AssetSpec:
    contract, shape = bank.tables.get(table), bank.shapes[table]
    extract = bank.extracts.get(table.partition(".")[2])
    about = contract.about if contract else extract.about if extract else table
    return dg.AssetSpec(
        daily_key(table),
        deps=_upstreams(bank, table),
        group_name=GROUP,
        description=f"Daily. {about}",
        partitions_def=days,
        owners=owners_of(contract),
        kinds={"duckdb"},
        code_version=bank.code_hash[:16],
        metadata=asset_metadata(contract, shape, bank.dictionary),
    )


def _upstreams(bank: DailyBank, table: str) -> list[dg.AssetDep]:
    """Return what a table of a day is made from: the day's own tables, and those of closes."""
    schema, _, name = table.partition(".")
    if schema == "quarantine":
        return [dg.AssetDep(daily_key(f"raw.{name}"))]
    found: dict[dg.AssetKey, dg.AssetDep] = {}
    for file in bank.sql_files:
        for read in file.reads if file.table == table else ():
            own = read.table.partition(".")[0]
            if own == "inputs" or (own == DAILY and read.months_back):
                continue
            if read.months_back:
                months = dg.TimeWindowPartitionMapping()
                found[asset_key(read.table)] = dg.AssetDep(
                    asset_key(read.table), partition_mapping=months
                )
            else:
                found[daily_key(read.table)] = dg.AssetDep(daily_key(read.table))
    return list(found.values())
