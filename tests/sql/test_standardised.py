"""The standardised approach of Basel, by currency and in all, on given rows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sql.report_rows import eve


def change(currency: str, bucketed: float, raised: float, **given: Any) -> dict[str, Any]:
    """A member's change; split between midpoints it is 1 less, its options at today's half."""
    row = {"scenario": "up", "entity_id": "BANK", "currency": currency, "product_code": "loan",
           "is_intragroup": False, "bucketed_change": bucketed, "split_change": bucketed - 1.0,
           "option_change": raised / 2.0, "raised_option_change": raised}  # fmt: skip
    return {**row, **given}


@pytest.fixture
def losses(reports):
    """USD loses 40 and GBP 10, EUR gains 30 euros at 1.1 dollars."""
    changes = change("USD", -38.0, -2.0), change("EUR", 30.0, 0.0), change("GBP", -10.0, 0.0)
    reports.give("metrics.eve_standardised", list(changes))
    pound = {"currency": "GBP", "reporting_currency": "USD", "translation_rate": 1.0}
    reports.give("book.translation_rates", [pound])
    reports.give(
        "metrics.eve",
        [
            eve(scenario, 100.0 + moved * (scenario == "up"), currency=currency)
            for scenario in ("base", "up")
            for currency, moved in (("USD", -36.0), ("EUR", 28.0), ("GBP", -9.0))
        ],
    )
    return reports


def rows_of(bench) -> dict[str, dict[str, Any]]:
    found = bench.run("reports.irrbb_standardised")
    return {r["contract_currency"]: r for r in found if r["entity_id"] == "BANK"}


def test_only_currencies_that_lose_count(losses):
    # -40 - 10 of USD and GBP; the 33 of EUR sets nothing off: a loss of 50 (BCBS d368, 132)
    rows = rows_of(losses)
    assert float(rows["all"]["bucketed_loss_amount"]) == 50.0
    assert float(rows["all"]["delta_eve_bucketed"]) == -17.0
    assert [float(rows[c]["bucketed_loss_amount"]) for c in ("USD", "EUR", "GBP")] == [40, 0, 10]
    assert float(rows["all"]["split_loss_amount"]) == 41.0 + 11.0
    assert rows["all"]["is_worst_eve"]
    assert not rows["USD"]["is_worst_eve"]


def test_the_difference_from_full_revaluation_is_explained(losses):
    # split -39 + 31.9 - 11 - 2 = -20.1 against -36 + 30.8 - 9 = -14.2: options -2 less -1 is -1,
    # the rest -18.1 less (-14.2 + 1) is -4.9.
    row = rows_of(losses)["all"]
    assert float(row["delta_eve_split"] - row["delta_eve"]) == pytest.approx(-5.9)
    assert float(row["volatility_effect_amount"]) == -1.0
    assert float(row["midpoint_effect_amount"]) == pytest.approx(-4.9)


def test_a_currency_without_value_takes_that_of_all_with_it(losses):
    losses.query("update metrics.eve set present_value = null where currency = 'EUR' returning 1")
    losses.give(
        "scenarios.stopped_currencies",
        [{"scenario": "up", "currency": "EUR", "cause": "eur_ois has no quote"}],
    )
    rows = rows_of(losses)
    assert rows["all"]["delta_eve_bucketed"] is None
    assert rows["all"]["availability"] == "not available: EUR: eur_ois has no quote"
    assert float(rows["USD"]["delta_eve_bucketed"]) == -40.0


def test_members_are_translated_and_intragroup_business_leaves_the_group(reports):
    inside = {"is_intragroup": True}
    reports.give("metrics.eve_standardised",
                 [change("EUR", -10.0, 0.0), change("EUR", -20.0, 0.0, **inside)])  # fmt: skip
    reports.give("metrics.eve", [eve(s, 1.0, currency="EUR", is_intragroup=flag)
                                 for s in ("base", "up") for flag in (False, True)])  # fmt: skip
    found = {
        (r["entity_id"], r["row_kind"]): float(r["bucketed_change_amount"])
        for r in reports.run("reports.irrbb_standardised")
        if r["contract_currency"] == "all"
    }
    assert found["BANK", "entity"] == pytest.approx(-33.0)  # 30 euros at 1.1
    assert found["GROUP", "elimination"] == pytest.approx(22.0)
    assert found["GROUP", "group"] == pytest.approx(-11.0)
