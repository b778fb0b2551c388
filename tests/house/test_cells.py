"""What the data contracts say of opening numbers leads, in the SQL, to where they say."""

from __future__ import annotations

import functools

import pytest

from alm_pipeline.audit.contributions import AGGREGATES, followed
from alm_pipeline.audit.trace_query import Carrier, SqlSources, Tracing, columns_named
from alm_pipeline.inputs.cell_rules import CellRule, cell_problems
from alm_pipeline.inputs.data_contracts import load_dictionary, load_table_contracts
from alm_pipeline.inputs.relations import SCHEMAS
from alm_pipeline.inputs.sql_files import load_sql_files
from tests.house.project import extract_columns, sql_files, table_contracts

NUMBERS = {"money", "rate", "double", "integer", "bigint"}
RULES = [
    (f"{table}.{column}", rule)
    for table, contract in load_table_contracts().items()
    for column, rules in contract.cells.items()
    for rule in rules
]
each_rule = pytest.mark.parametrize(
    ("cell", "rule"), RULES, ids=[f"{cell}:{rule.when or rule.kind}" for cell, rule in RULES]
)


@functools.cache
def columns_of() -> dict[str, list[str]]:
    named = {name: list(contract["columns"]) for name, contract in table_contracts().items()}
    named |= {f"inputs.{name}": list(schema.names) for name, schema in SCHEMAS.items()}
    named |= {
        f"{read.kind}.{read.table.partition('.')[2]}": named[read.table]
        for file in load_sql_files("demo")
        for read in file.reads
        if read.months_back
    }
    return named | {
        f"{schema}.{name}": columns
        for name, columns in extract_columns().items()
        for schema in ("raw", "quarantine")
    }


def carrier(table: str) -> Carrier:
    has_positions = "position_id" in columns_of()[table]
    return Carrier(table) if has_positions else Carrier(table, "entity_id")


@pytest.mark.parametrize("table", [t for t in table_contracts() if t.startswith("reports.")])
def test_every_number_of_a_report_says_how_it_opens(table: str):
    contract = table_contracts()[table]
    numbers = [
        c
        for c in contract["columns"]
        if load_dictionary()[c].type in NUMBERS and c not in contract["key"]
    ]
    assert cell_problems(table, contract.get("cells") or {}, numbers) == []


@each_rule
def test_a_sum_comes_from_the_tables_it_names(cell: str, rule: CellRule):
    if rule.kind != "sum":
        return
    table, _, column = cell.rpartition(".")
    texts = followed({file.name: file.text for file in sql_files() if file.schema != "raw"})
    carriers = {name: carrier(name) for name in rule.opens_to}
    tracing = Tracing(SqlSources(texts, columns_of(), carriers, "2026-10-31"))
    keys = [key for key in table_contracts()[table]["key"] if key != "as_of_date"]
    assert tracing.contributions(table, column, keys) is not None
    assert tracing.used == set(rule.opens_to), f"{cell} does not add up every table it names"


@each_rule
def test_a_sum_opens_to_rows_of_positions(cell: str, rule: CellRule):
    if rule.kind == "sum":
        rows = {t for t in rule.opens_to if "position_id" in columns_of()[t]}
        others = set(rule.opens_to) - rows - set(AGGREGATES) - {"book.excluded"}
        assert others == set() or cell.startswith("daily.")


@each_rule
def test_a_sum_of_a_day_opens_to_delivered_rows_or_to_the_close(cell: str, rule: CellRule):
    if rule.kind == "sum" and cell.startswith("daily."):
        for table in rule.opens_to:
            schema, name = table.split(".")
            assert schema == "previous" or name in extract_columns(), cell


@each_rule
def test_a_rule_names_columns_that_exist(cell: str, rule: CellRule):
    table = cell.rpartition(".")[0]
    own = set(table_contracts()[table]["columns"])
    if rule.when:
        assert columns_named(rule.when) <= own
    if rule.kind == "formula":
        assert columns_named(rule.formula) <= own | set(rule.operands)
    read = [*rule.operands.values(), *([rule.source] if rule.kind in ("selection", "input")
            and rule.opens_to else [])]  # fmt: skip
    for operand in read:
        assert operand.column in table_contracts()[operand.table]["columns"]


def test_a_number_without_a_rule_is_named_in_a_sentence():
    (problem,) = cell_problems("reports.lcr", {}, ["lcr_share"])
    assert problem.startswith("reports.lcr: the number lcr_share does not say how it opens")


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"kind": "guess"}, "has no kind"),
        ({"kind": "sum"}, "lacks opens_to"),
        ({"kind": "formula", "formula": "a", "file": "x"}, "has no file"),
        ({"kind": "input"}, "names neither"),
        ({"kind": "selection", "opens_to": "reports.a.b", "winner": "best"}, "none of minimum"),
        ({"kind": "formula", "formula": "a", "operands": {"a": {"opens_to": "b"}}}, "operand a"),
        ([{"kind": "sum", "opens_to": "x"}, {"kind": "sum", "opens_to": "y"}], "say `when`"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(rule: object, says: str):
    problems = cell_problems("reports.lcr", {"lcr_share": rule}, ["lcr_share"])
    assert any(says in problem for problem in problems), problems
