"""The lineage of a bank: every table and column of every stage, and what it is made from.

SQL says its own; the engine's is declared in `engine_lineage`; deliveries, checks, YAML inputs and
evidence follow from the source, the rules and the relations that make them. Nothing is calculated
here, and Dagster is not needed to ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import lru_cache

import sqlglot
from sqlglot import exp

from alm_pipeline.audit.lineage import ALL_COLUMNS, CONDITION, ColumnEdge, column_edges
from alm_pipeline.audit.lineage_graph import Lineage, TableEdge
from alm_pipeline.inputs.accepted import ACCEPTED_FILES
from alm_pipeline.inputs.data_contracts import ExtractContract
from alm_pipeline.inputs.relations import RELATION_FILES
from alm_pipeline.inputs.sql_files import SqlFile
from alm_pipeline.orchestration.bank import Bank, is_of_close
from alm_pipeline.orchestration.engine_lineage import (
    ENGINE_COLUMNS,
    ENGINE_CONDITIONS,
    ENGINE_RELATIONS,
    EVIDENCE_READS,
    GATES,
    READS,
)
from alm_pipeline.validation.quarantine import looked_into
from alm_pipeline.validation.rules import compile_rules
from alm_pipeline.validation.table_checks import SCENARIO_CHECKS, TABLE_CHECKS
from alm_pipeline.warehouse.lake import read_files
from alm_pipeline.warehouse.manifests import Manifest
from alm_pipeline.warehouse.shapes import SOURCE_COLUMNS

TABLES, COLUMNS = "audit.lineage", "audit.column_lineage"
DELIVERY, CONTRACTS = "delivery", "data_contracts"
_QUARANTINED = (*SOURCE_COLUMNS, "currency", "entity_id", "gl_account")
_EVIDENCE = {
    "audit.files": ("delivery/*",),
    "audit.refused_rows": ("delivery/*",),
    TABLES: ("sql/*", f"{CONTRACTS}/*"),
    COLUMNS: ("sql/*", f"{CONTRACTS}/*"),
    "audit.run_manifest": ("closes/*",),
    "audit.closes": ("closes/*",),
    "audit.partitions": ("closes/*",),
    "audit.journal_actions": ("actions of people",),
    "audit.journal_replays": ("actions of people",),
    "audit.changes": ("closes/*", f"{CONTRACTS}/*"),
    "audit.change_impact": ("closes/*", f"{CONTRACTS}/*"),
    "audit.close_checklist": (
        "audit.proof_coverage",
        "audit.check_results",
        f"{CONTRACTS}/checklist.yaml",
    ),
    **EVIDENCE_READS,
}
"""Tables that describe the work itself, and what they are read from."""


@lru_cache(maxsize=512)
def edges_of(bank: Bank, file: SqlFile) -> tuple[ColumnEdge, ...]:
    """Return the column lineage of a SQL file, parsed once per process."""
    columns = {table: list(shape.columns) for table, shape in bank.shapes.items()}
    columns |= {f"inputs.{name}": names for name, names in bank.relation_columns.items()}
    earlier = {read.relation: read.table for read in file.reads if read.months_back}
    columns |= {name: columns[table] for name, table in earlier.items()}
    found = column_edges(file, columns)
    named = (
        replace(e, upstream_table=earlier.get(e.upstream_table, e.upstream_table)) for e in found
    )
    return tuple(dict.fromkeys(named))  # a column of now and of before is one


def defined_lineage(bank: Bank) -> Lineage:
    """Return the lineage that the definitions in force lead to."""
    tables = {
        *_sql_tables(bank),
        *_engine_tables(),
        *_delivered_tables(bank),
        *_quarantine_tables(bank),
        *_input_tables(bank),
        *_evidence_tables(bank),
    }
    columns = {edge for file in bank.sql_files for edge in edges_of(bank, file)}
    columns |= {*_set_aside_columns(bank), *_engine_columns(), *_delivered_columns(bank)}
    columns |= set(_quarantine_columns(bank))
    return Lineage(tuple(sorted(tables)), tuple(sorted(columns)), columns_of(bank))


def published_lineage(bank: Bank, manifest: Manifest) -> Lineage:
    """Return the lineage as a published close stored it."""
    rows = {
        name: read_files(
            [
                file
                for pin in manifest.pinned(name)
                for file in bank.store.lake.files(name, pin.partition, pin.version)
            ]
        ).to_pylist()
        for name in (TABLES, COLUMNS)
    }
    edges = [{k: v for k, v in row.items() if k != "as_of_date"} for row in rows[COLUMNS]]
    tables = [{k: v for k, v in row.items() if k != "as_of_date"} for row in rows[TABLES]]
    return Lineage(
        tuple(sorted(TableEdge(**row) for row in tables)),
        tuple(sorted(ColumnEdge(**row) for row in edges)),
        columns_of(bank),
    )


def lineage_of(bank: Bank, as_of_date: date | None = None) -> tuple[Lineage, Manifest | None]:
    """Return the lineage of a published close, the latest unless named, and its manifest.

    Nothing published yet: the lineage of the definitions, and None.
    """
    published = bank.closes.published_dates()
    day = as_of_date or max(published, default=None)
    manifest = bank.closes.current(day) if day else None
    if manifest is None or not manifest.pinned(COLUMNS):
        return defined_lineage(bank), None
    return published_lineage(bank, manifest), manifest


def origins(bank: Bank) -> dict[str, str]:
    """Return what makes each table: its SQL file, the engine, the checks; a delivery's files."""
    found = dict.fromkeys(ENGINE_COLUMNS, "the engine")
    found |= {f"quarantine.{name}": "checks of the data contract" for name in bank.extracts}
    for file in bank.sql_files:
        own = f"{bank.source.source}/" if file.group == "10_raw" else ""
        found[file.table] = f"sql/{file.group}/{own}{file.table.partition('.')[2]}.sql"
    for spec in bank.source.file_specs:
        found[f"{DELIVERY}/{spec.name}"] = " or ".join(spec.patterns)
    return found


def columns_of(bank: Bank) -> dict[str, tuple[str, ...]]:
    """Return the columns of every table of a close, and of the relations of YAML inputs."""
    stages = {t: tuple(s.columns) for t, s in bank.shapes.items() if is_of_close(t)}
    return stages | {f"inputs.{n}": tuple(names) for n, names in bank.relation_columns.items()}


def _sql_tables(bank: Bank) -> Iterator[TableEdge]:
    for file in bank.sql_files:
        for read in file.reads:
            yield TableEdge(file.table, read.table, read.kind or "current")
            if _is_trusted_read(bank, file, read.table):
                yield TableEdge(file.table, _quarantine_of(read.table), "set aside")
        for table in file.after:
            yield TableEdge(file.table, table, "gate")


def _is_trusted_read(bank: Bank, file: SqlFile, table: str) -> bool:
    """Say whether a file sees only the rows of an extract that are not set aside."""
    schema, _, extract = table.partition(".")
    return schema == "raw" and extract in bank.extracts and file.group == "30_staging"


def _quarantine_of(table: str) -> str:
    return f"quarantine.{table.partition('.')[2]}"


def _set_aside_columns(bank: Bank) -> Iterator[ColumnEdge]:
    for file in bank.sql_files:
        for table in file.current_reads:
            if _is_trusted_read(bank, file, table):
                for column in SOURCE_COLUMNS:
                    aside = _quarantine_of(table)
                    yield ColumnEdge(file.table, ALL_COLUMNS, aside, column, CONDITION)


def engine_edges(table: str) -> tuple[ColumnEdge, ...]:
    """Return the declared column lineage of one table of the engine."""
    return tuple(sorted(edge for edge in _engine_columns() if edge.table_name == table))


def _engine_tables() -> Iterator[TableEdge]:
    for table in ENGINE_COLUMNS:
        read = {e.upstream_table for e in _engine_columns() if e.table_name == table}
        read |= set(ENGINE_RELATIONS[table])
        yield from (TableEdge(table, upstream, "engine") for upstream in sorted(read))
        waits = {*READS, *GATES} - read
        yield from (TableEdge(table, upstream, "gate") for upstream in sorted(waits))


def _engine_columns() -> Iterator[ColumnEdge]:
    for table, columns in ENGINE_COLUMNS.items():
        for column, sources in columns.items():
            yield from (ColumnEdge(table, column, *source) for source in sources)
    for table, deciding in ENGINE_CONDITIONS.items():
        yield from (ColumnEdge(table, ALL_COLUMNS, *source, CONDITION) for source in deciding)


def _delivered_tables(bank: Bank) -> Iterator[TableEdge]:
    source = bank.source
    for spec in source.file_specs:
        yield TableEdge(source.raw_table(spec.name), f"{DELIVERY}/{spec.name}", "delivery")
    filled = {source.raw_table(spec.name) for spec in source.file_specs}
    filled |= {file.table for file in bank.sql_files}
    declared = f"{CONTRACTS}/sources/{source.source}/source.yaml"
    for table in bank.shapes:
        if table.startswith("raw.") and table not in filled:
            yield TableEdge(table, declared, "declared")


def _delivered_columns(bank: Bank) -> Iterator[ColumnEdge]:
    for spec in bank.source.file_specs:
        table = bank.source.raw_table(spec.name)
        for column in bank.shapes[table].columns:
            if column not in ("as_of_date", *SOURCE_COLUMNS):
                written = "as_of_date" if column == "delivered_as_of_date" else column
                yield ColumnEdge(table, column, f"{DELIVERY}/{spec.name}", written)


def _quarantine_tables(bank: Bank) -> Iterator[TableEdge]:
    for name, others in looked_into(bank.extracts).items():
        for other in (name, *others):
            yield TableEdge(f"quarantine.{name}", f"raw.{other}", "checks")


def _quarantine_columns(bank: Bank) -> Iterator[ColumnEdge]:
    for name, contract in bank.extracts.items():
        table, delivered = f"quarantine.{name}", f"raw.{name}"
        for column in _QUARANTINED:
            if column in (*SOURCE_COLUMNS, *contract.column_names):
                yield ColumnEdge(table, column, delivered, column)
        if contract.amount_column:
            yield ColumnEdge(table, "amount", delivered, contract.amount_column)
        for column in contract.column_names:
            yield ColumnEdge(table, "payload", delivered, _delivered_name(column))
        for decides in sorted(_deciding_columns(contract)):
            for column in ("rule_ids", "reason"):
                yield ColumnEdge(table, column, delivered, _delivered_name(decides))
            edge = (ALL_COLUMNS, delivered, _delivered_name(decides), CONDITION)
            yield ColumnEdge(table, *edge)
        for link in contract.references:
            for column in link.to_columns if link.to_table.startswith("raw.") else ():
                named = _delivered_name(column)
                yield ColumnEdge(table, ALL_COLUMNS, link.to_table, named, CONDITION)


def _deciding_columns(contract: ExtractContract) -> set[str]:
    """Return the columns that rules which set rows aside look at."""
    names = set(contract.column_names)
    found: set[str] = set()
    for rule in compile_rules(contract):
        if rule.severity == "quarantine" and rule.is_row_level:
            written = sqlglot.parse_one(rule.fails_when, read="duckdb")
            named = {column.name for column in written.find_all(exp.Column)}
            found |= names & {name.removeprefix("text__") for name in named}
    return found


def _delivered_name(column: str) -> str:
    return "delivered_as_of_date" if column == "as_of_date" else column


def _input_tables(bank: Bank) -> Iterator[TableEdge]:
    for name in bank.relation_columns:
        for file in (RELATION_FILES | ACCEPTED_FILES)[name]:
            path = file.replace("<source>", bank.source.source)
            shown = path if path == "alm.yaml" else f"{CONTRACTS}/{path}"
            yield TableEdge(f"inputs.{name}", shown, "yaml")


def _evidence_tables(bank: Bank) -> Iterator[TableEdge]:
    for table, sources in _EVIDENCE.items():
        yield from (TableEdge(table, source, "record") for source in sources)
    reports = [file.table for file in bank.sql_files if file.table.startswith("reports.")]
    for source in ("inputs.adjustments", *reports):
        yield TableEdge("audit.adjusted_cells", source, "record")
    for name in bank.extracts:
        yield TableEdge("audit.check_results", f"raw.{name}", "checks")
    for table in sorted({check.table for check in (*TABLE_CHECKS, *SCENARIO_CHECKS)}):
        yield TableEdge("audit.check_results", table, "checks")
