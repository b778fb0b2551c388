"""What customers do: prepay month by month, keep the instalment, pay penalties, draw lines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alm_pipeline.engine.arrays import CashFlowModel, EventType, RateType
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import index_tenor
from alm_pipeline.engine.simulation.events import project
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.errors import CalculationError
from tests.unit.engine.books import AS_OF, book, cohort, flat, on, run

OPTIONS = SimulationOptions(as_of_date=AS_OF)
MONTHLY = {
    "day_count": int(DayCount.THIRTY_E_360),
    "payment_months": 1,
    "last_payment_offset": 0,
    "next_payment_offset": on("2026-01-31"),
    "roll_day": 31,
    "cohort": 0,
}


def amounts(positions, behaviour, kind: EventType) -> np.ndarray:
    events = project(positions, flat(0.03), behaviour, OPTIONS)
    is_kind = events.event_type == kind
    return np.asarray(events.interest[is_kind] + events.principal[is_kind])


def test_prepayment_follows_its_own_rate_every_month():
    # 100 at maturity after four months; single monthly mortality 1 %, 2 %, then 3 % for ever
    mortality = np.array([0.01, 0.02, 0.03])
    yearly = 1.0 - (1.0 - mortality) ** 12
    behaviour = replace(cohort(), annual_prepayment_rate=yearly[None, :, None])
    positions = book(principal=100.0, maturity_offset=on("2026-04-30"), **MONTHLY)
    expected = [100 * 0.01, 99 * 0.02, 99 * 0.98 * 0.03]
    assert amounts(positions, behaviour, EventType.PREPAYMENT) == pytest.approx(expected)


def test_a_quarter_prepays_what_its_three_months_do():
    mortality = np.array([0.01, 0.02, 0.03])
    yearly = 1.0 - (1.0 - mortality) ** 12
    behaviour = replace(cohort(), annual_prepayment_rate=yearly[None, :, None])
    terms = MONTHLY | {"payment_months": 3, "next_payment_offset": on("2026-03-31")}
    positions = book(principal=100.0, maturity_offset=on("2026-06-30"), **terms)
    expected = 100.0 * (1.0 - 0.99 * 0.98 * 0.97)
    assert amounts(positions, behaviour, EventType.PREPAYMENT) == pytest.approx([expected])


@pytest.mark.parametrize(
    ("is_term_shortened", "expected"),
    [
        # 10 a month; half of the rest leaves with each payment.
        # The instalment shrinks: 10, 45 left; 5, 20 left; 2.5, 8.75 left ...
        (False, [10.0, 5.0, 2.5]),
        # It stays: 10, 45 left; 10, 17.5 left; 10, 3.75 left; then 3.75
        (True, [10.0, 10.0, 10.0, 3.75]),
    ],
)
def test_who_prepays_pays_less_or_ends_sooner(is_term_shortened, expected):
    behaviour = cohort(annual_prepayment_rate=1.0 - 0.5**12)
    positions = book(
        model=int(CashFlowModel.LINEAR),
        principal=100.0,
        principal_months=1,
        payment_amount=10.0,
        maturity_offset=on("2026-10-31"),
        is_term_shortened=is_term_shortened,
        **MONTHLY,
    )
    paid = amounts(positions, behaviour, EventType.SCHEDULED_PRINCIPAL)
    assert paid[: len(expected)] == pytest.approx(expected)


def test_a_level_loan_that_ends_sooner_keeps_its_instalment_in_the_lenses_too():
    behaviour = cohort(annual_prepayment_rate=0.3)
    positions = book(
        model=int(CashFlowModel.ANNUITY),
        principal=1000.0,
        coupon_rate=0.06,
        principal_months=1,
        maturity_offset=on("2030-12-31"),
        is_term_shortened=True,
        **MONTHLY,
    )
    # in the first full month interest and principal make up the instalment of 60 payments
    rate = 0.06 / 12
    instalment = 1000.0 * rate / (1.0 - (1.0 + rate) ** -60)
    scheduled = amounts(positions, behaviour, EventType.SCHEDULED_PRINCIPAL)
    interest = amounts(positions, behaviour, EventType.INTEREST)
    assert scheduled[:2] + interest[:2] == pytest.approx([instalment, instalment])
    assert len(scheduled) < 60
    result = run(positions, flat(0.03), behaviour)
    assert result.principal["scheduled"][0, 0] == pytest.approx(scheduled.sum())


def test_a_penalty_is_paid_to_the_bank_whichever_side_leaves():
    # 10 % of a deposit of 1000 withdrawn on day 1 at a penalty of 2 %: 2.00 to the bank
    behaviour = cohort(redemption_share=0.1)
    positions = book(
        sign=-1,
        principal=1000.0,
        maturity_offset=on("2026-06-30"),
        cohort=0,
        penalty_rate=0.02,
    )
    assert amounts(positions, behaviour, EventType.FEE) == pytest.approx([2.0])
    plain = book(sign=-1, principal=1000.0, maturity_offset=on("2026-06-30"), cohort=0)
    with_penalty, without = (run(one, flat(0.03), behaviour) for one in (positions, plain))
    gain = with_penalty.present_value - without.present_value
    assert gain[0, 0] == pytest.approx(2.0 * np.exp(-0.03 / 365))
    income = with_penalty.net_interest_income[12] - without.net_interest_income[12]
    assert income[0, 0] == pytest.approx(2.0)
    months = with_penalty.monthly["interest"] - without.monthly["interest"]
    assert months[0, 0, 0] == pytest.approx(2.0)


def test_a_line_is_drawn_as_its_profile_says_and_repaid_at_maturity():
    # A line of 1200 at 6 % under 30E/360: 10 % drawn after a month, 20 % after two.
    # Interest on 120 from 31 January to 28 February, 28 days: 0.56; on 360 for 32 days: 1.92.
    behaviour = replace(cohort(), draw_profile=np.array([[0.1, 0.2]]))
    positions = book(
        model=int(CashFlowModel.COMMITMENT),
        principal=1200.0,
        coupon_rate=0.06,
        day_count=int(DayCount.THIRTY_E_360),
        maturity_offset=on("2026-03-31"),
        cohort=0,
    )
    assert amounts(positions, behaviour, EventType.DRAW) == pytest.approx([-120.0, -240.0])
    assert amounts(positions, behaviour, EventType.INTEREST) == pytest.approx([0.56, 1.92])
    repaid = amounts(positions, behaviour, EventType.SCHEDULED_PRINCIPAL)
    assert repaid == pytest.approx([360.0])
    result = run(positions, flat(0.03), behaviour)
    assert result.principal["opening"][0, 0] == 0.0
    assert result.principal["drawn"][0, 0] == pytest.approx(360.0)
    assert result.principal["remaining"][0, 0] == 0.0


LINE = {
    "model": int(CashFlowModel.COMMITMENT),
    "principal": 1200.0,
    "coupon_rate": 0.06,
    "day_count": int(DayCount.THIRTY_E_360),
    "cohort": 0,
}


def test_a_line_pays_no_interest_in_a_month_in_which_nothing_is_drawn():
    # 120 from 31 January to 31 March, 60 days: 1.20; then 360 for 30 days: 1.80.
    behaviour = replace(cohort(), draw_profile=np.array([[0.1, 0.0, 0.2]]))
    line = book(**LINE, maturity_offset=on("2026-04-30"))
    assert amounts(line, behaviour, EventType.INTEREST) == pytest.approx([1.20, 1.80])


def test_the_margin_of_a_line_is_stripped_from_its_interest():
    # 0.56 and 1.92 at 6 %, of which 2 % is margin: two thirds of them are valued, at 3 %.
    behaviour = replace(cohort(), draw_profile=np.array([[0.1, 0.2]]))
    line = book(**LINE, maturity_offset=on("2026-03-31"), margin_rate=0.02)
    cash = {31: -120.0, 59: -240.0 + 0.56 * 2 / 3, 90: 360.0 + 1.92 * 2 / 3}
    worth = sum(amount * np.exp(-0.03 * day / 365) for day, amount in cash.items())
    assert run(line, flat(0.03), behaviour).present_value[0, 0] == pytest.approx(worth)


@pytest.mark.parametrize(("known", "n_resets"), [(np.inf, 1), (0.07, 0)])
def test_a_drawn_line_follows_its_index_and_an_index_fixed_already_is_no_reset(known, n_resets):
    # 120 at 6 % for 28 days to the reset of 28 February, then at the index + 1 % for 32 days: the
    # index is 7 % where it is known, else the forward of a flat 3 %, ACT/360 over 28 days.
    behaviour = replace(cohort(), draw_profile=np.array([[0.1]]))
    terms = {
        "rate_type": RateType.FLOATING,
        "spread_rate": 0.01,
        "next_reset_offset": on("2026-02-28"),
        "index_tenor": index_tenor("1M"),
        "next_index_rate": known,
    }
    line = book(**LINE | terms, maturity_offset=on("2026-03-31"))
    index = known if np.isfinite(known) else np.expm1(0.03 * 28 / 365) * 360 / 28
    expected = [0.56, 120 * (index + 0.01) * 32 / 360]
    assert amounts(line, behaviour, EventType.INTEREST) == pytest.approx(expected)
    events = project(line, flat(0.03), behaviour, OPTIONS)
    assert (events.event_type == EventType.RESET).sum() == n_resets


def test_a_balance_leaves_by_its_own_profile():
    behaviour = replace(cohort(), run_off_profile=np.array([[0.5, 0.0, 0.3, 0.2]]))
    positions = book(model=int(CashFlowModel.NON_MATURITY), principal=100.0, sign=-1, cohort=0)
    events = project(positions, flat(0.03), behaviour, OPTIONS)
    leaves = events.event_type == EventType.SCHEDULED_PRINCIPAL
    days = [str(AS_OF + int(day)) for day in events.event_offset[leaves]]
    assert days == ["2026-01-01", "2026-02-28", "2026-03-31"]
    assert events.principal[leaves] == pytest.approx([-50.0, -30.0, -20.0])


@pytest.mark.parametrize(
    ("name", "profile"), [("run_off_profile", [[0.5, 0.4]]), ("draw_profile", [[0.7, 0.7]])]
)
def test_a_profile_that_loses_or_invents_money_is_refused(name, profile):
    with pytest.raises(CalculationError):
        replace(cohort(), **{name: np.array(profile)})
