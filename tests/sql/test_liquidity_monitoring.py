"""Monitoring of liquidity: ladder, concentration, pledges, deposits, warnings, contingency."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sql.liquidity_rows import LCR, asset, give_packs, slice_of
from tests.sql.report_rows import FOOTERS, RATES, UNITS


@pytest.fixture
def units(bench):
    bench.give("book.reporting_units", UNITS)
    bench.give("metrics.report_footers", FOOTERS)
    bench.give("book.translation_rates", RATES)
    bench.give("inputs.hqla_caps", [
        {"pack": pack, "is_leading": pack == LCR} for pack in (LCR, "another_pack")
    ])  # fmt: skip
    return bench


def of_bank(rows: list[dict[str, Any]], *key: str) -> dict[Any, dict[str, Any]]:
    """Return the BANK's rows by one or more columns."""
    return {
        tuple(row[k] for k in key) if len(key) > 1 else row[key[0]]: row
        for row in rows
        if row["entity_id"] == "BANK"
    }


# ---------------------------------------------------------------- ladder


SET = {"bucket_set": "liquidity"}
LADDER = {**SET, "slotted_by": "payment", "kept_by": "product"}


def gap(currency: str, bucket: int, amount: float, cumulative: float) -> dict[str, Any]:
    return {"scenario": "base", "view": "contractual", "entity_id": "BANK", "currency": currency,
            "is_intragroup": False, **SET, "bucket": bucket, "asset_amount": amount,
            "liability_amount": 0.0, "off_balance_amount": 0.0, "gap_amount": amount,
            "cumulative_gap_amount": cumulative}  # fmt: skip


def test_a_security_covers_the_ladder_until_it_is_repaid(units):
    # a bond of 50 repaid on day 20: it covers the first week, not the month; EUR at 1.1
    units.give("metrics.liquidity_gap", [
        gap("USD", 1, -10.0, -10.0), gap("USD", 2, -60.0, -70.0), gap("EUR", 1, -20.0, -20.0),
        gap("EUR", 2, 0.0, -20.0),
    ])  # fmt: skip
    units.give("inputs.time_buckets", [
        {**LADDER, "bucket": 1, "label": "7D", "lower_days": -1, "upper_days": 7},
        {**LADDER, "bucket": 2, "label": ">7D", "lower_days": 7},
    ])  # fmt: skip
    units.give("metrics.hqla_holdings", [{"pack": LCR, "entity_id": "BANK", "currency": "USD",
                                          "position_id": "b", "hqla_value": 50.0}])  # fmt: skip
    units.give("book.positions", [{"position_id": "b", "extract": "security", "entity_id": "BANK",
                                   "currency": "USD", "is_intragroup": False,
                                   "maturity_date": "2026-11-20",
                                   "cash_flow_model": "bullet"}])  # fmt: skip
    rows = of_bank(units.run("reports.liquidity_gap"), "contract_currency", "bucket")
    shown = {key: float(row["covered_gap_amount"]) for key, row in rows.items()}
    assert shown == {("USD", 1): 40.0, ("USD", 2): -70.0, ("EUR", 1): -22.0, ("EUR", 2): -22.0,
                     ("all", 1): 18.0, ("all", 2): -92.0}  # fmt: skip


# ---------------------------------------------------------------- concentration


def owed(number: str, amount: str, **given: Any) -> dict[str, Any]:
    row = {"position_id": number, "entity_id": "BANK", "currency": "USD", "is_intragroup": False,
           "side": "liability", "extract": "deposit_term", "counterparty_id": number,
           "product_code": "td", "cash_flow_model": "bullet", "carrying_amount": amount,
           "maturity_date": "2026-11-30"}  # fmt: skip
    return {**row, **given}


def test_lenders_of_one_group_are_one_and_those_above_one_per_cent_are_named(units):
    # group G lends 30 + 20, ten others 0.60 each, one 44: 100 in all. Of the small ones eight
    # are among the ten largest, none above 1 %
    units.give("book.positions", [
        owed("a", "30.00", maturity_date="2028-01-01"), owed("b", "20.00"), owed("c", "44.00"),
        *(owed(f"s{n}", "0.60", cash_flow_model="non_maturity") for n in range(10)),
    ])  # fmt: skip
    units.give("staging.counterparty", [
        {"counterparty_id": n, "counterparty_type": "bank", "risk_group_id": "G"} for n in "ab"
    ])  # fmt: skip
    ranks = of_bank(units.run("metrics.funding_ranks"), "funding_group")
    assert (ranks["G"]["funding_place"], ranks["G"]["owed_amount"]) == (1, 50.0)
    assert len(ranks) == 10
    rows = of_bank(units.run("reports.funding_concentration"), "dimension", "funding_item")
    first = rows["counterparty", "lender 001"]
    assert (float(first["funding_amount"]), first["funding_share"]) == (50.0, 0.5)
    assert first["is_significant"]
    assert not rows["counterparty", "lender 010"]["is_significant"]
    tenors = {item: float(row["funding_amount"]) for (kind, item), row in rows.items()
              if kind == "tenor"}  # fmt: skip
    assert tenors == {"on demand": 6.0, "up to 1M": 64.0, ">1Y": 30.0}


# ---------------------------------------------------------------- pledges and deposits


def test_pledged_and_free_assets_by_class(units):
    bond = {"liquidity_class": "security", "hqla_class": "l1"}
    units.give("metrics.position_slices", [
        asset("b", 60.0, **bond), asset("b", 40.0, encumbrance_band="beyond_1y", **bond),
        asset("l", 10.0, liquidity_class="mortgage"), slice_of("d", 99.0),
    ])  # fmt: skip
    rows = of_bank(units.run("reports.asset_encumbrance"), "asset_class", "encumbrance_band")
    assert {key: float(row["encumbrance_amount"]) for key, row in rows.items()} == {
        ("security l1", "free"): 60.0, ("security l1", "beyond_1y"): 40.0,
        ("mortgage", "free"): 10.0,
    }  # fmt: skip


def test_deposits_are_watched_by_what_makes_them_leave(units):
    # 100 insured of an account opened two years ago at 1.5 %; 20 more than at the close before
    units.give("metrics.position_slices", [slice_of("d", 100.0, slice_part="insured",
                                                    is_close=True)])  # fmt: skip
    units.give("metrics.lcr_lines", [
        {"pack": LCR, "position_id": "d", "slice_part": "insured", "maturity_band": "open",
         "encumbrance_band": "free", "weighted_slice_amount": 5.0}
    ])  # fmt: skip
    units.give("book.positions", [{"position_id": "d", "behaviour_segment": "savings",
                                   "coupon_rate": 0.015}])  # fmt: skip
    units.give("staging.deposit_nmd", [{"position_id": "d", "channel": "internet",
                                        "opening_date": "2024-10-31"}])  # fmt: skip
    units.give("inputs.behaviour_parameters", [{"scenario": "base", "behaviour_segment": "savings",
                                                "pass_through_up": 0.4}])  # fmt: skip
    key = {"entity_id": "BANK", "row_kind": "entity", "behaviour_segment": "savings",
           "insured_part": "insured", "is_operational": False, "is_close": True,
           "channel": "internet", "rate_band": "1 % to 2 %", "vintage_band": "1Y-3Y"}  # fmt: skip
    units.give("previous.deposit_monitor", [{**key, "monitored_amount": "80.00"}])
    row = of_bank(units.run("reports.deposit_monitor"), "channel")["internet"]
    assert {name: row[name] for name in key} == key
    assert (float(row["monitored_amount"]), float(row["flow_amount"])) == (100.0, 20.0)
    assert row["average_age_years"] == pytest.approx(2.0)  # 730 days
    assert row["average_coupon_rate"] == pytest.approx(0.015)
    assert float(row["modelled_outflow_amount"]) == 5.0
    assert row["assumed_pass_through_up"] == 0.4


def test_churn_and_roll_over_are_of_the_year_before_and_rates_beside_what_is_assumed(units):
    # twelve months of 100 of which 2 leave: 24 % a year; EUR at 1.1 in the group's dollars
    months = [f"{2025 + (10 + n) // 12}-{(10 + n) % 12 + 1:02d}-28" for n in range(12)]
    units.give("inputs.products", [
        {"product_code": "savings", "family": "deposits_non_maturity"},
        {"product_code": "term", "family": "deposits_term"},
        {"product_code": "loan", "family": "consumer"},
    ])  # fmt: skip
    position = {"entity_id": "BANK", "is_intragroup": False}
    units.give("book.positions", [
        {**position, "position_id": "s", "currency": "EUR", "product_code": "savings",
         "behaviour_segment": "calm", "carrying_amount": "300.00"},
        {**position, "position_id": "s2", "currency": "EUR", "product_code": "savings",
         "behaviour_segment": "keen", "carrying_amount": "100.00"},
        {**position, "position_id": "t", "currency": "USD", "product_code": "term",
         "behaviour_segment": "unknown", "carrying_amount": "50.00"},
        {**position, "position_id": "l", "currency": "USD", "product_code": "loan",
         "carrying_amount": "999.00"},
    ])  # fmt: skip
    units.give("inputs.behaviour_parameters", [
        {"scenario": "base", "behaviour_segment": segment, "pass_through_up": share}
        for segment, share in (("calm", 0.2), ("keen", 0.6))
    ])  # fmt: skip
    flow = {"entity_id": "BANK", "currency": "EUR", "product_code": "savings", "vintage": "v"}
    units.give("staging.hist_deposit_balance", [
        {**flow, "cohort_id": "c", "month": month, "balance_amount": "100.00",
         "outflow_amount": "2.00"}
        for month in (*months, "2025-09-28")  # thirteen months back: not of the year
    ])  # fmt: skip
    units.give("staging.hist_term_deposit", [
        {"entity_id": "BANK", "currency": "USD", "product_code": "term", "month": months[-1],
         "opening_amount": "40.00", "broken_amount": "1.00", "matured_amount": "8.00",
         "rolled_amount": "6.00"}
    ])  # fmt: skip
    units.give("staging.hist_deposit_rate", [
        {"product_code": "savings", "currency": "EUR", "month": month, "posted_rate": posted,
         "index_rate": index, "peer_rate": 0.014}
        for month, posted, index in (("2025-10-28", 0.010, 0.020), ("2026-10-28", 0.012, 0.028))
    ])  # fmt: skip
    rows = of_bank(units.run("reports.deposit_trends"), "product_code")
    savings, term = rows["savings"], rows["term"]
    assert set(rows) == {"savings", "term"}
    assert float(savings["deposit_amount"]) == pytest.approx(440.0)
    assert float(savings["yearly_outflow_amount"]) == pytest.approx(26.4)  # 24 at 1.1
    assert savings["churn_share"] == pytest.approx(0.24)
    assert savings["realised_pass_through"] == pytest.approx(0.25)  # 0.2 of 0.8 per cent
    assert savings["assumed_pass_through"] == pytest.approx(0.3)  # (300 * 0.2 + 100 * 0.6) / 400
    assert savings["peer_gap_rate"] == pytest.approx(-0.002)
    assert savings["rolled_share"] is None
    assert float(term["yearly_outflow_amount"]) == 3.0  # 1 broken, 8 ended, 6 of them rolled over
    assert term["rolled_share"] == pytest.approx(0.75)
    assert term["assumed_pass_through"] is None  # nobody assumes anything of its segment


def test_what_was_raised_stands_beside_what_ended_with_its_price(units):
    units.give("inputs.products", [
        {"product_code": "td", "family": "deposits_term"},
        {"product_code": "loan", "family": "consumer"},
    ])  # fmt: skip
    before, started = "2026-09-30", {"start_date": "2026-10-10"}
    units.give("previous.positions", [
        {**owed("old", "80.00", start_date="2026-04-10", maturity_date="2026-10-10"),
         "as_of_date": before},
        {**owed("stays", "70.00", start_date="2026-04-10", maturity_date="2027-04-10"),
         "as_of_date": before},
    ])  # fmt: skip
    units.give("book.positions", [
        owed("stays", "70.00", start_date="2026-04-10", maturity_date="2027-04-10"),
        owed("a", "30.00", coupon_rate=0.02, maturity_date="2027-04-10", **started),
        owed("b", "10.00", coupon_rate=0.04, maturity_date="2027-04-10", **started),
        owed("c", "5.00", coupon_rate=0.05, maturity_date="2027-10-10", **started),
        owed("x", "9.00", product_code="loan", maturity_date="2027-10-10", **started),
    ])  # fmt: skip
    rows = of_bank(units.run("reports.funding_prices"), "tenor_band")
    half = rows[">3M-6M"]  # ten October to ten April
    assert set(rows) == {">3M-6M", ">6M-1Y"}
    assert (float(half["ended_amount"]), float(half["raised_amount"])) == (80.0, 40.0)
    assert half["replaced_share"] == pytest.approx(0.5)
    assert half["average_coupon_rate"] == pytest.approx(0.025)  # (30 * 2 % + 10 * 4 %) / 40
    assert float(rows[">6M-1Y"]["funding_amount"]) == 75.0
    assert float(rows[">6M-1Y"]["raised_amount"]) == 5.0


def test_before_the_first_close_nothing_is_known_to_be_new(units):
    units.give("inputs.products", [{"product_code": "td", "family": "deposits_term"}])
    units.give("book.positions", [owed("a", "30.00", start_date="2026-10-10", coupon_rate=0.02)])
    (row,) = of_bank(units.run("reports.funding_prices"), "tenor_band").values()
    assert (float(row["funding_amount"]), row["raised_amount"]) == (30.0, None)


# ---------------------------------------------------------------- early warning


def thresholds(name: str, direction: str, amber: float, red: float) -> dict[str, Any]:
    return {"indicator": name, "indicator_about": "x", "threshold_direction": direction,
            "amber": amber, "red": red, "owner": "o", "status": "assumed"}  # fmt: skip


@pytest.fixture
def warned(units):
    units.give("inputs.warning_thresholds", [
        thresholds("liquidity_coverage", "at_least", 1.2, 1.1),
        thresholds("largest_lender", "at_most", 0.03, 0.05),
        thresholds("uninsured_deposits", "at_most", 0.4, 0.5),
    ])  # fmt: skip
    unit = {"entity_id": "BANK", "row_kind": "entity"}
    units.give("reports.lcr", [
        {**unit, "pack": pack, "contract_currency": "all", "lcr_share": share}
        for pack, share in ((LCR, 1.15), ("another_pack", 9.0))
    ])  # fmt: skip
    units.give("reports.funding_concentration", [
        {**unit, "dimension": "counterparty", "funding_item": "lender 001",
         "funding_amount": "6.00"},
        {**unit, "dimension": "total", "funding_item": "total", "funding_amount": "100.00"},
    ])  # fmt: skip
    units.give("reports.deposit_monitor", [
        {**unit, "insured_part": part, "monitored_amount": amount}
        for part, amount in (("insured", "70.00"), ("uninsured", "30.00"))
    ])  # fmt: skip
    past = [
        ("2026-08-31", "largest_lender", "green", 0.02),
        ("2026-09-30", "largest_lender", "amber", 0.04),
        ("2026-09-30", "liquidity_coverage", "green", 1.25),
        ("2026-07-31", "largest_lender", "red", 0.07),
    ]
    units.give("history.early_warning", [
        {**unit, "as_of_date": day, "indicator": name, "warning_status": status, "value": value}
        for day, name, status, value in past
    ])  # fmt: skip
    units.give("previous.early_warning", [
        {**unit, "as_of_date": day, "indicator": name, "value": value}
        for day, name, _, value in past if day == "2026-09-30"
    ])  # fmt: skip
    return of_bank(units.run("reports.early_warning"), "indicator")


def test_an_indicator_warns_on_its_side_of_its_thresholds(warned):
    found = {name: (row["value"], row["warning_status"]) for name, row in warned.items()}
    assert found == {
        "liquidity_coverage": (pytest.approx(1.15), "amber"),
        "largest_lender": (pytest.approx(0.06), "red"),
        "uninsured_deposits": (pytest.approx(0.30), "green"),
    }


def test_it_says_where_it_is_heading_and_since_when(warned):
    # the lender was amber a month ago after green; the red of July is an earlier story
    found = {n: (r["trend"], str(r["first_breach_date"])) for n, r in warned.items()}
    assert found == {
        "liquidity_coverage": ("worse", "2026-10-31"),
        "largest_lender": ("worse", "2026-09-30"),
        "uninsured_deposits": ("not known", "None"),
    }


# ---------------------------------------------------------------- contingency


SOURCE = {"entity_id": "BANK", "currency": "USD", "source_type": "line",
          "capacity_amount": "100.00", "used_amount": "20.00", "time_to_cash_days": 1,
          "tested_date": "2026-10-01", "is_committed": True}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "usable", "reason"),
    [
        ({}, 72.0, None),  # 80 less 10 %
        ({"tested_date": "2026-08-01"}, 0.0, "not tested for too long"),
        ({"tested_date": None}, 0.0, "never tested"),
        ({"is_committed": False}, 0.0, "no promise"),
        ({"source_type": "market"}, 0.0, "fails with the bank"),
        ({"source_type": "friends"}, 0.0, "the plan does not know friends"),
    ],
)
def test_what_a_source_gives_in_a_crisis(bench, given, usable, reason):
    bench.give("inputs.contingency_sources", [
        {"source_type": name, "haircut_share": 0.1, "is_correlated": name == "market",
         "tested_within_days": 60} for name in ("line", "market")
    ])  # fmt: skip
    bench.give("metrics.report_footers", FOOTERS)
    bench.give("book.reporting_units", UNITS)
    bench.give("staging.funding_source", [{**SOURCE, "source_id": "s", **given}])
    row = of_bank(bench.run("reports.contingency_sources"), "source_id")["s"]
    assert float(row["usable_after_stress_amount"]) == usable
    assert (row["unusable_reason"] or "").startswith(reason or "")
    assert (reason is None) == (row["unusable_reason"] is None)


@pytest.mark.parametrize(
    ("statuses", "reached"),
    [(["green"] * 4, False), (["red", "green"], True), (["amber"] * 3, True),
     (["amber"] * 2, False)],
)  # fmt: skip
def test_a_level_is_reached_by_red_indicators_or_by_many(bench, statuses, reached):
    bench.give("inputs.contingency_actions", [
        {"contingency_level": "watch", "level_place": 1, "trigger_red": 1, "trigger_amber": 3,
         "action_place": 1, "action": "Meet", "owner": "o", "within_hours": 24}
    ])  # fmt: skip
    bench.give("metrics.report_footers", FOOTERS)
    bench.give("reports.early_warning", [
        {"entity_id": "BANK", "row_kind": "entity", "indicator": f"i{n}", "warning_status": status}
        for n, status in enumerate(statuses)
    ])  # fmt: skip
    (row,) = bench.run("reports.contingency_actions")
    assert row["is_triggered"] == reached


# ---------------------------------------------------------------- what if


def test_weights_of_a_scenario_file_take_the_place_of_the_packs(bench):
    # 1,000 stable at 5 %, 500 less stable at 20 % instead of 10 %: 50 + 100; no inflow; stock 300
    give_packs(bench)
    bench.give("inputs.coverage_weights", [
        {"what_if": "w", "lcr_rule": "retail_less_stable", "weight_share": 0.2}
    ])  # fmt: skip
    bench.give("metrics.position_slices", [
        slice_of("1", 1000, slice_part="insured", is_close=True), slice_of("2", 500),
    ])  # fmt: skip
    bench.give("reports.hqla_stock", [
        {"pack": LCR, "entity_id": "BANK", "row_kind": "entity", "contract_currency": "all",
         "currency": "USD", "hqla_amount": "300.00", "availability": "available"}
    ])  # fmt: skip
    for table in ("metrics.lcr_lines", "reports.lcr_lines", "reports.lcr",
                  "reports.lcr_what_if_lines"):  # fmt: skip
        bench.run(table)
    row = of_bank(bench.run("reports.lcr_what_if"), "what_if")["w"]
    assert (row["lcr_share"], row["what_if_lcr_share"]) == (3.0, 2.0)
