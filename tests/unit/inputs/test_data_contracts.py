"""Data contracts become records; every problem of every file is told at once."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from alm_pipeline.errors import ContractError
from alm_pipeline.inputs.data_contracts import (
    ColumnEntry,
    load_dictionary,
    load_extract_contracts,
    load_table_contracts,
    sql_type,
)
from alm_pipeline.inputs.extract_contracts import read_extract_contract
from alm_pipeline.paths import DATA_CONTRACTS

TABLE = """
about: A table.
kind: result
version: 1.0.0
owner: team:test
consumer: nobody
partition_by: [as_of_date]
key: [as_of_date, currency]
columns: [as_of_date, currency, amount]
nullable: {amount: not delivered}
"""


@pytest.fixture
def overlay(tmp_path):
    """An overlay folder with one table contract of its own."""
    (tmp_path / "tables" / "book").mkdir(parents=True)
    (tmp_path / "tables" / "book" / "extra.yaml").write_text(TABLE, encoding="utf-8")
    return tmp_path


def refused(overlay, text):
    (overlay / "tables" / "book" / "extra.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ContractError) as error:
        load_table_contracts(overlay)
    return str(error.value)


def test_money_is_exact_in_tables_of_record_and_double_where_it_is_computed():
    money = ColumnEntry("amount", "money")
    assert sql_type(money, "book") == "DECIMAL(18,2)"
    assert sql_type(money, "reports") == "DECIMAL(18,2)"
    assert sql_type(money, "metrics") == "DOUBLE"
    assert sql_type(ColumnEntry("coupon_rate", "rate"), "book") == "DOUBLE"
    assert sql_type(ColumnEntry("n_rows", "bigint"), "audit") == "BIGINT"


def test_a_column_of_the_dictionary_has_type_unit_and_meaning():
    entry = load_dictionary()["outstanding_principal"]
    assert (entry.type, entry.unit, entry.sign) == ("money", "contract currency", "unsigned")
    assert entry.actus == "notionalPrincipal"
    assert entry.about == "Principal owed on the as-of date, at par"


def test_a_contract_in_the_overlay_is_read_beside_the_shipped_ones(overlay):
    contracts = load_table_contracts(overlay)
    extra = contracts["book.extra"]
    assert extra.schema == "book"
    assert extra.key == ("as_of_date", "currency")
    assert extra.nullable == {"amount": "not delivered"}
    assert len(contracts) == len(load_table_contracts()) + 1


def test_records_cannot_be_changed(overlay):
    extra = load_table_contracts(overlay)["book.extra"]
    with pytest.raises(FrozenInstanceError):
        extra.version = "2.0.0"  # type: ignore[misc]


def test_all_problems_of_a_table_are_told_at_once(overlay):
    message = refused(
        overlay,
        "about: x\nkind: view\nversion: '1'\nowner: team:x\nkey: [currency, amount]\n"
        "columns: [currency, currency, mystery]\nnullable: {currency: never}\nfoo: bar\n",
    )
    for problem in (
        "kind 'view' is none of result, shared, journal",
        "version '1' is not like 1.0.0",
        "unknown field foo",
        "column mystery is not in columns.yaml",
        "column currency stands twice",
        "key names amount, which is no column of it",
        "key column currency is nullable",
        "to fix: correct the lines named",
    ):
        assert problem in message


def test_a_missing_field_and_an_unknown_schema_are_told(overlay):
    assert "book.extra: owner is missing" in refused(overlay, TABLE.replace("team:test", ""))
    (overlay / "tables" / "books").mkdir()
    (overlay / "tables" / "books" / "extra.yaml").write_text(TABLE, encoding="utf-8")
    assert "books.extra: schema is none of raw" in refused(overlay, TABLE)


def test_a_faulty_dictionary_is_refused_with_all_its_lines(tmp_path):
    (tmp_path / "columns.yaml").write_text(
        "Amount: {type: money, about: x}\nrate: {type: percent, about: x}\n"
        "day: {type: date}\nword: text\nunit: {type: text, about: x, colour: red}\n",
        encoding="utf-8",
    )
    with pytest.raises(ContractError) as error:
        load_dictionary(tmp_path)
    for problem in (
        "Amount: not lower_case_with_underscores",
        "rate: type 'percent' is none of text",
        "day: has no meaning (about)",
        "word: not a mapping",
        "unit: unknown field colour",
    ):
        assert problem in str(error.value)


def test_a_dictionary_that_says_a_name_twice_is_refused(tmp_path):
    line = "rate: {type: rate, about: x}\n"
    (tmp_path / "columns.yaml").write_text(line * 2, encoding="utf-8")
    with pytest.raises(ContractError, match="stands twice"):
        load_dictionary(tmp_path)


def test_an_extract_contract_holds_columns_key_rules_and_thresholds():
    loan = load_extract_contracts()["loan"]
    columns = {column.name: column for column in loan.columns}
    assert loan.key == ("entity_id", "loan_no")
    assert loan.amount_column == "outstanding_principal"
    assert (loan.is_mandatory, loan.quarantine_share, loan.quarantine_rows) == (True, 0.01, 10)
    assert (columns["coupon_rate"].minimum, columns["coupon_rate"].maximum) == (-0.05, 1)
    assert columns["day_count"].allowed[3:] == ("30_360", "30e_360", "30e_360_isda")
    assert columns["outstanding_principal"].type == "money"
    assert columns["maturity_date"].required is False
    links = {link.columns: (link.to_table, link.severity) for link in loan.references}
    assert links[("counterparty_id",)] == ("raw.counterparty", "quarantine")
    assert links[("product_code",)] == ("inputs.products", "blocking")
    rules = {rule.rule_id: rule for rule in loan.rules}
    assert rules["maturity_after_start"].fails_when == "maturity_date <= start_date"
    assert rules["maturity_after_start"].is_row_level
    assert rules["annuity_repays_to_maturity"].severity == "warning"
    assert rules["few_contracts_disappear"].needs_previous


def test_a_reference_of_two_columns_stands_on_the_table():
    legs = load_extract_contracts()["derivative_leg"]
    composite = [link for link in legs.references if len(link.columns) == 2]
    assert [(link.columns, link.to_table) for link in composite] == [
        (("entity_id", "deal_no"), "raw.derivative")
    ]
    assert legs.quarantine_together == ("entity_id", "deal_no")


def test_an_extract_contract_that_contradicts_itself_is_refused(tmp_path):
    text = (DATA_CONTRACTS / "extracts" / "fx_rate.yaml").read_text(encoding="utf-8")
    faulty = (
        text.replace("primaryKey: true", "primaryKey: false")
        .replace("description: The quote was taken on or before the as-of date.", "")
        .replace("driftShare, value: 0.25", "amountColumn, value: nothing")
    )
    path = tmp_path / "fx_rate.yaml"
    path.write_text(faulty, encoding="utf-8")
    with pytest.raises(ContractError) as error:
        read_extract_contract(path)
    assert "no column is part of the primary key" in str(error.value)
    assert "nothing is named in customProperties and is no column of it" in str(error.value)


def test_files_that_are_no_contract_are_told_together(tmp_path):
    folder = tmp_path / "extracts"
    folder.mkdir()
    (folder / "loan.yaml").write_text("about: a loan\n", encoding="utf-8")
    (folder / "security.yaml").write_text("- a list\n", encoding="utf-8")
    with pytest.raises(ContractError, match="2 contracts of extracts cannot be used") as error:
        load_extract_contracts(tmp_path)
    assert "loan: " in str(error.value)
    assert "security: " in str(error.value)
