"""Year fractions of the seven day counts; expected values from the definitions, by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from alm_pipeline.engine.conventions.calendar import date_tables
from alm_pipeline.engine.conventions.day_count import DayCount, year_fraction
from tests.unit.engine.books import AS_OF, on

TABLES = date_tables(AS_OF, -800, 1500)
ROUNDING = 1e-13


def years(day_count: DayCount, start: str, end: str, is_maturity: bool = False) -> float:
    maturity = on(end) if is_maturity else 10_000
    return year_fraction(TABLES, int(day_count), on(start), on(end), maturity)


@pytest.mark.parametrize(
    ("day_count", "start", "end", "expected"),
    [
        (DayCount.ACT_360, "2026-01-15", "2026-04-15", 90 / 360),
        (DayCount.ACT_365F, "2024-01-01", "2025-01-01", 366 / 365),
        # 2023-11-01 to 2024-01-01: 61 of 365 days; to 2024-05-01: 31+29+31+30 = 121 of 366
        (DayCount.ACT_ACT_ISDA, "2023-11-01", "2024-05-01", 61 / 365 + 121 / 366),
        # the 31st counts as the 30th, February is not stretched: 28 days to go to the 30th + 1
        (DayCount.THIRTY_E_360, "2026-01-31", "2026-02-28", 28 / 360),
        (DayCount.THIRTY_E_360, "2026-02-28", "2026-03-31", 32 / 360),
        # US: last of February counts as the 30th, and so does the 31st after a 30th
        (DayCount.THIRTY_360_US, "2026-02-28", "2026-03-31", 30 / 360),
        (DayCount.THIRTY_360_US, "2026-01-31", "2026-02-28", 28 / 360),
        (DayCount.THIRTY_360_US, "2025-02-28", "2026-02-28", 360 / 360),
        # US keeps the 31st when the start is before the 30th, 30E does not
        (DayCount.THIRTY_360_US, "2026-01-15", "2026-03-31", 76 / 360),
        (DayCount.THIRTY_E_360, "2026-01-15", "2026-03-31", 75 / 360),
        (DayCount.THIRTY_E_360_ISDA, "2026-01-31", "2026-02-28", 30 / 360),
        (DayCount.THIRTY_E_360_ISDA, "2026-02-28", "2026-03-31", 30 / 360),
        # three months of 28 days; the 31st counts as the 28th at either end: 2 x 28 + 28 - 10
        (DayCount.TWENTY_EIGHT_E_336, "2026-01-15", "2026-04-15", 84 / 336),
        (DayCount.TWENTY_EIGHT_E_336, "2026-01-31", "2026-02-28", 28 / 336),
        (DayCount.TWENTY_EIGHT_E_336, "2026-01-10", "2026-03-31", 74 / 336),
    ],
)
def test_a_period_has_the_length_its_definition_gives(day_count, start, end, expected):
    assert years(day_count, start, end) == pytest.approx(expected, abs=ROUNDING)


def test_a_maturity_in_february_is_not_stretched_by_30e_360_isda():
    # 30 days of January's end to 28 February: 28 - 30 + 30 = 28
    count = years(DayCount.THIRTY_E_360_ISDA, "2026-01-31", "2026-02-28", is_maturity=True)
    assert count == pytest.approx(28 / 360, abs=ROUNDING)


def test_a_maturity_in_another_month_is_stretched_by_30e_360_isda():
    # only February is left alone: 28 February counts as the 30th, 31 March too
    count = years(DayCount.THIRTY_E_360_ISDA, "2026-02-28", "2026-03-31", is_maturity=True)
    assert count == pytest.approx(30 / 360, abs=ROUNDING)


def test_pairs_of_dates_where_a_table_would_be_wrong():
    # Additivity would need yf(a, c) = yf(a, b) + yf(b, c). For 30/360 US over 15 Jan, 30 Jan and
    # 31 Jan: 16 days in all (the 31st stays), but 15 + 0 in parts.
    whole = years(DayCount.THIRTY_360_US, "2026-01-15", "2026-01-31")
    parts = years(DayCount.THIRTY_360_US, "2026-01-15", "2026-01-30")
    parts += years(DayCount.THIRTY_360_US, "2026-01-30", "2026-01-31")
    assert whole == pytest.approx(16 / 360, abs=ROUNDING)
    assert parts == pytest.approx(15 / 360, abs=ROUNDING)


@pytest.mark.parametrize("day_count", [DayCount.ACT_360, DayCount.ACT_ACT_ISDA])
def test_additive_day_counts_add_up(day_count):
    dates = ["2024-02-29", "2024-12-31", "2025-07-04", "2027-01-01"]
    parts = sum(years(day_count, a, b) for a, b in pairwise(dates))
    assert parts == pytest.approx(years(day_count, dates[0], dates[-1]), abs=ROUNDING)


def test_whole_years_of_act_act_are_whole():
    assert years(DayCount.ACT_ACT_ISDA, "2024-01-01", "2028-01-01") == pytest.approx(4.0)
    assert np.isclose(years(DayCount.ACT_ACT_ISDA, "2025-03-01", "2026-03-01"), 1.0)
