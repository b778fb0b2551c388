"""Grids whose first date a closed day moved, payments every few days, leaving early and draws."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from alm_pipeline.engine.arrays import Behaviour, CashFlowModel, EventType, RateType
from alm_pipeline.engine.conventions.calendar import BusinessDayConvention
from alm_pipeline.engine.conventions.cycle import Cycle, Grid
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.period import icma_years
from alm_pipeline.engine.simulation.events import project
from alm_pipeline.engine.simulation.setting import SimulationOptions
from tests.unit.engine.books import AS_OF, book, flat, on

DAYS = AS_OF + np.arange(-400, 2000)
WEEKENDS = np.flatnonzero(~np.is_busday(DAYS)).astype(np.int32) - 400
FOLLOWING, PRECEDING = BusinessDayConvention.FOLLOWING, BusinessDayConvention.PRECEDING


def payment_dates(
    convention: BusinessDayConvention, roll_day: int, first: str, last: str = "2026-06-30"
) -> list[str]:
    positions = book(
        principal=100.0,
        coupon_rate=0.05,
        payment_months=1,
        last_payment_offset=on("2025-12-31"),
        next_payment_offset=on(first),
        maturity_offset=on(last),
        roll_day=roll_day,
        date_adjustment=1,
    )
    options = SimulationOptions(as_of_date=AS_OF, adjustments=((convention, WEEKENDS),))
    events = project(positions, flat(0.03), Behaviour.none(1), options)
    is_interest = events.event_type == EventType.INTEREST
    return [str(AS_OF + int(day)) for day in events.event_offset[is_interest]]


@pytest.mark.parametrize(
    ("convention", "roll_day", "first", "expected"),
    [
        # 31 January 2026 is a Saturday, moved to Monday 2 February; 28 February another one
        (FOLLOWING, 31, "2026-02-02", ["2026-02-02", "2026-03-02", "2026-03-31", "2026-04-30"]),
        # 1 February 2026 is a Sunday, moved back to Friday 30 January; 1 March another one
        (PRECEDING, 1, "2026-01-30", ["2026-01-30", "2026-02-27", "2026-04-01", "2026-05-01"]),
        # 28 February 2026 stands for the 31st as agreed, not yet moved
        (FOLLOWING, 31, "2026-02-28", ["2026-03-02", "2026-03-31", "2026-04-30", "2026-06-01"]),
    ],
)
def test_a_first_date_moved_out_of_its_month_keeps_its_grid(convention, roll_day, first, expected):
    assert payment_dates(convention, roll_day, first)[:4] == expected


@pytest.mark.parametrize(
    ("convention", "roll_day", "first", "last", "expected"),
    [
        # 15 February 2026 is a Sunday: a maturity is not moved back to Friday the 13th
        (PRECEDING, 15, "2026-01-15", "2026-02-15", ["2026-01-15", "2026-02-15"]),
        # 28 February, a Saturday, would move to Monday 2 March, one day after the maturity
        (FOLLOWING, 31, "2026-01-31", "2026-03-01", ["2026-02-02", "2026-03-01"]),
    ],
)
def test_a_maturity_is_not_moved_and_nothing_is_paid_after_it(
    convention, roll_day, first, last, expected
):
    assert payment_dates(convention, roll_day, first, last) == expected


def test_under_the_end_of_month_rule_a_30th_of_april_is_followed_by_a_31st_of_may():
    terms = {"payment_months": 1, "roll_day": 30, "is_end_of_month": True}
    positions = book(terms, next_payment_offset=on("2026-04-30"), maturity_offset=on("2026-07-31"))
    options = SimulationOptions(as_of_date=AS_OF)
    events = project(positions, flat(0.03), Behaviour.none(1), options)
    paid = events.event_offset[events.event_type == EventType.INTEREST]
    dates = ("2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31")
    assert paid.tolist() == [on(date) for date in dates]


def behaving(prepayment: list[float], redemption: list[float]) -> Behaviour:
    months = np.zeros(1, np.int32)
    one = np.ones(1)
    return Behaviour(
        annual_prepayment_rate=np.array([prepayment]),
        redemption_share=np.array([redemption]),
        core_share=one,
        core_run_off_months=months,
        pass_through_up=one,
        pass_through_down=one,
        lag_months=months,
        rate_floor=np.zeros(1),
    )


def test_a_loan_that_pays_every_week_is_prepaid_every_week():
    positions = book(
        principal=100.0,
        payment_days=7,
        next_payment_offset=7,
        last_payment_offset=0,
        maturity_offset=28,
        cohort=0,
        is_prepayable=True,
    )
    options = SimulationOptions(as_of_date=AS_OF)
    events = project(positions, flat(0.03), behaving([0.5], [0.0]), options)
    prepaid = events.principal[events.event_type == EventType.PREPAYMENT]
    assert prepaid[0] == pytest.approx(100.0 * (1.0 - 0.5 ** (7 / 365)))


def test_nobody_withdraws_what_is_not_paid_out_yet():
    positions = book(
        model=int(CashFlowModel.COMMITMENT),
        principal=100.0,
        coupon_rate=0.05,
        start_offset=31,
        last_payment_offset=31,
        next_payment_offset=62,
        payment_months=1,
        principal_months=1,
        maturity_offset=400,
        cohort=0,
        is_redeemable=True,
    )
    options = SimulationOptions(as_of_date=AS_OF)
    events = project(positions, flat(0.03), behaving([0.0], [0.1]), options)
    assert (events.event_type != EventType.PREPAYMENT).all()


def test_interest_is_the_same_whether_others_withdraw_or_nobody_does():
    # 30/360 US from 30 September to 31 March: 180 days, 100 x 5 % x 180 / 360 = 2.50; counted in
    # two parts that meet on 1 January it would be 91 + 90 days.
    terms = {
        "principal": 100.0,
        "coupon_rate": 0.05,
        "day_count": int(DayCount.THIRTY_360_US),
        "rate_type": int(RateType.FIXED),
        "payment_months": 6,
        "last_payment_offset": on("2025-09-30"),
        "next_payment_offset": on("2026-03-31"),
        "maturity_offset": on("2026-09-30"),
        "roll_day": 31,
        "cohort": 0,
    }
    options = SimulationOptions(as_of_date=AS_OF)
    for is_redeemable in (False, True):
        positions = book(**terms, is_redeemable=is_redeemable)
        events = project(positions, flat(0.03, 0.03), behaving([0, 0], [0.0, 0.05]), options)
        is_first = (events.scenario == 0) & (events.event_offset == on("2026-03-31"))
        assert events.interest[is_first].sum() == pytest.approx(2.5, abs=1e-12)


@pytest.mark.parametrize(
    ("anchor", "start", "end", "months", "expected"),
    [
        ("2026-06-30", "2026-06-30", "2026-12-31", 6, 0.5),
        ("2027-02-28", "2027-02-28", "2028-02-29", 12, 1.0),
    ],
)
def test_icma_periods_end_with_the_month_where_agreed(anchor, start, end, months, expected):
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    coupons = Grid(datetime.fromisoformat(anchor), Cycle(months=months))
    years = icma_years(coupons, 12 // months, first, last, is_end_of_month=True)
    assert years == pytest.approx(expected, abs=1e-15)
