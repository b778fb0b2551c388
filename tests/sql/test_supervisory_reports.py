"""Supervisory templates: weights between currencies, two packs side by side, the close before."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sql.report_rows import FOOTERS, UNITS, eve

SIX = ("parallel_up", "parallel_down", "steepener", "flattener", "short_up", "short_down")
RATES = [
    {"currency": c, "reporting_currency": "USD", "translation_rate": 1.0}
    for c in ("USD", "EUR", "GBP", "DKK")
]


def weights(pack: str, measure: str, gain_weight: float) -> dict[str, Any]:
    return {"pack": pack, "measure": measure, "threshold_share": 0.15, "gain_weight": gain_weight,
            "loss_weight": 1.0, "status": "verified"}  # fmt: skip


@pytest.fixture
def packs(bench):
    """Two packs with six shapes each: Basel counts losses only, the EU half of each gain."""
    bench.give("book.reporting_units", UNITS)
    bench.give("metrics.report_footers", FOOTERS)
    bench.give("book.translation_rates", RATES)
    bench.give(
        "inputs.scenarios",
        [{"scenario": "base", "is_closing": True}]
        + [
            {"scenario": f"{pack}_{shape}", "pack": pack, "shape": shape, "is_closing": True}
            for pack in ("basel", "eu")
            for shape in SIX
        ],
    )
    bench.give(
        "inputs.shock_shapes",
        [
            {"pack": pack, "shape": shape, "shape_number": number, "has_outlier_test": True}
            for pack in ("basel", "eu", "not_closed")
            for number, shape in enumerate(SIX, start=1)
        ],
    )
    bench.give(
        "inputs.rule_packs",
        [
            weights(pack, measure, weight)
            for pack, weight in (("basel", 0.0), ("eu", 0.5))
            for measure in ("eve", "nii")
        ],
    )
    return bench


def give_changes(bench, changes: dict[str, float]) -> None:
    """Let every scenario change the value of each currency by the same amount, up from 1,000."""
    rows = [eve("base", 1000.0, currency=c) for c in changes]
    for pack in ("basel", "eu"):
        for shape in SIX:
            rows += [eve(f"{pack}_{shape}", 1000.0 + d, currency=c) for c, d in changes.items()]
    bench.give("metrics.eve", rows)


def weighted(bench, scenario: str) -> Any:
    (row,) = [
        r for r in bench.run("reports.irrbb_outlier_test")
        if (r["entity_id"], r["row_kind"], r["scenario"]) == ("BANK", "entity", scenario)
    ]  # fmt: skip
    return row["delta_eve_weighted"]


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("basel_parallel_up", -50),  # -40 - 10, no gain counts (BCBS d368, paragraph 132 (4))
        ("eu_parallel_up", -35),  # -40 - 10 + 0.5 * 30
    ],
)
def test_each_regime_weighs_gains_between_currencies_its_own_way(packs, scenario, expected):
    give_changes(packs, {"USD": -40.0, "EUR": 30.0, "GBP": -10.0})
    assert weighted(packs, scenario) == expected


def template(bench) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the lines of BANK by pack and line."""
    rows = bench.run("reports.irrbb1")
    return {(r["pack"], r["template_line"]): r for r in rows if r["entity_id"] == "BANK"}


def test_the_template_has_the_shocks_of_every_pack_of_the_close_the_maximum_and_tier_1(packs):
    packs.give(
        "metrics.eve",
        [eve("base", 1000.0)]
        + [
            eve(f"{pack}_{shape}", 1000.0 - loss * number)
            for pack, loss in (("basel", 10.0), ("eu", 5.0))
            for number, shape in enumerate(SIX, start=1)
        ],
    )
    packs.give(
        "metrics.nii",
        [
            {"scenario": s, "entity_id": "BANK", "currency": "USD", "is_intragroup": False,
             "product_code": "loan", "nii_12m": amount, "amortised_12m": 0.0}
            for s, amount in (("base", 100.0), ("basel_parallel_up", 93.0),
                              ("basel_parallel_down", 96.0), ("basel_steepener", 50.0))
        ],
    )  # fmt: skip
    packs.run("reports.irrbb_outlier_test")
    rows = template(packs)
    assert {pack for pack, _ in rows} == {"basel", "eu"}
    lines = sorted((r["line_number"], line) for (p, line), r in rows.items() if p == "basel")
    assert [line for _, line in lines] == [*SIX, "maximum", "tier1"]
    assert rows["basel", "steepener"]["delta_eve"] == -30  # the third shape: 3 * 10
    assert rows["basel", "maximum"]["delta_eve"] == -60  # the sixth
    assert rows["eu", "maximum"]["delta_eve"] == -30
    assert rows["basel", "maximum"]["delta_nii_12m"] == -7  # the steepener's 50 is not asked for
    assert rows["basel", "steepener"]["delta_nii_12m"] is None
    assert rows["basel", "tier1"]["tier1_amount"] == 1000
    assert rows["basel", "maximum"]["delta_eve_prior"] is None


def test_the_close_before_stands_beside_every_line(packs):
    give_changes(packs, {"USD": -40.0})
    packs.run("reports.irrbb_outlier_test")
    before = {"as_of_date": "2026-09-30", "entity_id": "BANK", "row_kind": "entity",
              "pack": "basel"}  # fmt: skip
    packs.give(
        "previous.irrbb1",
        [{**before, "template_line": "steepener", "delta_eve": -33},
         {**before, "template_line": "tier1", "tier1_amount": 900}],
    )  # fmt: skip
    rows = template(packs)
    steepener = rows["basel", "steepener"]
    assert (steepener["delta_eve"], steepener["delta_eve_prior"]) == (-40, -33)
    assert str(steepener["prior_as_of_date"]) == "2026-09-30"
    assert rows["basel", "tier1"]["tier1_amount_prior"] == 900
    assert rows["eu", "steepener"]["delta_eve_prior"] is None


def test_without_one_of_the_shocks_there_is_no_maximum(packs):
    packs.query("delete from inputs.scenarios where shape = 'flattener' returning 1")
    give_changes(packs, {"USD": -40.0})
    packs.run("reports.irrbb_outlier_test")
    rows = template(packs)
    assert rows["basel", "flattener"]["availability"] == (
        "not available: no closing scenario of basel and flattener"
    )
    assert rows["basel", "maximum"]["delta_eve"] is None
    assert rows["basel", "maximum"]["availability"].startswith("not available")
    assert rows["basel", "steepener"]["delta_eve"] == -40


@pytest.fixture
def credit_union(bench):
    """The credit union of the worked example: 600 of shares, certificates and borrowings."""
    bench.give("book.reporting_units", UNITS)
    bench.give("book.translation_rates", RATES)
    bench.give(
        "inputs.scenarios",
        [{"scenario": "base", "is_closing": True},
         {"scenario": "up_300", "pack": "ncua", "shape": "up_300", "is_closing": True}],
    )  # fmt: skip
    bench.give(
        "inputs.nev_tests",
        [{"pack": "ncua", "share_price_base": 0.99, "share_price_shocked": 0.9504,
          "ratio_low": 0.07, "ratio_high": 0.04, "decline_low": 0.40, "decline_high": 0.65,
          "status": "secondary"}],
    )  # fmt: skip
    bench.give(
        "inputs.products",
        [
            {"product_code": code, "side": side, "cash_flow_model": model}
            for code, side, model in (
                ("loan", "asset", "bullet"), ("share", "liability", "non_maturity"),
                ("certificate", "liability", "bullet"), ("borrowing", "liability", "bullet"),
            )
        ],
    )  # fmt: skip
    held = {"entity_id": "BANK", "currency": "USD", "accrued_interest": 0, "eve_treatment": "in",
            "is_in_irrbb_scope": True, "is_intragroup": False,
            "cash_flow_model": "bullet"}  # fmt: skip
    bench.give(
        "book.positions",
        [
            {**held, "position_id": "s", "side": "liability", "direction": -1,
             "carrying_amount": 600, "cash_flow_model": "non_maturity"},
            {**held, "position_id": "l", "side": "asset", "direction": 1, "carrying_amount": 900},
            {**held, "position_id": "b", "side": "asset", "direction": 1, "carrying_amount": 30,
             "cash_flow_model": "balance_only", "is_in_irrbb_scope": False,
             "eve_treatment": "out_not_rate_sensitive"},
            {**held, "position_id": "e", "side": "equity", "direction": -1,
             "carrying_amount": 90},
        ],
    )  # fmt: skip
    return bench


def give_values(bench, base: dict[str, float], shocked: dict[str, float | None]) -> None:
    rows = [eve("base", v, product_code=p) for p, v in base.items()]
    rows += [eve("up_300", v, product_code=p) for p, v in shocked.items()]
    bench.give("metrics.eve", rows)
    total = {"entity_id": "BANK", "row_kind": "entity", "family": "total", "currency": "USD",
             "excluded_rows": 0, "excluded_amount": 0}  # fmt: skip
    known = None not in shocked.values()
    bench.give(
        "reports.eve_sensitivity",
        [{**total, "scenario": "up_300", "eve_base": 1.0, "eve": 1.0 if known else None,
          "availability": "available" if known else "not available: EUR: no size"}],
    )  # fmt: skip


def test_net_economic_value_of_a_credit_union_is_that_of_the_worked_example(credit_union):
    # 980 = 950 at model value + 30 of building at book; NEV = A - price * 600 - other
    # base 980 - 594 - 250 - 50 = 86.00; shocked 905 - 570.24 - 243 - 48 = 43.76
    give_values(
        credit_union,
        {"loan": 950.0, "share": -555.0, "certificate": -250.0, "borrowing": -50.0},
        {"loan": 875.0, "share": -500.0, "certificate": -243.0, "borrowing": -48.0},
    )
    (row,) = credit_union.run("reports.ncua_nev")
    assert (row["assets_value_base"], row["assets_value"]) == (980, 905)
    assert row["shares_value"] == Decimal("-570.24")
    assert (row["nev_base"], row["nev"]) == (86, Decimal("43.76"))
    assert row["nev_ratio_share"] == pytest.approx(0.048354, abs=5e-7)
    assert row["nev_decline_share"] == pytest.approx(0.491163, abs=5e-7)
    levels = ("ratio_risk_level", "decline_risk_level", "risk_level")
    assert [row[name] for name in levels] == ["moderate"] * 3


def test_the_worse_of_ratio_and_decline_rates_the_credit_union(credit_union):
    # published case: ratio 6.47 % moderate, decline 33.35 % low, overall moderate
    # shocked NEV = 1,000 - 570.24 - 365.06 = 64.70; base 64.70 / (1 - 0.3335) = 97.07
    give_values(
        credit_union,
        {"loan": 970.0, "certificate": -(1000.0 - 594.0 - 97.074)},
        {"loan": 970.0, "certificate": -365.06},
    )
    (row,) = credit_union.run("reports.ncua_nev")
    assert row["nev_ratio_share"] == pytest.approx(0.0647, abs=5e-5)
    assert row["nev_decline_share"] == pytest.approx(0.3335, abs=5e-5)
    assert (row["ratio_risk_level"], row["decline_risk_level"]) == ("moderate", "low")
    assert row["risk_level"] == "moderate"


def test_a_credit_union_with_a_currency_the_test_does_not_move_has_no_rating(credit_union):
    give_values(credit_union, {"loan": 950.0}, {"loan": None})
    (row,) = credit_union.run("reports.ncua_nev")
    assert (row["nev"], row["risk_level"]) == (None, None)
    assert row["availability"] == "not available: EUR: no size"


def test_shifts_of_united_states_practice_are_held_against_policy(packs):
    # EVE 1,000 -> 780: -22 % breaks -20 %; ratio 1000/2000 = 50 % -> 780/1,700 = 45.88 %
    packs.query("delete from inputs.scenarios returning 1")
    packs.give(
        "inputs.scenarios",
        [{"scenario": "us_up_200", "pack": "us", "shape": "up_200", "is_closing": True}],
    )
    packs.give("inputs.shock_shapes", [{"pack": "us", "shape": "up_200", "ramp_months": 0}])
    packs.give(
        "inputs.parallel_shocks",
        [{"pack": "us", "shape": "up_200", "currency": c, "shock_factor": 2.0,
          "unit_shock_bp": size} for c, size in (("USD", 100.0), ("EUR", 90.0))],
    )  # fmt: skip
    packs.give(
        "inputs.products",
        [{"product_code": "loan", "family": "loans", "side": "asset"},
         {"product_code": "debt", "family": "debt", "side": "liability"}],
    )  # fmt: skip
    packs.give(
        "metrics.eve",
        [eve("base", 2000.0), eve("base", -1000.0, product_code="debt"),
         eve("us_up_200", 1700.0), eve("us_up_200", -920.0, product_code="debt")],
    )  # fmt: skip
    packs.give(
        "metrics.nii",
        [
            {"scenario": s, "entity_id": "BANK", "currency": "USD", "is_intragroup": False,
             "product_code": "loan", "nii_12m": a, "nii_24m": b, "nii_12m_other_path": a,
             "nii_24m_other_path": b, "amortised_12m": 0.0, "amortised_24m": 0.0}
            for s, a, b in (("base", 100.0, 210.0), ("us_up_200", 91.0, 190.0))
        ],
    )  # fmt: skip
    packs.give(
        "inputs.limits",
        [{"metric": m, "scope": "us_up_200", "direction": "at_least", "unit": "share_of_base",
          "amber": red * 0.8, "red": red}
         for m, red in (("delta_eve", -0.20), ("delta_nii_12m", -0.10))],
    )  # fmt: skip
    packs.run("reports.eve_sensitivity")
    packs.run("reports.nii_sensitivity")
    (row,) = [r for r in packs.run("reports.us_rate_shocks") if r["entity_id"] == "BANK"]
    assert (row["shock_bp"], row["is_ramp"]) == (200.0, False)
    assert row["delta_eve_base_share"] == pytest.approx(-0.22)
    assert (row["eve_limit_share"], row["is_eve_within_limit"]) == (-0.20, False)
    assert row["eve_ratio_share"] == pytest.approx(780 / 1700)
    assert row["eve_ratio_change_bp"] == pytest.approx(1e4 * (780 / 1700 - 0.5))
    assert row["delta_nii_12m_base_share"] == pytest.approx(-0.09)
    assert row["is_nii_12m_within_limit"] is True
    assert row["is_nii_24m_within_limit"] is None  # no limit, no verdict
    assert row["delta_nii_second_year"] == -11  # (190 - 91) - (210 - 100)
    assert row["delta_nii_second_year_base_share"] == pytest.approx(-0.10)  # of 110
