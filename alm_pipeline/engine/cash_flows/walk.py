"""The walk through an agenda: one row per action, eight scenarios at once.

The same projection as that of the grids: it writes the same ``Rows``, which the same lenses read.
Payoffs and states follow the ACTUS guide, section 5, unsigned as in ``projection``. What options
on the rate are worth (``option_rates``) goes the way of the interest: it is paid where interest is
paid or capitalised. The field ``base`` is read by its name in brackets: in plain Python
``entry.base`` is numpy's own attribute.
"""

from __future__ import annotations

import math
from typing import Any

from alm_pipeline.engine.arrays import CountArray, FloatArray
from alm_pipeline.engine.cash_flows.agenda import Action, Repayment
from alm_pipeline.engine.cash_flows.amortisation import repay_all
from alm_pipeline.engine.cash_flows.customers import leave, prepaid_share, withdraw
from alm_pipeline.engine.cash_flows.option_rates import pay_option, set_option_rate
from alm_pipeline.engine.cash_flows.records import (
    ACCRUED,
    ACCRUED_BASE,
    BALANCE,
    CAPITALISED,
    FEE,
    INTEREST,
    INTEREST_BASE,
    L_BALANCE,
    L_BASE,
    L_DUE,
    L_DUE_BASE,
    L_OPTION_DUE,
    L_OPTION_RATE,
    L_PAYMENT,
    L_PAYMENTS_LEFT,
    L_RATE,
    L_SURVIVAL,
    N_ITEMS,
    OPTION,
    RATE,
    SCHEDULED,
    BehaviourTables,
    MarketTables,
    Rows,
    start_row,
)
from alm_pipeline.engine.cash_flows.resets import floating_rate, index_rate
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.day_count import year_fraction
from alm_pipeline.engine.kernel import ZERO, entry_kernel, kernel
from alm_pipeline.engine.lanes import (
    WIDTH,
    add_to,
    lane,
    lesser,
    load,
    nearest,
    put,
    same,
    store,
    with_lane,
)

_OPEN, _START, _REPAY, _DRAW = (
    int(Action.OPEN),
    int(Action.START),
    int(Action.REPAY),
    int(Action.DRAW),
)
_PAY_INTEREST, _CAPITALISE = int(Action.PAY_INTEREST), int(Action.CAPITALISE)
_SET_RATE, _RESET, _SET_PAYMENT = int(Action.SET_RATE), int(Action.RESET), int(Action.SET_PAYMENT)
_FEE = int(Action.FEE)
_REDEEM, _RESET_IN_ARREARS = int(Action.REDEEM), int(Action.RESET_IN_ARREARS)
_PAY_IN_ADVANCE = int(Action.PAY_IN_ADVANCE)
_FIX_BASE, _TERMINATE, _MATURE = int(Action.FIX_BASE), int(Action.TERMINATE), int(Action.MATURE)
_SETTLE, _SETTLE_INTEREST = int(Action.SETTLE), int(Action.SETTLE_INTEREST)
_AMOUNT, _LESS_INTEREST = int(Repayment.AMOUNT), int(Repayment.PAYMENT_LESS_INTEREST)

_NEARLY_REPAID = 1e-6
"""Of an instalment: what is left below it needs no further one."""


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
    states: FloatArray,
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
    rows, states : buffers
        Overwritten; at least n rows.
    """
    states[:] = 0.0
    previous, flows = int(agenda[0].accrual_day), rows.flows
    for row in range(len(agenda)):
        entry = agenda[row]
        years = entry.years
        if math.isnan(years):
            years = _years(term, dates, previous, entry.accrual_day)
        _accrue(rows, row, previous, entry.day, years, states)
        days = payment_days[entry.first_payment : entry.last_payment]
        if term.is_term_shortened and len(days) > 0:
            _note_payments_left(term, entry, days, dates, states)
        _act(term, entry, market, path, rows, row, states)
        if len(days) > 0:
            _fix_payment(term, entry, days, dates, states)
        if entry.action == _REDEEM and term.has_redemption:
            withdraw(term, behaviour, rows, row, states)
        may_prepay = term.has_prepayment and entry.day > term.lockout_offset
        if entry.prepayment_years > 0.0 and may_prepay:
            share = prepaid_share(behaviour, term.prepayment_row, entry.prepayment_years, entry.day)
            leave(term, share, rows, row, states)
        previous = max(previous, int(entry.accrual_day))
        store(flows, BALANCE, row, load(states, L_BALANCE))
        if not entry.is_base_kept:
            store(states, L_BASE, load(states, L_BALANCE))
    return ZERO + len(agenda)


@kernel
def _years(term: Any, dates: DateTables, start: int, end: int) -> float:
    if end <= start:
        return 0.0
    return year_fraction(dates, term.day_count, start, end, term.maturity)


@kernel
def _accrue(rows: Rows, row: int, start: int, day: int, years: float, states: FloatArray) -> None:
    start_row(rows, row, start, day)
    store(rows.drawn, row, 0.0)
    for item in range(N_ITEMS):
        store(rows.flows, item, row, 0.0)
    rate = load(states, L_RATE)
    weight = load(states, L_BASE) * years
    store(rows.flows, ACCRUED, row, weight * rate)
    store(rows.flows, ACCRUED_BASE, row, weight)
    store(rows.flows, RATE, row, rate)
    add_to(states, L_DUE_BASE, weight)
    add_to(states, L_DUE, weight * rate)
    add_to(states, L_OPTION_DUE, weight * load(states, L_OPTION_RATE))


@kernel
def _act(
    term: Any,
    entry: Any,
    market: MarketTables,
    path: int,
    rows: Rows,
    row: int,
    states: FloatArray,
) -> None:
    action, flows = entry.action, rows.flows
    if action in (_OPEN, _START):
        _set_states(entry, term.payment_amount, states)
        store(rows.drawn, row, entry.amount if action == _START else 0.0)
    elif action == _FEE:
        store(flows, FEE, row, float(term.sign) * entry.amount)
    elif action == _REPAY:
        _repay(entry, flows, row, states)
    elif action == _DRAW:
        store(rows.drawn, row, entry.amount)
        add_to(states, L_BALANCE, entry.amount)
        add_to(states, L_BASE, entry["base"])
    elif action in (_SET_RATE, _RESET, _RESET_IN_ARREARS):
        rows.is_reset[row] = (action == _SET_RATE) == entry.is_observed
        _reset(term, entry, market, path, states)
        if action == _RESET_IN_ARREARS:
            _accrue_again(flows, row, states)
    elif action == _PAY_IN_ADVANCE:
        _pay_in_advance(entry, flows, row, states)
    elif action == _CAPITALISE:
        _round_due(entry.unit, states)
        _capitalise(rows, row, states)
    elif action in (_FIX_BASE, _SET_PAYMENT):
        _set_agreed(entry, states)
    elif action in (_PAY_INTEREST, _SETTLE_INTEREST, _MATURE, _TERMINATE):
        _round_due(entry.unit, states)
        _pay_interest(flows, row, states)
    if action in (_SETTLE, _MATURE, _TERMINATE):
        repay_all(states, flows, row)
        store(states, L_BASE, 0.0)


@kernel
def _set_agreed(entry: Any, states: FloatArray) -> None:
    """Set the interest base anew, or the instalment as agreed."""
    if entry.action == _SET_PAYMENT:
        store(states, L_PAYMENT, entry.amount * load(states, L_SURVIVAL))
    else:
        store(states, L_BASE, load(states, L_BALANCE))


@kernel
def _set_states(entry: Any, payment: float, states: FloatArray) -> None:
    store(states, L_BALANCE, entry.amount)
    store(states, L_RATE, entry.rate)
    store(states, L_BASE, entry["base"])
    store(states, L_DUE, entry.due)
    store(states, L_DUE_BASE, entry.due / entry.rate if entry.rate != 0.0 else 0.0)
    store(states, L_PAYMENT, payment)
    store(states, L_SURVIVAL, 1.0)


@kernel
def _rounded(amount: Any, unit: float) -> Any:
    """Return an amount in whole units, half to even; what binary fractions miss is no half."""
    return nearest(nearest(amount / unit * 1e6) / 1e6) * unit


@kernel
def _round_due(unit: float, states: FloatArray) -> None:
    if unit > 0.0:
        store(states, L_DUE, _rounded(load(states, L_DUE), unit))


@kernel
def _repay(entry: Any, flows: FloatArray, row: int, states: FloatArray) -> None:
    amount, balance = load(states, L_PAYMENT), load(states, L_BALANCE)
    if entry.repayment == _AMOUNT:
        amount = entry.amount * load(states, L_SURVIVAL)
    elif entry.repayment == _LESS_INTEREST:
        _round_due(entry.unit, states)
        amount = amount - load(states, L_DUE)
    amount = lesser(amount, balance)
    store(flows, SCHEDULED, row, amount)
    store(states, L_BALANCE, balance - amount)


@kernel
def _pay_interest(flows: FloatArray, row: int, states: FloatArray) -> None:
    store(flows, INTEREST, row, load(states, L_DUE))
    store(flows, INTEREST_BASE, row, load(states, L_DUE_BASE))
    pay_option(flows, row, states)
    store(states, L_DUE, 0.0)
    store(states, L_DUE_BASE, 0.0)


@kernel
def _accrue_again(flows: FloatArray, row: int, states: FloatArray) -> None:
    """Let the period that ends earn the rate that was fixed at its end."""
    due = load(states, L_DUE_BASE) * load(states, L_RATE)
    add_to(flows, ACCRUED, row, due - load(states, L_DUE))
    store(flows, RATE, row, load(states, L_RATE))
    store(states, L_OPTION_DUE, load(states, L_DUE_BASE) * load(states, L_OPTION_RATE))
    store(states, L_DUE, due)


@kernel
def _pay_in_advance(entry: Any, flows: FloatArray, row: int, states: FloatArray) -> None:
    """Pay the coming period's interest; it is earned day by day and then nothing is due."""
    weight = load(states, L_BASE) * entry.years_ahead
    interest = load(states, L_DUE) + weight * load(states, L_RATE)
    base = load(states, L_DUE_BASE) + weight
    gain = load(states, L_OPTION_DUE) + weight * load(states, L_OPTION_RATE)
    store(flows, OPTION, row, gain)
    store(states, L_OPTION_DUE, load(states, L_OPTION_DUE) - gain)
    store(flows, INTEREST, row, interest)
    store(flows, INTEREST_BASE, row, base)
    store(states, L_DUE, load(states, L_DUE) - interest)
    store(states, L_DUE_BASE, load(states, L_DUE_BASE) - base)


@kernel
def _capitalise(rows: Rows, row: int, states: FloatArray) -> None:
    put(rows.is_capitalised, row, True)
    store(rows.flows, CAPITALISED, row, load(states, L_DUE))
    pay_option(rows.flows, row, states)
    add_to(states, L_BALANCE, load(states, L_DUE))
    store(states, L_DUE, 0.0)
    store(states, L_DUE_BASE, 0.0)


@kernel
def _reset(term: Any, entry: Any, market: MarketTables, path: int, states: FloatArray) -> None:
    store(states, L_OPTION_RATE, 0.0)
    if entry.action == _SET_RATE:
        store(states, L_RATE, entry.rate)
        return
    index = same(entry.rate)
    if not entry.is_observed:
        day, end = int(entry.index_day), int(entry.index_end)
        if end <= day:
            end = int(market.tenor_end[term.index_tenor, day])
        index = index_rate(market, term.index_curve, term.index_tenor, path, day, end)
        if term.has_option:
            set_option_rate(term, market, path, day, index, entry["base"], states)
    store(states, L_RATE, floating_rate(term, load(states, L_RATE), index, entry["base"]))


@kernel
def _note_payments_left(
    term: Any, entry: Any, payment_days: CountArray, dates: DateTables, states: FloatArray
) -> None:
    """Note how many of the present instalments the balance still needs at the rate in force."""
    balance, rate = load(states, L_BALANCE), load(states, L_RATE)
    payment, due, n_left = load(states, L_PAYMENT), load(states, L_DUE), same(0.0)
    for s in range(WIDTH):
        owed, day, n = lane(balance, s), entry.accrual_day, 0
        due_now, paid = lane(due, s), lane(payment, s)
        while n < len(payment_days) and owed > _NEARLY_REPAID * paid:
            years = _years(term, dates, day, payment_days[n])
            owed += due_now + owed * lane(rate, s) * years - paid
            due_now, day, n = 0.0, payment_days[n], n + 1
        n_left = with_lane(n_left, s, float(max(n, 1)) if paid > 0.0 else 0.0)
    store(states, L_PAYMENTS_LEFT, n_left)


@kernel
def _fix_payment(
    term: Any, entry: Any, payment_days: CountArray, dates: DateTables, states: FloatArray
) -> None:
    """Fix the instalment that repays the balance on these days (ACTUS guide, section 7).

    ``(n + a) A / (1 + A + A' + ...)``: the interest due at the first payment counts in full, each
    ``A`` is what one unit paid on that day grows to by the last one.
    """
    rate, growth, total = load(states, L_RATE), same(1.0), same(1.0)
    n_left = load(states, L_PAYMENTS_LEFT)
    for k in range(len(payment_days) - 1, 0, -1):
        years = _years(term, dates, payment_days[k - 1], payment_days[k])
        growth = growth * (1.0 + rate * years)
        total = total + growth
        if term.is_term_shortened:  # what lies behind the last instalment still needed: nothing
            for s in range(WIDTH):
                if 0.0 < lane(n_left, s) <= float(k):
                    growth, total = with_lane(growth, s, 1.0), with_lane(total, s, 1.0)
    years = _years(term, dates, entry.accrual_day, payment_days[0])
    owed = load(states, L_BALANCE) * (1.0 + years * rate) + load(states, L_DUE)
    payment = owed * growth / total
    store(states, L_PAYMENT, _rounded(payment, entry.unit) if entry.unit > 0.0 else payment)
