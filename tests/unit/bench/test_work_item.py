"""The book that is measured: the same draws everywhere, dates, curve and buckets by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from alm_pipeline.bench.work_item import (
    DAY_COUNTS,
    Kind,
    bucket_bounds,
    curve_days,
    day_offsets,
    make_book,
    zero_rates,
)
from alm_pipeline.engine.arrays import MAX_OFFSET
from alm_pipeline.engine.conventions.day_count import DayCount

EXACT = 1e-15


@pytest.fixture(scope="module")
def book():
    return make_book(100_000)


def test_the_book_of_100_000_is_the_published_one(book):
    # hash and number of payments as published with the work item
    assert book.fingerprint == "3fbede60ca373ccb"
    assert book.n_payments == 6_753_492


def test_another_term_is_another_fingerprint(book):
    rates = book.coupon_rate.copy()
    rates[-1] += 1e-5
    changed = type(book)(**{**vars(book), "coupon_rate": rates})
    assert changed.fingerprint != book.fingerprint


def test_kinds_have_their_shares_to_the_contract(book):
    assert np.bincount(book.kind).tolist() == [40_000, 15_000, 15_000, 20_000, 10_000]


def test_the_first_kind_takes_what_rounding_leaves():
    # 7 x 0.40, 0.15, 0.15, 0.20, 0.10 = 2.8, 1.05, 1.05, 1.4, 0.7: 2, 1, 1, 1, 0 and 2 more
    assert np.bincount(make_book(7).kind, minlength=5).tolist() == [4, 1, 1, 1, 0]


def test_every_contract_has_paid_up_to_the_as_of_month_and_pays_after_it(book):
    december_2025 = 12 * 55 + 11
    following = book.last_payment_month + book.payment_months
    assert (book.last_payment_month <= december_2025).all()
    assert (following > december_2025).all()
    last = book.last_payment_month + book.payments_left * book.payment_months.astype(np.int64)
    assert (last == book.issue_month + book.term_months).all()


def test_deposits_are_owed_loans_are_not_and_bonds_are_either(book):
    signs = {kind: set(book.sign[book.kind == kind].tolist()) for kind in Kind}
    assert signs[Kind.TERM_DEPOSIT] == {-1}
    assert signs[Kind.BOND] == {-1, 1}
    loans = (Kind.ANNUITY_LOAN, Kind.LINEAR_LOAN, Kind.FLOATING_LOAN)
    assert [signs[kind] for kind in loans] == [{1}, {1}, {1}]


def test_day_counts_stand_in_the_order_of_the_draw():
    named = [DayCount.THIRTY_E_360, DayCount.ACT_360, DayCount.ACT_365F, DayCount.ACT_ACT_ISDA]
    assert list(DAY_COUNTS) == named


def test_a_roll_day_that_a_month_lacks_is_its_last_day():
    # 28 February 2026 is day 59, 29 February 2028 is day 59 + 365 + 365 + 1 = 790
    months = np.array([12 * 56 + 1, 12 * 58 + 1])
    assert day_offsets(months, np.array([31, 31])).tolist() == [59, 790]


def test_a_curve_is_known_on_the_days_before_and_after_each_node():
    # 1/12 year is day 30.4, 0.0027 years is day 0.99; day 0 needs no rate
    assert curve_days()[:5].tolist() == [1, 30, 31, 91, 92]
    assert curve_days()[-1] == 40 * 365


def test_shocks_move_the_nodes_as_the_standard_says():
    at_five_years = zero_rates(np.array([1825], dtype=np.int32))[:, 0]
    short, long = 0.025 * math.exp(-1.25), 0.01 * (1 - math.exp(-1.25))
    moves = [0.0, 0.02, -0.02, -0.65 * short + 0.9 * long, 0.8 * short - 0.6 * long, short, -short]
    assert at_five_years == pytest.approx([0.0252 + move for move in moves], abs=EXACT)


def test_shocks_of_half_size_move_half_as_far():
    full, half = zero_rates(curve_days()), zero_rates(curve_days(), (1.0, 0.5))
    assert half.shape == (13, len(curve_days()))
    np.testing.assert_array_equal(half[:7], full)
    np.testing.assert_allclose(half[7:] - half[0], (full[1:] - full[0]) / 2, atol=EXACT)


def test_the_rate_is_a_straight_line_between_nodes():
    # 1.5 years: halfway between 2.12 % and 2.20 %; 548 days are 1.5014 years, 547 are 1.4986
    both = zero_rates(np.array([547, 548], dtype=np.int32))[0]
    assert both.mean() == pytest.approx(0.0216, abs=EXACT)


def test_there_are_nineteen_buckets_from_overnight_to_open():
    bounds = bucket_bounds()
    assert len(bounds) == 19
    # overnight, 31 January, 31 March, 30 June 2026
    assert bounds[:4].tolist() == [1, 31, 90, 181]
    assert bounds[-1] == MAX_OFFSET
