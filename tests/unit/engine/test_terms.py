"""What follows from the terms alone: who may leave, what starts when, what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from alm_pipeline.engine.arrays import CashFlowModel, RateType
from alm_pipeline.engine.cash_flows.accepted_terms import HORIZON_DAYS
from alm_pipeline.engine.cash_flows.conservation import check_conservation
from alm_pipeline.errors import CalculationError
from tests.unit.engine.books import book, cohort, flat, on, run

EXACT = 1e-9
LEAVING: dict[str, Any] = {"annual_prepayment_rate": 0.06, "redemption_share": 0.1}
YEARLY = {
    "payment_months": 12,
    "last_payment_offset": on("2025-12-31"),
    "next_payment_offset": on("2026-12-31"),
    "maturity_offset": on("2027-12-31"),
    "cohort": 0,
}
OFFER = {  # 1200 paid out on 15 January, monthly at 6 % from 15 February on
    "model": CashFlowModel.COMMITMENT,
    "principal": 1200.0,
    "coupon_rate": 0.06,
    "payment_months": 1,
    "principal_months": 1,
    "start_offset": on("2026-01-15"),
    "last_payment_offset": 0,
    "next_payment_offset": on("2026-02-15"),
    "maturity_offset": on("2027-01-15"),
    "roll_day": 15,
}


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        # 10 leave overnight, 6 % of 90 after the first year
        ({}, 10.0 + 0.06 * 90),
        ({"is_prepayable": False}, 10.0),
        ({"is_redeemable": False}, 6.0),
        ({"cohort": -1}, 0.0),
    ],
)
def test_customers_leave_where_the_contract_lets_them(terms, expected):
    prepaid = run(book(YEARLY, **terms), flat(0.03), cohort(**LEAVING)).principal["prepaid"]
    assert prepaid[0, 0] == pytest.approx(expected, abs=EXACT)


def test_nobody_leaves_a_swap():
    # twice 5 on a notional that nobody repays
    result = run(book(YEARLY, model=CashFlowModel.SWAP_LEG), flat(0.0), cohort(**LEAVING))
    assert result.present_value[0, 0] == pytest.approx(10.0, abs=EXACT)


def test_interest_of_a_loan_paid_out_later_runs_from_its_start():
    # a month of 0.5 % of 1200, although the last payment is said to be that of the as-of date
    result = run(book(OFFER), flat(0.0))
    payment = 1200 * 0.005 / (1 - 1.005**-12)
    assert result.buckets["all"].interest[0, 0, 0] == pytest.approx(12 * payment - 1200, abs=EXACT)
    assert result.monthly["opening"][0, :2, 0].tolist() == [0.0, 1200.0]


@pytest.mark.parametrize("start", [0, -30])
@pytest.mark.parametrize("end", [0, on("2027-01-15")])
def test_a_line_that_has_started_and_is_not_drawn_pays_nothing(start, end):
    line = book(OFFER, start_offset=start, maturity_offset=end)
    result = run(line, flat(0.03))
    assert result.present_value[0, 0] == 0.0
    assert result.principal["opening"][0, 0] == 0.0
    assert result.principal["remaining"][0, 0] == 0.0


def test_a_first_payment_after_the_maturity_is_paid_on_it():
    terms = {"payment_months": 12, "next_payment_offset": 400, "maturity_offset": 365}
    result = run(book(terms), flat(0.03))
    assert result.present_value[0, 0] == pytest.approx(105 * math.exp(-0.03), abs=EXACT)


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"maturity_offset": 100, "next_payment_offset": 0}, "next payment on or before"),
        ({"model": CashFlowModel.NON_PERFORMING, "recovery_offset": 0}, "no recovery date"),
        ({"maturity_offset": HORIZON_DAYS + 1}, "maturity more than"),
    ],
)
def test_what_happens_today_or_beyond_the_horizon_is_refused(terms, reason):
    with pytest.raises(CalculationError, match=reason):
        run(book(terms), flat(0.03))


def test_a_maturity_on_the_horizon_is_paid():
    result = run(book(maturity_offset=HORIZON_DAYS), flat(0.0))
    assert result.principal["scheduled"][0, 0] == 100.0


def test_no_more_is_written_off_than_is_owed():
    lost = book(model=CashFlowModel.NON_PERFORMING, impairment_amount=140.0, recovery_offset=365)
    result = run(lost, flat(0.03))
    assert result.principal["written_off"][0, 0] == 100.0
    assert result.present_value[0, 0] == 0.0


def test_a_margin_of_an_account_is_stripped_once():
    # core 60 % in two months: 600 for 30 days (one of them overnight), 300 for 28; 2 % less 0.5 %
    account = book(
        model=CashFlowModel.NON_MATURITY,
        rate_type=RateType.ADMINISTERED,
        principal=1000.0,
        coupon_rate=0.02,
        margin_rate=0.005,
        cohort=0,
    )
    result = run(account, flat(0.0), cohort(core_share=0.6, core_run_off_months=2))
    expected = 1000 + 0.015 * (600 * 30 + 300 * 28) / 360
    assert result.present_value[0, 0] == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize("lost", [1e-6, -1e-6, np.nan])
def test_a_millionth_of_the_principal_lost_or_created_is_noticed(lost):
    # opening, drawn, capitalised, scheduled, prepaid, written off, remaining
    record = np.array([100.0, 10.0, 5.0, 60.0, 20.0, 15.0, 20.0])[None, :, None]
    check_conservation(record)
    record[0, 6] += lost * 100
    with pytest.raises(CalculationError, match="not conserved for 1"):
        check_conservation(record)


def test_what_is_repaid_on_the_last_day_of_the_horizon_belongs_to_its_last_month():
    monthly = run(book(maturity_offset=on("2027-12-31")), flat(0.0)).monthly
    assert monthly["scheduled"][0, :, 0].tolist() == [0.0] * 23 + [100.0]
    assert monthly["closing"][0, 22:, 0].tolist() == [100.0, 0.0]
