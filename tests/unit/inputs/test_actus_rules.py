"""Interest of ACTUS contracts: resets, caps, first accruals, capitalisation; what is refused.

Every contract is invented: no vector reaches these rules. Expected numbers are derived by hand.
"""

from __future__ import annotations

import pytest

from alm_pipeline.errors import CalculationError
from tests.unit.inputs.actus_contracts import (
    EXACT,
    contract,
    days,
    listing,
    notionals,
    project,
    values,
)

MONTHLY = {"IPANX": "2025-02-01", "IPCL": "P1ML1"}
REPAID_MONTHLY = {"PRANX": "2025-02-01", "PRCL": "P1ML1"}
# 3 600 at 4 %: 36 a quarter, 9 for every percent; reset on 1 April, 1 July and 1 October
FLOATING = {"NT": 3600, "IPNR": 0.04, "MD": "2026-01-01"}
FLOATING |= {"IPANX": "2025-04-01", "IPCL": "P3ML1", "RRANX": "2025-04-01", "RRCL": "P3ML1"}
RESETS = ["2025-04-01", "2025-07-01", "2025-10-01"]


def quotes(*rates: float) -> dict[str, float]:
    return dict(zip(RESETS, rates, strict=True))


def rates(events):
    return values(events, "RR", "nominalInterestRate")


# -- resets


@pytest.mark.parametrize(
    ("terms", "observed", "expected"),
    [
        # up 5 % held to 1 %: 5 %; down 3 % held to 0.5 %: 4.5 %; up 0.1 % is inside
        ({"RRPC": 0.01, "RRPF": -0.005}, (0.09, 0.02, 0.046), (0.05, 0.045, 0.046)),
        # the period cap counts from the rate before, not from the first rate
        ({"RRPC": 0.01}, (0.09, 0.09, 0.09), (0.05, 0.06, 0.07)),
        ({"RRPF": -0.01}, (0.0, 0.0, 0.0), (0.03, 0.02, 0.01)),
        ({"RRLC": 0.06, "RRLF": 0.03}, (0.09, 0.01, 0.05), (0.06, 0.03, 0.05)),
        # the life floor has the last word: 4 % + 0.1 % = 4.1 %, below 4.5 %; 4.5 % - 1 % likewise
        ({"RRPC": 0.001, "RRPF": -0.01, "RRLF": 0.045}, (0.09, 0.02, 0.045), (0.045,) * 3),
        # multiplier and spread come before the cap: 2 x 3 % + 0.5 % = 6.5 %; 2 x 1 % + 0.5 %
        ({"RRMLT": 2, "RRSP": 0.005, "RRLC": 0.06}, (0.03, 0.01, 0.02), (0.06, 0.025, 0.045)),
        # the first rate is not capped: 4 % until April
        ({"RRLC": 0.03}, (0.035, 0.02, 0.05), (0.03, 0.02, 0.03)),
        # rates may be negative, unless a floor of zero says otherwise
        ({}, (-0.01, -0.02, 0.01), (-0.01, -0.02, 0.01)),
        ({"RRLF": 0.0}, (-0.01, 0.02, -0.005), (0.0, 0.02, 0.0)),
    ],
)
def test_caps_and_floors_hold_the_rate_of_a_reset(terms, observed, expected):
    events = project(contract(**FLOATING, **terms), quotes(*observed))
    assert rates(events) == pytest.approx(expected, abs=EXACT)
    interest = [36, *(900 * rate for rate in expected)]
    assert values(events, "IP") == pytest.approx(interest, abs=EXACT)


def test_a_capped_linear_loan_pays_interest_on_what_is_left():
    # 900 a quarter; 36, then 2 700 at 6 % / 4, 1 800 at 3 % / 4, 900 at 5 % / 4
    terms = {"CT": "LAM", "PRANX": "2025-04-01", "PRCL": "P3ML1", "PRNXT": 900}
    events = project(contract(**FLOATING, **terms, RRLC=0.06, RRLF=0.03), quotes(0.09, 0.01, 0.05))
    assert values(events, "IP") == pytest.approx([36, 40.5, 13.5, 11.25], abs=EXACT)
    assert values(events, "PR") + values(events, "MD") == pytest.approx([900] * 4, abs=EXACT)


def test_a_capped_loan_with_a_constant_payment_repays_what_interest_leaves():
    # 936 - 36 = 900; 2 700 x 1.5 % = 40.5, 895.5; 1 804.5 x 0.75 % = 13.53375, 922.46625;
    # 882.03375 x 1.25 % = 11.025421875
    terms = {"CT": "NAM", "PRANX": "2025-04-01", "PRCL": "P3ML1", "PRNXT": 936}
    events = project(contract(**FLOATING, **terms, RRLC=0.06, RRLF=0.03), quotes(0.09, 0.01, 0.05))
    assert values(events, "IP") == pytest.approx([36, 40.5, 13.53375, 11.025421875], abs=EXACT)
    assert values(events, "PR") == pytest.approx([900, 895.5, 922.46625], abs=EXACT)
    assert values(events, "MD") == pytest.approx([882.03375], abs=EXACT)


def test_a_capped_annuity_pays_the_capped_rate():
    # fixed for 4 quarters at 1 %; 6 % from April: 1.5 % a quarter, three payments left
    terms = {"CT": "ANN", "PRANX": "2025-04-01", "PRCL": "P3ML1"}
    events = project(contract(**FLOATING, **terms, RRLC=0.06), quotes(0.09, 0.09, 0.09))
    first = 3600 * 0.01 / (1 - 1.01**-4)
    left = 3600 - (first - 36)
    later = left * 0.015 / (1 - 1.015**-3)
    paid = [r + i for r, i in zip(values(events, "PR"), values(events, "IP"), strict=False)]
    assert paid == pytest.approx([first, later, later], abs=EXACT)
    last = values(events, "IP")[-1] + values(events, "MD")[0]
    assert last == pytest.approx(later, abs=EXACT)


def test_a_known_next_rate_is_taken_as_it_is():
    # no cap, no spread: 6 % in July, when April's reset lies before the status date
    terms = {"SD": "2025-05-01", "IPAC": 12, "RRNXT": 0.06, "RRLC": 0.05, "RRSP": 0.01}
    events = project(contract(**FLOATING | terms), quotes(0.9, 0.9, 0.02))
    assert days(events, "RRF") == ["2025-07-01"]
    assert days(events, "RR") == ["2025-10-01"]
    # 12 and 60 days of 3 600 at 4 %, 24; then 6 % and 2 % + 1 %
    assert values(events, "IP") == pytest.approx([36, 54, 27], abs=EXACT)


def test_a_reset_without_a_quote_of_its_day_reads_the_latest_earlier_one():
    observed = {"2025-03-28": 0.05, "2025-06-30": 0.06, "2025-09-01": 0.07, "2025-10-02": 0.9}
    events = project(contract(**FLOATING), observed)
    assert rates(events) == pytest.approx([0.05, 0.06, 0.07], abs=EXACT)


def test_a_reset_between_payments_splits_the_period():
    # 20 days at 12 % and 10 days at 24 % of 1 000: 6.666667 + 6.666667
    terms = {"RRANX": "2025-01-21", "RRCL": "P1YL1", "MD": "2025-02-01"}
    events = project(contract(**terms), {"2025-01-21": 0.24})
    assert values(events, "RR", "accruedInterest") == pytest.approx([20 / 3], abs=EXACT)
    assert values(events, "IP") == pytest.approx([40 / 3], abs=EXACT)


@pytest.mark.parametrize(("role", "sign"), [("RPA", 1), ("RPL", -1)])
def test_negative_rates_turn_the_interest_and_not_the_principal(role, sign):
    # 1 000 at -1.2 %: -1 a month; a payment of 99 repays 100 and then 99.9; 800.1 is left
    terms = {"CNTRL": role, "IPNR": -0.012, "MD": "2025-04-01", **REPAID_MONTHLY}
    events = project(contract(CT="NAM", PRNXT=99, **terms))
    assert values(events, "PR") == pytest.approx([sign * 100, sign * 99.9], abs=EXACT)
    interest = [-sign * 1, -sign * 0.9, -sign * 0.8001]
    assert values(events, "IP") == pytest.approx(interest, abs=EXACT)
    assert values(events, "MD") == pytest.approx([sign * 800.1], abs=EXACT)


# -- where interest starts


def test_interest_that_began_before_the_exchange_is_accrued_on_it():
    # 1 to 16 January: 15 days of 1 000 at 12 % are 5; the whole month, 10, is paid in February
    terms = {"SD": "2025-01-10", "IED": "2025-01-16", "IPANX": "2025-01-01", "IPCL": "P1ML1"}
    events = project(contract(MD="2025-03-01", **terms))
    assert listing(events)[0] == ("2025-01-16", "IED")
    assert values(events, "IED") == pytest.approx([-1000], abs=EXACT)
    assert values(events, "IED", "accruedInterest") == pytest.approx([5], abs=EXACT)
    assert values(events, "IP") == pytest.approx([10, 10], abs=EXACT)


@pytest.mark.parametrize("contract_type", ["LAM", "NAM", "ANN"])
def test_interest_before_the_exchange_accrues_in_loans_too(contract_type):
    terms = {"SD": "2025-01-10", "IED": "2025-01-16", "IPANX": "2025-01-01", "IPCL": "P1ML1"}
    terms |= {"CNTRL": "RPL", "MD": "2025-04-01", **REPAID_MONTHLY}
    events = project(contract(CT=contract_type, PRNXT=110, **terms))
    assert values(events, "IED", "accruedInterest") == pytest.approx([-5], abs=EXACT)
    assert values(events, "IP")[0] == pytest.approx(-10, abs=EXACT)


def test_given_accrued_interest_takes_the_place_of_the_calculated():
    # 7 in place of 5, and 15 days more until February
    terms = {"SD": "2025-01-10", "IED": "2025-01-16", "IPANX": "2025-01-01", "IPCL": "P1ML1"}
    events = project(contract(MD="2025-03-01", IPAC=7, **terms))
    assert values(events, "IED", "accruedInterest") == pytest.approx([7], abs=EXACT)
    assert values(events, "IP") == pytest.approx([12, 10], abs=EXACT)


@pytest.mark.parametrize(("role", "sign"), [("RPA", 1), ("RPL", -1)])
@pytest.mark.parametrize(
    ("status_date", "accrued", "next_interest"),
    [
        # 15 days since 1 March are 5, 15 more until 1 April
        ("2025-03-16", None, 10),
        ("2025-03-16", 2, 2 + 5),
        ("2025-03-16", 0, 5),
        # before the first interest date the interest since the exchange is lost, unless given
        ("2025-01-16", None, 5),
        ("2025-01-16", 5, 10),
    ],
)
def test_a_seasoned_contract_goes_on_from_its_status_date(
    status_date, accrued, next_interest, role, sign
):
    terms = {"SD": status_date, "IPAC": accrued, "CNTRL": role, **MONTHLY}
    events = project(contract(MD="2025-06-01", **terms))
    assert days(events, "IED") == []
    assert min(days(events, "IP")) > status_date
    assert values(events, "IP")[0] == pytest.approx(sign * next_interest, abs=EXACT)
    assert values(events, "MD") == pytest.approx([sign * 1000], abs=EXACT)


def test_a_seasoned_annuity_takes_its_accrued_interest_into_the_instalment():
    # 110 a month; 4 given and 5 for half of March are 9: 101 repaid, then 899 x 1 % = 8.99
    terms = {"SD": "2025-03-16", "MD": "2025-06-01", "IPAC": 4, "PRNXT": 110}
    events = project(contract(CT="ANN", **terms, **REPAID_MONTHLY, **MONTHLY))
    assert values(events, "PR") == pytest.approx([101, 101.01], abs=EXACT)
    assert values(events, "IP")[:2] == pytest.approx([9, 8.99], abs=EXACT)


# -- capitalisation


def test_capitalised_interest_bears_interest():
    # 1 000 x 1.01, 1.01**2, 1.01**3; then 1 % of 1 030.301 is paid
    events = project(contract(IPCED="2025-04-01", MD="2025-06-01", **MONTHLY))
    assert days(events, "IPCI") == ["2025-02-01", "2025-03-01", "2025-04-01"]
    assert values(events, "IPCI") == [0, 0, 0]
    assert notionals(events, "IPCI") == pytest.approx([1010, 1020.1, 1030.301], abs=EXACT)
    assert values(events, "IP") == pytest.approx([10.30301, 10.30301], abs=EXACT)
    assert values(events, "MD") == pytest.approx([1030.301], abs=EXACT)


def test_capitalisation_that_ends_off_the_grid_leaves_the_grid_where_it_is():
    # 15 days at 0.5 %: 1 020.1 x 1.005 = 1 025.2005 on 16 March; 5.1260025 paid on 1 April
    events = project(contract(IPCED="2025-03-16", MD="2025-05-01", **MONTHLY))
    assert days(events, "IPCI") == ["2025-02-01", "2025-03-01", "2025-03-16"]
    assert days(events, "IP") == ["2025-04-01", "2025-05-01"]
    assert values(events, "IP") == pytest.approx([5.1260025, 10.252005], abs=EXACT)


def test_the_end_of_capitalisation_moves_to_a_business_day():
    # Saturday 15 March moves to Monday the 17th: 16 days of 340.0333 each, 1 020.1 x 16 / 3 000
    terms = {"IPCED": "2025-03-15", "MD": "2025-05-01", "CLDR": "MF", "BDC": "SCF"}
    events = project(contract(IPANX="2025-02-03", IPCL="P1ML1", **terms))
    assert days(events, "IPCI") == ["2025-02-03", "2025-03-03", "2025-03-17"]
    # 32, 30 and 14 days of 1/3 ‰
    growth = (1 + 32 / 3000) * (1 + 30 / 3000) * (1 + 14 / 3000)
    assert notionals(events, "IPCI")[-1] == pytest.approx(1000 * growth, abs=EXACT)


def test_a_linear_loan_capitalises_what_its_redemptions_leave():
    # 1 000 - 100 + 10 = 910; 910 - 100 + 9.1 = 819.1; 719.1 in April with 8.191 paid
    terms = {"PRNXT": 100, "IPCED": "2025-03-01", "MD": "2025-05-01"}
    events = project(contract(CT="LAM", **terms, **REPAID_MONTHLY, **MONTHLY))
    assert listing(events)[1:3] == [("2025-02-01", "PR"), ("2025-02-01", "IPCI")]
    assert notionals(events, "IPCI") == pytest.approx([910, 819.1], abs=EXACT)
    assert values(events, "IP") == pytest.approx([8.191, 7.191], abs=EXACT)
    # repaid in all: 1 000 and the 19.1 capitalised
    assert sum(values(events, "PR") + values(events, "MD")) == pytest.approx(1019.1, abs=EXACT)


def test_a_constant_payment_starts_after_the_capitalisation():
    # 1 030.301 in April; 110 - 10.30301 = 99.69699, then 930.60401: 9.3060401, 100.6939599
    terms = {"PRANX": "2025-05-01", "PRCL": "P1ML1", "PRNXT": 110, "IPCED": "2025-04-01"}
    events = project(contract(CT="NAM", MD="2025-07-01", **terms, **MONTHLY))
    assert days(events, "IP") == ["2025-05-01", "2025-06-01", "2025-07-01"]
    assert values(events, "PR") == pytest.approx([99.69699, 100.6939599], abs=EXACT)


def test_an_annuity_is_fixed_on_the_capitalised_principal():
    # 1 030.301 from April, four payments from May, fixed on 30 April with 29 days accrued
    terms = {"PRANX": "2025-05-01", "PRCL": "P1ML1", "IPCED": "2025-04-01", "MD": "2025-08-01"}
    events = project(contract(CT="ANN", **terms, **MONTHLY))
    payment = 1030.301 * 0.01 / (1 - 1.01**-4)
    assert days(events, "PRF") == ["2025-04-30"]
    accrued = values(events, "PRF", "accruedInterest")
    assert accrued == pytest.approx([10.30301 * 29 / 30], abs=EXACT)
    assert values(events, "PR")[0] == pytest.approx(payment - 10.30301, abs=EXACT)
    assert values(events, "MD")[0] == pytest.approx(payment / 1.01, abs=EXACT)


def test_a_lagging_base_does_not_take_up_capitalised_interest():
    # the base stays 1 200: 12 a month, 1 212 to 1 236, until the base is set again on 1 May
    base = {"IPCB": "NTL", "IPCBA": 1200, "IPCBANX": "2025-05-01", "IPCBCL": "P1YL1"}
    terms = {"NT": 1200, "PRNXT": 36, "PRANX": "2025-05-01", "PRCL": "P1ML1"}
    events = project(
        contract(CT="LAM", IPCED="2025-04-01", MD="2025-07-01", **terms, **base, **MONTHLY)
    )
    assert notionals(events, "IPCI") == pytest.approx([1212, 1224, 1236], abs=EXACT)
    # on 1 May 36 is repaid before the base becomes 1 200
    assert values(events, "IP") == pytest.approx([12, 12, 12], abs=EXACT)


def test_call_money_capitalises_until_it_is_paid_back():
    # nothing on the exchange itself, then 1 010 and 1 020.1; March's 10.201 is paid
    terms = {"CT": "CLM", "IPCL": "P1ML1", "MD": "2025-04-01"}
    events = project(contract(**terms))
    assert days(events, "IPCI") == ["2025-01-01", "2025-02-01", "2025-03-01"]
    assert notionals(events, "IPCI") == pytest.approx([1000, 1010, 1020.1], abs=EXACT)
    assert values(events, "IP") == pytest.approx([10.201], abs=EXACT)
    assert values(events, "MD") == pytest.approx([1020.1], abs=EXACT)


def test_an_account_capitalises_until_the_day_asked_for():
    # that day is excluded; at -12 % the balance shrinks: 990, 980.1
    terms = {"CT": "UMP", "CNTRL": "RPL", "IPNR": -0.12, **MONTHLY}
    events = project(contract(**terms), to="2025-04-01")
    assert days(events, "IPCI") == ["2025-02-01", "2025-03-01"]
    assert notionals(events, "IPCI") == pytest.approx([-990, -980.1], abs=EXACT)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        # 1 010 from February; 5.05 accrued on the 16th, then 15 days of 910, 4.55: 919.6
        ("PR", [1010, 919.6, 928.796]),
        # 1 110 from the 16th: 5.05 and 5.55: 1 120.6
        ("PI", [1010, 1120.6, 1131.806]),
    ],
)
def test_an_observed_movement_changes_the_principal_of_an_account(kind, expected):
    moved = (("2025-02-16", kind, 100.0),)
    events = project(contract(CT="UMP", **MONTHLY), to="2025-05-01", happened=moved)
    assert notionals(events, "IPCI") == pytest.approx(expected, abs=EXACT)


def test_call_money_pays_the_interest_to_its_call_at_the_end_of_the_notice():
    # 1 010 and 1 020.1 by March, half a month of 1 020.1 to the call: 5.1005, paid on 16 April
    called = (("2025-03-16", "XD", 0.0),)
    events = project(contract(CT="CLM", xDayNotice="P1M", **MONTHLY), happened=called)
    end = [("2025-03-16", "XD"), ("2025-04-16", "IP"), ("2025-04-16", "STD")]
    assert listing(events)[-3:] == end
    assert values(events, "IP") == pytest.approx([5.1005], abs=EXACT)
    assert values(events, "STD") == pytest.approx([1020.1], abs=EXACT)


# -- refusals


def test_an_observed_prepayment_is_refused_and_not_passed_over():
    prepaid = (("2025-02-16", "PP", 100.0),)
    with pytest.raises(CalculationError, match="PP"):
        project(contract(MD="2025-06-01", **MONTHLY), happened=prepaid)


@pytest.mark.parametrize(
    ("term", "value"),
    [
        ("feeRate", "0.01"),
        ("prepaymentEffect", "A"),
        ("prepaymentEffect", "M"),
        ("cyclePointOfInterestPayment", "B"),
        ("cyclePointOfRateReset", "E"),
        ("settlementCurrency", "EUR"),
        ("penaltyType", "A"),
    ],
)
def test_a_term_that_is_not_projected_is_refused_by_name(term, value):
    terms = contract(**FLOATING, **{term: value})
    with pytest.raises(CalculationError, match=term):
        project(terms, quotes(0.04, 0.04, 0.04))


def test_a_constant_payment_cannot_be_derived_and_is_asked_for():
    terms = contract(CT="NAM", MD="2025-06-01", **REPAID_MONTHLY)
    with pytest.raises(CalculationError):
        project(terms)


@pytest.mark.parametrize(
    ("term", "value"),
    [
        ("prepaymentEffect", "N"),
        ("cyclePointOfInterestPayment", "E"),
        ("cyclePointOfRateReset", "B"),
        ("settlementCurrency", "USD"),
        ("feeRate", ""),
    ],
)
def test_a_term_that_says_nothing_out_of_the_ordinary_changes_nothing(term, value):
    observed = quotes(0.05, 0.03, 0.06)
    plain = project(contract(**FLOATING), observed)
    assert project(contract(**FLOATING, **{term: value}), observed) == plain


def test_numbers_may_be_strings_with_blanks():
    plain = project(contract(**FLOATING), quotes(0.05, 0.03, 0.06))
    spelled = FLOATING | {"NT": "  3600", "IPNR": " 0.04 ", "RRSP": "", "RRLC": "   "}
    assert project(contract(**spelled), quotes(0.05, 0.03, 0.06)) == plain
