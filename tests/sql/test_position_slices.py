"""Positions cut by maturity, insurance and pledge: what the slices are and that they add up."""

from __future__ import annotations

from typing import Any

import pytest

POSITION = {
    "entity_id": "BANK", "currency": "USD", "product_code": "x", "side": "asset",
    "direction": 1, "extract": "loan", "balance_sheet_line": "loans_retail",
    "counterparty_id": "c", "is_intragroup": False, "cash_flow_model": "annuity",
    "amortisation_type": "annuity", "outstanding_principal": "100.00",
    "carrying_amount": "100.00", "accrued_interest": "0.00", "notional_amount": "0.00",
}  # fmt: skip
KEYS = ("slice_part", "maturity_band", "encumbrance_band")


def slices(bench, position: dict[str, Any], **tables: list[dict[str, Any]]) -> dict[Any, Any]:
    """Return carrying and due amount of every slice of one position."""
    bench.give("book.positions", [{**POSITION, "position_id": "BANK:loan:1", **position}])
    bench.give("staging.counterparty", [{"counterparty_id": "c", "counterparty_type": "retail",
                                         "is_established_relationship": True}])  # fmt: skip
    for name, rows in tables.items():
        schema = "cash_flows" if name == "residual_maturities" else "staging"
        bench.give(f"{schema}.{name}", rows)
    found = bench.run("metrics.position_slices")
    return {tuple(r[k] for k in KEYS): (r["slice_amount"], r["due_amount"]) for r in found}


def paid(lcr: tuple[float, float], *nsfr: float, sign: int = 1) -> list[dict[str, Any]]:
    """Return principal and interest within thirty days, and principal of the bands."""
    rows = [("lcr", 1, *lcr), *(("nsfr", n + 1, p, 0.0) for n, p in enumerate(nsfr))]
    return [
        {"position_id": "BANK:loan:1", "bucket_set": name, "bucket": bucket,
         "principal_amount": sign * principal, "interest_amount": sign * interest}
        for name, bucket, principal, interest in rows
    ]  # fmt: skip


def test_a_loan_is_cut_by_when_its_principal_is_due(bench):
    # 100 of principal: 10 in thirty days, 15 more in six months, 25 in a year, 50 later; the
    # carrying amount is 98, cut the same way; 0.40 of interest within the thirty days
    found = slices(
        bench, {"carrying_amount": "98.00"},
        residual_maturities=paid((10.0, 0.4), 25.0, 25.0, 50.0),
        loan=[{"position_id": "BANK:loan:1", "loan_type": "consumer", "days_past_due": 0}],
    )  # fmt: skip
    assert found == {
        ("whole", "within_30d", "free"): (pytest.approx(9.8), pytest.approx(10.0)),
        ("whole", "to_6m", "free"): (pytest.approx(14.7), pytest.approx(15.0)),
        ("whole", "to_1y", "free"): (pytest.approx(24.5), pytest.approx(25.0)),
        ("whole", "beyond_1y", "free"): (pytest.approx(49.0), pytest.approx(50.0)),
        ("interest", "within_30d", "free"): (0.0, pytest.approx(0.4)),
    }


def test_what_is_never_repaid_is_open(bench):
    found = slices(bench, {}, residual_maturities=paid((0.0, 0.0), 20.0))
    assert found[("whole", "open", "free")][0] == pytest.approx(80.0)


@pytest.mark.parametrize(
    ("ends", "band"),
    [("2027-04-29", "to_6m"), ("2027-04-30", "to_1y"), ("2027-10-30", "to_1y"),
     ("2027-10-31", "beyond_1y"), (None, "beyond_1y")],
)  # fmt: skip
def test_a_pledge_cuts_by_how_long_it_lasts(bench, ends, band):
    # from six months on to before a year; six months from 31 October end on 30 April
    link = {"entity_id": "BANK", "asset_extract": "loan", "asset_no": "1",
            "encumbered_amount": "40.00", "end_date": ends}  # fmt: skip
    found = slices(
        bench, {}, residual_maturities=paid((0.0, 0.0), 0.0, 0.0, 100.0), encumbrance_link=[link]
    )
    assert found == {
        ("whole", "beyond_1y", band): (pytest.approx(40.0), pytest.approx(40.0)),
        ("whole", "beyond_1y", "free"): (pytest.approx(60.0), pytest.approx(60.0)),
    }


def test_two_pledges_of_more_than_there_is_take_all_of_it(bench):
    links = [
        {"entity_id": "BANK", "asset_extract": "loan", "asset_no": "1",
         "encumbered_amount": amount, "end_date": ends}
        for amount, ends in (("90.00", "2026-12-01"), ("30.00", "2029-12-01"))
    ]  # fmt: skip
    found = slices(
        bench, {}, residual_maturities=paid((0.0, 0.0), 0.0, 0.0, 100.0), encumbrance_link=links
    )
    assert {key[2]: round(amount, 9) for key, (amount, _) in found.items()} == {
        "to_6m": 75.0, "beyond_1y": 25.0,
    }  # fmt: skip


def test_a_deposit_is_cut_at_what_its_scheme_insures(bench):
    # 150 with a limit of 100; accrued interest of 3 goes with its parts
    own = {"side": "liability", "direction": -1, "extract": "deposit_nmd",
           "cash_flow_model": "non_maturity", "outstanding_principal": "150.00",
           "carrying_amount": "150.00", "accrued_interest": "3.00"}  # fmt: skip
    account = {
        "position_id": "BANK:loan:1", "counterparty_id": "c", "insured_amount": "100.00",
        "is_operational": False, "is_relationship": True, "is_transactional": False,
    }  # fmt: skip
    assert slices(bench, own, deposit_nmd=[account]) == {
        ("insured", "open", "free"): (pytest.approx(100.0), pytest.approx(102.0)),
        ("uninsured", "open", "free"): (pytest.approx(50.0), pytest.approx(51.0)),
    }


@pytest.mark.parametrize(("may_leave", "locked"), [(True, False), (False, True)])
def test_a_term_deposit_is_locked_unless_it_may_be_withdrawn(bench, may_leave, locked):
    own = {"side": "liability", "direction": -1, "extract": "deposit_term",
           "cash_flow_model": "bullet", "position_id": "BANK:loan:1"}  # fmt: skip
    bench.give("staging.deposit_term", [{
        "position_id": "BANK:loan:1", "counterparty_id": "c", "insured_amount": "100.00",
        "maturity_date": "2028-12-01", "is_early_withdrawal_allowed": may_leave,
    }])  # fmt: skip
    flows = paid((0.0, 0.0), 0.0, 0.0, 100.0, sign=-1)
    assert slices(bench, own, residual_maturities=flows) == {
        ("insured", "beyond_1y", "free"): (pytest.approx(100.0), pytest.approx(100.0)),
    }
    ((is_locked, is_close, whole),) = bench.query(
        "select is_locked, is_close, is_wholly_insured from metrics.position_slices"
    )
    assert (is_locked, is_close, whole) == (locked, True, True)


def test_an_undrawn_line_is_what_may_still_be_drawn(bench):
    own = {"side": "off_balance", "extract": "commitment", "cash_flow_model": "commitment",
           "outstanding_principal": "0.00", "carrying_amount": "0.00",
           "notional_amount": "70.00"}  # fmt: skip
    line = {"position_id": "BANK:loan:1", "commitment_type": "credit_line", "is_revocable": False}
    found = slices(bench, own, commitment=[line])
    assert found == {("whole", "open", "free"): (70.0, 70.0)}


def test_a_loan_whose_currency_is_stopped_is_told(bench):
    slices(bench, {})
    assert bench.query("select is_without_flows from metrics.position_slices") == [(True,)]
