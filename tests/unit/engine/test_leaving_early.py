"""What leaving early costs, when it is barred, and what it does to the term: by arithmetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alm_pipeline.engine.arrays import CashFlowModel, EventType, RateType
from alm_pipeline.engine.cash_flows.contract import Kind
from alm_pipeline.engine.conventions.cycle import Cycle
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import index_tenor
from alm_pipeline.engine.simulation.events import project
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.errors import CalculationError
from tests.unit.engine.books import AS_OF, book, cohort, flat, on, run
from tests.unit.engine.test_agendas import GRID, QUARTERS, agreed, assert_same, tables
from tests.unit.engine.test_agendas import results as results_of

OPTIONS = SimulationOptions(as_of_date=AS_OF)
MONTHLY = {
    "day_count": int(DayCount.THIRTY_E_360),
    "payment_months": 1,
    "next_payment_offset": on("2026-01-31"),
    "is_end_of_month": True,
    "cohort": 0,
}
TENTH = 1.0 - 0.9**12
"""Of what is left, a tenth is prepaid with each monthly payment."""

FIFTH = 1.0 - 0.8**12
FLOATING = {
    "rate_type": RateType.FLOATING,
    "next_reset_offset": on("2026-02-28"),
    "reset_months": 0,
    "index_tenor": index_tenor("1M"),
}


def amounts(positions, behaviour, kind: EventType, rate: float = 0.03) -> np.ndarray:
    events = project(positions, flat(rate), behaviour, OPTIONS)
    is_kind = events.event_type == kind
    return np.asarray(events.interest[is_kind] + events.principal[is_kind])


def bullet(**terms):
    plain = {"principal": 1000.0, "coupon_rate": 0.06, "maturity_offset": on("2026-04-30")}
    return book(**MONTHLY | plain | terms)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        # 100, 90, 81 leave. 2 % of that:
        ({"penalty_rate": 0.02}, [2.0, 1.8, 1.62]),
        # three months of 6 % of that, 1.5 %:
        ({"penalty_months": 3.0}, [1.5, 1.35, 1.215]),
        # 12.00 by each of those who leave: 10 % of the contracts, then of 90 %, of 81 %
        ({"penalty_amount": 12.0}, [1.2, 1.08, 0.972]),
        # 100.00 of each contract are free: of 100, 90 and 81 that leave 10, 9 and 8.10 are
        ({"penalty_rate": 0.02, "free_prepayment_amount": 100.0}, [1.8, 1.62, 1.458]),
        ({"penalty_months": 3.0, "free_prepayment_amount": 100.0}, [1.35, 1.215, 1.0935]),
        # what is free takes nothing off a fixed amount, and never pays the customer
        ({"penalty_amount": 12.0, "free_prepayment_amount": 100.0}, [1.2, 1.08, 0.972]),
        ({"penalty_rate": 0.02, "free_prepayment_amount": 1001.0}, []),
        ({"penalty_months": 3.0, "coupon_rate": -0.01}, []),
        # barred up to the second payment: of 1000 at the third one a tenth leaves
        ({"penalty_rate": 0.02, "lockout_offset": on("2026-02-28")}, [2.0]),
        ({"penalty_rate": 0.02, "is_prepayable": False}, []),
    ],
)
def test_penalties_of_a_loan_are_worked_out(terms, expected):
    behaviour = cohort(annual_prepayment_rate=TENTH)
    paid = amounts(bullet(**terms), behaviour, EventType.FEE)
    assert paid == pytest.approx(expected)


def test_months_of_interest_are_those_of_the_rate_in_force():
    # 10 % until 28 February, then 12 %; the payment of that day still costs three months of 10 %.
    positions = bullet(**FLOATING, coupon_rate=0.10, spread_rate=0.12, penalty_months=3.0)
    behaviour = cohort(annual_prepayment_rate=TENTH)
    paid = amounts(positions, behaviour, EventType.FEE, rate=0.0)
    assert paid == pytest.approx([100 * 0.025, 90 * 0.025, 81 * 0.03])


def test_a_withdrawn_deposit_costs_months_of_its_interest():
    # 10 % of 1000 overnight, three months of 4 %: 1.00
    positions = bullet(sign=-1, coupon_rate=0.04, is_prepayable=False, penalty_months=3.0)
    behaviour = cohort(redemption_share=0.1)
    assert amounts(positions, behaviour, EventType.FEE) == pytest.approx([1.0])


@pytest.mark.parametrize(
    "penalty", [{"penalty_rate": 0.02}, {"penalty_months": 6.0}, {"penalty_amount": 9.0}]
)
@pytest.mark.parametrize("is_barred", [False, True])
def test_the_lenses_see_the_penalties_of_level_payments(penalty, is_barred):
    behaviour = cohort(annual_prepayment_rate=TENTH)
    terms = {"model": int(CashFlowModel.ANNUITY), "principal_months": 1}
    terms |= {"maturity_offset": on("2026-12-31")} | penalty
    terms |= {"lockout_offset": on("2026-05-31")} if is_barred else {}
    positions = bullet(**terms)
    result = run(positions, flat(0.03), behaviour)
    events = project(positions, flat(0.03), behaviour, OPTIONS)
    cash = events.principal + events.interest
    value = (cash * np.exp(-0.03 * events.event_offset / 365.0)).sum()
    assert result.present_value[0, 0] == pytest.approx(value, rel=1e-12)
    fees = events.interest[events.event_type == EventType.FEE]
    assert len(fees) == (6 if is_barred else 11)
    free = run(bullet(**terms | dict.fromkeys(penalty, 0.0)), flat(0.03), behaviour)
    gain = result.net_interest_income[12] - free.net_interest_income[12]
    assert gain[0, 0] == pytest.approx(fees.sum())


def test_a_fixed_penalty_of_who_ends_sooner_is_refused():
    positions = bullet(penalty_amount=12.0, is_term_shortened=True)
    with pytest.raises(CalculationError, match="fixed penalty"):
        run(positions, flat(0.03), cohort(annual_prepayment_rate=TENTH))


# ---------------------------------------------------------------- the term


@pytest.mark.parametrize(
    ("is_term_shortened", "n_left", "owed"),
    [
        # 12 instalments of 100 at 0 %: 1100 less a fifth, 880; 780 less a fifth, 624; 524 less a
        # fifth, 419.20. That takes 4.192, so 5, instalments of 100; at 12 % the new one repays
        # 419.20 in 5 months.
        (True, 5, 419.2),
        # Who pays less keeps the term: 880 / 11 = 80, 800 less a fifth, 640; 640 / 10 = 64, 576
        # less a fifth, 460.80, in 9 months.
        (False, 9, 460.8),
    ],
)
def test_an_instalment_fixed_anew_repays_over_the_term_that_is_left(
    is_term_shortened, n_left, owed
):
    positions = book(
        **MONTHLY | FLOATING | {"next_reset_offset": on("2026-03-31")},
        model=int(CashFlowModel.ANNUITY),
        principal=1200.0,
        coupon_rate=0.0,
        spread_rate=0.12,
        principal_months=1,
        maturity_offset=on("2026-12-31"),
        is_term_shortened=is_term_shortened,
    )
    behaviour = cohort(annual_prepayment_rate=FIFTH)
    scheduled = amounts(positions, behaviour, EventType.SCHEDULED_PRINCIPAL, rate=0.0)
    interest = amounts(positions, behaviour, EventType.INTEREST, rate=0.0)
    instalment = owed * 0.01 / (1.0 - 1.01**-n_left)
    assert interest[0] == pytest.approx(owed * 0.01)
    assert scheduled[3] + interest[0] == pytest.approx(instalment)


def test_an_interest_only_loan_keeps_its_term():
    # Nothing is repaid before the reset, so the first instalment repays over all that is agreed.
    positions = book(
        **MONTHLY | FLOATING | {"next_reset_offset": on("2026-01-31")},
        model=int(CashFlowModel.INTEREST_ONLY_THEN_ANNUITY),
        principal=1200.0,
        coupon_rate=0.06,
        spread_rate=0.12,
        principal_months=1,
        interest_only_end_offset=on("2026-01-31"),
        maturity_offset=on("2026-12-31"),
        is_term_shortened=True,
    )
    scheduled = amounts(positions, cohort(), EventType.SCHEDULED_PRINCIPAL, rate=0.0)
    interest = 1200.0 * 0.12 * 28 / 360  # 31 January to 28 February under 30E/360
    assert scheduled[0] + interest == pytest.approx(1200.0 * 0.01 / (1.0 - 1.01**-11))


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_an_agenda_shortens_as_a_grid_does(share):
    terms = {"model": CashFlowModel.ANNUITY, "principal_months": 3, "payment_amount": 13.0}
    terms |= {"rate_type": RateType.FLOATING, "reset_months": 3, "spread_rate": 0.01}
    terms |= {"next_reset_offset": on("2026-03-31"), "index_tenor": index_tenor("3M")}
    positions = book(GRID | terms | {"cohort": 0, "is_term_shortened": True})
    contract = agreed(
        Kind.ANNUITY,
        redemption=QUARTERS,
        payment=13.0,
        reset=QUARTERS,
        spread=0.01,
        index_cycle=Cycle(months=3),
    )
    prepaying = cohort(2, annual_prepayment_rate=share)
    given = results_of(positions, tables(contract, prepays=True), prepaying)
    assert_same(given, results_of(positions, None, prepaying))


def test_equal_parts_stay_as_they_are_for_who_ends_sooner():
    # 100 in ten months; half of the rest leaves with each payment: 10, 45 left; 10, 17.5 left;
    # 10, 3.75 left; then 3.75
    positions = book(
        **MONTHLY,
        model=int(CashFlowModel.LINEAR),
        principal=100.0,
        coupon_rate=0.0,
        principal_months=1,
        maturity_offset=on("2026-10-31"),
        is_term_shortened=True,
    )
    behaviour = cohort(annual_prepayment_rate=1.0 - 0.5**12)
    paid = amounts(positions, behaviour, EventType.SCHEDULED_PRINCIPAL)
    assert paid == pytest.approx([10.0, 10.0, 10.0, 3.75])


# ---------------------------------------------------------------- draws


def test_a_line_is_drawn_differently_in_each_scenario_and_its_rate_follows_the_index():
    # A line of 1200, 6 % now, 12 % from 28 February on. Base: 10 % after a month, 20 % after two.
    # 120 x 6 % x 28/360 = 0.56; 360 x 12 % x 32/360 = 3.84. The other scenario draws half of it.
    shares = np.array([[[0.1, 0.05], [0.2, 0.1]]])
    behaviour = replace(cohort(2), draw_profile=shares)
    positions = book(
        **FLOATING,
        model=int(CashFlowModel.COMMITMENT),
        principal=1200.0,
        coupon_rate=0.06,
        spread_rate=0.12,
        day_count=int(DayCount.THIRTY_E_360),
        maturity_offset=on("2026-03-31"),
        cohort=0,
    )
    events = project(positions, flat(0.0, 0.0), behaviour, OPTIONS)
    for scenario, size in ((0, 1.0), (1, 0.5)):
        own = events.scenario == scenario
        draws = own & (events.event_type == EventType.DRAW)
        assert events.principal[draws] == pytest.approx([-120.0 * size, -240.0 * size])
        interest = own & (events.event_type == EventType.INTEREST)
        assert events.interest[interest] == pytest.approx([0.56 * size, 3.84 * size])
    result = run(positions, flat(0.0, 0.0), behaviour)
    assert result.principal["drawn"][0] == pytest.approx([360.0, 180.0])
    assert result.principal["scheduled"][0] == pytest.approx([360.0, 180.0])
    # at a zero rate the line is worth the interest it pays
    assert result.present_value[0] == pytest.approx([4.40, 2.20])
