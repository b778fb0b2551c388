"""What the customers of a book do in one pass: segments, and cohorts of loans that answer alike.

Who is of a segment does the same, but for prepayment where it depends on age and on what
refinancing saves: loans then share their rates by segment, curve, half-year of age and quarter of a
percent of their rate. These are their own terms alone, so that one opened by itself meets the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from alm_pipeline.engine.arrays import (
    NO_CODE,
    NO_DATE,
    Behaviour,
    CountArray,
    Curves,
    FloatArray,
    RateType,
)
from alm_pipeline.engine.behaviour.refinancing import (
    burnout_factors,
    par_rates,
    refinanced_rates,
)
from alm_pipeline.engine.combinations import first_of_each
from alm_pipeline.engine.conventions.months import months_after
from alm_pipeline.inputs.behaviour import BehaviourRow, behaviour_arrays, behaviour_rows
from alm_pipeline.inputs.prepayment_terms import PrepaymentTerms, Refinancing
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.warehouse.array_bridge import EngineBook
from alm_pipeline.warehouse.partition import Partition

AGE_MONTHS = 6
"""Width of a cohort's ages; its loans are as old as the middle."""

RATE_STEP = 0.0025
"""Rates of a cohort are taken as the nearest multiple."""

_RESETS = -1_000_000
"""Instead of a rate in steps: a rate that resets follows the market, refinancing saves nothing."""


@dataclass(frozen=True)
class Customers:
    """A book, what its customers do, and of which segment each row of prepayment rates is."""

    book: EngineBook
    behaviour: Behaviour
    segment: CountArray


@dataclass(frozen=True)
class _Cohorts:
    """Cohorts beyond one a segment: (n,) each; ``rate_steps`` is `_RESETS` where none is fixed."""

    segment: CountArray
    curve: CountArray
    age_months: CountArray
    rate_steps: CountArray


def customers_of(
    bank: Bank,
    partition: Partition,
    book: EngineBook,
    curves: Curves,
    scenarios: Sequence[str],
) -> Customers:
    """Return a book in its cohorts and what each does as the committee assumes today."""
    figures = bank.figures
    rows = behaviour_rows(figures.assumptions, figures.scenarios, scenarios)
    return with_customers(partition.as_of_date, book, curves, rows)


def with_customers(
    as_of_date: date, book: EngineBook, curves: Curves, rows: Sequence[BehaviourRow]
) -> Customers:
    """Return a book in its cohorts and what each does under each scenario.

    Parameters
    ----------
    book : EngineBook
        In cohorts by segment, as `month_book` gives it.
    curves : Curves
        One scenario for each of the rows', on which a new loan is priced.
    rows : sequence of BehaviourRow
        By scenario, then by segment (`behaviour_rows`).
    """
    segments = tuple(dict.fromkeys(row.behaviour_segment for row in rows))
    n, scenarios = len(segments), [row.scenario for row in rows[:: len(segments)]]
    behaviour = behaviour_arrays(rows, segments, scenarios)
    terms = [[row.prepayment_terms for row in rows[k::n]] for k in range(n)]
    if not any(any(one) for one in terms):
        return Customers(book, behaviour, np.arange(n))
    cohorts, member, n_months = _cohorts_of(book, terms)
    of_segment = np.concatenate([np.arange(n), cohorts.segment])
    rates = np.repeat(behaviour.monthly_prepayment_rate[of_segment], n_months, axis=1)
    for scenario in range(len(scenarios)):
        alone = replace(curves, zero_rates=curves.zero_rates[scenario : scenario + 1])
        for k, one in enumerate(terms):
            own, found = np.flatnonzero(cohorts.segment == k), one[scenario]
            if found is not None and len(own):
                rates[n + own, :, scenario] = _rates(
                    found, cohorts, own, _Months(alone, np.datetime64(as_of_date, "D"), n_months)
                )
    answering = replace(behaviour, annual_prepayment_rate=rates)
    return Customers(_with_rows(book, n, member), answering, of_segment)


@dataclass(frozen=True)
class _Months:
    """Months from an as-of date on, under one scenario."""

    curves: Curves
    as_of_date: np.datetime64
    n_months: int


def _rates(
    terms: PrepaymentTerms, cohorts: _Cohorts, own: CountArray, months: _Months
) -> FloatArray:
    """Return the annual prepayment rate of some cohorts by month, (n, n_months)."""
    ages = cohorts.age_months[own, None] + np.arange(months.n_months)
    bounds, by_age = (np.array(one) for one in zip(*terms.by_age, strict=True))
    rates = by_age[np.searchsorted(bounds, ages, side="right") - 1]
    if terms.season:
        ends = months_after(months.as_of_date, months.n_months)[1:]
        calendar = (months.as_of_date + ends).astype("datetime64[M]").astype(np.int64) % 12
        rates = rates * np.array(terms.season)[calendar]
    if terms.refinancing is not None:
        rates = rates + _refinanced(terms.refinancing, cohorts, own, months)
    return np.asarray(np.clip(terms.multiplier * rates, 0.0, 1.0))


def _refinanced(
    terms: Refinancing, cohorts: _Cohorts, own: CountArray, months: _Months
) -> FloatArray:
    """Return the rate at which some cohorts are refinanced by month, (n, n_months)."""
    new = par_rates(months.curves, months.as_of_date, months.n_months, terms.tenor_years)
    steps = cohorts.rate_steps[own, None]
    saved = RATE_STEP * steps - new[cohorts.curve[own], :, 0] - terms.spread
    saved = np.where(steps == _RESETS, 0.0, saved)
    height = refinanced_rates(saved, terms.height, terms.slope, terms.midpoint)
    left = burnout_factors(saved[:, :, None], terms.burnout_share, terms.burnout_speed)
    return np.asarray(height * left[:, :, 0])


def _cohorts_of(
    book: EngineBook,
    terms: Sequence[Sequence[PrepaymentTerms | None]],
) -> tuple[_Cohorts, CountArray, int]:
    """Return the cohorts of a book, each position's (or `NO_CODE`), and the months they last."""
    held = book.positions
    given = [next(filter(None, one), None) for one in terms]
    depends = np.array([*(one is not None for one in given), False])  # the last: no segment
    rows = np.flatnonzero(held.is_prepayable & depends[held.cohort])
    segment = held.cohort[rows].astype(np.int64)
    last = np.array([one.by_age[-1][0] if one else 0 for one in given])[segment]
    has_curve = np.array([one is not None and one.refinancing is not None for one in given])
    days = np.maximum(-held.start_offset[rows].astype(np.int64), 0)
    age = np.minimum(days * 48 // 1461 // AGE_MONTHS, -(-last // AGE_MONTHS))
    steps = np.rint(held.coupon_rate[rows] / RATE_STEP).astype(np.int64)
    steps[(held.rate_type[rows] != RateType.FIXED) | ~has_curve[segment]] = _RESETS
    curve = np.where(has_curve[segment], held.index_curve[rows], 0)
    first, member_of = first_of_each([segment, curve, age, steps])
    member = np.full(len(held), NO_CODE, np.int64)
    member[rows] = member_of
    ends = held.maturity_offset[rows]
    longest = int(ends[ends != NO_DATE].max(initial=1))
    ages = age[first] * AGE_MONTHS + AGE_MONTHS // 2
    found = _Cohorts(segment[first], curve[first].astype(np.int64), ages, steps[first])
    return found, member, max(longest // 28 + 1, 1)


def _with_rows(book: EngineBook, n_segments: int, member: CountArray) -> EngineBook:
    """Return a book of which members of cohorts have rates beyond those of the segments."""
    row = np.where(member == NO_CODE, NO_CODE, n_segments + member).astype(np.int32)
    return replace(book, positions=replace(book.positions, prepayment_row=row))
