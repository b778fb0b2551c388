"""Months of a group: the average balance, and the margin's part of its interest."""

from __future__ import annotations

import numpy as np
import pytest

from alm_pipeline.engine.arrays import CashFlowModel, RateType
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import index_tenor
from tests.unit.engine.books import book, cohort, flat, on, run


def test_the_average_balance_counts_days():
    # 1,200 repaid by 400 on 15 January and on 15 February 2026; 31 days in January:
    # (15 x 1,200 + 16 x 800) / 31; February: (15 x 800 + 13 x 400) / 28.
    positions = book(
        model=int(CashFlowModel.LINEAR),
        principal=1200.0,
        payment_amount=400.0,
        payment_months=1,
        principal_months=1,
        last_payment_offset=on("2025-12-15"),
        next_payment_offset=on("2026-01-15"),
        maturity_offset=on("2026-12-15"),
        roll_day=15,
    )
    average = run(positions, flat(0.03)).monthly["average"][0, :, 0]
    expected = [(15 * 1200 + 16 * 800) / 31, (15 * 800 + 13 * 400) / 28]
    assert average[:2] == pytest.approx(expected)
    assert average[2] == pytest.approx(15 * 400 / 31)


def test_interest_splits_into_index_and_margin():
    # 1,000 at 5 %, of which 2 % margin, 30E/360. Of the half-year that runs 165 days are booked.
    # February: 31 January to 28 February are 28 days, 1,000 x 2 % x 28 / 360.
    positions = book(
        principal=1000.0,
        coupon_rate=0.05,
        margin_rate=0.02,
        accrued_interest=1000 * 0.05 * 165 / 360,
        day_count=int(DayCount.THIRTY_E_360),
        payment_months=6,
        last_payment_offset=on("2025-07-15"),
        next_payment_offset=on("2026-01-15"),
        maturity_offset=on("2030-01-15"),
        roll_day=15,
    )
    monthly = run(positions, flat(0.03)).monthly
    interest, margin = monthly["interest"][0, :, 0], monthly["margin"][0, :, 0]
    assert margin == pytest.approx(0.4 * interest)
    assert margin[1] == pytest.approx(1000 * 0.02 * 28 / 360)


def test_the_margin_stays_when_the_index_moves():
    positions = book(
        principal=1000.0,
        coupon_rate=0.05,
        margin_rate=0.02,
        spread_rate=0.02,
        rate_type=int(RateType.FLOATING),
        index_tenor=index_tenor("3M"),
        payment_months=3,
        reset_months=3,
        last_payment_offset=0,
        next_payment_offset=on("2026-03-31"),
        next_reset_offset=on("2026-03-31"),
        maturity_offset=on("2028-12-31"),
        roll_day=31,
    )
    monthly = run(positions, flat(0.03, 0.05)).monthly
    margin, interest = monthly["margin"][0], monthly["interest"][0]
    assert margin[:, 0] == pytest.approx(margin[:, 1])
    assert (interest[3:, 1] > interest[3:, 0]).all()


def test_a_balance_without_maturity_has_a_margin_too():
    positions = book(
        model=int(CashFlowModel.NON_MATURITY),
        principal=100.0,
        sign=-1,
        cohort=0,
        coupon_rate=0.03,
        margin_rate=-0.01,
    )
    behaviour = cohort(core_share=0.9, core_run_off_months=12)
    monthly = run(positions, flat(0.03), behaviour).monthly
    ratio = monthly["margin"][0, :11, 0] / monthly["interest"][0, :11, 0]
    assert ratio == pytest.approx(np.full(11, -1.0 / 3.0))
