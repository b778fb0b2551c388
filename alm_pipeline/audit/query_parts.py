"""Parts of parsed SELECTs: copies that spare what is replaced, quoted names, CTEs still read.

What a trace does with them is `audit/trace_query.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import exp

Query = exp.Select | exp.SetOperation


def still_read(query: exp.Expr, ctes: Mapping[str, Query]) -> list[str]:
    """Return the CTEs of a file that a query reads, and those that these read, in their order.

    Most were put in place with their ids; to copy, write and bind the others is most of the work.
    """
    found: set[str] = set()
    waiting = [query]
    while waiting:
        names = {table.name for table in waiting.pop().find_all(exp.Table) if not table.db}
        new = (names & set(ctes)) - found
        found |= new
        waiting += [ctes[name] for name in new]
    return [name for name in ctes if name in found]


def named_query(name: str, query: Query) -> exp.CTE:
    """Return a copy of a query as a CTE; DuckDB may still put it in place."""
    alias = exp.TableAlias(this=quoted_name(name))
    return exp.CTE(this=query.copy(), alias=alias, materialized=False)


def copied_with(query: exp.Expr, changed: Mapping[str, object]) -> exp.Expr:
    """Return a copy with other parts; what is replaced is not copied first."""
    kept = {name: value for name, value in query.args.items() if name not in changed}
    return type(query)(**{**{name: _copies(value) for name, value in kept.items()}, **changed})


def _copies(value: Any) -> Any:
    if isinstance(value, list):
        return [_copies(one) for one in value]
    return value.copy() if isinstance(value, exp.Expr) else value


def quoted_name(text: str) -> exp.Identifier:
    """Return a name as an identifier that keeps its case and is no keyword."""
    return exp.to_identifier(text, quoted=True)
