"""ACTUS rules where two of them meet: known resets, bases, array ends, seasoned contracts, swaps.

No vector reaches these; every number follows from the guide's rules by the arithmetic beside it.
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

MONTHLY = {"IPANX": "2025-02-01", "IPCL": "P1ML0", "PRANX": "2025-02-01", "PRCL": "P1ML0"}


def test_a_given_instalment_is_computed_anew_at_a_reset_that_is_known():
    # 100 less 10 of interest leave 910 on 1 February. At 24 % from then on, 2 % a month, three
    # payments of 910 x 0.02 / (1 - 1.02^-3) are left; the first repays that less 18.20.
    terms = contract(
        CT="ANN", **MONTHLY, MD="2025-05-01", PRNXT=100, RRANX="2025-02-01", RRNXT=0.24
    )
    instalment = 910 * 0.02 / (1.0 - 1.02**-3)
    found = project(terms)
    assert days(found, "RRF") == ["2025-02-01"]
    assert values(found, "PR")[:2] == pytest.approx([90.0, instalment - 18.2], rel=EXACT)


def test_a_base_at_the_start_holds_until_the_principal_changes():
    # NTIED as lam18 has it: 1 % of 2,000 until the first redemption, then of 750, 500, 250
    base = {"IPCB": "NTIED", "IPCBA": 2000}
    found = project(contract(CT="LAM", **MONTHLY, MD="2025-05-01", PRNXT=250, **base))
    assert values(found, "IP") == pytest.approx([20.0, 7.5, 5.0, 2.5], rel=EXACT)


@pytest.mark.parametrize(
    ("code", "interest"), [("SCF", 600 * 0.12 * 30 / 360), ("CSF", 600 * 0.12 * 29 / 360)]
)
def test_the_derived_end_of_an_array_loan_moves_off_a_sunday_with_its_interest(code, interest):
    # 400 on 3 February, 600 on Sunday 2 March: paid on the 3rd, interest to it or to the 2nd
    terms = contract(
        CT="LAX", BDC=code, CLDR="MF", ARIPANX=["2025-02-03"], ARINCDEC=["DEC", "DEC"],
        ARPRANX=["2025-02-03", "2025-03-02"], ARPRNXT=[400, 600],
    )  # fmt: skip
    found = project(terms)
    assert listing(found)[-2:] == [("2025-03-03", "IP"), ("2025-03-03", "MD")]
    assert values(found, "IP")[-1] == pytest.approx(interest, rel=EXACT)
    assert values(found, "MD") == pytest.approx([600.0])


def test_what_a_seasoned_array_loan_has_repaid_does_not_repay_it_again():
    # 600 are left on 15 February; the 400 of 3 February are behind, the 600 of 3 April end it
    terms = contract(
        CT="LAX", SD="2025-02-15", NT=600, IPAC=0, ARIPANX=["2025-02-03"],
        ARPRANX=["2025-02-03", "2025-04-03"], ARPRNXT=[400, 600], ARINCDEC=["DEC", "DEC"],
    )  # fmt: skip
    found = project(terms)
    assert days(found, "MD") == ["2025-04-03"]
    assert values(found, "MD") == pytest.approx([600.0])


def test_interest_capitalised_before_the_status_date_is_no_interest_date():
    # No interest was paid by 15 March, so nothing is due; 16 days to 1 April give 5.33
    terms = contract(
        SD="2025-03-15", MD="2026-01-01", IPANX="2025-02-01", IPCL="P1ML0", IPCED="2025-06-01"
    )
    capitalised = 1000 * 0.12 * 16 / 360
    assert notionals(project(terms), "IPCI")[0] == pytest.approx(1000 + capitalised, rel=EXACT)


def test_an_account_ends_with_the_day_asked_for():
    terms = contract(CT="UMP", IPANX="2025-02-01", IPCL="P1ML0", terminationDate="2025-06-15")
    assert days(project(terms, to="2025-03-15"), "TD") == []
    assert days(project(terms, to="2025-07-15"), "TD") == ["2025-06-15"]


# ---------------------------------------------------------------- swaps

SWAP = {
    "CT": "SWPPV", "CNTRL": "RF", "MD": "2026-01-01", "IPANX": "2025-07-01", "IPCL": "P6ML0",
    "IPNR": 0.10, "IPNR2": 0.05, "DS": "D", "RRANX": "2025-07-01",
}  # fmt: skip


def test_what_bounds_and_sets_the_floating_leg_leaves_the_fixed_one():
    # half a year of 10 % twice; 5 %, then the known 6 %
    found = project(contract(**SWAP, RRNXT=0.06, RRLC=0.08))
    assert values(found, "IPFX") == pytest.approx([50.0, 50.0], rel=EXACT)
    assert values(found, "IPFL") == pytest.approx([-25.0, -30.0], rel=EXACT)


def test_a_swap_without_a_cycle_pays_at_its_end_alone():
    found = project(contract(**SWAP | {"IPCL": None, "RRANX": None}))
    assert days(found, "IPFX") == ["2026-01-01"]
    assert values(found, "IPFX") == pytest.approx([100.0], rel=EXACT)


def test_a_seasoned_swap_accrues_by_its_dates_whatever_is_given():
    # from 1 July to 1 October a quarter of 10 % is due on the fixed leg, paid with the rest
    found = project(contract(**SWAP | {"SD": "2025-10-01", "RRANX": None}, IPAC=7))
    assert values(found, "IPFX") == pytest.approx([50.0], rel=EXACT)


def legs() -> list[dict[str, object]]:
    plain = {"SD": "2025-03-01", "MD": "2026-01-01", "IPANX": "2025-07-01", "IPCL": "P6ML0"}
    return [child("FIL", **plain, IPAC=0), child("SEL", **plain, IPAC=0, IPNR=0.06)]


@pytest.mark.parametrize("term", ["purchaseDate", "terminationDate"])
def test_what_happened_to_a_swap_before_its_status_date_is_over(term):
    swap = contract(CT="SWAPS", CNTRL="RFL", SD="2025-03-01", CTS=legs(), **{term: "2025-02-01"})
    found = project(swap)
    assert {kind for _, kind in listing(found)} == {"IP", "MD"}
    later = project(swap | {term: "2025-08-01T00:00:00"})
    assert len(days(later, "PRD") + days(later, "TD")) == 1
