"""What Dagster shows about a table: description, owners, kinds, column schema, lineage, totals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from alm_pipeline.audit.lineage import ALL_COLUMNS, VALUE, ColumnEdge
from alm_pipeline.inputs.data_contracts import ColumnEntry, TableContract
from alm_pipeline.orchestration.partitions import asset_key
from alm_pipeline.warehouse.shapes import TableShape
from alm_pipeline.warehouse.store import Commit

_MAX_ROWS_SHOWN = 20


def asset_metadata(
    contract: TableContract | None,
    shape: TableShape,
    dictionary: Mapping[str, ColumnEntry],
) -> dict[str, Any]:
    """Return the metadata that stands with an asset's definition."""
    columns = [_column(name, kind, shape, dictionary) for name, kind in shape.columns.items()]
    metadata: dict[str, Any] = {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "contract_version": shape.version,
        "key": ", ".join(shape.key),
    }
    if contract is not None:
        metadata["consumer"] = contract.consumer or "not named"
    return metadata


def owners_of(contract: TableContract | None) -> list[str]:
    """Return the owner in the form Dagster takes."""
    return [contract.owner] if contract is not None and contract.owner else []


def commit_metadata(commit: Commit) -> dict[str, Any]:
    """Return the metadata of one materialisation."""
    entry = commit.entry
    inputs = [f"| {name} | `{digest[:12]}` |" for name, digest in _first_inputs(entry)]
    return {
        "dagster/row_count": entry.n_rows,
        "content_hash": entry.content_hash,
        "delta_version": entry.version,
        "is_changed": commit.is_changed,
        "inputs": dg.MetadataValue.md("\n".join(["| input | content |", "|---|---|", *inputs])),
    }


def _first_inputs(entry: Any) -> list[tuple[str, str]]:
    inputs = entry.derivations[-1].input_hashes if entry.derivations else {}
    return sorted(inputs.items())[:_MAX_ROWS_SHOWN]


def _column(
    name: str, kind: str, shape: TableShape, dictionary: Mapping[str, ColumnEntry]
) -> dg.TableColumn:
    known = dictionary.get(name)
    return dg.TableColumn(
        name=name,
        type=kind.lower(),
        description=known.about if known else None,
        constraints=dg.TableColumnConstraints(nullable=name not in shape.required),
        tags={"unit": known.unit.replace(" ", "_")[:60]} if known and known.unit else None,
    )


def lineage_metadata(edges: tuple[ColumnEdge, ...]) -> dict[str, Any]:
    """Return column lineage as standard metadata and, for the open UI, as a readable table."""
    if not edges:
        return {}
    return {
        "dagster/column_lineage": _column_lineage(edges),
        "column_lineage": dg.MetadataValue.md(_lineage_table(edges)),
    }


def _column_lineage(edges: tuple[ColumnEdge, ...]) -> dg.TableColumnLineage:
    deps: dict[str, list[dg.TableColumnDep]] = {}
    for edge in edges:
        if edge.edge_kind == VALUE:
            dep = dg.TableColumnDep(asset_key(edge.upstream_table), edge.upstream_column)
            deps.setdefault(edge.column_name, []).append(dep)
    return dg.TableColumnLineage(deps_by_column=deps)


def _lineage_table(edges: tuple[ColumnEdge, ...]) -> str:
    by_column: dict[str, list[str]] = {}
    for edge in edges:
        source = f"{edge.upstream_table}.{edge.upstream_column}"
        name = "which rows there are" if edge.column_name == ALL_COLUMNS else edge.column_name
        by_column.setdefault(name, []).append(source)
    rows = [f"| {column} | {', '.join(found)} |" for column, found in by_column.items()]
    return "\n".join(["| column | comes from |", "|---|---|", *rows])
