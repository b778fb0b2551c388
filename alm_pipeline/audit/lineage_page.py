"""Lineage as one HTML page that an auditor walks by clicking, without a server or a network.

The page is `lineage_page.html` with its data put in as JSON: tables, columns, edges, SQL texts.
What the page shows of them is written there; nothing is looked up when it is opened.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alm_pipeline.audit.lineage import CONDITION, ColumnEdge
from alm_pipeline.audit.lineage_graph import Lineage
from alm_pipeline.audit.select_text import Span
from alm_pipeline.inputs.data_contracts import ColumnEntry

_TEMPLATE = Path(__file__).with_name("lineage_page.html")
_DATA, _TITLE = "{{ data }}", "{{ title }}"


@dataclass(frozen=True)
class PageTable:
    """What the page says about a table.

    Attributes
    ----------
    columns : tuple of (name, type)
    entries : Mapping[str, ColumnEntry]
        The dictionary, for meaning, unit and sign.
    sql, spans
        The SELECT that makes it, and where in it each column is written.
    is_changed : bool
        Whether the SQL shown differs from the one the close used.
    """

    table: str
    about: str = ""
    owner: str = ""
    origin: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    key: tuple[str, ...] = ()
    entries: Mapping[str, ColumnEntry] = field(default_factory=dict)
    sql: str = ""
    spans: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    is_changed: bool = False


def lineage_page(title: str, lineage: Lineage, tables: Sequence[PageTable]) -> str:
    """Return the page as text."""
    described = {table.table: table for table in tables}
    names = sorted(lineage.names | set(described))
    number = {name: place for place, name in enumerate(names)}
    data = {
        "tables": [_table(described.get(name, PageTable(name))) for name in names],
        "table_edges": [
            [number[e.table_name], number[e.upstream_table], e.lineage_kind] for e in lineage.tables
        ],
        "column_edges": _columns(lineage.columns, number),
    }
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    page = _TEMPLATE.read_text(encoding="utf-8")
    return page.replace(_TITLE, html.escape(title)).replace(_DATA, text.replace("</", "<\\/"))


def _table(table: PageTable) -> dict[str, Any]:
    return {
        "name": table.table,
        "about": table.about,
        "owner": table.owner,
        "origin": table.origin,
        "key": list(table.key),
        "sql": table.sql,
        "changed": table.is_changed,
        "columns": [_column(table, name, kind) for name, kind in table.columns],
    }


def _column(table: PageTable, name: str, kind: str) -> dict[str, Any]:
    entry = table.entries.get(name, ColumnEntry(name, ""))
    facts = {
        "type": kind.lower(),
        "about": entry.about,
        "unit": entry.unit,
        "sign": entry.sign,
        "actus": entry.actus,
        "fire": entry.fire,
        "spans": [list(span) for span in table.spans.get(name, ())],
    }
    return {"name": name} | {key: value for key, value in facts.items() if value}


def _columns(edges: Sequence[ColumnEdge], number: Mapping[str, int]) -> list[list[object]]:
    """Return edges as [table, column, upstream table, upstream column], a 1 after conditions."""
    return [
        [number[e.table_name], e.column_name, number[e.upstream_table], e.upstream_column]
        + ([1] if e.edge_kind == CONDITION else [])
        for e in edges
    ]
