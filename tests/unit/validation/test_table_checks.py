"""Checks of later tables: what ties passes, what does not is found and blocks."""

from __future__ import annotations

import json

import pytest

from alm_pipeline.validation.required_checks import blocking_checks
from alm_pipeline.validation.table_checks import (
    SCENARIO_CHECKS,
    TABLE_CHECKS,
    evaluate_table_checks,
    later_checks,
    run_checks,
)


def reconciliation(session, unexplained, recon_group="loans", status="explained"):
    session.connection.execute(
        "create or replace table book.ledger_reconciliation as select 'BANK' as entity_id,"
        f" '1100' as gl_account, '{recon_group}' as recon_group,"
        f" cast({unexplained} as decimal(18, 2)) as unexplained_amount,"
        f" cast(5 as decimal(18, 2)) as tolerance_amount, '{status}' as status"
    )


@pytest.mark.parametrize(
    ("unexplained", "is_tied"),
    [("0", True), ("5", True), ("-5", True), ("5.01", False), ("-5.01", False), ("null", True)],
)
def test_a_ledger_difference_blocks_beyond_its_tolerance(session, unexplained, is_tied):
    reconciliation(session, unexplained)
    results = evaluate_table_checks(session, "book.ledger_reconciliation", "counts")
    found = {result.rule_id: result for result in results}
    tie = found["book.ledger_reconciliation.ties"]
    assert tie.passed is is_tied
    assert tie.is_blocking
    assert tie.total_rows == 1
    assert found["book.ledger_reconciliation.every_account_is_mapped"].passed


def test_the_verdict_of_great_expectations_is_the_same(session):
    reconciliation(session, "5.01", recon_group="unmapped")
    by_gx = evaluate_table_checks(session, "book.ledger_reconciliation")
    assert by_gx == evaluate_table_checks(session, "book.ledger_reconciliation", "counts")
    assert not any(result.passed for result in by_gx)
    assert by_gx[0].entities == ("BANK",)
    assert json.loads(by_gx[0].sample)[0]["gl_account"] == "1100"


def test_an_account_nobody_mapped_blocks_unless_no_ledger_is_delivered(session):
    name = "book.ledger_reconciliation.every_account_is_mapped"
    for status, passes in (("unexplained", False), ("not_available", True)):
        reconciliation(session, "0", recon_group="unmapped", status=status)
        results = evaluate_table_checks(session, "book.ledger_reconciliation", "counts")
        assert {r.rule_id: r.passed for r in results}[name] is passes


def test_one_cent_between_assets_and_liabilities_blocks(session):
    check = "book.balance_check"
    for difference, passes in (("0.00", True), ("0.01", False), ("-0.01", False)):
        session.connection.execute(
            f"create or replace table {check} as select 'BANK' as entity_id,"
            f" cast({difference} as decimal(18, 2)) as difference_amount"
        )
        (result,) = evaluate_table_checks(session, check, "counts")
        assert result.passed is passes


def test_a_currency_without_a_rate_is_reported(session):
    session.connection.execute(
        "create table book.translation_rates as select unnest(['USD', 'EUR']) as currency,"
        " unnest([1.0, null]) as translation_rate"
    )
    (result,) = evaluate_table_checks(session, "book.translation_rates", "counts")
    assert (result.failed_rows, result.is_blocking, result.passed) == (1, False, False)


def test_a_zero_rate_or_forward_out_of_band_blocks(session):
    # 4 % to one year and 40 % to two: the forward is 2 * 0.40 - 0.04 = 76 %, above 60 %
    session.connection.execute(
        "create table scenarios.zero_rates as select 'base' as scenario, 'usd_ois' as curve_id,"
        " unnest([365, 730]) as tenor_days, unnest([0.04, 0.40]) as zero_rate"
    )
    rates, forwards = run_checks(session, SCENARIO_CHECKS, "counts")
    assert (rates.passed, forwards.passed) == (True, False)
    session.connection.execute("update scenarios.zero_rates set zero_rate = 0.51")
    rates, forwards = run_checks(session, SCENARIO_CHECKS, "counts")
    assert (rates.failed_rows, forwards.passed) == (2, True)


def test_rules_of_contracts_that_wait_for_a_stage_name_what_they_read(contracts):
    later = later_checks(contracts.values(), "scenarios")
    assert [check.check_id for check in later] == ["derivative.fair_value_near_model"]
    assert "scenarios.position_values" in later[0].reads
    assert later_checks(contracts.values(), "raw") == ()


def test_every_blocking_check_is_one_the_gate_asks_for(contracts):
    required = blocking_checks(contracts)
    for check in TABLE_CHECKS:
        is_required = check.check_id in required.get(check.table, ())
        assert is_required is (check.severity == "blocking")
    assert "loan.quarantine_share" in required["raw.loan"]
    assert "derivative.fair_value_near_model" not in required["raw.derivative"]
