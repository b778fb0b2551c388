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


def test_a_fixing_older_than_a_week_stops_the_close_and_names_the_loan(tmp_path):
    # the last one is of 22 October, eight days before the index was read
    outcome = deliver(tmp_path, "2026-10-22").close()
    assert "the index of the next reset is fixed already" in str(outcome.failures)
    assert LOAN in str(outcome.failures)
