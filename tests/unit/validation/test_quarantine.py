"""Rows set aside carry reasons, amount and ledger account; every row is trusted or set aside."""

from __future__ import annotations

import json

from alm_pipeline.inputs.data_contracts import load_extract_contracts
from alm_pipeline.validation.quarantine import accepted_query, checking_order, quarantine_query
from alm_pipeline.validation.rules import compile_rules
from tests.unit.validation.conftest import DERIVATIVE, FLOATING_LEG, LEG, LOAN


def set_aside(session, contracts, extract):
    sql = quarantine_query(contracts[extract], compile_rules(contracts[extract]))
    session.connection.execute(f"create or replace table quarantine.{extract} as {sql}")
    return session.query(f"select * from quarantine.{extract} order by source_row").to_pylist()


def test_a_row_carries_every_rule_it_breaks_its_amount_and_its_account(bank, contracts):
    bank.deliver("loan", [LOAN, LOAN | {"loan_no": "L2", "status": "live", "currency": None}])
    (row,) = set_aside(bank, contracts, "loan")
    assert row["rule_ids"] == "loan.currency.required, loan.status.allowed"
    assert row["source_row"] == 2
    assert str(row["amount"]) == "100000.00"
    assert (row["currency"], row["entity_id"], row["gl_account"]) == (None, "BANK", "1100")
    assert "currency is never empty" in row["reason"]
    assert "status is one of" in row["reason"]


def test_the_payload_is_the_row_as_delivered(bank, contracts):
    bank.deliver("loan", [LOAN | {"accrued_interest": "n/a"}])
    (row,) = set_aside(bank, contracts, "loan")
    payload = json.loads(row["payload"])
    assert payload["accrued_interest"] == "n/a"
    assert payload["as_of_date"] == "2026-10-31"
    assert set(payload) == set(contracts["loan"].column_names)


def test_an_amount_that_cannot_be_read_is_null_not_zero(bank, contracts):
    bank.deliver("loan", [LOAN | {"outstanding_principal": "100000,00"}])
    (row,) = set_aside(bank, contracts, "loan")
    assert row["amount"] is None
    assert row["rule_ids"] == "loan.outstanding_principal.type"


def test_warnings_and_unmapped_products_set_nothing_aside(bank, contracts):
    # a late loan in stage 2 is reported; an unmapped product stops the entity instead
    bank.deliver("loan", [LOAN | {"days_past_due": "95", "ifrs_stage": "2", "product_code": "new"}])
    assert set_aside(bank, contracts, "loan") == []


def test_every_row_is_either_trusted_or_set_aside(bank, contracts):
    faulty = LOAN | {"loan_no": "L2", "status": "live"}
    bank.deliver("loan", [LOAN, faulty, LOAN | {"loan_no": "L3"}, LOAN | {"loan_no": "L3"}])
    aside = [row["source_row"] for row in set_aside(bank, contracts, "loan")]
    trusted = bank.query(accepted_query(contracts["loan"])).to_pylist()
    assert aside == [2, 3, 4]
    assert [row["source_row"] for row in trusted] == [1]
    assert trusted[0]["delivered_as_of_date"] == "2026-10-31"


def test_a_faulty_leg_takes_the_other_leg_of_its_swap_along(bank, contracts):
    bank.deliver("derivative", [DERIVATIVE, DERIVATIVE | {"deal_no": "D2"}])
    other = [leg | {"deal_no": "D2"} for leg in (LEG, FLOATING_LEG)]
    bank.deliver("derivative_leg", [LEG | {"day_count": "?"}, FLOATING_LEG, *other])
    rows = set_aside(bank, contracts, "derivative_leg")
    assert [row["source_row"] for row in rows] == [1, 2]
    assert [row["rule_ids"] for row in rows] == [
        "derivative_leg.day_count.allowed",
        "derivative_leg.together",
    ]
    assert rows[1]["reason"] == "another row it belongs with is set aside"


def test_a_position_follows_its_counterparty_into_quarantine(bank, contracts):
    bank.deliver("counterparty", [{"counterparty_id": "C1", "country": "usa"}])
    assert [row["source_row"] for row in set_aside(bank, contracts, "counterparty")] == [1]
    trusted = bank.query(accepted_query(contracts["counterparty"]))
    bank.connection.register("trusted", trusted)
    bank.connection.execute("create or replace table raw.counterparty as select * from trusted")
    (row,) = set_aside(bank, contracts, "loan")
    assert row["rule_ids"] == "loan.counterparty_id.resolves"


def test_extracts_are_checked_after_those_they_look_into(contracts):
    order = checking_order(contracts)
    assert sorted(order) == sorted(contracts)
    place = order.index
    assert place("entity") < place("loan")
    assert max(place("counterparty"), place("collateral"), place("gl_map")) < place("loan")
    assert place("derivative") < place("derivative_leg") < place("encumbrance_link")


def test_the_order_does_not_depend_on_how_the_contracts_came():
    contracts = load_extract_contracts()
    backwards = dict(reversed(list(contracts.items())))
    assert checking_order(backwards) == checking_order(contracts)
