"""The coverage ratio: which rule takes a slice, what comes out, the published template."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sql.liquidity_rows import LCR, asset, give_packs, line_of, slice_of, total

CASES = {
    "insured, close": (slice_of("d", 100, slice_part="insured", is_close=True), "retail_stable", 5),
    "insurance alone": (slice_of("d", 100, slice_part="insured", is_close=False),
                        "retail_less_stable", 10),
    "not insured": (slice_of("d", 100, slice_part="uninsured", is_close=True),
                    "retail_less_stable", 10),
    "small business": (slice_of("d", 100, slice_part="insured", is_close=True,
                                counterparty_type="small_business"), "small_business_stable", 5),
    "operational": (slice_of("d", 100, slice_part="uninsured", is_operational=True,
                             counterparty_type="non_financial_corporate"),
                    "operational_uninsured", 25),
    "operational, insured": (slice_of("d", 100, slice_part="insured", is_operational=True,
                                      counterparty_type="bank"), "operational_insured", 5),
    "wholly insured": (slice_of("d", 100, slice_part="insured", is_wholly_insured=True,
                                counterparty_type="pse"), "non_financial_insured", 20),
    "partly insured": (slice_of("d", 100, slice_part="insured", is_wholly_insured=False,
                                counterparty_type="pse"), "non_financial", 40),
    "a fund": (slice_of("d", 100, counterparty_type="investment_fund"), "other_legal_entity", 100),
    "locked": (slice_of("d", 100, is_locked=True, maturity_band="to_6m"), "term_beyond", 0),
    "locked, ends": (slice_of("d", 100, is_locked=True, maturity_band="within_30d"),
                     "retail_less_stable", 10),
    "may leave": (slice_of("d", 100, is_locked=False, maturity_band="beyond_1y"),
                  "retail_less_stable", 10),
    "interest": (slice_of("d", 0, slice_part="interest", due_amount=3.0, is_locked=True,
                          maturity_band="within_30d"), "contractual_interest", 3),
    "debt due": (slice_of("b", 100, liquidity_class="debt", maturity_band="within_30d",
                          counterparty_type="other"), "debt_issued", 100),
    "debt later": (slice_of("b", 100, liquidity_class="debt", maturity_band="to_6m",
                            counterparty_type="other"), "due_beyond", 0),
    "perpetual": (slice_of("b", 100, liquidity_class="capital_instrument",
                           counterparty_type="other"), "due_beyond", 0),
    "repo of level 1": (slice_of("b", 100, liquidity_class="secured_funding",
                                 maturity_band="within_30d", collateral_class="l1",
                                 counterparty_type="bank"), "secured_level_1", 0),
    "repo of level 2A": (slice_of("b", 100, liquidity_class="secured_funding",
                                  maturity_band="within_30d", collateral_class="l2a",
                                  counterparty_type="bank"), "secured_level_2a", 15),
    "repo with a central bank": (slice_of("b", 100, liquidity_class="secured_funding",
                                          maturity_band="within_30d", collateral_class="other",
                                          counterparty_type="central_bank"), "secured_level_1", 0),
    "home loan bank": (slice_of("b", 100, liquidity_class="secured_funding",
                                maturity_band="within_30d", collateral_class="other",
                                counterparty_type="pse"), "secured_public_sector", 25),
    "repo of shares": (slice_of("b", 100, liquidity_class="secured_funding",
                                maturity_band="open", collateral_class="l2b",
                                counterparty_type="bank"), "secured_level_2b", 50),
    "no class": (slice_of("b", 100, liquidity_class="secured_funding", maturity_band="within_30d",
                          counterparty_type="bank"), None, None),
    "nobody": (slice_of("d", 100, counterparty_type=None), None, None),
    "line to a household": (slice_of("c", 100, side="off_balance", liquidity_class="credit_line"),
                            "committed_retail", 5),
    "line to a company": (slice_of("c", 100, side="off_balance", liquidity_class="credit_line",
                                   counterparty_type="non_financial_corporate"),
                          "committed_credit_non_financial", 10),
    "liquidity line": (slice_of("c", 100, side="off_balance", liquidity_class="liquidity_facility",
                                counterparty_type="non_financial_corporate"),
                       "committed_liquidity_non_financial", 30),
    "line to a bank": (slice_of("c", 100, side="off_balance", liquidity_class="credit_line",
                                counterparty_type="bank"), "committed_bank", 40),
    "liquidity line, broker": (slice_of("c", 100, side="off_balance",
                                        liquidity_class="liquidity_facility",
                                        counterparty_type="broker_dealer"),
                               "committed_liquidity_financial", 100),
    "line to a fund": (slice_of("c", 100, side="off_balance", liquidity_class="credit_line",
                                counterparty_type="investment_fund"), "committed_other", 100),
    "household repays": (asset("a", 100), "inflow_retail", 50),
    "company repays": (asset("a", 100, counterparty_type="non_financial_corporate"),
                       "inflow_non_financial", 50),
    "bank repays": (asset("a", 100, counterparty_type="bank"), "inflow_financial", 100),
    "interest comes": (asset("a", 0, slice_part="interest", due_amount=2.0), "inflow_retail", 1),
    "in arrears": (asset("a", 100, is_past_due=True), "not_performing", 0),
    "later": (asset("a", 100, maturity_band="to_6m"), "due_beyond", 0),
    "card": (asset("a", 100, maturity_band="open"), "no_date", 0),
    "nostro": (asset("a", 100, maturity_band="open", counterparty_type="bank"),
               "operational_placement", 0),
    "bond redeemed": (asset("a", 100, liquidity_class="security", counterparty_type="other"),
                      "security_maturing", 100),
    "lent against level 1": (asset("a", 100, liquidity_class="reverse_repo", collateral_class="l1",
                                   counterparty_type="bank"), "secured_lending_level_1", 0),
    "lent against others": (asset("a", 100, liquidity_class="reverse_repo",
                                  collateral_class="other", counterparty_type="bank"),
                            "secured_lending_other", 100),
    "stopped currency": (asset("a", 100, is_without_flows=True), None, None),
    "own funds": (slice_of("e", 100, side="equity", liquidity_class="own_funds"), "own_funds", 0),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_slice_falls_under_its_rule(bench, case):
    row, rule, weighted = CASES[case]
    found, amount = line_of(bench, "lcr", row)
    assert found == rule
    assert amount == (None if weighted is None else pytest.approx(weighted))


def test_a_liquid_asset_counts_once(bench):
    # 100 of market value, a quarter of it pledged: 75 at 85 %, and its coupon is no inflow besides
    give_packs(bench)
    bond = {"liquidity_class": "security", "maturity_band": "within_30d"}
    bench.give("metrics.hqla_holdings", [{"pack": LCR, "position_id": "a", "hqla_rule":
               "corporate_aa_minus", "haircut_share": 0.15, "market_value": 100.0}])  # fmt: skip
    bench.give("metrics.position_slices", [
        asset("a", 72.0, slice_share=0.75, **bond),
        asset("a", 24.0, slice_share=0.25, encumbrance_band="to_6m", **bond),
        asset("a", 0.0, slice_share=0.0, slice_part="interest", due_amount=4.0),
    ])  # fmt: skip
    rows = bench.run("metrics.lcr_lines")
    assert {(r["ratio_side"], r["lcr_rule"]): r["weighted_slice_amount"] for r in rows} == {
        ("stock", "corporate_aa_minus"): pytest.approx(63.75), ("out_of_scope", "pledged"): 0.0,
        ("out_of_scope", "counted_in_stock"): 0.0,
    }  # fmt: skip


def leg(number: str, flow: float) -> dict[str, Any]:
    return asset(f"BANK:derivative_leg:{number}", 0.0, side="off_balance", slice_part="flows",
                 liquidity_class="derivative_leg", due_amount=flow)  # fmt: skip


def test_legs_under_one_agreement_net(bench):
    # deal 1 receives 10 and pays 4, deal 2 pays 9: together -3; deal 3, alone, receives 2
    give_packs(bench)
    flows = {"1:1": 10.0, "1:2": -4.0, "2:1": -9.0, "3:1": 2.0}
    bench.give("metrics.position_slices", [leg(name, flow) for name, flow in flows.items()])
    bench.give("staging.derivative_leg", [
        {"position_id": f"BANK:derivative_leg:{name}", "entity_id": "BANK",
         "deal_no": name.partition(":")[0]}
        for name in flows
    ])  # fmt: skip
    bench.give("staging.derivative", [
        {"position_id": f"BANK:derivative:{n}", "entity_id": "BANK", "deal_no": n, "csa_id": csa}
        for n, csa in (("1", "CSA"), ("2", "CSA"), ("3", None))
    ])  # fmt: skip
    found: dict[str, float] = {}
    for row in bench.run("metrics.lcr_lines"):
        found[row["lcr_rule"]] = found.get(row["lcr_rule"], 0.0) + row["weighted_slice_amount"]
    assert found == {"net_derivative_outflow": 3.0, "net_derivative_inflow": 2.0}


def test_the_largest_flow_of_collateral_is_over_every_window_of_thirty_days(bench):
    # -40 on 1 March, -30 on the 25th (24 days later): -70; +60 on 15 April: 21 days after the
    # 25th, 30 with it. 45 days lie between the first and the last. Outside the two years: -500.
    flows = (("2026-03-01", -40), ("2026-03-25", -30), ("2026-04-15", 60), ("2024-10-31", -500))
    bench.give("staging.collateral_flow", [
        {"entity_id": "BANK", "currency": "USD", "flow_date": day, "net_flow_amount": amount}
        for day, amount in flows
    ])  # fmt: skip
    (row,) = bench.run("metrics.collateral_lookback")
    assert row["largest_net_flow"] == 70.0
    assert row["position_id"] == "BANK:collateral_flow:USD"


WORKED_EXAMPLE_9 = [
    slice_of("1", 1000, slice_part="insured", is_close=True),
    slice_of("2", 500),
    slice_of("3", 200, is_operational=True, counterparty_type="non_financial_corporate"),
    slice_of("4", 300, counterparty_type="non_financial_corporate"),
    slice_of("5", 50, counterparty_type="bank"),
    slice_of("6", 400, side="off_balance", liquidity_class="credit_line"),
    slice_of("7", 500, side="off_balance", liquidity_class="credit_line",
             counterparty_type="non_financial_corporate"),
    leg("8:1", -10.0),
    asset("9", 300),
    asset("10", 200, counterparty_type="non_financial_corporate"),
    asset("11", 120, counterparty_type="bank"),
]  # fmt: skip
"""Outflows 50 + 50 + 50 + 120 + 50 + 20 + 50 + 10 = 400; inflows 150 + 100 + 120 = 370, of which
0.75 x 400 = 300 count: 100 net. The stock is that of worked example 8, case A: 166.67."""


@pytest.fixture
def example(bench):
    give_packs(bench)
    bench.give("metrics.position_slices", WORKED_EXAMPLE_9)
    bench.give("staging.derivative_leg", [{"position_id": "BANK:derivative_leg:8:1",
                                           "entity_id": "BANK", "deal_no": "8"}])  # fmt: skip
    bench.give("staging.derivative", [{"position_id": "BANK:derivative:8", "entity_id": "BANK",
                                       "deal_no": "8"}])  # fmt: skip
    bench.give("reports.hqla_stock", [
        {"pack": LCR, "entity_id": "BANK", "row_kind": "entity", "contract_currency": ccy,
         "currency": "USD", "hqla_amount": "166.67", "availability": "available"}
        for ccy in ("all", "USD")
    ])  # fmt: skip
    for table in ("metrics.lcr_lines", "reports.lcr_lines"):
        bench.run(table)
    return bench


def test_the_ratio_of_the_worked_example(example):
    row = total(example.run("reports.lcr"))
    expected = {"total_outflow": 400.0, "total_inflow": 370.0, "inflow_cap": 300.0,
                "counted_inflow": 300.0, "net_outflow": 100.0}  # fmt: skip
    assert {name: float(row[f"{name}_amount"]) for name in expected} == expected
    assert row["lcr_share"] == pytest.approx(1.6667)


def test_the_template_of_the_worked_example(example):
    example.run("reports.lcr")
    rows = [r for r in example.run("reports.liq1") if r["entity_id"] == "BANK"]
    shown = {r["template_row"]: (r["unweighted_amount"], r["weighted_amount"]) for r in rows}
    found = {n: tuple(None if v is None else float(v) for v in pair) for n, pair in shown.items()}
    assert found == {
        1: (None, 0.0), 2: (1500.0, 100.0), 3: (1000.0, 50.0), 4: (500.0, 50.0),
        5: (550.0, 220.0), 6: (200.0, 50.0), 7: (350.0, 170.0), 8: (0.0, 0.0), 9: (None, 0.0),
        10: (910.0, 80.0), 11: (10.0, 10.0), 12: (0.0, 0.0), 13: (900.0, 70.0), 14: (0.0, 0.0),
        15: (0.0, 0.0), 16: (None, 400.0), 17: (0.0, 0.0), 18: (620.0, 370.0), 19: (0.0, 0.0),
        20: (620.0, 370.0), 21: (None, 166.67), 22: (None, 100.0), 23: (None, None),
    }  # fmt: skip
    (ratio,) = [r["template_share"] for r in rows if r["template_row"] == 23]
    assert ratio == pytest.approx(1.6667)


def test_without_outflows_there_is_no_ratio(bench):
    give_packs(bench)
    bench.give("metrics.position_slices", [asset("a", 100.0)])
    for table in ("metrics.lcr_lines", "reports.lcr_lines"):
        bench.run(table)
    row = total(bench.run("reports.lcr"))
    assert (row["lcr_share"], float(row["net_outflow_amount"])) == (None, 0.0)


def test_a_slice_that_no_rule_takes_leaves_its_unit_without_a_ratio(bench):
    give_packs(bench)
    rows = [slice_of("good", 100.0), slice_of("odd", 10.0, counterparty_type=None)]
    bench.give("metrics.position_slices", rows)
    for table in ("metrics.lcr_lines", "reports.lcr_lines"):
        bench.run(table)
    (told,) = bench.run("metrics.lcr_unclassified")
    assert (told["position_id"], told["slice_amount"]) == ("odd", 10.0)
    row = total(bench.run("reports.lcr"))
    assert row["lcr_share"] is None
    assert "odd: no counterparty of a known type" in row["availability"]


def test_the_group_leaves_out_what_its_members_owe_each_other(bench):
    give_packs(bench)
    bench.give("metrics.position_slices", [
        slice_of("outside", 100.0), slice_of("inside", 40.0, counterparty_type="bank",
                                             is_intragroup=True),
    ])  # fmt: skip
    bench.run("metrics.lcr_lines")
    found = {
        (r["entity_id"], r["lcr_rule"]): float(r["weighted_line_amount"])
        for r in bench.run("reports.lcr_lines")
        if r["contract_currency"] == "all" and r["weighted_line_amount"]
    }
    assert found == {
        ("BANK", "retail_less_stable"): 10.0, ("BANK", "other_legal_entity"): 40.0,
        ("GROUP", "retail_less_stable"): 10.0,
    }  # fmt: skip
