"""Currencies in reports: weights of gains and losses, narrow bands, rates of a scenario."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.sql.report_rows import RATES, eve, outlier_rows


def test_a_gain_in_one_currency_offsets_a_loss_in_another_only_by_its_weight(reports):
    # USD loses 200; EUR gains 100 * 1.1 = 110 and counts half: -200 + 55 = -145
    reports.give(
        "metrics.eve",
        [
            eve("base", 1000.0),
            eve("base", 500.0, currency="EUR"),
            eve("up", 800.0),
            eve("up", 600.0, currency="EUR"),
        ],
    )
    row = outlier_rows(reports)["BANK", "entity", "up"]
    assert row["eve_base"] == Decimal("1550.00")  # 1,000 + 500 * 1.1
    assert row["delta_eve"] == Decimal("-90.00")
    assert row["delta_eve_weighted"] == Decimal("-145.00")
    assert row["delta_eve_share"] == pytest.approx(-0.145)
    assert row["is_eve_outlier"] is False  # 14.5 % of Tier 1 is not more than 15 %


BAND = [
    {"pack": "p", "measure": "eve", "currency": currency, "band_side": side, "gain_weight": 0.8,
     "status": "unverified"}
    for currency, side in (("EUR", "anchor"), ("DKK", "member"))
]  # fmt: skip


@pytest.mark.parametrize(
    ("euro", "krone", "weighted", "status"),
    [
        # 80 % of a gain of 100 is less than the loss of 90 on the other side: -90 + 80
        (-90.0, 100.0, "-11.00", "unverified"),
        # it counts up to the loss of 60, which is more than half of it: -60 + 60
        (-60.0, 100.0, "0.00", "unverified"),
        # the loss of 20 is less than half of the gain: -20 + 50
        (-20.0, 100.0, "33.00", "unverified"),
        # the other way round: a gain in the anchor against a loss in the band
        (100.0, -90.0, "-11.00", "unverified"),
        # gains on both sides set off nothing between them, losses count whole
        (100.0, 100.0, "110.00", "verified"),
        (-100.0, -100.0, "-220.00", "verified"),
    ],
)
def test_a_gain_within_a_narrow_band_sets_off_more_of_a_loss_on_the_other_side(
    reports, euro, krone, weighted, status
):
    # in dollars everything is 1.1 times as much
    reports.give("book.translation_rates", [RATES[1] | {"currency": "DKK"}])
    reports.give("inputs.narrow_bands", BAND)
    reports.give(
        "metrics.eve",
        [
            eve("base", 1000.0, currency="EUR"),
            eve("up", 1000.0 + euro, currency="EUR"),
            eve("base", 1000.0, currency="DKK"),
            eve("up", 1000.0 + krone, currency="DKK"),
        ],
    )
    row = outlier_rows(reports)["BANK", "entity", "up"]
    assert row["delta_eve_weighted"] == Decimal(weighted)
    assert row["eve_figure_status"] == status


def test_a_currency_outside_the_band_keeps_the_ordinary_weight_beside_it(reports):
    # EUR -110 and DKK +100, of which 80 count, at 1.1; USD +100, of which 50: -121 + 88 + 50 = 17
    reports.give("book.translation_rates", [RATES[1] | {"currency": "DKK"}])
    reports.give("inputs.narrow_bands", BAND)
    changes = {"EUR": -110.0, "DKK": 100.0, "USD": 100.0}
    reports.give(
        "metrics.eve",
        [
            eve(scenario, 1000.0 + (change if scenario == "up" else 0.0), currency=currency)
            for currency, change in changes.items()
            for scenario in ("base", "up")
        ],
    )
    row = outlier_rows(reports)["BANK", "entity", "up"]
    assert row["delta_eve_weighted"] == Decimal("17.00")


@pytest.mark.parametrize(
    ("table", "report", "column"),
    [("metrics.eve", "eve_sensitivity", "eve"), ("metrics.nii", "nii_sensitivity", "nii")],
)
def test_a_scenario_translates_at_its_own_exchange_rates(reports, table, report, column):
    # 500 EUR at 1.1 are 550; a tenth more and 10 EUR more: 510 x 1.1 x 1.1 = 617.10. USD stays.
    reports.give("inputs.scenario_fx", [{"scenario": "up", "currency": "EUR",
                                         "translation_factor": 1.1}])  # fmt: skip
    amounts = [("base", "USD", 1000.0), ("base", "EUR", 500.0), ("up", "USD", 1000.0),
               ("up", "EUR", 510.0), ("steep", "USD", 1000.0), ("steep", "EUR", 500.0)]  # fmt: skip
    same = {"entity_id": "BANK", "product_code": "loan", "is_intragroup": False}
    values = {
        "metrics.eve": (("present_value",), ("option_value",)),
        "metrics.nii": (
            ("nii_12m", "nii_24m", "nii_12m_other_path", "nii_24m_other_path"),
            ("amortised_12m", "amortised_24m"),
        ),
    }
    measured, nothing = values[table]
    reports.give(
        table,
        [
            {"scenario": scenario, "currency": currency, **same}
            | dict.fromkeys(measured, amount)
            | dict.fromkeys(nothing, 0.0)
            for scenario, currency, amount in amounts
        ],
    )
    found = {
        row["scenario"]: (row[f"{column}_base"], row[column], row[f"delta_{column}"])
        for row in reports.run(f"reports.{report}")
        if (row["entity_id"], row["family"]) == ("BANK", "total")
        and row.get("horizon_months", 12) == 12
    }
    base = Decimal("1550.00")
    assert found["up"] == (base, Decimal("1617.10"), Decimal("67.10"))
    assert found["steep"] == (base, base, Decimal("0.00"))
