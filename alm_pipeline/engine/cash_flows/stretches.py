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

from alm_pipeline.engine.cash_flows.amortisation import annuity_part, linear_part
from alm_pipeline.engine.cash_flows.customers import period_share
from alm_pipeline.engine.cash_flows.records import BehaviourTables, Tables, Tails
from alm_pipeline.engine.cash_flows.terms import REPAY_ANNUITY, REPAY_LINEAR
from alm_pipeline.engine.conventions.calendar import month_of
from alm_pipeline.engine.conventions.day_count import year_fraction
from alm_pipeline.engine.kernel import inner_kernel
from alm_pipeline.engine.lanes import at, greater, is_any_above, lesser, load, picked, same


class Stretch(NamedTuple):
    """Payments of one bucket up to day ``end``; shares of their interest in the two windows.

    ``is_replaced``: their principal is replaced within the windows.
    """

    bucket: int
    end: int
    first_share: float
    whole_share: float
    is_replaced: bool


class State(NamedTuple):
    """A contract between two payments: the next one, the day of the last one, what is owed."""

    k: int
    day: int
    balance: Any
    payment: Any
    survival: Any


class Paid(NamedTuple):
    """What the payments of a stretch come to, unsigned, and the state after them.

    ``interest`` is paid, ``accrued`` earned; ``first`` and ``whole``: what replaced principal earns
    up to the end of each window.
    """

    state: State
    accrued: Any
    interest: Any
    repaid: Any
    prepaid: Any
    capitalised: Any
    worth: Any
    first: Any
    whole: Any


@inner_kernel
def pay_uniform(term: Any, tables: Tables, stretch: Stretch, state: State, rate: Any) -> Paid:
    """Pay a stretch in plain numbers."""
    paid, excess = _pay_level(term, tables, stretch, state, rate)
    if paid.state.k == state.k or excess > 0.0:
        return _pay_singly(term, tables, None, term.n_payments - 1, stretch, state, rate)
    return paid


@inner_kernel
def pay_in_lanes(term: Any, tables: Tables, stretch: Stretch, state: State, rate: Any) -> Paid:
    """Pay a stretch in lanes."""
    if term.has_prepayment:
        last, acts = term.n_payments - 1, tables.behaviour
        return _pay_singly(term, tables, acts, last, stretch, state, rate)
    paid, excess = _pay_level(term, tables, stretch, state, rate)
    if paid.state.k == state.k:
        return _pay_singly(term, tables, None, term.n_payments - 1, stretch, state, rate)
    if is_any_above(excess, 0.0):
        last = paid.state.k - 1
        return _mixed(excess, _pay_singly(term, tables, None, last, stretch, state, rate), paid)
    return paid


@inner_kernel
def in_lanes(paid: Paid) -> Paid:
    """Return plain numbers as lanes."""
    state = paid.state
    return Paid(
        State(state.k, state.day, same(state.balance), same(state.payment), same(state.survival)),
        same(paid.accrued),
        same(paid.interest),
        same(paid.repaid),
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
        State(state.k, state.day, balance, state.payment, state.survival),
        picked(excess, single.accrued, level.accrued),
        picked(excess, single.interest, level.interest),
        picked(excess, single.repaid, level.repaid),
        level.prepaid,
        picked(excess, single.capitalised, level.capitalised),
        picked(excess, single.worth, level.worth),
        picked(excess, single.first, level.first),
        picked(excess, single.whole, level.whole),
    )


@inner_kernel
def _pay_level(
    term: Any, tables: Tables, stretch: Stretch, state: State, rate: Any
) -> tuple[Paid, Any]:
    """Return what level payments come to, none where they cannot be, and by how much one fails.

    ``excess`` is above zero where an instalment did not cover the interest or repaid too much.
    """
    grids, roll, step = tables.tails.grids, term.payment_roll - 1, term.step_months
    days, years, rhythm = grids.days, grids.years, term.rhythm
    k, balance, payment = state.k, state.balance, state.payment
    nothing, first, whole = balance * 0.0, same(0.0), same(0.0)
    accrued, excess, begin = nothing, nothing, term.payment_month + k * step - grids.first_month
    month, last = begin, _last_level(term, tables, stretch, begin)
    while month <= last:
        growth = rate * at(years, rhythm, roll, month)
        accrued = accrued + balance * growth
        left = balance * (1.0 + growth) - payment
        excess = greater(excess, left - balance)
        if stretch.is_replaced:
            units = _replaced(term, tables, at(days, term.date_adjustment, roll, month))
            first, whole = first + (balance - left) * units[0], whole + (balance - left) * units[1]
        balance, month, k = left, month + step, k + 1
    day, factors = state.day, same(0.0)
    if month > begin:
        day = at(days, term.date_adjustment, roll, month - step)
        factors = _factors(term, tables, begin, month)
    paid = Paid(
        State(k, day, balance, payment, state.survival),
        accrued,
        accrued,
        state.balance - balance,
        nothing,
        nothing,
        payment * factors,
        first,
        whole,
    )
    return paid, greater(excess, 0.0 - balance)


@inner_kernel
def _last_level(term: Any, tables: Tables, stretch: Stretch, begin: int) -> int:
    """Return the month of the last level payment of a stretch, before ``begin`` if there is none.

    Level payments end before the maturity, and before what moves to it.
    """
    is_annuity = term.repayment == REPAY_ANNUITY and not term.is_notional
    if not is_annuity or _stripped(term, tables.tails) != 0.0:
        return begin - 1
    first = tables.tails.grids.first_month
    before_last = term.payment_month + (term.n_payments - 2) * term.step_months - first
    return int(min(_month_up_to(term, tables, min(stretch.end, term.maturity - 1)), before_last))


@inner_kernel
def _month_up_to(term: Any, tables: Tables, day: int) -> int:
    """Return the last month whose payment day is at most ``day``: a moved one may leave its month.

    Added up rather than searched: a branch that goes either way costs more than three reads.
    """
    grids, roll, adjustment = tables.tails.grids, term.payment_roll - 1, term.date_adjustment
    month, days = month_of(tables.dates, day) - grids.first_month, grids.days
    is_later = int(at(days, adjustment, roll, month + 1) <= day)
    is_earlier = int(at(days, adjustment, roll, month) > day)
    return month + is_later - is_earlier - int(at(days, adjustment, roll, max(month - 1, 0)) > day)


@inner_kernel
def _factors(term: Any, tables: Tables, begin: int, end: int) -> Any:
    """Return the sum of the discount factors on the payment days of months, before ``end``."""
    grids, curve, roll = tables.tails.grids, term.discount_curve, term.payment_roll - 1
    if term.step_months == 1 and term.date_adjustment == 0:
        sums = tables.tails.factor_sums
        return load(sums, curve, roll, end) - load(sums, curve, roll, begin)
    factors, discount, month = same(0.0), tables.market.discount, begin
    while month < end:
        day = at(grids.days, term.date_adjustment, roll, month)
        factors = factors + load(discount, curve, day)
        month += term.step_months
    return factors


@inner_kernel
def _stripped(term: Any, tails: Tails) -> float:
    """Return the margin that is not part of the value."""
    return 0.0 if tails.is_margin_included else float(term.margin_rate)


@inner_kernel
def tail_payment_day(term: Any, tables: Tables, k: int) -> int:
    """Return the day of payment ``k``, the second or a later one; the last is the maturity."""
    if k >= term.n_payments - 1:
        return int(term.maturity)
    grids = tables.tails.grids
    month = term.payment_month + k * term.step_months - grids.first_month
    return int(
        min(at(grids.days, term.date_adjustment, term.payment_roll - 1, month), term.maturity)
    )


@inner_kernel
def _pay_singly(
    term: Any,
    tables: Tables,
    behaviour: BehaviourTables | None,
    last: int,
    stretch: Stretch,
    state: State,
    rate: Any,
) -> Paid:
    """Pay a stretch one by one, up to payment ``last``; customers prepay if ``behaviour`` is given.

    Customers prepay in lanes only.
    """
    k, previous, balance, payment, survival = state
    margin, held = _stripped(term, tables.tails), 0.0 if term.is_notional else 1.0
    nothing = balance * 0.0
    accrued, interest, repaid, prepaid, capitalised = nothing, nothing, nothing, nothing, nothing
    worth, first, whole = same(0.0), same(0.0), same(0.0)
    while k <= last:
        day = tail_payment_day(term, tables, k)
        if day > stretch.end:
            break
        weight = balance * year_fraction(tables.dates, term.day_count, previous, day, term.maturity)
        earned = weight * rate
        due, added = _due(term, k, balance, earned, payment, survival)
        balance, leaving = balance - due + added, nothing
        if behaviour is not None and k < term.n_payments - 1:
            share = period_share(behaviour, term.cohort, term.step_months, day)
            leaving = share * balance
            balance = balance - leaving
            payment, survival = payment * (1.0 - share), survival * (1.0 - share)
        amount = held * (due + leaving) + (earned - added) - weight * margin
        worth = worth + amount * load(tables.market.discount, term.discount_curve, day)
        if stretch.is_replaced:
            units = _replaced(term, tables, day)
            first, whole = first + (due + leaving) * units[0], whole + (due + leaving) * units[1]
        accrued, interest, repaid = accrued + earned, interest + (earned - added), repaid + due
        prepaid, capitalised = prepaid + leaving, capitalised + added
        k, previous = k + 1, day
    after = State(k, previous, balance, payment, survival)
    return Paid(after, accrued, interest, repaid, prepaid, capitalised, worth, first, whole)


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
