"""Thresholds, samples and verdicts: what a failure leads to, and what it says."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from alm_pipeline.validation.evaluation import evaluate, evaluate_many, sets_rows_aside
from tests.unit.validation.conftest import ENTITY, LOAN


def results_of(session, contract, **options):
    found = evaluate(session, contract, engine="counts", **options)
    return {result.rule_id: result for result in found}


def test_a_result_says_what_where_how_much_and_which(bank, contracts):
    bank.deliver("loan", [LOAN, LOAN | {"loan_no": "L2", "status": "live"}])
    result = results_of(bank, contracts["loan"])["loan.status.allowed"]
    assert (result.failed_rows, result.total_rows) == (1, 2)
    assert result.failed_amount == Decimal("100000.00")
    assert json.loads(result.sample) == [{"entity_id": "BANK", "loan_no": "L2", "source_row": 2}]
    assert result.severity == "quarantine"
    assert not result.is_blocking
    assert not result.passed
    assert result.entities == ("BANK",)
    assert result.message.startswith("1 row breaks 'status is one of active, ")
    assert result.message.endswith("| raw.loan | set aside")


def test_at_most_twenty_keys_are_shown(bank, contracts):
    bank.deliver("loan", [LOAN | {"loan_no": f"L{i}", "status": "live"} for i in range(25)])
    result = results_of(bank, contracts["loan"])["loan.status.allowed"]
    assert result.failed_rows == 25
    shown = [row["source_row"] for row in json.loads(result.sample)]
    assert shown == list(range(1, 21))


def loans(n_sound: int, n_faulty: int, faulty_amount: str = "1.00"):
    """Sound loans of 100 each, then faulty ones."""
    sound = LOAN | {"outstanding_principal": "100.00", "accrued_interest": "0.25"}
    faulty = sound | {"status": "live", "outstanding_principal": faulty_amount}
    listed = [sound | {"loan_no": f"S{i}"} for i in range(n_sound)]
    return listed + [faulty | {"loan_no": f"F{i}"} for i in range(n_faulty)]


@pytest.mark.parametrize(
    ("n_sound", "n_faulty", "amount", "message"),
    [
        # 10 of 100 rows, but no more than ten; 0.10 of 9,000.10 is next to nothing
        (90, 10, "0.01", ""),
        # 11 of 1,100 rows are 1.00 %, which is allowed
        (1089, 11, "0.01", ""),
        # 12 of 1,100 rows are 1.09 %
        (1088, 12, "0.01", "BANK: 1.09% of rows set aside, 1.00% allowed"),
        # 1 of 100 rows, and 100.01 of 10,000.01 = 1.0001 % of the amount
        (99, 1, "100.01", "BANK: 1.00% of amount set aside, 1.00% allowed"),
    ],
)
def test_an_entity_stops_above_one_per_cent_of_rows_or_amount(
    bank, contracts, n_sound, n_faulty, amount, message
):
    bank.deliver("loan", loans(n_sound, n_faulty, amount))
    result = results_of(bank, contracts["loan"])["loan.quarantine_share"]
    assert result.passed is (message == "")
    assert result.message == (message and f"{message} | raw.loan")
    assert result.is_blocking


def test_a_misplaced_decimal_point_counts_up_to_the_original_amount(bank, contracts):
    # 500,000,000.00 delivered for a loan of 50.00; 50 of 9,900 + 500,000,000 is nothing
    faulty = LOAN | {"outstanding_principal": "500000000.00", "original_amount": "50.00"}
    bank.deliver("loan", [*loans(99, 0), faulty])
    found = results_of(bank, contracts["loan"])
    assert found["loan.outstanding_within_original"].failed_amount == Decimal("500000000.00")
    assert found["loan.quarantine_share"].passed


def test_rows_of_an_unknown_entity_are_judged_against_the_whole_extract(bank, contracts):
    stray = LOAN | {"loan_no": "X", "entity_id": "SHOP", "outstanding_principal": "50.00"}
    # 50 of 9,950 is half a per cent; 50 of 950 is five
    for n_sound, passes in ((99, True), (9, False)):
        bank.deliver("loan", [*loans(n_sound, 0), stray])
        result = results_of(bank, contracts["loan"])["loan.quarantine_share"]
        assert result.passed is passes


def test_no_row_of_the_ledger_may_be_set_aside(bank, contracts):
    row = {"entity_id": "BANK", "gl_account": "1100", "currency": "USD", "ending_amount": "1.00"}
    bank.deliver("gl_balance", [row | {"balance_type": kind} for kind in ("principal", "other")])
    assert not results_of(bank, contracts["gl_balance"])["gl_balance.quarantine_share"].passed


def test_the_share_is_judged_per_entity(bank, contracts):
    # 100 of 30,100 in all, but 100 of 200 of the subsidiary
    bank.deliver("entity", [ENTITY, ENTITY | {"entity_id": "SUB"}])
    small = [row | {"entity_id": "SUB"} for row in loans(1, 1, "100.00")]
    bank.deliver("loan", [*loans(299, 0), *small])
    result = results_of(bank, contracts["loan"])["loan.quarantine_share"]
    assert result.entities == ("SUB",)
    assert result.message.startswith("SUB: 50.00% of amount")


def test_a_missing_extract_blocks_unless_it_is_declared(bank, contracts):
    bank.deliver("loan", [])
    result = results_of(bank, contracts["loan"])["loan.is_delivered"]
    assert (result.passed, result.is_blocking) == (False, True)
    assert "none is declared as missing" in result.message
    bank.connection.execute("insert into inputs.not_delivered values ('loan', 'waived')")
    assert results_of(bank, contracts["loan"])["loan.is_delivered"].passed


def test_an_extract_nobody_needs_may_be_missing(bank, contracts):
    assert "schedule_event.is_delivered" not in results_of(bank, contracts["schedule_event"])


def test_a_jump_in_rows_against_the_previous_close_is_reported(bank, contracts):
    # 30 loans after 20: half as many again, a quarter is allowed; 25 after 20 is a quarter
    bank.deliver("loan", loans(20, 0), schema="previous")
    bank.deliver("loan", loans(30, 0))
    result = results_of(bank, contracts["loan"], has_previous=True)["loan.drift"]
    assert not result.passed
    assert result.message.startswith("BANK: rows moved by +50.0%, 25% allowed")
    assert result.severity == "warning"
    bank.deliver("loan", loans(25, 0))
    assert results_of(bank, contracts["loan"], has_previous=True)["loan.drift"].passed


def test_a_jump_in_the_amount_alone_is_reported(bank, contracts):
    # 20 loans of 100 become 19 of 100 and one of 700: 2,600 after 2,000 is +30 %
    bank.deliver("loan", loans(20, 0), schema="previous")
    big = loans(20, 0)
    big[0] = big[0] | {"outstanding_principal": "700.00"}
    bank.deliver("loan", big)
    result = results_of(bank, contracts["loan"], has_previous=True)["loan.drift"]
    assert result.message.startswith("BANK: amount moved by +30.0%")


def test_without_a_previous_close_nothing_is_compared_and_that_is_said(bank, contracts):
    result = results_of(bank, contracts["loan"])["loan.drift"]
    assert result.passed
    assert result.message == "no previous close to compare with"


def test_a_product_that_vanishes_is_reported(bank, contracts):
    # 7 of 20 gone: more than five and more than a fifth; 4 of 20 are customers who repaid
    before = loans(20, 0)
    bank.deliver("loan", before, schema="previous")
    bank.deliver("loan", before[7:])
    result = results_of(bank, contracts["loan"], has_previous=True)["loan.few_contracts_disappear"]
    assert json.loads(result.sample) == [
        {"entity_id": "BANK", "n_before": 20, "n_gone": 7, "product_code": "mortgage_fixed"}
    ]
    bank.deliver("loan", before[4:])
    assert results_of(bank, contracts["loan"], has_previous=True)[
        "loan.few_contracts_disappear"
    ].passed


def test_history_that_misses_the_positions_at_their_common_month_is_reported(bank, contracts):
    # history says 1,010 where 1,000 is delivered: 1 %, half a per cent is allowed
    account = {"entity_id": "BANK", "account_no": "A", "product_code": "savings", "currency": "USD"}
    bank.deliver("deposit_nmd", [account | {"outstanding_principal": "1000.00"}])
    cohort = {"entity_id": "BANK", "cohort_id": "K", "product_code": "savings", "currency": "USD"}
    month = cohort | {"month": "2026-10-31", "balance_amount": "1010.00"}
    bank.deliver("hist_deposit_balance", [month, month | {"month": "2026-09-30"}])
    name = "hist_deposit_balance.history_meets_positions"
    assert results_of(bank, contracts["hist_deposit_balance"])[name].failed_rows == 1
    bank.deliver("hist_deposit_balance", [month | {"balance_amount": "1004.00"}])
    assert results_of(bank, contracts["hist_deposit_balance"])[name].passed


def test_rules_of_a_later_stage_wait_for_it(bank, contracts):
    name = "derivative.fair_value_near_model"
    assert name not in results_of(bank, contracts["derivative"])
    connection = bank.connection
    connection.execute(
        "create table staging.derivative as select date '2026-10-31' as as_of_date,"
        " 'BANK' as entity_id, 'D1' as deal_no, 9000.00 as fair_value_clean_amount,"
        " 1000000.00 as notional_amount"
    )
    connection.execute(
        "create table staging.derivative_leg as select 'BANK' as entity_id, 'D1' as deal_no,"
        " unnest(['P1', 'P2']) as position_id"
    )
    connection.execute(
        "create table scenarios.position_values as select 'base' as scenario,"
        " unnest(['P1', 'P2']) as position_id, unnest([-2000.0, 4000.0]) as present_value,"
        " 0.0 as option_value"
    )
    # the legs are worth 2,000; 9,000 is 0.7 % of the notional away, half a per cent is allowed
    (result,) = evaluate(bank, contracts["derivative"], stage="scenarios", engine="counts")
    assert (result.rule_id, result.failed_rows, result.severity) == (name, 1, "warning")


def test_great_expectations_gives_the_verdict_on_all_extracts_at_once(bank, contracts):
    bank.deliver("loan", [LOAN, LOAN | {"loan_no": "L2", "status": "live", "days_past_due": "99"}])
    chosen = [contracts[name] for name in ("entity", "counterparty", "loan", "gl_balance")]
    by_gx = evaluate_many(bank, chosen)
    by_count = evaluate_many(bank, chosen, engine="counts")
    assert by_gx == by_count
    failing = {result.rule_id: result.severity for result in by_gx if not result.passed}
    assert failing == {
        "loan.status.allowed": "quarantine",
        "loan.no_twin_contract": "warning",
        "loan.quarantine_share": "blocking",
        "gl_balance.is_delivered": "blocking",
    }


def test_rows_are_set_aside_only_where_a_row_breaks_a_rule(bank, contracts):
    assert not sets_rows_aside(evaluate(bank, contracts["loan"], engine="counts"))
    bank.deliver("loan", [LOAN | {"status": "live"}])
    assert sets_rows_aside(evaluate(bank, contracts["loan"], engine="counts"))


def test_a_currency_without_quotes_or_exchange_rate_is_named(bank, contracts):
    bank.deliver("loan", [LOAN, LOAN | {"loan_no": "L2", "currency": "EUR"}])
    bank.connection.execute("insert into inputs.curves values ('eur_ois', 'EUR', 'discount')")
    curves = results_of(bank, contracts["curve_quote"])["curve_quote.used_curves_are_quoted"]
    assert json.loads(curves.sample) == [{"curve_id": "eur_ois", "currency": "EUR"}]
    rates = results_of(bank, contracts["fx_rate"])["fx_rate.covers_every_currency"]
    assert json.loads(rates.sample) == [{"currency": "EUR", "reporting_currency": "USD"}]
    bank.deliver("fx_rate", [{"base_currency": "EUR", "quote_currency": "USD", "fx_rate": "1.1"}])
    assert results_of(bank, contracts["fx_rate"])["fx_rate.covers_every_currency"].passed
