"""The projection: one contract's terms to its dated rows, all scenarios at once.

The only place where cash flows are computed. ``project_one`` fills a buffer of ``Rows``; the
lenses (``metrics``) and the event rows (``simulation.events``) read the same rows.

On one date the order is: early redemption, interest on the balance before the date, scheduled
principal, prepayment of the remainder, reset (ACTUS guide, section 3: a reset takes effect after
the day's payment). Amounts are unsigned; ``Positions.sign`` is applied by the lenses' caller.

What does not belong here: discounting, buckets, net interest income, where dates move to.
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.arrays import CashFlowModel, FloatArray, OptionType
from alm_pipeline.engine.cash_flows.agenda import AgendaTables
from alm_pipeline.engine.cash_flows.amortisation import (
    fix_payments,
    repay_all,
    repay_annuity,
    repay_given,
    repay_linear,
)
from alm_pipeline.engine.cash_flows.customers import prepay, withdraw
from alm_pipeline.engine.cash_flows.records import (
    ACCRUED,
    BALANCE,
    INTEREST,
    INTEREST_BASE,
    L_BALANCE,
    L_DUE,
    L_DUE_BASE,
    L_PAYMENT,
    L_RATE,
    L_SHARE,
    L_SURVIVAL,
    NEVER,
    RATE,
    BehaviourTables,
    MarketTables,
    Rows,
)
from alm_pipeline.engine.cash_flows.resets import option_payoff, reset_rates
from alm_pipeline.engine.cash_flows.run_off import project_recovery, project_run_off
from alm_pipeline.engine.cash_flows.terms import REPAY_ANNUITY, REPAY_BULLET
from alm_pipeline.engine.cash_flows.walk import project_agenda
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.day_count import THIRTY_E_360, year_fraction
from alm_pipeline.engine.conventions.schedule import grid_day
from alm_pipeline.engine.kernel import ZERO, entry_kernel, inner_kernel, kernel

_NON_MATURITY = int(CashFlowModel.NON_MATURITY)
_REVOLVING = int(CashFlowModel.REVOLVING)
_NON_PERFORMING = int(CashFlowModel.NON_PERFORMING)
_BALANCE_ONLY = int(CashFlowModel.BALANCE_ONLY)
_NO_OPTION = int(OptionType.NONE)


@entry_kernel
def project_one(
    term: Any,
    dates: DateTables,
    market: MarketTables,
    behaviour: BehaviourTables,
    agendas: AgendaTables,
    path: int,
    last_day: int,
    rows: Rows,
    lanes: FloatArray,
) -> int:
    """Fill ``rows`` with one contract and return how many there are.

    Parameters
    ----------
    term : record of ``terms.TERMS``
    dates, market, behaviour, agendas : tables
        Look-ups by day, curve and cohort; entries of contracts that lie on no grid.
    path : int
        ``FORWARD`` or ``FLAT``: where indices go.
    last_day : int [days]
        The first row after this day is the last one that is needed.
    rows, lanes : buffers
        Overwritten; at least ``term.max_rows`` rows, lanes (N_LANES, S).
    """
    if term.has_agenda:
        entries = agendas.entries[term.agenda_first : term.agenda_last]
        days = agendas.payment_days
        return project_agenda(term, entries, days, dates, market, behaviour, path, rows, lanes)
    if term.model == _BALANCE_ONLY:
        return ZERO
    if term.model == _NON_MATURITY or term.model == _REVOLVING:
        return project_run_off(term, dates, behaviour, rows)
    if term.model == _NON_PERFORMING:
        return project_recovery(term, rows)
    row = _draw(term, behaviour, rows, lanes) if term.is_forward else ZERO
    return _project_schedule(term, dates, market, behaviour, path, last_day, rows, row, lanes)


@kernel
def _project_schedule(
    term: Any,
    dates: DateTables,
    market: MarketTables,
    behaviour: BehaviourTables,
    path: int,
    last_day: int,
    rows: Rows,
    row: int,
    lanes: FloatArray,
) -> int:
    _open_lanes(term, behaviour, lanes)
    previous, k, n_resets = int(term.accrual_start), ZERO, ZERO
    redemption_day = 1 if term.has_redemption else NEVER
    pay_day, reset_day = _payment_day(term, dates, k), _reset_day(term, dates, n_resets)
    must_fix, rates = term.payment_amount == 0.0, behaviour.annual_prepayment_rate[term.cohort]
    while True:
        day = min(pay_day, reset_day, redemption_day)
        is_last = day == pay_day and k == term.n_payments - 1
        years = year_fraction(dates, term.day_count, previous, day, term.maturity)
        flow = rows.flows[row]
        _open_row(rows, row, previous, day, years, lanes)
        if day == redemption_day:
            withdraw(behaviour.redemption_share[term.cohort], flow, lanes)
            redemption_day = NEVER
        if day == pay_day:
            must_fix = _pay(term, k, day, must_fix, flow, lanes)
            if term.has_prepayment and not is_last:
                prepay(rates, _irregular_years(term, dates, k), flow, lanes)
            k += 1
            pay_day = _payment_day(term, dates, k)
        if day == reset_day and not is_last:
            end = _index_end(term, dates, market, n_resets, day)
            reset_rates(term, market, behaviour, path, day, end, lanes)
            rows.is_reset[row] = must_fix = True
            n_resets += 1
            reset_day = _reset_day(term, dates, n_resets)
        row, previous = _close_row(rows, row, lanes), day
        if is_last or day > last_day:
            return row


@inner_kernel
def _close_row(rows: Rows, row: int, lanes: FloatArray) -> int:
    """Note the balance after a row and return the next row."""
    for s in range(lanes.shape[1]):
        rows.flows[row, BALANCE, s] = lanes[L_BALANCE, s]
    return row + 1


@inner_kernel
def _payment_day(term: Any, dates: DateTables, k: int) -> int:
    if k >= term.n_payments - 1:
        return int(term.maturity)
    day = grid_day(
        dates, term.first_payment, k, term.step_months, term.step_days, term.payment_roll
    )
    return int(min(dates.adjusted[term.date_adjustment, day - dates.first_day], term.maturity))


@inner_kernel
def _reset_day(term: Any, dates: DateTables, k: int) -> int:
    if term.first_reset == NEVER or (k > 0 and term.reset_months == 0):
        return NEVER
    day = grid_day(dates, term.first_reset, k, term.reset_months, ZERO, term.reset_roll)
    if day >= term.maturity:
        return NEVER
    return int(dates.adjusted[term.date_adjustment, day - dates.first_day])


@kernel
def _index_end(term: Any, dates: DateTables, market: MarketTables, n_resets: int, day: int) -> int:
    """Return where the index of a reset ends: at the next reset when its tenor says so."""
    if not term.is_index_of_period:
        return int(market.tenor_end[term.index_tenor, day])
    end = grid_day(dates, term.first_reset, n_resets + 1, term.reset_months, ZERO, term.reset_roll)
    return int(max(dates.adjusted[term.date_adjustment, end - dates.first_day], day + 1))


@kernel
def _open_lanes(term: Any, behaviour: BehaviourTables, lanes: FloatArray) -> None:
    rate = term.coupon_rate
    if term.option_type != _NO_OPTION:
        rate = option_payoff(term.option_type, rate, term.strike_rate)
    share = behaviour.prepaid_share[term.cohort, min(term.step_months, 12)]
    for s in range(lanes.shape[1]):
        lanes[L_BALANCE, s] = term.principal
        lanes[L_RATE, s] = rate
        lanes[L_PAYMENT, s] = term.payment_amount
        lanes[L_DUE, s] = 0.0
        lanes[L_DUE_BASE, s] = 0.0
        lanes[L_SURVIVAL, s] = 1.0
        lanes[L_SHARE, s] = share[s]


@kernel
def _draw(term: Any, behaviour: BehaviourTables, rows: Rows, lanes: FloatArray) -> int:
    _open_lanes(term, behaviour, lanes)
    _open_row(rows, ZERO, term.accrual_start, term.accrual_start, 0.0, lanes)
    rows.drawn[0] = term.principal
    return _close_row(rows, ZERO, lanes)


@inner_kernel
def _open_row(rows: Rows, row: int, start: int, day: int, years: float, lanes: FloatArray) -> None:
    """Clear a row and accrue interest up to it."""
    rows.start[row], rows.day[row], rows.is_reset[row] = start, day, False
    rows.drawn[row] = rows.written_off[row] = 0.0
    flow = rows.flows[row]
    for s in range(lanes.shape[1]):
        weight = lanes[L_BALANCE, s] * years
        accrued = weight * lanes[L_RATE, s]
        lanes[L_DUE_BASE, s] += weight
        lanes[L_DUE, s] += accrued
        flow[ACCRUED, s] = accrued
        flow[RATE, s] = lanes[L_RATE, s]
    for item in range(INTEREST, RATE):
        for s in range(lanes.shape[1]):
            flow[item, s] = 0.0


@inner_kernel
def _pay(term: Any, k: int, day: int, must_fix: bool, flow: FloatArray, lanes: FloatArray) -> bool:
    """Pay interest and scheduled principal; return whether the payment must still be fixed."""
    left = term.n_payments - 1 - k
    is_interest_day = left % term.interest_ratio == 0
    if is_interest_day:
        for s in range(lanes.shape[1]):
            flow[INTEREST, s] = lanes[L_DUE, s]
            flow[INTEREST_BASE, s] = lanes[L_DUE_BASE, s]
    if left == 0:
        if not term.is_open:
            repay_all(lanes, flow)
    elif left % term.principal_ratio == 0 and day > term.interest_only_end:
        must_fix = _repay(term, left, must_fix, is_interest_day, flow, lanes)
    if is_interest_day:
        for s in range(lanes.shape[1]):
            lanes[L_DUE, s] = 0.0
            lanes[L_DUE_BASE, s] = 0.0
    return must_fix


@kernel
def _repay(
    term: Any, left: int, must_fix: bool, is_interest_day: bool, flow: FloatArray, lanes: FloatArray
) -> bool:
    if term.repayment == REPAY_BULLET:
        return must_fix
    n_payments = left // term.principal_ratio + 1 + term.extra_payments
    if term.repayment == REPAY_ANNUITY:
        if must_fix:
            fix_payments(lanes, term.period_years, n_payments, term.balloon_amount)
        repay_annuity(lanes, flow, is_interest_day)
        return False
    if term.payment_amount > 0.0:
        repay_given(lanes, flow)
    else:
        repay_linear(lanes, flow, n_payments, term.balloon_amount)
    return must_fix


@inner_kernel
def _irregular_years(term: Any, dates: DateTables, k: int) -> float:
    """Return the 30/360 years of a period that is not a whole number of 0..12 months, else 0."""
    if k == 0 and not term.is_first_period_regular:
        years, first_day = dates.additive_years[THIRTY_E_360], dates.first_day
        return float(years[term.first_payment - first_day] - years[term.accrual_start - first_day])
    return float(term.step_years) if term.step_months > 12 else 0.0
