"""Contracts with schedules of their own through a whole close, each worked out by hand.

They join the small bank: 30/360, yearly on 31 October unless said otherwise, discounted with
1.04^(-d/365); transfer rates equal coupons, so that no margin is stripped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from alm_pipeline.orchestration.explain import explain_position
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import (
    BASE,
    DAY,
    UP,
    Folder,
    Row,
    amounts,
    funded,
    like,
    posted,
    restate,
    small_bank,
)
from tests.pipeline.conftest import Closed

CENT = 0.01

LOANS = [
    {"loan_no": "A1", "amortisation_type": "schedule"} | amounts(1000),
    {"loan_no": "A2", "amortisation_type": "schedule"} | amounts(2000),
    {"loan_no": "L7", "sold_share": "0.25"} | amounts(10000),
    {"loan_no": "L8", "accrued_interest": "60.00", "past_due_principal_amount": "1000.00",
     "past_due_interest_amount": "60.00", "days_past_due": "40"} | amounts(5000),
    {"loan_no": "L9", "rate_type": "floating", "index_id": "USD_SOFR_1M", "spread_rate": "0.02",
     "reset_freq": "P1W", "next_reset_date": "2026-11-07", "day_count": "act_360",
     "interest_freq": "P0D", "next_payment_date": "2026-11-28", "maturity_date": "2026-11-28",
     "is_end_of_month": "false"} | amounts(10000),
]  # fmt: skip
BONDS = [
    {"security_no": "S2", "isin": "US0000000002", "rate_type": "step"} | amounts(10000),
    {"security_no": "S3", "isin": "US0000000003", "maturity_date": "2027-10-31",
     "deferred_fees_amount": "300.00"} | amounts(10000, 10300),
]  # fmt: skip
DEPOSIT = {
    "deposit_no": "T3", "rate_type": "step", "coupon_rate": "0.04", "ftp_rate": "0.04",
    "start_date": "2025-10-31", "maturity_date": "2028-10-31", "day_count": "30_360",
    "interest_freq": "P1Y", "next_payment_date": "2027-10-31", "last_payment_date": "2026-10-31",
    "accrued_interest": "0.00", "insured_amount": "10000.00",
} | amounts(10000)  # fmt: skip
NOTHING = {"fair_value_clean_amount": "0.00", "carrying_amount": "0.00"}
DEALS = [
    {"deal_no": "W2", "maturity_date": "2028-10-31", "notional_amount": "20000.00"} | NOTHING,
    {"deal_no": "C1", "product_code": "cap_purchased", "derivative_type": "collar",
     "notional_amount": "10000.00"} | NOTHING,
]  # fmt: skip
AMORTISING = {
    "deal_no": "W2", "maturity_date": "2028-10-31", "notional_amount": "20000.00",
    "amortisation_type": "linear", "principal_freq": "P1Y",
}  # fmt: skip
OPTION = {"deal_no": "C1", "notional_amount": "10000.00"}
EVENTS = [
    ("A1", "2027-04-30", "principal", "400.00", ""), ("A1", "2027-07-31", "draw", "100.00", ""),
    ("A1", "2027-10-31", "principal", "700.00", ""), ("A2", "2027-10-31", "interest", "150.00", ""),
    ("A2", "2027-10-31", "principal", "2000.00", ""), ("S2", "2027-10-31", "rate_step", "", "0.03"),
    ("T3", "2027-10-31", "rate_step", "", "0.05"),
]  # fmt: skip
LEDGER = {  # what the contracts add: own share, arrears as accrued interest, premium as a fee
    ("1100", "principal"): 1000 + 2000 + 7500 + 5000 + 10000, ("1100", "accrued"): 60,
    ("1500", "principal"): 20000, ("1500", "fee"): 300, ("2100", "principal"): 10000,
    ("1600", "notional"): 30000, ("3000", "principal"): 35860,
}  # fmt: skip
"""25,500 + 60 + 20,000 + 300 of assets less 10,000 of deposits are 35,860 of own funds."""

PRESENT_VALUE = {
    # interest 1,000 x 6 % / 2 + 600 x 6 % / 4 + 700 x 6 % / 4 = 49.50:
    # 400 x 0.98073874 - 100 x 0.97109116 + 749.50 / 1.04
    "loan:A1": 1015.86,
    # 150 agreed, whatever the 6 %: 2,150 / 1.04
    "loan:A2": 2067.31,
    # a quarter is sold: 7,500 x 1.06 / 1.04
    "loan:L7": 7644.23,
    # arrears tomorrow, 1,060 x 0.99989255, and 4,000 x 1.06 / 1.04
    "loan:L8": 5136.81,
    # 7 days at 6 %, 21 at the index + 2 % = (1.04^(30/365) - 1) x 12 + 2 % = 5.874586 %, which is
    # fixed three times, each time for a month of 30 days: 10,045.9351 x 1.04^(-28/365)
    "loan:L9": 10015.76,
    # 5 %, then 3 %: 500 / 1.04 + 10,300 x 0.92445687
    "security:S2": 10002.68,
    # the premium is no cash: 10,500 / 1.04
    "security:S3": 10096.15,
    # 4 %, then 5 %: -(400 / 1.04 + 10,500 x 0.92445687)
    "deposit_term:T3": -10091.41,
    # 3 % on 20,000, then on 10,000: -(600 / 1.04 + 300 x 0.92445687)
    "derivative_leg:W2:1": -854.26,
    # 4 %, then (1.04^(366/365) - 1) x 360/366 = 3.945419 %: 800 / 1.04 + 394.5419 x 0.92445687
    "derivative_leg:W2:2": 1133.97,
    # fixed at 4 %: the bought cap at 5 % pays nothing, the sold floor at 4.5 % costs 50 / 1.04
    "derivative_leg:C1:1": 0.00,
    "derivative_leg:C1:2": -48.08,
}
INCOME = {
    "loan:A2": 150.00,  # agreed interest is earned over its period
    "security:S2": 500.00,
    "security:S3": 500.00,
    "deposit_term:T3": -400.00,
    "derivative_leg:W2:1": -600.00,
    "derivative_leg:W2:2": 800.00,
    "loan:L7": 450.00,
}


def scheduled(events: list[tuple[str, str, str, str, str]]) -> Callable[[list[Row]], list[Row]]:
    """Return an edit that delivers events of BANK."""
    names = ("contract_no", "event_date", "event_type", "event_amount", "rate")
    start = {"as_of_date": DAY.isoformat(), "entity_id": "BANK"}
    return lambda _: [start | dict(zip(names, event, strict=True)) for event in events]


def deliver(folder: Folder, events: list[tuple[str, str, str, str, str]]) -> Folder:
    """Add the contracts and their events to a small bank."""
    landing = folder.landing()
    own = [row | {"ftp_rate": "0.06"} for row in LOANS]
    restate(landing, "loan", like("L1", *own))
    restate(landing, "security", like("S1", *BONDS))
    restate(landing, "deposit_term", like("T1", DEPOSIT))
    restate(landing, "derivative", like("W1", *DEALS))
    fixed = [AMORTISING | {"leg_no": "1"}]
    receive = {"leg_no": "1", "pay_receive": "receive", "cap_rate": "0.05"}
    pay = {"leg_no": "2", "pay_receive": "pay", "floor_rate": "0.045"}
    floating = [AMORTISING | {"leg_no": "2"}, OPTION | receive, OPTION | pay]
    restate(landing, "derivative_leg", like("pay", *fixed))
    restate(landing, "derivative_leg", like("receive", *floating))
    restate(landing, "other_balance", funded(LEDGER))
    restate(landing, "gl_balance", posted(LEDGER))
    restate(landing, "schedule_event", scheduled(events))
    return folder


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Closed:
    """The small bank with these contracts, closed; look, do not touch."""
    path = tmp_path_factory.mktemp("agreed") / "bank"
    folder = deliver(small_bank(path, (BASE, UP)), EVENTS)
    return Closed(folder, folder.close())


@pytest.fixture(scope="module")
def values(closed: Closed) -> dict[str, dict[str, Any]]:
    """Rows of `scenarios.position_values` under base by position."""
    rows = closed.folder.rows("scenarios.position_values", scenario=BASE)
    return {row["position_id"].removeprefix("BANK:"): row for row in rows}


def test_the_bank_closes_and_ties(closed):
    assert closed.outcome.failures == ()
    lines = closed.folder.rows("book.ledger_reconciliation")
    assert {row["status"] for row in lines} == {"matched"}
    assert all(row["is_passed"] for row in closed.folder.rows("audit.proofs"))


@pytest.mark.parametrize("position", PRESENT_VALUE)
def test_present_value_is_worked_out_to_the_cent(values, position):
    expected = pytest.approx(PRESENT_VALUE[position], abs=CENT)
    assert values[position]["present_value"] == expected


@pytest.mark.parametrize("position", INCOME)
def test_income_of_twelve_months_is_worked_out_to_the_cent(values, position):
    assert values[position]["nii_12m"] == pytest.approx(INCOME[position], abs=CENT)


def test_the_balances_of_a_sold_loan_are_the_banks_own_share(closed):
    rows = {row["position_id"]: row for row in closed.folder.rows("book.positions")}
    sold = rows["BANK:loan:L7"]
    assert (sold["own_share"], float(sold["carrying_amount"])) == (0.75, 7500.0)


@pytest.mark.parametrize("scenario", [BASE, UP])
def test_every_one_of_them_is_explained_date_by_date(closed, scenario):
    rows = closed.folder.rows("scenarios.position_values", scenario=scenario)
    stored = {row["position_id"]: row["present_value"] for row in rows}
    for position in PRESENT_VALUE:
        found = explain_position(closed.folder.bank, f"BANK:{position}", Partition(DAY, scenario))
        assert found.stored_value == stored[f"BANK:{position}"]
        assert found.present_value == pytest.approx(found.stored_value, rel=1e-12, abs=1e-9)


def test_a_schedule_that_cannot_be_used_stops_the_close_by_name(tmp_path):
    folder = small_bank(tmp_path / "late", (BASE,))
    late = ("A1", "2067-04-30", "fee", "5.00", "")
    outcome = deliver(folder, [*EVENTS, late]).close()
    assert "1 positions: an event is scheduled after the maturity" in str(outcome.failures)
    assert "BANK:loan:A1" in str(outcome.failures)


@pytest.mark.slow(seconds=12)
def test_an_event_of_no_contract_stops_the_close(tmp_path):
    folder = small_bank(tmp_path / "nobody", (BASE,))
    nobody = ("X9", "2027-04-30", "principal", "5.00", "")
    outcome = deliver(folder, [*EVENTS, nobody]).close()
    assert "book.unmatched_events" in str(outcome.failures)
