"""On which day a step of an agenda lies, and on which days it is counted."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from alm_pipeline.engine.arrays import MAX_OFFSET, Buckets, CashFlowModel, EventType, RateType
from alm_pipeline.engine.cash_flows.agenda import Action
from alm_pipeline.engine.cash_flows.contract import Kind
from alm_pipeline.engine.conventions.calendar import BusinessDayConvention
from alm_pipeline.engine.conventions.cycle import Cycle, Grid, Shift
from alm_pipeline.engine.conventions.tenor import index_tenor
from tests.unit.engine.books import on
from tests.unit.engine.test_agendas import QUARTERS, agreed, tables
from tests.unit.engine.test_agreed_terms import paid, simulated

EXACT = 1e-9
FLOATING = {"rate_type": RateType.FLOATING, "index_tenor": index_tenor("3M")}
THREE_MONTHS = Cycle(months=3)
WEEKDAYS = Shift(BusinessDayConvention.FOLLOWING, is_open=lambda d: d.weekday() < 5)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text)


FROM_JANUARY = Grid(day("2026-01-31"), THREE_MONTHS)
"""31 January, a Saturday; 30 April, 31 July; 31 October, another Saturday; 31 January 2027."""


def test_what_was_paid_on_the_status_date_is_past():
    # 20 repaid that day are no longer in the principal of 100; 0.50 accrued are still due
    loan = agreed(
        Kind.BULLET,
        accrued_interest=0.5,
        interest=Grid(day("2025-12-31"), THREE_MONTHS),
        movements=((day("2025-12-31"), 20.0),),
    )
    principal = paid(loan, EventType.SCHEDULED_PRINCIPAL)
    assert principal == pytest.approx({"2027-12-31": 100.0}, abs=EXACT)
    interest = paid(loan, EventType.INTEREST)
    assert min(interest) == "2026-03-31"
    assert interest["2026-03-31"] == pytest.approx(1.75, abs=EXACT)


def test_an_annuity_that_repays_on_its_start_is_an_annuity_due():
    # four instalments from the start on: 100 x 0.0125 / (1 - 1.0125**-4) / 1.0125
    start, end = day("2026-03-31"), day("2026-12-31")
    loan = agreed(Kind.ANNUITY, start_date=start, maturity_date=end, redemption=QUARTERS)
    principal = paid(loan, EventType.SCHEDULED_PRINCIPAL, maturity_offset=on("2026-12-31"))
    payment = 100 * 0.0125 / (1 - 1.0125**-4) / 1.0125
    assert principal["2026-03-31"] == pytest.approx(payment, abs=EXACT)


def test_an_index_that_is_fixed_today_may_be_read():
    # two business days before Friday 2 January lies Wednesday 31 December, the as-of date
    grid = Grid(day("2026-01-02"), THREE_MONTHS)
    entries = tables(agreed(Kind.BULLET, reset=grid, fixing_lag=2, shift=WEEKDAYS)).entries
    assert entries.index_day[entries.action == Action.RESET][0] == 0


def test_an_index_of_the_period_ends_where_the_next_reset_is_moved():
    floater = agreed(Kind.BULLET, reset=FROM_JANUARY, index_cycle=THREE_MONTHS, shift=WEEKDAYS)
    entries = tables(floater).entries
    ends = entries.index_end[entries.action == Action.RESET][:4]
    dates = ("2026-04-30", "2026-07-31", "2026-11-02", "2027-02-01")
    assert ends.tolist() == [on(date) for date in dates]


def test_interest_in_advance_is_paid_for_the_days_between_moved_dates():
    # 30E/360: 2 February to 30 April, to 31 July, to 2 November
    loan = agreed(
        Kind.BULLET,
        accrued_interest=None,
        interest=FROM_JANUARY,
        is_interest_in_advance=True,
        shift=WEEKDAYS,
    )
    entries = tables(loan).entries
    years = entries.years_ahead[entries.action == Action.PAY_IN_ADVANCE][:3]
    assert years * 360 == pytest.approx([88, 90, 92], abs=EXACT)


def test_a_loan_fixed_in_arrears_is_first_fixed_at_the_end_of_its_first_period():
    # 100 paid out on 31 March reprice at the end of June
    floater = agreed(
        Kind.BULLET,
        start_date=day("2026-03-31"),
        interest=Grid(day("2026-06-30"), THREE_MONTHS),
        reset=QUARTERS,
        index_cycle=THREE_MONTHS,
        is_reset_in_arrears=True,
    )
    bounds = np.array([on("2026-03-31"), on("2026-06-30"), MAX_OFFSET], dtype=np.int32)
    offer = {"model": CashFlowModel.COMMITMENT, "start_offset": on("2026-03-31")}
    result = simulated(floater, Buckets(name="three", upper_offset=bounds), **FLOATING, **offer)
    repriced = result.buckets["three"].repricing_principal[0, :, 0]
    assert repriced.tolist() == [-100.0, 100.0, 0.0]
