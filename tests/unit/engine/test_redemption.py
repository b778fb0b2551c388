"""What a right to redeem adds to a position, where it can be worked out: without volatility.

The curve is flat at 4 %, continuous; the bond pays 5 % of 100 on 31 December 2026 and 2027, so that
on 31 December 2026 it is worth 105 exp(-0.04) = 100.8829 after its coupon.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from alm_pipeline.engine.arrays import Volatilities
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.market.short_rate_tree import HullWhite
from alm_pipeline.engine.simulation.redemption import Redeemable, RedemptionRight
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate
from tests.unit.engine.books import AS_OF, book, cohort, flat, on, one_bucket

ZERO = 0.04
YEAR_1, YEAR_2 = on("2026-12-31"), on("2027-12-31")
BOND: dict[str, Any] = {
    "coupon_rate": 0.05,
    "payment_months": 12,
    "next_payment_offset": YEAR_1,
    "maturity_offset": YEAR_2,
    "day_count": DayCount.ACT_365F,
    "is_prepayable": False,
    "is_redeemable": False,
}
STILL = HullWhite(0.03, 0.0)


def factor(day: int, rate: float = ZERO) -> float:
    return math.exp(-rate * day / 365)


def added(
    *rights: tuple[int, float, bool],
    zero_rates: tuple[float, ...] = (ZERO,),
    model: HullWhite = STILL,
    margins: str = "excluded",
    **terms: Any,
) -> np.ndarray:
    """Return what rights (day, price, is_put) add to the bond, by scenario."""
    right = RedemptionRight(
        row=0,
        exercise_offsets=np.array([one[0] for one in rights], dtype=np.int32),
        exercise_prices=np.array([one[1] for one in rights], dtype=np.float64),
        is_put=np.array([one[2] for one in rights], dtype=np.bool_),
    )
    n = len(zero_rates)
    result = simulate(
        book(BOND, **terms),
        flat(*zero_rates),
        cohort(n),
        (one_bucket(),),
        SimulationOptions(as_of_date=AS_OF, lenses=("value", "options"), eve_margins=margins),
        volatilities=Volatilities(
            expiry_days=np.array([365], dtype=np.int32),
            normal_volatilities=np.zeros((n, 1, 1)),
            is_quoted=np.array([True]),
        ),
        redeemable=Redeemable(rights=(right,), models=((model,) * n,)),
    )
    return np.asarray(result.option_value[0])


def test_a_call_at_par_costs_the_holder_what_is_above_par():
    loss = (105 * factor(365) - 100) * factor(YEAR_1)  # 0.8829 in a year
    assert added((YEAR_1, 100.0, False))[0] == pytest.approx(-loss, abs=1e-9)


def test_the_issuer_gains_what_the_holder_loses():
    held = added((YEAR_1, 100.0, False))[0]
    assert added((YEAR_1, 100.0, False), sign=-1)[0] == pytest.approx(-held, abs=1e-12)


def test_a_call_that_is_never_used_and_a_put_below_the_value_are_worth_nothing():
    assert added((YEAR_1, 101.0, False))[0] == pytest.approx(0.0, abs=1e-9)
    assert added((YEAR_1, 100.0, True))[0] == pytest.approx(0.0, abs=1e-9)


def test_a_put_above_the_value_gains_the_difference_under_the_scenario_alone():
    # at 8 % the bond is worth 105 exp(-0.08) = 96.9272 in a year: 3.0728 below par
    calm, high = added((YEAR_1, 100.0, True), zero_rates=(ZERO, 0.08))
    gain = (100 - 105 * factor(365, 0.08)) * factor(YEAR_1, 0.08)
    assert (calm, high) == pytest.approx((0.0, gain), abs=1e-9)


def test_callable_tomorrow_and_deep_in_the_money_it_is_worth_par():
    # 12 % a year for ever: redeemed tomorrow for 100 and one day of interest
    worth = 12 * factor(YEAR_1) + 112 * factor(YEAR_2)
    left = added((1, 100.0, False), coupon_rate=0.12)[0] + worth
    assert left == pytest.approx((100 + 12 / 365) * factor(1), abs=1e-9)


def test_between_coupons_the_interest_accrued_is_paid_besides():
    # on 30 June 2026 after 181 days: 100 + 5 x 181 / 365 against what is still to come then
    day = on("2026-06-30")
    later = 5 * factor(YEAR_1 - day) + 105 * factor(YEAR_2 - day)
    loss = (later - (100 + 5 * 181 / 365)) * factor(day)
    assert loss > 0.5
    assert added((day, 100.0, False))[0] == pytest.approx(-loss, abs=1e-9)


def test_interest_accrued_so_far_counts_once():
    # the period began 100 days ago: 465 days of interest are paid in a year, 281 accrued by June
    day = on("2026-06-30")
    coupon, accrued = 5 * 465 / 365, 5 * 281 / 365
    later = coupon * factor(YEAR_1 - day) + 105 * factor(YEAR_2 - day)
    loss = (later - (100 + accrued)) * factor(day)
    seasoned = added((day, 100.0, False), last_payment_offset=-100, accrued_interest=5 * 100 / 365)
    assert seasoned[0] == pytest.approx(-loss, abs=1e-9)


def test_margins_are_stripped_from_cash_or_part_of_the_discounting():
    # margin 0.5 %: stripped, the bond pays 4.5 % at 4 %; included, 5 % at 4.5 %
    right = (YEAR_1, 100.0, False)
    stripped = (104.5 * factor(365) - 100) * factor(YEAR_1)
    included = (105 * factor(365, 0.045) - 100) * factor(YEAR_1, 0.045)
    assert added(right, margin_rate=0.005)[0] == pytest.approx(-stripped, abs=1e-9)
    found = added(right, margins="included", margin_rate=0.005)[0]
    assert found == pytest.approx(-included, abs=1e-9)


def test_with_volatility_a_call_costs_and_a_put_gains_at_least_what_it_does_without():
    moving = HullWhite(0.03, 0.01)
    for price in (99.0, 100.0, 101.0):
        for is_put, sign in ((False, -1.0), (True, 1.0)):
            right = (YEAR_1, price, is_put)
            still, moved = added(right)[0], added(right, model=moving)[0]
            assert sign * moved >= sign * still - 1e-12
            assert sign * moved > 0.0


def test_what_is_out_of_the_measure_has_no_option_value():
    assert added((YEAR_1, 100.0, False), is_eve=False)[0] == 0.0
