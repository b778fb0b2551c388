"""Level payments of one time bucket, gathered in one row: what nobody reads one by one.

Beyond the months of the income lens only sums over a bucket are wanted, and the present value. So
the payments between two events of a contract, a reset or the end of a bucket, become one row: the
sum of its interest, the principal repaid, what is prepaid, and the present WORTH of all of it. The
recursion is that of ``level_payments``, ``balance x (1 + rate x years) - payment``, with the states
in registers. A contract whose rows no scenario moves (``is_uniform``) is calculated once, as plain
numbers: the same function, compiled for a number and for lanes. Only discounting has eight lanes.

A run ends before anything else: an instalment that does not cover the interest, or repays more than
is owed. Tests compare with event rows, which are always made one by one.
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.engine.cash_flows.customers import period_share
from alm_pipeline.engine.cash_flows.records import (
    ACCRUED,
    INTEREST,
    L_BALANCE,
    L_PAYMENT,
    L_RATE,
    L_SURVIVAL,
    NEVER,
    PREPAID,
    REPLACED,
    REPLACED_FIRST,
    SCHEDULED,
    WORTH,
    Gathering,
    Rows,
    Tables,
    start_row,
)
from alm_pipeline.engine.cash_flows.terms import REPAY_ANNUITY
from alm_pipeline.engine.conventions.calendar import adjusted_day, rolled_day
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.day_count import year_fraction
from alm_pipeline.engine.kernel import inner_kernel
from alm_pipeline.engine.lanes import at, is_any_above, lane, load, prefetch, put, same, store

_PERIODS_AHEAD = 6
"""Discount factors are fetched so many payments before they are read."""


@inner_kernel
def gathering_end(gathering: Gathering, previous: int, day: int) -> int:
    """Return up to which day payments may share a row with the period from ``previous`` to ``day``.

    The end of the bucket, or of the income window in which the period starts: before ``day`` where
    the period crosses that.
    """
    end = int(at(gathering.last_days, at(gathering.bucket_of_day, day)))
    for window in range(1, 3):
        edge = at(gathering.window_edges, window)
        if previous < edge:
            return min(end, int(edge))
    return end


@inner_kernel
def gathered_from(term: Any, gathering: Gathering, rows: Rows) -> int:
    """Return from which day on payments may share a row.

    A margin in the discounting forbids it, and a penalty for leaving, which is income of its day.
    """
    is_discounted = term.margin_rate != 0.0 and gathering.is_margin_included
    is_level = term.repayment == REPAY_ANNUITY and not rows.is_detailed and not term.has_fee
    return gathering.from_day if is_level and not is_discounted else NEVER


@inner_kernel
def gather_payments(
    term: Any,
    tables: Tables,
    k: int,
    until: int,
    previous: int,
    rows: Rows,
    row: int,
    states: FloatArray,
) -> Any:
    """Fill one row with the payments from ``k`` on, up to day ``until``, before the last payment.

    Returns
    -------
    tuple of (int, int)
        The next payment, ``k`` again where there is no such row, and the day of the last one.
    """
    balance, rate, payment = load(states, L_BALANCE), load(states, L_RATE), load(states, L_PAYMENT)
    start_row(rows, row, previous, until)
    put(rows.is_gathered, row, True)
    if term.may_leave_early:
        store(rows.flows, PREPAID, row, 0.0)
    if term.may_draw:
        store(rows.drawn, row, 0.0)
    if term.has_prepayment:
        return _gather_leaving(term, tables, k, until, previous, rows, row, states)
    if term.is_uniform:
        one, of_all, paid = lane(balance, 0), lane(rate, 0), lane(payment, 0)
        run = _level_run(term, tables, k, until, previous, one, of_all, paid, 0.0)
        _store_run(rows, row, run, one - run[2])
        store(states, L_BALANCE, run[2])
        return run[0], run[1]
    lanes = _level_run(term, tables, k, until, previous, balance, rate, payment, same(0.0))
    _store_run(rows, row, lanes, balance - lanes[2])
    store(states, L_BALANCE, lanes[2])
    return lanes[0], lanes[1]


@inner_kernel
def _store_run(rows: Rows, row: int, run: Any, repaid: Any) -> None:
    """Store what a run returns: next payment, last day, balance, interest, and the weighed sums."""
    _, day, _, interest, worth, (first, whole) = run
    put(rows.day, row, day)
    store(rows.flows, ACCRUED, row, interest)
    store(rows.flows, INTEREST, row, interest)
    store(rows.flows, SCHEDULED, row, repaid)
    store(rows.flows, WORTH, row, worth)
    store(rows.flows, REPLACED_FIRST, row, first)
    store(rows.flows, REPLACED, row, whole)


@inner_kernel
def _next_day(term: Any, dates: DateTables, month: int) -> int:
    """Return the payment day of a month after that of the first payment."""
    day = rolled_day(dates, month, term.payment_roll)
    return int(min(adjusted_day(dates, term.date_adjustment, day), term.maturity))


@inner_kernel
def _months(term: Any, k: int) -> Any:
    """Return the months of payment ``k`` and of the last one on the grid."""
    first, step = term.payment_month, term.step_months
    return first + k * step, first + max(term.n_payments - 2, k) * step


@inner_kernel
def _fetch_ahead(term: Any, tables: Tables, month: int, final_month: int) -> None:
    """Let the processor fetch a discount factor that some later payment needs."""
    ahead = min(month + _PERIODS_AHEAD * term.step_months, final_month)
    prefetch(tables.market.discount, term.discount_curve, _next_day(term, tables.dates, ahead))


@inner_kernel
def _replaced(term: Any, tables: Tables, day: int, principal: Any, sums: Any) -> Any:
    """Add what principal replaced on a day earns up to the end of each window."""
    gathering, (first, whole) = tables.gathering, sums
    if day > at(gathering.window_edges, 2):
        return sums
    margin = term.replacement_margin / tables.market.index_year_days[term.index_curve]
    n_first = max(at(gathering.window_edges, 1) - day, 0)
    n_whole = max(at(gathering.window_edges, 2) - day, 0)
    unit = load(gathering.units, term.replacement_row, day, 0)
    first = first + principal * (unit + margin * n_first)
    unit = load(gathering.units, term.replacement_row, day, 1)
    return first, whole + principal * (unit + margin * n_whole)


@inner_kernel
def _level_run(
    term: Any,
    tables: Tables,
    k: int,
    until: int,
    previous: int,
    balance: Any,
    rate: Any,
    payment: Any,
    interest: Any,
) -> Any:
    """Return next payment, last day, balance, interest, worth and what replaced principal earns.

    ``balance``, ``rate``, ``payment`` and ``interest`` (nothing yet) are numbers, or lanes.
    """
    worth, sums = same(0.0), (same(0.0), same(0.0))
    curve, last, margin = (
        term.discount_curve,
        term.n_payments - 1,
        _stripped(term, tables.gathering),
    )
    month, final_month = _months(term, k)
    while k < last:
        day = _next_day(term, tables.dates, month)
        if day > until:
            break
        _fetch_ahead(term, tables, month, final_month)
        years = year_fraction(tables.dates, term.day_count, previous, day, term.maturity)
        period_rate = rate * years
        left = balance * (1.0 + period_rate) - payment
        if is_any_above(left, balance) or is_any_above(0.0, left):
            break
        interest = interest + balance * period_rate
        worth = worth + (payment - balance * (margin * years)) * load(
            tables.market.discount, curve, day
        )
        sums = _replaced(term, tables, day, balance - left, sums)
        balance, previous = left, day
        k, month = k + 1, month + term.step_months
    return k, previous, balance, interest, worth, sums


@inner_kernel
def _stripped(term: Any, gathering: Gathering) -> float:
    """Return the margin that is not part of the value."""
    return 0.0 if gathering.is_margin_included else float(term.margin_rate)


@inner_kernel
def _gather_leaving(
    term: Any,
    tables: Tables,
    k: int,
    until: int,
    previous: int,
    rows: Rows,
    row: int,
    states: FloatArray,
) -> Any:
    """As ``gather_payments`` where customers prepay their usual share after each payment."""
    opening, rate, payment = load(states, L_BALANCE), load(states, L_RATE), load(states, L_PAYMENT)
    balance, survival, interest = opening, load(states, L_SURVIVAL), same(0.0)
    prepaid, worth, sums = same(0.0), same(0.0), (same(0.0), same(0.0))
    last, margin = term.n_payments - 1, _stripped(term, tables.gathering)
    month, final_month = _months(term, k)
    while k < last:
        day = _next_day(term, tables.dates, month)
        if day > until:
            break
        _fetch_ahead(term, tables, month, final_month)
        years = year_fraction(tables.dates, term.day_count, previous, day, term.maturity)
        period_rate = rate * years
        left = balance * (1.0 + period_rate) - payment
        if is_any_above(left, balance) or is_any_above(0.0, left):
            break
        share = period_share(tables.behaviour, term.cohort, term.step_months, day)
        leaving = share * left
        cash = payment + leaving - balance * (margin * years)
        worth = worth + cash * load(tables.market.discount, term.discount_curve, day)
        interest, prepaid = interest + balance * period_rate, prepaid + leaving
        sums = _replaced(term, tables, day, balance - left + leaving, sums)
        if not term.is_term_shortened:
            payment, survival = payment * (1.0 - share), survival * (1.0 - share)
        balance, previous = left - leaving, day
        k, month = k + 1, month + term.step_months
    run = (k, previous, balance, interest, worth, sums)
    _store_run(rows, row, run, opening - balance - prepaid)
    store(rows.flows, PREPAID, row, prepaid)
    _store_states(states, balance, payment, survival)
    return k, previous


@inner_kernel
def _store_states(states: FloatArray, balance: Any, payment: Any, survival: Any) -> None:
    store(states, L_BALANCE, balance)
    store(states, L_PAYMENT, payment)
    store(states, L_SURVIVAL, survival)
