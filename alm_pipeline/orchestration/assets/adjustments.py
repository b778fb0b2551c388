"""Amounts added to published cells by hand: found, checked and shown beside what was calculated.

A report keeps its own numbers. `audit.adjusted_cells` has one row per adjustment in force, and
`alm.duckdb` shows every report with a column of adjustments beside each column of money.
"""

import time
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import dagster as dg
import pyarrow as pa

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.exceptions import Adjustment
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.metadata import asset_metadata, owners_of
from alm_pipeline.orchestration.partitions import Partitions, asset_key
from alm_pipeline.orchestration.resources import BankResource
from alm_pipeline.orchestration.steps import Work, run_step
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.shapes import report_row_of
from alm_pipeline.warehouse.store import Commit, Content

ADJUSTED = "audit.adjusted_cells"
_MONEY = "DECIMAL(18,2)"


def adjustment_assets(bank: Bank, partitions: Partitions) -> list[dg.AssetsDefinition]:
    """Return the asset that applies the adjustments, after every report."""
    spec = dg.AssetSpec(
        asset_key(ADJUSTED),
        deps=[asset_key(f.table) for f in bank.sql_files if f.table.startswith("reports.")],
        group_name="95_audit",
        partitions_def=partitions.month_ends,
        description=bank.tables[ADJUSTED].about,
        owners=owners_of(bank.tables[ADJUSTED]),
        kinds={"python"},
        code_version=bank.code_hash[:16],
        metadata=asset_metadata(bank.tables[ADJUSTED], bank.shapes[ADJUSTED], bank.dictionary),
    )
    work = Work((ADJUSTED,), lambda bank, partition: [apply_adjustments(bank, partition)])

    @dg.multi_asset(specs=[spec], name="adjusted_cells")
    def adjusted_cells(context: dg.AssetExecutionContext, bank: BankResource):  # type: ignore[no-untyped-def]
        yield from run_step(context, bank.open(), [work])

    return [adjusted_cells]


def apply_adjustments(bank: Bank, partition: Partition) -> Commit:
    """Write the adjusted cells of a month end.

    Raises
    ------
    ConfigurationError
        If an adjustment names a report, row or column that is not there.
    """
    started = time.perf_counter()
    inputs = adjustment_inputs(bank, partition, bank.store.content)
    known = bank.store.is_current(ADJUSTED, partition, inputs, bank.code_hash)
    if known is not None:
        return bank.known([known])[0]
    cells: list[tuple[Adjustment, str, Mapping[str, Any]]] = []
    for one in bank.adjustments.in_force(partition.as_of_date):
        _refuse_unknown_column(bank, one)
        bank.store.bind(one.table, partition)
        report_row, row = _row_of(bank, one)
        cells.append((one, report_row, row))
    rows = pa.Table.from_pylist(_rows(cells, partition), schema=_SCHEMA)
    commit = bank.store.replace_partition(ADJUSTED, partition, rows, inputs, bank.code_hash)
    bank.announce(commit, time.perf_counter() - started)
    return commit


def adjustment_inputs(bank: Bank, partition: Partition, content: Content) -> dict[str, str]:
    """Return the content hash of the adjustments and of the reports they name."""
    relation = "inputs.adjustments"
    inputs = {relation: bank.relation_hashes(partition.as_of_date)[relation]}
    for one in bank.adjustments.in_force(partition.as_of_date):
        if one.table in bank.shapes:
            inputs |= bank.store.hashes(one.table, partition, content)
    return inputs


def _rows(
    cells: list[tuple[Adjustment, str, Mapping[str, Any]]], partition: Partition
) -> list[dict[str, Any]]:
    """Return one row per adjustment; the adjusted amount holds all adjustments of the cell."""
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for one, report_row, _ in cells:
        sums[one.table, report_row, one.column] += one.money
    return [
        {
            "as_of_date": partition.as_of_date,
            "table_name": one.table,
            "report_row": report_row,
            "column_name": one.column,
            "currency": row.get("currency"),
            "published_amount": row[one.column],
            "adjustment_amount": one.money,
            "adjusted_amount": row[one.column] + sums[one.table, report_row, one.column],
            "reason": one.comment,
            "author": one.author,
            "approver": one.approver,
            "expiry_date": one.expires,
        }
        for one, report_row, row in cells
    ]


def _refuse_unknown_column(bank: Bank, one: Adjustment) -> None:
    """Raise unless the report exists and the column is money."""
    reports = {f.table for f in bank.sql_files if f.table.startswith("reports.")}
    if one.table not in reports:
        raise _refusal(one, "there is no such report", f"name one of {', '.join(sorted(reports))}")
    columns = bank.shapes[one.table].columns
    money = [name for name, kind in columns.items() if kind == _MONEY]
    if one.column not in money:
        raise _refusal(one, "the report has no such amount", f"name one of {', '.join(money)}")


def _row_of(bank: Bank, one: Adjustment) -> tuple[str, Mapping[str, Any]]:
    """Return the only row an adjustment means, and how it is written."""
    key = [c for c in bank.shapes[one.table].key if c != "as_of_date"]
    if set(one.row) != set(key):
        raise _refusal(one, "the row is not named by its key", f"give {', '.join(key)}")
    chosen = {name: str(value) for name, value in one.row.items()}
    rows = bank.store.session.rows(f"select * from {one.table}")
    found = [row for row in rows if all(str(row[name]) == chosen[name] for name in key)]
    if not found:
        raise _refusal(one, "the report has no such row", "name a row that it has")
    if found[0][one.column] is None:
        raise _refusal(one, "the cell is not available", "adjust a cell that has an amount")
    return report_row_of(key, chosen), found[0]


def _refusal(one: Adjustment, what: str, fix: str) -> ConfigurationError:
    return ConfigurationError(
        f"a manual adjustment cannot be applied: {what}",
        where=f"adjustments.yaml, {one.table} {one.report_row} {one.column}",
        detail=f"{one.money:,.2f}, {one.author}: {one.comment}",
        fix=f"{fix}, or take the adjustment out",
    )


_SCHEMA = pa.schema(
    [
        ("as_of_date", pa.date32()),
        *((n, pa.string()) for n in ("table_name", "report_row", "column_name", "currency")),
        *((f"{n}_amount", pa.decimal128(18, 2)) for n in ("published", "adjustment", "adjusted")),
        *((n, pa.string()) for n in ("reason", "author", "approver")),
        ("expiry_date", pa.date32()),
    ]
)
