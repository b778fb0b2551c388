"""Month ends and scenarios as Dagster partitions, and what a step of one partition depends on.

The static scenario dimension holds exactly the bank's closing scenarios. Every other scenario file
is a key of a dynamic dimension on the twin assets in schema ``what_if``, so that adding one does
not make history look incomplete.
"""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg

from alm_pipeline.inputs.settings import Settings
from alm_pipeline.warehouse.partition import Partition

WHAT_IF_DIMENSION = "what_if_scenario"


@dataclass(frozen=True)
class Partitions:
    """The three partition definitions of a bank."""

    month_ends: dg.TimeWindowPartitionsDefinition
    by_scenario: dg.MultiPartitionsDefinition
    by_what_if: dg.MultiPartitionsDefinition

    @classmethod
    def of(cls, settings: Settings) -> Partitions:
        """Build them from the first month end and the closing scenarios."""
        month_ends = dg.TimeWindowPartitionsDefinition(
            start=settings.first_as_of_date.isoformat(),
            cron_schedule="0 0 L * *",
            fmt="%Y-%m-%d",
            end_offset=1,
        )
        closing = dg.StaticPartitionsDefinition(list(settings.closing_scenarios))
        what_if = dg.DynamicPartitionsDefinition(name=WHAT_IF_DIMENSION)
        return cls(
            month_ends=month_ends,
            by_scenario=dg.MultiPartitionsDefinition(
                {"as_of_date": month_ends, "scenario": closing}
            ),
            by_what_if=dg.MultiPartitionsDefinition(
                {"as_of_date": month_ends, "scenario": what_if}
            ),
        )

    def of_table(
        self, is_by_scenario: bool, is_what_if: bool = False
    ) -> dg.PartitionsDefinition[str]:
        """Return the definition a table is partitioned by."""
        if not is_by_scenario:
            return self.month_ends
        return self.by_what_if if is_what_if else self.by_scenario


def asset_key(table: str) -> dg.AssetKey:
    """Return the asset key of a table: ``schema/table``."""
    return dg.AssetKey(table.split("."))


def dependency(table: str, upstream_by_scenario: bool, own_by_scenario: bool) -> dg.AssetDep:
    """Return the dependency on a table, mapped between month ends and month ends by scenario."""
    if upstream_by_scenario == own_by_scenario:
        return dg.AssetDep(asset_key(table))
    mapping = dg.MultiToSingleDimensionPartitionMapping("as_of_date")
    return dg.AssetDep(asset_key(table), partition_mapping=mapping)


def partitions_of(context: dg.AssetExecutionContext) -> list[Partition]:
    """Return the partitions a step runs for: one, or a range of them in one run."""
    return [Partition.parse(str(key)) for key in context.partition_keys]


def partition_of(context: dg.AssetExecutionContext) -> Partition:
    """Return the only partition a step runs for."""
    (partition,) = partitions_of(context)
    return partition
