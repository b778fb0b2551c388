"""Values of fixed and floating contracts against QuantLib, built from terms."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from alm_pipeline.engine.arrays import CashFlowModel, RateType
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import index_tenor
from tests.unit.engine.books import AS_OF, book, flat, on, run

ql = pytest.importorskip("QuantLib", reason="QuantLib is a test dependency")

RELATIVE = 1e-8  # of the notional
ZERO_RATES = (0.03, 0.05, 0.01)
TODAY = ql.Date(31, 12, 2025)
ACT_360, ACT_365 = ql.Actual360(), ql.Actual365Fixed()
DAY_COUNTS = [
    (DayCount.ACT_360, ACT_360),
    (DayCount.ACT_365F, ACT_365),
    (DayCount.ACT_ACT_ISDA, ql.ActualActual(ql.ActualActual.ISDA)),
    (DayCount.THIRTY_E_360, ql.Thirty360(ql.Thirty360.European)),
    (DayCount.THIRTY_360_US, ql.Thirty360(ql.Thirty360.USA)),
]


def ql_date(text: str):
    year, month, day = map(int, text.split("-"))
    return ql.Date(day, month, year)


def curve(rate: float):
    ql.Settings.instance().evaluationDate = TODAY
    return ql.YieldTermStructureHandle(ql.FlatForward(TODAY, rate, ACT_365, ql.Continuous))


def schedule(start: str, end: str, months: int):
    return ql.Schedule(
        ql_date(start),
        ql_date(end),
        ql.Period(months, ql.Months),
        ql.NullCalendar(),
        ql.Unadjusted,
        ql.Unadjusted,
        ql.DateGeneration.Forward,
        False,
    )


def worth(leg, rate: float):
    return ql.CashFlows.npv(leg, curve(rate), False, TODAY, TODAY)


@pytest.mark.parametrize(("day_count", "theirs"), DAY_COUNTS)
def test_a_seasoned_bond_is_worth_what_quantlib_says(day_count, theirs):
    positions = book(
        principal=1000.0,
        coupon_rate=0.047,
        day_count=day_count,
        payment_months=6,
        last_payment_offset=on("2025-09-15"),
        next_payment_offset=on("2026-03-15"),
        maturity_offset=on("2033-03-15"),
        roll_day=15,
    )
    values = run(positions, flat(*ZERO_RATES)).present_value[0]
    grid = schedule("2025-09-15", "2033-03-15", 6)
    for rate, value in zip(ZERO_RATES, values, strict=True):
        bond = ql.FixedRateBond(0, 1000.0, grid, [0.047], theirs)
        assert value == pytest.approx(worth(bond.cashflows(), rate), abs=1000 * RELATIVE)


@pytest.mark.parametrize(("day_count", "theirs"), DAY_COUNTS)
def test_an_annuity_is_worth_what_quantlib_says(day_count, theirs):
    # QuantLib takes the notionals; they follow from the level payment, by the textbook recursion
    principal, coupon, n = 250_000.0, 0.055, 84
    i = coupon / 12
    payment = principal * i / (1 - (1 + i) ** -n)
    grid = schedule("2025-12-10", "2032-12-10", 1)
    notionals = [principal]
    for start, end in pairwise(list(grid)[:-1]):
        interest = notionals[-1] * coupon * theirs.yearFraction(start, end)
        notionals.append(notionals[-1] - (payment - interest))
    positions = book(
        model=CashFlowModel.ANNUITY,
        principal=principal,
        coupon_rate=coupon,
        day_count=day_count,
        payment_months=1,
        principal_months=1,
        last_payment_offset=on("2025-12-10"),
        next_payment_offset=on("2026-01-10"),
        maturity_offset=on("2032-12-10"),
        roll_day=10,
    )
    values = run(positions, flat(*ZERO_RATES)).present_value[0]
    for rate, value in zip(ZERO_RATES, values, strict=True):
        bond = ql.AmortizingFixedRateBond(0, notionals, grid, [coupon], theirs)
        assert value == pytest.approx(worth(bond.cashflows(), rate), abs=principal * RELATIVE)


def test_a_floater_and_a_swap_are_worth_what_quantlib_says():
    terms = {
        "principal": 1000.0,
        "payment_months": 3,
        "last_payment_offset": on("2025-12-31"),
        "next_payment_offset": on("2026-03-31"),
        "maturity_offset": on("2030-12-31"),
    }
    floating = terms | {
        "rate_type": RateType.FLOATING,
        "reset_months": 3,
        "next_reset_offset": on("2026-03-31"),
        "index_tenor": index_tenor("3M"),
        "spread_rate": 0.0125,
        "coupon_rate": 0.04,
        "day_count": DayCount.ACT_360,
    }
    fixed = terms | {"payment_months": 12, "next_payment_offset": on("2026-12-31"), "sign": -1}
    fixed |= {"coupon_rate": 0.033, "model": CashFlowModel.SWAP_LEG}
    leg = floating | {"model": CashFlowModel.SWAP_LEG}
    values = run(book(floating, leg, fixed), flat(*ZERO_RATES)).present_value
    for s, rate in enumerate(ZERO_RATES):
        handle = curve(rate)
        floats = _floating_leg(handle)
        redemption = 1000.0 * math.exp(-rate * on("2030-12-31") / 365)
        assert values[0, s] == pytest.approx(worth(floats, rate) + redemption, abs=1000 * RELATIVE)
        fixed_leg = ql.FixedRateLeg(
            schedule("2025-12-31", "2030-12-31", 12),
            ql.Thirty360(ql.Thirty360.European),
            [1000.0],
            [0.033],
        )
        swap = worth(floats, rate) - worth(fixed_leg, rate)
        assert values[1, s] + values[2, s] == pytest.approx(swap, abs=1000 * RELATIVE)


def _floating_leg(handle):
    """Return the leg whose first coupon, 4 %, is already fixed: index 2.75 % and the spread."""
    index = ql.IborIndex(
        "three months", ql.Period(3, ql.Months), 0, ql.USDCurrency(), ql.NullCalendar(),
        ql.Unadjusted, True, ACT_360, handle,
    )  # fmt: skip
    ql.IndexManager.instance().clearHistories()
    index.addFixing(TODAY, 0.04 - 0.0125)
    return ql.IborLeg(
        [1000.0],
        schedule("2025-12-31", "2030-12-31", 3),
        index,
        ACT_360,
        spreads=[0.0125],
        paymentConvention=ql.Unadjusted,
        fixingDays=[0],
    )


def test_random_linear_loans_agree():
    random = np.random.default_rng(7)
    for _ in range(20):
        n, coupon = int(random.integers(2, 30)), float(random.uniform(0.0, 0.1))
        end = np.datetime64("2025-12") + 3 * n
        maturity = f"{end}-20"
        positions = book(
            model=CashFlowModel.LINEAR,
            principal=900.0,
            coupon_rate=coupon,
            day_count=DayCount.ACT_365F,
            payment_months=3,
            principal_months=3,
            last_payment_offset=on("2025-12-20"),
            next_payment_offset=on("2026-03-20"),
            maturity_offset=on(maturity),
            roll_day=20,
        )
        notionals = [900.0 * (n - k) / n for k in range(n)]
        grid = schedule("2025-12-20", maturity, 3)
        bond = ql.AmortizingFixedRateBond(0, notionals, grid, [coupon], ACT_365)
        value = run(positions, flat(0.03)).present_value[0, 0]
        assert value == pytest.approx(worth(bond.cashflows(), 0.03), abs=900 * RELATIVE)
    assert np.datetime64("2025-12-31") == AS_OF
