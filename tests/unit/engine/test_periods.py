"""Year fractions between single dates: without tables, of ICMA periods, of business days."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from alm_pipeline.engine.conventions.cycle import Cycle, Grid
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.period import business_years, icma_years, years_between

ROUNDING = 1e-13


def day(text: str) -> datetime:
    return datetime.fromisoformat(text)


def years(day_count: DayCount, start: str, end: str, maturity: str | None = None) -> float:
    last = np.datetime64(maturity) if maturity else None
    return years_between(day_count, np.datetime64(start), np.datetime64(end), last)


def test_actual_days_need_no_tables():
    # January, February and March of 2026 from the 15th on are 90 days; 2024 has 366
    assert years(DayCount.ACT_360, "2026-01-15", "2026-04-15") == 90 / 360
    assert years(DayCount.ACT_365F, "2024-01-01", "2025-01-01") == 366 / 365


@pytest.mark.parametrize("day_count", list(DayCount))
def test_a_period_that_ends_before_it_begins_has_no_length(day_count):
    assert years(day_count, "2026-02-01", "2026-01-01") == 0.0
    assert years(day_count, "2026-01-31", "2026-01-31") == 0.0


def test_30e_360_isda_leaves_a_maturity_in_february_alone():
    # 31 January counts as the 30th: 28 days to a maturity on 28 February, else 30
    dates = ("2026-01-31", "2026-02-28")
    found = [years(DayCount.THIRTY_E_360_ISDA, *dates, last) for last in (dates[1], None)]
    assert found == pytest.approx([28 / 360, 30 / 360], abs=ROUNDING)


def test_icma_counts_the_days_of_the_period_and_no_others():
    # Coupons on 15 May and 15 November, anchored a year before: 15 May to 15 November 2026 has
    # 184 days; 1 July to 15 November 137 of them, 15 May to 1 July 47, 1 June to 1 July 30.
    coupons = Grid(day("2025-05-15"), Cycle(months=6))

    def share(start: str, end: str) -> float:
        return icma_years(coupons, 2, day(start), day(end)) * 2 * 184

    assert share("2026-07-01", "2026-11-15") == pytest.approx(137, rel=ROUNDING)
    assert share("2026-05-15", "2026-07-01") == pytest.approx(47, rel=ROUNDING)
    assert share("2026-06-01", "2026-07-01") == pytest.approx(30, rel=ROUNDING)


def test_bus_252_does_not_count_the_day_on_which_a_period_ends():
    # Saturday 2 to Monday 11 May 2026: Monday to Friday; Friday 1 to Saturday 2 May: Friday
    def is_open(d: date) -> bool:
        return d.weekday() < 5

    assert business_years(is_open, day("2026-05-02"), day("2026-05-11")) == 5 / 252
    assert business_years(is_open, day("2026-05-01"), day("2026-05-02")) == 1 / 252
