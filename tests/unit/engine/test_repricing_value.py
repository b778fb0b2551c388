"""The standardised approach: what is paid until the next repricing, at the factors of midpoints."""

from __future__ import annotations

import math

import numpy as np
import pytest

from alm_pipeline.engine.arrays import MAX_OFFSET, Buckets, CashFlowModel, RateType
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.market.midpoints import (
    bucketed_factors,
    curves_of_factors,
    split_factors,
)
from alm_pipeline.errors import CalculationError
from tests.unit.engine.books import book, flat, on, run

# The grid of BCBS d368, table 1, from one month to six years; days in calendar years of 365.
MIDPOINTS = np.array([0.0417, 0.1667, 0.375, 0.625, 0.875, 1.25, 1.75, 2.5, 3.5, 4.5, 5.5])
UPPER = [30, 91, 182, 273, 365, 547, 730, 1095, 1460, 1825, MAX_OFFSET]
BUCKETS = Buckets(name="irrbb", upper_offset=np.array(UPPER, dtype=np.int32))
N_DAYS = 2200

ZERO = {"coupon_rate": 0.0, "day_count": DayCount.ACT_365F}
FLOATER = {
    "rate_type": RateType.FLOATING,
    "payment_months": 3,
    "reset_months": 6,
    "next_payment_offset": on("2026-03-31"),
    "next_reset_offset": on("2026-06-30"),
    "maturity_offset": on("2028-12-31"),
    "coupon_rate": 0.05,
}


def shocked(*moves: float) -> np.ndarray:
    """Return zero rates of a flat 4 % curve and of it moved, at the midpoints."""
    return np.array([np.full((1, len(MIDPOINTS)), 0.04 + move) for move in (0.0, *moves)])


def until_repricing(positions, curves, **options):
    return run(positions, curves, value_of="repricing", lenses=("value",), **options).present_value


def test_two_flows_split_between_midpoints_have_the_value_worked_by_hand():
    # 1050 in five years lies midway between 4.5 and 5.5, -800 in one year at 2/3 to 0.875 and
    # 1/3 to 1.25: 525 (e^-.18 + e^-.22) - 533.33 e^-.035 - 266.67 e^-.05 = 91.1885 at 4 %; at 6 %,
    # the dollar's parallel rise of 200 bp, 24.7553, at 2 % 165.9630.
    factors = split_factors(shocked(0.02, -0.02), MIDPOINTS, N_DAYS)
    held = book(
        {**ZERO, "principal": 1050.0, "maturity_offset": 1825},
        {**ZERO, "principal": 800.0, "maturity_offset": 365, "sign": -1},
    )
    value = until_repricing(held, curves_of_factors(factors)).sum(axis=0)
    assert value == pytest.approx([91.1885, 24.7553, 165.9630], abs=5e-5)


def test_a_flow_in_its_bucket_is_discounted_at_the_midpoint():
    # The bucket is (lower, upper]: day 365 counts to nine months to a year, day 366 to the next.
    curves = curves_of_factors(bucketed_factors(shocked(), MIDPOINTS, BUCKETS, N_DAYS))
    days = (1, 365, 366, 2100)
    held = book(*({**ZERO, "principal": 100.0, "maturity_offset": day} for day in days))
    by_hand = [100 * math.exp(-0.04 * t) for t in (0.0417, 0.875, 1.25, 5.5)]
    assert until_repricing(held, curves)[:, 0] == pytest.approx(by_hand, rel=1e-12)


def test_before_the_first_and_after_the_last_midpoint_its_own_factor_counts():
    factors = split_factors(shocked(), MIDPOINTS, N_DAYS)[0, 0]
    assert factors[0] == pytest.approx(math.exp(-0.04 * 0.0417), rel=1e-14)
    assert factors[-1] == pytest.approx(math.exp(-0.04 * 5.5), rel=1e-14)


def test_a_floater_pays_interest_and_all_principal_at_its_next_reset():
    # Two quarters of 30E/360 at 5 %, the principal with the second: by hand at 3 % continuous.
    paid = {"2026-03-31": 1.25, "2026-06-30": 101.25}
    by_hand = sum(amount * math.exp(-0.03 * on(day) / 365) for day, amount in paid.items())
    assert until_repricing(book(FLOATER), flat(0.03))[0, 0] == pytest.approx(by_hand, rel=1e-12)


def test_a_margin_is_stripped_or_goes_on_to_the_end():
    held, curves = book(FLOATER, margin_rate=0.01), flat(0.03)
    paid = {"2026-03-31": 1.0, "2026-06-30": 101.0}
    stripped = sum(amount * math.exp(-0.03 * on(day) / 365) for day, amount in paid.items())
    assert until_repricing(held, curves)[0, 0] == pytest.approx(stripped, rel=1e-12)
    later = [f"{y}-{d}" for y in (2026, 2027, 2028) for d in ("03-31", "06-30", "09-30", "12-31")]
    paid = dict.fromkeys(later, 0.25) | {"2026-03-31": 1.25, "2026-06-30": 101.25}
    whole = sum(amount * math.exp(-0.04 * on(day) / 365) for day, amount in paid.items())
    included = until_repricing(held, curves, eve_margins="included")
    assert included[0, 0] == pytest.approx(whole, rel=1e-12)


def test_both_legs_of_a_swap_have_their_notional():
    # Fixed 5 % yearly for three years received, the same floater paid: the notionals at 2028 and
    # at the reset; discounted at 3 % continuous.
    leg = {"model": CashFlowModel.SWAP_LEG}
    fixed = {"payment_months": 12, "next_payment_offset": on("2026-12-31")}
    legs = book({**leg, **FLOATER, "sign": -1}, {**leg, **FLOATER, **fixed, "rate_type": 0,
                "next_reset_offset": -(2**31), "reset_months": 0})  # fmt: skip
    floating, received = until_repricing(legs, flat(0.03))[:, 0]
    days = [on(f"{year}-12-31") for year in (2026, 2027, 2028)]
    by_hand = sum(5.0 * math.exp(-0.03 * day / 365) for day in days)
    by_hand += 100.0 * math.exp(-0.03 * days[-1] / 365)
    assert received == pytest.approx(by_hand, rel=1e-12)
    assert floating == pytest.approx(-until_repricing(book(FLOATER), flat(0.03))[0, 0], rel=1e-12)


def test_no_other_lens_goes_with_it():
    with pytest.raises(CalculationError, match="value until the next repricing"):
        run(book(FLOATER), flat(0.03), value_of="repricing")
