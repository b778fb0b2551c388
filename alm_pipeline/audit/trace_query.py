"""The SELECT that lists what each position adds to a column of a report.

The report's own SQL is taken, the position's id is carried through it from the tables that have one
row per position up to the report, and every total on the way is kept by position. So contributions
need no second statement of a rule: a report that is written as sums opens by itself.

Only what a column's value is made of is followed: the amounts under `sum`, `case … then` and the
like, not conditions, keys or denominators. A weight that depends on a total has to be a column of
its own, computed before the sum. Running the SELECT and judging the total do not belong here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from alm_pipeline.audit.query_parts import (
    Query,
    copied_with,
    named_query,
    quoted_name,
    still_read,
)
from alm_pipeline.errors import ContractError

TRACED_ID = "traced_id"
SCENARIO = ":scenario:"
_DIALECT = "duckdb"
_CENTS = "DECIMAL(18, 2)"
_UNROUNDED = ("reports", "metrics", "daily")

_Columns = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Carrier:
    """A table with one row per position, or per line of quarantined rows.

    Attributes
    ----------
    bound_as : str
        The relation to read, ``schema.table``.
    identity : str
        SQL expression over its columns that names what a row is about.
    """

    bound_as: str
    identity: str = "position_id"


@dataclass(frozen=True)
class SqlSources:
    """What the tables of a close are made of.

    Attributes
    ----------
    texts : mapping
        SQL of every table that is a SELECT over others, by ``schema.table``.
    columns : mapping
        Column names of every table those read.
    carriers : mapping
        Where the carrying starts.
    as_of_date : str
    scenarios : sequence of str
        For which tables per scenario are followed.
    """

    texts: Mapping[str, str]
    columns: Mapping[str, Sequence[str]]
    carriers: Mapping[str, Carrier]
    as_of_date: str
    scenarios: Sequence[str] = ("base",)

    def tree(self, table: str) -> exp.Query:
        """Return the table's SELECT with its columns resolved; `SCENARIO` stands for the scenario.

        Raises
        ------
        ContractError
            If the parser cannot resolve a column.
        """
        schema, _, _ = table.partition(".")
        text = self.texts[table].replace("$as_of_date", f"'{self.as_of_date}'")
        columns = tuple(sorted((n, tuple(self.columns.get(n, ()))) for n in tables_read(text)))
        text = text.replace("$scenario", f"'{SCENARIO}'")
        return (_unrounded if schema in _UNROUNDED else _resolved)(table, text, columns)

    def under_scenarios(self, table: str, sql: str) -> str:
        """Return a SELECT over a table's SQL, once per scenario where the table depends on one."""
        if "$scenario" not in self.texts[table]:
            return sql
        parts = [sql.replace(f"'{SCENARIO}'", f"'{one}'") for one in self.scenarios]
        return "\nunion all\n".join(f"select * from (\n{part}\n)" for part in parts)


class Tracing:
    """Carries ids through columns.

    Parameters
    ----------
    sources : SqlSources
    bound_in : str
        Schema in which the caller binds the rows of each of `steps`, in their order, before it runs
        what was returned; empty when each SELECT shall hold its steps itself.

    Attributes
    ----------
    used : set of str
        The carriers it met.
    reads : set of str
        Every ``schema.table`` the SELECT may read.
    steps : dict
        SELECT by name of every table on the way that carries ids.
    compared : dict
        The words and numbers with which they compare a column, by its name.
    """

    def __init__(self, sources: SqlSources, bound_in: str = "") -> None:
        self.sources, self.bound_in = sources, bound_in
        self.used: set[str] = set()
        self.reads: set[str] = set()
        self.steps: dict[str, str] = {}
        self.compared: dict[str, set[str]] = {}
        self._found: dict[tuple[str, frozenset[str], frozenset[str]], Query | None] = {}

    def contributions(self, table: str, column: str, keys: Sequence[str]) -> str | None:
        """Return the SELECT of `traced_id`, the keys and `amount`, or None when no id is behind it.

        Parameters
        ----------
        table, column : str
            Where the cell stands.
        keys : sequence of str
            Columns by which the caller picks the row.
        """
        traced = self._table(table, {column}, {column, *keys})
        if traced is None:
            return None
        named = ", ".join(f'"{key}"' for key in keys)
        inner = {} if self.bound_in else self.steps
        bodies = [f"{name} as not materialized (\n{sql}\n)" for name, sql in inner.items()]
        with_ = "with " + ",\n".join(bodies) + "\n" if bodies else ""
        return (
            f'{with_}select {TRACED_ID}, {named}, cast("{column}" as double) as amount\n'
            f"from (\n{traced.sql(dialect=_DIALECT)}\n)\n"
            f'where {TRACED_ID} is not null and "{column}" <> 0'
        )

    def _table(self, table: str, wanted: set[str], needed: set[str]) -> Query | None:
        key = (table, frozenset(wanted), frozenset(needed))
        if key not in self._found:
            self._found[key] = self._traced_table(table, wanted, needed)
        found = self._found[key]
        return None if found is None else found.copy()

    def _traced_table(self, table: str, wanted: set[str], needed: set[str]) -> Query | None:
        carrier = self.sources.carriers.get(table)
        columns = ", ".join(f'"{name}"' for name in sorted(needed))
        if carrier is not None:
            self.used.add(table)
            self.reads.add(carrier.bound_as)
            return _parsed(
                f"select {columns}, {carrier.identity} as {TRACED_ID} from {carrier.bound_as}"
            )
        if table not in self.sources.texts:
            return None
        traced = self._file(self.sources.tree(table), wanted, needed)
        if traced is None:
            return None
        for pair in traced.find_all(exp.EQ):
            if isinstance(pair.this, exp.Column) and isinstance(pair.expression, exp.Literal):
                self.compared.setdefault(pair.this.name, set()).add(pair.expression.this)
        schema = f"{self.bound_in}." if self.bound_in else ""
        name = f"{schema}traced_{len(self.steps)}"
        sql = traced.sql(dialect=_DIALECT)
        self.steps[name] = self.sources.under_scenarios(table, sql)
        return _parsed(f"select {columns}, {TRACED_ID} from {name}")

    def _file(self, tree: exp.Query, wanted: set[str], needed: set[str]) -> Query | None:
        ctes = {cte.alias: cast(Query, cte.this) for cte in tree.ctes}
        body = cast(Query, copied_with(tree, {"with_": None}))
        names = body.named_selects
        positions = {names.index(name) for name in wanted}, {names.index(name) for name in needed}
        traced = self._query(body, ctes, *positions)
        if traced is not None:
            left = still_read(traced, ctes)
            if left:
                traced.set(
                    "with_", exp.With(expressions=[named_query(name, ctes[name]) for name in left])
                )
            self.reads |= _tables_of(traced)
        return traced

    def _query(
        self, query: exp.Expr, ctes: Mapping[str, Query], wanted: set[int], needed: set[int]
    ) -> Query | None:
        """Return a query's needed columns with the id behind its wanted ones, by position."""
        if isinstance(query, exp.SetOperation):
            return self._union(query, ctes, wanted, needed)
        if not isinstance(query, exp.Select):
            raise ContractError("only SELECT and UNION can be traced", detail=str(query)[:80])
        return self._select(query, ctes, wanted, needed)

    def _union(
        self, query: exp.SetOperation, ctes: Mapping[str, Query], wanted: set[int], needed: set[int]
    ) -> Query | None:
        if query.args.get("distinct"):
            needed = set(range(len(query.named_selects)))
        sides = [cast(Query, query.left), cast(Query, query.right)]
        traced = [self._query(side, ctes, wanted, needed) for side in sides]
        if not any(part is not None for part in traced):
            return None
        filled = [
            part if part is not None else _without_id(side, needed | wanted)
            for part, side in zip(traced, sides, strict=True)
        ]
        return _all_of(filled, distinct=bool(query.args.get("distinct")))

    def _select(
        self, query: exp.Select, ctes: Mapping[str, Query], wanted: set[int], needed: set[int]
    ) -> exp.Select | None:
        values: dict[str, set[str]] = {}
        for position in sorted(wanted):
            for column in _value_columns(query.selects[position], _first_alias(query)):
                values.setdefault(column.table, set()).add(column.name)
        kept = _pruned(query, needed | wanted)
        read: dict[str, set[str]] = {}
        for column in kept.find_all(exp.Column):
            read.setdefault(column.table, set()).add(column.name)
        carrying = []
        for alias, node in _sources(kept).items():
            if alias not in values:
                continue
            columns = {name for name in values[alias] if name != "*"}
            traced = self._source(node, ctes, columns, read.get(alias, set()) | columns)
            if traced is not None:
                node.replace(
                    exp.Subquery(this=traced, alias=exp.TableAlias(this=quoted_name(alias)))
                )
                carrying.append(alias)
        return _with_id(kept, carrying) if carrying else None

    def _source(
        self, node: exp.Expr, ctes: Mapping[str, Query], wanted: set[str], needed: set[str]
    ) -> Query | None:
        if isinstance(node, exp.Table) and node.db:
            return self._table(f"{node.db}.{node.name}", wanted, needed)
        query = ctes[node.name] if isinstance(node, exp.Table) else cast(Query, node.this)
        names = query.named_selects
        positions = {names.index(name) for name in wanted}, {names.index(name) for name in needed}
        return self._query(query, ctes, *positions)


def unrounded(sources: SqlSources, table: str) -> tuple[str, set[str]]:
    """Return the table's own SELECT over stored tables, not rounded at its end, and its reads."""
    tree = sources.tree(table)
    return sources.under_scenarios(table, tree.sql(dialect=_DIALECT)), _tables_of(tree)


@lru_cache(maxsize=1024)
def tables_read(sql: str) -> frozenset[str]:
    """Return every ``schema.table`` a SELECT reads."""
    return frozenset(_tables_of(sqlglot.parse_one(sql, dialect=_DIALECT)))


@lru_cache(maxsize=1024)
def columns_named(condition: str) -> frozenset[str]:
    """Return the columns that a condition names."""
    tree = sqlglot.parse_one(condition, dialect=_DIALECT)
    return frozenset(column.name for column in tree.find_all(exp.Column))


@lru_cache(maxsize=256)
def _resolved(table: str, text: str, columns: _Columns) -> exp.Query:
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for name, listed in columns:
        database, _, relation = name.partition(".")
        schema.setdefault(database, {})[relation] = dict.fromkeys(listed, "text")
    try:
        parsed = sqlglot.parse_one(text, dialect=_DIALECT)
        return cast(exp.Query, qualify(parsed, schema=dict(schema), dialect=_DIALECT))
    except sqlglot.errors.SqlglotError as problem:
        raise ContractError(
            "the columns of a SQL file cannot be followed",
            where=f"sql for {table}",
            detail=str(problem).splitlines()[0],
        ) from problem


def _tables_of(tree: exp.Expr) -> set[str]:
    return {f"{table.db}.{table.name}" for table in tree.find_all(exp.Table) if table.db}


@lru_cache(maxsize=1024)
def _parsed_once(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, dialect=_DIALECT)


def _parsed(sql: str) -> Query:
    return cast(Query, _parsed_once(sql).copy())


@lru_cache(maxsize=256)
def _unrounded(table: str, text: str, columns: _Columns) -> exp.Query:
    exact = _resolved(table, text, columns).copy()
    for select in exact.selects:
        for cast_ in list(select.find_all(exp.Cast)):
            if cast_.to.sql(dialect=_DIALECT) == _CENTS:
                cast_.set("to", exp.DataType.build("double"))
    return exact


def _value_columns(node: exp.Expr, first_alias: str) -> Iterator[exp.Column]:
    """Yield the columns an amount is made of: no conditions, no denominators."""
    if isinstance(node, exp.Column):
        yield node
    elif isinstance(node, exp.Case):
        for branch in (*(one.args["true"] for one in node.args["ifs"]), node.args.get("default")):
            if branch is not None:
                yield from _value_columns(branch, first_alias)
    elif isinstance(node, exp.If):
        yield from _value_columns(node.args["true"], first_alias)
    elif isinstance(node, exp.Count) and isinstance(node.this, exp.Star):
        yield exp.column("*", table=first_alias)
    elif isinstance(node, exp.Div | exp.Nullif | exp.Cast | exp.Window):
        yield from _value_columns(node.this, first_alias)
    elif isinstance(node, exp.Predicate | exp.Connector | exp.Subquery):
        return
    else:
        for child in node.iter_expressions():
            yield from _value_columns(child, first_alias)


def _sources(query: exp.Select) -> dict[str, exp.Expr]:
    """Return what a SELECT reads by alias, FROM first."""
    first = query.args.get("from_") or query.args.get("from")
    nodes = [first.this] if first is not None else []
    nodes += [join.this for join in query.args.get("joins") or ()]
    return {node.alias_or_name: node for node in nodes}


def _first_alias(query: exp.Select) -> str:
    return next(iter(_sources(query)), "")


def _pruned(query: exp.Select, positions: set[int]) -> exp.Select:
    if query.args.get("distinct"):
        return query.copy()
    chosen = [query.selects[position].copy() for position in sorted(positions)]
    return cast(exp.Select, copied_with(query, {"expressions": chosen}))


def _with_id(query: exp.Select, carrying: Sequence[str]) -> exp.Select:
    """Add the id to a SELECT whose sources `carrying` have one: output, groups, windows, joins."""
    first, *others = carrying
    # Alone it needs no table in front, which DuckDB would take for a column of that name.
    carried = exp.column(quoted_name(TRACED_ID), table=quoted_name(first) if others else None)
    for join in query.args.get("joins") or ():
        if join.this.alias_or_name in others:
            own = exp.column(quoted_name(TRACED_ID), table=quoted_name(join.this.alias_or_name))
            join.on(exp.EQ(this=own, expression=carried.copy()), copy=False)
    for window in query.find_all(exp.Window):
        window.set("partition_by", [*(window.args.get("partition_by") or ()), carried.copy()])
    if query.args.get("group") or any(
        agg.find_ancestor(exp.Window) is None
        for select in query.selects
        for agg in select.find_all(exp.AggFunc)
    ):
        query.group_by(carried.copy(), copy=False)
    return query.select(exp.alias_(carried.copy(), TRACED_ID), copy=False)


def _without_id(query: Query, positions: set[int]) -> Query:
    """Return a side of a union that carries nothing, with an empty id."""
    if isinstance(query, exp.SetOperation):
        sides = (cast(Query, query.left), cast(Query, query.right))
        distinct = bool(query.args.get("distinct"))
        return _all_of([_without_id(side, positions) for side in sides], distinct=distinct)
    empty = exp.alias_(exp.cast(exp.null(), "varchar"), TRACED_ID)
    return _pruned(query, positions).select(empty, copy=False)


def _all_of(parts: Sequence[Query], *, distinct: bool = False) -> Query:
    joined = parts[0]
    for part in parts[1:]:
        joined = exp.union(joined, part, distinct=distinct, copy=False)
    return joined
