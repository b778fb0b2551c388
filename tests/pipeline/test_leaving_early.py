"""Penalties, a lockout and a line that is drawn, through a whole close, each worked out by hand.

They join the small bank: 30/360, yearly on 31 October, discounted with 1.04^(-d/365); transfer
rates equal coupons, so that no margin is stripped. A tenth of the loans is prepaid in a year and a
tenth of the deposit withdrawn overnight; of the line 12 % are drawn in twelve months.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from alm_pipeline.orchestration.explain import explain_position
from alm_pipeline.paths import DATA_CONTRACTS
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
SHARES = {
    ("prepayment", "corporate", "annual_prepayment_rate"): 0.1,
    ("early_withdrawal", "retail_term", "redemption_share"): 0.1,
    ("drawdown", "credit_line", "drawn_share"): 0.12,
    ("drawdown", "credit_line", "draw_months"): 12,
}
TWO_YEARS = amounts(10000) | {
    "maturity_date": "2028-10-31", "ftp_rate": "0.06", "is_prepayable": "true",
    "behaviour_segment": "corporate",
}  # fmt: skip
LOANS = [
    {"loan_no": "P1", "prepayment_penalty_type": "months_interest",
     "prepayment_penalty_months": "6"},
    {"loan_no": "P2", "prepayment_penalty_type": "pct_balance", "prepayment_penalty_share": "0.02"},
    {"loan_no": "P3", "prepayment_penalty_type": "fixed_amount", "sold_share": "0.5",
     "prepayment_penalty_amount": "250.00"},
    {"loan_no": "P4", "prepayment_lockout_end_date": "2027-10-31"},
]  # fmt: skip
DEPOSIT = amounts(10000) | {
    "deposit_no": "T4", "coupon_rate": "0.04", "ftp_rate": "0.04", "start_date": "2025-10-31",
    "maturity_date": "2027-10-31", "day_count": "30_360", "interest_freq": "P1Y",
    "next_payment_date": "2027-10-31", "last_payment_date": "2026-10-31",
    "accrued_interest": "0.00", "insured_amount": "10000.00", "behaviour_segment": "retail_term",
    "is_early_withdrawal_allowed": "true", "withdrawal_penalty_months": "3",
}  # fmt: skip
LINE = {"commitment_no": "Q2", "behaviour_segment": "credit_line"}
LEDGER = {
    ("1100", "principal"): 35000.0, ("2100", "principal"): 10000.0, ("9000", "notional"): 10000.0,
    ("3000", "principal"): 25000.0,
}  # fmt: skip
"""Half of P3 is sold: 35,000 of loans less 10,000 of deposits are 25,000 of own funds."""

SECOND_YEAR = 9000 * 1.06 * 1.04 ** (-731 / 365)  # 8,819.32
VALUES = {
    # 1,000 of 10,000 leave with the first coupon of 600; six months of 6 % of that are 30
    "loan:P1": 1630 / 1.04 + SECOND_YEAR,
    # 2 % of that are 20
    "loan:P2": 1620 / 1.04 + SECOND_YEAR,
    # 250 by a tenth of the contracts are 25; half of everything is sold
    "loan:P3": (1625 / 1.04 + SECOND_YEAR) / 2,
    # nothing may be prepaid up to the first coupon, on which it would be
    "loan:P4": 600 / 1.04 + 10600 * 1.04 ** (-731 / 365),
    # 1,000 leave tomorrow, less three months of 4 % of that, 10; interest on 10,000 for a day,
    # 1.11, and on 9,000 for 359 of 360, 359.00
    "deposit_term:T4": -(990 * 1.04 ** (-1 / 365) + 9360.1111 / 1.04),
}
UNDER_UP = {"P1": (800, 24.0), "P2": (800, 16.0), "P3": (400, 10.0)}
"""Prepayment times 0.8. Six months of 6 % of 800; 2 % of 800; half of 8 % of 250."""


def assume(folder: Folder) -> None:
    """Let the bank's committee assume the shares."""
    overlay = folder.path / "contracts" / "assumptions"
    overlay.mkdir()
    for (name, segment, parameter), value in SHARES.items():
        path = overlay / f"{name}.yaml"
        source = path if path.exists() else DATA_CONTRACTS / "assumptions" / path.name
        content = yaml.safe_load(source.read_text(encoding="utf-8"))
        content["segments"][segment][parameter]["value"] = value
        path.write_text(yaml.safe_dump(content), encoding="utf-8")


def deliver(folder: Folder, *more: Row) -> Folder:
    """Add the contracts to a small bank."""
    assume(folder)
    landing = folder.landing()
    restate(landing, "loan", like("L1", *[TWO_YEARS | row for row in (*LOANS, *more)]))
    restate(landing, "deposit_term", like("T1", DEPOSIT))
    restate(landing, "commitment", like("Q1", LINE))
    restate(landing, "other_balance", funded(LEDGER))
    restate(landing, "gl_balance", posted(LEDGER))
    return folder


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Closed:
    """The small bank with these contracts, closed; look, do not touch."""
    path = tmp_path_factory.mktemp("early") / "bank"
    folder = deliver(small_bank(path, (BASE, UP)))
    return Closed(folder, folder.close())


@pytest.fixture(scope="module")
def values(closed: Closed) -> dict[str, dict[str, Any]]:
    """Rows of `scenarios.position_values` under base by position."""
    rows = closed.folder.rows("scenarios.position_values", scenario=BASE)
    return {row["position_id"].removeprefix("BANK:"): row for row in rows}


def test_the_bank_closes_and_ties(closed):
    assert closed.outcome.failures == ()
    assert all(row["is_passed"] for row in closed.folder.rows("audit.proofs"))


@pytest.mark.parametrize("position", VALUES)
def test_present_value_is_worked_out_to_the_cent(values, position):
    assert values[position]["present_value"] == pytest.approx(VALUES[position], abs=CENT)


@pytest.mark.parametrize(("position", "penalty"), [("P1", 30.0), ("P2", 20.0), ("P3", 12.5)])
def test_penalties_are_income_of_the_day_they_are_paid(values, position, penalty):
    interest = 300.0 if position == "P3" else 600.0
    assert values[f"loan:{position}"]["nii_12m"] == pytest.approx(interest + penalty, abs=CENT)


@pytest.mark.parametrize("position", UNDER_UP)
def test_penalties_follow_the_prepayment_of_the_scenario(closed, position):
    dates = explain_position(closed.folder.bank, f"BANK:loan:{position}", Partition(DAY, UP)).dates
    prepaid, penalty = UNDER_UP[position]
    assert sum(one.prepaid for one in dates) == pytest.approx(prepaid)
    assert sum(one.fee for one in dates) == pytest.approx(penalty)


def test_a_line_is_drawn_and_repaid_within_its_limit(closed, values):
    # 100 at the end of each month up to September 2027; the twelfth would be the day it ends.
    line = values["commitment:Q2"]
    assert line["drawn_principal"] == pytest.approx(1100.0)
    assert line["scheduled_principal"] == pytest.approx(1100.0)
    assert line["remaining_principal"] == 0.0
    found = explain_position(closed.folder.bank, "BANK:commitment:Q2", Partition(DAY, BASE))
    drawn = [one.drawn for one in found.dates]
    assert drawn == pytest.approx([100.0] * 11 + [0.0])
    # 30/360: 100, 200 ... 1,100 for a month each at 6 %, 33.00, less two days of 300 in February
    assert sum(one.interest for one in found.dates) == pytest.approx(32.90)
    rows = closed.folder.rows("scenarios.position_values", scenario=UP)
    up = next(row for row in rows if row["position_id"] == "BANK:commitment:Q2")
    assert up["drawn_principal"] == pytest.approx(0.9 * 1100.0)


def test_a_line_without_behaviour_stays_undrawn(values):
    assert values["commitment:Q1"]["drawn_principal"] == 0.0


@pytest.mark.slow(seconds=15)
def test_a_penalty_by_a_rate_difference_is_refused_by_name(tmp_path):
    folder = small_bank(tmp_path / "difference", (BASE,))
    odd = {"loan_no": "P5", "prepayment_penalty_type": "rate_difference", "sold_share": "1"}
    outcome = deliver(folder, odd).close()
    assert "prepayment costs a rate difference" in str(outcome.failures)
    assert "BANK:loan:P5" in str(outcome.failures)


@pytest.mark.slow(seconds=30)
def test_a_line_that_is_drawn_and_never_ends_has_no_value_and_is_named(tmp_path):
    folder = deliver(small_bank(tmp_path / "open", (BASE,)))
    endless = {"maturity_date": "", "is_open_maturity": "true"}
    restate(
        folder.landing(),
        "commitment",
        lambda body: [row | endless if row["commitment_no"] == "Q2" else row for row in body],
    )
    outcome = folder.close()
    assert outcome.failures == ()
    (left_out,) = folder.rows("behaviour.unassigned_positions")
    assert left_out["position_id"] == "BANK:commitment:Q2"
    assert left_out["reason"].startswith("a line that is drawn has no end")
    valued = folder.rows("scenarios.position_values", scenario=BASE)
    assert left_out["position_id"] not in {row["position_id"] for row in valued}
