"""One word per thing: retired words stay retired in columns, tables and code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house.project import (
    dictionary,
    parsed,
    python_files,
    relative,
    sql_files,
    table_contracts,
    text_files,
)

# retired → the word to use
RETIRED = {
    "cob": "as_of_date",
    "cob_date": "as_of_date",
    "valuation_date": "as_of_date",
    "report_date": "as_of_date",
    "reporting_date": "as_of_date",
    "deal": "position",
    "deal_id": "position_id",
    "trade": "position",
    "trade_id": "position_id",
    "bps": "_bp",
    "mtm": "present_value",
    "runoff": "run_off",
    "cashflow": "cash_flow",
    "cashflows": "cash_flows",
    "daycount": "day_count",
}
PERIODS = {"month"}  # names the month that a figure of history describes, by its last day
COLUMNS_ONLY = {"balance": "outstanding_principal", "principal": "outstanding_principal"}


def identifiers(path: Path) -> set[str]:
    """Return the names a Python file gives: functions, classes, parameters, variables."""
    names: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


@pytest.mark.parametrize("path", python_files(), ids=relative)
def test_code_uses_the_words_of_the_house(path: Path):
    assert {name: RETIRED[name] for name in identifiers(path) if name in RETIRED} == {}


def test_columns_use_the_words_of_the_house():
    retired = RETIRED | COLUMNS_ONLY
    assert {name: retired[name] for name in dictionary() if name in retired} == {}


def test_columns_are_lower_case_words():
    odd = [name for name in dictionary() if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name)]
    assert odd == []


def test_percentages_stand_in_reports_only():
    elsewhere = {
        f"{table}.{column}"
        for table, contract in table_contracts().items()
        for column in contract["columns"]
        if column.endswith("_pct") and not table.startswith("reports.")
    }
    assert elsewhere == set()


def test_flags_and_counts_have_their_prefix():
    flags = {name for name, entry in dictionary().items() if entry["type"] == "boolean"}
    odd = {n for n in flags if not n.startswith(("is_", "has_")) and not n.endswith("_applied")}
    assert odd == set()


def test_dates_end_in_date():
    dates = {name for name, entry in dictionary().items() if entry["type"] == "date"}
    assert {name for name in dates if not name.endswith("_date")} <= PERIODS


def test_tables_and_scenarios_are_lower_case_words():
    names = [f.table for f in sql_files()] + [t.split(".")[1] for t in table_contracts()]
    assert names
    assert [n for n in names if not re.fullmatch(r"[a-z][a-z0-9_]*", n)] == []


def test_data_contract_is_two_words():
    # The tool and the keyword of the standard are written as their authors write them.
    one_word = re.compile(r"\b[Dd]ata" + r"contracts?\b(?!-cli|-specification|[._])")
    prose = [p for p in text_files() if p.suffix in {".md", ".yaml", ".sql"}]
    assert [relative(p) for p in prose if one_word.search(p.read_text(encoding="utf-8"))] == []
