"""Annuities as the lenses see them: level payments in a run, and what interrupts the run.

Event rows are made one by one; these tests read buckets, values and income, which are not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from alm_pipeline.engine.arrays import MAX_OFFSET, Buckets, CashFlowModel, RateType
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import index_tenor
from tests.unit.engine.books import book, cohort, flat, on, run

EXACT = 1e-9
SMM = 1 - 0.94 ** (1 / 12)  # 6 % a year
LOAN = {  # 1200 at 6 %, monthly on the 15th, 30E/360: 0.005 a month
    "model": CashFlowModel.ANNUITY,
    "principal": 1200.0,
    "coupon_rate": 0.06,
    "payment_months": 1,
    "principal_months": 1,
    "last_payment_offset": on("2025-12-15"),
    "next_payment_offset": on("2026-01-15"),
    "maturity_offset": on("2026-12-15"),
    "roll_day": 15,
}


def days(n: int) -> list[int]:
    """Return the 15th of n months from January 2026 on."""
    return [on(f"{2026 + k // 12}-{k % 12 + 1:02}-15") for k in range(n)]


def by_day(positions, dates, curves, behaviour):
    """Return what a run gives, with interest and principal of the first scenario by date."""
    bounds = np.array([*dates, MAX_OFFSET], dtype=np.int32)
    result = run(positions, curves, behaviour, (Buckets(name="days", upper_offset=bounds),))
    buckets = result.buckets["days"]
    return result, buckets.interest[0, :-1, 0], buckets.principal[0, :-1, 0]


def level(balance: float, rate: float, n: int, balloon: float = 0.0) -> float:
    v = (1 + rate) ** -n
    return (balance - balloon * v) * rate / (1 - v)


def amortised(n: int) -> Iterator[tuple[float, float, float]]:
    """Yield balance, interest and principal of each month: scheduled first, SMM of what is left."""
    balance, payment = 1200.0, level(1200.0, 0.005, n)
    for k in range(n):
        interest = balance * 0.005
        left = balance - (payment - interest) if k < n - 1 else 0.0
        yield balance, interest, balance - left * (1 - SMM)
        balance, payment = left * (1 - SMM), payment * (1 - SMM)


def test_an_annuity_that_prepays_pays_what_the_schedule_says():
    # the coupon holds a margin of 1 %, 0.01 / 12 of each month's balance is not valued
    rows = list(amortised(36))
    positions = book(LOAN, maturity_offset=on("2028-12-15"), margin_rate=0.01, cohort=0)
    behaviour = cohort(2, annual_prepayment_rate=0.06)
    result, interest, principal = by_day(positions, days(36), flat(0.0, 0.03), behaviour)
    assert interest == pytest.approx([row[1] for row in rows], abs=EXACT)
    assert principal == pytest.approx([row[2] for row in rows], abs=EXACT)
    value = sum(
        (paid + repaid - balance * 0.01 / 12) * math.exp(-0.03 * day / 365)
        for (balance, paid, repaid), day in zip(rows, days(36), strict=True)
    )
    assert result.present_value[0, 1] == pytest.approx(value, abs=EXACT)
    # at a rate of zero replacements earn nothing; of the running month 15 of 30 days are earned
    for months in (12, 24):
        earned = sum(row[1] for row in rows[:months]) + rows[months][1] / 2
        income = result.net_interest_income[months][0, 0]
        assert income == pytest.approx(earned, abs=EXACT)


def test_customers_who_prepay_in_one_scenario_only_prepay_there():
    behaviour = cohort(2, annual_prepayment_rate=(0.0, 0.06))
    prepaid = run(book(LOAN, cohort=0), flat(0.03, 0.03), behaviour).principal["prepaid"][0]
    assert prepaid[0] == 0.0
    # what leaves is SMM of what is left after each instalment: left x SMM = after x SMM / (1 - SMM)
    after = [row[0] for row in amortised(12)][1:]
    assert prepaid[1] == pytest.approx(sum(after) * SMM / (1 - SMM), abs=EXACT)


def test_a_reset_between_payments_ends_the_run_and_fixes_the_rest_anew():
    # reset on 30 June, 15 days after a payment and before the next; index of 3 months, 92 days
    positions = book(
        LOAN,
        rate_type=RateType.FLOATING,
        next_reset_offset=on("2026-06-30"),
        balloon_amount=300.0,
        margin_rate=0.01,
        cohort=0,
    )
    rate = (math.exp(0.04 * 92 / 365) - 1) / (92 / 360)
    balance, stay, value = 1200.0, 1.0, 0.0
    payment = level(balance, 0.005, 12, 300.0)
    expected = []
    for k, day in enumerate(days(12)):
        interest = balance * (0.005 if k < 6 else rate / 12)
        if k == 6:
            interest = balance * (0.06 + rate) * 15 / 360
            payment = level(balance, rate / 12, 6, 300.0 * stay)
        left = balance - (payment - interest) if k < 11 else 0.0
        left *= 1 - SMM
        expected.append((interest, balance - left))
        value += (interest + balance - left - balance * 0.01 / 12) * math.exp(-0.04 * day / 365)
        balance, payment, stay = left, payment * (1 - SMM), stay * (1 - SMM)
    behaviour = cohort(annual_prepayment_rate=0.06)
    result, interest, principal = by_day(positions, days(12), flat(0.04), behaviour)
    assert interest == pytest.approx([row[0] for row in expected], abs=EXACT)
    assert principal == pytest.approx([row[1] for row in expected], abs=EXACT)
    assert result.present_value[0, 0] == pytest.approx(value, abs=EXACT)


def test_who_withdraws_overnight_takes_their_share_of_the_instalment():
    # 10 % of 1200 on day 1; 30/360 US from 31 December: 1 day, then 30 - 1 days on 1080 although
    # 1 to 31 January alone would be 30. Instalment 110, 99 for those who stay.
    positions = book(
        LOAN,
        payment_amount=110.0,
        last_payment_offset=0,
        next_payment_offset=on("2026-01-31"),
        maturity_offset=on("2026-12-31"),
        roll_day=31,
        day_count=DayCount.THIRTY_360_US,
        cohort=0,
    )
    dates = [1, on("2026-01-31")]
    behaviour = cohort(redemption_share=0.1)
    _, interest, principal = by_day(positions, dates, flat(0.03), behaviour)
    first = 0.06 * (1200 * 1 + 1080 * 29) / 360
    assert interest == pytest.approx([0.0, first], abs=EXACT)
    assert principal == pytest.approx([120.0, 99.0 - first], abs=EXACT)


def test_interest_only_months_are_no_level_payments():
    # six months of 6.00, then six instalments: the first repays level(1200, 0.005, 6) - 6
    positions = book(
        LOAN,
        model=CashFlowModel.INTEREST_ONLY_THEN_ANNUITY,
        payment_amount=300.0,
        interest_only_end_offset=on("2026-06-15"),
    )
    _, interest, principal = by_day(positions, days(7), flat(0.03), cohort())
    assert interest == pytest.approx([6.0] * 7, abs=EXACT)
    assert principal == pytest.approx([0.0] * 6 + [294.0], abs=EXACT)


@pytest.mark.parametrize("payment", [5.0, 700.0])
def test_an_instalment_too_small_or_too_large_ends_the_run(payment):
    # 5 of 6 due: the missing 1 is owed, 1201 x 0.005 = 6.005 is due next. 700: 694 repaid, then
    # 506 + 2.53 is all that is owed and more than 506 is never repaid.
    _, interest, principal = by_day(
        book(LOAN, payment_amount=payment), days(3), flat(0.0), cohort()
    )
    if payment == 5.0:
        assert interest == pytest.approx([5.0] * 3, abs=EXACT)
        assert principal == pytest.approx([0.0] * 3, abs=EXACT)
    else:
        assert interest == pytest.approx([6.0, 2.53, 0.0], abs=EXACT)
        assert principal == pytest.approx([694.0, 506.0, 0.0], abs=EXACT)


def test_the_index_of_a_run_that_resets_on_payment_dates_is_that_of_each_quarter():
    # resets on 15 April: the run of three payments ends with the payment of that day at 6 %
    positions = book(
        LOAN,
        rate_type=RateType.FLOATING,
        payment_amount=200.0,
        next_reset_offset=on("2026-04-15"),
        index_tenor=index_tenor("3M"),
    )
    _, interest, _ = by_day(positions, days(5), flat(0.04), cohort())
    balance = 1200.0
    for _ in range(4):
        balance = balance * 1.005 - 200.0
    rate = (math.exp(0.04 * 91 / 365) - 1) / (91 / 360)
    assert interest[4] == pytest.approx(balance * rate / 12, abs=EXACT)


def test_interest_added_to_the_principal_nets_to_nothing_in_the_gap():
    # 1200 reprice, however much interest is added on the way and repaid at the end
    result = run(book(LOAN, payment_amount=5.0), flat(0.0))
    assert result.buckets["all"].repricing_principal.sum() == pytest.approx(1200.0, abs=EXACT)
    assert result.principal["capitalised"][0, 0] > 10.0


def test_a_loan_paid_out_later_does_not_see_the_draws_of_a_line_before_it():
    # 1200 paid out after a month and repaid in twelve, whatever a line of 5000 drew before
    line = {"model": CashFlowModel.COMMITMENT, "principal": 5000.0, "cohort": 0}
    offer = LOAN | {
        "model": CashFlowModel.COMMITMENT, "start_offset": on("2026-01-15"),
        "last_payment_offset": on("2026-01-15"), "next_payment_offset": on("2026-02-15"),
        "maturity_offset": on("2027-01-15"),
    }  # fmt: skip
    drawing = replace(cohort(), draw_profile=np.full((1, 10), 0.1))
    positions = book(line | {"maturity_offset": on("2027-01-15")}, offer)
    result = run(positions, flat(0.03), drawing)
    assert result.principal["drawn"][:, 0] == pytest.approx([5000.0, 1200.0])
    assert result.principal["scheduled"][:, 0] == pytest.approx([5000.0, 1200.0])
