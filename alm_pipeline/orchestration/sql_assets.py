"""The factory: every file in `sql/` becomes an asset, with its true upstreams and column lineage.

Adding a file adds an asset; no Python is written for it.
"""

from collections.abc import Sequence
from graphlib import TopologicalSorter

import dagster as dg

from alm_pipeline.inputs.sql_files import SqlFile
from alm_pipeline.orchestration.bank import Bank, twin_of
from alm_pipeline.orchestration.checks import check_specs
from alm_pipeline.orchestration.lineage import edges_of
from alm_pipeline.orchestration.metadata import (
    asset_metadata,
    lineage_metadata,
    owners_of,
)
from alm_pipeline.orchestration.partitions import (
    Partitions,
    asset_key,
    dependency,
)
from alm_pipeline.orchestration.resources import BankResource
from alm_pipeline.orchestration.sql_run import run_sql_file
from alm_pipeline.orchestration.steps import Work, run_step


def sql_assets(bank: Bank, partitions: Partitions) -> list[dg.AssetsDefinition]:
    """Return one asset per SQL file, and the what-if twins of those by scenario.

    The files of a stage share a step, which can run any of them alone: a step of its own for each
    would cost more than its SELECT.
    """
    steps: dict[tuple[str, str], list[SqlFile]] = {}
    for file in in_reading_order(bank.sql_files):
        by_scenario = bank.shapes[file.table].is_by_scenario
        kind = "by_scenario" if by_scenario else "by_month"
        steps.setdefault((file.group, kind), []).append(file)
        if has_twin(bank, file.table):
            steps.setdefault((file.group, "what_if"), []).append(file)
    return [
        _step(bank, partitions, files, f"sql_{group}_{kind}", kind == "what_if")
        for (group, kind), files in steps.items()
    ]


def in_reading_order(files: Sequence[SqlFile]) -> list[SqlFile]:
    """Return SQL files so that each comes after those it reads."""
    by_table = {file.table: file for file in files}
    reads = {f.table: {*f.current_reads, *f.after} & set(by_table) for f in files}
    return [by_table[table] for table in TopologicalSorter(reads).static_order()]


def _step(
    bank: Bank, partitions: Partitions, files: list[SqlFile], name: str, is_what_if: bool
) -> dg.AssetsDefinition:
    works = [_work(file, is_what_if) for file in files]
    tables = [] if is_what_if else [file.table for file in files]

    @dg.multi_asset(
        name=name,
        specs=[_spec(bank, partitions, file, is_what_if) for file in files],
        check_specs=check_specs(bank, partitions, tables),
        can_subset=len(files) > 1,
    )
    def run(context: dg.AssetExecutionContext, bank: BankResource):  # type: ignore[no-untyped-def]
        yield from run_step(context, bank.open(), works)

    return run


def _work(file: SqlFile, is_what_if: bool) -> Work:
    return Work(
        tables=(_named(file, is_what_if),),
        make=lambda bank, partition: [run_sql_file(bank, file, partition, is_what_if=is_what_if)],
        reads=frozenset((*file.current_reads, *file.after)),
        metadata=lambda bank, _: lineage_metadata(edges_of(bank, file)),
    )


def _named(file: SqlFile, is_what_if: bool) -> str:
    return twin_of(file.table) if is_what_if else file.table


def _spec(bank: Bank, partitions: Partitions, file: SqlFile, is_what_if: bool) -> dg.AssetSpec:
    table = _named(file, is_what_if)
    shape, contract = bank.shapes[table], bank.tables.get(file.table)
    return dg.AssetSpec(
        asset_key(table),
        group_name=file.group,
        deps=upstreams(bank, file, is_what_if=is_what_if),
        partitions_def=partitions.of_table(shape.is_by_scenario, is_what_if),
        code_version=file.code_hash[:16],
        description=_description(file, is_what_if),
        owners=owners_of(contract),
        kinds={"sql", "duckdb"},
        metadata=asset_metadata(contract, shape, bank.dictionary),
    )


def upstreams(bank: Bank, file: SqlFile, *, is_what_if: bool = False) -> list[dg.AssetDep]:
    """Return the assets a SQL file depends on, month ends mapped to scenarios where they differ."""
    own = bank.shapes[file.table].is_by_scenario
    names: dict[str, bool] = {}
    for table in (*file.current_reads, *file.after):
        if table.startswith("inputs."):
            continue
        by_scenario = bank.shapes[table].is_by_scenario
        if is_what_if and has_twin(bank, table):
            names[twin_of(table)] = by_scenario
            continue
        names[table] = by_scenario
        extract = table.partition(".")[2]
        if table == f"raw.{extract}" and extract in bank.extracts and file.group != "10_raw":
            names[f"quarantine.{extract}"] = False
    return [dependency(table, names[table], own) for table in sorted(names)]


def has_twin(bank: Bank, table: str) -> bool:
    """Say whether a table has a what-if twin: scenario values and metrics by scenario."""
    return twin_of(table) in bank.shapes and table.partition(".")[0] in ("scenarios", "metrics")


def _description(file: SqlFile, is_what_if: bool) -> str:
    twin = "What-if twin. " if is_what_if else ""
    return f"{twin}{file.about}\n\nOne row per {', '.join(file.grain)}."
