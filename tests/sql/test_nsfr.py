"""The stable funding ratio: which rule takes a slice, what comes out, the published template."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sql.liquidity_rows import asset, give_packs, line_of, slice_of, total

COMPANY = {"counterparty_type": "non_financial_corporate"}
LATE = {"maturity_band": "beyond_1y", "risk_weight_factor": 0.75}


CASES = {
    "stable": (slice_of("d", 100, slice_part="insured", is_close=True), "stable_deposit", 95),
    "a year, may leave": (slice_of("d", 100, slice_part="insured", is_close=True,
                                   maturity_band="beyond_1y"), "stable_deposit", 95),
    "a year, locked": (slice_of("d", 100, slice_part="insured", is_close=True, is_locked=True,
                                maturity_band="beyond_1y"), "stable_deposit_locked", 100),
    "not insured": (slice_of("d", 100, slice_part="uninsured", is_close=True),
                    "less_stable_deposit", 90),
    "operational": (slice_of("d", 100, is_operational=True, **COMPANY), "operational_deposit", 50),
    "company": (slice_of("d", 100, **COMPANY), "non_financial_funding", 50),
    "fund": (slice_of("d", 100, counterparty_type="investment_fund"), "financial_funding", 0),
    "bank, half a year": (slice_of("d", 100, counterparty_type="bank", maturity_band="to_1y"),
                          "financial_funding", 50),
    "central bank": (slice_of("b", 100, liquidity_class="secured_funding",
                              counterparty_type="central_bank", maturity_band="within_30d"),
                     "financial_funding", 0),
    "bond issued": (slice_of("b", 100, liquidity_class="debt", counterparty_type="other",
                             maturity_band="beyond_1y"), "financial_funding", 100),
    "tier 2": (slice_of("b", 100, liquidity_class="capital_instrument", counterparty_type="other",
                        maturity_band="beyond_1y"), "regulatory_capital", 100),
    "tier 2 at its end": (slice_of("b", 100, liquidity_class="capital_instrument",
                                   counterparty_type="other", maturity_band="to_1y"),
                          "capital_instrument", 50),
    "payables": (slice_of("o", 100, liquidity_class="other_liability"), "other_liabilities", 0),
    "cash": (asset("a", 100, liquidity_class="cash", maturity_band="open"),
             "cash_and_reserves", 0),
    "level 1": (asset("a", 100, liquidity_class="security", hqla_class="l1"), "level_1", 5),
    "level 2A": (asset("a", 100, liquidity_class="security", hqla_class="l2a"), "level_2a", 15),
    "level 1, pledged": (asset("a", 100, liquidity_class="security", hqla_class="l1",
                               encumbrance_band="to_1y"), "level_1", 50),
    "level 1, pledged for long": (asset("a", 100, liquidity_class="security", hqla_class="l1",
                                        encumbrance_band="beyond_1y"), "level_1", 100),
    "pledged for short": (asset("a", 100, liquidity_class="security", hqla_class="l1",
                                encumbrance_band="to_6m"), "level_1", 5),
    "other bond": (asset("a", 100, liquidity_class="security", hqla_class="none",
                         counterparty_type="other"), "security", 50),
    "other bond, long": (asset("a", 100, liquidity_class="security", hqla_class="none",
                               maturity_band="beyond_1y", counterparty_type="other"),
                         "security", 85),
    "shares": (asset("a", 100, liquidity_class="security", hqla_class="equity",
                     maturity_band="open"), "listed_equity", 85),
    "lent against level 1": (asset("a", 100, liquidity_class="reverse_repo", collateral_class="l1",
                                   counterparty_type="bank"), "loan_financial_level_1", 10),
    "lent to a bank": (asset("a", 100, counterparty_type="bank"), "loan_financial", 15),
    "lent to a bank for long": (asset("a", 100, counterparty_type="bank",
                                      maturity_band="beyond_1y"), "loan_financial", 100),
    "nostro": (asset("a", 100, counterparty_type="bank", maturity_band="open"),
               "operational_placement", 50),
    "claim on a central bank": (asset("a", 100, counterparty_type="central_bank"),
                                "loan_central_bank", 0),
    "company, short": (asset("a", 100, **COMPANY), "loan", 50),
    "household, long": (asset("a", 100, **LATE), "loan", 85),
    "low weight, long": (asset("a", 100, **(LATE | {"risk_weight_factor": 0.35})),
                         "loan_weight_35", 65),
    "mortgage": (asset("a", 100, liquidity_class="mortgage", **LATE), "mortgage", 85),
    "mortgage of low weight": (asset("a", 100, liquidity_class="mortgage",
                                     **(LATE | {"risk_weight_factor": 0.35})),
                               "mortgage_weight_35", 65),
    "mortgage, pledged for long": (asset("a", 100, liquidity_class="mortgage",
                                         encumbrance_band="beyond_1y", **LATE), "mortgage", 100),
    "card": (asset("a", 100, maturity_band="open", risk_weight_factor=0.75), "loan", 85),
    "no weight": (asset("a", 100, maturity_band="beyond_1y"), None, None),
    "in default": (asset("a", 100, liquidity_class="non_performing"), "not_performing", 100),
    "building": (asset("a", 100, liquidity_class="other_asset", maturity_band="open"),
                 "other_assets", 100),
    "line": (slice_of("c", 100, side="off_balance", liquidity_class="credit_line"),
             "undrawn_line", 5),
    "interest": (asset("a", 0, slice_part="interest", due_amount=3.0), "interest_due", 0),
    "stopped currency": (asset("a", 100, is_without_flows=True), None, None),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_slice_falls_under_its_rule(bench, case):
    row, rule, weighted = CASES[case]
    found, amount = line_of(bench, "nsfr", row)
    assert found == rule
    assert amount == (None if weighted is None else pytest.approx(weighted))


def deal(number: str, part: str) -> dict[str, Any]:
    return asset(f"BANK:derivative:{number}", 0.0, side="off_balance", slice_part=part,
                 liquidity_class="derivative", maturity_band="open",
                 due_amount=2.0 if part == "initial_margin" else 0.0)  # fmt: skip


def derivatives(bench, deals: dict[str, tuple[str, str | None, float]]) -> dict[str, float]:
    """Return weighted amounts by rule; a deal has a value, an agreement and margin posted."""
    give_packs(bench)
    parts = ("fair_value", "gross_liability", "initial_margin")
    bench.give("metrics.position_slices", [deal(n, part) for n in deals for part in parts])
    bench.give("book.positions", [
        {"position_id": f"BANK:derivative:{n}", "entity_id": "BANK", "currency": "USD",
         "carrying_amount": value} for n, (value, _, _) in deals.items()
    ])  # fmt: skip
    bench.give("staging.derivative", [
        {"position_id": f"BANK:derivative:{n}", "csa_id": csa, "variation_margin_amount": margin}
        for n, (_, csa, margin) in deals.items()
    ])  # fmt: skip
    found: dict[str, float] = {}
    for row in bench.run("metrics.nsfr_lines"):
        found[row["nsfr_rule"]] = found.get(row["nsfr_rule"], 0.0) + row["weighted_slice_amount"]
    return found


def test_derivatives_net_their_margin_and_what_is_owed_costs_besides(bench):
    # agreement A: 30 - 10 = 20 to come, 15 of cash received: 5. Deal 3 alone owes 8, 6 posted: 2.
    # Assets 5 less liabilities 2: 3 at 100 %. Owed before margin: 8, at 5 %: 0.40. Margin of
    # 2 on each of three deals at 85 %: 5.10
    deals = {"1": ("30.00", "A", -15.0), "2": ("-10.00", "A", 0.0), "3": ("-8.00", None, 6.0)}
    assert derivatives(bench, deals) == {
        "derivative_assets": pytest.approx(3.0),
        "derivative_gross_liability": pytest.approx(0.4),
        "initial_margin": pytest.approx(5.1),
    }


def test_net_liabilities_of_derivatives_fund_nothing(bench):
    found = derivatives(bench, {"1": ("30.00", "A", -30.0), "2": ("-8.00", None, 0.0)})
    assert found["derivative_liabilities"] == 0.0
    assert "derivative_assets" not in found


def test_more_margin_than_is_owed_is_no_asset(bench):
    found = derivatives(bench, {"1": ("-8.00", None, 12.0), "2": ("3.00", None, 0.0)})
    assert found["derivative_assets"] == pytest.approx(3.0)


BOND = {"liquidity_class": "security"}
WORKED_EXAMPLE_10 = [
    slice_of("e", 100, side="equity", liquidity_class="own_funds"),
    slice_of("1", 300, slice_part="insured", is_close=True), slice_of("2", 200),
    slice_of("3", 150, **COMPANY), slice_of("4", 100, counterparty_type="bank"),
    slice_of("5", 50, counterparty_type="bank", maturity_band="to_1y"),
    slice_of("6", 100, liquidity_class="debt", counterparty_type="other",
             maturity_band="beyond_1y"),
    asset("7", 80, liquidity_class="cash", maturity_band="open"),
    asset("8", 120, hqla_class="l1", maturity_band="beyond_1y", **BOND),
    asset("9", 50, hqla_class="l2a", maturity_band="beyond_1y", **BOND),
    asset("10", 50, counterparty_type="bank"), asset("11", 150, **COMPANY),
    asset("12", 250, liquidity_class="mortgage", maturity_band="beyond_1y",
          risk_weight_factor=0.35),
    asset("13", 50, liquidity_class="mortgage", maturity_band="beyond_1y",
          risk_weight_factor=0.35, encumbrance_band="beyond_1y"),
    asset("14", 200, **LATE),
    asset("15", 30, liquidity_class="other_asset", maturity_band="open"),
    asset("16", 20, hqla_class="l1", maturity_band="beyond_1y", encumbrance_band="to_1y", **BOND),
    slice_of("17", 200, side="off_balance", liquidity_class="credit_line"),
    deal("18", "gross_liability"),
]  # fmt: skip


@pytest.fixture
def example(bench):
    give_packs(bench)
    bench.give("metrics.position_slices", WORKED_EXAMPLE_10)
    one = {"position_id": "BANK:derivative:18"}
    bench.give("book.positions", [{**one, "entity_id": "BANK", "currency": "USD",
                                   "carrying_amount": "-8.00"}])  # fmt: skip
    bench.give("staging.derivative", [one])
    for table in ("metrics.nsfr_lines", "reports.nsfr_lines"):
        bench.run(table)
    return bench


def test_the_ratio_of_the_worked_example(example):
    # 100 + 285 + 180 + 75 + 0 + 25 + 100 = 765; 0 + 6 + 7.5 + 7.5 + 75 + 162.5 + 50 + 170 + 30 + 10
    # + 10 + 0.4 = 528.9
    row = total(example.run("reports.nsfr"))
    assert float(row["available_funding_amount"]) == 765.0
    assert float(row["required_funding_amount"]) == 528.9
    assert row["nsfr_share"] == pytest.approx(1.446398, abs=5e-7)


def test_the_template_of_the_worked_example(example):
    example.run("reports.nsfr")
    rows = {r["template_row"]: r for r in example.run("reports.liq2") if r["entity_id"] == "BANK"}
    weighted = {n: float(r["weighted_amount"]) for n, r in rows.items() if r["weighted_amount"]}
    assert weighted == {
        1: 100.0, 2: 100.0, 4: 465.0, 5: 285.0, 6: 180.0, 7: 200.0, 9: 200.0, 14: 765.0,
        15: 23.5, 17: 465.0, 19: 7.5, 20: 245.0, 22: 212.5, 23: 212.5, 26: 30.4, 30: 0.4,
        31: 30.0, 32: 10.0, 33: 528.9,
    }  # fmt: skip
    bands = ("no_maturity", "under_6m", "to_1y", "beyond_1y")
    shown = {n: [float(rows[n][f"{band}_amount"]) for band in bands] for n in (7, 15, 17, 23)}
    assert shown == {7: [250.0, 0.0, 50.0, 100.0], 15: [80.0, 0.0, 0.0, 190.0],
                     17: [0.0, 200.0, 0.0, 500.0], 23: [0.0, 0.0, 0.0, 300.0]}  # fmt: skip
    assert len(rows) == 34


def test_a_slice_that_no_rule_takes_leaves_its_unit_without_a_ratio(bench):
    give_packs(bench)
    rows = [slice_of("good", 100.0), asset("odd", 10.0, maturity_band="beyond_1y")]
    bench.give("metrics.position_slices", rows)
    for table in ("metrics.nsfr_lines", "reports.nsfr_lines"):
        bench.run(table)
    (told,) = bench.run("metrics.nsfr_unclassified")
    assert (told["position_id"], told["slice_amount"]) == ("odd", 10.0)
    row = total(bench.run("reports.nsfr"))
    assert row["nsfr_share"] is None
    assert "odd: no risk weight" in row["availability"]
