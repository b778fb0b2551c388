"""Tables and data contracts promise the same: one contract per table, one producer per contract."""

from __future__ import annotations

import ast
import functools

import pytest
import sqlglot
from sqlglot import exp

from tests.house.project import (
    CONTRACTS,
    SqlFile,
    dictionary,
    extract_columns,
    parsed,
    python_files,
    sql_files,
    table_contracts,
)

KINDS = {"result", "shared", "journal"}
FIELDS = {"about", "kind", "version", "owner", "consumer", "partition_by", "key", "columns"}
TYPES = {"text", "date", "integer", "bigint", "boolean", "rate", "double", "money", "timestamp"}
CLOCK_NAMES = {
    "run_id",
    "dagster_run_id",
    "user",
    "host",
    "operator",
    "seconds",
    "duration_seconds",
}

made_by_sql = [f for f in sql_files() if f.schema != "raw"]
each_contract = pytest.mark.parametrize(
    ("table", "contract"), table_contracts().items(), ids=table_contracts()
)


@functools.cache
def tables_named_in_python() -> set[str]:
    """Return every `schema.table` that stands in the package as text or as an asset key."""
    named: set[str] = set()
    for path in python_files():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.add(node.value.replace("/", "."))
            elif isinstance(node, ast.List | ast.Tuple | ast.Call):
                parts = node.args if isinstance(node, ast.Call) else node.elts
                words = [p.value for p in parts if isinstance(p, ast.Constant)]
                texts = [word for word in words if isinstance(word, str)]
                named.add(".".join(texts[:2]))
    return named


def test_contracts_were_found():
    assert table_contracts()
    assert dictionary()


@pytest.mark.parametrize("file", made_by_sql, ids=[f.name for f in made_by_sql])
def test_every_sql_table_has_a_contract_with_its_columns(file: SqlFile):
    assert {file.name} - set(table_contracts()) == set()
    statement = sqlglot.parse_one(file.text, read="duckdb")
    assert isinstance(statement, exp.Query)
    assert statement.named_selects == table_contracts()[file.name]["columns"]


@each_contract
def test_every_contract_has_a_producer(table: str, contract: dict):
    makers = {f.name for f in sql_files()} | tables_named_in_python()
    assert {table} - makers == set()


@each_contract
def test_a_contract_says_everything_it_must(table: str, contract: dict):
    assert FIELDS - set(contract) == set()
    assert contract["kind"] in KINDS
    assert contract["about"].endswith(".")
    assert str(contract["version"]).count(".") == 2
    assert contract["owner"].startswith("team:")


@each_contract
def test_every_column_is_in_the_dictionary(table: str, contract: dict):
    assert set(contract["columns"]) - set(dictionary()) == set()
    assert len(contract["columns"]) == len(set(contract["columns"]))


@each_contract
def test_key_and_partition_are_columns_and_never_null(table: str, contract: dict):
    columns, nullable = set(contract["columns"]), set(contract.get("nullable") or {})
    assert set(contract["key"]) <= columns
    assert set(contract["partition_by"]) <= columns
    assert not nullable & set(contract["key"])
    assert nullable <= columns


@each_contract
def test_every_null_has_a_meaning(table: str, contract: dict):
    assert all(str(meaning).strip() for meaning in (contract.get("nullable") or {}).values())


@each_contract
def test_no_result_holds_a_clock_a_user_or_a_run(table: str, contract: dict):
    if contract["kind"] == "result":
        columns = set(contract["columns"])
        assert not columns & CLOCK_NAMES
        assert not [c for c in columns if c.endswith("_at")]
        assert not [c for c in columns if dictionary()[c]["type"] == "timestamp"]


@pytest.mark.parametrize("column", dictionary(), ids=str)
def test_a_dictionary_column_has_a_known_type_and_a_meaning(column: str):
    entry = dictionary()[column]
    assert entry["type"] in TYPES
    assert str(entry.get("about", "")).strip()


def test_no_column_stands_twice_in_the_dictionary():
    # YAML keeps the last of two equal keys and says nothing.
    lines = (CONTRACTS / "columns.yaml").read_text(encoding="utf-8").splitlines()
    names = [line.split(":")[0].strip() for line in lines if "type:" in line and ":" in line]
    names = [name for name in names if name != "type"]
    assert sorted(names) == sorted(set(names))


def test_the_extracts_agree_with_the_dictionary():
    assert extract_columns()
    named = {f"{e}.{c}": c for e, columns in extract_columns().items() for c in columns}
    assert {place for place, column in named.items() if column not in dictionary()} == set()
