"""How principal is repaid where interest, principal and prepayment keep different step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from alm_pipeline.engine.arrays import CashFlowModel, EventType
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.simulation.events import project
from alm_pipeline.engine.simulation.setting import SimulationOptions
from tests.unit.engine.books import AS_OF, book, cohort, flat, on, run

EXACT = 1e-9
MONTHLY = {  # 1200 at 6 % over twelve months, 30E/360: 0.005 a month
    "principal": 1200.0,
    "coupon_rate": 0.06,
    "payment_months": 1,
    "principal_months": 1,
    "last_payment_offset": on("2025-12-15"),
    "next_payment_offset": on("2026-01-15"),
    "maturity_offset": on("2026-12-15"),
    "roll_day": 15,
}
ANNUITY = MONTHLY | {"model": CashFlowModel.ANNUITY}
LINEAR = MONTHLY | {"model": CashFlowModel.LINEAR}
PREPAYING = {"cohort": 0}
BY_SIX_PERCENT: dict[str, Any] = {"annual_prepayment_rate": 0.06}


def events(kind: EventType, *terms: dict[str, Any], **figures: Any) -> np.ndarray:
    """Return the amounts of one kind of event, in order."""
    options = SimulationOptions(as_of_date=AS_OF)
    merged: dict[str, Any] = {}
    for one in terms:
        merged |= one
    found = project(book(merged), flat(0.03), cohort(**figures), options)
    chosen = found.event_type == kind
    amounts = found.interest if kind == EventType.INTEREST else found.principal
    return np.asarray(amounts[chosen])


def scheduled(*terms: dict[str, Any], **figures: Any) -> np.ndarray:
    return events(EventType.SCHEDULED_PRINCIPAL, *terms, **figures)


def prepaid(*terms: dict[str, Any], **figures: Any) -> np.ndarray:
    return events(EventType.PREPAYMENT, *terms, **figures)


def test_a_rate_near_zero_keeps_its_digits():
    # i = 1e-7 / 12; P i / (1 - (1 + i)**-n) = P / n (1 + i (n + 1) / 2 + ...), less P i of interest
    i = 1e-7 / 12
    first = scheduled(ANNUITY, {"coupon_rate": 1e-7})[0]
    assert first == pytest.approx(100.0 * (1 + i * 13 / 2) - 1200.0 * i, abs=1e-10)


def test_a_balloon_bears_interest_at_any_rate():
    # the instalment is that of what is repaid, plus the interest of the balloon: 900 / 12 + ...
    i = 1e-7 / 12
    first = scheduled(ANNUITY, {"coupon_rate": 1e-7, "balloon_amount": 300.0})[0]
    payment = 75.0 * (1 + i * 13 / 2) + 300.0 * i
    assert first == pytest.approx(payment - 1200.0 * i, abs=1e-10)
    at_zero = scheduled(ANNUITY, {"coupon_rate": 0.0, "balloon_amount": 300.0})
    assert at_zero == pytest.approx([75.0] * 11 + [375.0], abs=EXACT)


def test_principal_every_month_and_interest_every_quarter():
    # the instalment of 110 repays in full, but for the interest on the quarter's three balances
    paid = scheduled(ANNUITY, {"payment_months": 3, "payment_amount": 110.0})
    # 15 December to 15 March: 1200, 1090, 980 for a month each
    assert paid[:3] == pytest.approx([110.0, 110.0, 110.0 - 0.005 * 3270], abs=EXACT)
    interest = events(EventType.INTEREST, ANNUITY, {"payment_months": 3, "payment_amount": 110.0})
    assert interest[0] == pytest.approx(0.005 * 3270, abs=EXACT)


def test_dates_of_interest_are_counted_back_from_the_maturity():
    # eleven months, interest quarterly: 15 February, May, August and November
    terms = {"payment_months": 3, "maturity_offset": on("2026-11-15"), "payment_amount": 100.0}
    interest = events(EventType.INTEREST, LINEAR, terms)
    # December to February on 1200 and 1100, then 1000, 900, 800
    assert interest[:2] == pytest.approx([0.005 * 2300, 0.005 * 2700], abs=EXACT)


def test_an_instalment_of_a_quarter_covers_a_quarter():
    # interest monthly, principal quarterly: 0.015 a quarter, four instalments, 6 of interest in it
    payment = 1200 * 0.015 / (1 - 1.015**-4)
    first = scheduled(ANNUITY, {"principal_months": 3})[0]
    assert first == pytest.approx(payment - 6.0, abs=EXACT)
    # paid as if over eight quarters
    longer = scheduled(ANNUITY, {"principal_months": 3, "amortisation_payments": 8})[0]
    assert longer == pytest.approx(1200 * 0.015 / (1 - 1.015**-8) - 6.0, abs=EXACT)


def test_a_linear_loan_may_be_repaid_as_if_over_a_longer_time():
    paid = scheduled(LINEAR, {"amortisation_payments": 24})
    assert paid == pytest.approx([50.0] * 11 + [650.0], abs=EXACT)


def test_an_annuity_is_fixed_once_whatever_its_days():
    # ACT/365F: 31 days of January, then 31 and 28; one instalment throughout, 1200 at 0.5 % a month
    payment = 1200 * 0.005 / (1 - 1.005**-12)
    paid = scheduled(ANNUITY, {"day_count": DayCount.ACT_365F})
    interest = events(EventType.INTEREST, ANNUITY, {"day_count": DayCount.ACT_365F})
    assert (paid + interest)[:11] == pytest.approx([payment] * 11, abs=EXACT)


def test_who_stays_owes_a_share_of_the_balloon_of_a_linear_loan():
    balance, stay, expected = 1200.0, 1.0, []
    for k in range(12):
        repaid = (balance - 300.0 * stay) / (12 - k) if k < 11 else balance
        expected.append(repaid)
        balance, stay = (balance - repaid) * 0.94 ** (1 / 12), stay * 0.94 ** (1 / 12)
    paid = scheduled(LINEAR, PREPAYING, {"balloon_amount": 300.0}, **BY_SIX_PERCENT)
    assert paid == pytest.approx(expected, abs=EXACT)


def test_a_balloon_above_the_balance_leaves_all_to_the_maturity():
    paid = scheduled(LINEAR, {"balloon_amount": 1500.0})
    assert paid == pytest.approx([1200.0], abs=EXACT)


def test_a_given_instalment_repays_no_more_than_is_owed():
    paid = scheduled(LINEAR, {"payment_amount": 700.0})
    assert paid == pytest.approx([700.0, 500.0], abs=EXACT)
    # of an annuity 6.00 is interest: 694, and 506 are left
    paid = scheduled(ANNUITY, {"payment_amount": 700.0})
    assert paid == pytest.approx([694.0, 506.0], abs=EXACT)


def test_only_the_first_period_of_a_loan_is_irregular():
    # 15 December to 15 February: 60 days of 30/360, whatever the day count; then a month each
    terms = {"model": CashFlowModel.BULLET, "next_payment_offset": on("2026-02-15")}
    terms |= {"principal_months": 0, "day_count": DayCount.ACT_360}
    paid = prepaid(MONTHLY, PREPAYING, terms, **BY_SIX_PERCENT)
    left = 1200 * 0.94 ** (2 / 12)
    expected = [1200 - left, left * (1 - 0.94 ** (1 / 12))]
    assert paid[:2] == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize("months", [12, 24])
def test_a_year_or_two_prepay_for_a_year_or_two(months):
    terms = {
        "payment_months": months,
        "last_payment_offset": on("2025-12-31"),
        "next_payment_offset": on(f"{2025 + months // 12}-12-31"),
        "maturity_offset": on("2029-12-31"),
        "cohort": 0,
    }
    paid = prepaid(terms, **BY_SIX_PERCENT)
    assert paid[0] == pytest.approx(100 * (1 - 0.94 ** (months / 12)), abs=EXACT)


def test_nobody_prepays_where_a_perpetual_contract_leaves_the_horizon():
    # 18 300 days, to 6 February 2076: fifty payments at the end of a year and the one that is cut
    terms = {"payment_months": 12, "next_payment_offset": on("2026-12-31"), "cohort": 0}
    terms |= {"last_payment_offset": on("2025-12-31")}
    result = run(book(terms), flat(0.03), cohort(annual_prepayment_rate=0.01))
    assert result.principal["remaining"][0, 0] == pytest.approx(100 * 0.99**50, abs=EXACT)


def test_who_withdraws_on_a_day_of_payment_does_not_prepay_too():
    # paid on 1 January: 10 % of 100 are withdrawn, then a month's share of the other 90 prepaid
    terms = {
        "payment_months": 1,
        "last_payment_offset": on("2025-12-01"),
        "next_payment_offset": 1,
        "maturity_offset": on("2026-12-01"),
        "roll_day": 1,
        "cohort": 0,
    }
    paid = prepaid(terms, **BY_SIX_PERCENT, redemption_share=0.1)
    assert paid[0] == pytest.approx(10.0 + 90 * (1 - 0.94 ** (1 / 12)), abs=EXACT)


def test_a_margin_between_dates_of_interest_is_stripped_on_the_next_one():
    # linear, 100 a month, interest quarterly: balances 1200 + 1100 + 1000 and so on, 1 % margin
    positions = book(LINEAR, payment_months=3, margin_rate=0.01)
    years = sum(1200 - 100 * k for k in range(12)) / 12
    value = run(positions, flat(0.0)).present_value[0, 0]
    assert value == pytest.approx(1200 + (0.06 - 0.01) * years, abs=EXACT)
