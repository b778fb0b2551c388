"""Every kind of rule finds the fault planted for it, and nothing else on sound rows."""

from __future__ import annotations

import json

import pytest

from alm_pipeline.validation.evaluation import evaluate
from alm_pipeline.validation.rules import compile_rules
from alm_pipeline.validation.table_checks import SCENARIO_CHECKS, TABLE_CHECKS
from tests.unit.validation.conftest import (
    ACCOUNT,
    COUNTERPARTY,
    DERIVATIVE,
    ENTITY,
    FLOATING_LEG,
    LEG,
    LOAN,
    RowsSession,
)

# fault in one loan -> the rules it breaks, all of them
LOAN_FAULTS: dict[str, tuple[dict[str, str | None], set[str]]] = {
    "a word for an amount": ({"accrued_interest": "n/a"}, {"accrued_interest.type"}),
    "a third decimal": ({"accrued_interest": "250.004"}, {"accrued_interest.type"}),
    "a thousands separator": ({"accrued_interest": "1,250.00"}, {"accrued_interest.type"}),
    "an infinite rate": ({"ftp_rate": "inf"}, {"ftp_rate.type", "ftp_rate.range"}),
    "a number that is none": ({"sold_share": "nan"}, {"sold_share.type"}),
    "a day that does not exist": ({"trade_date": "2026-02-30"}, {"trade_date.type"}),
    "a date of another form": ({"trade_date": "15/10/2026"}, {"trade_date.type"}),
    "a flag of another form": ({"is_secured": "Y"}, {"is_secured.type"}),
    "half a month": ({"amortisation_months": "360.5"}, {"amortisation_months.type"}),
    "no currency": ({"currency": None}, {"currency.required"}),
    "a blank currency": ({"currency": "  "}, {"currency.required", "currency.pattern"}),
    "an unknown status": ({"status": "live"}, {"status.allowed"}),
    "a negative share": ({"sold_share": "-0.1"}, {"sold_share.range"}),
    "a currency in small letters": ({"currency": "usd"}, {"currency.pattern"}),
    "an unknown customer": ({"counterparty_id": "nobody"}, {"counterparty_id.resolves"}),
    "an account that lost its zeros": ({"gl_account": "11"}, {"gl_account.resolves"}),
    "an unmapped product": ({"product_code": "new"}, {"product_code.resolves"}),
    "another entity's row": ({"entity_id": "SHOP"}, {"entity_id.resolves"}),
    "a row of another month": ({"as_of_date": "2026-11-30"}, {"as_of_date_is_the_close"}),
    "a percentage for a rate": (
        {"coupon_rate": "6.0"},
        {"coupon_rate.range", "annuity_repays_to_maturity", "accrued_recomputes"},
    ),
    "maturity before start": (
        {"maturity_date": "2026-10-14"},
        {"maturity_after_start", "maturity_not_passed", "next_payment_before_maturity"},
    ),
    "open, with a maturity": ({"is_open_maturity": "true"}, {"open_maturity_has_no_date"}),
    "agreed tomorrow": ({"trade_date": "2026-11-01"}, {"trade_not_in_future"}),
    "its own counterparty": ({"intragroup_entity_id": "BANK"}, {"intragroup_is_another_entity"}),
    "next payment missing": ({"next_payment_date": None}, {"next_payment_is_there"}),
    "next payment passed": (  # one instalment more than the term has: it overpays by 599.55 * 6
        {"next_payment_date": "2026-10-15"},
        {"payments_enclose_as_of", "annuity_repays_to_maturity"},
    ),
    "fixed with an index": ({"index_id": "usd_term_3m"}, {"fixed_has_no_index"}),
    "floating without an index": ({"rate_type": "floating"}, {"floating_has_index"}),
    "administered without an index": (
        {"rate_type": "administered"},
        {"administered_has_index"},
    ),
    "an unknown index": (
        {"rate_type": "administered", "index_id": "euribor"},
        {"index_id.resolves"},
    ),
    "reset after maturity": ({"next_reset_date": "2057-01-15"}, {"reset_before_maturity"}),
    "reset passed": ({"next_reset_date": "2026-10-15"}, {"reset_after_as_of"}),
    "floor above cap": (
        {"floor_rate": "0.05", "cap_rate": "0.04"},
        {"floor_not_above_cap", "coupon_within_cap_and_floor"},
    ),
    "coupon above cap": ({"cap_rate": "0.05"}, {"coupon_within_cap_and_floor"}),
    "owes more than was lent": ({"original_amount": "99999.99"}, {"outstanding_within_original"}),
    # 300 a month for 360 months repays about 50,000 of 100,000 at 6 %
    "half the instalment": ({"payment_amount": "300.00"}, {"annuity_repays_to_maturity"}),
    "repaid too early": ({"amortisation_months": "120"}, {"amortisation_covers_term"}),
    # a month of interest instead of half a month: 500.00, allowed are 250.00 and 17.60 around it
    "accrued twice over": ({"accrued_interest": "500.00"}, {"accrued_recomputes"}),
    "allowance above balance": (
        {"impairment_amount": "100250.01"},
        {"impairment_within_balance"},
    ),
    "late and in stage 2": (
        {"days_past_due": "91", "ifrs_stage": "2"},
        {"late_is_stage_3"},
    ),
    "a loan as a liability": ({"side": "liability"}, {"asset_side"}),
}


@pytest.fixture(scope="module")
def rules_broken_by_fault(contracts):
    """Name of the fault -> the rules its loan breaks; all faulty loans delivered together."""
    session = RowsSession(contracts)
    names = list(LOAN_FAULTS)
    customers = [COUNTERPARTY | {"counterparty_id": f"C{i}"} for i in range(len(names))]
    loans: list[dict[str, str | None]] = [
        {**LOAN, "loan_no": f"L{i}", "counterparty_id": f"C{i}", **LOAN_FAULTS[name][0]}
        for i, name in enumerate(names)
    ]
    for extract, rows in (("entity", [ENTITY]), ("gl_map", [ACCOUNT]), ("counterparty", customers)):
        session.deliver(extract, rows)
    session.deliver("loan", loans)
    broken: dict[str, set[str]] = {name: set() for name in names}
    for result in evaluate(session, contracts["loan"], engine="counts"):
        for row in json.loads(result.sample):
            broken[names[row["source_row"] - 1]].add(result.rule_id.removeprefix("loan."))
    return broken


@pytest.mark.parametrize("name", LOAN_FAULTS)
def test_one_fault_in_a_loan_breaks_exactly_its_rules(rules_broken_by_fault, name):
    assert rules_broken_by_fault[name] == LOAN_FAULTS[name][1]


def test_sound_rows_break_nothing(bank, failing):
    bank.deliver("derivative", [DERIVATIVE])
    bank.deliver("derivative_leg", [LEG, FLOATING_LEG])
    for extract in ("entity", "counterparty", "gl_map", "loan", "derivative", "derivative_leg"):
        assert failing(bank, extract) == {}


def test_all_rows_of_a_key_that_stands_twice_fail(bank, failing):
    bank.deliver("loan", [LOAN, LOAN | {"outstanding_principal": "1.00"}, LOAN | {"loan_no": "2"}])
    assert failing(bank, "loan")["loan.key.unique"] == 2


def test_a_reference_to_what_is_declared_as_not_delivered_does_not_fail(bank, failing):
    bank.deliver("gl_map", [])
    assert failing(bank, "loan")["loan.gl_account.resolves"] == 1
    bank.connection.execute("insert into inputs.not_delivered values ('gl_map', 'waived')")
    assert "loan.gl_account.resolves" not in failing(bank, "loan")


@pytest.mark.parametrize(
    ("legs", "rules"),
    [
        ([LEG, FLOATING_LEG | {"pay_receive": "pay"}], {"derivative_leg.legs_match": 2}),
        (
            [LEG, FLOATING_LEG | {"maturity_date": "2032-01-15"}],
            {"derivative_leg.legs_match": 2},
        ),
        (
            [LEG, FLOATING_LEG | {"notional_amount": "1.00"}],
            {"derivative_leg.legs_match": 2},
        ),
    ],
    ids=["both paid", "different maturities", "different notionals"],
)
def test_the_legs_of_a_swap_are_opposite_and_of_one_term(bank, failing, legs, rules):
    bank.deliver("derivative", [DERIVATIVE])
    bank.deliver("derivative_leg", legs)
    found = failing(bank, "derivative_leg")
    assert {name: n for name, n in found.items() if name in rules} == rules


def test_a_swap_with_one_leg_is_found_on_the_deal(bank, failing):
    bank.deliver("derivative", [DERIVATIVE])
    bank.deliver("derivative_leg", [LEG])
    assert failing(bank, "derivative")["derivative.legs_are_delivered"] == 1


def test_pledges_beyond_the_asset_are_found_together(bank, failing):
    # 60,000 and 50,000 pledged of 100,000
    link = {
        "entity_id": "BANK",
        "asset_extract": "loan",
        "asset_no": "L1",
        "liability_extract": "borrowing",
        "liability_no": "B1",
        "currency": "USD",
        "encumbered_amount": "60000.00",
        "encumbrance_type": "repo",
        "start_date": "2026-01-01",
    }
    bank.deliver("borrowing", [{"entity_id": "BANK", "borrowing_no": n} for n in ("B1", "B2")])
    bank.deliver(
        "encumbrance_link", [link, link | {"liability_no": "B2", "encumbered_amount": "50000.00"}]
    )
    assert failing(bank, "encumbrance_link")["encumbrance_link.encumbered_within_available"] == 2
    bank.deliver(
        "encumbrance_link", [link, link | {"liability_no": "B2", "encumbered_amount": "40000.00"}]
    )
    assert failing(bank, "encumbrance_link") == {}


def test_a_ledger_account_outside_the_chart_blocks(bank, failing):
    booked = {
        "entity_id": "BANK",
        "gl_account": "9999",
        "currency": "USD",
        "balance_type": "principal",
        "ending_amount": "1.00",
    }
    bank.deliver("gl_balance", [booked])
    assert failing(bank, "gl_balance")["gl_balance.every_account_is_mapped"] == 1
    bank.deliver("gl_map", [ACCOUNT, ACCOUNT | {"gl_account": "9999"}])
    assert failing(bank, "gl_balance") == {}


def test_a_quote_six_days_old_is_reported_as_stale(bank, failing):
    quote = {
        "curve_id": "usd_term",
        "currency": "USD",
        "instrument": "irs",
        "tenor": "5Y",
        "quote": "0.04",
        "quote_date": "2026-10-26",
        "day_count": "act_360",
        "source": "desk",
    }
    bank.deliver("curve_quote", [quote])
    assert failing(bank, "curve_quote") == {}
    bank.deliver("curve_quote", [quote | {"quote_date": "2026-10-25"}])
    assert failing(bank, "curve_quote") == {"curve_quote.quote_is_fresh": 1}


def test_capital_that_does_not_add_up_blocks(bank, failing):
    # common equity 80 and additional 10 make 90, not 95
    figures = {"cet1": "80.00", "at1": "10.00", "t1": "95.00"}
    rows = [
        {"entity_id": "GROUP", "element": name, "amount": amount, "currency": "USD"}
        for name, amount in figures.items()
    ]
    bank.deliver("capital", rows)
    assert failing(bank, "capital") == {"capital.tier_1_adds_up": 1}


def test_an_entity_whose_parent_is_unknown_is_found(bank, failing):
    bank.deliver("entity", [ENTITY, ENTITY | {"entity_id": "SUB", "parent_entity_id": "NOBODY"}])
    assert failing(bank, "entity")["entity.parent_entity_id.resolves"] == 1


def test_each_of_the_thirty_minimum_rules_is_there(contracts):
    numbers = {
        rule.minimum_rule for contract in contracts.values() for rule in compile_rules(contract)
    }
    numbers |= {check.minimum_rule for check in (*TABLE_CHECKS, *SCENARIO_CHECKS)}
    assert set(range(1, 31)) <= numbers


def test_rule_identifiers_stand_once(contracts):
    names = [rule.rule_id for c in contracts.values() for rule in compile_rules(c)]
    assert len(names) == len(set(names))
