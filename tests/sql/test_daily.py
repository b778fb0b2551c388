"""The daily view by hand: bands, cash to come, forecast against actual, movers, indicators."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.sql.harness import SqlBench

TODAY = date(2026, 11, 3)  # a Tuesday
CLOSED = date(2026, 10, 31)
ACCOUNT = {"entity_id": "BANK", "account_id": "A", "currency": "USD"}
RATE = {"as_of_date": CLOSED, "currency": "USD", "translation_rate": 1.0}
MEMBER = {"as_of_date": CLOSED, "entity_id": "BANK", "row_kind": "entity",
          "member_entity_id": "BANK", "is_intragroup": False}  # fmt: skip


@pytest.fixture
def day() -> SqlBench:
    return SqlBench(TODAY.isoformat())


def moved(on: date, kind: str, amount: str, number: str = "1", **more: Any) -> dict[str, Any]:
    movement = {"movement_date": on, "movement_type": kind, "movement_id": number}
    return {**ACCOUNT, **movement, "amount": amount, **more}


def held(on: date, opening: str, closing: str, lowest: str, **more: Any) -> dict[str, Any]:
    amounts = {"opening_amount": opening, "closing_amount": closing}
    return {**ACCOUNT, "position_date": on, **amounts, "intraday_minimum_amount": lowest, **more}


def test_an_account_is_its_opening_what_moved_it_and_its_lowest(day):
    day.give("staging.cash_position", [
        held(TODAY, "100.00", "85.00", "60.00"), held(TODAY - timedelta(1), "90.00", "100.00", "0"),
    ])  # fmt: skip
    day.give("daily.cash_movement", [
        moved(TODAY, "deposit", "5.00"), moved(TODAY, "payment", "-20.00"),
        moved(TODAY - timedelta(1), "deposit", "10.00"),
    ])  # fmt: skip
    (row,) = day.run("daily.cash_days")
    assert (row["cash_in_amount"], row["cash_out_amount"]) == (Decimal("5.00"), Decimal("-20.00"))
    assert row["intraday_use_amount"] == Decimal("40.00")  # 100 - 60
    assert row["view_frequency"] == "daily"


def weeks(n_weeks: int) -> list[dict[str, Any]]:
    """Week i back, deposits gain i on Wednesday and 100 on Saturday; something else on Tuesday."""
    tuesdays = [TODAY - timedelta(weeks=i) for i in range(1, n_weeks + 1)]
    rows = []
    for i, tuesday in enumerate(tuesdays, 1):
        rows += [
            moved(tuesday, "other", "7.00"),
            moved(tuesday + timedelta(1), "deposit", f"{i}.00"),
            moved(tuesday + timedelta(4), "deposit", "100.00"),
        ]
    return rows


def test_the_band_is_of_as_many_days_from_the_same_weekday_on(day):
    day.give("daily.cash_movement", weeks(21))
    windows = day.run("daily.deposit_windows")
    bands = {row["days_ahead"]: row for row in day.run("daily.deposit_bands")}
    # One day ahead: 1, 2 … 21. A tenth of the twenty steps between them is two: 3, 11 and 19.
    names = ("deposit_p10_amount", "deposit_p50_amount", "deposit_p90_amount")
    assert [float(bands[1][n]) for n in names] == [3.0, 11.0, 19.0]
    assert [float(bands[4][n]) for n in names] == [103.0, 111.0, 119.0]  # with the Saturday
    # Eight days ahead: Wednesday of two weeks and one Saturday. From week i: i + (i - 1) + 100 for
    # i = 2 to 21, and the last one, which begins a week ago, is not over yet.
    assert bands[8]["n_windows"] == 20
    assert float(bands[8]["deposit_p50_amount"]) == pytest.approx(122.0)  # 103, 105 … 141
    assert len([w for w in windows if w["days_ahead"] == 1]) == bands[1]["n_windows"] == 21


def test_with_fewer_than_twenty_weeks_there_is_no_band(day):
    day.give("daily.cash_movement", weeks(19))
    day.run("daily.deposit_windows")
    bands = {row["days_ahead"]: row for row in day.run("daily.deposit_bands")}
    assert bands[1]["n_windows"] == 19
    assert bands[1]["deposit_p50_amount"] is None


def test_a_week_without_deposits_moved_nothing(day):
    day.give("daily.cash_movement", [moved(TODAY - timedelta(weeks=3), "other", "1.00")])
    windows = day.run("daily.deposit_windows")
    ahead_1 = [row["window_amount"] for row in windows if row["days_ahead"] == 1]
    assert ahead_1 == [Decimal("0.00")] * 3


@pytest.fixture
def outlook(day):
    """Cash of 100; a loan pays 10 tomorrow, a bond is repaid in two days, a deposit ends."""
    day.give("staging.cash_position", [held(TODAY, "90.00", "100.00", "80.00")])
    day.give("staging.payment_forecast", [
        {"entity_id": "BANK", "currency": "USD", "payment_type": "tax", "amount": "-8.00",
         "payment_date": TODAY + timedelta(2), "probability_share": 0.5},
        {"entity_id": "BANK", "currency": "USD", "payment_type": "tax", "amount": "-99.00",
         "payment_date": TODAY + timedelta(11), "probability_share": 1.0},
    ])  # fmt: skip
    day.give("inputs.products", [
        {"product_code": "loan", "family": "consumer"},
        {"product_code": "bond", "family": "debt_issued"},
        {"product_code": "term", "family": "deposits_term"},
    ])  # fmt: skip
    flow = {"as_of_date": CLOSED, "entity_id": "BANK", "currency": "USD"}
    day.give("previous.contractual_days", [
        {**flow, "product_code": "loan", "flow_day": 3, "principal_amount": 50.0,
         "interest_amount": 0.0},  # today: over
        {**flow, "product_code": "loan", "flow_day": 4, "principal_amount": 9.0,
         "interest_amount": 1.0},
        {**flow, "product_code": "bond", "flow_day": 5, "principal_amount": -30.0,
         "interest_amount": 0.0},
        {**flow, "product_code": "term", "flow_day": 4, "principal_amount": -40.0,
         "interest_amount": 0.0},  # of a deposit: in the band
        {**flow, "currency": "EUR", "product_code": "loan", "flow_day": 13,
         "principal_amount": 2.0, "interest_amount": 0.0},
    ])  # fmt: skip
    day.give("daily.deposit_bands", [
        {"entity_id": "BANK", "currency": "USD", "days_ahead": ahead, "n_windows": 50,
         "deposit_p10_amount": f"{-5 * ahead}", "deposit_p50_amount": f"{ahead}",
         "deposit_p90_amount": f"{4 * ahead}"}
        for ahead in range(1, 11)
    ])  # fmt: skip
    return day


def rows_by(rows: list[dict[str, Any]], *names: str) -> dict[Any, dict[str, Any]]:
    return {tuple(row[name] for name in names): row for row in rows}


def test_cash_to_come_is_what_is_there_due_known_and_likely(outlook):
    rows = rows_by(outlook.run("daily.cash_outlook"), "contract_currency", "days_ahead")
    one, two = rows["USD", 1], rows["USD", 2]
    assert one["forecast_date"] == TODAY + timedelta(1)
    assert (one["falling_due_amount"], one["known_payment_amount"]) == (10, 0)
    assert float(one["outlook_p50_amount"]) == 111.0  # 100 + 10 + 0 + 1
    assert (two["falling_due_amount"], two["known_payment_amount"]) == (-20, -4)
    assert [float(two[f"outlook_p{q}_amount"]) for q in (10, 50, 90)] == [66.0, 78.0, 84.0]
    assert rows["USD", 10]["known_payment_amount"] == -4  # what is due on day eleven is not in it
    assert one["closed_as_of_date"] == CLOSED


def test_flows_of_a_currency_without_an_account_stand_there_and_say_so(outlook):
    rows = rows_by(outlook.run("daily.cash_outlook"), "contract_currency", "days_ahead")
    assert rows["EUR", 10]["falling_due_amount"] == 2
    assert rows["EUR", 10]["outlook_p50_amount"] is None
    assert rows["EUR", 10]["availability"].endswith("no settlement account in this currency")


def test_without_a_close_nothing_is_known_to_fall_due(day):
    day.give("staging.cash_position", [held(TODAY, "90.00", "100.00", "80.00")])
    row = day.run("daily.cash_outlook")[0]
    assert row["falling_due_amount"] is None
    assert row["availability"] == "not available: no close before this day"


def test_what_came_since_the_last_day_stands_beside_what_it_expected(day):
    friday = TODAY - timedelta(4)
    day.give("staging.cash_position", [held(TODAY, "90.00", "100.00", "80.00")])
    expected = {"as_of_date": friday, "entity_id": "BANK", "contract_currency": "USD",
                "falling_due_amount": "6.00", "known_payment_amount": "-3.00",
                "deposit_p10_amount": "-10.00", "deposit_p50_amount": "2.00",
                "deposit_p90_amount": "12.00"}  # fmt: skip
    day.give("previous.cash_outlook", [
        {**expected, "days_ahead": 4, "forecast_date": TODAY},
        {**expected, "days_ahead": 3, "forecast_date": TODAY - timedelta(1)},
    ])  # fmt: skip
    day.give("daily.cash_movement", [
        moved(friday, "deposit", "-500.00"),  # was known when it was forecast
        moved(TODAY - timedelta(1), "deposit", "-9.00"),
        moved(TODAY, "deposit", "-4.00"),
        moved(TODAY, "payment", "-3.50"),
        moved(TODAY, "other", "1.00"),
    ])  # fmt: skip
    rows = {row["flow_kind"]: row for row in day.run("daily.forecast_check")}
    deposit = rows["deposit"]
    assert (deposit["actual_amount"], deposit["forecast_error_amount"]) == (-13, -15)
    assert deposit["is_within_band"] is False
    assert rows["payment"]["forecast_error_amount"] == Decimal("-0.50")
    assert rows["contract"]["forecast_error_amount"] == Decimal("-6.00")  # nothing came
    assert rows["other"]["actual_amount"] == 1
    assert rows["other"]["availability"].endswith("nobody expects other movements")


def test_on_the_first_day_nobody_had_expected_anything(day):
    day.give("staging.cash_position", [held(TODAY, "90.00", "100.00", "80.00")])
    rows = day.run("daily.forecast_check")
    assert {row["availability"] for row in rows} == {
        "not available: no day before expected this one"
    }
    assert {row["actual_amount"] for row in rows} == {None}


def test_the_largest_movers_are_ranked_by_size_whatever_the_direction(day):
    day.give("daily.cash_movement", [
        moved(TODAY, "deposit", "10.00", "1", counterparty_id="in"),
        moved(TODAY, "deposit", "-7.00", "2", counterparty_id="out"),
        moved(TODAY, "deposit", "-5.00", "3", counterparty_id="out"),
        moved(TODAY, "deposit", "-900.00", "4"),  # many small ones
        moved(TODAY, "payment", "-800.00", "5", counterparty_id="tax office"),
        moved(TODAY - timedelta(1), "deposit", "700.00", "1", counterparty_id="in"),
    ])  # fmt: skip
    day.give("inputs.products", [
        {"product_code": "current", "family": "deposits_non_maturity"},
        {"product_code": "loan", "family": "consumer"},
    ])  # fmt: skip
    position = {"as_of_date": CLOSED, "entity_id": "BANK", "currency": "USD"}
    day.give("previous.positions", [
        {**position, "position_id": "1", "product_code": "current", "counterparty_id": "out",
         "carrying_amount": "48.00"},
        {**position, "position_id": "2", "product_code": "loan", "counterparty_id": "out",
         "carrying_amount": "1000.00"},
    ])  # fmt: skip
    rows = {row["mover_rank"]: row for row in day.run("daily.largest_movers")}
    assert [rows[rank]["counterparty_id"] for rank in (1, 2)] == ["out", "in"]
    assert rows[1]["movement_amount"] == -12
    assert rows[1]["closed_deposit_amount"] == 48
    assert rows[1]["movement_share"] == pytest.approx(-0.25)
    assert rows[2]["closed_deposit_amount"] is None
    assert len(rows) == 2


def closed_indicator(name: str, part: float | None, base: float | None, value: float) -> Any:
    return {
        "as_of_date": CLOSED, "entity_id": "BANK", "row_kind": "entity", "indicator": name,
        "indicator_about": name, "threshold_direction": "at_least", "amber": 0.19, "red": 0.1,
        "indicator_part": part, "indicator_base": base, "value": value, "warning_status": "green",
        "owner": "team:x", "figure_status": "assumed",
    }  # fmt: skip


@pytest.fixture
def warned(day):
    """Cash fell from 120 to 100 since the close; liquid assets were 200 of 1,000."""
    day.give("previous.early_warning", [
        closed_indicator("liquid_assets", 200.0, 1000.0, 0.2),
        closed_indicator("undrawn_lines", 90.0, 200.0, 0.45),
        closed_indicator("liquidity_coverage", 1.5, None, 1.5),
        closed_indicator("largest_lender", 3.0, 100.0, 0.03),
    ])  # fmt: skip
    day.give("previous.hqla_stock", [
        {"as_of_date": CLOSED, "pack": "p", "entity_id": "BANK", "row_kind": "entity",
         "contract_currency": "all", "hqla_amount": "200.00"}
    ])  # fmt: skip
    day.give("inputs.hqla_caps", [{"pack": "p", "is_leading": True}])
    day.give("previous.reporting_units", [MEMBER, {**MEMBER, "is_intragroup": True}])
    day.give("previous.translation_rates", [RATE])
    day.give("staging.cash_position", [
        held(CLOSED, "0.00", "120.00", "0.00"),
        held(TODAY - timedelta(1), "0.00", "999.00", "0.00"),
        held(TODAY, "110.00", "100.00", "90.00"),
    ])  # fmt: skip
    return day


def test_indicators_of_liquid_assets_move_with_the_cash_of_the_day(warned):
    rows = {row["indicator"]: row for row in warned.run("daily.indicators")}
    assert rows["liquid_assets"]["cash_since_close"] == -20
    assert rows["liquid_assets"]["value"] == pytest.approx(180 / 980)
    assert rows["liquid_assets"]["warning_status"] == "amber"  # 18.4 % is below 19 %
    assert rows["undrawn_lines"]["value"] == pytest.approx(90 / 180)
    assert rows["liquidity_coverage"]["value"] == pytest.approx(1.5 * 180 / 200)
    assert {rows[name]["evaluated_as_of_date"] for name in rows if name != "largest_lender"} == {
        TODAY
    }


def test_the_other_indicators_stand_as_at_the_close(warned):
    rows = {row["indicator"]: row for row in warned.run("daily.indicators")}
    lender = rows["largest_lender"]
    assert (lender["value"], lender["evaluated_as_of_date"]) == (0.03, CLOSED)
    assert lender["cash_since_close"] is None


def test_without_the_accounts_of_the_close_nothing_is_evaluated_anew(day, warned):
    bench = SqlBench(TODAY.isoformat())
    bench.give("previous.early_warning", [closed_indicator("liquid_assets", 200.0, 1000.0, 0.2)])
    bench.give("previous.reporting_units", [MEMBER])
    bench.give("previous.translation_rates", [RATE])
    bench.give("staging.cash_position", [held(TODAY, "110.00", "100.00", "90.00")])
    (row,) = bench.run("daily.indicators")
    assert (row["value"], row["warning_status"]) == (None, "not available")


def test_indicators_of_days_are_ratios_of_the_day(day):
    day.give("previous.reporting_units", [
        MEMBER, {**MEMBER, "entity_id": "GROUP", "row_kind": "group"},
    ])  # fmt: skip
    day.give("previous.translation_rates", [{**RATE, "translation_rate": 2.0}])
    day.give("previous.deposit_monitor", [
        {"as_of_date": CLOSED, "entity_id": "BANK", "row_kind": "entity",
         "monitored_amount": "1000.00"}
    ])  # fmt: skip
    day.give("daily.cash_days", [
        {**ACCOUNT, "opening_amount": "100.00", "closing_amount": "80.00",
         "intraday_use_amount": "45.00"}
    ])  # fmt: skip
    day.give("daily.cash_movement", [
        moved(TODAY, "deposit", "-30.00"), moved(TODAY - timedelta(4), "deposit", "10.00"),
        moved(TODAY - timedelta(5), "deposit", "999.00"), moved(TODAY, "payment", "-999.00"),
    ])  # fmt: skip
    day.give("staging.payment_forecast", [
        {"entity_id": "BANK", "currency": "USD", "payment_date": TODAY + timedelta(n),
         "payment_type": "tax", "amount": amount, "probability_share": 1.0}
        for n, amount in ((1, "-16.00"), (10, "50.00"), (11, "-999.00"))
    ])  # fmt: skip
    day.give("daily.cash_outlook", [
        {"entity_id": "BANK", "contract_currency": "USD", "days_ahead": ahead,
         "outlook_p10_amount": low}
        for ahead, low in ((1, "70.00"), (2, "20.00"), (3, "60.00"))
    ])  # fmt: skip
    day.give("daily.forecast_check", [
        {"entity_id": "BANK", "contract_currency": "USD", "flow_kind": kind, "expected_amount": e,
         "low_amount": low, "forecast_error_amount": error}
        for kind, e, low, error in (("deposit", "5.00", "-15.00", "-30.00"),
                                    ("payment", "1.00", None, "2.00"))
    ])  # fmt: skip
    rows = rows_by(day.run("daily.day_figures"), "row_kind", "indicator")
    found = {
        name: (row["indicator_part"], row["indicator_base"])
        for (kind, name), row in rows.items()
        if kind == "entity"
    }
    assert found == {  # every amount of the account is worth twice as much in the reporting one
        "deposit_flow_5d": (-40.0, 1000.0),  # 2 (-30 + 10)
        "deposit_flow_score": (-60.0, 40.0),  # 30 below the middle, the low is 20 below it
        "forecast_error": (64.0, 160.0),
        "intraday_use": (90.0, 200.0),
        "least_outlook_10d": (40.0, 160.0),
        "payments_10d": (-32.0, 160.0),
    }
    assert rows["group", "deposit_flow_5d"]["indicator_base"] is None  # no monitor of the group
