"""An index fixed before the as-of date for a reset after it, through a close, by hand.

L4 of the small bank, 500,000 at the 1-month index + 2 %, ACT/360, here until 31 December 2026: it
resets on 30 November and its index was read 31 days before, on 30 October.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.pipeline.banks import BASE, DAY, UP, Folder, Row, restate, small_bank

LOAN = "BANK:loan:L4"
CENT = 0.01


def deliver(folder: Path, fixed_on: str) -> Folder:
    """Write the small bank with the loan, and its index at 7 % on a day."""
    bank = small_bank(folder / "bank", (BASE, UP))

    def lagging(rows: list[Row]) -> list[Row]:
        terms = {"fixing_lag_days": "31", "maturity_date": "2026-12-31"}
        return [row | terms if row["loan_no"] == "L4" else row for row in rows]

    def fixed(rows: list[Row]) -> list[Row]:
        return [row | {"fixing_date": fixed_on, "rate": "0.07"} for row in rows]

    restate(bank.landing(DAY), "loan", lagging)
    restate(bank.landing(DAY), "index_fixing", fixed)
    return bank


@pytest.mark.slow(seconds=20)
def test_a_fixing_of_7_percent_is_paid_whatever_the_curve_says(tmp_path):
    # Without the margin 3.5 % for 30 days, paid on day 30; then the 7 % that were fixed, not the
    # forward of about 4 %, for 31 days, paid with the principal on day 61. The curve is 4 % a year
    # and 200 bp of continuous rate higher in the shock.
    bank = deliver(tmp_path, "2026-10-30")
    assert bank.close().failures == ()
    (position,) = [r for r in bank.rows("book.positions") if r["position_id"] == LOAN]
    assert position["next_fixing_rate"] == 0.07
    first, last = 500_000 * 0.035 * 30 / 360, 500_000 * (1 + 0.07 * 31 / 360)
    for scenario, shock in ((BASE, 0.0), (UP, 0.02)):
        zero = math.log(1.04) + shock
        expected = first * math.exp(-zero * 30 / 365) + last * math.exp(-zero * 61 / 365)
        rows = bank.rows("scenarios.position_values", scenario=scenario)
        (row,) = [r for r in rows if r["position_id"] == LOAN]
        assert row["present_value"] == pytest.approx(expected, abs=CENT)


def test_a_fixing_older_than_allowed_stops_the_loan_by_name_and_nothing_else(tmp_path):
    # the last one is of 22 October, eight days before the index was read; six are allowed
    bank = deliver(tmp_path, "2026-10-22")
    outcome = bank.close()
    assert outcome.failures == ()
    status, text = bank.headline(outcome)
    assert status == 1
    assert "not available" in text
    (left_out,) = bank.rows("behaviour.unassigned_positions")
    assert (left_out["position_id"], left_out["missing_input"]) == (LOAN, "fixing")
    assert left_out["reason"].startswith("no fixing of USD_SOFR_1M of 2026-10-30")
    valued = {row["position_id"] for row in bank.rows("scenarios.position_values", scenario=BASE)}
    assert LOAN not in valued
    assert "BANK:loan:L1" not in valued  # the same product: never a partial sum
    assert "BANK:deposit_term:T1" in valued
    totals = {
        row["entity_id"]: row
        for row in bank.rows("reports.eve_sensitivity")
        if row["family"] == "total" and row["scenario"] == BASE and row["row_kind"] == "entity"
    }
    assert totals["BANK"]["eve"] is None
    assert "1 positions have no fixing" in totals["BANK"]["availability"]
    assert "1 positions, 500,000.00" in totals["BANK"]["availability"]
    assert totals["EUBANK"]["eve"] is not None
    (ledger,) = [
        row for row in bank.rows("audit.exception_ledger") if row["exception_kind"] == "no fixing"
    ]
    assert (ledger["n_positions"], float(ledger["exception_amount"])) == (1, 500_000.00)
    assert ledger["owner"] == "team:market-data"
