"""The delivered rows that positions were built from, and those behind lines of quarantined rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from alm_pipeline.warehouse.pinned import PinnedTables

NO_NAMES: Mapping[str, str] = MappingProxyType({})
_OF_POSITIONS = """
    select
        s.position_id,
        f.file_name,
        s.source_row,
        f.source_name,
        f.sha256
    from audit.position_sources as s
    inner join traced.chosen as c on s.position_id = c.position_id
    left join audit.files as f on s.source_file_id = f.source_file_id
    order by s.position_id, f.file_name, s.source_row
"""
_OF_LINES = """
    select
        c.position_id,
        f.file_name,
        q.source_row,
        f.source_name,
        f.sha256
    from traced.chosen as c
    inner join quarantine.{extract} as q
        on
            c.position_id like coalesce(q.entity_id, 'unknown') || ':excluded:{extract}:'
            || coalesce(q.gl_account, 'unknown') || ':' || coalesce(q.currency, 'unknown') || ':%'
    left join audit.files as f on q.source_file_id = f.source_file_id
    order by c.position_id, f.file_name, q.source_row
"""


_OF_ROWS = """
    select
        c.position_id,
        f.file_name,
        r.source_row,
        f.source_name,
        f.sha256
    from traced.chosen as c
    inner join raw.{extract} as r on c.position_id = {name}
    left join audit.files as f on r.source_file_id = f.source_file_id
    order by c.position_id, f.file_name, r.source_row
"""


def source_rows(
    pinned: PinnedTables, traced_ids: Sequence[str], row_names: Mapping[str, str] = NO_NAMES
) -> pa.Table:
    """Return file and row of everything behind these contributions.

    Parameters
    ----------
    traced_ids : sequence of str
        Positions, lines of quarantined rows (``entity:excluded:extract:account:currency:side``), or
        rows by their extract and key.
    row_names : mapping
        By extract, the expression that names its rows where they are no positions.

    Returns
    -------
    pyarrow.Table
        ``position_id``, ``file_name``, ``source_row`` (1 is the first row of data),
        ``source_name``, ``sha256`` of the file as kept in ``raw_files``.
    """
    chosen = pa.table({"position_id": pa.array(list(traced_ids), pa.string())})
    pinned.bind_rows("traced.chosen", chosen)
    found = [pinned.query(_OF_POSITIONS, ["audit.position_sources", "audit.files"])]
    lines = {one.split(":")[2] for one in traced_ids if one.split(":")[1:2] == ["excluded"]}
    for extract in sorted(lines):
        sql = _OF_LINES.format(extract=extract)
        found.append(pinned.query(sql, [f"quarantine.{extract}", "audit.files"]))
    for extract, name in row_names.items():
        sql = _OF_ROWS.format(extract=extract, name=name)
        found.append(pinned.query(sql, [f"raw.{extract}", "audit.files"]))
    return pa.concat_tables(found)


def position_terms(pinned: PinnedTables, traced_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return entity, product and currency of these positions, by id."""
    chosen = pa.table({"position_id": pa.array(list(traced_ids), pa.string())})
    pinned.bind_rows("traced.chosen", chosen)
    rows = pinned.rows(
        "select p.position_id, p.entity_id, p.product_code, p.currency from book.positions as p"
        " inner join traced.chosen as c on p.position_id = c.position_id",
        ["book.positions"],
    )
    return {row["position_id"]: row for row in rows}
