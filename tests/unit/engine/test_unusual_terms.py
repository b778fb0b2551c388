"""Terms that only an agenda can say: interest in advance, late fixings, steps, other day counts."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from alm_pipeline.engine.arrays import EventType, RateType
from alm_pipeline.engine.cash_flows.agenda import Action
from alm_pipeline.engine.cash_flows.contract import Contract, Kind, Segment
from alm_pipeline.engine.conventions.calendar import BusinessDayConvention
from alm_pipeline.engine.conventions.cycle import Cycle, Grid, Shift
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.period import business_years, icma_years
from alm_pipeline.engine.conventions.tenor import index_tenor
from alm_pipeline.engine.simulation.events import project
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.errors import CalculationError
from tests.unit.engine.books import AS_OF, book, cohort, flat, on
from tests.unit.engine.test_agendas import GRID, agreed, results, tables

ZERO_RATE = 0.03
EXACT = 1e-12


def day(text: str) -> datetime:
    return datetime.fromisoformat(text)


def cash(contract: Contract, **terms: Any) -> dict[int, tuple[float, float]]:
    """Return interest and principal by day of a receivable under a flat 3 % curve."""
    positions = book(GRID | terms)
    options = SimulationOptions(as_of_date=AS_OF)
    events = project(positions, flat(ZERO_RATE), cohort(1), options, tables(contract))
    found: dict[int, tuple[float, float]] = {}
    for i in np.flatnonzero(events.event_type <= EventType.SCHEDULED_PRINCIPAL):
        at = int(events.event_offset[i])
        interest, principal = found.get(at, (0.0, 0.0))
        found[at] = interest + events.interest[i], principal + events.principal[i]
    return found


def forward(start: str, end: str) -> float:
    """Return the simple ACT/360 forward of a flat 3 % curve, by hand."""
    days = on(end) - on(start)
    return (math.exp(ZERO_RATE * days / 365) - 1) / (days / 360)


def test_interest_in_advance_is_paid_at_the_start_of_each_quarter():
    # 100 at 5 %, 30E/360: 1.25 for each quarter, the first one with the payout, none at the end.
    loan = agreed(
        Kind.BULLET,
        start_date=day("2026-03-31"),
        maturity_date=day("2027-03-31"),
        accrued_interest=None,
        interest=Grid(day("2026-06-30"), Cycle(months=3)),
        is_interest_in_advance=True,
    )
    found = cash(loan, maturity_offset=on("2027-03-31"))
    starts = ("2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31")
    assert [found[on(s)][0] for s in starts] == pytest.approx([1.25] * 4, rel=EXACT)
    assert found[on("2026-03-31")][1] == -100.0
    interest, principal = found[on("2027-03-31")]
    assert principal == 100.0
    assert interest == pytest.approx(0.0, abs=1e-12)


def test_interest_paid_in_advance_is_earned_although_nothing_is_due():
    # Paid on 31 December for the quarter after it: on the as-of date the customer has paid 1.25
    # that the bank has not earned yet. In the year it earns 5.
    loan = agreed(Kind.BULLET, accrued_interest=None, is_interest_in_advance=True)
    positions = book(GRID)
    found = results(positions, tables(loan))
    assert found.net_interest_income[12][0] == pytest.approx([5.0, 5.0], rel=1e-9)
    first = cash(loan)
    assert first[on("2026-03-31")][0] == pytest.approx(1.25, rel=EXACT)
    assert first[on("2027-12-31")][0] == pytest.approx(0.0, abs=1e-12)


def test_a_rate_fixed_in_arrears_is_that_of_the_day_the_period_ends():
    loan = agreed(
        Kind.BULLET,
        reset=Grid(day("2025-12-31"), Cycle(months=3)),
        index_cycle=Cycle(months=3),
        spread=0.01,
        is_reset_in_arrears=True,
        is_end_of_month=True,
    )
    terms = {"rate_type": RateType.FLOATING, "spread_rate": 0.01, "index_tenor": index_tenor("3M")}
    found = cash(loan, **terms)
    # Paid on 31 March for January to March: the forward from 31 March to 30 June, 30E/360 quarter.
    expected = 100.0 * 0.25 * (forward("2026-03-31", "2026-06-30") + 0.01)
    assert found[on("2026-03-31")][0] == pytest.approx(expected, rel=1e-10)


def test_an_index_is_read_as_many_business_days_before_as_the_lag_says():
    # Reset on Tuesday 31 March 2026; two business days before is Friday the 27th.
    weekdays = Shift(BusinessDayConvention.NONE, is_open=lambda d: d.weekday() < 5)
    floater = {
        "reset": Grid(day("2026-03-31"), Cycle(months=3)),
        "index_cycle": Cycle(months=6),
        "shift": weekdays,
        "fixing_lag": 2,
    }
    terms = {"rate_type": RateType.FLOATING, "index_tenor": index_tenor("6M")}
    found = cash(agreed(Kind.BULLET, **floater), **terms)
    expected = 100.0 * 0.25 * forward("2026-03-27", "2026-09-27")
    assert found[on("2026-06-30")][0] == pytest.approx(expected, rel=1e-10)


def test_a_rate_that_was_fixed_before_the_as_of_date_must_be_given():
    late = {"reset": Grid(day("2026-01-01"), Cycle(months=3)), "fixing_lag": 2}
    with pytest.raises(CalculationError, match="was fixed on 2025-12-30"):
        tables(agreed(Kind.BULLET, **late))
    given = tables(agreed(Kind.BULLET, **late, next_reset_rate=0.04))
    assert given.entries.rate[given.entries.action == Action.SET_RATE] == pytest.approx([0.04])


def test_an_agreed_step_changes_the_rate_and_reprices_nothing():
    steps = (
        Segment(grid=Grid(day("2026-06-30")), value=0.06),
        Segment(grid=Grid(day("2026-12-31")), value=0.07),
    )
    found = cash(agreed(Kind.BULLET, reset_segments=steps))
    paid = [found[on(d)][0] for d in ("2026-06-30", "2026-09-30", "2027-03-31")]
    assert paid == pytest.approx([1.25, 1.5, 1.75], rel=EXACT)
    repriced = results(book(GRID), tables(agreed(Kind.BULLET, reset_segments=steps)))
    assert repriced.buckets["all"].repricing_principal.sum() == pytest.approx(200.0)


def test_every_regular_icma_period_is_the_same_share_of_a_year_and_a_short_one_its_days():
    # Semi-annual coupons 15 May and 15 November: 184 and 181 days, half a year each. From 1 July
    # to 15 November 2026 are 137 of 184 days.
    coupons = Grid(day("2026-11-15"), Cycle(months=6))
    assert icma_years(coupons, 2, day("2026-05-15"), day("2026-11-15")) == 0.5
    assert icma_years(coupons, 2, day("2026-11-15"), day("2027-05-15")) == 0.5
    short = icma_years(coupons, 2, day("2026-07-01"), day("2026-11-15"))
    assert short == pytest.approx(137 / 368, rel=EXACT)
    # A long first period, 1 April to 15 November: 44 of the 181 days to 15 May, then a half.
    long = icma_years(coupons, 2, day("2026-04-01"), day("2026-11-15"))
    assert long == pytest.approx(44 / 362 + 0.5, rel=EXACT)


def test_bus_252_counts_the_first_business_day_and_not_the_last():
    # Thursday 24 December to Monday 4 January, Christmas closed: 24, 28, 29, 30, 31 and 1 January.
    def is_open(d: date) -> bool:
        return d.weekday() < 5 and d != date(2026, 12, 25)

    assert business_years(is_open, day("2026-12-24"), day("2027-01-04")) == 6 / 252


def test_a_contract_with_years_of_its_own_accrues_by_them():
    coupons = Grid(day("2026-05-15"), Cycle(months=6))
    bond = agreed(
        Kind.BULLET,
        interest=coupons,
        maturity_date=day("2027-11-15"),
        is_end_of_month=False,
        year_fraction=lambda a, b: icma_years(coupons, 2, a, b),
        has_own_years=True,
    )
    found = cash(bond, maturity_offset=on("2027-11-15"), day_count=DayCount.ACT_365F)
    assert found[on("2026-11-15")][0] == pytest.approx(2.5, rel=EXACT)
    # The first coupon accrues from the as-of date: 135 of the 181 days to 15 May.
    assert found[on("2026-05-15")][0] == pytest.approx(2.5 * 135 / 181, rel=EXACT)
