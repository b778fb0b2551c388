"""What is drawn of an undrawn line, month by month, and what becomes of it.

A cohort that draws is expected to draw shares of the line at month ends. What is drawn bears
interest at the line's rate, which is fixed anew at the line's own resets; interest is paid with
each draw, at each reset and at maturity, when everything drawn is repaid. On one date the order is
interest, draw, reset. Nothing is drawn on the day of the maturity.

What does not belong here: offers that are drawn whole on an agreed day (``projection``), and how
much is drawn in which scenario (``Behaviour.draw_profile``).
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.engine.cash_flows.amortisation import repay_all
from alm_pipeline.engine.cash_flows.records import (
    ACCRUED,
    ACCRUED_BASE,
    BALANCE,
    INTEREST,
    INTEREST_BASE,
    L_BALANCE,
    L_RATE,
    N_ITEMS,
    NEVER,
    RATE,
    BehaviourTables,
    MarketTables,
    Rows,
    start_row,
)
from alm_pipeline.engine.cash_flows.resets import (
    date_of_reset,
    index_end,
    is_fixed_already,
    rate_after_reset,
)
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.day_count import year_fraction
from alm_pipeline.engine.kernel import ZERO, inner_kernel, kernel
from alm_pipeline.engine.lanes import add_to, at, is_any_above, load, put, store


@kernel
def project_drawdown(
    term: Any,
    dates: DateTables,
    market: MarketTables,
    behaviour: BehaviourTables,
    path: int,
    rows: Rows,
    states: FloatArray,
) -> int:
    """Fill rows with the draws of a line and its repayment; return how many there are."""
    row, start, k, n_resets = ZERO, ZERO, ZERO, ZERO
    store(states, L_BALANCE, 0.0)
    store(states, L_RATE, float(term.coupon_rate))
    reset_day = date_of_reset(term, dates, n_resets)
    while True:
        k = _next_draw(term, behaviour, k)
        draw_day = at(behaviour.draw_day, k) if k < len(behaviour.draw_day) else NEVER
        day = min(draw_day, reset_day, term.maturity)
        _pay_interest(term, dates, rows, row, start, day, states)
        if day == term.maturity:
            repay_all(states, rows.flows, row)
            return row + 1
        if day == draw_day:
            _draw(term, behaviour, k, rows, row, states)
            k = k + 1
        if day == reset_day:
            end = index_end(term, dates, market, n_resets, day)
            old = load(states, L_RATE)
            rate = rate_after_reset(term, market, behaviour, path, n_resets, day, end, old)
            store(states, L_RATE, rate)
            put(rows.is_reset, row, not is_fixed_already(term, n_resets))
            n_resets = n_resets + 1
            reset_day = date_of_reset(term, dates, n_resets)
        store(rows.flows, BALANCE, row, load(states, L_BALANCE))
        row, start = row + 1, day


@inner_kernel
def _next_draw(term: Any, behaviour: BehaviourTables, k: int) -> int:
    """Return the first month from ``k`` on in which any scenario draws."""
    while k < len(behaviour.draw_day):
        if is_any_above(load(behaviour.draw_profile, term.cohort, k), 0.0):
            return k
        k += 1
    return k


@inner_kernel
def _draw(
    term: Any, behaviour: BehaviourTables, k: int, rows: Rows, row: int, states: FloatArray
) -> None:
    amount = load(behaviour.draw_profile, term.cohort, k) * term.principal
    store(rows.drawn, row, amount)
    add_to(states, L_BALANCE, amount)


@kernel
def _pay_interest(
    term: Any, dates: DateTables, rows: Rows, row: int, start: int, day: int, states: FloatArray
) -> None:
    """Fill a row with the interest on what is drawn, accrued and paid up to it."""
    start_row(rows, row, start, day)
    for item in range(N_ITEMS):
        store(rows.flows, item, row, 0.0)
    store(rows.drawn, row, 0.0)
    rate = load(states, L_RATE)
    years = year_fraction(dates, term.day_count, start, day, term.maturity)
    weight = load(states, L_BALANCE) * years
    store(rows.flows, RATE, row, rate)
    for item in (ACCRUED, INTEREST):
        store(rows.flows, item, row, weight * rate)
    for item in (ACCRUED_BASE, INTEREST_BASE):
        store(rows.flows, item, row, weight)
