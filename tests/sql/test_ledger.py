"""Does it tie: sub-ledger to ledger, assets to liabilities and equity, quarantine included?"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

ACCOUNT = {
    "gl_account": "1100",
    "side": "asset",
    "recon_group": "loans",
    "tolerance_amount": "1.00",
    "tolerance_share": 0.0,
    "is_in_alm_scope": True,
}
POSITION = {
    "entity_id": "BANK",
    "position_id": "BANK:loan:1",
    "extract": "loan",
    "balance_sheet_line": "loans_corporate",
    "gl_account": "1100",
    "currency": "USD",
    "side": "asset",
    "outstanding_principal": "1000.00",
    "notional_amount": "0.00",
    "carrying_amount": "980.00",
    "accrued_interest": "5.00",
    "deferred_fees_amount": "-8.00",
    "impairment_amount": "12.00",
}
ASIDE = {
    "source_file_id": "loan.csv",
    "source_row": 2,
    "rule_ids": "loan.maturity",
    "reason": "matures before it starts",
    "amount": "250.00",
    "currency": "USD",
    "entity_id": "BANK",
    "gl_account": "1100",
    "payload": json.dumps(
        {"outstanding_principal": "250.00", "carrying_amount": "245.00", "accrued_interest": "x"}
    ),
}


def ledger(balance_type: str, amount: str) -> dict[str, Any]:
    return {
        "entity_id": "BANK",
        "gl_account": "1100",
        "currency": "USD",
        "balance_type": balance_type,
        "ending_amount": amount,
    }


def reconciled(bench) -> dict[str, dict[str, Any]]:
    """Return the reconciliation by kind of balance."""
    return {row["balance_type"]: row for row in bench.run("book.ledger_reconciliation")}


def test_a_position_splits_into_the_balances_the_ledger_keeps(bench):
    # carried at 980 = 1,000 principal - 8 fees - 12 provision, so nothing is left for fair value
    bench.give("book.positions", [POSITION])
    bench.give("staging.gl_map", [ACCOUNT])
    bench.give(
        "staging.gl_balance",
        [
            ledger("principal", "1000.00"),
            ledger("accrued", "5.00"),
            ledger("fee", "-8.00"),
            ledger("provision", "12.00"),
        ],
    )
    rows = reconciled(bench)
    assert set(rows) == {"principal", "accrued", "fee", "provision"}
    assert {row["status"] for row in rows.values()} == {"matched"}


@pytest.mark.parametrize(
    ("ledger_amount", "status"), [("1001.00", "matched"), ("1001.01", "unexplained")]
)
def test_a_difference_on_the_tolerance_passes_and_a_cent_more_does_not(
    bench, ledger_amount, status
):
    bench.give("book.positions", [POSITION])
    bench.give("staging.gl_map", [ACCOUNT])
    bench.give("staging.gl_balance", [ledger("principal", ledger_amount)])
    assert reconciled(bench)["principal"]["status"] == status


def test_quarantined_principal_explains_what_the_ledger_has_more(bench):
    bench.give("quarantine.loan", [ASIDE])
    bench.give("staging.gl_map", [ACCOUNT])
    bench.give("book.positions", [POSITION])
    bench.give("staging.gl_balance", [ledger("principal", "1250.00")])
    (excluded,) = bench.run("book.excluded")
    assert (excluded["side"], excluded["excluded_rows"]) == ("asset", 1)
    assert excluded["carrying_amount"] == Decimal("245.00")
    assert excluded["accrued_interest"] == 0  # 'x' is no amount
    row = reconciled(bench)["principal"]
    assert (row["difference_amount"], row["unexplained_amount"]) == (Decimal("250.00"), 0)
    assert row["status"] == "explained"


def test_a_row_delivered_twice_counts_twice_and_explains_the_ledger_once(bench):
    copy = {**ASIDE, "source_row": int(str(ASIDE["source_row"])) + 1}
    bench.give("quarantine.loan", [ASIDE, copy])
    (row,) = bench.run("book.excluded")
    assert (row["excluded_rows"], row["outstanding_principal"]) == (2, Decimal("250.00"))
    assert row["carrying_amount"] == Decimal("245.00")


def test_what_is_set_aside_and_stands_in_no_ledger_account_is_unexplained(bench):
    bench.give("quarantine.loan", [ASIDE])
    bench.give("staging.gl_map", [ACCOUNT])
    bench.give("book.positions", [POSITION])
    bench.give("staging.gl_balance", [ledger("principal", "1000.00")])
    bench.run("book.excluded")
    row = reconciled(bench)["principal"]
    assert (row["difference_amount"], row["unexplained_amount"]) == (0, Decimal("-250.00"))
    assert row["status"] == "unexplained"


def test_accrued_interest_of_a_leg_set_aside_is_in_no_ledger_account(bench):
    payload = '{"notional_amount": "250.00", "accrued_interest": "3.00"}'
    leg = {**ASIDE, "gl_account": None, "payload": payload}
    bench.give("quarantine.derivative_leg", [leg])
    (row,) = bench.run("book.excluded")
    assert (row["excluded_rows"], row["accrued_interest"]) == (1, 0)


def test_a_quarantined_row_without_account_or_currency_is_still_counted(bench):
    bench.give(
        "quarantine.loan", [{**ASIDE, "gl_account": None, "currency": None, "payload": "broken {"}]
    )
    (row,) = bench.run("book.excluded")
    assert (row["gl_account"], row["currency"], row["side"]) == ("unknown", "unknown", "asset")
    assert (row["excluded_rows"], row["outstanding_principal"]) == (1, Decimal("250.00"))


def test_a_ledger_account_nobody_mapped_is_a_difference_not_an_omission(bench):
    bench.give("staging.gl_balance", [ledger("principal", "7.00")])
    row = reconciled(bench)["principal"]
    assert (row["recon_group"], row["status"]) == ("unmapped", "unexplained")


def test_without_a_ledger_the_reconciliation_is_not_available(bench):
    bench.give("book.positions", [POSITION])
    bench.give("inputs.not_delivered", [{"extract": "gl_balance"}])
    row = reconciled(bench)["principal"]
    assert row["status"] == "not_available"
    assert row["ledger_amount"] is None
    assert row["sub_ledger_amount"] == Decimal("1000.00")


def test_assets_are_liabilities_and_equity_with_accrued_interest_and_excluded_rows(bench):
    # 980 + 5 carried, 245 set aside = 1,230; owed 730 + 0, equity 500
    debt = {
        **POSITION,
        "extract": "borrowing",
        "side": "liability",
        "balance_sheet_line": "debt",
        "carrying_amount": "730.00",
        "accrued_interest": "0.00",
    }
    own = {**debt, "side": "equity", "balance_sheet_line": "equity", "carrying_amount": "500.00"}
    bench.give("book.positions", [POSITION, debt, own])
    bench.give("quarantine.loan", [ASIDE])
    bench.run("book.excluded")
    lines = {row["balance_sheet_line"]: row for row in bench.run("book.balance_sheet")}
    assert lines["accrued_interest"]["carrying_amount"] == Decimal("5.00")
    assert lines["excluded_rows"]["n_positions"] == 1
    (row,) = bench.run("book.balance_check")
    assert row["assets_amount"] == Decimal("985.00")
    assert row["excluded_amount"] == Decimal("245.00")
    assert row["difference_amount"] == 0


def test_assets_a_source_declares_it_cannot_deliver_are_one_line(bench):
    owed = {**POSITION, "side": "liability", "extract": "deposit_nmd", "carrying_amount": "1985.00"}
    bench.give("book.positions", [POSITION, {**owed, "accrued_interest": "0.00"}])
    bench.give("inputs.declared", [{"item": "assets_not_delivered"}])
    lines = {row["balance_sheet_line"]: row for row in bench.run("book.balance_sheet")}
    # 1,985 owed - 985 of assets delivered
    assert lines["assets_not_delivered"]["carrying_amount"] == Decimal("1000.00")
    assert lines["assets_not_delivered"]["n_positions"] == 0
