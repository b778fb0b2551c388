"""Every table has a reader, and a name that says it identifies a customer is marked as personal."""

from __future__ import annotations

import re

import pytest

from tests.house.project import CONTRACTS, dictionary, load_yaml, table_contracts

PERSONAL = re.compile(
    r"(^|_)(customer|counterparty|issuer|borrower|first|last|birth|address|phone|email|iban|tax|"
    r"passport)_(id|name|no|date)$|^(name|lei|iban|email|address|phone)$"
)
WAYS = {"identifier", "withheld", "json"}


@pytest.mark.parametrize("table", table_contracts(), ids=str)
def test_every_table_has_a_reader(table: str):
    personas = load_yaml(CONTRACTS / "access.yaml")["personas"].values()
    readers = [p for p in personas if table in p["reads"] or table.split(".")[0] in p["reads"]]
    assert readers


@pytest.mark.parametrize("column", dictionary(), ids=str)
def test_what_names_a_person_is_marked_as_personal(column: str):
    way = dictionary()[column].get("personal")
    assert way in WAYS | {None}
    if PERSONAL.search(column):
        assert way is not None


def test_the_board_sees_reports_only():
    assert load_yaml(CONTRACTS / "access.yaml")["personas"]["board"]["reads"] == ["reports"]


def test_no_report_holds_a_personal_column():
    personal = {name for name, entry in dictionary().items() if entry.get("personal")}
    reports = {t: c["columns"] for t, c in table_contracts().items() if t.startswith("reports.")}
    assert reports
    assert {t for t, columns in reports.items() if personal & set(columns)} == set()
