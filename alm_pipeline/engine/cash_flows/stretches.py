"""Payments of a stretch of time, summed: what nobody reads one by one.

A stretch ends with a time bucket, an income window or a rate. Most of its payments are level,
``balance x (1 + rate x years) - instalment``, and are worth the instalment times a sum of discount
factors. Whatever is no plain annuity is paid singly, and so is a scenario in which an instalment
does not cover the interest, or repays more than is owed: the others keep their level payments, so
that scenarios never mix and one of them gives the same bits alone and among others.

Balance, rate and instalment are lanes, or plain numbers where they are the same in every scenario;
worth is lanes always. The formulas are those of ``projection``, and tests compare the two.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from alm_pipeline.engine.arrays import FloatArray, IntArray
from alm_pipeline.engine.cash_flows.amortisation import annuity_part, linear_part
from alm_pipeline.engine.cash_flows.customers import period_share
from alm_pipeline.engine.cash_flows.records import BehaviourTables, Tables, Tails
from alm_pipeline.engine.cash_flows.terms import REPAY_ANNUITY, REPAY_LINEAR
from alm_pipeline.engine.conventions.day_count import year_fraction
from alm_pipeline.engine.kernel import inner_kernel
from alm_pipeline.engine.lanes import (
    at,
    greater,
    is_any_above,
    lesser,
    load,
    picked,
    prefetch,
    same,
)


class Line(NamedTuple):
    """A contract's line of the month tables: what a payment looks up by its month.

    ``days``, ``years``, ``buckets`` (n_months,): day, year fraction of the period that ends there,
    time bucket. ``last_months``: last month up to the end of each bucket and of each window.
    ``factor_sums`` (n_months + 1, WIDTH), ``discount`` (n_days, WIDTH): of the discount curve.
    ``longest_years``: the longest of the periods. ``last_level``: the last month in which a level
    payment can be, -1 for none.
    """

    days: IntArray
    years: FloatArray
    buckets: IntArray
    last_months: IntArray
    factor_sums: FloatArray
    discount: FloatArray
    longest_years: float
    last_level: int


class Stretch(NamedTuple):
    """Payments of one bucket up to month ``end``; shares of their interest in the two windows.

    ``is_replaced``: their principal is replaced within the windows.
    """

    bucket: int
    end: int
    first_share: float
    whole_share: float
    is_replaced: bool


class State(NamedTuple):
    """A contract between two payments: the next one, its month, the day before, what is owed."""

    k: int
    month: int
    day: int
    balance: Any
    payment: Any
    survival: Any


class Paid(NamedTuple):
    """What the payments of a stretch come to, unsigned, and the state after them.

    ``accrued``: interest earned; what of it is not capitalised is paid. ``first`` and ``whole``:
    what replaced principal earns up to the end of each window. Principal that leaves is the
    difference of the states.
    """

    state: State
    accrued: Any
    prepaid: Any
    capitalised: Any
    worth: Any
    first: Any
    whole: Any


@inner_kernel
def line_of(term: Any, tables: Tables) -> Line:
    """Return a contract's line of the month tables."""
    tails, roll, adjustment = tables.tails, term.payment_roll - 1, term.date_adjustment
    days = tails.grids.days[adjustment, roll]
    return Line(
        days,
        tails.grids.years[term.rhythm, roll],
        tails.buckets[adjustment, roll],
        tails.last_months[adjustment, roll],
        tails.factor_sums[term.discount_curve, roll],
        tables.market.discount[term.discount_curve],
        at(tails.grids.longest_years, term.rhythm),
        _last_level(term, tails, days),
    )


@inner_kernel
def _last_level(term: Any, tails: Tails, days: IntArray) -> int:
    """Return the month of the last level payment, -1 if there is none.

    Customers who prepay change the instalment every time. Level payments end before the maturity,
    and before what moves to it or beyond.
    """
    is_level = term.repayment == REPAY_ANNUITY and not (term.is_notional or term.has_prepayment)
    if not is_level or stripped_margin(term, tails) != 0.0:
        return -1
    month = term.payment_month + (term.n_payments - 2) * term.step_months - tails.grids.first_month
    while month >= 0 and at(days, month) >= term.maturity:
        month -= term.step_months
    return int(month)


@inner_kernel
def pay_uniform(
    term: Any, tables: Tables, line: Line, stretch: Stretch, state: State, rate: Any
) -> Paid:
    """Pay a stretch in plain numbers."""
    paid, excess = _pay_level(term, tables, line, stretch, state, rate)
    if paid.state.k == state.k or excess > 0.0:
        return _pay_singly(term, tables, None, term.n_payments - 1, line, stretch, state, rate)
    return paid


@inner_kernel
def pay_in_lanes(
    term: Any, tables: Tables, line: Line, stretch: Stretch, state: State, rate: Any
) -> Paid:
    """Pay a stretch in lanes."""
    paid, excess = _pay_level(term, tables, line, stretch, state, rate)
    is_level, last = paid.state.k > state.k, term.n_payments - 1
    if is_level:
        if not is_any_above(excess, 0.0):
            return paid
        last = paid.state.k - 1
    single = _pay_singly(term, tables, tables.behaviour, last, line, stretch, state, rate)
    return _mixed(excess, single, paid) if is_level else single


@inner_kernel
def in_lanes(paid: Paid) -> Paid:
    """Return plain numbers as lanes."""
    state = paid.state
    return Paid(
        State(
            state.k,
            state.month,
            state.day,
            same(state.balance),
            same(state.payment),
            same(state.survival),
        ),
        same(paid.accrued),
        same(paid.prepaid),
        same(paid.capitalised),
        paid.worth,
        paid.first,
        paid.whole,
    )


@inner_kernel
def _mixed(excess: Any, single: Paid, level: Paid) -> Paid:
    """Return each lane as it is paid: singly where ``excess`` is above zero."""
    state = level.state
    balance = picked(excess, single.state.balance, state.balance)
    return Paid(
        State(state.k, state.month, state.day, balance, state.payment, state.survival),
        picked(excess, single.accrued, level.accrued),
        level.prepaid,
        picked(excess, single.capitalised, level.capitalised),
        picked(excess, single.worth, level.worth),
        picked(excess, single.first, level.first),
        picked(excess, single.whole, level.whole),
    )


@inner_kernel
def _pay_level(
    term: Any, tables: Tables, line: Line, stretch: Stretch, state: State, rate: Any
) -> tuple[Paid, Any]:
    """Return what level payments come to, none where they cannot be, and by how much one fails.

    ``excess`` is above zero where an instalment repays too much, or might not cover the interest
    of a long period; as long as it does, the balance only falls.
    """
    k, month, balance, payment = state.k, state.month, state.balance, state.payment
    nothing, first, whole = balance * 0.0, same(0.0), same(0.0)
    accrued, last = nothing, min(stretch.end, line.last_level)
    prefetch(line.factor_sums, last + 1)
    excess = balance * (rate * line.longest_years) - payment
    while month <= last:
        growth = rate * at(line.years, month)
        accrued = accrued + balance * growth
        left = balance * (1.0 + growth) - payment
        if stretch.is_replaced:
            units = _replaced(term, tables, at(line.days, month))
            first, whole = first + (balance - left) * units[0], whole + (balance - left) * units[1]
        balance, month, k = left, month + term.step_months, k + 1
    day, factors = state.day, same(0.0)
    if month > state.month:
        day = at(line.days, month - term.step_months)
        factors = _factors(term, line, state.month, month)
    after = State(k, month, day, balance, payment, state.survival)
    paid = Paid(after, accrued, nothing, nothing, payment * factors, first, whole)
    return paid, greater(excess, 0.0 - balance)


@inner_kernel
def _factors(term: Any, line: Line, begin: int, end: int) -> Any:
    """Return the sum of the discount factors on the payment days of months, before ``end``."""
    if term.step_months == 1 and term.date_adjustment == 0:
        return load(line.factor_sums, end) - load(line.factor_sums, begin)
    factors, month = same(0.0), begin
    while month < end:
        factors = factors + load(line.discount, at(line.days, month))
        month += term.step_months
    return factors


@inner_kernel
def stripped_margin(term: Any, tails: Tails) -> float:
    """Return the margin that is not part of the value."""
    return 0.0 if tails.is_margin_included else float(term.margin_rate)


@inner_kernel
def tail_payment_day(term: Any, line: Line, k: int, month: int) -> int:
    """Return the day of payment ``k``, the second or a later one; the last is the maturity."""
    if k >= term.n_payments - 1:
        return int(term.maturity)
    return int(min(at(line.days, month), term.maturity))


@inner_kernel
def _pay_singly(
    term: Any,
    tables: Tables,
    behaviour: BehaviourTables | None,
    last: int,
    line: Line,
    stretch: Stretch,
    state: State,
    rate: Any,
) -> Paid:
    """Pay a stretch one by one, up to payment ``last``.

    ``behaviour``: what customers do, who prepay in lanes only.
    """
    k, month, previous, balance, payment, survival = state
    margin, held = stripped_margin(term, tables.tails), 0.0 if term.is_notional else 1.0
    nothing = balance * 0.0
    accrued, prepaid, capitalised = nothing, nothing, nothing
    worth, first, whole = same(0.0), same(0.0), same(0.0)
    while k <= last and month <= stretch.end:
        day = tail_payment_day(term, line, k, month)
        if k < last:  # after it there may be no month any more
            prefetch(line.discount, at(line.days, month + term.step_months))
        weight = balance * year_fraction(tables.dates, term.day_count, previous, day, term.maturity)
        earned = weight * rate
        due, added = _due(term, k, balance, earned, payment, survival)
        balance, leaving = balance - due + added, nothing
        if behaviour is not None and term.has_prepayment and k < term.n_payments - 1:
            share = period_share(behaviour, term.prepayment_row, term.step_months, day)
            leaving = share * balance
            balance = balance - leaving
            payment, survival = payment * (1.0 - share), survival * (1.0 - share)
        amount = held * (due + leaving) + (earned - added) - weight * margin
        worth = worth + amount * load(line.discount, day)
        if stretch.is_replaced:
            units = _replaced(term, tables, day)
            first, whole = first + (due + leaving) * units[0], whole + (due + leaving) * units[1]
        accrued, prepaid = accrued + earned, prepaid + leaving
        capitalised = capitalised + added
        k, month, previous = k + 1, month + term.step_months, day
    after = State(k, month, previous, balance, payment, survival)
    return Paid(after, accrued, prepaid, capitalised, worth, first, whole)


@inner_kernel
def _due(term: Any, k: int, balance: Any, earned: Any, payment: Any, survival: Any) -> Any:
    """Return the principal that payment ``k`` repays, and the interest that it capitalises."""
    nothing = balance * 0.0
    if k == term.n_payments - 1:
        return balance * (0.0 if term.is_open else 1.0), nothing
    if term.repayment == REPAY_ANNUITY:
        return annuity_part(payment - earned, balance), greater(earned - payment, 0.0)
    if term.repayment == REPAY_LINEAR:
        return _linear(term, k, balance, payment, survival), nothing
    return nothing, nothing


@inner_kernel
def _linear(term: Any, k: int, balance: Any, payment: Any, survival: Any) -> Any:
    """Return an equal share of what is to be repaid, or the instalment that was agreed."""
    if term.payment_amount > 0.0:
        return lesser(payment, balance)
    n_payments = term.n_payments - k + term.extra_payments
    return linear_part(balance - term.balloon_amount * survival, n_payments)


@inner_kernel
def _replaced(term: Any, tables: Tables, day: int) -> Any:
    """Return what a unit replaced on a day earns up to the end of each window."""
    tails, row = tables.tails, term.replacement_row
    margin = term.replacement_margin / tables.market.index_year_days[term.index_curve]
    n_first = max(at(tails.window_edges, 1) - day, 0)
    n_whole = max(at(tails.window_edges, 2) - day, 0)
    first = load(tails.units, row, day, 0) + margin * n_first
    return first, load(tails.units, row, day, 1) + margin * n_whole
