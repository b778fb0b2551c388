"""book.positions: every contract becomes a position, or shows up in a table that must be empty."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from tests.sql.rows import BANK, PRODUCT, RECOVERY, balance, leg, loan, swap

SWAP = {**PRODUCT, "product_code": "swap", "side": "off_balance", "cash_flow_model": "swap_leg"}
CAP = {**SWAP, "product_code": "cap", "cash_flow_model": "cap_floor"}


def test_a_loan_brings_its_terms_and_the_product_its_place(bench):
    bench.give("staging.loan", [loan("1", ftp_rate=0.04)])
    bench.give("inputs.products", [PRODUCT])
    (row,) = bench.run("book.positions")
    assert (row["extract"], row["direction"], row["balance_sheet_line"]) == (
        "loan",
        1,
        "loans_corporate",
    )
    assert row["margin_rate"] == pytest.approx(0.02)  # 6 % to the customer, 4 % transfer rate
    assert row["is_in_irrbb_scope"] is True


def test_business_is_intragroup_where_both_sides_are_members(bench):
    bench.give("inputs.members", [{"entity_id": "BANK"}, {"entity_id": "EUBANK"}])
    bench.give("inputs.products", [PRODUCT])
    others = {"1": "EUBANK", "2": "SPV", "3": None}
    bench.give("staging.loan", [loan(key, intragroup_entity_id=one) for key, one in others.items()])
    outside = loan("4", intragroup_entity_id="EUBANK", entity_id="OTHER")
    bench.give("staging.loan", [outside])
    found = {row["position_id"]: row["is_intragroup"] for row in bench.run("book.positions")}
    assert [name for name, inside in found.items() if inside] == ["BANK:loan:1"]
    assert len(found) == 4


def test_without_a_transfer_rate_the_margin_is_that_of_new_business(bench):
    bench.give("staging.loan", [loan("1")])
    bench.give("inputs.products", [{**PRODUCT, "new_business_margin_rate": 0.031}])
    assert bench.run("book.positions")[0]["margin_rate"] == pytest.approx(0.031)


def test_a_product_nobody_mapped_is_refused_by_name(bench):
    bench.give("staging.loan", [loan("1"), loan("2", product_code="unheard_of")])
    bench.give("inputs.products", [PRODUCT])
    assert [row["position_id"] for row in bench.run("book.positions")] == ["BANK:loan:1"]
    (row,) = bench.run("book.unmapped_positions")
    assert row["position_id"] == "BANK:loan:2"
    assert row["reason"] == "the product is not in the product map"


def test_the_part_of_a_loan_that_was_sold_is_not_ours(bench):
    # a quarter of 1,000.01 is sold: 1,000.01 * 0.75 = 750.0075, to the cent 750.01
    bench.give("staging.loan", [loan("1", sold_share=0.25, outstanding_principal="1000.01")])
    bench.give("inputs.products", [PRODUCT])
    assert bench.run("book.positions")[0]["outstanding_principal"] == Decimal("750.01")


def test_what_is_free_to_prepay_is_a_share_of_the_principal_at_the_start(bench):
    # 10 % of 2,000.00 a year, a quarter of it sold: 150.00; nothing agreed is nothing free
    free = {"original_amount": "2000.00", "free_prepayment_share": 0.1, "sold_share": 0.25}
    bench.give("staging.loan", [loan("1", **free), loan("2", original_amount="2000.00")])
    bench.give("inputs.products", [PRODUCT])
    found = {r["position_id"]: r["free_prepayment_amount"] for r in bench.run("book.positions")}
    assert found == {"BANK:loan:1": Decimal("150.00"), "BANK:loan:2": None}


def test_own_amounts_of_a_sold_part_add_up_to_the_carrying_amount(bench):
    # Two thirds sold of 100.01 + 10.01 fees - 5.00 provision = 105.02: a third of each is 33.34,
    # 3.34 and 1.67, so 33.34 + 3.34 - 1.67 = 35.01 is carried; 3.00 accrued, of it 1.00 past due.
    given = {
        "outstanding_principal": "100.01", "deferred_fees_amount": "10.01",
        "impairment_amount": "5.00", "carrying_amount": "105.02", "accrued_interest": "3.00",
        "past_due_interest_amount": "1.00", "sold_share": 0.66666667,
    }  # fmt: skip
    bench.give("staging.loan", [loan("1", **given)])
    bench.give("inputs.products", [PRODUCT])
    (row,) = bench.run("book.positions")
    assert row["own_share"] == pytest.approx(0.33333333)
    names = ("outstanding_principal", "deferred_fees_amount", "impairment_amount")
    assert [str(row[name]) for name in names] == ["33.34", "3.34", "1.67"]
    assert str(row["carrying_amount"]) == "35.01"
    assert (str(row["accrued_interest"]), str(row["past_due_interest_amount"])) == ("1.00", "0.33")


def test_a_position_of_the_trading_book_is_out_of_scope(bench):
    bench.give("staging.loan", [loan("1", book="trading")])
    bench.give("inputs.products", [PRODUCT])
    assert bench.run("book.positions")[0]["is_in_irrbb_scope"] is False


@pytest.mark.parametrize(
    ("delivered", "expected"),
    [("2027-05-31", dt.date(2027, 5, 31)), (None, dt.date(2028, 10, 31))],
)
def test_a_defaulted_loan_recovers_on_its_date_or_when_the_committee_assumes(
    bench, delivered, expected
):
    # 24 months after 31 October 2026 is 31 October 2028
    bench.give("staging.loan", [loan("1", status="defaulted", expected_recovery_date=delivered)])
    bench.give("inputs.products", [PRODUCT])
    bench.give("inputs.assumptions", [RECOVERY])
    (row,) = bench.run("book.positions")
    assert row["cash_flow_model"] == "non_performing"
    assert row["expected_recovery_date"] == expected


def test_a_swap_is_its_fair_value_and_two_legs_of_opposite_direction(bench):
    bench.give("staging.derivative", [swap("1", carrying_amount="-50.00")])
    bench.give("staging.derivative_leg", [leg("1", 1, "pay"), leg("1", 2, "receive")])
    bench.give("inputs.products", [SWAP])
    rows = {row["position_id"]: row for row in bench.run("book.positions")}
    deal = rows["BANK:derivative:1"]
    assert (deal["side"], deal["carrying_amount"], deal["direction"]) == (
        "liability",
        Decimal("50.00"),
        -1,
    )
    assert deal["cash_flow_model"] == "balance_only"
    legs = [rows[f"BANK:derivative_leg:1:{n}"] for n in (1, 2)]
    assert [one["direction"] for one in legs] == [-1, 1]
    assert {one["cash_flow_model"] for one in legs} == {"swap_leg"}
    assert {one["notional_amount"] for one in legs} == {Decimal("5000.00")}
    assert {one["outstanding_principal"] for one in legs} == {Decimal("0.00")}


@pytest.mark.parametrize(("position", "direction"), [("long", 1), ("short", -1)])
def test_a_purchased_cap_pays_us_and_a_sold_one_pays_the_other_side(bench, position, direction):
    deal = swap("1", product_code="cap", derivative_type="cap", position=position, strike_rate=0.05)
    bench.give("staging.derivative", [deal])
    bench.give("staging.derivative_leg", [leg("1", 1, "receive")])
    bench.give("inputs.products", [CAP])
    rows = {row["extract"]: row for row in bench.run("book.positions")}
    option = rows["derivative_leg"]
    assert (option["option_type"], option["strike_rate"]) == ("cap", 0.05)
    assert option["direction"] == direction


def test_a_collar_is_a_bought_cap_and_a_sold_floor(bench):
    bench.give("staging.derivative", [swap("1", product_code="cap", derivative_type="collar")])
    bought = leg("1", 1, "receive", cap_rate=0.05)
    sold = leg("1", 2, "pay", floor_rate=0.02)
    bench.give("staging.derivative_leg", [bought, sold])
    bench.give("inputs.products", [CAP])
    rows = {row["position_id"]: row for row in bench.run("book.positions")}
    legs = [rows[f"BANK:derivative_leg:1:{n}"] for n in (1, 2)]
    names = ("option_type", "strike_rate", "direction", "cap_rate", "floor_rate")
    assert [tuple(one[name] for name in names) for one in legs] == [
        ("cap", 0.05, 1, None, None),
        ("floor", 0.02, -1, None, None),
    ]
    assert bench.run("book.unmapped_positions") == []


@pytest.mark.parametrize("bounds", [{}, {"cap_rate": 0.05, "floor_rate": 0.02}])
def test_a_leg_of_a_collar_without_its_one_strike_is_refused(bench, bounds):
    bench.give("staging.derivative", [swap("1", product_code="cap", derivative_type="collar")])
    bench.give("staging.derivative_leg", [leg("1", 1, "receive", **bounds)])
    bench.give("inputs.products", [CAP])
    (row,) = bench.run("book.unmapped_positions")
    assert row["reason"] == "a leg of a collar needs either a cap rate or a floor rate"


def test_a_leg_without_its_deal_is_refused(bench):
    bench.give("staging.derivative_leg", [leg("9", 1, "pay")])
    bench.give("inputs.products", [SWAP])
    assert bench.run("book.positions") == []
    (row,) = bench.run("book.unmapped_positions")
    assert row["reason"] == "a derivative leg without its deal"


def test_own_funds_are_equity_although_the_file_says_liability(bench):
    capital = balance("1", "equity", side="liability", product_code="share_capital")
    bench.give("staging.other_balance", [capital])
    bench.give(
        "inputs.products",
        [{**PRODUCT, "product_code": "share_capital", "cash_flow_model": "balance_only"}],
    )
    (row,) = bench.run("book.positions")
    assert (row["side"], row["direction"]) == ("equity", -1)


def test_a_currency_is_translated_directly_or_by_the_inverse_or_not_at_all(bench):
    bench.give("inputs.bank", [BANK])
    bench.give("book.positions", [{"currency": c} for c in ("USD", "EUR", "GBP", "CZK")])
    bench.give("inputs.quote_ages", [{"quote_kind": "exchange_rate", "max_age_days": 5}])
    today = {"quote_date": "2026-10-31"}
    bench.give(
        "staging.fx_rate",
        [
            {"base_currency": "EUR", "quote_currency": "USD", "fx_rate": 1.25, **today},
            {"base_currency": "USD", "quote_currency": "GBP", "fx_rate": 0.8, **today},
        ],
    )
    rates = {
        row["currency"]: row["translation_rate"] for row in bench.run("book.translation_rates")
    }
    assert rates == {"USD": 1.0, "EUR": 1.25, "GBP": 1.25, "CZK": None}  # 1 / 0.8 = 1.25


def test_an_exchange_rate_older_than_allowed_counts_as_none_and_says_how_old_it_is(bench):
    # 26 October is five days before 31 October, which is allowed; 25 October is six
    bench.give("inputs.bank", [BANK])
    bench.give("inputs.quote_ages", [{"quote_kind": "exchange_rate", "max_age_days": 5}])
    bench.give("book.positions", [{"currency": c} for c in ("EUR", "GBP", "CZK")])
    rate = {"quote_currency": "USD", "fx_rate": 1.25}
    bench.give(
        "staging.fx_rate",
        [
            rate | {"base_currency": "EUR", "quote_date": "2026-10-26"},
            rate | {"base_currency": "GBP", "quote_date": "2026-10-25"},
        ],
    )
    rows = {row["currency"]: row for row in bench.run("book.translation_rates")}
    assert {name: row["translation_rate"] for name, row in rows.items()} == {
        "USD": 1.0, "EUR": 1.25, "GBP": None, "CZK": None,
    }  # fmt: skip
    assert {name: row["reason"] for name, row in rows.items()} == {
        "USD": None,
        "EUR": None,
        "GBP": "the last one is of 2026-10-25, 6 days old, allowed 5",
        "CZK": "fx_rate delivers none",
    }
