"""Rolled days, business days, tenors, grids and buckets."""

from __future__ import annotations

import numpy as np
import pytest

from alm_pipeline.engine.arrays import MAX_OFFSET, Buckets
from alm_pipeline.engine.conventions.buckets import bucket_of_day, fine_bounds, merged
from alm_pipeline.engine.conventions.calendar import BusinessDayConvention, date_tables
from alm_pipeline.engine.conventions.compounding import (
    annual_from_continuous,
    continuous_from_annual,
    simple_from_discount,
)
from alm_pipeline.engine.conventions.months import months_after
from alm_pipeline.engine.conventions.schedule import grid_day, payments_left
from alm_pipeline.engine.conventions.tenor import index_tenor, nearest_index_tenor, tenor
from alm_pipeline.errors import CalculationError
from tests.unit.engine.books import AS_OF, on

TABLES = date_tables(AS_OF, -100, 1000)


def month(text: str) -> int:
    """Return a month as kernels count it, from January 1970."""
    return int(np.datetime64(text, "M").astype(np.int64))


def test_a_grid_steps_from_its_anchor_and_not_from_the_previous_date():
    # 31 January, 28 February, 31 March: the clipped 28th is not carried on
    days = [grid_day(TABLES, on("2026-01-31"), month("2026-01"), k, 1, 0, 31) for k in range(3)]
    assert days == [on("2026-01-31"), on("2026-02-28"), on("2026-03-31")]


def test_a_weekly_grid_steps_by_days():
    assert grid_day(TABLES, 10, month("2026-01"), 3, 0, 7, 0) == 31


def test_a_weekly_grid_that_ends_on_its_maturity_pays_there_once():
    # days 7, 14, 21, 28; a maturity on day 30 is one more
    assert [payments_left(TABLES, 7, 0, last, 0, 7, 0) for last in (28, 30)] == [4, 5]


@pytest.mark.parametrize(
    ("first", "belongs_to", "maturity", "roll"),
    [
        ("2026-01-30", "2026-01", "2026-01-31", 31),  # moved back from Saturday 31 January
        ("2026-01-30", "2026-02", "2026-01-31", 1),  # moved back from Sunday 1 February
    ],
)
def test_a_first_date_moved_before_the_maturity_is_a_payment(first, belongs_to, maturity, roll):
    assert payments_left(TABLES, on(first), month(belongs_to), on(maturity), 1, 0, roll) == 2


def test_a_grid_begins_on_the_day_to_which_its_first_date_was_moved():
    # 31 January 2026 is a Saturday, moved to Monday 2 February; the next one is 28 February
    days = [grid_day(TABLES, on("2026-02-02"), month("2026-01"), k, 1, 0, 31) for k in (0, 1)]
    assert days == [on("2026-02-02"), on("2026-02-28")]


@pytest.mark.parametrize(
    ("first", "maturity", "months", "expected"),
    [
        ("2026-01-31", "2026-12-31", 1, 12),
        ("2026-01-31", "2026-01-31", 1, 1),
        ("2026-01-15", "2026-01-31", 1, 2),  # 15 Jan, then a short period to the maturity
        ("2026-01-15", "2026-03-20", 1, 4),  # 15 Jan, 15 Feb, 15 Mar, 20 Mar
        ("2026-01-15", "2026-03-10", 1, 3),  # 15 Jan, 15 Feb, 10 Mar
        ("2026-06-30", "2027-12-30", 6, 4),
        ("2026-06-30", "2027-12-31", 6, 5),  # rolls on the 30th: one day is a period
    ],
)
def test_payments_left_are_the_grid_dates_and_the_maturity(first, maturity, months, expected):
    roll = int(first[-2:])
    assert (
        payments_left(TABLES, on(first), month(first[:7]), on(maturity), months, 0, roll)
        == expected
    )


def test_business_day_conventions_move_a_saturday_at_the_end_of_a_month():
    # 31 January 2026 is a Saturday; 29 May 2026 a Friday before a closed weekend; 1 August a
    # Saturday at the beginning of its month
    closed = np.arange(-100, 1000, dtype=np.int32)
    closed = closed[~np.is_busday(AS_OF + closed)]
    rules = [item for item in BusinessDayConvention if item]
    tables = date_tables(AS_OF, -50, 900, tuple((rule, closed) for rule in rules))

    def moved(rule: BusinessDayConvention, date: str) -> str:
        row = rules.index(rule) + 1
        return str(AS_OF + tables.adjusted[row, on(date) - tables.first_day])

    saturday, first = "2026-01-31", "2026-08-01"
    assert moved(BusinessDayConvention.FOLLOWING, saturday) == "2026-02-02"
    assert moved(BusinessDayConvention.MODIFIED_FOLLOWING, saturday) == "2026-01-30"
    assert moved(BusinessDayConvention.PRECEDING, first) == "2026-07-31"
    assert moved(BusinessDayConvention.MODIFIED_PRECEDING, first) == "2026-08-03"
    assert moved(BusinessDayConvention.FOLLOWING, "2026-05-29") == "2026-05-29"
    assert tables.adjusted[0, 5] == tables.first_day + 5


def test_months_after_a_month_end_are_month_ends():
    ends = AS_OF + months_after(np.datetime64("2025-11-30"), 3) - 31
    assert [str(day) for day in ends] == ["2025-11-30", "2025-12-31", "2026-01-31", "2026-02-28"]


def test_months_after_a_mid_month_day_keep_the_day():
    days = np.datetime64("2026-01-30") + months_after(np.datetime64("2026-01-30"), 2)
    assert [str(day) for day in days] == ["2026-01-30", "2026-02-28", "2026-03-30"]


def test_tenors_are_months_or_days():
    assert tenor("P3M") == (3, 0)
    assert tenor("1Q") == (3, 0)
    assert tenor("2Y") == (24, 0)
    assert tenor("P1W") == (0, 7)
    assert tenor("P0D") == (0, 0)
    with pytest.raises(CalculationError, match="not a tenor"):
        tenor("3 months")


def test_an_index_has_a_known_tenor():
    assert index_tenor("1D") == 0
    assert index_tenor("1Y") == index_tenor("12M")
    for text in ("5M", "1W"):
        with pytest.raises(CalculationError, match="no index has the tenor"):
            index_tenor(text)


def test_the_nearest_tenor_of_a_term():
    # 8 months lies between 6 and 9, nearer to 9; two weeks are overnight; 29 years are 30
    # and 4.5 months lie in the middle of 3 and 6: the shorter one
    rows = nearest_index_tenor(np.array([8.0, 0.4, 348.0, 4.5]))
    assert rows.tolist() == [index_tenor("9M"), 0, index_tenor("30Y"), index_tenor("3M")]


def test_buckets_are_closed_on_the_right_with_a_flow_on_every_bound():
    sets = (
        Buckets(name="a", upper_offset=np.array([1, 30, MAX_OFFSET], dtype=np.int32)),
        Buckets(name="b", upper_offset=np.array([30, MAX_OFFSET], dtype=np.int32)),
    )
    # one unit on each of the days 0 to 39
    bounds = fine_bounds(sets)
    counts = np.bincount(bucket_of_day(bounds, 40), minlength=len(bounds))
    fine = counts[None, :].astype(np.float64)
    assert merged(fine, bounds, sets[0]).tolist() == [[2, 29, 9]]  # 0-1, 2-30, 31-39
    assert merged(fine, bounds, sets[1]).tolist() == [[31, 9]]


def test_a_bucket_set_must_cover_every_day_once():
    with pytest.raises(CalculationError, match="does not cover"):
        Buckets(name="a", upper_offset=np.array([30, 30, MAX_OFFSET], dtype=np.int32))
    with pytest.raises(CalculationError, match="does not cover"):
        Buckets(name="a", upper_offset=np.array([30], dtype=np.int32))


def test_six_percent_a_year_is_5_826891_percent_continuous():
    # ln 1.06 = 0.05826891 by any calculator
    assert continuous_from_annual(np.array([0.06]))[0] == pytest.approx(0.05826891, abs=5e-9)
    assert annual_from_continuous(np.array([0.05826891]))[0] == pytest.approx(0.06, abs=5e-9)


def test_a_simple_rate_pays_the_discount():
    # 1 becomes 1.01 in a quarter: 4 % a year
    assert simple_from_discount(np.array([1.01]), np.array([0.25]))[0] == pytest.approx(0.04)
