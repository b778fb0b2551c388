"""Dates of ACTUS contracts: day counts, stubs, month ends, business days, derived maturities.

Every contract is invented: no vector reaches these rules. Expected numbers are derived by hand.
"""

from __future__ import annotations

import pytest

from tests.unit.inputs.actus_contracts import (
    EXACT,
    contract,
    days,
    listing,
    notionals,
    project,
    values,
)

ALL_CODES = ["SCF", "CSF", "SCMF", "CSMF", "SCP", "CSP", "SCMP", "CSMP"]


# 1 a day: 3 600 or 3 360 or 3 650 at 10 % in a year of 360, 336 or 365 days
@pytest.mark.parametrize(
    ("day_count", "principal", "first", "maturity", "expected"),
    [
        # the 31st counts as the 30th, the last of February as the 30th, every month has 30 days
        ("30E360ISDA", 3600, "2025-01-31", "2025-04-30", [0, 30, 30, 30]),
        # 30E/360 leaves February as it is: 28 - 30 + 30 = 28, 30 - 28 + 30 = 32
        ("30E360", 3600, "2025-01-31", "2025-04-30", [0, 28, 32, 30]),
        # the exception: a maturity in February is not stretched, 28 - 30 + 30
        ("30E360ISDA", 3600, "2025-01-31", "2025-02-28", [0, 28]),
        # but an interest date in February is, as the end and as the start of a period
        ("30E360ISDA", 3600, "2024-01-31", "2024-03-31", [0, 30, 30]),
        # 28 February 2024 is not the last day: 28 to 28 twice
        ("30E360ISDA", 3600, "2024-01-28", "2024-03-28", [0, 30, 30]),
        # a maturity at the end of a month that is not February stays the 30th: 30 - 15
        ("30E360ISDA", 3600, "2025-03-15", "2025-03-31", [0, 15]),
        # every month has 28 days, what comes after the 28th counts as the 28th
        ("28E336", 3360, "2025-01-31", "2025-04-30", [0, 28, 28, 28]),
        ("28E336", 3360, "2025-01-15", "2025-01-31", [0, 13]),
        # 28 from the 10th to the 10th, then 18 to the 28th
        ("28E336", 3360, "2025-01-10", "2025-03-30", [0, 28, 28 + 18]),
        ("A365", 3650, "2025-01-31", "2025-04-30", [0, 28, 31, 30]),
        ("A360", 3600, "2025-01-31", "2025-04-30", [0, 28, 31, 30]),
    ],
)
def test_a_day_count_gives_the_interest_of_its_definition(
    day_count, principal, first, maturity, expected
):
    terms = {"SD": "2024-01-01", "IED": first, "IPANX": first, "IPCL": "P1ML0", "MD": maturity}
    events = project(contract(NT=principal, IPNR=0.1, IPDC=day_count, **terms))
    assert values(events, "IP") == pytest.approx(expected, abs=EXACT)


def test_a_whole_year_is_a_year_in_28e_336():
    # 336 days of 336: 3 360 x 10 %
    events = project(contract(NT=3360, IPNR=0.1, IPDC="28E336", MD="2026-01-01"))
    assert values(events, "IP") == pytest.approx([336.0], abs=EXACT)


def test_actual_actual_counts_each_year_by_its_own_length():
    # 2023-11-01 to 2024-01-01: 61 of 365 days; to 2024-05-01: 31 + 29 + 31 + 30 = 121 of 366
    terms = {"SD": "2023-10-01", "IED": "2023-11-01", "MD": "2024-05-01", "IPDC": "AA"}
    events = project(contract(IPNR=0.1, **terms))
    assert values(events, "IP") == pytest.approx([100 * (61 / 365 + 121 / 366)], abs=EXACT)


@pytest.mark.parametrize(
    ("convention", "anchor", "cycle", "maturity", "expected"),
    [
        # last day of a month shorter than 31 days: every later date is the last of its month
        ("EOM", "2025-02-28", "P1ML1", "2025-06-15", "02-28 03-31 04-30 05-31 06-15"),
        ("SD", "2025-02-28", "P1ML1", "2025-06-15", "02-28 03-28 04-28 05-28 06-15"),
        ("EOM", "2025-04-30", "P1ML1", "2025-07-15", "04-30 05-31 06-30 07-15"),
        ("EOM", "2025-04-30", "P1QL1", "2025-11-15", "04-30 07-31 10-31 11-15"),
        ("EOM", "2025-02-28", "P1HL1", "2025-09-15", "02-28 08-31 09-15"),
        # the 30th of January is not its last day; it clips in February and comes back
        ("EOM", "2025-01-30", "P1ML1", "2025-04-15", "01-30 02-28 03-30 04-15"),
        # the 31st clips by itself, under either convention
        ("EOM", "2025-01-31", "P1ML1", "2025-05-15", "01-31 02-28 03-31 04-30 05-15"),
        ("SD", "2025-01-31", "P1ML1", "2025-05-15", "01-31 02-28 03-31 04-30 05-15"),
        # weeks and days never shift: 28 days on, 30 days on
        ("EOM", "2025-02-28", "P4WL1", "2025-04-15", "02-28 03-28 04-15"),
        ("EOM", "2025-02-28", "P30DL1", "2025-04-15", "02-28 03-30 04-15"),
    ],
)
def test_the_end_of_month_rule_acts_on_short_months_only(
    convention, anchor, cycle, maturity, expected
):
    terms = {"EOMC": convention, "IPANX": anchor, "IPCL": cycle, "MD": maturity}
    events = project(contract(**terms))
    assert days(events, "IP") == [f"2025-{day}" for day in expected.split()]


def test_the_end_of_february_follows_leap_years():
    # 28 February 2025 is a last day, that of 2028 is the 29th; 28 February 2024 is none
    terms = {"EOMC": "EOM", "IPCL": "P1YL1", "SD": "2023-12-31", "IED": "2024-01-01"}
    events = project(contract(IPANX="2025-02-28", MD="2028-06-01", **terms))
    assert days(events, "IP")[:4] == ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]
    terms |= {"IPCL": "P1ML1", "IPANX": "2024-02-28", "MD": "2024-04-15"}
    assert days(project(contract(**terms)), "IP") == ["2024-02-28", "2024-03-28", "2024-04-15"]
    terms |= {"IPANX": "2024-02-29", "MD": "2024-04-15"}
    assert days(project(contract(**terms)), "IP") == ["2024-02-29", "2024-03-31", "2024-04-15"]


@pytest.mark.parametrize(
    ("cycle", "maturity", "expected"),
    [
        # 1: a short last period, 1 to 15 June; 0: a long one, 1 May to 15 June
        ("P1ML1", "2025-06-15", "02-01 03-01 04-01 05-01 06-01 06-15"),
        ("P1ML0", "2025-06-15", "02-01 03-01 04-01 05-01 06-15"),
        ("P1M", "2025-06-15", "02-01 03-01 04-01 05-01 06-15"),
        # a maturity on the grid leaves no stub
        ("P1ML0", "2025-06-01", "02-01 03-01 04-01 05-01 06-01"),
        # with the maturity three dates: the last before it goes; two dates: both stay
        ("P1ML0", "2025-03-15", "02-01 03-15"),
        ("P3ML0", "2025-03-15", "02-01 03-15"),
    ],
)
def test_the_stub_flag_says_whether_the_last_period_is_long(cycle, maturity, expected):
    events = project(contract(IPANX="2025-02-01", IPCL=cycle, MD=maturity))
    assert days(events, "IP") == [f"2025-{day}" for day in expected.split()]


@pytest.mark.parametrize(
    ("cycle", "maturity", "expected"),
    [
        ("P1ML1", "2025-04-15", "02-01 03-01 04-01"),
        # the maturity does not count here: three dates lose the last, two dates stay
        ("P1ML0", "2025-04-15", "02-01 03-01"),
        ("P1ML0", "2025-03-15", "02-01 03-01"),
        ("P1ML0", "2025-05-01", "02-01 03-01 04-01"),
    ],
)
def test_stubs_of_redemptions_and_resets_do_not_count_the_maturity(cycle, maturity, expected):
    grid = {"PRANX": "2025-02-01", "PRCL": cycle, "RRANX": "2025-02-01", "RRCL": cycle}
    events = project(contract(CT="LAM", PRNXT=10, MD=maturity, **grid), {"2025-02-01": 0.12})
    assert days(events, "PR") == [f"2025-{day}" for day in expected.split()]
    assert days(events, "RR") == [f"2025-{day}" for day in expected.split()]
    assert values(events, "MD") == pytest.approx([1000 - 10 * len(expected.split())], abs=EXACT)


# 10 a day: 36 500 at 10 % in A/365. Sunday 31 August: Friday is the 29th, Monday the 1st; 30 days
# from the 1st, 28 to Friday, 31 to Monday, 60 to the maturity. Sunday 1 June: Friday is 30 May,
# Monday the 2nd; 31 days from 1 May, 29 to Friday, 32 to Monday, 61 to the maturity.
@pytest.mark.parametrize(
    ("code", "at_month_end", "at_month_start"),
    [
        ("SCF", ("2025-09-01", [310, 290]), ("2025-06-02", [320, 290])),
        ("CSF", ("2025-09-01", [300, 300]), ("2025-06-02", [310, 300])),
        ("SCMF", ("2025-08-29", [280, 320]), ("2025-06-02", [320, 290])),
        ("CSMF", ("2025-08-29", [300, 300]), ("2025-06-02", [310, 300])),
        ("SCP", ("2025-08-29", [280, 320]), ("2025-05-30", [290, 320])),
        ("CSP", ("2025-08-29", [300, 300]), ("2025-05-30", [310, 300])),
        ("SCMP", ("2025-08-29", [280, 320]), ("2025-06-02", [320, 290])),
        ("CSMP", ("2025-08-29", [300, 300]), ("2025-06-02", [310, 300])),
        ("NOS", ("2025-08-31", [300, 300]), ("2025-06-01", [310, 300])),
        ("NULL", ("2025-08-31", [300, 300]), ("2025-06-01", [310, 300])),
        (None, ("2025-08-31", [300, 300]), ("2025-06-01", [310, 300])),
    ],
)
def test_a_business_day_code_moves_the_event_and_with_sc_the_accrual(
    code, at_month_end, at_month_start
):
    terms = {"NT": 36_500, "IPNR": 0.1, "IPDC": "A365", "CLDR": "MF", "BDC": code, "IPCL": "P1ML1"}
    august = {"IED": "2025-08-01", "IPANX": "2025-08-31", "MD": "2025-09-30"}
    june = {"IED": "2025-05-01", "IPANX": "2025-06-01", "MD": "2025-07-01"}
    for dates, (day, interest) in ((august, at_month_end), (june, at_month_start)):
        events = project(contract(**terms, **dates))
        assert days(events, "IP") == [day, dates["MD"]]
        assert values(events, "IP") == pytest.approx(interest, abs=EXACT)


@pytest.mark.parametrize("code", ALL_CODES)
@pytest.mark.parametrize("calendar", ["NC", "NOCALENDAR", None])
def test_without_holidays_no_code_moves_anything(calendar, code):
    terms = {"IPANX": "2025-06-01", "IPCL": "P1ML1", "MD": "2025-08-31"}
    events = project(contract(CLDR=calendar, BDC=code, **terms))
    assert days(events, "IP") == ["2025-06-01", "2025-07-01", "2025-08-01", "2025-08-31"]


@pytest.mark.parametrize("code", ALL_CODES)
def test_exchange_and_a_given_maturity_stay_on_their_sundays(code):
    # Sunday 1 June to Sunday 31 August in 30E/360: 29 + 60 = 89 days, 1 000 x 12 % x 89 / 360
    terms = {"CLDR": "MF", "BDC": code, "IED": "2025-06-01", "MD": "2025-08-31"}
    events = project(contract(**terms))
    expected = [("2025-06-01", "IED"), ("2025-08-31", "IP"), ("2025-08-31", "MD")]
    assert listing(events) == expected
    assert values(events, "IP") == pytest.approx([120 * 89 / 360], abs=EXACT)


# Principal 36 500 at 10 % in A/365, 10 a day; 1 June is a Sunday, 1 July a Tuesday
@pytest.mark.parametrize(
    ("code", "day", "interest"),
    [
        # 32 days on 36 500, 29 on 26 500: 290 x 265 / 365
        ("SCF", "2025-06-02", [320, 290 * 265 / 365]),
        ("CSF", "2025-06-02", [310, 300 * 265 / 365]),
        ("SCP", "2025-05-30", [290, 320 * 265 / 365]),
        ("CSP", "2025-05-30", [310, 300 * 265 / 365]),
        ("SCMP", "2025-06-02", [320, 290 * 265 / 365]),
        ("CSMP", "2025-06-02", [310, 300 * 265 / 365]),
    ],
)
def test_redemptions_move_with_their_interest(code, day, interest):
    grid = {"IPANX": "2025-06-01", "IPCL": "P1ML1", "PRANX": "2025-06-01", "PRCL": "P1ML1"}
    terms = {"NT": 36_500, "IPNR": 0.1, "IPDC": "A365", "CLDR": "MF", "BDC": code, **grid}
    events = project(contract(CT="LAM", IED="2025-05-01", MD="2025-07-01", PRNXT=10_000, **terms))
    assert listing(events)[1:3] == [(day, "PR"), (day, "IP")]
    assert values(events, "IP") == pytest.approx(interest, abs=EXACT)
    assert notionals(events, "PR") == pytest.approx([26_500], abs=EXACT)


def test_a_moved_reset_reads_the_quote_of_the_unmoved_day():
    # 10 a day to Monday 2 June, the day the reset moves to: 32 days; then 29 days of 5 a day
    terms = {"NT": 36_500, "IPNR": 0.1, "IPDC": "A365", "CLDR": "MF", "BDC": "SCF"}
    terms |= {"IED": "2025-05-01", "MD": "2025-07-01", "RRANX": "2025-06-01", "RRCL": "P3ML1"}
    events = project(contract(**terms), {"2025-06-01": 0.05, "2025-06-02": 0.99})
    assert days(events, "RR") == ["2025-06-02"]
    assert values(events, "IP") == pytest.approx([320 + 29 * 5], abs=EXACT)


def test_the_day_before_the_first_instalment_is_not_moved():
    # Monday 2 June: the annuity is fixed on Sunday 1 June
    terms = {"CLDR": "MF", "BDC": "SCF", "IED": "2025-05-02", "MD": "2025-09-02"}
    events = project(contract(CT="ANN", PRANX="2025-06-02", PRCL="P1ML1", **terms))
    assert days(events, "PRF") == ["2025-06-01"]
    # Saturday 2 August moves, the others are working days
    assert days(events, "PR") == ["2025-06-02", "2025-07-02", "2025-08-04"]


@pytest.mark.parametrize(
    ("payment", "principal"),
    [(250, [250, 250, 250]), (300, [300, 300, 300]), (260, [260, 260, 260])],
)
def test_a_linear_loan_ends_when_its_instalments_have_repaid_it(payment, principal):
    # 1000 / 250 = 4, 1000 / 300 and 1000 / 260 round up to 4: three instalments and the maturity
    terms = {"PRANX": "2025-02-01", "PRCL": "P1ML1", "PRNXT": payment}
    events = project(contract(CT="LAM", **terms))
    assert days(events, "PR") == ["2025-02-01", "2025-03-01", "2025-04-01"]
    assert values(events, "PR") == pytest.approx(principal, abs=EXACT)
    assert days(events, "MD") == ["2025-05-01"]
    assert values(events, "MD") == pytest.approx([1000 - sum(principal)], abs=EXACT)


def test_a_quotient_that_is_whole_but_for_its_digits_is_not_rounded_up():
    # in doubles 1.1 / 0.1 = 11.000000000000002 and 0.3 / 0.1 = 2.9999999999999996: 11 and 3
    for principal, last in ((1.1, "2025-12-01"), (0.3, "2025-04-01")):
        terms = {"NT": principal, "PRANX": "2025-02-01", "PRCL": "P1ML1", "PRNXT": 0.1}
        assert days(project(contract(CT="LAM", **terms)), "MD") == [last]


@pytest.mark.parametrize("contract_type", ["NAM", "ANN"])
def test_a_payment_with_interest_in_it_ends_the_loan_when_it_has_repaid_it(contract_type):
    # 260 - 10 of interest = 250 at first: 4 instalments. 250 and 7.5, 252.5 and 4.975, 255.025
    terms = {"PRANX": "2025-02-01", "PRCL": "P1ML1", "PRNXT": 260}
    events = project(contract(CT=contract_type, **terms))
    assert values(events, "PR") == pytest.approx([250, 252.5, 255.025], abs=EXACT)
    assert values(events, "IP") == pytest.approx([10, 7.5, 4.975, 2.42475], abs=EXACT)
    assert days(events, "MD") == ["2025-05-01"]
    assert values(events, "MD") == pytest.approx([242.475], abs=EXACT)


def test_a_later_reset_does_not_move_a_derived_maturity():
    # at 1 % instead of 12 % the loan would need fewer payments, at 60 % more
    terms = {"PRANX": "2025-02-01", "PRCL": "P1ML1", "RRANX": "2025-03-01", "RRCL": "P1YL1"}
    for rate in (0.01, 0.60):
        events = project(contract(CT="NAM", PRNXT=260, **terms), {"2025-03-01": rate})
        assert days(events, "MD") == ["2025-05-01"]


def test_a_derived_maturity_stands_on_the_end_of_its_month():
    # 28 February and three months on under the end-of-month rule: 31 May
    terms = {"PRANX": "2025-02-28", "PRCL": "P1ML1", "PRNXT": 250, "EOMC": "EOM"}
    events = project(contract(CT="LAM", **terms))
    assert days(events, "PR") == ["2025-02-28", "2025-03-31", "2025-04-30"]
    assert days(events, "MD") == ["2025-05-31"]


@pytest.mark.parametrize(
    ("code", "day", "interest"),
    # 3 650 at 10 % is 1 a day: 31 days to 1 June, 32 to Monday, 29 to Friday
    [("SCF", "2025-06-02", 32), ("CSF", "2025-06-02", 31), ("SCP", "2025-05-30", 29)],
)
def test_a_derived_maturity_moves_with_the_interest_on_it(code, day, interest):
    # 7 300 in two instalments, on Thursday 1 May and on Sunday 1 June; 3 650 x 10 % / 365 = 1 a day
    terms = {"NT": 7300, "IPNR": 0.1, "IPDC": "A365", "CLDR": "MF", "BDC": code}
    grid = {"PRANX": "2025-05-01", "PRCL": "P1ML1", "IPANX": "2025-05-01", "IPCL": "P1ML1"}
    events = project(contract(CT="LAM", PRNXT=3650, IED="2025-04-01", **terms, **grid))
    assert listing(events)[-2:] == [(day, "IP"), (day, "MD")]
    assert values(events, "IP") == pytest.approx([60, interest], abs=EXACT)


def test_a_seasoned_loan_derives_its_maturity_from_the_next_instalment():
    # 500 left on 15 April: 250 on 1 May and 250 on 1 June
    terms = {"NT": 500, "SD": "2025-04-15", "PRANX": "2025-02-01", "PRCL": "P1ML1", "PRNXT": 250}
    events = project(contract(CT="LAM", IPAC=0, **terms))
    assert days(events, "PR") == ["2025-05-01"]
    assert days(events, "MD") == ["2025-06-01"]


def test_nothing_after_the_day_asked_for_and_that_day_whole():
    terms = {"IPANX": "2025-02-01", "IPCL": "P1ML1", "MD": "2026-01-01"}
    events = project(contract(**terms), to="2025-04-01")
    assert days(events, "IP") == ["2025-02-01", "2025-03-01", "2025-04-01"]
    assert days(events, "MD") == []
