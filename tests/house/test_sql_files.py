"""Every SQL file: a true header, one SELECT, the same answer on every run, no later stage."""

from __future__ import annotations

import functools
import re

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema, Schema

from tests.house.project import (
    STAGES,
    SqlFile,
    dictionary,
    extract_columns,
    sql_files,
    sql_type,
    table_contracts,
)

# The answer of these depends on the order in which rows happen to arrive.
ORDERED = {
    "any_value", "arbitrary", "arg_max", "arg_min", "array_agg", "first", "group_concat", "last",
    "list", "listagg", "max_by", "min_by", "string_agg",
}  # fmt: skip
ORDERED_WINDOWS = {"first_value", "lag", "last_value", "lead", "nth_value", "ntile", "row_number"}
FORBIDDEN = {
    "current_date", "current_localtime", "current_localtimestamp", "current_time",
    "current_timestamp", "gen_random_uuid", "get_current_timestamp", "getenv", "glob", "now",
    "rand", "random", "setseed", "today", "transaction_timestamp", "uuid",
}  # fmt: skip
ROUNDED_SUM = "sum(cast(x as decimal(38, 6)))"

each_file = pytest.mark.parametrize(
    "file", sql_files(), ids=[f"{f.path.parent.name}/{f.table}" for f in sql_files()]
)


@functools.cache
def query(file: SqlFile) -> exp.Query:
    """Return the one statement of a file."""
    statements = [s for s in sqlglot.parse(file.text, read="duckdb") if s is not None]
    assert len(statements) == 1, f"{len(statements)} statements; one SELECT per file"
    statement = statements[0]
    assert isinstance(statement, exp.Query), "not a SELECT"
    return statement


def function_name(node: exp.Expression | exp.Func) -> str:
    """Return the SQL name of a function call, lower case."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    return node.sql_name().lower() if isinstance(node, exp.Func) else ""


def tables_read(file: SqlFile) -> set[str]:
    """Return the tables a query reads, without its own common table expressions."""
    own = {cte.alias_or_name for cte in query(file).find_all(exp.CTE)}
    tables = query(file).find_all(exp.Table)
    named = {f"{t.db}.{t.name}" if t.db else t.name for t in tables if t.name}
    return {name for name in named if name not in own}


def test_sql_files_were_found():
    assert sql_files()


@each_file
def test_the_header_says_what_the_table_is(file: SqlFile):
    assert {"about", "grain", "reads"} <= set(file.header)
    assert file.header["about"].endswith(".")


@each_file
def test_the_header_names_exactly_the_tables_read(file: SqlFile):
    assert file.reads == tables_read(file)


@each_file
def test_the_columns_are_named_one_by_one(file: SqlFile):
    assert not any(isinstance(column, exp.Star) for column in query(file).selects)
    assert "*" not in query(file).named_selects


@each_file
def test_the_grain_is_the_key_of_the_table_contract(file: SqlFile):
    contract = table_contracts().get(file.name)
    if contract is not None and file.schema != "raw":
        grain = [column.strip() for column in file.header["grain"].rstrip(".").split(",")]
        assert grain == contract["key"]


@each_file
def test_nothing_depends_on_the_clock_chance_or_a_file(file: SqlFile):
    called = {function_name(node) for node in query(file).find_all(exp.Func)}
    refused = called & FORBIDDEN | {name for name in called if name.startswith("read_")}
    assert refused == set()
    code = re.sub(r"--.*|'[^']*'", "", file.text.lower())
    assert re.findall(r"\b(?:now\(|current_date|current_timestamp|copy\s|read_\w+\()", code) == []


@each_file
def test_nothing_depends_on_the_order_of_rows(file: SqlFile):
    loose = [
        node.sql()
        for node in query(file).find_all(exp.Func)
        if function_name(node) in ORDERED
        and not node.find(exp.Order)
        and not isinstance(node.parent, exp.Window | exp.Order)
    ]
    assert loose == [], "give the aggregate an `order by` that no two rows share"


@each_file
def test_ranking_windows_and_limits_are_ordered(file: SqlFile):
    loose = [
        window.sql()
        for window in query(file).find_all(exp.Window)
        if function_name(window.this) in ORDERED_WINDOWS
        and not window.args.get("order")
        and not window.alias
    ]
    loose += [
        limit.parent.sql()[:80]
        for limit in query(file).find_all(exp.Limit)
        if limit.parent is not None and not limit.parent.args.get("order")
    ]
    assert loose == []


@each_file
def test_only_earlier_stages_are_read(file: SqlFile):
    own = STAGES[file.schema]
    later = {t for t in file.reads if STAGES.get(t.split(".")[0], 0) > own}
    assert later == set()


@functools.cache
def known_schema() -> Schema:
    """Return every table's column types, from the contracts and the dictionary; raw is all text."""
    known: dict[str, object] = {}
    for name, contract in table_contracts().items():
        schema, table = name.split(".")
        columns = {c: sql_type(c, schema) for c in contract["columns"] if c in dictionary()}
        for place in (schema, "previous", "history"):
            known.setdefault(place, {})[table] = columns  # type: ignore[index]
    for extract, names in extract_columns().items():
        known.setdefault("raw", {})[extract] = dict.fromkeys(names, "varchar")  # type: ignore[index]
    return MappingSchema(known, dialect="duckdb")


def typed(file: SqlFile) -> exp.Query:
    """Return the query with the type of every expression that can be told."""
    tree = query(file).copy()
    try:
        tree = qualify(
            tree, dialect="duckdb", schema=known_schema(), validate_qualify_columns=False
        )  # fmt: skip
    except OptimizeError:  # a relation without contract; types are told as far as casts go
        tree = query(file).copy()
    return annotate_types(tree, schema=known_schema(), dialect="duckdb")


@each_file
def test_doubles_are_summed_as_decimals(file: SqlFile):
    # A plain sum of doubles differs from run to run as soon as there are two threads.
    loose = [
        node.sql(dialect="duckdb")
        for node in typed(file).find_all(exp.Sum, exp.Avg)
        if node.this.type is not None
        and node.this.type.this in {exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT}
    ]
    assert loose == [], f"write {ROUNDED_SUM}"
