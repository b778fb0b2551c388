"""Quotes on their curves: worked out by hand, right and wrong."""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise

import pytest

from alm_pipeline.audit.challenger.market import Curve
from alm_pipeline.audit.quote_ties import Below, quote_ties

DAY = date(2026, 10, 31)
DEPOSIT = {"curve_id": "usd", "instrument": "deposit", "tenor": "12M", "quote": 0.04,
           "day_count": "act_365f", "payment_freq": None}  # fmt: skip


def flat(zero: float) -> dict[str, Curve]:
    return {"usd": Curve(DAY, ((1, zero), (18250, zero)))}


def test_a_deposit_of_four_percent_is_a_discount_factor_of_1_over_1_04():
    # 31 October 2026 to 2027 has 365 days: 1,000,000 * 1.04 / 1.04.
    (tie,) = quote_ties([DEPOSIT], flat(math.log(1.04)))
    assert tie.left == pytest.approx(1e6, abs=1e-6)
    assert tie.strain < 1.0


def test_a_curve_ten_basis_points_off_is_seen():
    # 1,040,000 / 1.041 = 999,039.39
    (tie,) = quote_ties([DEPOSIT], flat(math.log(1.041)))
    assert tie.left == pytest.approx(999_039.39, abs=0.01)
    assert tie.strain > 1.0


def test_a_two_year_swap_pays_twice():
    # Days 365 and 731, 3 % each by 30/360: 30,000 e^(-z 365/365) + 1,030,000 e^(-z 731/365).
    swap = DEPOSIT | {"instrument": "ois", "tenor": "2Y", "quote": 0.03, "day_count": "30e_360",
                      "payment_freq": "P1Y"}  # fmt: skip
    (tie,) = quote_ties([swap], flat(0.03))
    by_hand = 30_000 * math.exp(-0.03) + 1_030_000 * math.exp(-0.03 * 731 / 365)
    assert tie.left == pytest.approx(by_hand, abs=1e-6)


def test_a_bond_counts_months_and_a_broken_period_comes_first():
    # 18 months, yearly: 6 months to 30 April 2027 (181 days), then 12 to 30 April 2028 (547).
    bond = DEPOSIT | {"instrument": "bond", "tenor": "18M", "quote": 0.04, "payment_freq": "P1Y"}
    (tie,) = quote_ties([bond], flat(0.04))
    by_hand = 20_000 * math.exp(-0.04 * 181 / 365) + 1_040_000 * math.exp(-0.04 * 547 / 365)
    assert tie.left == pytest.approx(by_hand, abs=1e-6)


def test_the_worst_quote_of_a_curve_is_kept_and_other_curves_are_left_out():
    other = DEPOSIT | {"curve_id": "eur"}
    (tie,) = quote_ties([DEPOSIT, DEPOSIT | {"quote": 0.05}, other], flat(math.log(1.04)))
    assert tie.left == pytest.approx(1e6 * 1.05 / 1.04, abs=0.01)


def test_a_forward_begins_with_its_principal_and_a_future_less_its_adjustment():
    # 31 January 2027 (day 92) to 30 April (day 181), 89 days: flat at 3 % continuous the fair rate
    # is (e^(0.03 x 89 / 365) - 1) x 365 / 89
    fair = math.expm1(0.03 * 89 / 365) * 365 / 89
    fra = DEPOSIT | {"instrument": "fra", "tenor": "3M", "quote": fair,
                     "start_date": date(2027, 1, 31)}  # fmt: skip
    future = fra | {"instrument": "future", "quote": fair + 0.0002,
                    "convexity_adjustment_rate": 0.0002}  # fmt: skip
    for quote in (fra, future):
        (tie,) = quote_ties([quote], flat(0.03))
        assert tie.left == pytest.approx(1e6, abs=1e-6)
    (tie,) = quote_ties([future | {"convexity_adjustment_rate": 0.0}], flat(0.03))
    # 2 bp on a million for 89 days, discounted over 181
    assert tie.left - 1e6 == pytest.approx(
        1e6 * 0.0002 * 89 / 365 * math.exp(-0.03 * 181 / 365), abs=1e-6
    )


def test_a_swap_on_two_curves_is_worth_the_same_on_both_legs():
    # one year, 3-month periods of 92, 89, 92 and 92 days, to the ends of January, April, July and
    # October: forwards of 4 % continuous, paid at 3 %; the fixed leg pays once after 365 days
    days = [0, 92, 181, 273, 365]
    paid = sum(
        math.expm1(0.04 * (end - begin) / 365) * math.exp(-0.03 * end / 365)
        for begin, end in pairwise(days)
    )
    swap = DEPOSIT | {"instrument": "irs", "tenor": "1Y", "payment_freq": "P1Y",
                      "quote": paid / math.exp(-0.03), "start_date": DAY}  # fmt: skip
    (tie,) = quote_ties([swap], flat(0.04), {"usd": Below(flat(0.03)["usd"], 3)})
    assert tie.left == pytest.approx(1e6, abs=1e-6)


def test_a_spread_is_the_difference_of_two_curves():
    spread = DEPOSIT | {"instrument": "spread", "tenor": "5Y", "quote": 0.01}
    (tie,) = quote_ties([spread], flat(0.04), {"usd": Below(flat(0.03)["usd"], 0)})
    assert tie.left == pytest.approx(1e6, abs=1e-6)
    (tie,) = quote_ties([spread], flat(0.041), {"usd": Below(flat(0.03)["usd"], 0)})
    assert tie.left == pytest.approx(1_001_000.0, abs=1e-6)
