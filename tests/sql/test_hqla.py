"""The stock of liquid assets: worked examples of the caps, classification, pledges and repos."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.sql.report_rows import FOOTERS, RATES, UNITS

CAPS = [{"pack": "p", "level_2_cap_share": 0.4, "level_2b_cap_share": 0.15, "unwind_days": 30}]
RULES = [
    {"pack": "p", "hqla_rule": rule, "hqla_level": level, "haircut_share": haircut}
    for rule, level, haircut in (
        ("coins_and_banknotes", "l1", 0.0), ("central_bank_reserves", "l1", 0.0),
        ("sovereign_risk_weight_0", "l1", 0.0), ("sovereign_risk_weight_20", "l2a", 0.15),
        ("corporate_aa_minus", "l2a", 0.15), ("covered_bond_aa_minus", "l2a", 0.15),
        ("mortgage_backed_aa", "l2b", 0.25), ("corporate_bbb_minus", "l2b", 0.5),
        ("equity_major_index", "l2b", 0.5),
    )
]  # fmt: skip
PARTS = ("level_2b_cap_amount", "level_2_cap_amount", "hqla_amount", "hqla_in_one_step_amount")


def holding(number: int, level: str | None, value: float | None, **given: Any) -> dict[str, Any]:
    row = {"pack": "p", "entity_id": "BANK", "currency": "USD", "position_id": f"h{number}",
           "product_code": "bond", "hqla_level": level, "market_value": value,
           "encumbered_amount": 0.0, "hqla_value": value, "returned_hqla_value": 0.0,
           "repaid_cash": 0.0}  # fmt: skip
    return {**row, **given}


LEVEL_2B = [holding(3, "l2b", 15.0), holding(4, "l2b", 20.0)]
"""Mortgage bonds of 20 and shares of 40, after haircuts."""


@pytest.fixture
def stock(bench):
    bench.give("book.reporting_units", UNITS)
    bench.give("metrics.report_footers", FOOTERS)
    bench.give("book.translation_rates", RATES)
    bench.give("inputs.hqla_caps", CAPS)
    return bench


def of_bank(bench, currency: str = "all") -> dict[str, Any]:
    rows = bench.run("reports.hqla_stock")
    (row,) = [r for r in rows if (r["entity_id"], r["contract_currency"]) == ("BANK", currency)]
    return dict(row)


def test_both_caps_bind_as_in_the_worked_example(stock):
    # level 1 100, level 2A 102, level 2B 35: 35 - 15/60 x 100 = 10; 137 - 10 - 200/3 = 60.33
    stock.give("metrics.hqla_holdings", [
        holding(1, "l1", 100.0), holding(2, "l2a", 102.0), *LEVEL_2B,
    ])  # fmt: skip
    row = of_bank(stock)
    assert [float(row[part]) for part in PARTS] == [10.0, 60.33, 166.67, 166.67]


def test_a_short_repo_is_unwound_before_the_caps_as_in_the_worked_example(stock):
    # of the cash 30 was borrowed for 20 days against level 2A of 30: 70 and 102 + 25.5 = 127.5;
    # 35 - 15/60 x 70 = 17.5; 127.5 + 35 - 17.5 - 140/3 = 98.33; 237 - 115.83 = 121.17
    repo = holding(2, "l2a", 102.0, returned_hqla_value=25.5, repaid_cash=30.0)
    stock.give("metrics.hqla_holdings", [holding(1, "l1", 100.0), repo, *LEVEL_2B])
    row = of_bank(stock)
    adjusted = [row[f"adjusted_level_{level}_amount"] for level in ("1", "2a", "2b")]
    assert [float(one) for one in adjusted] == [70.0, 127.5, 35.0]
    assert [float(row[part]) for part in PARTS] == [17.5, 98.33, 121.17, 121.17]


def test_both_formulas_give_one_stock_for_ten_thousand_books(bench):
    # levels and what repos move, at random: the supervisor's two formulas are the same number
    random, n = np.random.default_rng(7), 10_000
    values = (random.gamma(0.5, 100.0, (n, 3)) * random.integers(0, 2, (n, 3))).round(2)
    returned = (random.gamma(0.5, 20.0, (n, 3)) * random.integers(0, 2, (n, 3))).round(2)
    repaid = np.minimum(random.gamma(0.5, 20.0, n).round(2), values[:, 0] + returned[:, 0])
    names = [f"B{k}" for k in range(n)]
    bench.give("book.reporting_units", [
        {"entity_id": one, "row_kind": "entity", "member_entity_id": one, "is_intragroup": False,
         "consolidation_factor": 1} for one in names
    ])  # fmt: skip
    bench.give("metrics.report_footers", [{**FOOTERS[0], "entity_id": one} for one in names])
    bench.give("book.translation_rates", RATES)
    bench.give("inputs.hqla_caps", CAPS)
    bench.give("metrics.hqla_holdings", [
        holding(3 * k + level, ("l1", "l2a", "l2b")[level], float(values[k, level]),
                entity_id=names[k], returned_hqla_value=float(returned[k, level]),
                repaid_cash=float(repaid[k]) if level == 0 else 0.0)
        for k in range(n) for level in range(3)
    ])  # fmt: skip
    rows = {r["entity_id"]: r for r in bench.run("reports.hqla_stock")
            if r["contract_currency"] == "all"}  # fmt: skip
    found = np.array([[float(rows[one][part]) for part in PARTS] for one in names])
    assert np.abs(found[:, 2] - found[:, 3]).max() <= 0.0150001  # three of them are rounded
    one, a, b = values.T
    adjusted_1, adjusted_a, adjusted_b = values.T + returned.T
    adjusted_1 = adjusted_1 - repaid
    both = np.maximum.reduce([
        adjusted_a + adjusted_b - 2.0 / 3.0 * adjusted_1,
        adjusted_b - 15.0 / 85.0 * (adjusted_1 + adjusted_a),
        np.zeros(n),
    ])  # fmt: skip
    assert found[:, 3] == pytest.approx(one + a + b - both, abs=0.006)
    assert ((found[:, 0] > 0.0) & (found[:, 1] > 0.0)).sum() > 500  # where both caps bind


def test_a_currency_is_shown_alone_and_the_group_is_its_members(stock):
    stock.give("metrics.hqla_holdings", [
        holding(1, "l1", 100.0), holding(2, "l1", 50.0, currency="EUR"),
        holding(3, "l1", 10.0, currency="EUR", entity_id="EUBANK"),
    ])  # fmt: skip
    assert float(of_bank(stock)["hqla_amount"]) == 155.0  # 100 + 50 x 1.1
    assert float(of_bank(stock, "EUR")["hqla_amount"]) == 55.0
    group = {r["contract_currency"]: r for r in stock.run("reports.hqla_stock")
             if r["entity_id"] == "GROUP"}  # fmt: skip
    assert float(group["all"]["hqla_amount"]) == 166.0


def test_a_stock_with_a_holding_that_no_rule_takes_is_not_shown(stock):
    odd = holding(2, None, None, unclassified_reason="no market value")
    stock.give("metrics.hqla_holdings", [holding(1, "l1", 100.0), odd])
    row = of_bank(stock)
    assert row["hqla_amount"] is None
    assert row["availability"].startswith("not available: h2: no market value")


# ---------------------------------------------------------------- classification


def security(**given: Any) -> dict[str, Any]:
    row = {"entity_id": "BANK", "position_id": "s", "security_no": "S", "hqla_class": "l1",
           "security_type": "sovereign", "risk_weight_factor": 0.0, "rating": "AA",
           "is_treasury_controlled": True, "fair_value_clean_amount": "990.00",
           "accrued_interest": "10.00", "currency": "USD"}  # fmt: skip
    return {**row, **given}


def held(bench, *links: dict[str, Any], **given: Any) -> dict[str, Any]:
    """What becomes of one security worth 1,000."""
    bench.give("inputs.hqla_caps", CAPS)
    bench.give("inputs.hqla_rules", RULES)
    bench.give("book.translation_rates", RATES)
    bench.give("staging.security", [security(**given)])
    position = {"position_id": "s", "entity_id": "BANK", "currency": "USD", "product_code": "bond",
                "side": "asset", "is_intragroup": False, "cash_flow_model": "bullet"}  # fmt: skip
    bench.give("book.positions", [position])
    bench.give("staging.encumbrance_link", links)
    (row,) = bench.run("metrics.hqla_holdings")
    return dict(row)


@pytest.mark.parametrize(
    ("given", "rule", "value"),
    [
        ({}, "sovereign_risk_weight_0", 1000.0),
        ({"security_type": "agency", "hqla_class": "l2a", "risk_weight_factor": 0.2},
         "sovereign_risk_weight_20", 850.0),
        ({"security_type": "covered", "hqla_class": "l2a", "rating": "AA-"},
         "covered_bond_aa_minus", 850.0),
        ({"security_type": "corporate", "hqla_class": "l2a"}, "corporate_aa_minus", 850.0),
        ({"security_type": "mbs", "hqla_class": "l2b"}, "mortgage_backed_aa", 750.0),
        ({"security_type": "corporate", "hqla_class": "l2b", "rating": "BBB-"},
         "corporate_bbb_minus", 500.0),
        ({"security_type": "equity", "hqla_class": "l2b"}, "equity_major_index", 500.0),
    ],
)  # fmt: skip
def test_a_security_falls_under_the_rule_of_its_kind(bench, given, rule, value):
    row = held(bench, **given)
    assert (row["hqla_rule"], row["hqla_value"]) == (rule, value)
    assert (row["scope_reason"], row["unclassified_reason"]) == (None, None)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"risk_weight_factor": 0.2}, "class l1, type sovereign, risk weight 0.2"),
        ({"risk_weight_factor": None}, "risk weight not delivered"),
        ({"security_type": "corporate", "hqla_class": "l2a", "rating": "A"}, "rating A"),
        ({"security_type": "corporate", "hqla_class": "l2b", "rating": None},
         "rating not delivered"),
        ({"security_type": "fund", "hqla_class": "l2b"}, "type fund"),
        ({"fair_value_clean_amount": None}, "no market value"),
    ],
)  # fmt: skip
def test_a_security_that_its_class_does_not_fit_is_told_and_has_no_value(bench, given, words):
    row = held(bench, **given)
    assert words in row["unclassified_reason"]
    assert (row["hqla_rule"], row["hqla_value"]) == (None, None)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"hqla_class": "none"}, "not held as a liquid asset"),
        ({"is_treasury_controlled": False}, "paragraph 33"),
    ],
)
def test_what_is_not_held_for_liquidity_is_out_of_scope_and_counts_nothing(bench, given, words):
    row = held(bench, **given)
    assert words in row["scope_reason"]
    assert (row["unclassified_reason"], row["hqla_value"]) == (None, 0.0)


def link(number: str, amount: str, kind: str = "repo", asset: str = "S") -> dict[str, Any]:
    return {"entity_id": "BANK", "asset_no": asset, "liability_no": number, "currency": "USD",
            "asset_extract": "security", "liability_extract": "borrowing",
            "encumbered_amount": amount, "encumbrance_type": kind}  # fmt: skip


def borrowed(bench, *rows: tuple[str, str | None, str]) -> None:
    bench.give("staging.borrowing", [
        {"entity_id": "BANK", "borrowing_no": number, "currency": "USD", "maturity_date": ends,
         "is_open_maturity": ends is None, "outstanding_principal": principal}
        for number, ends, principal in rows
    ])  # fmt: skip


def test_what_is_pledged_is_not_free_and_a_repo_of_thirty_days_is_unwound(bench):
    # as of 31 October: 30 November is day 30, 1 December day 31; of B1's 390 three quarters are S's
    borrowed(bench, ("B1", "2026-11-30", "390.00"), ("B2", "2026-12-01", "95.00"))
    row = held(
        bench, link("B1", "300.00"), link("B1", "100.00", asset="other"), link("B2", "100.00"),
        link("B3", "50.00", kind="other"), hqla_class="l2a", security_type="covered",
    )  # fmt: skip
    assert row["encumbered_amount"] == 450.0
    assert row["hqla_value"] == pytest.approx(0.85 * 550.0)
    assert row["returned_hqla_value"] == pytest.approx(0.85 * 300.0)
    assert row["repaid_cash"] == pytest.approx(0.75 * 390.0)


def test_an_open_repo_may_end_tomorrow_and_a_covered_bond_is_no_repo(bench):
    borrowed(bench, ("B1", None, "390.00"), ("B2", "2026-11-10", "95.00"))
    row = held(bench, link("B1", "400.00"), link("B2", "100.00", kind="covered_bond"))
    assert row["returned_hqla_value"] == 400.0
    assert row["repaid_cash"] == pytest.approx(390.0)


def test_cash_and_reserves_are_level_1_and_what_is_pledged_beyond_the_value_counts_nothing(bench):
    row = held(bench, link("B1", "1200.00", kind="other"))
    assert row["hqla_value"] == 0.0
    bench.give("inputs.products", [{"product_code": code, "balance_sheet_line": "cash_and_reserves"}
                                   for code in ("cash", "reserve")])  # fmt: skip
    position = {"entity_id": "BANK", "currency": "USD", "side": "asset", "is_intragroup": False,
                "outstanding_principal": "70.00"}  # fmt: skip
    bench.give("book.positions", [
        {**position, "position_id": "c", "product_code": "cash", "cash_flow_model": "balance_only"},
        {**position, "position_id": "r", "product_code": "reserve", "cash_flow_model": "bullet"},
    ])  # fmt: skip
    rules = {r["position_id"]: (r["hqla_rule"], r["hqla_value"])
             for r in bench.run("metrics.hqla_holdings")}  # fmt: skip
    assert rules["c"] == ("coins_and_banknotes", 70.0)
    assert rules["r"] == ("central_bank_reserves", 70.0)
