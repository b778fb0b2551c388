"""Net interest income on a constant balance sheet, and balances without maturity."""

from __future__ import annotations

import importlib
import math

import numpy as np
import pytest

from alm_pipeline.engine.arrays import MAX_OFFSET, Buckets, CashFlowModel, RateType
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import index_tenor
from tests.unit.engine.books import book, cohort, flat, on, run

EXACT = 1e-9
ACCOUNT = {
    "sign": -1,
    "model": CashFlowModel.NON_MATURITY,
    "rate_type": RateType.ADMINISTERED,
    "principal": 1000.0,
    "coupon_rate": 0.02,
    "cohort": 0,
    "last_payment_offset": -(2**31),
}


def simple(rate: float, days: int, year_days: float = 360.0) -> float:
    return (math.exp(rate * days / 365) - 1) / (days / year_days)


def test_a_bond_that_outlives_the_window_earns_its_coupon():
    bond = book(
        payment_months=12, next_payment_offset=on("2026-12-31"), maturity_offset=on("2030-12-31")
    )
    result = run(bond, flat(0.03))
    assert result.net_interest_income[12][0, 0] == pytest.approx(5.0, abs=EXACT)
    assert result.net_interest_income[24][0, 0] == pytest.approx(10.0, abs=EXACT)


def test_what_is_already_accrued_is_not_earned_again():
    # coupon of 5 due on 30 June 2026, 2.50 of it booked; then 30 June to 31 December: 2.50
    bond = book(
        payment_months=12,
        last_payment_offset=on("2025-06-30"),
        next_payment_offset=on("2026-06-30"),
        maturity_offset=on("2030-06-30"),
        accrued_interest=2.5,
        roll_day=30,
    )
    result = run(bond, flat(0.03))
    assert result.net_interest_income[12][0, 0] == pytest.approx(5.0, abs=EXACT)
    value = result.present_value[0, 0]
    first = 5.0 * math.exp(-0.03 * on("2026-06-30") / 365)  # the whole first coupon is cash
    rest = run(
        book(
            payment_months=12,
            last_payment_offset=on("2026-06-30"),
            next_payment_offset=on("2027-06-30"),
            start_offset=on("2026-06-30"),
            maturity_offset=on("2030-06-30"),
            roll_day=30,
        ),
        flat(0.03),
    )
    assert value == pytest.approx(first + rest.present_value[0, 0], abs=1e-8)


def test_a_matured_deposit_is_replaced_on_its_own_date_at_index_plus_margin():
    # 100 at 5 % until 30 June (180/360 = 2.50), then twelve-month money at 4 % flat plus 1 %:
    # fixed on 30 June for a year; 184 days to 31 December
    deposit = book(
        maturity_offset=on("2026-06-30"),
        coupon_rate=0.05,
        replacement_tenor=index_tenor("12M"),
        replacement_margin=0.01,
    )
    result = run(deposit, flat(0.04))
    index = simple(0.04, 365)
    expected = 2.5 + 100 * (index + 0.01) * 184 / 360
    assert result.net_interest_income[12][0, 0] == pytest.approx(expected, abs=EXACT)


def test_a_replacement_is_refixed_when_its_tenor_ends():
    # three-month money: 30 Jun - 30 Sep - 30 Dec - 30 Mar: 92, 91 days, and
    # one day of the third at its own forward (30 Dec to 30 Mar, 90 days)
    deposit = book(
        maturity_offset=on("2026-06-30"), coupon_rate=0.0, replacement_tenor=index_tenor("3M")
    )
    result = run(deposit, flat(0.04))
    expected = 100 * (simple(0.04, 92) * 92 + simple(0.04, 91) * 91 + simple(0.04, 90)) / 360
    assert result.net_interest_income[12][0, 0] == pytest.approx(expected, abs=EXACT)


def test_the_flat_path_replaces_at_todays_index_and_stands_beside_the_forwards():
    # a steep curve: 2 % for a month, 6 % at two years
    curves = flat(0.04)
    steep = type(curves)(
        tenor_days=np.array([31, 730], dtype=np.int32),
        zero_rates=np.array([[[0.02, 0.06]]]),
        base_zero_rates=np.array([[0.02, 0.06]]),
    )
    deposit = book(
        maturity_offset=on("2026-06-30"), coupon_rate=0.0, replacement_tenor=index_tenor("1M")
    )
    result = run(deposit, steep)
    # spot one-month index: 31 days at 2 %; earned 184 days
    expected = 100 * simple(0.02, 31) * 184 / 360
    assert result.net_interest_income_other_path[12][0, 0] == pytest.approx(expected, abs=EXACT)
    assert result.net_interest_income[12][0, 0] > expected
    other = run(deposit, steep, nii_path="flat")
    assert other.net_interest_income[12] == pytest.approx(expected, abs=EXACT)


def test_a_floater_on_the_flat_path_keeps_resetting_to_todays_index():
    terms = {
        "rate_type": RateType.FLOATING,
        "payment_months": 3,
        "reset_months": 3,
        "next_payment_offset": on("2026-03-31"),
        "next_reset_offset": on("2026-03-31"),
        "maturity_offset": on("2030-12-31"),
        "day_count": DayCount.ACT_360,
        "coupon_rate": 0.05,
    }
    curves = flat(0.04)
    spot = simple(0.04, 90)  # three months from 31 December to 31 March
    flat_income = run(book(terms), curves).net_interest_income_other_path[12][0, 0]
    assert flat_income == pytest.approx(100 * (0.05 * 90 + spot * 275) / 360, abs=EXACT)


def test_months_add_up_to_the_income_of_the_window():
    loan = book(
        model=CashFlowModel.ANNUITY,
        payment_months=1,
        principal_months=1,
        principal=1000.0,
        next_payment_offset=on("2026-01-15"),
        last_payment_offset=on("2025-12-15"),
        maturity_offset=on("2026-10-15"),
        roll_day=15,
        replacement_margin=0.02,
    )
    account = book(ACCOUNT)
    for positions in (loan, account):
        behaviour = cohort(core_share=0.5, core_run_off_months=24, pass_through_up=0.4)
        result = run(positions, flat(0.04, base=0.03), behaviour)
        months = result.monthly["interest"][0] + result.monthly["replacement"][0]
        for window in (12, 24):
            income = result.net_interest_income[window][0, 0]
            assert months[:window].sum() == pytest.approx(income, abs=1e-9)


def test_the_months_of_a_30_360_coupon_add_up_to_the_coupon():
    # 31 December to 28 February is 58 days of 30/360 (US), to 31 March 90, but 28 February to
    # 31 March only 30: month by month 30 + 28 + 30 = 88. Counted from the start: 30, 28, 32
    bond = book(
        payment_months=12,
        next_payment_offset=on("2026-12-31"),
        maturity_offset=on("2030-12-31"),
        day_count=DayCount.THIRTY_360_US,
    )
    result = run(bond, flat(0.03))
    assert result.net_interest_income[12][0, 0] == pytest.approx(5.0, abs=EXACT)
    expected = [5 * days / 360 for days in (30, 28, 32, 30)]
    assert result.monthly["interest"][0, :4, 0] == pytest.approx(expected, abs=EXACT)


def test_a_constant_balance_on_30_360_earns_a_whole_year():
    # 1000 x 2 % x 360/360, although the months from month end to month end count 358 days
    account = book(ACCOUNT | {"day_count": DayCount.THIRTY_360_US, "rate_type": RateType.FIXED})
    income = run(account, flat(0.0), cohort()).net_interest_income[12][0, 0]
    assert income == pytest.approx(-20.0, abs=EXACT)


def test_monthly_balances_roll_forward():
    loan = book(
        model=CashFlowModel.LINEAR,
        payment_months=1,
        principal_months=1,
        principal=1200.0,
        next_payment_offset=on("2026-01-31"),
        maturity_offset=on("2026-12-31"),
    )
    monthly = run(loan, flat(0.04)).monthly
    assert monthly["opening"][0, :3, 0] == pytest.approx([1200.0, 1100.0, 1000.0])
    assert monthly["closing"][0, 11:, 0] == pytest.approx([0.0] * 13)


def test_deposit_beta_costs_1_83_in_twelve_months():
    # example 7: 500, beta 0.4, lag 1 month, +100 bp: 500 x 0.4 x 0.01 x 11/12 = 1.8333. The index
    # moves by a little more than the zero rate (it is simple, ACT/360): use its own move
    account = ACCOUNT | {"principal": 500.0}
    behaviour = cohort(2, pass_through_up=0.4, lag_months=1)
    result = run(book(account), flat(0.03, 0.04), behaviour)
    income = result.net_interest_income_other_path[12][0]
    move = simple(0.04, 31) - simple(0.03, 31)
    assert income[1] - income[0] == pytest.approx(-500 * 0.4 * move * 11 / 12, abs=1e-9)
    assert income[1] - income[0] == pytest.approx(-1.833333, rel=0.02)


def test_a_deposit_rate_does_not_fall_below_its_floor():
    # 2 % less 0.5 x 300 bp would be 0.5 %; the floor holds it at 1 %
    behaviour = cohort(2, pass_through_down=0.5, rate_floor=0.01)
    result = run(book(ACCOUNT), flat(0.03, 0.0), behaviour)
    assert result.net_interest_income_other_path[12][0, 1] == pytest.approx(-10.0, abs=EXACT)


def test_core_leaves_in_equal_parts_and_the_rest_overnight():
    # example 12: 1000, core 90 %: 100 on day 1, then 900/119 at each month end; average 5.0 years
    bounds = np.array([1, on("2026-01-31"), on("2026-02-28"), MAX_OFFSET], dtype=np.int32)
    slots = (Buckets(name="slots", upper_offset=bounds),)
    behaviour = cohort(core_share=0.9, core_run_off_months=119)
    result = run(book(ACCOUNT), flat(0.0), behaviour, slots)
    repricing = result.buckets["slots"].repricing_principal[0, :, 0]
    assert repricing[:3] == pytest.approx([-100.0, -900 / 119, -900 / 119], abs=EXACT)
    assert repricing.sum() == pytest.approx(-1000.0, abs=1e-9)
    slot_years = np.arange(1, 120) / 12
    assert slot_years.mean() == pytest.approx(5.0)


def test_interest_on_the_core_runs_at_todays_coupon():
    # 1000, core 60 % in two months of 300; 30/360 months from month end: 1/12 for January
    # 31 Jan - 28 Feb is 28 days of 30E/360: 600 x 2 %/12 = 1.00, then 300 x 2 % x 28/360 = 0.4667
    behaviour = cohort(core_share=0.6, core_run_off_months=2)
    result = run(book(ACCOUNT), flat(0.0), behaviour)
    interest = result.buckets["all"].interest[0, 0, 0]
    assert interest == pytest.approx(-(600 * 0.02 / 12 + 300 * 0.02 * 28 / 360), abs=EXACT)


def test_a_constant_balance_earns_the_same_whatever_runs_off():
    income = [
        run(
            book(ACCOUNT), flat(0.0), cohort(core_share=core, core_run_off_months=12)
        ).net_interest_income[12][0, 0]
        for core in (0.0, 0.9)
    ]
    assert income == pytest.approx([-20.0, -20.0], abs=EXACT)


CARD = {
    "model": CashFlowModel.REVOLVING,
    "rate_type": RateType.FLOATING,
    "coupon_rate": 0.10,
    "index_tenor": index_tenor("1M"),
    "spread_rate": 0.05,
    "principal": 120.0,
    "next_reset_offset": on("2026-06-30"),
}


def test_a_revolving_floater_keeps_its_coupon_until_its_reset():
    income = run(book(CARD), flat(0.04)).net_interest_income_other_path[12][0, 0]
    later = simple(0.04, 31) + 0.05
    # 30E/360: 31 December to 30 June is 180 days, 30 June to 31 December 180
    assert income == pytest.approx(120 * (0.10 / 2 + later / 2), abs=EXACT)


def test_a_revolving_floater_that_resets_today_keeps_its_coupon_through_month_1():
    income = run(book(CARD, next_reset_offset=0), flat(0.04)).net_interest_income_other_path[12]
    later = simple(0.04, 31) + 0.05
    assert income[0, 0] == pytest.approx(120 * (0.10 * 30 + later * 330) / 360, abs=EXACT)


def test_a_revolving_floater_is_fixed_every_month_on_the_index_of_its_own_tenor():
    # three-month index from 30 June, 31 July, 31 August, 30 September, 31 October, 30 November
    income = run(book(CARD, index_tenor=index_tenor("3M")), flat(0.04)).net_interest_income[12]
    later = sum(30 * (simple(0.04, days) + 0.05) for days in (92, 92, 91, 91, 92, 90))
    assert income[0, 0] == pytest.approx(120 * (0.10 * 180 + later) / 360, abs=EXACT)


def test_a_leg_that_ends_is_not_replaced():
    leg = book(model=CashFlowModel.SWAP_LEG, maturity_offset=on("2026-06-30"))
    assert run(leg, flat(0.04)).net_interest_income[12][0, 0] == pytest.approx(2.5, abs=EXACT)


def test_a_position_out_of_the_income_measure_earns_nothing():
    result = run(book(maturity_offset=on("2026-06-30"), is_nii=False), flat(0.04))
    assert result.net_interest_income[12][0, 0] == 0.0
    assert result.monthly["interest"].sum() == 0.0


def test_long_ladders_of_many_accounts_stay_in_their_own_rows():
    # 400 accounts with 121 slots each need more rows than one block holds
    behaviour = cohort(core_share=0.9, core_run_off_months=120)
    accounts = book(*[ACCOUNT | {"principal": 1000.0 + k} for k in range(400)])
    result = run(accounts, flat(0.03), behaviour)
    one = run(book(ACCOUNT), flat(0.03), behaviour).present_value[0, 0]
    expected = one * np.array([1.0 + k / 1000.0 for k in range(400)])
    assert result.present_value[:, 0] == pytest.approx(expected, rel=1e-12)


def test_totals_of_all_chunks_add_up(monkeypatch):
    # two bonds of one group, a chunk each: twice 5 a year and 100 at the end
    module = importlib.import_module("alm_pipeline.engine.simulation.simulate")
    monkeypatch.setattr(module, "CHUNK_SIZE", 1)
    bond = {"payment_months": 12, "next_payment_offset": on("2026-12-31")}
    bond |= {"maturity_offset": on("2027-12-31")}
    result = run(book(bond, bond), flat(0.0))
    amounts = result.buckets["all"]
    assert amounts.interest.sum() == pytest.approx(20.0, abs=EXACT)
    assert amounts.repricing_principal.sum() == pytest.approx(200.0, abs=EXACT)
    assert result.monthly["interest"][0, :12, 0].sum() == pytest.approx(10.0, abs=EXACT)


def test_positions_that_lie_apart_in_their_groups_keep_their_own_values():
    # groups 0, 1, 0, 1: taken in the order 0, 2, 1, 3, which begins and ends like 0 to 3
    bonds = [{"principal": 100.0 * k, "group": 1 - k % 2} for k in (1, 2, 3, 4)]
    result = run(book(*bonds, maturity_offset=365, coupon_rate=0.0), flat(0.0))
    assert result.present_value[:, 0].tolist() == [100.0, 200.0, 300.0, 400.0]
    assert result.buckets["all"].principal[:, 0, 0].tolist() == [400.0, 600.0]
