"""What is agreed beside the dates of an agenda: amounts of interest, arrears, who may leave."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from alm_pipeline.engine.arrays import MAX_OFFSET, Behaviour, Buckets, EventType, RateType
from alm_pipeline.engine.cash_flows.contract import Contract, Kind
from alm_pipeline.engine.conventions.calendar import BusinessDayConvention
from alm_pipeline.engine.conventions.cycle import Cycle, Grid, Shift
from alm_pipeline.engine.conventions.tenor import index_tenor
from alm_pipeline.engine.simulation.events import project
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate
from tests.unit.engine.books import AS_OF, book, cohort, flat, on, one_bucket
from tests.unit.engine.test_agendas import GRID, QUARTERS, agreed, tables

EXACT = 1e-9
SIX_PERCENT: dict[str, Any] = {"annual_prepayment_rate": 0.06}
MARCH, JUNE, SEPTEMBER = "2026-03-31", "2026-06-30", "2026-09-30"


def day(text: str) -> datetime:
    return datetime.fromisoformat(text)


def paid(contract: Contract, kind: EventType, behaviour: Behaviour | None = None, **terms: Any):
    """Return the cash of one kind by date."""
    options = SimulationOptions(as_of_date=AS_OF)
    positions = book(GRID | {"cohort": 0} | terms)
    events = project(positions, flat(0.03), behaviour or cohort(), options, tables(contract))
    chosen = events.event_type == kind
    amounts = (events.principal + events.interest)[chosen]
    dates = [str(AS_OF + int(offset)) for offset in events.event_offset[chosen]]
    return dict(zip(dates, amounts, strict=True))


def simulated(contract: Contract, buckets: Buckets | None = None, **terms: Any) -> Any:
    """Return what a run gives at a rate of zero."""
    options = SimulationOptions(as_of_date=AS_OF)
    sets = (buckets or one_bucket(),)
    return simulate(book(GRID, **terms), flat(0.0), cohort(), sets, options, tables(contract))


def test_a_margin_is_stripped_from_what_was_accrued_before_too():
    # 0.625 accrued is 12.5 balance years at 5 %; 1 % of 12.5 and of 25 a quarter is not valued:
    # 0.5 + 1 in the first quarter, 1 in each of the seven others
    loan = agreed(Kind.BULLET, accrued_interest=0.625)
    value = simulated(loan, margin_rate=0.01).present_value[0, 0]
    assert value == pytest.approx(100 + 1.5 + 7.0, abs=EXACT)


def test_a_margin_on_interest_that_is_capitalised_is_not_stripped_from_the_next_payment():
    # four quarters are added to the principal, four are paid on it, each less a quarter of 1 %
    loan = agreed(Kind.BULLET, capitalised_until=day("2026-12-31"))
    value = simulated(loan, margin_rate=0.01).present_value[0, 0]
    assert value == pytest.approx(100 * 1.0125**4 * (1 + 4 * 0.01), abs=EXACT)


def test_capitalised_interest_is_rounded_half_to_even():
    # 4.06 %, a quarter of 100: 1.015 is 1.02 (101.5 cents, in binary 101.49999999999999)
    loan = agreed(Kind.BULLET, rate=0.0406, capitalised_until=day(JUNE), unit=0.01)
    # the next one: 101.02 x 0.01015 = 1.025353, rounded 1.03
    capitalised = simulated(loan).principal["capitalised"][0, 0]
    assert capitalised == pytest.approx(1.02 + 1.03, abs=EXACT)


def test_an_instalment_is_rounded_and_so_is_what_it_repays():
    # 100 x 0.0125 / (1 - 1.0125**-8) = 13.2133: 13.21, of which 1.25 is interest
    loan = agreed(Kind.ANNUITY, redemption=QUARTERS, unit=0.01)
    assert paid(loan, EventType.SCHEDULED_PRINCIPAL)[MARCH] == pytest.approx(11.96, abs=EXACT)


def test_a_known_next_rate_reprices_on_its_day():
    floater = agreed(Kind.BULLET, reset=QUARTERS, index_cycle=Cycle(months=3), next_reset_rate=0.04)
    terms = {"rate_type": RateType.FLOATING, "index_tenor": index_tenor("3M")}
    bounds = np.array([on(MARCH), MAX_OFFSET], dtype=np.int32)
    result = simulated(floater, Buckets(name="two", upper_offset=bounds), **terms)
    assert result.buckets["two"].repricing_principal[0, :, 0].tolist() == [100.0, 0.0]


def test_an_agreed_step_leaves_the_principal_where_it_was():
    loan = agreed(Kind.BULLET, rate_steps=((day(MARCH), 0.06),))
    bounds = np.array([on(JUNE), MAX_OFFSET], dtype=np.int32)
    result = simulated(loan, Buckets(name="two", upper_offset=bounds))
    assert result.buckets["two"].repricing_principal[0, :, 0].tolist() == [0.0, 100.0]


def test_a_loan_that_is_terminated_is_repaid_with_its_interest():
    # 31 March to 15 May: 45 days of 30E/360
    loan = agreed(Kind.BULLET, termination_date=day("2026-05-15"))
    principal = paid(loan, EventType.SCHEDULED_PRINCIPAL)
    assert principal == pytest.approx({"2026-05-15": 100.0}, abs=EXACT)
    interest = paid(loan, EventType.INTEREST)
    assert interest == pytest.approx({MARCH: 1.25, "2026-05-15": 0.625}, abs=EXACT)


def test_no_day_is_earned_twice_where_interest_is_paid_after_a_later_movement():
    # interest of 31 January, a Saturday, is paid on Monday and runs to Saturday; 20 are repaid on
    # Sunday 1 February, day 31 of 30E/360; from there 27 days to 28 February
    weekdays = Shift(
        BusinessDayConvention.FOLLOWING,
        is_accrual_shifted=False,
        is_open=lambda d: d.weekday() < 5,
    )
    loan = agreed(
        Kind.BULLET,
        interest=Grid(day("2026-01-31"), Cycle(months=1)),
        movements=((day("2026-02-01"), 20.0),),
        shift=weekdays,
    )
    interest = list(paid(loan, EventType.INTEREST).items())[:2]
    assert [date for date, _ in interest] == ["2026-02-02", "2026-03-02"]
    amounts = [amount for _, amount in interest]
    assert amounts == pytest.approx([100 * 0.05 * 31 / 360, 80 * 0.05 * 27 / 360], abs=EXACT)


def test_a_rate_fixed_in_arrears_is_earned_for_its_whole_period_and_once():
    # each quarter earns the forward of the quarter that follows it, ACT/360, and 1 %
    floater = agreed(
        Kind.BULLET,
        reset=QUARTERS,
        index_cycle=Cycle(months=3),
        spread=0.01,
        is_reset_in_arrears=True,
    )
    terms = {"rate_type": RateType.FLOATING, "index_tenor": index_tenor("3M")}
    options = SimulationOptions(as_of_date=AS_OF)
    sets, agendas = (one_bucket(),), tables(floater)
    result = simulate(book(GRID, **terms), flat(0.03), cohort(), sets, options, agendas)
    ahead = [(math.exp(0.03 * n / 365) - 1) / (n / 360) + 0.01 for n in (91, 92, 92, 90)]
    income = result.net_interest_income[12][0, 0]
    assert income == pytest.approx(sum(100 * 0.25 * rate for rate in ahead), abs=EXACT)


def test_agreed_interest_is_paid_to_the_cent_and_then_the_coupon_comes_back():
    # 2.00 on 31 March, 0.50 of it accrued before; whatever is repaid or drawn in between
    for movement in ((), ((day("2026-02-15"), 20.0),), ((day("2026-02-15"), -20.0),)):
        loan = agreed(
            Kind.BULLET,
            accrued_interest=0.5,
            movements=movement,
            agreed_interest=((day(MARCH), 2.0),),
        )
        interest = paid(loan, EventType.INTEREST)
        balance = 100.0 - sum(amount for _, amount in movement)
        assert interest[MARCH] == pytest.approx(2.0, abs=EXACT)
        assert interest[JUNE] == pytest.approx(balance * 0.0125, abs=EXACT)


@pytest.mark.parametrize("stepped", [MARCH, "2026-05-15"])
def test_an_agreed_amount_replaces_the_step_of_its_period(stepped):
    # a step to 6 % at the start or within: 2.00 is agreed for June, then 1.50 a quarter
    steps = ((day(stepped), 0.06),)
    loan = agreed(Kind.BULLET, rate_steps=steps, agreed_interest=((day(JUNE), 2.0),))
    interest = paid(loan, EventType.INTEREST)
    found = [interest[date] for date in (MARCH, JUNE, SEPTEMBER)]
    assert found == pytest.approx([1.25, 2.0, 1.5], abs=EXACT)


ARREARS: dict[str, Any] = {
    "accrued_interest": 0.5,
    "past_due_principal": 10.0,
    "past_due_interest": 0.2,
}


@pytest.mark.parametrize(
    ("agreed_interest", "expected"),
    [
        ((), 0.3 + 90 * 0.0125),  # 0.30 of the running quarter, then 90 at 5 %
        (((day(MARCH), 2.0),), 2.0),
    ],
)
def test_arrears_are_paid_tomorrow_and_the_rest_on_its_day(agreed_interest, expected):
    loan = agreed(Kind.BULLET, **ARREARS, agreed_interest=agreed_interest)
    interest = paid(loan, EventType.INTEREST)
    principal = paid(loan, EventType.SCHEDULED_PRINCIPAL)
    assert interest["2026-01-01"] == pytest.approx(0.2, abs=EXACT)
    assert interest[MARCH] == pytest.approx(expected, abs=EXACT)
    assert principal == pytest.approx({"2026-01-01": 10.0, "2027-12-31": 90.0}, abs=EXACT)


def test_customers_prepay_since_the_last_payment_in_months_of_30_days():
    # 15 December to 31 March: 105 days of 360, then a quarter
    loan = agreed(Kind.BULLET, is_prepayable=True, last_payment_date=day("2025-12-15"))
    prepaid = paid(loan, EventType.PREPAYMENT, cohort(**SIX_PERCENT))
    left = 100 * 0.94 ** (105 / 360)
    assert prepaid[MARCH] == pytest.approx(100 - left, abs=EXACT)
    assert prepaid[JUNE] == pytest.approx(left * (1 - 0.94**0.25), abs=EXACT)


def test_what_is_agreed_is_repaid_by_those_who_stay():
    # a quarter after the as-of date 0.94 ** 0.25 have stayed: of 20 they repay as much
    loan = agreed(Kind.BULLET, is_prepayable=True, movements=((day(JUNE), 20.0),))
    repaid = paid(loan, EventType.SCHEDULED_PRINCIPAL, cohort(**SIX_PERCENT))
    assert repaid[JUNE] == pytest.approx(20 * 0.94**0.25, abs=EXACT)


def test_customers_prepay_once_everything_is_drawn():
    loan = agreed(Kind.BULLET, is_prepayable=True, movements=((day(JUNE), -20.0),))
    prepaid = paid(loan, EventType.PREPAYMENT, cohort(**SIX_PERCENT))
    assert min(prepaid) == SEPTEMBER
    assert prepaid[SEPTEMBER] == pytest.approx(120 * (1 - 0.94**0.25), abs=EXACT)


def test_customers_withdraw_overnight_where_the_position_lets_them():
    loan = agreed(Kind.BULLET, is_prepayable=True, is_redeemable=True)
    behaviour = cohort(redemption_share=0.1, **SIX_PERCENT)
    prepaid = paid(loan, EventType.PREPAYMENT, behaviour)
    assert prepaid["2026-01-01"] == pytest.approx(10.0, abs=EXACT)
    held = paid(loan, EventType.PREPAYMENT, behaviour, is_prepayable=False, is_redeemable=False)
    assert held == {}
