"""The projection: one contract's terms to its dated rows, eight scenarios at once.

The only place where cash flows are computed. ``project_one`` fills a buffer of ``Rows``; the
lenses (``metrics``) and the event rows (``simulation.events``) read the same rows.

On one date the order is: early redemption, interest on the balance before the date, scheduled
principal, prepayment of the remainder, reset (ACTUS guide, section 3: a reset takes effect after
the day's payment). What is withdrawn early leaves within a period; interest before and after it
are parts of the period's year fraction, so that nobody's leaving changes nothing. Amounts are
unsigned; ``Positions.sign`` is applied by the lenses' caller.

What does not belong here: discounting, buckets, net interest income, where dates move to.
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.arrays import CashFlowModel, FloatArray, OptionType
from alm_pipeline.engine.cash_flows.agenda import AgendaTables
from alm_pipeline.engine.cash_flows.amortisation import (
    fix_linear,
    fix_payment,
    fix_shortened,
    note_payments_left,
    repay_all,
    repay_annuity,
    repay_given,
    repay_linear,
)
from alm_pipeline.engine.cash_flows.customers import prepay, redemption_day_of, withdraw
from alm_pipeline.engine.cash_flows.drawdown import project_drawdown
from alm_pipeline.engine.cash_flows.level_payments import is_level, pay_level
from alm_pipeline.engine.cash_flows.option_rates import accrue_option, pay_option
from alm_pipeline.engine.cash_flows.records import (
    ACCRUED,
    ACCRUED_BASE,
    BALANCE,
    FEE,
    INTEREST,
    INTEREST_BASE,
    L_BALANCE,
    L_DUE,
    L_DUE_BASE,
    L_OPTION_DUE,
    L_OPTION_RATE,
    L_PAYMENT,
    L_PAYMENTS_LEFT,
    L_RATE,
    L_SURVIVAL,
    NEVER,
    PREPAID,
    RATE,
    SCHEDULED,
    Rows,
    Tables,
    Tails,
    start_row,
)
from alm_pipeline.engine.cash_flows.resets import (
    date_of_reset,
    index_end,
    is_fixed_already,
    note_options,
    option_payoff,
    rate_after_reset,
)
from alm_pipeline.engine.cash_flows.run_off import (
    project_recovery,
    project_run_off,
)
from alm_pipeline.engine.cash_flows.terms import REPAY_ANNUITY, REPAY_BULLET
from alm_pipeline.engine.cash_flows.walk import project_agenda
from alm_pipeline.engine.conventions.day_count import year_fraction
from alm_pipeline.engine.conventions.schedule import payment_day
from alm_pipeline.engine.kernel import ZERO, inner_kernel, kernel
from alm_pipeline.engine.lanes import add_to, at, is_any_above, load, put, same, store

_NON_MATURITY = int(CashFlowModel.NON_MATURITY)
_REVOLVING = int(CashFlowModel.REVOLVING)
_NON_PERFORMING = int(CashFlowModel.NON_PERFORMING)
_BALANCE_ONLY = int(CashFlowModel.BALANCE_ONLY)
_NO_OPTION = int(OptionType.NONE)


@kernel
def project_one(
    term: Any,
    tables: Tables,
    agendas: AgendaTables,
    path: int,
    last_day: int,
    rows: Rows,
    states: FloatArray,
) -> int:
    """Fill ``rows`` with one contract and return how many there are.

    Parameters
    ----------
    term : record of ``terms.TERMS``
    tables, agendas : tables
        Look-ups by day, curve and cohort; entries of contracts that lie on no grid.
    path : int
        ``FORWARD`` or ``FLAT``: where indices go.
    last_day : int [days]
        The first row after this day is the last one that is needed.
    rows, states : buffers
        Overwritten; at least ``term.max_rows`` rows, states (N_STATES, WIDTH).
    """
    dates, market, behaviour = tables.dates, tables.market, tables.behaviour
    put(rows.handover, 0, NEVER)
    if term.has_agenda:
        entries = agendas.entries[term.agenda_first : term.agenda_last]
        days = agendas.payment_days
        return project_agenda(term, entries, days, dates, market, behaviour, path, rows, states)
    if term.model == _BALANCE_ONLY:
        return ZERO
    if term.model == _NON_MATURITY or term.model == _REVOLVING:
        return project_run_off(term, dates, behaviour, rows)
    if term.model == _NON_PERFORMING:
        return project_recovery(term, rows)
    if term.is_drawn_over_time:
        return project_drawdown(term, dates, market, behaviour, path, rows, states)
    _open_states(term, states)
    row = _draw(term, rows, states) if term.is_forward else ZERO
    return _project_schedule(term, tables, path, last_day, rows, row, states)


@inner_kernel
def _project_schedule(
    term: Any, tables: Tables, path: int, last_day: int, rows: Rows, row: int, states: FloatArray
) -> int:
    dates, k, n_resets, previous, done = tables.dates, ZERO, ZERO, int(term.accrual_start), 0.0
    pay_day, reset_day = payment_day(dates, term, k), date_of_reset(term, dates, n_resets)
    must_fix, since, paid_on = term.payment_amount == 0.0, previous, NEVER
    redemption_day, tail_day = redemption_day_of(term), tail_from(term, tables.tails, rows)
    while True:
        if previous == paid_on and tail_day <= previous:
            _hand_over(rows, row, k, n_resets, previous, must_fix, states)
            return row
        until = min(reset_day, redemption_day, last_day, tail_day) if since == previous else ZERO
        if pay_day < until and not must_fix and is_level(term, rows, k, pay_day):
            k, row, since = pay_level(term, tables, k, until, previous, rows, row, states)
            previous, pay_day = since, payment_day(dates, term, k)
        day = min(pay_day, reset_day, redemption_day)
        is_last = day == pay_day and k == term.n_payments - 1
        years = year_fraction(dates, term.day_count, since, day, term.maturity)
        _open_row(term, rows, row, previous, day, years - done, states)
        since, done = (since, years) if day < min(pay_day, reset_day) else (day, 0.0)
        if day == redemption_day:
            redemption_day = withdraw(term, tables.behaviour, rows, row, states)
        if day == pay_day:
            must_fix = _pay_and_prepay(term, tables, k, day, must_fix, rows, row, states)
            k, pay_day, paid_on = k + 1, payment_day(dates, term, k + 1), day
        if day == reset_day and not is_last:
            reset_day = _reset(term, tables, path, n_resets, day, rows, row, states)
            must_fix, n_resets = True, n_resets + 1
        row, previous = _close_row(rows, row, is_last or day > last_day, states), day
        if is_last or day > last_day:
            return row


@inner_kernel
def tail_from(term: Any, tails: Tails, rows: Rows) -> int:
    """Return the day of the last payment that has a row, at the earliest.

    A margin in the discounting forbids a tail.
    """
    is_discounted = term.margin_rate != 0.0 and tails.is_margin_included
    if rows.is_detailed or is_discounted:
        return NEVER
    return int(max(term.tail_from, tails.from_day))


@inner_kernel
def _hand_over(
    rows: Rows,
    row: int,
    k: int,
    n_resets: int,
    day: int,
    must_fix: bool,
    states: FloatArray,
) -> None:
    """Note where the tail begins, and the balance after the last row."""
    put(rows.handover, 0, k)
    put(rows.handover, 1, n_resets)
    put(rows.handover, 2, day)
    put(rows.handover, 3, int(must_fix))
    store(rows.flows, BALANCE, row - 1, load(states, L_BALANCE))


@inner_kernel
def _reset(
    term: Any,
    tables: Tables,
    path: int,
    n_resets: int,
    day: int,
    rows: Rows,
    row: int,
    states: FloatArray,
) -> int:
    """Reset the rate and return the day of the next reset."""
    if term.is_term_shortened:
        note_payments_left(states, term.period_years, term.balloon_amount)
    end = index_end(term, tables.dates, tables.market, n_resets, day)
    market, acts, old = tables.market, tables.behaviour, load(states, L_RATE)
    rate = rate_after_reset(term, market, acts, path, n_resets, day, end, old)
    store(states, L_RATE, rate)
    is_fixed = is_fixed_already(term, n_resets)
    if term.has_option and not is_fixed:
        note_options(term, tables.market, path, day, end, states)
    put(rows.is_reset, row, not is_fixed)
    return date_of_reset(term, tables.dates, n_resets + 1)


@inner_kernel
def _close_row(rows: Rows, row: int, is_last: bool, states: FloatArray) -> int:
    """Note the balance after a row where somebody reads it, and return the next row."""
    if rows.is_detailed or at(rows.is_reset, row) or is_last:
        store(rows.flows, BALANCE, row, load(states, L_BALANCE))
    return row + 1


@inner_kernel
def _pay_and_prepay(
    term: Any,
    tables: Tables,
    k: int,
    day: int,
    must_fix: bool,
    rows: Rows,
    row: int,
    states: FloatArray,
) -> bool:
    """Pay and prepay; return whether the instalment must still be fixed."""
    must_fix = _pay(term, k, day, must_fix, rows, row, states)
    if k < term.n_payments - 1:
        prepay(term, tables, k, rows, row, states)
    return must_fix


@inner_kernel
def _open_states(term: Any, states: FloatArray) -> None:
    rate = same(float(term.coupon_rate))
    if term.option_type != _NO_OPTION:
        rate = option_payoff(term.option_type, rate, term.strike_rate)
    store(states, L_BALANCE, term.principal)
    store(states, L_RATE, rate)
    store(states, L_PAYMENT, term.payment_amount)
    store(states, L_DUE, 0.0)
    store(states, L_DUE_BASE, 0.0)
    store(states, L_SURVIVAL, 1.0)
    if term.is_term_shortened:
        store(states, L_PAYMENTS_LEFT, 0.0)
    if term.has_option:
        store(states, L_OPTION_RATE, 0.0)
        store(states, L_OPTION_DUE, 0.0)


@inner_kernel
def _draw(term: Any, rows: Rows, states: FloatArray) -> int:
    _open_row(term, rows, ZERO, term.accrual_start, term.accrual_start, 0.0, states)
    store(rows.drawn, ZERO, term.principal)
    store(rows.flows, BALANCE, ZERO, load(states, L_BALANCE))
    return ZERO + 1


@inner_kernel
def _open_row(
    term: Any, rows: Rows, row: int, start: int, day: int, years: float, states: FloatArray
) -> None:
    """Clear a row and accrue interest up to it."""
    start_row(rows, row, start, day)
    flows, rate = rows.flows, load(states, L_RATE)
    weight = load(states, L_BALANCE) * years
    accrued = weight * rate
    add_to(states, L_DUE, accrued)
    store(flows, ACCRUED, row, accrued)
    store(flows, INTEREST, row, 0.0)
    store(flows, SCHEDULED, row, 0.0)
    if term.margin_rate != 0.0:
        add_to(states, L_DUE_BASE, weight)
        store(flows, ACCRUED_BASE, row, weight)
        store(flows, INTEREST_BASE, row, 0.0)
    if term.may_leave_early:
        store(flows, PREPAID, row, 0.0)
    if term.may_draw:
        store(rows.drawn, row, 0.0)
    if term.has_fee:
        store(flows, FEE, row, 0.0)
    if term.has_option:
        accrue_option(weight, flows, row, states)
    if rows.is_detailed:
        store(flows, RATE, row, rate)


@inner_kernel
def _pay(
    term: Any,
    k: int,
    day: int,
    must_fix: bool,
    rows: Rows,
    row: int,
    states: FloatArray,
) -> bool:
    """Pay interest and scheduled principal; return whether the payment must still be fixed."""
    flows, left = rows.flows, term.n_payments - 1 - k
    is_interest_day = _is_multiple(left, term.interest_ratio)
    if is_interest_day:
        store(flows, INTEREST, row, load(states, L_DUE))
        if term.margin_rate != 0.0:
            store(flows, INTEREST_BASE, row, load(states, L_DUE_BASE))
            store(states, L_DUE_BASE, 0.0)
        if term.has_option:
            pay_option(flows, row, states)
    if left == 0:
        if not term.is_open:
            repay_all(states, flows, row)
    elif term.repayment != REPAY_BULLET and _is_principal_day(term, left, day):
        must_fix = _repay(term, left, must_fix, is_interest_day, rows, row, states)
    if is_interest_day:
        store(states, L_DUE, 0.0)
    return must_fix


@inner_kernel
def _is_principal_day(term: Any, left: int, day: int) -> bool:
    return bool(day > term.interest_only_end and _is_multiple(left, term.principal_ratio))


@inner_kernel
def _is_multiple(number: int, ratio: int) -> bool:
    """Say whether ``ratio`` divides ``number``; dividing takes longer than all else of a row."""
    return ratio == 1 or number % ratio == 0


@inner_kernel
def _repay(
    term: Any,
    left: int,
    must_fix: bool,
    is_interest_day: bool,
    rows: Rows,
    row: int,
    states: FloatArray,
) -> bool:
    flows = rows.flows
    if term.repayment == REPAY_ANNUITY:
        if must_fix:
            fix_instalment(term, term.n_payments - 1 - left, states)
        repay_annuity(states, rows, row, is_interest_day)
        return False
    if term.payment_amount > 0.0:
        repay_given(states, flows, row)
    elif term.is_term_shortened:
        if must_fix and not is_any_above(load(states, L_PAYMENT), 0.0):
            fix_linear(
                states, left // term.principal_ratio + 1 + term.extra_payments, term.balloon_amount
            )
        repay_given(states, flows, row)
    else:
        n_payments = left // term.principal_ratio + 1 + term.extra_payments
        repay_linear(states, flows, row, n_payments, term.balloon_amount)
    return must_fix


@inner_kernel
def fix_instalment(term: Any, k: int, states: FloatArray) -> None:
    """Fix the level payment that begins with payment ``k``."""
    n_payments = (term.n_payments - 1 - k) // term.principal_ratio + 1 + term.extra_payments
    if term.is_term_shortened:
        fix_shortened(states, term.period_years, n_payments, term.balloon_amount)
    else:
        fix_payment(states, term.period_years, n_payments, term.balloon_amount)
