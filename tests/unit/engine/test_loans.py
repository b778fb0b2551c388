"""Loans and bonds with a fixed rate: cash, values and principal, all numbers by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from alm_pipeline.engine.arrays import CashFlowModel, Curves, EventType
from alm_pipeline.engine.simulation.events import project
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.errors import CalculationError
from tests.unit.engine.books import AS_OF, book, cohort, flat, on, run

CENT = 0.005
EXACT = 1e-9

MORTGAGE = {  # 200 000 at 6 %, 360 months: 200 000 x 0.005 / (1 - 1.005^-360)
    "model": CashFlowModel.ANNUITY,
    "principal": 200_000.0,
    "coupon_rate": 0.06,
    "payment_months": 1,
    "principal_months": 1,
    "last_payment_offset": on("2025-12-15"),
    "next_payment_offset": on("2026-01-15"),
    "maturity_offset": on("2055-12-15"),
    "roll_day": 15,
}
OPTIONS = SimulationOptions(as_of_date=AS_OF)


def events_of(positions, curves=None, behaviour=None):
    curves = curves or flat(0.03)
    return project(positions, curves, behaviour or cohort(curves.n_scenarios), OPTIONS)


def cash(events, kind):
    chosen = events.event_type == kind
    return events.interest[chosen] if kind == EventType.INTEREST else events.principal[chosen]


def test_a_thirty_year_mortgage_pays_1199_10_a_month():
    # 200 000 x 0.005 / (1 - 1.005**-360) = 1199.101050; interest of month 1: 200 000 x 0.005
    events = events_of(book(MORTGAGE))
    interest = cash(events, EventType.INTEREST)
    principal = cash(events, EventType.SCHEDULED_PRINCIPAL)
    assert interest[0] == pytest.approx(1000.0, abs=EXACT)
    assert principal[0] == pytest.approx(199.101050, abs=5e-7)
    assert len(principal) == 360
    assert principal[:12].sum() == pytest.approx(2456.023425, abs=5e-7)
    assert interest[:12].sum() == pytest.approx(11933.189179, abs=5e-7)
    assert 200_000 - principal[:12].sum() == pytest.approx(197543.976575, abs=5e-7)
    assert principal.sum() == pytest.approx(200_000.0, abs=1e-6)


def test_a_given_instalment_is_paid_and_the_maturity_repays_the_rest():
    # 1150 a month at 1000 of interest repays 150 in month 1; whatever is left is paid in month 360
    events = events_of(book(MORTGAGE, payment_amount=1150.0))
    principal = cash(events, EventType.SCHEDULED_PRINCIPAL)
    assert principal[0] == pytest.approx(150.0, abs=EXACT)
    # B_359 = 200 000 x 1.005**359 - 1150 x (1.005**359 - 1) / 0.005
    growth = 1.005**359
    assert principal[-1] == pytest.approx(200_000 * growth - 1150 * (growth - 1) / 0.005, abs=1e-4)


def test_prepayment_at_six_percent_a_year_follows_the_scheduled_principal():
    # example 6: SMM = 1 - 0.94**(1/12) = 0.0051430128; (200 000 - 199.10105) x SMM = 1027.578587
    events = events_of(book(MORTGAGE, cohort=0), behaviour=cohort(annual_prepayment_rate=0.06))
    prepaid = cash(events, EventType.PREPAYMENT)
    assert prepaid[0] == pytest.approx(1027.578587, abs=5e-7)
    first = events.event_offset == on("2026-01-15")
    assert events.balance_after[first][0] == pytest.approx(198773.320363, abs=5e-7)


def test_prepayment_in_survival_form():
    # the balance after m months is the scheduled balance times (1 - SMM)**m
    plain = events_of(book(MORTGAGE))
    prepaying = events_of(book(MORTGAGE, cohort=0), behaviour=cohort(annual_prepayment_rate=0.06))

    def balance(events, date):
        return events.balance_after[events.event_offset == on(date)][0]

    survival = (1 - 0.0051430128) ** 24
    expected = balance(plain, "2027-12-15") * survival
    assert balance(prepaying, "2027-12-15") == pytest.approx(expected, rel=1e-7)


def test_an_irregular_first_period_prepays_for_its_days():
    # 15 December to 15 March: three months, 1 - 0.94**0.25 of the balance of a bullet
    terms = {"payment_months": 1, "last_payment_offset": on("2025-12-15"), "roll_day": 15}
    terms |= {"next_payment_offset": on("2026-03-15"), "maturity_offset": on("2027-03-15")}
    events = events_of(book(terms, cohort=0), behaviour=cohort(annual_prepayment_rate=0.06))
    assert cash(events, EventType.PREPAYMENT)[0] == pytest.approx(100 * (1 - 0.94**0.25), abs=EXACT)


def test_a_five_year_bond_at_six_percent_costs_95_79():
    # example 4, 30/360 coupons of 5 on 31 December; discounting needs whole years, so the zero
    # rate is ln(1.06) x 365 / 365.25 averaged: checked against the dated sum below instead
    positions = book(
        payment_months=12,
        next_payment_offset=on("2026-12-31"),
        maturity_offset=on("2030-12-31"),
    )
    value = run(positions, flat(math.log(1.06))).present_value[0, 0]
    dates = [on(f"{year}-12-31") for year in range(2026, 2031)]  # 365 .. 1826 days
    expected = sum(5 * 1.06 ** (-day / 365) for day in dates) + 100 * 1.06 ** (-dates[-1] / 365)
    assert value == pytest.approx(expected, abs=EXACT)
    assert value == pytest.approx(95.787636, abs=0.02)  # one leap day away from the textbook


def test_a_linear_loan_repays_equal_parts():
    # 120 over 12 quarters: 10 each; interest of quarter 1 at 4 %: 120 x 0.04 / 4 = 1.2
    positions = book(
        model=CashFlowModel.LINEAR,
        principal=120.0,
        coupon_rate=0.04,
        payment_months=3,
        principal_months=3,
        next_payment_offset=on("2026-03-31"),
        maturity_offset=on("2028-12-31"),
    )
    events = events_of(positions)
    assert cash(events, EventType.SCHEDULED_PRINCIPAL) == pytest.approx([10.0] * 12, abs=EXACT)
    assert cash(events, EventType.INTEREST)[:2] == pytest.approx([1.2, 1.1], abs=EXACT)


def test_a_linear_loan_with_a_given_instalment_ends_with_the_rest():
    positions = book(
        model=CashFlowModel.LINEAR,
        principal=100.0,
        payment_amount=30.0,
        payment_months=1,
        principal_months=1,
        next_payment_offset=on("2026-01-31"),
        maturity_offset=on("2026-04-30"),
    )
    principal = cash(events_of(positions), EventType.SCHEDULED_PRINCIPAL)
    assert principal == pytest.approx([30.0, 30.0, 30.0, 10.0], abs=EXACT)


def test_interest_only_then_annuity_pays_interest_first():
    # 12 months of interest only (1000 a month), then 348 months: 200 000 x 0.005/(1-1.005**-348)
    positions = book(
        MORTGAGE,
        model=CashFlowModel.INTEREST_ONLY_THEN_ANNUITY,
        interest_only_end_offset=on("2026-12-15"),
    )
    events = events_of(positions)
    principal = cash(events, EventType.SCHEDULED_PRINCIPAL)
    payment = 200_000 * 0.005 / (1 - 1.005**-348)
    assert len(principal) == 348
    assert principal[0] == pytest.approx(payment - 1000.0, abs=1e-6)
    assert events.event_offset[events.event_type == EventType.SCHEDULED_PRINCIPAL][0] == on(
        "2027-01-15"
    )


def test_a_balloon_is_what_a_longer_amortisation_leaves():
    # paid as if over 360 months, due after 60: B_60 = B x (1.005**360 - 1.005**60)/(1.005**360 - 1)
    positions = book(MORTGAGE, maturity_offset=on("2030-12-15"), amortisation_payments=360)
    principal = cash(events_of(positions), EventType.SCHEDULED_PRINCIPAL)
    left = 200_000 * (1.005**360 - 1.005**59) / (1.005**360 - 1)  # after 59 payments
    assert principal[0] == pytest.approx(199.101050, abs=5e-7)
    assert principal[-1] == pytest.approx(left, abs=1e-5)


def test_an_agreed_balloon_is_left_for_the_maturity():
    # 12 payments leave 100 000: (200 000 - 100 000 v) x 0.005/(1 - v), v = 1.005**-12; the last
    # date repays its own instalment and the balloon
    positions = book(MORTGAGE, maturity_offset=on("2026-12-15"), balloon_amount=100_000.0)
    principal = cash(events_of(positions), EventType.SCHEDULED_PRINCIPAL)
    v = 1.005**-12
    payment = (200_000 - 100_000 * v) * 0.005 / (1 - v)
    assert principal[0] == pytest.approx(payment - 1000.0, abs=1e-6)
    assert principal.sum() == pytest.approx(200_000.0, abs=1e-6)
    assert principal[-1] > 100_000.0


def test_a_payment_below_the_interest_is_added_to_the_principal():
    # 900 paid, 1000 due: 100 capitalised, then interest on 200 100
    events = events_of(book(MORTGAGE, payment_amount=900.0))
    capitalised = events.event_type == EventType.CAPITALISATION
    assert events.amount[capitalised][0] == pytest.approx(100.0, abs=EXACT)
    assert cash(events, EventType.INTEREST)[:2] == pytest.approx([900.0, 900.0], abs=EXACT)
    assert events.balance_after[0] == pytest.approx(200_100.0, abs=EXACT)
    record = run(book(MORTGAGE, payment_amount=900.0), flat(0.03)).principal
    left_in = record["opening"] + record["capitalised"] - record["scheduled"]
    assert left_in[0, 0] == pytest.approx(0.0, abs=1e-5)


def test_a_zero_rate_annuity_repays_equal_parts_and_no_interest():
    events = events_of(book(MORTGAGE, coupon_rate=0.0))
    assert cash(events, EventType.SCHEDULED_PRINCIPAL)[:3] == pytest.approx([200_000 / 360] * 3)
    assert not (events.event_type == EventType.INTEREST).any()


def test_principal_yearly_and_interest_quarterly():
    # 100 in two yearly parts of 50, interest every quarter: 100 x 0.05/4 = 1.25, then 0.625
    positions = book(
        model=CashFlowModel.LINEAR,
        payment_months=3,
        principal_months=12,
        next_payment_offset=on("2026-03-31"),
        maturity_offset=on("2027-12-31"),
    )
    events = events_of(positions)
    assert cash(events, EventType.SCHEDULED_PRINCIPAL) == pytest.approx([50.0, 50.0])
    assert cash(events, EventType.INTEREST) == pytest.approx([1.25] * 4 + [0.625] * 4)


def test_a_non_performing_loan_recovers_net_of_its_provision():
    # 100 with a provision of 40: 60 after one year at 3 %: 60 x exp(-0.03)
    positions = book(
        model=CashFlowModel.NON_PERFORMING,
        impairment_amount=40.0,
        recovery_offset=365,
    )
    result = run(positions, flat(0.03))
    assert result.present_value[0, 0] == pytest.approx(60 * math.exp(-0.03), abs=EXACT)
    assert result.principal["written_off"][0, 0] == pytest.approx(40.0)
    assert result.principal["remaining"][0, 0] == 0.0
    assert result.buckets["all"].repricing_principal[0, 0, 0] == pytest.approx(60.0)


def test_a_mortgage_offer_is_drawn_first_and_nets_to_nothing_in_the_gap():
    # 200 000 paid out on 15 January, first instalment one month later
    offer = MORTGAGE | {
        "model": CashFlowModel.COMMITMENT,
        "start_offset": on("2026-01-15"),
        "last_payment_offset": on("2026-01-15"),
        "next_payment_offset": on("2026-02-15"),
        "maturity_offset": on("2056-01-15"),
    }
    events = events_of(book(offer))
    assert events.event_type[0] == EventType.DRAW
    assert events.principal[0] == pytest.approx(-200_000.0)
    assert cash(events, EventType.INTEREST)[0] == pytest.approx(1000.0, abs=EXACT)
    result = run(book(offer), flat(0.03))
    assert result.buckets["all"].repricing_principal[0, 0, 0] == pytest.approx(0.0, abs=1e-6)
    assert result.principal["opening"][0, 0] == 0.0
    assert result.principal["drawn"][0, 0] == 200_000.0


@pytest.mark.parametrize("model", [CashFlowModel.BALANCE_ONLY, CashFlowModel.COMMITMENT])
def test_a_balance_without_flows_has_no_value(model):
    result = run(book(model=model), flat(0.03))
    assert result.present_value[0, 0] == 0.0
    assert result.buckets["all"].principal.sum() == 0.0


def test_a_perpetual_bond_pays_to_the_horizon_and_its_principal_remains():
    positions = book(payment_months=12, next_payment_offset=on("2026-12-31"))
    result = run(positions, flat(0.03))
    assert result.principal["remaining"][0, 0] == 100.0
    assert result.principal["scheduled"][0, 0] == 0.0


def test_call_money_is_due_tomorrow():
    result = run(book(coupon_rate=0.0365, day_count=1), flat(0.03))
    # 100 + one day of interest 100 x 0.0365 / 365 = 0.01, discounted one day
    assert result.present_value[0, 0] == pytest.approx(100.01 * math.exp(-0.03 / 365), abs=EXACT)


def test_early_withdrawal_leaves_overnight():
    # 3 % of 100 on day 1; the rest with interest at maturity after a year:
    # 30/360 from 31 Dec: day 1 is 1 Jan (1/360), then 359/360 on 97
    deposit = book(
        sign=-1, maturity_offset=on("2026-12-31"), coupon_rate=0.036, cohort=0, principal=100.0
    )
    events = events_of(deposit, behaviour=cohort(redemption_share=0.03))
    assert events.event_offset[0] == 1
    assert events.principal[0] == pytest.approx(-3.0)
    interest = 0.036 * (100 * 1 / 360 + 97 * 359 / 360)
    assert cash(events, EventType.INTEREST)[0] == pytest.approx(-interest, abs=EXACT)


def test_margins_out_strips_the_coupon_and_margins_in_raises_the_discount():
    # one year, 100 at 5 % of which 2 % margin, flat 3 %
    bond = book(maturity_offset=on("2026-12-31"), margin_rate=0.02)
    out = run(bond, flat(0.03)).present_value[0, 0]
    included = run(bond, flat(0.03), eve_margins="included").present_value[0, 0]
    assert out == pytest.approx(103.0 * math.exp(-0.03), abs=EXACT)
    assert included == pytest.approx(105.0 * math.exp(-0.05), abs=EXACT)


def test_what_is_out_of_the_measure_has_cash_but_no_value():
    result = run(book(maturity_offset=on("2026-12-31"), is_eve=False), flat(0.03))
    assert result.present_value[0, 0] == 0.0
    assert result.buckets["all"].principal[0, 0, 0] == 100.0


def test_weekly_interest_is_paid_every_seven_days():
    events = events_of(book(payment_days=7, next_payment_offset=7, maturity_offset=28, day_count=0))
    paid = cash(events, EventType.INTEREST)
    assert paid == pytest.approx([100 * 0.05 * 7 / 360] * 4, abs=EXACT)


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"maturity_offset": 0}, "matured"),
        ({"maturity_offset": 100, "next_payment_offset": -1}, "next payment"),
        ({"maturity_offset": 100, "payment_months": 1}, "without a next payment"),
        ({"maturity_offset": 60 * 366}, "maturity more than"),
        ({"model": CashFlowModel.NON_PERFORMING}, "no recovery date"),
        (
            {"rate_type": 1, "next_reset_offset": 5, "maturity_offset": 100, "index_tenor": -1},
            "without an index",
        ),
    ],
)
def test_terms_that_cannot_be_projected_are_refused_by_row(terms, reason):
    fine = {"maturity_offset": 365}
    with pytest.raises(CalculationError, match=rf"{reason}.*rows \[.*1.*\]"):
        run(book(fine, terms), flat(0.03))


def test_nan_and_masked_arrays_are_refused():
    with pytest.raises(CalculationError, match="NaN"):
        book(coupon_rate=np.nan)
    with pytest.raises(CalculationError, match="masked"):
        _masked_curves()


def _masked_curves() -> Curves:
    nodes = np.array([1, 18250], dtype=np.int32)
    masked = np.ma.masked_invalid(np.ones((1, 2)))
    return Curves(tenor_days=nodes, zero_rates=np.ones((1, 1, 2)), base_zero_rates=masked)
