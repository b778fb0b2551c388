"""Lineage stored as data: which table is made from which, which column comes from which."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

import dagster as dg
import pyarrow as pa

from alm_pipeline.audit.lineage import ColumnEdge
from alm_pipeline.audit.lineage_graph import TableEdge
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.lineage import COLUMNS, TABLES, defined_lineage
from alm_pipeline.orchestration.metadata import asset_metadata, owners_of
from alm_pipeline.orchestration.partitions import Partitions, asset_key
from alm_pipeline.orchestration.resources import BankResource
from alm_pipeline.orchestration.steps import Work, run_step
from alm_pipeline.warehouse.definitions import text_hash
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.store import Commit


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


def lineage_inputs(bank: Bank) -> dict[str, str]:
    """Return the hash of every SQL file; column names are the shapes', code is everybody's."""
    columns = {name: list(shape.columns) for name, shape in sorted(bank.shapes.items())}
    hashes = {f"sql:{file.table}": file.code_hash for file in bank.sql_files}
    return hashes | _contract_hashes(bank) | {"columns": text_hash(json.dumps(columns))}


def store_lineage(bank: Bank, partition: Partition) -> list[Commit]:
    """Write both lineage tables of a month end, unless no SQL file changed."""
    inputs = lineage_inputs(bank)
    known = bank.store.known_together(
        partition, dict.fromkeys((TABLES, COLUMNS), inputs), bank.code_hash
    )
    if known:
        return bank.known(known)
    return _computed_lineage(bank, partition, inputs)


def _computed_lineage(bank: Bank, partition: Partition, inputs: dict[str, str]) -> list[Commit]:
    started = time.perf_counter()
    day = partition.as_of_date
    found = defined_lineage(bank)
    commits = [
        bank.store.replace_partition(name, partition, rows, inputs, bank.code_hash)
        for name, rows in ((TABLES, _rows(found.tables, day)), (COLUMNS, _rows(found.columns, day)))
    ]
    for commit in commits:
        bank.announce(commit, (time.perf_counter() - started) / len(commits))
    return commits


def _contract_hashes(bank: Bank) -> dict[str, str]:
    wanted = ("contracts:extracts/", "contracts:tables/", f"contracts:sources/{bank.source.source}")
    hashes = bank.definition_hashes
    return {name: digest for name, digest in hashes.items() if name.startswith(wanted)}


def _rows(edges: Sequence[TableEdge] | Sequence[ColumnEdge], day: date) -> pa.Table:
    days = pa.array([day] * len(edges), pa.date32())
    rows = pa.Table.from_pylist([asdict(edge) for edge in edges])
    return rows.add_column(0, "as_of_date", days)
