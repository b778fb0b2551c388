"""A liquidity stress by hand: run-off by day, sales at a daily pace, survival and what it needs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sql.report_rows import FOOTERS, RATES, UNITS

DAYS = (0, 1, 2, 3)
KEY = {"entity_id": "BANK", "currency": "USD", "is_intragroup": False}
LINE = {**KEY, "pack": "p", "slice_part": "whole", "maturity_band": "open",
        "encumbrance_band": "free"}  # fmt: skip


def shares(part: str, item: str, *by_day: float) -> list[dict[str, Any]]:
    return [
        {"stress": "s", "stress_part": part, "stress_item": item, "flow_day": day, "share": share}
        for day, share in zip(DAYS, by_day, strict=True)
    ]


@pytest.fixture
def stressed(bench):
    """Deposits of 100 and 200, a repo of 50, a loan that pays 10, cash of 20 and a bond of 80."""
    bench.give("inputs.stresses", [
        {"stress": "s", "kind": "combined", "rate_scenario": "up", "tested_within_days": 30,
         "has_margin_calls": True}
    ])  # fmt: skip
    bench.give("inputs.stress_shares", [
        *shares("run_off", "retail_stable", 0.0, 0.1, 0.2, 0.2),
        *shares("run_off", "uninsured", 0.0, 0.25, 0.25, 0.5),
        *shares("drawn", "committed_retail", 0.0, 0.0, 0.1, 0.1),
        *shares("not_renewed", "repo", 0.4, 0.4, 0.4, 0.4),
        *shares("not_renewed", "other", 1.0, 1.0, 1.0, 1.0),
        *shares("received", "other", 0.5, 0.5, 0.5, 0.5),
        *shares("haircut", "l1", 0.05, 0.05, 0.05, 0.05),
        *shares("sold", "l1", 0.0, 0.5, 1.0, 1.0),
        *shares("facility", "line", 1.0, 1.0, 1.0, 1.0),
    ])  # fmt: skip
    bench.give("inputs.hqla_caps", [{"pack": "p", "is_leading": True}])
    bench.give("metrics.lcr_lines", [
        {**LINE, "position_id": "d1", "liquidity_class": "deposit", "lcr_rule": "retail_stable",
         "slice_amount": 100.0, "slice_part": "insured"},
        {**LINE, "position_id": "d2", "liquidity_class": "deposit", "lcr_rule": "non_financial",
         "slice_amount": 200.0, "slice_part": "uninsured"},
        {**LINE, "position_id": "c", "liquidity_class": "credit_line",
         "lcr_rule": "committed_retail", "slice_amount": 40.0},
        {**LINE, "position_id": "k", "liquidity_class": "cash",
         "lcr_rule": "coins_and_banknotes", "slice_amount": 20.0},
    ])  # fmt: skip
    classes = {"repo": "secured_funding", "loan": "loan", "swap": "derivative_leg",
               "bond": "security"}  # fmt: skip
    bench.give("metrics.position_slices", [
        {**KEY, "position_id": product, "product_code": product, "liquidity_class": kind,
         "slice_part": "whole", "maturity_band": "open", "encumbrance_band": "free",
         "slice_share": 0.75 if product == "bond" else 1.0}
        for product, kind in classes.items()
    ])  # fmt: skip
    bench.give("inputs.products", [
        {"product_code": product, "side": side, "family": "x", "cash_flow_model": "bullet"}
        for product, side in (("repo", "liability"), ("loan", "asset"), ("swap", "off_balance"))
    ])  # fmt: skip
    bench.give("cash_flows.contractual_days", [
        {"entity_id": "BANK", "currency": "USD", "product_code": "repo", "flow_day": 2,
         "principal_amount": -50.0, "interest_amount": -1.0},
        {"entity_id": "BANK", "currency": "USD", "product_code": "loan", "flow_day": 0,
         "principal_amount": 10.0, "interest_amount": 2.0},
    ])  # fmt: skip
    bench.give("metrics.hqla_holdings", [
        {"pack": "p", "entity_id": "BANK", "currency": "USD", "position_id": "bond",
         "market_value": 80.0}
    ])  # fmt: skip
    bench.give("book.positions", [
        {"position_id": "bond", "accounting_class": "htm", "carrying_amount": "90.00",
         "accrued_interest": "0.00", "is_intragroup": False},
        {"position_id": "repo", "is_intragroup": False, "product_code": "repo"},
    ])  # fmt: skip
    bench.give("staging.security", [{"position_id": "bond", "entity_id": "BANK",
                                     "security_no": "B", "hqla_class": "l1"}])  # fmt: skip
    bench.give("staging.borrowing", [
        {"position_id": "repo", "entity_id": "BANK", "borrowing_no": "R",
         "maturity_date": "2026-11-02"}
    ])  # fmt: skip
    bench.give("staging.encumbrance_link", [
        {"entity_id": "BANK", "currency": "USD", "asset_extract": "security", "asset_no": "B",
         "liability_extract": "borrowing", "liability_no": "R", "encumbered_amount": "20.00"}
    ])  # fmt: skip
    line = {"entity_id": "BANK", "currency": "USD", "source_type": "line", "is_committed": True,
            "used_amount": "5.00", "tested_date": "2026-10-15", "time_to_cash_days": 3}  # fmt: skip
    bench.give("staging.funding_source", [
        {**line, "source_id": "tested", "capacity_amount": "12.00"},
        {**line, "source_id": "untested", "capacity_amount": "99.00", "tested_date": "2026-09-15"},
        {**line, "source_id": "no promise", "capacity_amount": "99.00", "is_committed": False},
    ])  # fmt: skip
    bench.give("metrics.eve", [
        {"scenario": scenario, "entity_id": "BANK", "currency": "USD", "product_code": "swap",
         "present_value": value}
        for scenario, value in (("base", 3.0), ("up", -4.0), ("down", 50.0))
    ])  # fmt: skip
    bench.give("book.reporting_units", UNITS)
    bench.give("metrics.report_footers", FOOTERS)
    bench.give("book.translation_rates", RATES)
    bench.give("staging.capital", [{"entity_id": "BANK", "element": "cet1", "amount": "100.00",
                                    "currency": "USD"}])  # fmt: skip
    return bench


def by_day(rows: list[dict[str, Any]], part: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for row in sorted(rows, key=lambda r: r["flow_day"]):
        if row["stress_part"] == part:
            found.setdefault(row["stress_item"], []).append(round(row["cumulative_amount"], 9))
    return found


EXPECTED = {
    "run_off": {  # the rule's own curve, else that of its uninsured part
        "retail_stable insured": [0, -10, -20, -20],
        "non_financial uninsured": [0, -50, -50, -100],
    },
    "drawn": {"committed_retail": [0, 0, -4, -4]},
    "not_renewed": {"repo": [-20.4, -20.4]},  # 40 % of 51, from the second day on
    "received": {"loan": [6, 6, 6]},  # half of 12; what is due today comes tomorrow
    "margin_calls": {"derivatives": [0, -7, -7, -7]},
    "cash": {"coins_and_banknotes": [20, 20, 20, 20]},
    "sale": {"l1": [0, 28.5, 57, 57]},  # three quarters are free: 60 x 95 %, half of it a day
    "sale_loss": {"l1": [0, -5.25, -10.5, -10.5]},  # (80 - 90) x 75 % and 5 % of 60
    "returned_collateral": {"l1": [0, 0, 7.6, 7.6]},  # 40 % of 20 at 95 %
    "facility": {"tested": [0, 0, 0, 7], "untested": [0] * 4, "no promise": [0] * 4},
}


def test_every_item_runs_by_its_own_shares(stressed):
    rows = stressed.run("metrics.stress_flows")
    assert {row["stress_part"] for row in rows} == EXPECTED.keys()
    for part, expected in EXPECTED.items():
        assert by_day(rows, part) == expected, part


def test_the_path_and_the_day_on_which_money_is_short(stressed):
    # day 1: 20 + 28.5 - 60 + 6 - 7 = -12.5; day 2: 20 + 64.6 - 101.4 + 6 = -10.8;
    # day 3: 20 + 64.6 + 7 - 151.4 + 6 = -53.8
    stressed.run("metrics.stress_flows")
    paths = stressed.run("metrics.stress_paths")
    found = {
        row["flow_day"]: round(row["stressed_position"], 9)
        for row in paths
        if (row["entity_id"], row["contract_currency"]) == ("BANK", "all")
    }
    assert found == {0: 20.0, 1: -12.5, 2: -10.8, 3: -53.8}
    (row,) = [
        row
        for row in stressed.run("reports.survival")
        if (row["entity_id"], row["contract_currency"]) == ("BANK", "all")
    ]
    assert (row["survival_day"], row["survival"]) == (1, "money is short on day 1")
    assert float(row["least_position_amount"]) == -53.8
    assert float(row["buffer_need_amount"]) == 145.4  # 151.4 less 6 on the third day


def test_without_the_rates_of_its_margin_calls_a_stress_says_so(stressed):
    stressed.give("inputs.stresses", [{"stress": "s", "kind": "combined",
                                       "has_margin_calls": True}])  # fmt: skip
    stressed.query("delete from inputs.stresses where rate_scenario is not null")
    stressed.run("metrics.stress_flows")
    stressed.run("metrics.stress_paths")
    rows = stressed.run("reports.survival")
    assert {row["survival"] for row in rows} == {"not available"}
    assert all("closing_scenarios" in row["availability"] for row in rows)


def test_drivers_are_ranked_by_their_size(stressed):
    stressed.query("update inputs.stress_shares set flow_day = 30 where flow_day = 3")
    stressed.run("metrics.stress_flows")
    stressed.run("metrics.stress_effects")
    rows = [r for r in stressed.run("reports.stress_drivers") if r["entity_id"] == "BANK"]
    first = sorted(rows, key=lambda row: row["effect_rank"])[:3]
    assert [(row["stress_item"], float(row["effect_30d_amount"])) for row in first] == [
        ("non_financial uninsured", -100.0), ("l1", 57.0), ("repo", -20.4),
    ]  # fmt: skip
