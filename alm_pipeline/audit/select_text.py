"""Where in a SQL file each column of the table is written, so that a reader sees its expression.

Places are character ranges of the file's text; a column of a union has one per branch. A ``*`` is
followed to the common table expression it takes. Where a column comes from is `audit/lineage.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import sqlglot
from sqlglot import exp

Span = tuple[int, int]

_SKIPPED = re.compile(r"(?:[\s,]|--[^\n]*\n|\bselect\b|\bdistinct\b)+")
_SELECT = re.compile(r"\bselect\b")


@lru_cache(maxsize=512)
def column_spans(text: str) -> dict[str, tuple[Span, ...]]:
    """Return the character ranges in which each output column is written, by column."""
    query = sqlglot.parse_one(text, dialect="duckdb")
    if not isinstance(query, exp.Query):
        return {}
    found: dict[str, list[Span]] = {}
    common = {cte.alias: cte.this for cte in query.ctes}
    for name, span in _of_query(text, query, common):
        found.setdefault(name, []).append(span)
    return {name: tuple(dict.fromkeys(spans)) for name, spans in found.items()}


def _of_query(
    text: str, query: exp.Expr, common: dict[str, exp.Expr]
) -> Iterator[tuple[str, Span]]:
    if isinstance(query, exp.SetOperation):
        yield from _of_query(text, query.left, common)
        yield from _of_query(text, query.right, common)
        return
    before = -1
    for written in query.selects if isinstance(query, exp.Query) else ():
        if written.is_star:
            yield from _of_star(text, query, common)
            continue
        ends = [i.meta["end"] for i in written.find_all(exp.Identifier) if "end" in i.meta]
        if not ends:
            continue
        start = before + 1 if before >= 0 else _select_before(text, written)
        before = max(ends)
        skipped = _SKIPPED.match(text, start)
        yield written.alias_or_name, (skipped.end() if skipped else start, before + 1)


def _of_star(text: str, query: exp.Expr, common: dict[str, exp.Expr]) -> Iterator[tuple[str, Span]]:
    taken = query.args.get("from_") or query.args.get("from")
    source = taken.this.name if taken is not None else ""
    if source in common:
        others = {name: cte for name, cte in common.items() if name != source}
        yield from _of_query(text, common[source], others)


def _select_before(text: str, written: exp.Expr) -> int:
    """Return where the SELECT that a first column belongs to begins."""
    starts = [i.meta["start"] for i in written.find_all(exp.Identifier) if "start" in i.meta]
    nested = len(list(written.find_all(exp.Select)))
    words = [match.start() for match in _SELECT.finditer(text, 0, min(starts))]
    return words[max(0, len(words) - 1 - nested)] if words else 0
