"""The amortised-cost lens: how a premium or discount becomes income at the effective rate.

A contract carried above or below its principal earns its effective interest rate: the rate at which
its projected cash is worth what it is carried at. What that is more or less than the contractual
interest of a window amortises the difference, which is gone when the contract has ended. No cash
moves. The cash is that of the scenario, with what customers are expected to do; a scenario that
expects other cash has another rate and no catch-up on the as-of date. Fees and penalties are income
of their own day.

``effective = V(T) - V(0) + cash up to T``, ``V(0) = principal + accrued + premium`` and ``V(T)``
the cash after T, discounted to T at the effective rate, continuous ACT/365F.

Source: IFRS 9, B5.4.1 to B5.4.5 and Appendix A, effective interest method.
"""

from __future__ import annotations

import math
from typing import Any

from alm_pipeline.engine.arrays import CountArray, FloatArray
from alm_pipeline.engine.cash_flows.records import (
    ACCRUED,
    BALANCE,
    INTEREST,
    PREPAID,
    RATE,
    SCHEDULED,
    Rows,
)
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.day_count import year_fraction
from alm_pipeline.engine.kernel import inner_kernel

_MAX_STEPS = 60
_ENOUGH = 1e-9  # the step after it would be its square
_YEAR_DAYS = 365.0


@inner_kernel
def amortised(
    term: Any,
    dates: DateTables,
    rows: Rows,
    n_rows: int,
    lane: int,
    edges: CountArray,
    found: FloatArray,
) -> None:
    """Fill what of a contract's premium or discount is income of the windows, signed.

    Parameters
    ----------
    lane : int
        Scenario of the block.
    edges : (n_windows + 1,) int64 [days]
        Today and the ends of the windows.
    found : (n_windows,) float64 [position currency]
        Income positive; NaN where no rate gives the carrying amount.
    """
    carried = term.principal + term.accrued_interest + term.premium_amount
    rate = _effective_rate(term, rows, n_rows, lane, carried)
    for window in range(len(found)):
        end = edges[window + 1]
        cash, later, contractual = 0.0, 0.0, 0.0
        for row in range(n_rows):
            day, paid = rows.day[row], _cash(term, rows, n_rows, row, lane)
            if day <= end:
                cash += paid
            else:
                later += paid * math.exp(-rate * (day - end) / _YEAR_DAYS)
            if max(rows.start[row], 0) < end:
                contractual += _accrued(term, dates, rows, row, lane, end)
        found[window] = float(term.sign) * (later - carried + cash - contractual)


@inner_kernel
def is_same_cash(term: Any, rows: Rows, n_rows: int, lane: int, other: int) -> bool:
    """Say whether a contract pays and accrues the same in two scenarios of a block, to the bit."""
    flows = rows.flows
    if flows[RATE, 0, lane] != flows[RATE, 0, other]:
        return False
    for row in range(n_rows):
        is_same = _cash(term, rows, n_rows, row, lane) == _cash(term, rows, n_rows, row, other)
        if not is_same or flows[ACCRUED, row, lane] != flows[ACCRUED, row, other]:
            return False
    return True


@inner_kernel
def _effective_rate(term: Any, rows: Rows, n_rows: int, lane: int, carried: float) -> float:
    """Return the continuous rate at which a contract's cash is worth ``carried``, or NaN.

    Newton's steps on a falling, convex value cannot miss it; they begin at the coupon.
    """
    rate = math.log1p(max(rows.flows[RATE, 0, lane], -0.5))
    for _ in range(_MAX_STEPS):
        value, slope, factor, before = 0.0, 0.0, 1.0, 0
        daily = math.exp(-rate / _YEAR_DAYS)
        for row in range(n_rows):
            day = rows.day[row]
            factor *= daily ** (day - before)
            worth = _cash(term, rows, n_rows, row, lane) * factor
            value += worth
            slope += worth * day / _YEAR_DAYS
            before = day
        step = (value - carried) / slope
        rate += step
        if abs(step) <= _ENOUGH:
            return rate
    return math.nan


@inner_kernel
def _cash(term: Any, rows: Rows, n_rows: int, row: int, lane: int) -> float:
    """Return interest and principal of a date, unsigned; at the horizon what is still owed."""
    paid = rows.flows[INTEREST, row, lane] + rows.flows[SCHEDULED, row, lane]
    if term.may_leave_early:
        paid += rows.flows[PREPAID, row, lane]
    if term.may_draw:
        paid -= rows.drawn[row, lane]
    if row == n_rows - 1:
        paid += rows.flows[BALANCE, row, lane]
    return float(paid)


@inner_kernel
def _accrued(term: Any, dates: DateTables, rows: Rows, row: int, lane: int, end: int) -> float:
    """Return what a row accrues from today to the end of a window, by the contract's day count."""
    earned, day, begin = rows.flows[ACCRUED, row, lane], rows.day[row], max(rows.start[row], 0)
    if row == 0:
        earned -= term.accrued_interest
    if day <= end:
        return float(earned)
    whole = year_fraction(dates, term.day_count, begin, day, term.maturity)
    part = year_fraction(dates, term.day_count, begin, end, term.maturity)
    return float(earned * part / whole) if whole != 0.0 else 0.0
