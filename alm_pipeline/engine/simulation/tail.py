"""The tail of a contract: payments that nobody reads one by one, straight into the sums.

Beyond the months of the income lens only sums over a time bucket are wanted, the present value and
what leaves in all. So from a payment on (``tail_from``, ``Rows.handover``) a contract makes no rows:
its payments up to the end of a bucket, or to a reset, are one stretch, and what a stretch pays is
added to the lenses at once. The states are those of ``projection``, the formulas too; scenarios
never mix, so a scenario gives the same bits alone and among others.

Most stretches are level payments: ``balance x (1 + rate x years) - instalment``, whose worth is the
instalment times a sum of discount factors. A lane in which an instalment does not cover the
interest, or repays more than is owed, is taken from the same stretch paid one by one, and so is
everything that is no plain annuity. Tests compare with a row for every payment.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.engine.cash_flows.customers import period_share
from alm_pipeline.engine.cash_flows.projection import fix_instalment
from alm_pipeline.engine.cash_flows.records import (
    FORWARD,
    L_BALANCE,
    L_PAYMENT,
    L_RATE,
    L_SURVIVAL,
    NEVER,
    BehaviourTables,
    Rows,
    Tables,
    Tails,
)
from alm_pipeline.engine.cash_flows.resets import (
    date_of_reset,
    index_end,
    is_fixed_already,
    reset_rate,
)
from alm_pipeline.engine.cash_flows.terms import REPAY_ANNUITY, REPAY_LINEAR
from alm_pipeline.engine.conventions.calendar import month_of
from alm_pipeline.engine.conventions.day_count import year_fraction
from alm_pipeline.engine.conventions.schedule import payment_day
from alm_pipeline.engine.kernel import inner_kernel
from alm_pipeline.engine.lanes import (
    add_to,
    at,
    greater,
    is_any_above,
    lane,
    lesser,
    load,
    picked,
    same,
    store,
)
from alm_pipeline.engine.metrics.eve import INTEREST_AMOUNT, PRESENT_VALUE, PRINCIPAL_AMOUNT
from alm_pipeline.engine.metrics.nii import accrued_share
from alm_pipeline.engine.metrics.principal import (
    CAPITALISED_INTEREST,
    PREPAID_PRINCIPAL,
    REMAINING,
    SCHEDULED_PRINCIPAL,
)
from alm_pipeline.engine.simulation.records import Lenses, Totals


class Stretch(NamedTuple):
    """Payments up to day ``end``; which share of their interest falls into the two windows.

    ``is_replaced``: their principal is replaced within the windows.
    """

    end: int
    first_share: float
    whole_share: float
    is_replaced: bool


class Paid(NamedTuple):
    """What the payments of a stretch come to, unsigned lanes, and where it ends.

    ``interest`` is paid, ``accrued`` earned; ``first`` and ``whole``: what replaced principal earns
    up to the end of each window.
    """

    k: int
    day: int
    balance: Any
    payment: Any
    survival: Any
    accrued: Any
    interest: Any
    repaid: Any
    prepaid: Any
    capitalised: Any
    worth: Any
    first: Any
    whole: Any


@inner_kernel
def add_tail(
    term: Any,
    tables: Tables,
    lenses: Lenses,
    rows: Rows,
    states: FloatArray,
    totals: Totals,
    principal: FloatArray,
    i: int,
) -> Any:
    """Add what is paid after the last row; return value and income of the two windows, signed."""
    dates, sign, group = tables.dates, float(term.sign), term.group - totals.first
    value, first, whole = same(0.0), same(0.0), same(0.0)
    k, n_resets = at(rows.handover, 0), at(rows.handover, 1)
    previous, must_fix = at(rows.handover, 2), at(rows.handover, 3) != 0
    is_repriced = n_resets > 1 or (n_resets == 1 and not is_fixed_already(term, 0))
    reset_day, opening = date_of_reset(term, dates, n_resets), load(states, L_BALANCE)
    while k < term.n_payments:
        day = payment_day(dates, term, k)
        if must_fix and term.repayment == REPAY_ANNUITY and k < term.n_payments - 1:
            fix_instalment(term, k, states)
            must_fix = False
        stretch = _stretch(term, tables, previous, day, reset_day)
        paid = _pay(term, tables, k, previous, stretch, states)
        bucket = at(tables.tails.bucket_of_day, day)
        present = sign * paid.worth
        _add(term, totals, bucket, paid, present)
        if lenses.has_repricing and not is_repriced:
            repriced = sign * (paid.repaid + paid.prepaid - paid.capitalised)
            add_to(totals.repricing, group, bucket, repriced)
        if lenses.has_principal and not term.is_notional:
            _add_principal(paid, principal, i)
        if term.is_eve:
            value = value + present
        first = first + sign * (paid.accrued * stretch.first_share + paid.first)
        whole = whole + sign * (paid.accrued * stretch.whole_share + paid.whole)
        k, previous = paid.k, paid.day
        if previous >= reset_day and k < term.n_payments:
            is_known = is_fixed_already(term, n_resets)
            if lenses.has_repricing and not is_repriced and not is_known:
                held = sign * load(states, L_BALANCE)
                add_to(totals.repricing, group, bucket, held)
            is_repriced = is_repriced or not is_known
            reset_day = _reset(term, tables, n_resets, previous, states)
            n_resets, must_fix = n_resets + 1, True
    if lenses.has_principal and not term.is_notional:
        add_to(principal, 0, i, REMAINING, load(states, L_BALANCE) - opening)
    return value, first, whole


@inner_kernel
def _reset(term: Any, tables: Tables, n_resets: int, day: int, states: FloatArray) -> int:
    """Reset the rate and return the day of the next reset."""
    market, end = tables.market, index_end(term, tables.dates, tables.market, n_resets, day)
    reset_rate(term, market, tables.behaviour, FORWARD, n_resets, day, end, states)
    return date_of_reset(term, tables.dates, n_resets + 1)


@inner_kernel
def _stretch(term: Any, tables: Tables, previous: int, day: int, reset_day: int) -> Stretch:
    """Return how far the payments from ``day`` on may be summed: a bucket, a window, a rate."""
    tails, is_by_days = tables.tails, tables.tails.is_split_by_days
    first_edge, last_edge = at(tails.window_edges, 1), at(tails.window_edges, 2)
    end = max(min(at(tails.last_days, at(tails.bucket_of_day, day)), reset_day), day)
    if previous >= last_edge:
        return Stretch(end, 0.0, 0.0, False)
    is_replaced = not term.is_notional and day < last_edge
    edge = first_edge if previous < first_edge else last_edge
    if day <= edge:
        first = 1.0 if previous < first_edge else 0.0
        return Stretch(max(min(end, edge), day), first, 1.0, is_replaced)
    first, whole, dates = 0.0, 1.0, tables.dates
    if previous < first_edge:
        first = accrued_share(term, dates, is_by_days, previous, first_edge, day)
    if day > last_edge:
        whole = accrued_share(term, dates, is_by_days, previous, last_edge, day)
    return Stretch(day, first, whole, is_replaced)


@inner_kernel
def _pay(
    term: Any, tables: Tables, k: int, previous: int, stretch: Stretch, states: FloatArray
) -> Any:
    """Return what a stretch pays; states are those after it."""
    balance, rate, payment = load(states, L_BALANCE), load(states, L_RATE), load(states, L_PAYMENT)
    survival = load(states, L_SURVIVAL)
    if term.is_uniform:  # the same in every scenario: calculated once, as plain numbers
        plain = lane(balance, 0), lane(rate, 0), lane(payment, 0), lane(survival, 0)
        paid = _in_lanes(_uniform(term, tables, k, previous, stretch, plain))
    elif term.has_prepayment:
        acts = tables.behaviour
        paid = _singly(
            term, tables, acts, k, NEVER, previous, stretch, balance, rate, payment, survival
        )
        store(states, L_PAYMENT, paid.payment)
        store(states, L_SURVIVAL, paid.survival)
    else:
        paid = _by_lane(term, tables, k, previous, stretch, balance, rate, payment, survival)
    store(states, L_BALANCE, paid.balance)
    return paid


@inner_kernel
def _uniform(
    term: Any, tables: Tables, k: int, previous: int, stretch: Stretch, states: Any
) -> Any:
    balance, rate, payment, survival = states
    end = _level_end(term, tables, k, stretch)
    if end > k:
        paid, shortfall = _level(term, tables, k, end, balance, rate, payment, survival)
        if not (shortfall > 0.0 or paid.balance < 0.0):
            return paid
    return _singly(
        term, tables, None, k, NEVER, previous, stretch, balance, rate, payment, survival
    )


@inner_kernel
def _by_lane(
    term: Any,
    tables: Tables,
    k: int,
    previous: int,
    stretch: Stretch,
    balance: Any,
    rate: Any,
    payment: Any,
    survival: Any,
) -> Any:
    """Pay level where that is possible: a lane where it is not takes the same payments singly."""
    end = _level_end(term, tables, k, stretch)
    if end == k:
        return _singly(
            term, tables, None, k, NEVER, previous, stretch, balance, rate, payment, survival
        )
    paid, shortfall = _level(term, tables, k, end, balance, rate, payment, survival)
    excess = greater(shortfall, 0.0 - paid.balance)
    if is_any_above(excess, 0.0):
        single = _singly(
            term, tables, None, k, end - 1, previous, stretch, balance, rate, payment, survival
        )
        return _mixed(excess, single, paid)
    return paid


@inner_kernel
def _in_lanes(paid: Paid) -> Paid:
    """Return plain numbers as lanes."""
    return Paid(
        paid.k,
        paid.day,
        same(paid.balance),
        same(paid.payment),
        same(paid.survival),
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
    return Paid(
        level.k,
        level.day,
        picked(excess, single.balance, level.balance),
        level.payment,
        level.survival,
        picked(excess, single.accrued, level.accrued),
        picked(excess, single.interest, level.interest),
        picked(excess, single.repaid, level.repaid),
        level.prepaid,
        picked(excess, single.capitalised, level.capitalised),
        picked(excess, single.worth, level.worth),
        level.first,
        level.whole,
    )


@inner_kernel
def _level_end(term: Any, tables: Tables, k: int, stretch: Stretch) -> int:
    """Return before which payment the level payments of a stretch end: ``k`` where there are none.

    They end before the maturity, and before what moves to it.
    """
    is_annuity = term.repayment == REPAY_ANNUITY and not term.is_notional
    if not is_annuity or stretch.is_replaced or _stripped(term, tables.tails) != 0.0:
        return k
    last_day, grids = min(stretch.end, term.maturity - 1), tables.tails.grids
    days, roll, first = grids.days, term.payment_roll - 1, grids.first_month
    month = month_of(tables.dates, last_day) + 1
    while at(days, term.date_adjustment, roll, month - first) > last_day:
        month -= 1
    n = (month - term.payment_month) // term.step_months + 1
    return max(min(n, term.n_payments - 1), k)


@inner_kernel
def _level(
    term: Any,
    tables: Tables,
    k: int,
    end: int,
    balance: Any,
    rate: Any,
    payment: Any,
    survival: Any,
) -> Any:
    """Return what level payments ``k`` to before ``end`` come to, and by how much one falls short.

    Numbers or lanes. ``shortfall``: how much more than an instalment any period's interest was.
    """
    years, roll, first = (
        tables.tails.grids.years,
        term.payment_roll - 1,
        tables.tails.grids.first_month,
    )
    step, rhythm, nothing = term.step_months, term.rhythm, balance * 0.0
    opening, accrued, shortfall = balance, nothing, nothing
    begin = term.payment_month + k * step - first
    stop = term.payment_month + end * step - first
    for month in range(begin, stop, step):
        growth = rate * at(years, rhythm, roll, month)
        accrued = accrued + balance * growth
        left = balance * (1.0 + growth) - payment
        shortfall = greater(shortfall, left - balance)
        balance = left
    factors = _factors(term, tables, begin, stop)
    day = at(tables.tails.grids.days, term.date_adjustment, roll, stop - step)
    zero, repaid = same(0.0), opening - balance
    return Paid(
        end,
        day,
        balance,
        payment,
        survival,
        accrued,
        accrued,
        repaid,
        nothing,
        nothing,
        payment * factors,
        zero,
        zero,
    ), shortfall


@inner_kernel
def _factors(term: Any, tables: Tables, begin: int, stop: int) -> Any:
    """Return the sum of the discount factors on the payment days of the months of a stretch."""
    grids, curve, roll = tables.tails.grids, term.discount_curve, term.payment_roll - 1
    if term.step_months == 1 and term.date_adjustment == 0:
        sums, offset = tables.tails.factor_sums, grids.first_month - tables.dates.first_month
        return load(sums, curve, roll, stop + offset) - load(sums, curve, roll, begin + offset)
    factors, discount = same(0.0), tables.market.discount
    for month in range(begin, stop, term.step_months):
        day = at(grids.days, term.date_adjustment, roll, month)
        factors = factors + load(discount, curve, day)
    return factors


@inner_kernel
def _stripped(term: Any, tails: Tails) -> float:
    """Return the margin that is not part of the value."""
    return 0.0 if tails.is_margin_included else float(term.margin_rate)


@inner_kernel
def _singly(
    term: Any,
    tables: Tables,
    behaviour: BehaviourTables | None,
    k: int,
    last: int,
    previous: int,
    stretch: Stretch,
    balance: Any,
    rate: Any,
    payment: Any,
    survival: Any,
) -> Paid:
    """Return what payments ``k`` to ``last`` come to, as far as the stretch goes, one by one.

    Numbers or lanes; lanes where customers prepay, with ``behaviour``.
    """
    margin, held = _stripped(term, tables.tails), 0.0 if term.is_notional else 1.0
    nothing = balance * 0.0
    accrued, interest, repaid, prepaid, capitalised = nothing, nothing, nothing, nothing, nothing
    worth, first, whole = same(0.0), same(0.0), same(0.0)
    last = min(last, term.n_payments - 1)
    while k <= last:
        day = payment_day(tables.dates, term, k)
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
    return Paid(
        k,
        previous,
        balance,
        payment,
        survival,
        accrued,
        interest,
        repaid,
        prepaid,
        capitalised,
        worth,
        first,
        whole,
    )


@inner_kernel
def _due(term: Any, k: int, balance: Any, earned: Any, payment: Any, survival: Any) -> Any:
    """Return the principal that payment ``k`` repays, and the interest that it capitalises."""
    nothing = balance * 0.0
    if k == term.n_payments - 1:
        return balance * (0.0 if term.is_open else 1.0), nothing
    if term.repayment == REPAY_ANNUITY:
        due = lesser(greater(payment - earned, nothing), balance)
        return due, greater(earned - payment, nothing)
    if term.repayment == REPAY_LINEAR:
        return _linear(term, k, balance, payment, survival), nothing
    return nothing, nothing


@inner_kernel
def _linear(term: Any, k: int, balance: Any, payment: Any, survival: Any) -> Any:
    """Return an equal share of what is to be repaid, or the instalment that was agreed."""
    if term.payment_amount > 0.0:
        return lesser(payment, balance)
    n_payments = term.n_payments - k + term.extra_payments
    return greater(balance - term.balloon_amount * survival, balance * 0.0) / float(n_payments)


@inner_kernel
def _replaced(term: Any, tables: Tables, day: int) -> Any:
    """Return what a unit replaced on a day earns up to the end of each window."""
    tails, row = tables.tails, term.replacement_row
    margin = term.replacement_margin / tables.market.index_year_days[term.index_curve]
    n_first = max(at(tails.window_edges, 1) - day, 0)
    n_whole = max(at(tails.window_edges, 2) - day, 0)
    first = load(tails.units, row, day, 0) + margin * n_first
    return first, load(tails.units, row, day, 1) + margin * n_whole


@inner_kernel
def _add(term: Any, totals: Totals, bucket: int, paid: Paid, present: Any) -> None:
    """Add what a stretch pays to the cash of its bucket."""
    sign, cash, group = float(term.sign), totals.cash, term.group - totals.first
    if not term.is_notional:
        add_to(cash, group, bucket, PRINCIPAL_AMOUNT, sign * (paid.repaid + paid.prepaid))
    add_to(cash, group, bucket, INTEREST_AMOUNT, sign * paid.interest)
    if term.is_eve:
        add_to(cash, group, bucket, PRESENT_VALUE, present)


@inner_kernel
def _add_principal(paid: Paid, principal: FloatArray, i: int) -> None:
    """Add what becomes of principal to the record of a position."""
    add_to(principal, 0, i, SCHEDULED_PRINCIPAL, paid.repaid)
    add_to(principal, 0, i, PREPAID_PRINCIPAL, paid.prepaid)
    add_to(principal, 0, i, CAPITALISED_INTEREST, paid.capitalised)
