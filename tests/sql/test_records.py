"""Records of a close: which invariants are proved, what is covered, what the challenger says."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal


def test_an_invariant_is_proved_failed_or_without_anything_to_prove(bench):
    row = {"scope": "all", "left_amount": 0, "right_amount": 0, "difference_amount": 0,
           "tolerance_amount": 0}  # fmt: skip
    bench.give("audit.proofs", [
        row | {"invariant": "a floater is worth par on its reset", "is_passed": True},
        row | {"invariant": "a swap is a bond less a floater", "is_passed": False},
        row | {"invariant": "something new", "is_passed": True},
    ])  # fmt: skip
    found = {row["invariant"]: row for row in bench.run("audit.proof_coverage")}
    assert found["a floater is worth par on its reset"]["status"] == "proved"
    assert found["a swap is a bond less a floater"]["n_failed"] == 1
    assert found["a swap is a bond less a floater"]["status"] == "failed"
    assert found["a whole is worth its parts"]["status"] == "nothing to prove"
    assert found["something new"]["invariant_group"] == "not listed"
    assert found["margins and treasury result"]["status"] == "not applicable"


def test_every_ledger_line_and_product_stands_once_with_its_reason(bench):
    account = {"entity_id": "BANK", "currency": "USD", "balance_type": "principal"}
    bench.give("staging.gl_map", [
        {"gl_account": "1000", "side": "asset", "is_in_alm_scope": True},
        {"gl_account": "4000", "side": "income", "is_in_alm_scope": True},
        {"gl_account": "9000", "side": "asset", "is_in_alm_scope": False,
         "reason_if_out": "held in trust"},
    ])  # fmt: skip
    amounts = {"1000": "100.00", "4000": "7.00", "9000": "50.00", "9999": "3.00"}
    bench.give("staging.gl_balance", [
        account | {"gl_account": code, "ending_amount": amount} for code, amount in amounts.items()
    ])  # fmt: skip
    bench.give("book.ledger_reconciliation",
               [account | {"gl_account": "1000", "sub_ledger_amount": "90.00"}])  # fmt: skip
    bench.give("inputs.products", [
        {"product_code": "loan"},
        {"product_code": "cash", "exclusion_reason": "bears no interest"},
    ])  # fmt: skip
    position = {"entity_id": "BANK", "currency": "USD", "cash_flow_model": "bullet",
                "notional_amount": "0.00", "is_in_irrbb_scope": True}  # fmt: skip
    bench.give("book.positions", [
        position | {"position_id": "1", "product_code": "loan", "outstanding_principal": "60.00"},
        position | {"position_id": "2", "product_code": "loan", "outstanding_principal": "20.00"},
        position | {"position_id": "3", "product_code": "cash", "outstanding_principal": "5.00",
                    "is_in_irrbb_scope": False},
    ])  # fmt: skip
    bench.give("scenarios.position_values", [{"position_id": "1", "scenario": "base"}])
    found = {row["covered_item"]: row for row in bench.run("audit.completeness")}
    assert len(found) == 6
    told = {item: (row["status"], row["reason"]) for item, row in found.items()}
    assert told == {
        "1000": ("in scope", None),
        "4000": ("excluded", "income and expense of the year, not a balance"),
        "9000": ("excluded", "held in trust"),
        "9999": ("not mapped", "the account is not in the chart of accounts"),
        "loan": ("in scope", None),
        "cash": ("excluded", "bears no interest"),
    }
    assert found["1000"]["coverage_share"] == 0.9  # 90 of 100
    assert found["loan"]["modelled_amount"] == Decimal("60.00")  # position 2 has no value
    assert found["loan"]["coverage_share"] == 0.75  # 60 of 80


def test_the_worst_difference_of_a_product_is_named_and_so_is_what_cannot_be_valued(bench):
    row = {"scenario": "base", "method": "plain Python", "product_code": "loan", "stratum": "s",
           "allowed_share": 1e-8, "is_passed": True}  # fmt: skip
    bench.give("book.positions", [
        {"position_id": n, "product_code": code, "cash_flow_model": "bullet"}
        for n, code in (("1", "loan"), ("2", "loan"), ("3", "line"), ("4", "note"))
    ])  # fmt: skip
    bench.give("audit.challenger", [
        row | {"position_id": "1", "difference_share": 1e-12},
        row | {"position_id": "2", "difference_share": 3e-11, "scenario": "up"},
        {"position_id": "3", "scenario": "base", "method": "not valued", "product_code": "line",
         "stratum": "s", "allowed_share": 1e-8, "reason": "it is in arrears"},
    ])  # fmt: skip
    found = {row["product_code"]: row for row in bench.run("audit.challenger_coverage")}
    loan = found["loan"]
    assert (loan["n_positions"], loan["n_sampled"]) == (2, 2)
    worst = (loan["worst_position_id"], loan["worst_scenario"], loan["difference_share"])
    assert worst == ("2", "up", 3e-11)
    assert found["line"]["reason"] == "it is in arrears"
    assert found["line"]["difference_share"] is None
    assert found["note"]["method"] == "not sampled"


def test_four_of_each_kind_are_sampled_whatever_their_order(bench):
    kind = {"family": "mortgages", "cash_flow_model": "annuity", "amortisation_type": "annuity",
            "rate_type": "fixed", "currency": "USD"}  # fmt: skip
    other = kind | {"currency": "EUR"}
    rows = [kind | {"position_id": f"BANK:loan:{n}"} for n in range(30)]
    rows += [other | {"position_id": f"BANK:loan:{n}"} for n in range(30, 33)]
    rows.append({"position_id": "BANK:other:1", "cash_flow_model": "balance_only"})
    bench.give("book.positions", rows)
    first = bench.run("audit.challenger_sample")
    assert [r["stratum"].rpartition(", ")[2] for r in first].count("USD") == 4
    assert [r["stratum"].rpartition(", ")[2] for r in first].count("EUR") == 3
    assert {r["n_positions"] for r in first} == {30, 3}
    bench.query("delete from book.positions returning 1")
    bench.query("delete from audit.challenger_sample returning 1")
    bench.give("book.positions", rows[::-1])
    again = bench.run("audit.challenger_sample")
    assert {r["position_id"] for r in again} == {r["position_id"] for r in first}


def test_a_model_says_whether_its_review_is_due(bench):
    day = dt.date(2026, 10, 31)
    later, earlier = day.replace(year=2027), day.replace(year=2025)
    bench.give("inputs.models", [
        {"model": "a", "status": "development", "next_review": later},
        {"model": "b", "status": "development", "next_review": earlier},
        {"model": "c", "status": "approved", "last_review": earlier, "next_review": later},
        {"model": "d", "status": "approved", "last_review": earlier, "next_review": earlier},
    ])  # fmt: skip
    for column in bench.query("select column_name from (describe inputs.models)"):
        if column[0] not in ("model", "status", "last_review", "next_review", "tier",
                             "n_open_findings"):  # fmt: skip
            bench.query(f"update inputs.models set {column[0]} = 'x' returning 1")
    bench.query("update inputs.models set tier = 1, n_open_findings = 0 returning 1")
    found = {row["model"]: row["review_status"] for row in bench.run("audit.model_inventory")}
    assert found == {
        "a": "not yet reviewed",
        "b": "never reviewed, overdue",
        "c": "reviewed",
        "d": "review overdue",
    }
