"""Waivers and adjustments: two people, an end, and no more than was accepted."""

from __future__ import annotations

import datetime as dt

import pytest

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.exceptions import load_adjustments, load_waivers

DAY = dt.date(2026, 10, 31)
WAIVER = """about: Ours.
waivers:
  - check: book.ledger_reconciliation.ties
    applies_to: book.ledger_reconciliation
    failed_rows: 2
    reason: ledger closes late
    owner: jane
    approver: john
    effective_from: 2026-10-01
    expires: 2026-10-31
"""
ADJUSTMENT = """about: Ours.
adjustments:
  - report: eve_sensitivity
    row: {entity_id: GROUP, scenario: base}
    column: eve
    amount: -1500.25
    comment: late booking
    author: jane
    approver: john
    effective_from: 2026-10-01
    expires: 2026-10-31
"""


@pytest.mark.parametrize(
    ("failed_rows", "day", "is_covered"),
    [
        (1, DAY, True),
        (2, DAY, True),
        (3, DAY, False),  # one row more than was accepted
        (2, dt.date(2026, 11, 1), False),  # the day after it expired
        (2, dt.date(2026, 9, 30), False),  # the day before it began
    ],
)
def test_a_waiver_covers_so_many_rows_until_its_last_day(tmp_path, failed_rows, day, is_covered):
    (tmp_path / "waivers.yaml").write_text(WAIVER)
    book = load_waivers(tmp_path)
    table = "book.ledger_reconciliation"
    assert (book.find(f"{table}.ties", table, failed_rows, day) is not None) is is_covered
    assert book.find("another.check", table, failed_rows, day) is None


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("approver: john", "approver: JANE", "cannot approve"),
        ("expires: 2026-10-31", "expires: 2026-09-30", "expires before"),
        ("failed_rows: 2", "failed_rows: 0", "failed_rows"),
        ("reason: ledger closes late", "note: none", "reason"),
    ],
)
def test_a_waiver_that_is_none_is_refused(tmp_path, old, new, why):
    (tmp_path / "waivers.yaml").write_text(WAIVER.replace(old, new))
    with pytest.raises(ConfigurationError, match=why):
        load_waivers(tmp_path)


def test_an_adjustment_counts_between_its_dates(tmp_path):
    (tmp_path / "adjustments.yaml").write_text(ADJUSTMENT)
    (one,) = load_adjustments(tmp_path).in_force(DAY)
    assert (one.table, str(one.money)) == ("reports.eve_sensitivity", "-1500.25")
    assert load_adjustments(tmp_path).in_force(dt.date(2026, 11, 30)) == []


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("approver: john", "approver: jane", "cannot approve"),
        ("amount: -1500.25", "amount: 0.0", "not zero"),
        ("amount: -1500.25", "amount: 1.005", "whole cents"),
    ],
)
def test_an_adjustment_that_is_none_is_refused(tmp_path, old, new, why):
    (tmp_path / "adjustments.yaml").write_text(ADJUSTMENT.replace(old, new))
    with pytest.raises(ConfigurationError, match=why):
        load_adjustments(tmp_path)
