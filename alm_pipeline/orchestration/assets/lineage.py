"""Lineage stored as data: which table is read by which, which column comes from which.

SQL files are parsed; assets written in Python declare theirs in their table's data contract or in
`DECLARED`, which lists the engine's inputs.
"""

import time

import dagster as dg
import pyarrow as pa

from alm_pipeline.orchestration.assets.engine import ENGINE_INPUTS
from alm_pipeline.orchestration.assets.evidence import EVIDENCE_INPUTS
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.metadata import asset_metadata, owners_of
from alm_pipeline.orchestration.partitions import Partitions, asset_key
from alm_pipeline.orchestration.resources import BankResource
from alm_pipeline.orchestration.sql_assets import edges_of
from alm_pipeline.orchestration.steps import Work, run_step
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.store import Commit

TABLES, COLUMNS = "audit.lineage", "audit.column_lineage"


def lineage_assets(bank: Bank, partitions: Partitions) -> list[dg.AssetsDefinition]:
    """Return the asset that stores table and column lineage."""
    specs = [
        dg.AssetSpec(
            asset_key(table),
            group_name="95_audit",
            partitions_def=partitions.month_ends,
            description=bank.tables[table].about,
            owners=owners_of(bank.tables[table]),
            kinds={"python"},
            metadata=asset_metadata(bank.tables[table], bank.shapes[table], bank.dictionary),
        )
        for table in (TABLES, COLUMNS)
    ]

    @dg.multi_asset(specs=specs, name="lineage", can_subset=False)
    def lineage(context: dg.AssetExecutionContext, bank: BankResource):  # type: ignore[no-untyped-def]
        yield from run_step(context, bank.open(), [Work((TABLES, COLUMNS), store_lineage)])

    return [lineage]


def store_lineage(bank: Bank, partition: Partition) -> list[Commit]:
    """Write both lineage tables of a month end."""
    started = time.perf_counter()
    day = partition.as_of_date
    tables = sorted({(f.table, r.table, _how(r.kind)) for f in bank.sql_files for r in f.reads})
    tables += sorted(
        (t, u, "engine") for t, ups in (ENGINE_INPUTS | EVIDENCE_INPUTS).items() for u in ups
    )
    edges = sorted({edge for f in bank.sql_files for edge in edges_of(bank, f)})
    table_rows = pa.table(
        {
            "as_of_date": pa.array([day] * len(tables), pa.date32()),
            "table_name": [t[0] for t in tables],
            "upstream_table": [t[1] for t in tables],
            "lineage_kind": [t[2] for t in tables],
        }
    )
    column_rows = pa.table(
        {
            "as_of_date": pa.array([day] * len(edges), pa.date32()),
            "table_name": [e.table_name for e in edges],
            "column_name": [e.column_name for e in edges],
            "upstream_table": [e.upstream_table for e in edges],
            "upstream_column": [e.upstream_column for e in edges],
        }
    )
    inputs = {f"sql:{f.table}": f.code_hash for f in bank.sql_files}
    commits = [
        bank.store.replace_partition(name, partition, rows, inputs, bank.code_hash)
        for name, rows in ((TABLES, table_rows), (COLUMNS, column_rows))
    ]
    for commit in commits:
        bank.announce(commit, (time.perf_counter() - started) / len(commits))
    return commits


def _how(kind: str) -> str:
    return kind or "current"
