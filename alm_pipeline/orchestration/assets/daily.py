"""The daily view as one asset per table, partitioned by day: a step reads and checks, one makes.

The last close before a day stands upstream: the reports and cash flows of the month end before it.
"""

from collections.abc import Iterable, Iterator

import dagster as dg

from alm_pipeline.inputs.settings import Settings
from alm_pipeline.orchestration.assets.quarantine import rule_check_events, rule_check_specs
from alm_pipeline.orchestration.bank import DAILY
from alm_pipeline.orchestration.daily import make_day, take_day
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
from alm_pipeline.warehouse.store import Commit

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


def daily_assets(bank: DailyBank) -> list[dg.AssetsDefinition]:
    """Return the assets of the daily view: what was delivered, and what is made of it."""
    days = daily_partitions(bank.settings)
    made = {file.table for file in bank.sql_files}
    specs = {table: _spec(bank, days, table) for table in sorted(bank.shown_shapes)}

    @dg.multi_asset(
        name="daily_delivery",
        specs=[spec for table, spec in specs.items() if table not in made],
        check_specs=[
            spec
            for name in sorted(bank.extracts)
            for spec in rule_check_specs(daily_key(f"quarantine.{name}"), days)
        ],
        can_subset=False,
    )
    def daily_delivery(
        context: dg.AssetExecutionContext, bank: BankResource
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        opened, partition = bank.open_daily(), partition_of(context)
        taken = take_day(opened, partition.as_of_date)
        commits = [*taken.commits, *(one.commit for one in taken.checked)]
        yield from _materialised(opened, commits)
        for checked in taken.checked:
            key = daily_key(f"quarantine.{checked.extract}")
            yield from rule_check_events(opened, partition, key, checked)

    @dg.multi_asset(
        name="daily_view",
        specs=[spec for table, spec in specs.items() if table in made],
        can_subset=False,
    )
    def daily_view(
        context: dg.AssetExecutionContext, bank: BankResource
    ) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
        opened = bank.open_daily()
        _, commits = make_day(opened, partition_of(context).as_of_date)
        yield from _materialised(opened, commits)

    return [daily_delivery, daily_view]


def _materialised(bank: DailyBank, commits: Iterable[Commit]) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Report tables of a day; the register of files is none that people see."""
    files = {file.table: file for file in bank.sql_files}
    for commit in commits:
        table = commit.entry.table
        if table in bank.shown_shapes:
            lineage = lineage_metadata(edges_of(bank, files[table])) if table in files else {}
            metadata = {**commit_metadata(commit), **lineage}
            yield dg.MaterializeResult(asset_key=daily_key(table), metadata=metadata)


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
