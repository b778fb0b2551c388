"""Reports: units, eliminations, translation, weights of the pack, limits, missing inputs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.sql.report_rows import RATES, UNITS, eve, outlier_rows


def test_units_are_entities_the_group_and_what_is_eliminated(bench):
    bench.give("inputs.bank", [{"group_entity_id": "GROUP"}])
    bench.give("inputs.members", [{"entity_id": "BANK"}])
    bench.give("staging.entity", [{"entity_id": "BANK"}, {"entity_id": "OUTSIDE"}])
    rows = bench.run("book.reporting_units")
    assert {(r["entity_id"], r["row_kind"], r["consolidation_factor"]) for r in rows} == {
        ("BANK", "entity", 1),
        ("OUTSIDE", "entity", 1),
        ("GROUP", "group", 1),
        ("GROUP", "elimination", -1),
    }
    assert {r["member_entity_id"] for r in rows if r["entity_id"] == "GROUP"} == {"BANK"}


def test_what_is_eliminated_has_the_opposite_sign_in_the_economic_value(reports):
    # BANK lent 100 to EUBANK, which owes 90 EUR, 99 USD; options in it are 5 and -4 EUR, -4.40 USD
    lent = eve("base", 100.0, is_intragroup=True, option_value=5.0)
    owed = {"entity_id": "EUBANK", "currency": "EUR", "is_intragroup": True, "option_value": -4.0}
    reports.give("metrics.eve", [lent, eve("base", -90.0, **owed)])
    rows = reports.run("reports.eve_sensitivity")
    totals = {r["row_kind"] + " " + r["entity_id"]: r for r in rows if r["family"] == "total"}
    assert totals["entity BANK"]["eve"] == Decimal("105.00")
    assert totals["entity EUBANK"]["eve"] == Decimal("-103.40")  # -99 - 4.40
    assert totals["elimination GROUP"]["eve"] == Decimal("-1.60")  # -(105 - 103.40)


def test_the_worst_scenario_is_marked_and_an_outlier_is_called_one(reports):
    reports.give("metrics.eve", [eve("base", 1000.0), eve("up", 849.0), eve("steep", 990.0)])
    rows = outlier_rows(reports)
    assert rows["BANK", "entity", "up"]["is_eve_outlier"] is True
    assert rows["BANK", "entity", "up"]["is_worst_eve"] is True
    assert rows["BANK", "entity", "steep"]["is_worst_eve"] is False
    assert ("BANK", "entity", "base") not in rows


def test_income_is_tested_in_the_parallel_shapes_and_only_where_the_pack_has_a_level(reports):
    reports.give("metrics.eve", [eve(s, 1.0) for s in ("base", "up", "steep")])
    reports.give(
        "metrics.nii",
        [
            {"scenario": s, "entity_id": "BANK", "currency": "USD", "is_intragroup": False,
             "product_code": "loan", "nii_12m": amount + 2.0, "amortised_12m": -2.0}
            for s, amount in (("base", 100.0), ("up", 70.0), ("steep", 60.0))
        ],
    )  # fmt: skip
    rows = outlier_rows(reports)
    assert rows["BANK", "entity", "up"]["delta_nii_12m"] == Decimal("-30.00")
    assert rows["BANK", "entity", "up"]["is_nii_outlier"] is None
    assert rows["BANK", "entity", "steep"]["delta_nii_12m"] is None


def test_the_group_is_its_members_and_the_eliminations(reports):
    # BANK 1,000 of which 300 to EUBANK; EUBANK 200 of which -300: 1,200 = 700 + 500
    reports.give(
        "metrics.eve",
        [
            eve("base", 700.0),
            eve("base", 300.0, is_intragroup=True),
            eve("base", 500.0, entity_id="EUBANK"),
            eve("base", -300.0, entity_id="EUBANK", is_intragroup=True),
        ],
    )
    rows = reports.run("reports.eve_sensitivity")
    total = {(r["entity_id"], r["row_kind"]): r["eve"] for r in rows if r["family"] == "total"}
    assert total == {
        ("BANK", "entity"): Decimal("1000.00"),
        ("EUBANK", "entity"): Decimal("200.00"),
        ("GROUP", "elimination"): Decimal("0.00"),
        ("GROUP", "group"): Decimal("1200.00"),
    }


def test_a_currency_without_values_makes_totals_unavailable_with_the_cause(reports):
    reports.give(
        "metrics.eve",
        [eve("base", 1000.0), eve("up", 900.0), eve("base", None, currency="EUR"),
         eve("up", None, currency="EUR"), eve("base", 5.0, entity_id="EUBANK"),
         eve("up", 4.0, entity_id="EUBANK")],
    )  # fmt: skip
    rows = outlier_rows(reports)
    for unit in (("BANK", "entity"), ("GROUP", "group")):
        row = rows[*unit, "up"]
        assert row["delta_eve"] is None
        assert row["availability"] == "not available: EUR: positions without a value"
    assert rows["EUBANK", "entity", "up"]["delta_eve"] == Decimal("-1.00")


def test_without_an_exchange_rate_there_is_no_total(reports):
    reports.give("metrics.eve", [eve("base", 1.0), eve("base", 2.0, currency="GBP")])
    rows = reports.run("reports.eve_sensitivity")
    (total,) = [r for r in rows if r["family"] == "total" and r["entity_id"] == "BANK"]
    assert total["eve"] is None
    assert total["availability"] == (
        "not available: no exchange rate for GBP | book.translation_rates"
        " | to fix: deliver it in fx_rate"
    )


def test_without_tier_1_the_ratio_is_not_available_and_the_amount_is(reports):
    reports.query("update metrics.report_footers set tier1_amount = null returning 1")
    reports.give("metrics.eve", [eve("base", 1000.0), eve("up", 900.0)])
    row = outlier_rows(reports)["BANK", "entity", "up"]
    assert (row["delta_eve"], row["delta_eve_share"]) == (Decimal("-100.00"), None)
    assert row["availability"] == "not available: no Tier 1 capital delivered"


def test_income_of_forwards_and_of_flat_rates_stand_side_by_side(reports):
    reports.give(
        "metrics.nii",
        [
            {"scenario": s, "entity_id": "BANK", "currency": "USD", "is_intragroup": False,
             "product_code": "loan", "nii_12m": 100.0 + d, "nii_24m": 210.0 + d,
             "nii_12m_other_path": 90.0 + d, "nii_24m_other_path": 180.0 + d,
             "amortised_12m": 0.0, "amortised_24m": 0.0}
            for s, d in (("base", 0.0), ("up", 10.0))
        ],
    )  # fmt: skip
    rows = reports.run("reports.nii_sensitivity")
    (row,) = [r for r in rows if (r["entity_id"], r["scenario"], r["horizon_months"],
                                  r["family"]) == ("BANK", "up", 12, "loans")]  # fmt: skip
    assert (row["nii_base"], row["nii_other_path_base"]) == (Decimal("100.00"), Decimal("90.00"))
    assert row["delta_nii_base_share"] == pytest.approx(0.10)  # 10 of 100
    assert row["delta_nii_tier1_share"] == pytest.approx(0.01)  # 10 of 1,000


def test_the_balance_sheet_takes_intragroup_business_out_of_the_group(reports):
    reports.give(
        "book.balance_sheet",
        [
            {"entity_id": "BANK", "currency": "USD", "side": "asset",
             "balance_sheet_line": "loans", "carrying_amount": 1000, "intragroup_amount": 300},
            {"entity_id": "EUBANK", "currency": "EUR", "side": "asset",
             "balance_sheet_line": "loans", "carrying_amount": 100, "intragroup_amount": 0},
            {"entity_id": "BANK", "currency": "USD", "side": "asset",
             "balance_sheet_line": "excluded_rows", "carrying_amount": 50, "intragroup_amount": 0},
        ],
    )  # fmt: skip
    rows = {
        (r["row_kind"], r["entity_id"], r["balance_sheet_line"]): r["carrying_amount"]
        for r in reports.run("reports.balance_sheet")
    }
    assert rows["entity", "BANK", "total"] == Decimal("1000.00")  # without the excluded rows
    assert rows["elimination", "GROUP", "loans"] == Decimal("-300.00")
    assert rows["group", "GROUP", "total"] == Decimal("810.00")  # 700 + 100 * 1.1
    assert rows["group", "GROUP", "excluded_rows"] == Decimal("50.00")


def test_every_footer_says_what_is_excluded_and_whether_it_is_illustrative(bench):
    bench.give("inputs.bank", [{"group_entity_id": "GROUP", "reporting_currency": "USD"}])
    bench.give("book.reporting_units", UNITS)
    bench.give("staging.entity", [{"entity_id": "BANK"}, {"entity_id": "EUBANK"}])
    bench.give("book.translation_rates", RATES)
    bench.give(
        "book.balance_sheet",
        [{"entity_id": "BANK", "currency": "USD", "side": "asset", "balance_sheet_line": "x",
          "carrying_amount": 1000, "intragroup_amount": 0}],
    )  # fmt: skip
    aside = {"entity_id": "BANK", "extract": "loan", "gl_account": "1", "currency": "EUR",
             "side": "asset", "excluded_rows": 2, "carrying_amount": 100}  # fmt: skip
    bench.give("book.excluded", [aside, {**aside, "entity_id": "unknown", "excluded_rows": 1}])
    bench.give("staging.capital", [{"entity_id": "BANK", "element": "t1", "amount": 80,
                                    "currency": "USD"}])  # fmt: skip
    bench.give("inputs.declared", [{"item": "curve"}])
    rows = {(r["entity_id"], r["row_kind"]): r for r in bench.run("metrics.report_footers")}
    bank = rows["BANK", "entity"]
    assert (bank["excluded_rows"], bank["excluded_amount"]) == (2, pytest.approx(110.0))
    assert bank["excluded_share"] == pytest.approx(0.11)  # 100 EUR * 1.1 of 1,000
    assert bank["tier1_amount"] == 80.0
    assert bank["availability"] == "illustrative: declared, not delivered"
    assert rows["GROUP", "group"]["excluded_rows"] == 3  # a row of no known entity counts here


@pytest.mark.parametrize(
    ("share", "status"),
    [(-0.10, "green"), (-0.12, "green"), (-0.13, "amber"), (-0.16, "red"), (None, "not available")],
)
def test_a_measure_is_red_beyond_red_and_amber_beyond_amber(reports, share, status):
    reports.give(
        "reports.irrbb_outlier_test",
        [{"entity_id": "BANK", "row_kind": "entity", "scenario": "up", "shape": "parallel_up",
          "delta_eve_share": share, "availability": "available"}],
    )  # fmt: skip
    reports.give(
        "inputs.limits",
        [{"metric": "delta_eve", "scope": "worst_outlier_shape", "direction": "at_least",
          "amber": -0.12, "red": -0.15, "unit": "share_of_tier1", "status": "verified",
          "owner": "team:treasury-risk"}],
    )  # fmt: skip
    rows = reports.run("reports.scorecard")
    (row,) = [r for r in rows if r["metric"] == "delta_eve" and r["entity_id"] == "BANK"]
    assert row["limit_status"] == status
    assert row["worst_scenario"] == (None if share is None else "up")


def test_a_gap_is_reported_with_its_share_of_assets(reports):
    gap = {"scenario": "base", "view": "behavioural", "entity_id": "BANK", "currency": "USD",
           "is_intragroup": False, "bucket_set": "irrbb", "bucket": 1,
           "asset_amount": 500.0, "liability_amount": -300.0,
           "off_balance_amount": 0.0, "gap_amount": 200.0,
           "cumulative_gap_amount": 200.0}  # fmt: skip
    reports.give("metrics.repricing_gap", [gap, {**gap, "scenario": "up"}])
    reports.give(
        "inputs.time_buckets",
        [{"bucket_set": "irrbb", "slotted_by": "repricing", "bucket": 1, "label": "O/N"}],
    )
    rows = {r["entity_id"]: r for r in reports.run("reports.repricing_gap")}
    assert rows["BANK"]["cumulative_gap_share"] == pytest.approx(0.02)  # 200 of 10,000
    assert rows["BANK"]["sensitive_assets_ratio_share"] == pytest.approx(5 / 3)
    assert rows["BANK"]["gap_share"] == pytest.approx(0.02)
    assert rows["EUBANK"]["gap_amount"] == 0
    assert rows["BANK"]["bucket_label"] == "O/N"


def test_a_stopped_currency_leaves_no_partial_gap(reports):
    gap = {"scenario": "base", "view": "behavioural", "entity_id": "BANK", "currency": "USD",
           "is_intragroup": False, "bucket_set": "liquidity", "bucket": 1,
           "gap_amount": 200.0}  # fmt: skip
    reports.give("metrics.liquidity_gap", [gap])
    ladder = {"bucket_set": "liquidity", "slotted_by": "payment", "kept_by": "product"}
    reports.give("inputs.time_buckets", [{**ladder, "bucket": 1, "label": "O/N"}])
    held = {"entity_id": "BANK", "currency": "EUR", "cash_flow_model": "bullet",
            "is_intragroup": False}  # fmt: skip
    reports.give("book.positions", [held])
    reports.give(
        "scenarios.stopped_currencies",
        [{"scenario": "base", "currency": "EUR", "cause": "eur_ois has no quote"}],
    )
    rows = {
        (r["entity_id"], r["row_kind"]): r
        for r in reports.run("reports.liquidity_gap")
        if r["contract_currency"] == "all"
    }
    for unit in (("BANK", "entity"), ("GROUP", "group")):
        assert rows[unit]["gap_amount"] is None
        assert rows[unit]["availability"] == "not available: EUR: eur_ois has no quote"
    assert rows["EUBANK", "entity"]["gap_amount"] == 0


def test_income_holds_what_premiums_and_discounts_earn_and_shows_it_beside(reports):
    # base 100 of which -3 amortises a premium; up 110 of which -1
    reports.give(
        "metrics.nii",
        [
            {"scenario": s, "entity_id": "BANK", "currency": "USD", "is_intragroup": False,
             "product_code": "loan", "nii_12m": 103.0, "nii_24m": 206.0,
             "nii_12m_other_path": 93.0, "nii_24m_other_path": 186.0,
             "amortised_12m": a, "amortised_24m": 2.0 * a}
            for s, a in (("base", -3.0), ("up", -1.0))
        ],
    )  # fmt: skip
    (row,) = [
        r for r in reports.run("reports.nii_sensitivity")
        if (r["entity_id"], r["scenario"], r["horizon_months"], r["family"])
        == ("BANK", "up", 24, "loans")
    ]  # fmt: skip
    assert (row["nii_base"], row["nii"]) == (Decimal("200.00"), Decimal("204.00"))
    assert (row["nii_other_path_base"], row["nii_other_path"]) == (180, 184)
    assert (row["amortised_amount_base"], row["amortised_amount"]) == (-6, -2)
    assert row["delta_nii"] == Decimal("4.00")
