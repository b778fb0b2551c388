"""Deposits cut into insured and uninsured parts, each under one rule, and what runs off."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sql.report_rows import FOOTERS, RATES, UNITS

CAPS = [{"pack": "p", "level_2_cap_share": 0.4, "level_2b_cap_share": 0.15, "unwind_days": 30}]
RATES_OF_RUN_OFF = {
    "retail_stable": 0.05, "retail_less_stable": 0.10, "retail_term_beyond": 0.0,
    "small_business_stable": 0.05, "small_business_less_stable": 0.10,
    "small_business_term_beyond": 0.0, "operational_insured": 0.05, "operational_uninsured": 0.25,
    "non_financial_insured": 0.20, "non_financial": 0.40, "other_legal_entity": 1.0,
    "wholesale_term_beyond": 0.0,
}  # fmt: skip
RULES = [{"pack": "p", "deposit_rule": rule, "run_off_share": share}
         for rule, share in RATES_OF_RUN_OFF.items()]  # fmt: skip
POSITION = {"position_id": "d", "entity_id": "BANK", "currency": "USD", "product_code": "account",
            "side": "liability", "is_intragroup": False}  # fmt: skip


def give(bench, kind: str | None, balance: str) -> None:
    bench.give("inputs.hqla_caps", CAPS)
    bench.give("inputs.deposit_rules", RULES)
    bench.give("book.positions", [{**POSITION, "outstanding_principal": balance}])
    if kind is not None:
        bench.give("staging.counterparty", [{"counterparty_id": "c", "counterparty_type": kind,
                                             "is_established_relationship": True}])  # fmt: skip


def parts_of(bench) -> dict[str, tuple[str | None, float]]:
    rows = bench.run("metrics.lcr_deposit_slices")
    return {row["deposit_slice"]: (row["deposit_rule"], row["slice_amount"]) for row in rows}


def account(bench, kind: str | None, balance: str, insured: str, **given: Any) -> Any:
    """Return the parts of an account."""
    give(bench, kind, balance)
    row = {"position_id": "d", "counterparty_id": "c", "insured_amount": insured,
           "is_operational": False, "is_relationship": True, "is_transactional": False}  # fmt: skip
    bench.give("staging.deposit_nmd", [{**row, **given}])
    return parts_of(bench)


def term(bench, kind: str, ends: str | None, *, may_leave: bool) -> Any:
    """Return the parts of a term deposit of 150, of which 100 are insured."""
    give(bench, kind, "150.00")
    bench.give("staging.deposit_term", [
        {"position_id": "d", "counterparty_id": "c", "insured_amount": "100.00",
         "maturity_date": ends, "is_early_withdrawal_allowed": may_leave}
    ])  # fmt: skip
    return parts_of(bench)


def test_the_insured_part_is_stable_and_the_excess_is_not(bench):
    # 150 with a limit of 100: 100 may be stable, 50 is less stable (trap 3 of the facts)
    assert account(bench, "retail", "150.00", "100.00") == {
        "insured": ("retail_stable", 100.0), "uninsured": ("retail_less_stable", 50.0),
    }  # fmt: skip


def test_insurance_alone_does_not_make_a_deposit_stable(bench):
    found = account(bench, "retail", "80.00", "80.00", is_relationship=False)
    assert found == {"insured": ("retail_less_stable", 80.0)}


def test_a_salary_account_is_stable_without_another_relationship(bench):
    found = account(
        bench, "small_business", "80.00", "80.00", is_relationship=False, is_transactional=True
    )
    assert found == {"insured": ("small_business_stable", 80.0)}


def test_twenty_per_cent_needs_the_whole_deposit_insured(bench):
    whole = account(bench, "non_financial_corporate", "80.00", "80.00")
    assert whole == {"insured": ("non_financial_insured", 80.0)}


def test_a_part_insured_gives_no_benefit_to_a_corporate(bench):
    assert account(bench, "sovereign", "150.00", "100.00") == {
        "insured": ("non_financial", 100.0), "uninsured": ("non_financial", 50.0),
    }  # fmt: skip


def test_operational_balances_are_a_quarter_and_their_insured_part_less(bench):
    found = account(bench, "non_financial_corporate", "150.00", "100.00", is_operational=True)
    assert found == {
        "insured": ("operational_insured", 100.0), "uninsured": ("operational_uninsured", 50.0),
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["bank", "broker_dealer", "investment_fund", "other"])
def test_banks_and_funds_run_off_whole(bench, kind):
    assert account(bench, kind, "70.00", "0.00") == {"uninsured": ("other_legal_entity", 70.0)}


def test_nobody_of_a_known_type_is_told(bench):
    assert account(bench, None, "70.00", "0.00") == {"uninsured": (None, 70.0)}


@pytest.mark.parametrize(
    ("kind", "ends", "may_leave", "rules"),
    [  # as of 31 October: 30 November is day 30 and inside, 1 December beyond
        ("retail", "2026-11-30", False, ("retail_stable", "retail_less_stable")),
        ("retail", "2026-12-01", False, ("retail_term_beyond",) * 2),
        ("retail", "2026-12-01", True, ("retail_stable", "retail_less_stable")),
        ("retail", None, False, ("retail_stable", "retail_less_stable")),
        ("small_business", "2026-12-01", False, ("small_business_term_beyond",) * 2),
        ("non_financial_corporate", "2026-12-01", False, ("wholesale_term_beyond",) * 2),
        ("bank", "2026-11-30", False, ("other_legal_entity",) * 2),
    ],
)
def test_what_cannot_leave_within_thirty_days_does_not(bench, kind, ends, may_leave, rules):
    found = term(bench, kind, ends, may_leave=may_leave)
    assert (found["insured"][0], found["uninsured"][0]) == rules


def slice_of(rule: str | None, amount: float, **given: Any) -> dict[str, Any]:
    rate = RATES_OF_RUN_OFF.get(rule or "")
    row = {"pack": "p", "entity_id": "BANK", "currency": "USD", "position_id": f"d{rule}",
           "deposit_slice": "insured", "is_intragroup": False, "deposit_rule": rule,
           "run_off_share": rate, "slice_amount": amount,
           "slice_outflow": None if rate is None else rate * amount}  # fmt: skip
    return {**row, **given}


@pytest.fixture
def totals(bench):
    bench.give("book.reporting_units", UNITS)
    bench.give("metrics.report_footers", FOOTERS)
    bench.give("book.translation_rates", RATES)
    bench.give("inputs.deposit_rules", RULES)
    return bench


def test_the_outflows_of_the_worked_example(totals):
    # 1,000 stable 50, 500 less stable 50, 200 operational 50, 300 corporate 120, 50 financial 50
    totals.give("metrics.lcr_deposit_slices", [
        slice_of("retail_stable", 1000.0), slice_of("retail_less_stable", 500.0),
        slice_of("operational_uninsured", 200.0), slice_of("non_financial", 300.0),
        slice_of("other_legal_entity", 50.0),
    ])  # fmt: skip
    rows = {r["deposit_rule"]: r for r in totals.run("reports.lcr_deposits")
            if (r["entity_id"], r["contract_currency"]) == ("BANK", "all")}  # fmt: skip
    assert float(rows["non_financial"]["outflow_30d_amount"]) == 120.0
    assert float(rows["all"]["deposit_amount"]) == 2050.0
    assert float(rows["all"]["outflow_30d_amount"]) == 320.0


def test_a_total_with_a_deposit_of_nobody_is_not_shown(totals):
    odd = slice_of(None, 10.0, unclassified_reason="no counterparty of a known type")
    totals.give("metrics.lcr_deposit_slices", [slice_of("retail_stable", 1000.0), odd])
    rows = {r["deposit_rule"]: r for r in totals.run("reports.lcr_deposits")
            if (r["entity_id"], r["contract_currency"]) == ("BANK", "all")}  # fmt: skip
    assert rows["all"]["outflow_30d_amount"] is None
    assert "no counterparty" in rows["all"]["availability"]
    assert float(rows["retail_stable"]["outflow_30d_amount"]) == 50.0
