"""Premiums and discounts as income: effective-rate tables by hand, limits and laws."""

from __future__ import annotations

import math

import numpy as np
import pytest

from alm_pipeline.engine.arrays import NO_DATE, CashFlowModel, RateType
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.errors import CalculationError
from tests.unit.engine.books import book, cohort, flat, on, run

CENT = 0.005
NOBODY = {"is_prepayable": False, "is_redeemable": False}
# 1,250 at 59 a year for five years, bought for 1,000: the example of IFRS 9 (IAS 39, IG B.26),
# whose effective rate is 10 % and whose carrying amounts are 1,041, 1,086, 1,136, 1,190, 1,250.
# Its years are all 365 days long here, by payments every 365 days.
BOUGHT = NOBODY | {
    "principal": 1250.0,
    "premium_amount": -250.0,
    "coupon_rate": 0.0472,
    "payment_days": 365,
    "next_payment_offset": 365,
    "maturity_offset": 1825,
    "day_count": DayCount.ACT_365F,
}


def amortised(*contracts, zero_rates=(0.03,), behaviour=None, **terms):
    result = run(book(*contracts, **terms), flat(*zero_rates), behaviour)
    return np.stack([result.amortised[12], result.amortised[24]])


def test_a_discount_is_income_at_the_effective_rate_of_the_standards_example():
    # 59 a year and 1,250 at the end are worth 1,000 at 9.995319 %. Year 1 earns 99.9532, coupon
    # 59.00, discount 40.9532: carried at 1,040.9532. Year 2 earns 104.0466: 45.0466, together
    # 85.9998. The standard rounds to 41 and 86. The windows are 365 and 730 days.
    first, both = amortised(BOUGHT)[:, 0, 0]
    assert first == pytest.approx(40.95318668906884, abs=1e-9)
    assert both == pytest.approx(85.9997748927824, abs=1e-9)


def test_one_payment_left_gives_the_table_to_the_cent():
    # 105 in two years for 100 of principal at 5 % paid at the end (act/365f: 110 in 730 days),
    # carried at 95: rate (110/95)^(1/2) - 1 = 7.6055 %. Year 1 earns 95 x 7.6055 % = 7.2253 of
    # which 5.00 is contractual: 2.2253. Year 2 earns the rest of 5: 2.7747.
    bond = NOBODY | {"maturity_offset": 730, "premium_amount": -5.0, "payment_months": 0}
    first, both = amortised(bond, day_count=DayCount.ACT_365F)[:, 0, 0]
    assert first == pytest.approx(95 * (math.sqrt(110 / 95) - 1) - 5.0, abs=1e-10)
    assert first == pytest.approx(2.2253, abs=1e-4)
    assert both == pytest.approx(5.0, abs=1e-10)


def test_a_liability_issued_below_par_costs_more_than_its_coupon():
    bond = BOUGHT | {"sign": -1}
    assert amortised(bond) == pytest.approx(-amortised(BOUGHT), abs=1e-12)


def test_a_premium_reduces_the_income_of_an_asset():
    # 120 in one payment after 730 days (20 % of 100, act/365f 10 % a year), carried at 110:
    # rate (120/110)^(1/2) - 1 = 4.4466 %; year 1 earns 4.8913, contractual 10: -5.1087
    bond = NOBODY | {"maturity_offset": 730, "premium_amount": 10.0, "coupon_rate": 0.10}
    first, both = amortised(bond, day_count=DayCount.ACT_365F)[:, 0, 0]
    assert first == pytest.approx(110 * (math.sqrt(120 / 110) - 1) - 10.0, abs=1e-10)
    assert both == pytest.approx(-10.0, abs=1e-10)


def test_an_annuity_earns_its_fee_as_the_schedule_of_its_effective_rate_says():
    # Two yearly instalments of 100 at 10 % of 173.5537, every 365 days, a fee of 3.5537 taken in
    # advance leaves 170: 170 = 100/(1+r) + 100/(1+r)^2, so 1 + r = (100 + sqrt(10000 + 68000)) /
    # 340 = 1.115547. Year 1 earns 170 x 11.5547 % = 19.6430, contractual 17.3554: 2.2876.
    principal = 100 / 1.1 + 100 / 1.21
    loan = NOBODY | {
        "model": CashFlowModel.ANNUITY,
        "principal": principal,
        "premium_amount": 170.0 - principal,
        "coupon_rate": 0.10,
        "payment_amount": 100.0,
        "payment_days": 365,
        "next_payment_offset": 365,
        "maturity_offset": 730,
        "day_count": DayCount.ACT_365F,
    }
    first, both = amortised(loan)[:, 0, 0]
    rate = (100 + math.sqrt(100**2 + 4 * 170 * 100)) / 340 - 1
    assert first == pytest.approx(170 * rate - 0.10 * principal, abs=1e-10)
    assert both == pytest.approx(principal - 170.0, abs=1e-10)


def test_a_seasoned_contract_does_not_earn_its_accrued_interest_twice():
    # Half a year of 6 % is accrued (3.00) and booked: carried at 98 + 3. It pays 106 after 182
    # days of 365 have run: the window holds all of the discount, 2.00, and no more.
    bond = NOBODY | {
        "last_payment_offset": -183,
        "next_payment_offset": 182,
        "maturity_offset": 182,
        "payment_days": 365,
        "coupon_rate": 0.06,
        "accrued_interest": 100 * 0.06 * 183 / 365,
        "premium_amount": -2.0,
        "day_count": DayCount.ACT_365F,
    }
    assert amortised(bond)[:, 0, 0] == pytest.approx([2.0, 2.0], abs=1e-10)


def test_a_window_that_ends_within_a_period_takes_contractual_interest_by_the_day_count():
    # 6 % of 100 by ACT/360 from today to 30 June 2027, 546 days: 109.10, carried at 98. A year of
    # 365 days earns 98 ((109.10 / 98)^(365 / 546) - 1), of which 6 x 365 / 360 is contractual.
    bond = NOBODY | {"maturity_offset": on("2027-06-30"), "premium_amount": -2.0}
    first, both = amortised(bond, coupon_rate=0.06, day_count=DayCount.ACT_360)[:, 0, 0]
    expected = 98 * ((109.10 / 98) ** (365 / 546) - 1) - 6 * 365 / 360
    assert first == pytest.approx(expected, abs=1e-9)
    assert both == pytest.approx(2.0, abs=1e-9)


def test_who_prepays_brings_the_discount_forward():
    loan = BOUGHT | {"is_prepayable": True, "cohort": 0, "maturity_offset": 3650}
    rates = cohort(2, annual_prepayment_rate=[0.0, 0.3])
    calm, fast = amortised(loan, zero_rates=(0.03, 0.03), behaviour=rates)[0, 0]
    assert 0.0 < calm < fast < 250.0


def test_a_floating_contract_amortises_along_each_scenarios_forwards():
    loan = BOUGHT | {
        "rate_type": RateType.FLOATING,
        "reset_months": 12,
        "next_reset_offset": on("2026-12-31"),
        "next_payment_offset": on("2026-12-31"),
        "payment_days": 0,
        "payment_months": 12,
        "maturity_offset": on("2030-12-31"),
    }
    low, high = amortised(loan, zero_rates=(0.02, 0.06))[0, 0]
    # the coupon of 4.72 % lasts a year: where later ones are higher, the rate of the whole is more
    # above it, and more of the discount is earned now
    assert 0.0 < low < high
    alone = amortised(loan, zero_rates=(0.06,))[0, 0, 0]
    assert alone == high


@pytest.mark.parametrize(
    "terms",
    [
        {"premium_amount": 0.0},
        {"is_nii": False},
        {"maturity_offset": NO_DATE, "next_payment_offset": NO_DATE, "payment_days": 0},
        {"model": CashFlowModel.NON_MATURITY, "maturity_offset": NO_DATE},
        {"model": CashFlowModel.SWAP_LEG},
    ],
)
def test_what_has_no_premium_or_no_life_amortises_nothing(terms):
    assert (amortised(BOUGHT | terms) == 0.0).all()


def test_net_interest_income_values_and_flows_do_not_know_the_premium():
    plain = BOUGHT | {"premium_amount": 0.0}
    ours, theirs = (run(book(one), flat(0.03)) for one in (BOUGHT, plain))
    assert ours.net_interest_income[12] == theirs.net_interest_income[12]
    assert ours.present_value == theirs.present_value
    assert (ours.buckets["all"].interest == theirs.buckets["all"].interest).all()
    assert (ours.monthly["interest"] == theirs.monthly["interest"]).all()


def test_a_sum_of_halves_and_threads_are_the_whole():
    halves = [BOUGHT | {"principal": 625.0, "premium_amount": -125.0}] * 2
    once = amortised(BOUGHT)[:, 0, 0]
    assert amortised(*halves)[:, :, 0].sum(axis=1) == pytest.approx(once, rel=1e-12)
    many = run(book(*[BOUGHT] * 2500), flat(0.03), threads=2).amortised[12]
    assert (many == once[0]).all()


def test_a_premium_beyond_all_cash_is_refused():
    with pytest.raises(CalculationError, match="no effective interest rate"):
        amortised(BOUGHT | {"premium_amount": -1250.0})
