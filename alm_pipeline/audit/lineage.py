"""Which columns a SQL file's columns come from, read from the SELECT by a parser.

A column comes from others in two ways: its value is computed from them, or they decide which rows
there are (joins, filters, groups). The second kind holds for the whole table and stands under
`ALL_COLUMNS`. Assets written in Python declare theirs; they are not found here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from alm_pipeline.errors import ContractError
from alm_pipeline.inputs.sql_files import SqlFile

_DIALECT = "duckdb"
ALL_COLUMNS = "*"
VALUE, CONDITION = "value", "condition"

Leaf = tuple[str, str]


@dataclass(frozen=True, order=True)
class ColumnEdge:
    """One column of a table made from one column of another.

    Attributes
    ----------
    edge_kind : {"value", "condition"}
        Whether the value is computed from it, or it decides which rows there are.
    """

    table_name: str
    column_name: str
    upstream_table: str
    upstream_column: str
    edge_kind: str = VALUE


def tables_read(text: str) -> frozenset[str]:
    """Return the ``schema.table`` names a SELECT reads, common table expressions left out."""
    return frozenset(f"{t.db}.{t.name}" for t in _parse(text).find_all(exp.Table) if t.db)


def column_edges(file: SqlFile, columns_of: Mapping[str, Sequence[str]]) -> tuple[ColumnEdge, ...]:
    """Return every column edge of a SQL file, in order.

    Parameters
    ----------
    file : SqlFile
    columns_of : mapping
        Columns of every table the file may read, so that ``*`` can be resolved.

    Raises
    ------
    ContractError
        If the parser cannot resolve a column.
    """
    schema = _schema_of(file.text, columns_of)
    try:
        tree = qualify(_parsed(file.text), schema=schema, dialect=_DIALECT)
        root = build_scope(tree)
        if root is None:
            raise sqlglot.errors.SqlglotError("no SELECT found")
        sources = _Sources()
        found = sources.of_scope(root)
        deciding = sources.of_conditions(root)
    except sqlglot.errors.SqlglotError as problem:
        raise ContractError(
            "the columns of a SQL file cannot be followed",
            where=f"sql for {file.table}",
            detail=str(problem).splitlines()[0],
            fix="name every column with its table or common table expression",
        ) from problem
    made = [(name, leaf, VALUE) for name, leaves in found.items() for leaf in leaves]
    made += [(ALL_COLUMNS, leaf, CONDITION) for leaf in deciding]
    spelled = {(t, c.lower()): c for t, columns in columns_of.items() for c in columns}
    return tuple(  # the parser writes every name in lower case, a bank's file may not
        sorted(
            ColumnEdge(file.table, name, table, spelled.get((table, column), column), kind)
            for name, (table, column), kind in made
        )
    )


class _Sources:
    """Leaf columns behind every output column of every scope, each scope looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, dict[str, frozenset[Leaf]]] = {}

    def of_scope(self, scope: Scope) -> dict[str, frozenset[Leaf]]:
        """Return, per output column, the source columns it is computed from."""
        if id(scope) not in self._known:
            self._known[id(scope)] = self._union(scope) or self._select(scope)
        return self._known[id(scope)]

    def _union(self, scope: Scope) -> dict[str, frozenset[Leaf]]:
        branches = [self.of_scope(branch) for branch in scope.set_operation_scopes or ()]
        if not branches:
            return {}
        first, *others = branches
        merged = dict(first)
        for branch in others:
            for name, leaves in zip(first, branch.values(), strict=True):
                merged[name] = merged[name] | leaves
        return merged

    def _select(self, scope: Scope) -> dict[str, frozenset[Leaf]]:
        return {
            select.alias_or_name: frozenset(
                leaf
                for column in select.find_all(exp.Column)
                for leaf in self._of_column(scope, column)
            )
            for select in cast(exp.Query, scope.expression).selects
        }

    def of_conditions(self, root: Scope) -> frozenset[Leaf]:
        """Return the source columns that decide which rows there are, wherever in the SELECT."""
        return frozenset(
            leaf
            for scope in root.traverse()
            for clause in _deciding_clauses(scope.expression)
            for column in clause.find_all(exp.Column)
            for leaf in self._of_column(scope, column)
        )

    def _of_column(self, scope: Scope | None, column: exp.Column) -> frozenset[Leaf]:
        while scope is not None:
            source = scope.sources.get(column.table)
            if isinstance(source, Scope):
                return self.of_scope(source).get(column.name, frozenset())
            if isinstance(source, exp.Table):
                return frozenset({(f"{source.db}.{source.name}", column.name)})
            inner = self._of_subquery(scope, column)
            if inner is not None:
                return inner
            scope = scope.parent
        return frozenset()

    def _of_subquery(self, scope: Scope, column: exp.Column) -> frozenset[Leaf] | None:
        for child in scope.subquery_scopes:
            if column.table in child.sources:
                return self._of_column(child, column)
        return None


def _deciding_clauses(query: exp.Expr) -> list[exp.Expr]:
    clauses = [query.args.get(name) for name in ("where", "group", "having", "qualify")]
    clauses += [join.args.get("on") for join in query.args.get("joins") or ()]
    return [clause for clause in clauses if clause is not None]


@lru_cache(maxsize=512)
def _parse(text: str) -> exp.Query:
    statements = [s for s in sqlglot.parse(text, dialect=_DIALECT) if s]
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ContractError("a SQL file is exactly one SELECT", detail=text[:80])
    return statements[0]


def _parsed(text: str) -> exp.Query:
    return _parse(text).copy()


def _schema_of(text: str, columns_of: Mapping[str, Sequence[str]]) -> dict[str, object]:
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for table in sorted(tables_read(text)):
        database, _, name = table.partition(".")
        columns = dict.fromkeys(columns_of.get(table, ()), "text")
        schema.setdefault(database, {})[name] = columns
    return dict(schema)
