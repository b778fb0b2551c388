"""Rates that move: floaters, caps and floors, administered rates, swap legs and options."""

from __future__ import annotations

import math

import numpy as np
import pytest

from alm_pipeline.engine.arrays import CashFlowModel, EventType, OptionType, RateType
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import index_tenor
from alm_pipeline.engine.simulation.events import project
from alm_pipeline.engine.simulation.setting import SimulationOptions
from tests.unit.engine.books import AS_OF, book, cohort, flat, on, run

EXACT = 1e-9
OPTIONS = SimulationOptions(as_of_date=AS_OF)

FLOATER = {  # quarterly, resets on every payment date, index 3M, ACT/360 like its index
    "rate_type": RateType.FLOATING,
    "payment_months": 3,
    "reset_months": 3,
    "next_payment_offset": on("2026-03-31"),
    "next_reset_offset": on("2026-03-31"),
    "maturity_offset": on("2027-12-31"),
    "day_count": DayCount.ACT_360,
}
ZERO_RATE = 0.04


def forward(start: str, end: str) -> float:
    """Return the simple ACT/360 forward of a flat 4 % curve, by hand."""
    days = on(end) - on(start)
    return (math.exp(ZERO_RATE * days / 365) - 1) / (days / 360)


def interest(positions, behaviour=None, rate=ZERO_RATE):
    events = project(positions, flat(rate), behaviour or cohort(), OPTIONS)
    return events.interest[events.event_type == EventType.INTEREST]


def test_a_floater_at_par_on_a_reset_date_is_worth_par():
    # one period at today's rate = the index of today, then forwards: the value is 100
    today = forward("2025-12-31", "2026-03-31")
    value = run(book(FLOATER, coupon_rate=today), flat(ZERO_RATE)).present_value[0, 0]
    assert value == pytest.approx(100.0, abs=1e-8)


def test_a_reset_takes_the_forward_plus_the_spread_after_the_days_payment():
    paid = interest(book(FLOATER, coupon_rate=0.05, spread_rate=0.01))
    assert paid[0] == pytest.approx(100 * 0.05 * 90 / 360, abs=EXACT)
    index = forward("2026-03-31", "2026-06-30")
    assert paid[1] == pytest.approx(100 * (index + 0.01) * 91 / 360, abs=EXACT)


def test_a_teaser_runs_until_its_later_first_reset():
    paid = interest(book(FLOATER, coupon_rate=0.01, next_reset_offset=on("2026-09-30")))
    assert paid[:3] == pytest.approx([100 * 0.01 * d / 360 for d in (90, 91, 92)], abs=EXACT)
    assert paid[3] == pytest.approx(100 * forward("2026-09-30", "2026-12-31") * 92 / 360, abs=EXACT)


def test_caps_floors_and_multipliers():
    index = forward("2026-03-31", "2026-06-30")  # about 4.0 %
    quarter = 100 * 91 / 360

    def second(**terms):
        return interest(book(FLOATER, coupon_rate=0.05, **terms))[1]

    assert second(cap_rate=0.03) == pytest.approx(0.03 * quarter, abs=EXACT)
    assert second(floor_rate=0.06) == pytest.approx(0.06 * quarter, abs=EXACT)
    assert second(rate_multiplier=2.0) == pytest.approx(2 * index * quarter, abs=EXACT)
    # from 5 % towards 4.0 % by at most 0.5 points
    assert second(period_floor_rate=0.005) == pytest.approx(0.045 * quarter, abs=EXACT)
    # from 5 % towards 8.0 % by at most 1 point
    assert second(rate_multiplier=2.0, period_cap_rate=0.01) == pytest.approx(0.06 * quarter)


def test_a_fixing_lag_sees_the_forward_of_the_same_period():
    # fixed two days before 31 March, for the period that starts there
    paid = interest(book(FLOATER, fixing_lag_days=2))
    index = forward("2026-03-31", "2026-06-30")
    assert paid[1] == pytest.approx(100 * index * 91 / 360, abs=EXACT)


def test_an_index_of_another_tenor_than_the_reset_runs_its_own_period():
    # six-month index from 31 March to 30 September, earned for a quarter
    paid = interest(book(FLOATER, index_tenor=index_tenor("6M")))
    index = forward("2026-03-31", "2026-09-30")
    assert paid[1] == pytest.approx(100 * index * 91 / 360, abs=EXACT)


def test_a_reset_between_payments_accrues_the_old_rate_first():
    # reset on 31 March, payment on 30 June: 90 days at 5 %, 91 days at the forward
    terms = FLOATER | {"payment_months": 6, "next_payment_offset": on("2026-06-30")}
    paid = interest(book(terms, coupon_rate=0.05))
    index = forward("2026-03-31", "2026-06-30")
    assert paid[0] == pytest.approx(100 * (0.05 * 90 + index * 91) / 360, abs=EXACT)


def test_an_annuity_is_refixed_at_every_reset():
    # 12 monthly payments, reset after 6: the last six amortise the rest at the new rate
    terms = FLOATER | {
        "model": CashFlowModel.ANNUITY,
        "payment_months": 1,
        "principal_months": 1,
        "reset_months": 6,
        "coupon_rate": 0.06,
        "day_count": DayCount.THIRTY_E_360,
        "next_payment_offset": on("2026-01-15"),
        "last_payment_offset": on("2025-12-15"),
        "next_reset_offset": on("2026-06-15"),
        "maturity_offset": on("2026-12-15"),
        "principal": 1200.0,
        "roll_day": 15,
    }
    events = project(book(terms), flat(ZERO_RATE), cohort(), OPTIONS)
    scheduled = events.event_type == EventType.SCHEDULED_PRINCIPAL
    balance = events.balance_after[scheduled]
    payment = 1200 * 0.005 / (1 - 1.005**-12)
    left = 1200 * 1.005**6 - payment * (1.005**6 - 1) / 0.005
    assert balance[5] == pytest.approx(left, abs=1e-8)
    i = forward("2026-06-15", "2026-09-15") / 12  # three-month index, re-fixed every six
    second = left * i / (1 - (1 + i) ** -6)
    assert events.principal[scheduled][6] == pytest.approx(second - left * i, abs=1e-8)


def test_a_swap_leg_pays_interest_by_direction_and_never_its_notional():
    receive = {"model": CashFlowModel.SWAP_LEG, "payment_months": 12, "principal": 1000.0}
    receive |= {"next_payment_offset": on("2026-12-31"), "maturity_offset": on("2027-12-31")}
    pay = FLOATER | {"model": CashFlowModel.SWAP_LEG, "principal": 1000.0, "sign": -1}
    result = run(book(receive, pay), flat(ZERO_RATE))
    expected = 50 * (math.exp(-ZERO_RATE * 365 / 365) + math.exp(-ZERO_RATE * 730 / 365))
    assert result.present_value[0, 0] == pytest.approx(expected, abs=EXACT)
    assert result.buckets["all"].principal[0, 0, 0] == 0.0
    assert result.principal["opening"].sum() == 0.0
    # notional in, notional out: the swap's legs cancel in the total of the gap
    assert result.buckets["all"].repricing_principal[0, 0, 0] == pytest.approx(0.0)


def test_a_cap_pays_the_forward_above_its_strike():
    # strike 3 %: every quarter after the running one pays notional x yf x (F - 3 %)
    cap = FLOATER | {"model": CashFlowModel.CAP_FLOOR, "strike_rate": 0.03, "principal": 1000.0}
    paid = interest(book(cap, option_type=OptionType.CAP, coupon_rate=0.05))
    assert paid[0] == pytest.approx(1000 * 0.02 * 90 / 360, abs=EXACT)
    index = forward("2026-03-31", "2026-06-30")
    assert paid[1] == pytest.approx(1000 * (index - 0.03) * 91 / 360, abs=EXACT)


def test_cap_minus_floor_is_the_swap():
    leg = FLOATER | {"model": CashFlowModel.CAP_FLOOR, "strike_rate": 0.04, "principal": 1000.0}
    cap = leg | {"option_type": OptionType.CAP, "coupon_rate": 0.045}
    floor = leg | {"option_type": OptionType.FLOOR, "coupon_rate": 0.045, "sign": -1}
    swap = FLOATER | {"model": CashFlowModel.SWAP_LEG, "principal": 1000.0, "coupon_rate": 0.045}
    fixed = swap | {"rate_type": RateType.FIXED, "coupon_rate": 0.04, "sign": -1}
    value = run(book(cap, floor, swap, fixed), flat(ZERO_RATE, 0.02, 0.07)).present_value
    assert value[0] + value[1] == pytest.approx(value[2] + value[3], abs=1e-8)


def test_an_administered_loan_follows_its_index_by_its_pass_through():
    # 50 % of the difference between the scenario's 1M index and today's base index
    terms = FLOATER | {"rate_type": RateType.ADMINISTERED, "coupon_rate": 0.05, "cohort": 0}
    behaviour = cohort(pass_through_up=0.5)
    events = project(book(terms), flat(0.05, base=0.03), behaviour, OPTIONS)
    paid = events.interest[events.event_type == EventType.INTEREST]

    def one_month(rate, days):
        return (math.exp(rate * days / 365) - 1) / (days / 360)

    # at the end of March the index runs 30 days; the base index today runs 31 days
    rate = 0.05 + 0.5 * (one_month(0.05, 30) - one_month(0.03, 31))
    assert paid[1] == pytest.approx(100 * rate * 91 / 360, abs=EXACT)


def test_repricing_of_a_floater_is_its_whole_balance_at_the_next_reset():
    result = run(book(FLOATER), flat(ZERO_RATE), bucket_sets=_quarters())
    gap = result.buckets["quarters"].repricing_principal[0, :, 0]
    assert gap.tolist() == [100.0, 0.0, 0.0]
    liquidity = result.buckets["quarters"].principal[0, :, 0]
    assert liquidity.tolist() == [0.0, 0.0, 100.0]


def _quarters():
    from alm_pipeline.engine.arrays import MAX_OFFSET, Buckets

    bounds = np.array([on("2026-03-31"), on("2026-06-30"), MAX_OFFSET], dtype=np.int32)
    return (Buckets(name="quarters", upper_offset=bounds),)


@pytest.mark.parametrize("kind", [CashFlowModel.BULLET, CashFlowModel.CAP_FLOOR])
def test_an_index_fixed_already_holds_in_every_scenario_until_the_next_reset(kind):
    # 4 % until 31 March, then 3 % + 1 % as fixed in December whatever the curve says; from 30 June
    # on the curve. Of 3 % over a strike of 2.5 % a cap pays half a per cent.
    terms = {"model": kind, "principal": 1000.0, "rate_type": RateType.FLOATING}
    terms |= {"coupon_rate": 0.02, "next_index_rate": 0.03, "payment_months": 3, "reset_months": 3}
    terms |= {"next_reset_offset": on("2026-03-31"), "next_payment_offset": on("2026-03-31")}
    terms |= {"maturity_offset": on("2026-12-31"), "is_end_of_month": True}
    if kind is CashFlowModel.CAP_FLOOR:
        terms |= {"option_type": int(OptionType.CAP), "strike_rate": 0.025}
    options = SimulationOptions(as_of_date=AS_OF)
    events = project(book(terms), flat(0.0, 0.10), cohort(2), options)
    is_second = events.event_offset == on("2026-06-30")
    paid = events.interest[is_second & (events.event_type == EventType.INTEREST)]
    rate = 0.005 if kind is CashFlowModel.CAP_FLOOR else 0.03
    assert paid == pytest.approx([1000.0 * rate / 4.0] * 2)
    resets = events.event_offset[(events.event_type == EventType.RESET) & (events.scenario == 0)]
    assert list(resets) == [on("2026-06-30"), on("2026-09-30")]
