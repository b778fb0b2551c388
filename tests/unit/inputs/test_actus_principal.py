"""Principal of ACTUS contracts: annuity amounts, interest bases, array schedules, swaps, caps.

Every contract is invented: no vector reaches these rules. Expected numbers are derived by hand.
"""

from __future__ import annotations

import pytest

from tests.unit.inputs.actus_contracts import (
    EXACT,
    child,
    contract,
    days,
    listing,
    notionals,
    project,
    values,
)

MONTHLY = {"PRANX": "2025-02-01", "PRCL": "P1ML1"}
QUARTERLY = {"IPANX": "2025-04-01", "IPCL": "P3ML1"}
NINE_DIGITS = 5e-10


# -- annuities


def test_the_amount_of_an_annuity_that_begins_a_day_after_its_fixing():
    # the check value of the guide: 30 days of 5 000 at 8 % are 32.876712, 31 days 33.972603;
    # 434.866594118 - 33.972602740 = 400.893991379; 434.866594118 / (1 + 0.08 x 31 / 365)
    terms = {"NT": 5000, "IPNR": 0.08, "IPDC": "A365", "SD": "2012-12-31", "IED": "2013-01-01"}
    grid = {"PRANX": "2013-02-01", "PRCL": "P1ML0", "AMD": "2014-01-01"}
    events = project(contract(CT="ANN", **terms, **grid))
    assert days(events, "PRF") == ["2013-01-31"]
    accrued = values(events, "PRF", "accruedInterest")
    assert accrued == pytest.approx([5000 * 0.08 * 30 / 365], abs=EXACT)
    assert values(events, "PR")[0] == pytest.approx(400.893991379, abs=NINE_DIGITS)
    first = values(events, "PR")[0] + values(events, "IP")[0]
    assert first == pytest.approx(434.866594118, abs=NINE_DIGITS)
    assert values(events, "MD") == pytest.approx([431.931824462], abs=NINE_DIGITS)


@pytest.mark.parametrize("rate", [0.12, 0.0, -0.012])
def test_twelve_equal_payments_repay_an_annuity(rate):
    # 1 000 x i / (1 - (1 + i)**-12), 1 000 / 12 without interest
    month = rate / 12
    payment = 1000 * month / (1 - (1 + month) ** -12) if month else 1000 / 12
    events = project(contract(CT="ANN", IPNR=rate, MD="2026-01-01", **MONTHLY))
    repaid, interest = values(events, "PR") + values(events, "MD"), values(events, "IP")
    paid = [one + other for one, other in zip(repaid, interest, strict=True)]
    assert paid == pytest.approx([payment] * 12, abs=EXACT)
    assert sum(repaid) == pytest.approx(1000, abs=EXACT)


def test_a_given_payment_is_fixed_again_by_a_reset():
    # 260: 10 and 250, 7.5 and 252.5, 497.5 left. 24 % from 1 March: two payments of
    # (497.5 + 9.95) x 1.02 / (1 + 1.02) = 256.237128712871
    terms = {"PRNXT": 260, "MD": "2025-05-01", "RRANX": "2025-03-01", "RRCL": "P1YL1"}
    events = project(contract(CT="ANN", **terms, **MONTHLY), {"2025-03-01": 0.24})
    payment = (497.5 + 9.95) * 1.02 / 2.02
    assert days(events, "PRF") == []
    assert values(events, "PR") == pytest.approx([250, 252.5, payment - 9.95], abs=EXACT)
    assert values(events, "MD") == pytest.approx([payment / 1.02], abs=EXACT)


def test_a_reset_between_two_instalments_counts_the_interest_due_at_the_next():
    # half a month at 1 %, half at 2 %: 497.5 x 1.5 % = 7.4625 is due in April
    terms = {"PRNXT": 260, "MD": "2025-05-01", "RRANX": "2025-03-16", "RRCL": "P1YL1"}
    events = project(contract(CT="ANN", **terms, **MONTHLY), {"2025-03-16": 0.24})
    payment = (497.5 + 7.4625) * 1.02 / 2.02
    assert values(events, "IP")[2] == pytest.approx(7.4625, abs=EXACT)
    assert values(events, "PR") == pytest.approx([250, 252.5, payment - 7.4625], abs=EXACT)
    assert values(events, "MD") == pytest.approx([payment / 1.02], abs=EXACT)


def test_an_annuity_that_is_spread_over_longer_than_it_runs_ends_in_a_balloon():
    # 12 payments' amount, 5 of them paid: 1 000 x 1.01**5 - p x (1.01**5 - 1) / 0.01 is left
    payment = 1000 * 0.01 / (1 - 1.01**-12)
    left = 1000 * 1.01**5 - payment * (1.01**5 - 1) / 0.01
    events = project(contract(CT="ANN", AMD="2026-01-01", MD="2025-07-01", **MONTHLY))
    assert len(values(events, "PR")) == 5
    assert values(events, "PR")[0] == pytest.approx(payment - 10, abs=EXACT)
    assert values(events, "MD") == pytest.approx([left], abs=EXACT)
    assert values(events, "IP")[-1] == pytest.approx(left * 0.01, abs=EXACT)


def test_an_annuity_that_is_spread_over_less_than_it_runs_ends_in_zeros():
    # four payments to 1 May, nothing left for June and July
    payment = 1000 * 0.01 / (1 - 1.01**-4)
    events = project(contract(CT="ANN", AMD="2025-05-01", MD="2025-07-01", **MONTHLY))
    assert days(events, "PR")[-2:] == ["2025-05-01", "2025-06-01"]
    assert values(events, "PR")[3:] == pytest.approx([payment / 1.01, 0], abs=EXACT)
    assert values(events, "IP")[4:] == pytest.approx([0, 0], abs=EXACT)
    assert days(events, "MD") == ["2025-07-01"]
    assert values(events, "MD") == pytest.approx([0], abs=EXACT)


def test_an_amortization_date_off_the_grid_follows_the_stub_rule():
    # horizon 16 April, flag 0: 1 February, 1 March is followed by the long period to 16 April.
    terms = {"PRANX": "2025-02-01", "PRCL": "P1ML0", "AMD": "2025-04-16"}
    events = project(contract(CT="ANN", **terms))
    # A1 = 1.01 x 1.015, A2 = 1.015
    first, second = 1.01 * 1.015, 1.015
    payment = 1010 * first / (1 + first + second)
    assert days(events, "PR") == ["2025-02-01", "2025-03-01"]
    assert values(events, "PR")[0] == pytest.approx(payment - 10, abs=EXACT)
    assert values(events, "MD")[0] == pytest.approx(payment / 1.015, abs=EXACT)


# -- interest dates, interest base, limits


@pytest.mark.parametrize("contract_type", ["NAM", "ANN"])
def test_a_payment_with_interest_in_it_pays_interest_on_all_its_dates(contract_type):
    # interest every quarter, instalments every month: interest every month and at the maturity
    terms = {"PRNXT": 110, "MD": "2025-06-16"}
    with_grid = project(contract(CT=contract_type, **terms, **MONTHLY, **QUARTERLY))
    without = project(contract(CT=contract_type, **terms, **MONTHLY))
    expected = ["2025-02-01", "2025-03-01", "2025-04-01", "2025-05-01", "2025-06-01", "2025-06-16"]
    assert days(with_grid, "IP") == expected
    assert days(without, "IP") == expected
    assert values(with_grid, "PR")[:2] == pytest.approx([100, 101], abs=EXACT)


def test_a_linear_loan_keeps_its_own_interest_dates():
    # 1 200: 12, 11 and 10 for the months of a quarter are paid together
    terms = {"NT": 1200, "PRNXT": 100, "MD": "2026-01-01", "CT": "LAM"}
    events = project(contract(**terms, **MONTHLY, **QUARTERLY))
    assert days(events, "IP") == ["2025-04-01", "2025-07-01", "2025-10-01", "2026-01-01"]
    assert values(events, "IP") == pytest.approx([33, 24, 15, 6], abs=EXACT)


def test_a_payment_larger_than_what_is_owed_repays_what_is_owed():
    # 600 - 10 = 590; 410 with 4.1 of interest; then nothing
    events = project(contract(CT="NAM", PRNXT=600, MD="2025-06-01", **MONTHLY))
    assert values(events, "PR") == pytest.approx([590, 410, 0, 0], abs=EXACT)
    assert values(events, "IP") == pytest.approx([10, 4.1, 0, 0, 0], abs=EXACT)
    assert values(events, "MD") == pytest.approx([0], abs=EXACT)


@pytest.mark.parametrize(("amount", "first"), [(1200, 12), (1000, 10)])
def test_a_lagging_base_is_set_to_the_principal_once_a_quarter(amount, first):
    # on 1 April after the third redemption: 900, then 600 and 300
    base = {"IPCB": "NTL", "IPCBA": amount, "IPCBANX": "2025-04-01", "IPCBCL": "P3ML1"}
    terms = {"NT": 1200, "PRNXT": 100, "MD": "2026-01-01", "IPANX": "2025-02-01", "IPCL": "P1ML1"}
    events = project(contract(CT="LAM", **terms, **base, **MONTHLY))
    interest = [first] * 3 + [9] * 3 + [6] * 3 + [3] * 3
    assert values(events, "IP") == pytest.approx(interest, abs=EXACT)
    assert days(events, "IPCB") == ["2025-04-01", "2025-07-01", "2025-10-01"]


def test_a_lagging_base_changes_what_a_constant_payment_repays():
    # 112 - 12 = 100 three times; base 900 from 1 April: 112 - 9 = 103
    base = {"IPCB": "NTL", "IPCBA": 1200, "IPCBANX": "2025-04-01", "IPCBCL": "P3ML1"}
    terms = {"NT": 1200, "PRNXT": 112, "MD": "2025-07-01", "CNTRL": "RPL"}
    events = project(contract(CT="NAM", **terms, **base, **MONTHLY))
    assert values(events, "PR") == pytest.approx([-100, -100, -100, -103, -103], abs=EXACT)
    assert values(events, "IP") == pytest.approx([-12, -12, -12, -9, -9, -9], abs=EXACT)


# -- array schedules

YEARLY = {"ARIPANX": "2026-01-01", "ARIPCL": "P1YL1", "ARPRANX": "2026-01-01", "ARPRCL": "P1YL1"}


def test_an_array_loan_ends_when_it_is_repaid_and_a_fixed_rate_needs_no_quote():
    # 1 000 at 12 %: 400 in 2026 and 2027, 200 in 2028; 5 % from 1 January 2026, after that payment
    fixed = {"ARRRANX": "2026-01-01", "ARRATE": 0.05, "ARFIXVAR": "FIX"}
    events = project(contract(CT="LAX", ARPRNXT=400, ARINCDEC="DEC", **YEARLY, **fixed))
    assert listing(events) == [
        ("2025-01-01", "IED"),
        *[("2026-01-01", kind) for kind in ("PR", "IP", "RRF")],
        *[("2027-01-01", kind) for kind in ("PR", "IP")],
        *[("2028-01-01", kind) for kind in ("IP", "MD")],
    ]
    assert values(events, "IP") == pytest.approx([120, 30, 10], abs=EXACT)
    assert values(events, "MD") == pytest.approx([200], abs=EXACT)


def test_anchors_without_cycles_are_single_days():
    # 100 drawn in 2026; 600 and 500 repaid in 2027 and 2029; 120, 132, 2 x 60 of interest
    anchors, amounts = ["2026-01-01", "2027-01-01", "2029-01-01"], [100, 600, 500]
    terms = {"ARPRANX": anchors, "ARPRNXT": amounts, "ARINCDEC": ["INC", "DEC", "DEC"]}
    events = project(contract(CT="LAX", ARIPANX="2026-01-01", ARIPCL="P1YL1", **terms))
    assert days(events, "PI") == ["2026-01-01"]
    assert values(events, "PI") == pytest.approx([-100], abs=EXACT)
    assert values(events, "PR") == pytest.approx([600], abs=EXACT)
    assert values(events, "IP") == pytest.approx([120, 132, 60, 60], abs=EXACT)
    assert listing(events)[-1] == ("2029-01-01", "MD")
    assert values(events, "MD") == pytest.approx([500], abs=EXACT)


# -- swaps and caps

SWAP = {"CT": "SWPPV", "NT": 3600, "IPNR": 0.10, "IPNR2": 0.05, "MD": "2026-01-01"}


@pytest.mark.parametrize(("role", "sign"), [("RF", 1), ("PF", -1)])
@pytest.mark.parametrize(
    ("status_date", "accrued_days"),
    # 45 and 45 days since 1 April; before the first payment what had accrued is lost
    [("2025-05-16", 90), ("2025-02-16", 45)],
)
def test_a_seasoned_swap_accrues_from_its_last_payment(status_date, accrued_days, role, sign):
    # 1 a day on the fixed leg, 0.5 a day on the floating one
    terms = SWAP | QUARTERLY | {"SD": status_date, "CNTRL": role}
    apart, net = (project(contract(DS=settled, **terms)) for settled in ("D", "S"))
    assert values(apart, "IPFX")[0] == pytest.approx(sign * accrued_days, abs=EXACT)
    assert values(apart, "IPFL")[0] == pytest.approx(-sign * accrued_days / 2, abs=EXACT)
    assert values(net, "IP")[0] == pytest.approx(sign * accrued_days / 2, abs=EXACT)
    assert values(apart, "IPFX")[1] == pytest.approx(sign * 90, abs=EXACT)
    assert values(net, "MD") == [0]


def test_the_floating_leg_of_a_swap_is_reset_after_the_payment_of_the_day():
    # 45 until April, then 2 % + 1 % and 8 % + 1 %: 27 and 81 a quarter
    terms = SWAP | QUARTERLY | {"CNTRL": "RF", "DS": "D", "RRSP": 0.01}
    observed = {"2025-04-01": 0.02, "2025-07-01": 0.08}
    events = project(contract(RRANX="2025-04-01", RRCL="P3ML1", **terms), observed)
    assert values(events, "IPFL") == pytest.approx([-45, -27, -81, -81], abs=EXACT)
    assert values(events, "IPFX") == pytest.approx([90] * 4, abs=EXACT)


def test_a_swap_of_two_legs_settles_the_difference():
    # 3 600 at 5 % and at 3 %: 45 - 27 a quarter; principals cancel
    legs = [
        child(place, NT=3600, IPNR=rate, MD="2025-07-01", **QUARTERLY)
        for place, rate in (("FIL", 0.05), ("SEL", 0.03))
    ]
    for role, sign in (("RFL", 1), ("PFL", -1)):
        terms = {"CT": "SWAPS", "CNTRL": role, "DS": "S", "CTS": legs, "NT": None, "IPNR": None}
        events = project(contract(**terms))
        assert [kind for _, kind in listing(events)] == ["IED", "IP", "IP", "MD"]
        paid = [event["payoff"] for event in events]
        assert paid == pytest.approx([0, sign * 18, sign * 18, 0], abs=EXACT)
        assert {event["nominalInterestRate"] for event in events} == {0}


@pytest.mark.parametrize(("role", "sign"), [("BUY", 1), ("SEL", -1)])
@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        # 3 600 at 10 %, 1 %, 4 %, 9 for every percent of a quarter; the first rate is not limited
        ({"RRLC": 0.06}, [0, 36, 0, 0]),
        ({"RRLF": 0.02}, [0, 0, 9, 0]),
        ({"RRLC": 0.03, "RRLF": 0.02}, [0, 63, 9, 9]),
    ],
)
def test_a_cap_and_a_floor_pay_what_the_limit_changes(limits, expected, role, sign):
    reset = {"RRANX": "2025-04-01", "RRCL": "P3ML1", "MD": "2026-01-01"}
    underlying = child("UDL", NT=3600, IPNR=0.05, **reset, **QUARTERLY)
    terms = {"CT": "CAPFL", "CNTRL": role, "CTS": [underlying], "NT": None, "IPNR": None}
    observed = {"2025-04-01": 0.10, "2025-07-01": 0.01, "2025-10-01": 0.04}
    events = project(contract(**terms, **limits), observed)
    assert {event["eventType"] for event in events} == {"IP"}
    assert values(events, "IP") == pytest.approx([sign * paid for paid in expected], abs=EXACT)
    assert notionals(events, "IP") == [0] * 4
