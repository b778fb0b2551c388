"""The factory: every file in `sql/` becomes an asset, with its true upstreams and column lineage.

Adding a file adds an asset; no Python is written for it.
"""

from functools import lru_cache

import dagster as dg

from alm_pipeline.audit.lineage import ColumnEdge, column_edges
from alm_pipeline.inputs.sql_files import SqlFile
from alm_pipeline.orchestration.bank import Bank, twin_of
from alm_pipeline.orchestration.metadata import (
    asset_metadata,
    commit_metadata,
    lineage_metadata,
    owners_of,
)
from alm_pipeline.orchestration.partitions import (
    Partitions,
    asset_key,
    dependency,
    partition_of,
)
from alm_pipeline.orchestration.resources import BankResource
from alm_pipeline.orchestration.sql_run import run_sql_file


def sql_assets(bank: Bank, partitions: Partitions) -> list[dg.AssetsDefinition]:
    """Return one asset per SQL file, and the what-if twins of those by scenario.

    Files of one stage that do not read each other share a step, which can run any of them alone:
    a step of its own for each would cost more than its SELECT.
    """
    steps: dict[tuple[str, bool, bool], list[SqlFile]] = {}
    for file in bank.sql_files:
        by_scenario = bank.shapes[file.table].is_by_scenario
        name = file.group if _is_flat(bank, file) else file.table
        steps.setdefault((name, by_scenario, False), []).append(file)
        if has_twin(bank, file.table):
            steps.setdefault((name, by_scenario, True), []).append(file)
    return [
        _step(bank, partitions, files, _step_name(name, by_scenario, is_what_if), is_what_if)
        for (name, by_scenario, is_what_if), files in steps.items()
    ]


def _is_flat(bank: Bank, file: SqlFile) -> bool:
    """Say whether no file of a stage, partitioned the same way, reads another one of it."""
    by_scenario = bank.shapes[file.table].is_by_scenario
    peers = {
        f.table: f
        for f in bank.sql_files
        if f.group == file.group and bank.shapes[f.table].is_by_scenario == by_scenario
    }
    return not any(set(f.current_reads) & set(peers) for f in peers.values())


def _step_name(name: str, by_scenario: bool, is_what_if: bool) -> str:
    kind = "what_if" if is_what_if else "by_scenario" if by_scenario else "by_month"
    return f"sql_{name.replace('.', '__')}_{kind}"


def _step(
    bank: Bank, partitions: Partitions, files: list[SqlFile], name: str, is_what_if: bool
) -> dg.AssetsDefinition:
    by_table = {_named(file, is_what_if): file for file in files}

    @dg.multi_asset(
        name=name,
        specs=[_spec(bank, partitions, file, is_what_if) for file in files],
        can_subset=len(files) > 1,
    )
    def run(context: dg.AssetExecutionContext, bank: BankResource):  # type: ignore[no-untyped-def]
        opened, partition = bank.open(), partition_of(context)
        wanted = {".".join(key.path) for key in context.selected_asset_keys}
        with opened.store.registry.together():
            commits = {
                table: run_sql_file(opened, file, partition, is_what_if=is_what_if)
                for table, file in by_table.items()
                if table in wanted
            }
        for table, commit in commits.items():
            edges = lineage_metadata(edges_of(opened, by_table[table]))
            yield dg.MaterializeResult(
                asset_key=asset_key(table), metadata=commit_metadata(commit) | edges
            )

    return run


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


@lru_cache(maxsize=512)
def edges_of(bank: Bank, file: SqlFile) -> tuple[ColumnEdge, ...]:
    """Return the column lineage of a SQL file, parsed once per process."""
    columns = {table: list(shape.columns) for table, shape in bank.shapes.items()}
    columns |= {f"inputs.{name}": names for name, names in bank.relation_columns.items()}
    for read in file.reads:
        if read.months_back:
            name = read.table.partition(".")[2]
            columns[f"{read.kind}.{name}"] = list(bank.shapes[read.table].columns)
    return column_edges(file, columns)


def _description(file: SqlFile, is_what_if: bool) -> str:
    twin = "What-if twin. " if is_what_if else ""
    return f"{twin}{file.about}\n\nOne row per {', '.join(file.grain)}."
