"""The second valuation: the small bank's arithmetic, and reasons where there is none."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import pytest

from alm_pipeline.audit.challenger.book import ChallengedBook, frequency, held_of, why_not
from alm_pipeline.audit.challenger.comparison import (
    NOT_VALUED,
    PLAIN,
    challenged,
    present_value,
)
from alm_pipeline.audit.challenger.contracts import Cohort, Held, World
from alm_pipeline.audit.challenger.market import Curve, moved
from alm_pipeline.audit.challenger.projection import rows_of
from alm_pipeline.audit.challenger.quantlib import open_desk
from alm_pipeline.inputs.behaviour import BehaviourRow
from tests.unit.warehouse.book_rows import CURVES, MORTGAGE, PRODUCTS

DAY = dt.date(2026, 10, 31)
FOUR_PERCENT = math.log(1.04)  # continuous
CENT = 0.005
STAYING: dict[str, Any] = {
    "prepayment_penalty_share": None, "prepayment_penalty_months": None,
    "free_prepayment_amount": None,
    "prepayment_penalty_amount": None, "withdrawal_penalty_months": None,
    "prepayment_lockout_end_date": None, "prepayment_effect": "lower_instalment",
    "next_fixing_rate": None,
}  # fmt: skip
BULLET: dict[str, Any] = MORTGAGE | STAYING | {
    "cash_flow_model": "bullet", "amortisation_type": "bullet", "principal_freq": "P0D",
    "interest_freq": "P12M", "outstanding_principal": Decimal(1_000_000), "coupon_rate": 0.06,
    "margin_rate": 0.02, "start_date": dt.date(2025, 10, 31), "payment_amount": None,
    "last_payment_date": DAY, "next_payment_date": dt.date(2027, 10, 31),
    "maturity_date": dt.date(2027, 10, 31), "accrued_interest": Decimal(0),
    "business_day_convention": "none", "calendar_id": "none", "behaviour_segment": "none",
    "position_id": "BANK:loan:L1", "stratum": "loans",
}  # fmt: skip


def behaviour(scenario: str = "base", **figures: Any) -> BehaviourRow:
    """Return what one segment does."""
    nothing: dict[str, Any] = {
        "annual_prepayment_rate": 0.0, "redemption_share": 0.0, "core_share": 0.0,
        "drawn_share": 0.0, "draw_months": 0,
        "core_run_off_months": 0, "pass_through_up": 1.0, "pass_through_down": 1.0,
        "lag_months": 0, "rate_floor": -1.0, "status": "assumed",
    }  # fmt: skip
    return BehaviourRow(scenario=scenario, behaviour_segment="segment", **nothing | figures)


def book(*rows: BehaviourRow, agreed: frozenset[str] = frozenset()) -> ChallengedBook:
    """Return what rows mean, on the dollar's curve alone."""
    return ChallengedBook(DAY, ["usd_ois"], CURVES, PRODUCTS, rows, ["base"], agreed)


def value(row: dict[str, Any], *cohorts: BehaviourRow, margins: str = "excluded") -> float:
    """Return the challenger's value of a row at four percent."""
    nodes = {"base": {"usd_ois": [(1, FOUR_PERCENT), (18250, FOUR_PERCENT)]}}
    engine = {(row["position_id"], "base"): 1.0}
    found = challenged([row], engine, nodes, book(*cohorts), margins).to_pylist()
    (plain,) = [one for one in found if one["method"] == PLAIN]
    return float(plain["challenger_value"])


def test_a_bullet_loan_without_its_margin_is_worth_par():
    # L1 of the small bank: (1,000,000 + 40,000) / 1.04; the margin of 2 % is not discounted.
    assert value(BULLET) == pytest.approx(1_000_000.0, abs=CENT)


def test_margins_that_are_in_are_paid_and_discounted():
    # 1,060,000 / 1.04 * e^-0.02
    by_hand = 1_060_000 / 1.04 * math.exp(-0.02)
    assert value(BULLET, margins="included") == pytest.approx(by_hand, abs=CENT)


def test_a_term_deposit_pays_out():
    # T1: -300,000 * 1.03 * 1.04^(-181/365), interest ACT/365 from 30 April to 30 April
    deposit = BULLET | {
        "outstanding_principal": Decimal(300_000), "direction": -1, "coupon_rate": 0.03,
        "margin_rate": 0.0, "day_count": "act_365f", "interest_freq": "P0D",
        "start_date": dt.date(2026, 4, 30), "maturity_date": dt.date(2027, 4, 30),
        "last_payment_date": None, "next_payment_date": None,
    }  # fmt: skip
    assert value(deposit) == pytest.approx(-303_048.27, abs=CENT)


def test_an_account_leaves_as_assumed():
    # N1: 20 % overnight, the rest in 96 parts: -531,282.97
    account = BULLET | {
        "cash_flow_model": "non_maturity", "amortisation_type": "perpetual", "direction": -1,
        "outstanding_principal": Decimal(600_000), "coupon_rate": 0.0, "margin_rate": 0.0,
        "interest_freq": "P1M", "maturity_date": None, "last_payment_date": None,
        "next_payment_date": None, "behaviour_segment": "segment",
    }  # fmt: skip
    core = behaviour(core_share=0.8, core_run_off_months=96)
    assert value(account, core) == pytest.approx(-531_282.97, abs=CENT)


def test_a_linear_loan_repays_in_equal_parts():
    # 40,000 in 4 quarters at 4 %: 10,400, 10,300, 10,200, 10,100 after 92, 181, 273, 365 days
    linear = BULLET | {
        "cash_flow_model": "linear", "amortisation_type": "linear", "interest_freq": "P3M",
        "principal_freq": "P3M", "outstanding_principal": Decimal(40_000), "coupon_rate": 0.04,
        "margin_rate": 0.0, "next_payment_date": dt.date(2027, 1, 31),
    }  # fmt: skip
    flows = {92: 10_400, 181: 10_300, 273: 10_200, 365: 10_100}
    by_hand = sum(cash * 1.04 ** (-days / 365) for days, cash in flows.items())
    assert value(linear) == pytest.approx(by_hand, abs=CENT)


def test_a_loan_that_does_not_perform_recovers_net_of_its_provision():
    # L5: (100,000 - 60,000) / 1.04
    bad = BULLET | {
        "cash_flow_model": "non_performing", "outstanding_principal": Decimal(100_000),
        "impairment_amount": Decimal(60_000), "expected_recovery_date": dt.date(2027, 10, 31),
    }  # fmt: skip
    assert value(bad) == pytest.approx(38_461.54, abs=CENT)


TWO_YEARS: dict[str, Any] = BULLET | {
    "outstanding_principal": Decimal(10_000), "margin_rate": 0.0, "behaviour_segment": "segment",
    "maturity_date": dt.date(2028, 10, 31), "day_count": "30_360",
}  # fmt: skip
SECOND_YEAR = 9000 * 1.06 * 1.04 ** (-731 / 365)


@pytest.mark.parametrize(
    ("terms", "by_hand"),
    [
        # 1,000 of 10,000 leave with the first coupon of 600; six months of 6 % of that are 30
        ({"prepayment_penalty_months": 6.0}, 1630 / 1.04 + SECOND_YEAR),
        # 2 % of that are 20
        ({"prepayment_penalty_share": 0.02}, 1620 / 1.04 + SECOND_YEAR),
        # 1,000 of each contract are free: 100 of the 1,000 that leave
        ({"prepayment_penalty_share": 0.02, "free_prepayment_amount": Decimal(1000)},
         1618 / 1.04 + SECOND_YEAR),
        # 250 by a tenth of the contracts are 25
        ({"prepayment_penalty_amount": Decimal(250)}, 1625 / 1.04 + SECOND_YEAR),
        # nothing may be prepaid up to the first coupon, on which it would be
        ({"prepayment_lockout_end_date": dt.date(2027, 10, 31)},
         600 / 1.04 + 10600 * 1.04 ** (-731 / 365)),
        ({"prepayment_lockout_end_date": dt.date(2027, 10, 30)}, 1600 / 1.04 + SECOND_YEAR),
    ],
)  # fmt: skip
def test_who_prepays_pays_the_penalty_and_not_before_the_lockout_ends(terms, by_hand):
    tenth = behaviour(annual_prepayment_rate=0.1)
    assert value(TWO_YEARS | terms, tenth) == pytest.approx(by_hand, abs=CENT)


def test_a_penalty_on_withdrawal_is_taken_from_what_a_depositor_gets():
    # 1,000 of 10,000 leave tomorrow, less three months of 4 % of that, 10; interest on 10,000 for a
    # day of 360, 1.1111, and on 9,000 for 359, 359.00
    deposit = TWO_YEARS | {
        "direction": -1, "coupon_rate": 0.04, "maturity_date": dt.date(2027, 10, 31),
        "is_redeemable": True, "is_prepayable": False, "withdrawal_penalty_months": 3.0,
    }  # fmt: skip
    by_hand = -(990 * 1.04 ** (-1 / 365) + 9360.1111 / 1.04)
    assert value(deposit, behaviour(redemption_share=0.1)) == pytest.approx(by_hand, abs=CENT)


@pytest.mark.parametrize(
    ("effect", "n_left", "owed"),
    [
        # 12 instalments of 100 at 0 %: 1100 less a fifth, 880; 780 less a fifth, 624; 524 less a
        # fifth, 419.20. That takes 4.192, so 5, instalments of 100.
        ("shorter_term", 5, 419.2),
        # 880 / 11 = 80, 800 less a fifth, 640; 640 / 10 = 64, 576 less a fifth, 460.80; 9 are left
        ("lower_instalment", 9, 460.8),
    ],
)
def test_who_keeps_the_instalment_keeps_the_shorter_term_at_a_reset(effect, n_left, owed):
    held = Held(
        kind="annuity", principal=1200.0, rate_type="floating", spread=0.12, day_count="30e_360",
        last_payment=DAY, next_payment=dt.date(2026, 11, 30), maturity=dt.date(2027, 10, 31),
        next_reset=dt.date(2027, 1, 31), payment_months=1, principal_months=1, index_months=1,
        cohort=Cohort(prepayment=(1.0 - 0.8**12,), redemption=(0.0,)),
        is_term_shortened=effect == "shorter_term",
    )  # fmt: skip
    nothing = (Curve(DAY, ((1, 0.0),)),)
    fourth = rows_of(held, World(DAY, nothing, nothing, 0))[3]
    assert fourth.interest == pytest.approx(owed * 0.12 * 28 / 360)  # 31 January to 28 February
    assert fourth.interest + fourth.scheduled == pytest.approx(owed * 0.01 / (1 - 1.01**-n_left))


def test_a_line_is_drawn_at_month_ends_and_repaid_when_it_ends():
    # A tenth of 1,200 in two months: 60 after 30 and after 61 days, repaid after 92. Interest at
    # 6 % 30E/360: 60 for 30 days, 0.30; 120 for 30 days, 0.60
    undrawn = TWO_YEARS | {
        "cash_flow_model": "commitment", "notional_amount": Decimal(1200), "start_date": None,
        "outstanding_principal": Decimal(0), "maturity_date": dt.date(2027, 1, 31),
        "last_payment_date": None, "next_payment_date": None, "day_count": "30e_360",
    }  # fmt: skip
    flows = {30: -60.0, 61: 0.30 - 60.0, 92: 120.60}
    by_hand = sum(cash * 1.04 ** (-days / 365) for days, cash in flows.items())
    drawn = behaviour(drawn_share=0.1, draw_months=2)
    assert value(undrawn, drawn) == pytest.approx(by_hand, abs=CENT / 100)
    assert value(undrawn, behaviour()) == 0.0


@pytest.mark.parametrize(("lag", "index"), [(30, 0.07), (29, 0.04)])
def test_an_index_fixed_by_the_as_of_date_is_the_one_that_was_fixed(lag, index):
    # 6 % for 30 days, then the index of 30 November 2026 and 1 %: read on 31 October, 7 %; read a
    # day later it is the forward, 1.04^(365/365) - 1 over 365/360 of a year
    index = index if lag == 30 else 0.04 * 360 / 365
    floater = TWO_YEARS | {
        "rate_type": "floating", "index_id": "USD_SOFR_12M", "spread_rate": 0.01,
        "next_reset_date": dt.date(2026, 11, 30), "fixing_lag_days": lag,
        "next_fixing_rate": 0.07 if lag == 30 else None, "maturity_date": dt.date(2027, 10, 31),
    }  # fmt: skip
    by_hand = 10_000 * (1 + 0.06 * 30 / 360 + (index + 0.01) * 330 / 360) / 1.04
    assert value(floater) == pytest.approx(by_hand, abs=CENT)


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"amortisation_type": "schedule"}, "its schedule is agreed date by date"),
        ({"past_due_interest_amount": Decimal(1)}, "it is in arrears"),
        ({"interest_freq": "P1W"}, "it pays every few days"),
        ({"interest_freq": "P2M", "principal_freq": "P3M"},
         "interest and principal fall on different grids"),
        ({"rate_type": "step"}, "it steps to an index"),
        ({"cash_flow_model": "swap_leg", "principal_freq": "P3M", "interest_freq": "P3M"},
         "a leg of it amortises"),
        ({"currency": "EUR"}, "its curve is stopped"),
    ],
)  # fmt: skip
def test_what_cannot_be_valued_says_why(terms, reason):
    assert why_not(BULLET | terms, book()) == reason


def test_a_position_named_in_agreed_events_is_not_valued():
    agreed = book(agreed=frozenset({"BANK:loan:L1"}))
    assert why_not(BULLET, agreed) == "its schedule is agreed date by date"
    assert why_not(BULLET, book()) == ""


def test_reasons_are_rows_and_never_verdicts():
    nodes = {"base": {"usd_ois": [(1, 0.04), (18250, 0.04)]}}
    outside = BULLET | {"position_id": "2", "eve_treatment": "out_deducted"}
    rows = [BULLET | {"past_due_principal_amount": Decimal(9)}, outside]
    engine = {("BANK:loan:L1", "base"): 1.0, ("2", "base"): 0.0}
    found = challenged(rows, engine, nodes, book(), "excluded").to_pylist()
    assert [(r["method"], r["reason"], r["is_passed"]) for r in found] == [
        (NOT_VALUED, "it is in arrears", None),
        (NOT_VALUED, "it is outside the measure of economic value", None),
    ]


def test_a_value_two_cents_off_a_million_is_a_difference():
    nodes = {"base": {"usd_ois": [(1, FOUR_PERCENT), (18250, FOUR_PERCENT)]}}
    for off, is_passed in ((0.0, True), (0.02, False)):  # allowed is a cent on a million
        engine = {("BANK:loan:L1", "base"): 1_000_000.0 + off}
        found = challenged([BULLET], engine, nodes, book(), "excluded").to_pylist()
        assert {row["is_passed"] for row in found} == {is_passed}


def test_without_quantlib_the_plain_method_stands_alone(monkeypatch):
    def absent(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("importlib.import_module", absent)
    nodes = {"base": {"usd_ois": [(1, 0.04), (18250, 0.04)]}}
    found = challenged([BULLET], {("BANK:loan:L1", "base"): 1.0}, nodes, book(), "excluded")
    assert found.column("method").to_pylist() == [PLAIN]


def test_quantlib_builds_a_fixed_bullet_from_its_terms():
    pytest.importorskip("QuantLib")
    terms = {"last_payment_date": dt.date(2026, 8, 15), "next_payment_date": dt.date(2027, 2, 15),
             "maturity_date": dt.date(2029, 8, 15), "interest_freq": "P6M", "margin_rate": 0.01,
             "day_count": "act_act_isda"}  # fmt: skip
    nodes = {"base": {"usd_ois": [(1, 0.03), (365, 0.035), (3650, 0.04)]}}
    row = BULLET | terms
    for margins in ("excluded", "included"):
        found = challenged([row], {("BANK:loan:L1", "base"): 1.0}, nodes, book(), margins)
        by_method = {r["method"]: r["challenger_value"] for r in found.to_pylist()}
        assert by_method["QuantLib"] == pytest.approx(by_method[PLAIN], abs=1e-6)


FLOATER: dict[str, Any] = {
    "kind": "bullet", "principal": 1_000_000.0, "rate": 0.05, "rate_type": "floating",
    "spread": 0.01, "margin": 0.004, "day_count": "act_360", "payment_months": 3,
    "reset_months": 3, "index_months": 3, "roll_day": 15, "last_payment": dt.date(2026, 8, 15),
    "next_payment": dt.date(2026, 11, 15), "next_reset": dt.date(2026, 11, 15),
    "maturity": dt.date(2029, 8, 15),
}  # fmt: skip
ON_BUSINESS_DAYS: dict[str, Any] = {  # 15 November 2026 is a Sunday, 15 May 2027 a Saturday
    "convention": "modified_following", "next_payment": dt.date(2026, 11, 16),
    "next_reset": dt.date(2026, 11, 16), "maturity": dt.date(2029, 8, 15),
    "closed": frozenset(d for n in range(1500) if (d := DAY + dt.timedelta(n)).weekday() > 4),
}  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "is_built"),
    [
        ({}, True),
        (ON_BUSINESS_DAYS, True),
        (ON_BUSINESS_DAYS | {"rate_type": "fixed"}, True),
        ({"next_reset": None}, True),  # never set again: a fixed contract
        ({"next_reset": dt.date(2029, 8, 15), "next_payment": dt.date(2026, 11, 15)}, True),
        ({"maturity": dt.date(2029, 9, 1)}, False),  # the last index runs beyond the end
        (ON_BUSINESS_DAYS | {"maturity": dt.date(2027, 5, 15)}, False),  # a Saturday
        ({"cap": 0.06}, False),
        ({"reset_months": 6}, False),
        ({"rate_type": "fixed", "roll_day": 30, "next_payment": dt.date(2026, 11, 30),
          "last_payment": dt.date(2026, 8, 30), "is_end_of_month": True}, False),
        ({"rate_type": "fixed", "roll_day": 31, "next_payment": dt.date(2027, 1, 31),
          "last_payment": dt.date(2026, 10, 31), "is_end_of_month": True}, True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_margin_in", [False, True])
def test_what_quantlib_builds_is_worth_what_plain_python_says(terms, is_built, is_margin_in):
    pytest.importorskip("QuantLib")
    curve = Curve(DAY, ((1, 0.03), (365, 0.035), (3650, 0.04)))
    world = World(DAY, (curve,), (curve,), 0)
    held, desk = Held(**FLOATER | terms), open_desk(world, is_margin_in=is_margin_in)
    assert desk is not None
    found = desk.value(held)
    assert (found is not None) is is_built
    if found is not None:
        plain = present_value(held, world, is_margin_in=is_margin_in)
        assert found == pytest.approx(plain, abs=1e-6)


def test_agreed_dates_move_to_business_days():
    weekend = frozenset({dt.date(2027, 1, 30), dt.date(2027, 1, 31)})
    saturday = dt.date(2027, 1, 30)
    assert moved(saturday, "following", weekend) == dt.date(2027, 2, 1)
    assert moved(saturday, "modified_following", weekend) == dt.date(2027, 1, 29)
    assert moved(saturday, "preceding", weekend) == dt.date(2027, 1, 29)
    assert moved(saturday, "none", weekend) == saturday


def test_a_date_delivered_as_agreed_or_as_moved_gives_the_same_grid():
    weekend = frozenset({dt.date(2027, 5, 15), dt.date(2027, 5, 16)})  # Saturday, Sunday
    for anchor in (dt.date(2027, 5, 15), dt.date(2027, 5, 17)):
        held = Held(kind="bullet", principal=1.0, roll_day=15, convention="following",
                    closed=weekend)  # fmt: skip
        grid = held.grid(anchor, 3)
        assert [next(grid), next(grid)] == [dt.date(2027, 5, 17), dt.date(2027, 8, 15)]


def test_terms_are_read_from_the_row():
    row = BULLET | {"cap_rate": 0.08, "balloon_amount": Decimal(5), "amortisation_months": 25,
                    "principal_freq": "P12M"}  # fmt: skip
    held = held_of(row, book())
    assert (held.cap, held.balloon, held.n_amortisation) == (0.08, 5.0, 3)  # 25 months: 3 years
    assert (frequency("P18M"), frequency("P2W"), frequency(None)) == ((18, 0), (0, 14), (0, 0))
    with pytest.raises(ValueError, match="no frequency"):
        frequency("monthly")


def test_an_end_on_a_closed_day_is_the_end_and_nothing_happens_before_it():
    weekend = frozenset(d for n in range(400) if (d := DAY + dt.timedelta(n)).weekday() > 4)
    held = Held(
        kind="bullet", principal=100.0, rate=0.04, rate_type="floating", payment_months=3,
        reset_months=3, next_payment=dt.date(2027, 1, 31), next_reset=dt.date(2027, 1, 31),
        maturity=dt.date(2027, 10, 31), convention="modified_following", closed=weekend,
    )  # fmt: skip
    flat = Curve(DAY, ((1, FOUR_PERCENT),))
    days = [row.day for row in rows_of(held, World(DAY, (flat,), (flat,), 0))]
    # 31 January, 31 July and 31 October 2027 are closed: the first two move back, the end stays
    assert days == [dt.date(2027, m, d) for m, d in ((1, 29), (4, 30), (7, 30), (10, 31))]
