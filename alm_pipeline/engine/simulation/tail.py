"""The tail of a contract: payments that nobody reads one by one, straight into the sums.

Beyond the months of the income lens only sums over a time bucket are wanted, the present value and
what leaves in all. So from a payment on (``terms.tail_from``, ``Rows.handover``) a contract makes
no rows: what a stretch of payments comes to (``cash_flows.stretches``) is added to the lenses at
once. The states go on where ``projection`` stopped; rates reset on payment dates only.
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.engine.cash_flows.amortisation import instalment
from alm_pipeline.engine.cash_flows.records import (
    FORWARD,
    L_BALANCE,
    L_PAYMENT,
    L_RATE,
    L_SURVIVAL,
    NEVER,
    Rows,
    Tables,
)
from alm_pipeline.engine.cash_flows.resets import is_fixed_already, rate_after_reset
from alm_pipeline.engine.cash_flows.stretches import (
    Line,
    Paid,
    State,
    Stretch,
    in_lanes,
    line_of,
    pay_in_lanes,
    pay_uniform,
)
from alm_pipeline.engine.cash_flows.terms import REPAY_ANNUITY
from alm_pipeline.engine.kernel import inner_kernel
from alm_pipeline.engine.lanes import add_to, at, lane, load, prefetch, same
from alm_pipeline.engine.metrics.eve import INTEREST_AMOUNT, PRESENT_VALUE, PRINCIPAL_AMOUNT
from alm_pipeline.engine.metrics.nii import accrued_share
from alm_pipeline.engine.metrics.principal import (
    CAPITALISED_INTEREST,
    PREPAID_PRINCIPAL,
    REMAINING,
    SCHEDULED_PRINCIPAL,
)
from alm_pipeline.engine.simulation.records import Setting, Totals


@inner_kernel
def add_tail(
    term: Any,
    setting: Setting,
    rows: Rows,
    states: FloatArray,
    totals: Totals,
    principal: FloatArray,
    i: int,
) -> Any:
    """Add what is paid after the last row; return value and income of the two windows, signed.

    Parameters
    ----------
    rows, states : Rows, (N_STATES, WIDTH) float64
        As the projection left them.
    totals : Totals
        The buckets of the contract's group are added to.
    principal : (n, n_blocks, N_PRINCIPAL_ITEMS, WIDTH) float64
        Row ``i`` of the setting's block is added to.
    """
    tables, lenses, block = setting.tables, setting.lenses, setting.block
    value, first, whole, sign = same(0.0), same(0.0), same(0.0), float(term.sign)
    has_principal = lenses.has_principal and not term.is_notional
    line, rate, last = line_of(term, tables), load(states, L_RATE), term.n_payments - 1
    state, n_resets = _opening(term, tables, rows, states), at(rows.handover, 1)
    must_fix, is_repriced = at(rows.handover, 3) != 0, _is_repriced(term, n_resets)
    reset_month = _reset_month(term, tables, line, n_resets)
    while state.k <= last:
        if must_fix and term.repayment == REPAY_ANNUITY and state.k < last:
            state, must_fix = _fixed(term, state, rate), False
        stretch = _stretch(term, tables, line, state, reset_month)
        paid = _pay(term, tables, line, stretch, state, rate)
        value, gone = value + paid.worth, state.balance - paid.state.balance
        _add_cash(term, totals, stretch.bucket, gone, paid)
        if lenses.has_repricing and not is_repriced:
            _add_repricing(term, totals, stretch.bucket, gone)
        if has_principal:
            _add_principal(gone, paid, principal, i, block)
        if stretch.whole_share > 0.0:
            first, whole = _with_income(stretch, paid, first, whole)
        state = paid.state
        if reset_month < state.month and state.k <= last:
            if lenses.has_repricing and not is_repriced:
                is_repriced = _reprice(term, totals, stretch.bucket, n_resets, state.balance)
            rate, must_fix = _reset(term, tables, line, reset_month, n_resets, rate), True
            n_resets = n_resets + 1
            reset_month = _reset_month(term, tables, line, n_resets)
    if has_principal:
        add_to(principal, i, block, REMAINING, state.balance - load(states, L_BALANCE))
    return value * (sign if term.is_eve else 0.0), sign * first, sign * whole


@inner_kernel
def _reprice(term: Any, totals: Totals, bucket: int, n_resets: int, balance: Any) -> bool:
    """Add the balance if the next reset sets a rate not known before, and say whether it does."""
    is_repriced = _is_repriced(term, n_resets + 1)
    _add_repricing(term, totals, bucket, balance * (1.0 * is_repriced))
    return is_repriced


@inner_kernel
def _opening(term: Any, tables: Tables, rows: Rows, states: FloatArray) -> State:
    """Return the state after the last row."""
    k = at(rows.handover, 0)
    return State(
        k,
        term.payment_month + k * term.step_months - tables.tails.grids.first_month,
        at(rows.handover, 2),
        load(states, L_BALANCE),
        load(states, L_PAYMENT),
        load(states, L_SURVIVAL),
    )


@inner_kernel
def _is_repriced(term: Any, n_resets: int) -> bool:
    """Say whether a rate that was not known on the as-of date has been set already."""
    return bool(n_resets > 1 or (n_resets == 1 and not is_fixed_already(term, 0)))


@inner_kernel
def _fixed(term: Any, state: State, rate: Any) -> State:
    """Return the state with a new instalment."""
    n_payments = term.n_payments - state.k + term.extra_payments
    kept = term.balloon_amount * state.survival
    payment = instalment(state.balance, rate * term.period_years, n_payments, kept)
    return State(state.k, state.month, state.day, state.balance, payment, state.survival)


@inner_kernel
def _reset_month(term: Any, tables: Tables, line: Line, n_resets: int) -> int:
    """Return the month of the next reset, or never; where its index ends is read soon."""
    if term.first_reset == NEVER or (n_resets > 0 and term.reset_months == 0):
        return NEVER
    first_month = tables.tails.grids.first_month
    month = term.reset_month + n_resets * term.reset_months - first_month
    if at(line.days, month) >= term.maturity:
        return NEVER
    prefetch(tables.market.discount, term.index_curve, at(line.days, month + term.reset_months))
    return int(month)


@inner_kernel
def _reset(term: Any, tables: Tables, line: Line, month: int, n_resets: int, rate: Any) -> Any:
    """Return the rate after a reset."""
    market, day = tables.market, at(line.days, month)
    if term.is_index_of_period:
        end = max(at(line.days, month + term.reset_months), day + 1)
    else:
        end = market.tenor_end[term.index_tenor, day]
    return rate_after_reset(term, market, tables.behaviour, FORWARD, n_resets, day, end, rate)


@inner_kernel
def _stretch(term: Any, tables: Tables, line: Line, state: State, reset_month: int) -> Stretch:
    """Return how far the next payments may be summed: a bucket, a window, a rate."""
    tails, month = tables.tails, state.month
    day, bucket, end = at(line.days, month), at(line.buckets, month), month
    if state.k == term.n_payments - 1 or day >= term.maturity:
        day, bucket = term.maturity, at(tails.bucket_of_day, term.maturity)
    else:
        end = max(min(at(line.last_months, bucket), reset_month), month)
    if state.day >= at(tails.window_edges, 2):
        return Stretch(bucket, end, 0.0, 0.0, False)
    return _stretch_in_windows(
        term, tables, line, Stretch(bucket, end, 0.0, 1.0, False), state, day
    )


@inner_kernel
def _stretch_in_windows(
    term: Any, tables: Tables, line: Line, stretch: Stretch, state: State, day: int
) -> Stretch:
    """Return a stretch that begins inside the income windows, ``day`` being its first payment."""
    tails, dates, is_by_days = tables.tails, tables.dates, tables.tails.is_split_by_days
    first_edge, last_edge = at(tails.window_edges, 1), at(tails.window_edges, 2)
    previous, is_replaced = state.day, not term.is_notional and day < last_edge
    window = 0 if previous < first_edge else 1
    if day <= at(tails.window_edges, window + 1):
        last = at(line.last_months, len(line.last_months) - 2 + window)
        end = max(min(stretch.end, last), state.month)
        return Stretch(stretch.bucket, end, 1.0 - window, 1.0, is_replaced)
    first, whole = 0.0, 1.0
    if previous < first_edge:
        first = accrued_share(term, dates, is_by_days, previous, first_edge, day)
    if day > last_edge:
        whole = accrued_share(term, dates, is_by_days, previous, last_edge, day)
    return Stretch(stretch.bucket, state.month, first, whole, is_replaced)


@inner_kernel
def _pay(term: Any, tables: Tables, line: Line, stretch: Stretch, state: State, rate: Any) -> Paid:
    """Return what a stretch pays; what no scenario moves is calculated once."""
    if not term.is_uniform:
        return pay_in_lanes(term, tables, line, stretch, state, rate)
    balance, payment = lane(state.balance, 0), lane(state.payment, 0)
    plain = State(state.k, state.month, state.day, balance, payment, lane(state.survival, 0))
    return in_lanes(pay_uniform(term, tables, line, stretch, plain, lane(rate, 0)))


@inner_kernel
def _with_income(stretch: Stretch, paid: Paid, first: Any, whole: Any) -> Any:
    """Return the income of the two windows with that of a stretch, unsigned."""
    first = first + (paid.accrued * stretch.first_share + paid.first)
    return first, whole + (paid.accrued * stretch.whole_share + paid.whole)


@inner_kernel
def _add_cash(term: Any, totals: Totals, bucket: int, gone: Any, paid: Paid) -> None:
    """Add what a stretch pays to the cash of its bucket."""
    sign, cash, group = float(term.sign), totals.cash, term.group - totals.first
    if not term.is_notional:
        add_to(cash, group, bucket, PRINCIPAL_AMOUNT, sign * (gone + paid.capitalised))
    add_to(cash, group, bucket, INTEREST_AMOUNT, sign * (paid.accrued - paid.capitalised))
    if term.is_eve:
        add_to(cash, group, bucket, PRESENT_VALUE, sign * paid.worth)


@inner_kernel
def _add_repricing(term: Any, totals: Totals, bucket: int, principal: Any) -> None:
    """Add principal that takes a market rate in a bucket."""
    amount = float(term.sign) * principal
    add_to(totals.repricing, term.group - totals.first, bucket, amount)


@inner_kernel
def _add_principal(gone: Any, paid: Paid, principal: FloatArray, i: int, block: int) -> None:
    """Add what becomes of principal to the record of a position."""
    add_to(principal, i, block, SCHEDULED_PRINCIPAL, gone + paid.capitalised - paid.prepaid)
    add_to(principal, i, block, PREPAID_PRINCIPAL, paid.prepaid)
    add_to(principal, i, block, CAPITALISED_INTEREST, paid.capitalised)
