"""The walk through an agenda: one row per action, all scenarios at once.

The same projection as that of the grids: it writes the same ``Rows``, which the same lenses read.
Payoffs and states follow the ACTUS guide, section 5, unsigned as in ``projection``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from alm_pipeline.engine.arrays import CountArray, FloatArray
from alm_pipeline.engine.cash_flows.agenda import Action, Repayment
from alm_pipeline.engine.cash_flows.customers import prepay, withdraw
from alm_pipeline.engine.cash_flows.records import (
    ACCRUED,
    BALANCE,
    CAPITALISED,
    INTEREST,
    INTEREST_BASE,
    L_BALANCE,
    L_BASE,
    L_DUE,
    L_DUE_BASE,
    L_INDEX,
    L_PAYMENT,
    L_RATE,
    L_SURVIVAL,
    N_ITEMS,
    RATE,
    SCHEDULED,
    BehaviourTables,
    MarketTables,
    Rows,
)
from alm_pipeline.engine.cash_flows.resets import index_rates, reset_floating
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.day_count import year_fraction
from alm_pipeline.engine.kernel import ZERO, entry_kernel, kernel

_OPEN, _START, _REPAY, _DRAW = (
    int(Action.OPEN),
    int(Action.START),
    int(Action.REPAY),
    int(Action.DRAW),
)
_PAY_INTEREST, _CAPITALISE = int(Action.PAY_INTEREST), int(Action.CAPITALISE)
_SET_RATE, _RESET, _SET_PAYMENT = int(Action.SET_RATE), int(Action.RESET), int(Action.SET_PAYMENT)
_REDEEM, _RESET_IN_ARREARS = int(Action.REDEEM), int(Action.RESET_IN_ARREARS)
_PAY_IN_ADVANCE = int(Action.PAY_IN_ADVANCE)
_FIX_BASE, _TERMINATE, _MATURE = int(Action.FIX_BASE), int(Action.TERMINATE), int(Action.MATURE)
_SETTLE, _SETTLE_INTEREST = int(Action.SETTLE), int(Action.SETTLE_INTEREST)
_AMOUNT, _LESS_INTEREST = int(Repayment.AMOUNT), int(Repayment.PAYMENT_LESS_INTEREST)


@entry_kernel
def project_agenda(
    term: Any,
    agenda: Any,
    payment_days: CountArray,
    dates: DateTables,
    market: MarketTables,
    behaviour: BehaviourTables,
    path: int,
    rows: Rows,
    lanes: FloatArray,
) -> int:
    """Fill ``rows`` with one contract and return how many there are.

    Parameters
    ----------
    term : record of ``terms.TERMS``
        Day count, rate formula and maturity.
    agenda : (n,) records of ``ENTRY``
        In order; the first one is OPEN or START.
    payment_days : (m,) int64 [days]
        What entries that fix an instalment point into.
    dates, market, behaviour : tables
    path : int
        ``FORWARD`` or ``FLAT``.
    rows, lanes : buffers
        Overwritten; at least n rows.
    """
    lanes[:] = 0.0
    previous = int(agenda[0].accrual_day)
    for row in range(len(agenda)):
        entry = agenda[row]
        years = entry.years
        if math.isnan(years):
            years = _years(term, dates, previous, entry.accrual_day)
        _accrue(rows, row, previous, entry.day, years, lanes)
        _act(term, entry, market, path, rows, row, lanes)
        if entry.last_payment > entry.first_payment:
            days = payment_days[entry.first_payment : entry.last_payment]
            _fix_payment(term, entry, days, dates, lanes)
        if entry.action == _REDEEM and term.has_redemption:
            withdraw(behaviour.redemption_share[term.cohort], rows.flows[row], lanes)
        if entry.prepayment_years > 0.0 and term.has_prepayment:
            rates = behaviour.annual_prepayment_rate[term.cohort]
            prepay(rates, entry.prepayment_years, rows.flows[row], lanes)
        previous = max(previous, int(entry.accrual_day))
        for s in range(lanes.shape[1]):
            rows.flows[row, BALANCE, s] = lanes[L_BALANCE, s]
            if not entry.is_base_kept:
                lanes[L_BASE, s] = lanes[L_BALANCE, s]
    return ZERO + len(agenda)


@kernel
def _years(term: Any, dates: DateTables, start: int, end: int) -> float:
    if end <= start:
        return 0.0
    return year_fraction(dates, term.day_count, start, end, term.maturity)


@kernel
def _accrue(rows: Rows, row: int, start: int, day: int, years: float, lanes: FloatArray) -> None:
    rows.start[row], rows.day[row], rows.is_reset[row] = start, day, False
    rows.drawn[row] = rows.written_off[row] = 0.0
    flow = rows.flows[row]
    for item in range(N_ITEMS):
        for s in range(lanes.shape[1]):
            flow[item, s] = 0.0
    for s in range(lanes.shape[1]):
        weight = lanes[L_BASE, s] * years
        flow[ACCRUED, s] = weight * lanes[L_RATE, s]
        flow[RATE, s] = lanes[L_RATE, s]
        lanes[L_DUE_BASE, s] += weight
        lanes[L_DUE, s] += flow[ACCRUED, s]


@kernel
def _act(
    term: Any,
    entry: Any,
    market: MarketTables,
    path: int,
    rows: Rows,
    row: int,
    lanes: FloatArray,
) -> None:
    action, flow = entry.action, rows.flows[row]
    if action in (_OPEN, _START):
        _set_states(entry, term.payment_amount, lanes)
        rows.drawn[row] = entry.amount if action == _START else 0.0
    elif action == _REPAY:
        _repay(entry, flow, lanes)
    elif action == _DRAW:
        rows.drawn[row] = entry.amount
        for s in range(lanes.shape[1]):
            lanes[L_BALANCE, s] += entry.amount * lanes[L_SURVIVAL, s]
            lanes[L_BASE, s] += entry.base * lanes[L_SURVIVAL, s]
    elif action in (_SET_RATE, _RESET, _RESET_IN_ARREARS):
        rows.is_reset[row] = action != _SET_RATE or entry.is_observed
        _reset(term, entry, market, path, lanes)
        if action == _RESET_IN_ARREARS:
            _accrue_again(flow, lanes)
    elif action == _PAY_IN_ADVANCE:
        _pay_in_advance(entry, flow, lanes)
    elif action == _CAPITALISE:
        _round_due(entry.unit, lanes)
        _capitalise(flow, lanes)
    elif action in (_FIX_BASE, _SET_PAYMENT):
        _set_agreed(entry, lanes)
    elif action in (_PAY_INTEREST, _SETTLE_INTEREST, _MATURE, _TERMINATE):
        _round_due(entry.unit, lanes)
        _pay_interest(flow, lanes)
    if action in (_SETTLE, _MATURE, _TERMINATE):
        _repay_all(flow, lanes)


@kernel
def _set_agreed(entry: Any, lanes: FloatArray) -> None:
    """Set the interest base anew, or the instalment as agreed."""
    for s in range(lanes.shape[1]):
        if entry.action == _SET_PAYMENT:
            lanes[L_PAYMENT, s] = entry.amount * lanes[L_SURVIVAL, s]
        else:
            lanes[L_BASE, s] = lanes[L_BALANCE, s]


@kernel
def _set_states(entry: Any, payment: float, lanes: FloatArray) -> None:
    for s in range(lanes.shape[1]):
        lanes[L_BALANCE, s] = entry.amount
        lanes[L_RATE, s] = entry.rate
        lanes[L_BASE, s] = entry.base
        lanes[L_DUE, s] = entry.due
        lanes[L_DUE_BASE, s] = entry.due / entry.rate if entry.rate != 0.0 else 0.0
        lanes[L_PAYMENT, s] = payment
        lanes[L_SURVIVAL, s] = 1.0


@kernel
def _rounded(amount: float, unit: float) -> float:
    """Return an amount in whole units, half to even; what binary fractions miss is no half."""
    return float(np.rint(np.rint(amount / unit * 1e6) / 1e6) * unit)


@kernel
def _round_due(unit: float, lanes: FloatArray) -> None:
    if unit > 0.0:
        for s in range(lanes.shape[1]):
            lanes[L_DUE, s] = _rounded(lanes[L_DUE, s], unit)


@kernel
def _repay(entry: Any, flow: FloatArray, lanes: FloatArray) -> None:
    if entry.repayment == _LESS_INTEREST:
        _round_due(entry.unit, lanes)
    for s in range(lanes.shape[1]):
        amount = lanes[L_PAYMENT, s]
        if entry.repayment == _AMOUNT:
            amount = entry.amount * lanes[L_SURVIVAL, s]
        elif entry.repayment == _LESS_INTEREST:
            amount -= lanes[L_DUE, s]
        amount = min(amount, lanes[L_BALANCE, s])
        flow[SCHEDULED, s] = amount
        lanes[L_BALANCE, s] -= amount


@kernel
def _repay_all(flow: FloatArray, lanes: FloatArray) -> None:
    for s in range(lanes.shape[1]):
        flow[SCHEDULED, s] = lanes[L_BALANCE, s]
        lanes[L_BALANCE, s] = lanes[L_BASE, s] = 0.0


@kernel
def _pay_interest(flow: FloatArray, lanes: FloatArray) -> None:
    for s in range(lanes.shape[1]):
        flow[INTEREST, s] = lanes[L_DUE, s]
        flow[INTEREST_BASE, s] = lanes[L_DUE_BASE, s]
        lanes[L_DUE, s] = lanes[L_DUE_BASE, s] = 0.0


@kernel
def _accrue_again(flow: FloatArray, lanes: FloatArray) -> None:
    """Let the period that ends earn the rate that was fixed at its end."""
    for s in range(lanes.shape[1]):
        due = lanes[L_DUE_BASE, s] * lanes[L_RATE, s]
        flow[ACCRUED, s] += due - lanes[L_DUE, s]
        flow[RATE, s] = lanes[L_RATE, s]
        lanes[L_DUE, s] = due


@kernel
def _pay_in_advance(entry: Any, flow: FloatArray, lanes: FloatArray) -> None:
    """Pay the coming period's interest; it is earned day by day and then nothing is due."""
    for s in range(lanes.shape[1]):
        weight = lanes[L_BASE, s] * entry.years_ahead
        flow[INTEREST, s] = lanes[L_DUE, s] + weight * lanes[L_RATE, s]
        flow[INTEREST_BASE, s] = lanes[L_DUE_BASE, s] + weight
        lanes[L_DUE, s] -= flow[INTEREST, s]
        lanes[L_DUE_BASE, s] -= flow[INTEREST_BASE, s]


@kernel
def _capitalise(flow: FloatArray, lanes: FloatArray) -> None:
    for s in range(lanes.shape[1]):
        flow[CAPITALISED, s] = lanes[L_DUE, s]
        lanes[L_BALANCE, s] += lanes[L_DUE, s]
        lanes[L_DUE, s] = lanes[L_DUE_BASE, s] = 0.0


@kernel
def _reset(term: Any, entry: Any, market: MarketTables, path: int, lanes: FloatArray) -> None:
    if entry.action == _SET_RATE:
        for s in range(lanes.shape[1]):
            lanes[L_RATE, s] = entry.rate
        return
    if entry.is_observed:
        for s in range(lanes.shape[1]):
            lanes[L_INDEX, s] = entry.rate
    else:
        day, end = int(entry.index_day), int(entry.index_end)
        if end <= day:
            end = int(market.tenor_end[term.index_tenor, day])
        index_rates(market, term, path, day, end, lanes)
    reset_floating(term, entry.base, lanes)


@kernel
def _fix_payment(
    term: Any, entry: Any, payment_days: CountArray, dates: DateTables, lanes: FloatArray
) -> None:
    """Fix the instalment that repays the balance on these days (ACTUS guide, section 7).

    ``(n + a) A / (1 + A + A' + ...)``: the interest due at the first payment counts in full, each
    ``A`` is what one unit paid on that day grows to by the last one.
    """
    for s in range(lanes.shape[1]):
        rate, growth, total = lanes[L_RATE, s], 1.0, 1.0
        for k in range(len(payment_days) - 1, 0, -1):
            growth *= 1.0 + rate * _years(term, dates, payment_days[k - 1], payment_days[k])
            total += growth
        years = _years(term, dates, entry.accrual_day, payment_days[0])
        owed = lanes[L_BALANCE, s] * (1.0 + years * rate) + lanes[L_DUE, s]
        payment = owed * growth / total
        lanes[L_PAYMENT, s] = _rounded(payment, entry.unit) if entry.unit > 0.0 else payment
