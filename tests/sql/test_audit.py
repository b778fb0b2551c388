"""Audit: a proof that fails says so, every exception is listed, every position has its rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

POSITION = {
    "position_id": "BANK:loan:1", "extract": "loan", "entity_id": "BANK", "currency": "USD",
    "product_code": "loan", "cash_flow_model": "bullet", "direction": 1, "option_type": "none",
    "outstanding_principal": "100.00", "notional_amount": "0.00", "impairment_amount": "0.00",
}  # fmt: skip
VALUE = {
    "scenario": "base", "position_id": "BANK:loan:1", "entity_id": "BANK", "currency": "USD",
    "present_value": 90.0, "option_value": 0.0, "opening_principal": 100.0,
    "capitalised_interest": 0.0,
    "drawn_principal": 0.0, "scheduled_principal": 60.0, "prepaid_principal": 30.0,
    "written_off_principal": 0.0, "remaining_principal": 10.0,
}  # fmt: skip
FLOW = {
    "scenario": "base", "entity_id": "BANK", "currency": "USD", "product_code": "loan",
    "bucket": 1, "interest_amount": 0.0,
}  # fmt: skip


TIES = ("audit.book_ties", "audit.flow_ties", "audit.report_ties")


def proofs(bench) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the proofs by invariant and scope, made from ties made anew."""
    for table in (*TIES, "audit.proofs"):
        bench.give(table, [])
        bench.query(f"delete from {table} returning 1")
    for table in TIES:
        bench.run(table)
    return {(row["invariant"], row["scope"]): row for row in bench.run("audit.proofs")}


def test_principal_that_vanished_from_one_position_is_seen(bench):
    bench.give("scenarios.position_values", [VALUE, {**VALUE, "remaining_principal": 9.5}])
    row = proofs(bench)["principal of every position is accounted for", "base"]
    assert (row["left_amount"], row["is_passed"]) == (Decimal("0.50"), False)


def test_errors_of_opposite_sign_do_not_cancel(bench):
    off = [{**VALUE, "remaining_principal": 10.0 + d} for d in (0.5, -0.5)]
    bench.give("scenarios.position_values", off)
    row = proofs(bench)["principal of every position is accounted for", "base"]
    assert row["is_passed"] is False


def test_the_principal_of_the_gap_is_what_is_outstanding_and_swapped(bench):
    pay = {**POSITION, "extract": "derivative_leg", "direction": -1, "notional_amount": "40.00",
           "outstanding_principal": "0.00"}  # fmt: skip
    option = {**pay, "option_type": "cap"}
    bench.give("book.positions", [POSITION, pay, option])
    bench.give("scenarios.cash_flow_buckets",
               [{**FLOW, "bucket_set": "irrbb", "principal_amount": 60.0}])  # fmt: skip
    row = proofs(bench)["principal of the repricing gap is outstanding and notional",
                        "BANK USD behavioural"]  # fmt: skip
    assert (row["right_amount"], row["is_passed"]) == (Decimal("60.00"), True)  # 100 - 40


def test_a_position_nobody_placed_fails_the_close(bench):
    bench.give("book.unmapped_positions", [{"position_id": "BANK:loan:9"}])
    assert proofs(bench)["every position is in the product map", "all"]["is_passed"] is False


def test_an_unexplained_ledger_difference_fails_and_an_explained_one_does_not(bench):
    line = {"status": "explained", "entity_id": "BANK", "unexplained_amount": 5}
    bench.give("book.ledger_reconciliation", [line])
    assert proofs(bench)["the sub-ledger ties to the ledger", "BANK"]["is_passed"] is True
    bench.query("update book.ledger_reconciliation set status = 'unexplained' returning 1")
    assert proofs(bench)["the sub-ledger ties to the ledger", "BANK"]["is_passed"] is False


def test_buckets_that_lost_a_flow_do_not_tie_to_the_positions(bench):
    bench.give("scenarios.position_values", [VALUE])
    bench.give("scenarios.cash_flow_buckets",
               [{**FLOW, "bucket_set": "liquidity", "present_value": 89.0}])  # fmt: skip
    row = proofs(bench)["present values of the buckets add up to those of the positions",
                        "base BANK USD"]  # fmt: skip
    assert (row["difference_amount"], row["is_passed"]) == (Decimal("-1.00"), False)


def test_what_is_accepted_although_it_is_missing_is_listed_with_its_owner(bench):
    owned = {"owner": "team:x"}
    missing = {"extract": "capital", "treatment": "no ratio", "reason": "not in the files"}
    proxy = {"item": "curve", "reason": "proxy", "applies_to": "scenarios.zero_rates"}
    early = {"item": "eu_2024", "item_kind": "pack", "effective_from": "2024-05-14"}
    bench.give("inputs.not_delivered", [{**missing, **owned}])
    bench.give("inputs.declared", [{**proxy, **owned}])
    bench.give("inputs.outside_dates", [{**early, **owned}])
    stopped = {"currency": "EUR", "scenario": "base", "cause": "no quote"}
    bench.give("scenarios.stopped_currencies", [stopped])
    rows = {row["exception_kind"]: row for row in bench.run("audit.exception_ledger")}
    assert set(rows) == {
        "not delivered",
        "declared, not delivered",
        "used outside its dates",
        "currency stopped",
    }
    assert rows["used outside its dates"]["reason"] == "in force from 2024-05-14 to further notice"


def test_a_position_built_from_transactions_has_many_sources(bench):
    bench.give("book.positions", [{"position_id": "BANK:loan:1"}])
    bench.give("raw.loan", [{"entity_id": "BANK", "loan_no": n, "source_file_id": "loan.csv",
                             "source_row": int(n)} for n in ("1", "2")])  # fmt: skip
    bench.give("raw.position_source", [{"position_key": "BANK:loan:1", "source_file_id": "trans",
                                        "source_row": 7}])  # fmt: skip
    sources = {(r["source_file_id"], r["source_row"]) for r in bench.run("audit.position_sources")}
    assert sources == {("loan.csv", 1), ("trans", 7)}  # loan 2 is in no book


def test_a_stopped_currency_is_not_called_a_difference(bench):
    bench.give("book.positions", [POSITION])
    bench.give("scenarios.stopped_currencies", [{"scenario": "base", "currency": "USD"}])
    assert not [k for k in proofs(bench) if k[0].startswith("principal of the repricing gap")]
