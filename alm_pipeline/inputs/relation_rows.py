"""Rows of what the YAML says, as Arrow tables with agreed columns: schema `inputs`.

Which relations there are is `inputs/relations.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

__all__ = ["Row", "rows_table", "schema_of"]

Row = Mapping[str, object]

_TYPES = {
    "text": pa.string(),
    "integer": pa.int32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}


def schema_of(columns: str) -> pa.Schema:
    """Return the schema of `name:type` words; a name alone is text."""
    parts = [word.split(":") for word in columns.split()]
    return pa.schema([(name, _TYPES[kind[0] if kind else "text"]) for name, *kind in parts])


def rows_table(schema: pa.Schema, rows: Iterable[Row]) -> pa.Table:
    """Return rows as a table of a schema; keys the schema lacks are left out."""
    return pa.Table.from_pylist(
        [{key: row.get(key) for key in schema.names} for row in rows], schema
    )
