"""A run of level payments, the commonest rows of a bank, with the states in registers.

The same rows as ``projection`` makes one by one: interest on the balance, the rest of the
instalment repays, customers prepay their usual share. A run ends where anything else happens: the
last payment, a reset, an instalment that does not cover the interest. A contract whose options are
valued has no such run, so that nobody else's rows ask for options. Event rows are always made one
by one, so every comparison of events with aggregates compares the two.
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.engine.cash_flows.customers import penalty, period_share
from alm_pipeline.engine.cash_flows.records import (
    ACCRUED,
    ACCRUED_BASE,
    FEE,
    INTEREST,
    INTEREST_BASE,
    L_BALANCE,
    L_DUE,
    L_DUE_BASE,
    L_PAYMENT,
    L_RATE,
    L_SURVIVAL,
    PREPAID,
    SCHEDULED,
    Rows,
    Tables,
    start_row,
)
from alm_pipeline.engine.cash_flows.terms import REPAY_ANNUITY
from alm_pipeline.engine.conventions.day_count import year_fraction
from alm_pipeline.engine.conventions.schedule import payment_day
from alm_pipeline.engine.kernel import inner_kernel
from alm_pipeline.engine.lanes import at, is_any_above, lesser, load, same, store


@inner_kernel
def is_level(term: Any, rows: Rows, k: int, day: int) -> bool:
    """Say whether payment ``k`` may begin a run of level payments."""
    is_plain = term.interest_ratio == 1 and term.principal_ratio == 1 and not rows.is_detailed
    is_plain = is_plain and not (term.has_prepayment and day <= term.lockout_offset)
    is_regular = (k > 0 or term.is_first_period_regular) and 0 < term.step_months <= 12
    is_annuity = term.repayment == REPAY_ANNUITY and day > term.interest_only_end
    return bool(is_annuity and is_plain and is_regular and not term.has_option)


@inner_kernel
def pay_level(
    term: Any,
    tables: Tables,
    k: int,
    until: int,
    previous: int,
    rows: Rows,
    row: int,
    states: FloatArray,
) -> Any:
    """Fill rows from payment ``k`` on, before day ``until`` and before the last payment.

    Returns
    -------
    tuple of (int, int, int)
        The next payment, the next row and the day of the last row filled.
    """
    balance, rate, payment = load(states, L_BALANCE), load(states, L_RATE), load(states, L_PAYMENT)
    due, due_base, survival = (
        load(states, L_DUE),
        load(states, L_DUE_BASE),
        load(states, L_SURVIVAL),
    )
    while k < term.n_payments - 1:
        day = payment_day(tables.dates, term, k)
        weight = balance * year_fraction(tables.dates, term.day_count, previous, day, term.maturity)
        accrued = weight * rate
        interest = due + accrued
        principal = payment - interest
        if day >= until or is_any_above(0.0, principal):
            break
        repaid = lesser(principal, balance)
        balance = balance - repaid
        start_row(rows, row, previous, day)
        _store_paid(term, rows, row, accrued, interest, repaid, weight, due_base + weight)
        if term.has_prepayment:
            share = period_share(tables.behaviour, term.prepayment_row, term.step_months, day)
            balance = balance - _leave(term, rows, row, share, balance, rate, survival)
            if not term.is_term_shortened:
                payment, survival = payment * (1.0 - share), survival * (1.0 - share)
        due, due_base = same(0.0), same(0.0)
        k, row, previous = k + 1, row + 1, day
    _store_states(states, balance, payment, survival, due, due_base)
    return k, row, previous


@inner_kernel
def _leave(
    term: Any, rows: Rows, row: int, share: Any, balance: Any, rate: Any, survival: Any
) -> Any:
    """Note what a share prepays and what it pays for that; return what it prepays."""
    leaving = share * balance
    store(rows.flows, PREPAID, row, leaving)
    if term.has_fee:
        store(rows.flows, FEE, row, penalty(term, share, leaving, rate, survival))
    return leaving


@inner_kernel
def _store_states(
    states: FloatArray, balance: Any, payment: Any, survival: Any, due: Any, due_base: Any
) -> None:
    store(states, L_BALANCE, balance)
    store(states, L_PAYMENT, payment)
    store(states, L_SURVIVAL, survival)
    store(states, L_DUE, due)
    store(states, L_DUE_BASE, due_base)


@inner_kernel
def _store_paid(
    term: Any,
    rows: Rows,
    row: int,
    accrued: Any,
    interest: Any,
    repaid: Any,
    weight: Any,
    due_base: Any,
) -> None:
    if term.may_leave_early:
        store(rows.flows, PREPAID, row, 0.0)
    if term.has_fee:
        store(rows.flows, FEE, row, 0.0)
    if term.may_draw:
        store(rows.drawn, row, 0.0)
    if at(rows.start, row) < rows.accrued_until:
        store(rows.flows, ACCRUED, row, accrued)
    store(rows.flows, INTEREST, row, interest)
    store(rows.flows, SCHEDULED, row, repaid)
    if term.margin_rate != 0.0:
        store(rows.flows, ACCRUED_BASE, row, weight)
        store(rows.flows, INTEREST_BASE, row, due_base)
