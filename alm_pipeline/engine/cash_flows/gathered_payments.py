"""Level payments of one time bucket, gathered in one row: what nobody reads one by one.

Beyond the months of the income lens only sums over a bucket are wanted, and the present value. So
the payments up to the end of a bucket, or to a reset where the repricing lens reads it, become one
row: the sum of its interest, the principal repaid, what is prepaid, and the present WORTH of all of
it. Equal monthly payments are worth one payment times a difference of ``factor_sums``. The
recursion is that of ``level_payments``, ``balance x (1 + rate x years) - payment``, with the states
in registers. Only contracts whose rows no scenario moves (``is_uniform``) are gathered: they are
calculated once, as plain numbers, and only discounting has eight lanes.

A run ends before anything else: an instalment that does not cover the interest, or repays more than
is owed. Tests compare with event rows, which are always made one by one.
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.engine.cash_flows.records import (
    ACCRUED,
    INTEREST,
    L_BALANCE,
    L_PAYMENT,
    L_RATE,
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
from alm_pipeline.engine.lanes import add_to, at, is_any_above, lane, load, put, same, store


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
def end_shared(rows: Rows, row: int) -> int:
    """End a row that was left open and return where the next payment goes."""
    if not at(rows.is_open, row):
        return row
    put(rows.is_open, row, False)
    return row + 1


@inner_kernel
def is_shared(gathering: Gathering, rows: Rows, row: int, day: int) -> bool:
    """Say whether a payment after a reset may share the gathered row of those before it."""
    end = gathering_end(gathering, at(rows.start, row), at(rows.day, row))
    return bool(day <= end and not gathering.is_reset_read)


@inner_kernel
def gathered_from(term: Any, gathering: Gathering, rows: Rows) -> int:
    """Return from which day on payments may share a row.

    A margin in the discounting forbids it, and a penalty for leaving, which is income of its day;
    and rows that a scenario moves, because a run cut short in one scenario would be cut in all, and
    a scenario alone would no longer be bit for bit itself among others.
    """
    is_discounted = term.margin_rate != 0.0 and gathering.is_margin_included
    is_level = term.repayment == REPAY_ANNUITY and not rows.is_detailed and not term.has_fee
    is_shared_by_all = is_level and term.is_uniform
    return gathering.from_day if is_shared_by_all and not is_discounted else NEVER


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
    if not at(rows.is_open, row):
        _open_row(term, rows, row, previous, until)
    one, of_all, paid = lane(balance, 0), lane(rate, 0), lane(payment, 0)
    run = _level_run(term, tables, k, until, previous, one, of_all, paid, 0.0)
    _add_run(rows, row, run, one - run[2])
    store(states, L_BALANCE, run[2])
    return run[0], run[1]


@inner_kernel
def _open_row(term: Any, rows: Rows, row: int, start: int, day: int) -> None:
    """Begin a gathered row with nothing in it."""
    start_row(rows, row, start, day)
    put(rows.is_gathered, row, True)
    for item in (ACCRUED, INTEREST, SCHEDULED, PREPAID, WORTH, REPLACED_FIRST, REPLACED):
        store(rows.flows, item, row, 0.0)
    if term.may_draw:
        store(rows.drawn, row, 0.0)


@inner_kernel
def _add_run(rows: Rows, row: int, run: Any, repaid: Any) -> None:
    """Add what a run returns: next payment, last day, balance, interest, and the weighed sums."""
    _, day, _, interest, worth, (first, whole) = run
    put(rows.day, row, day)
    add_to(rows.flows, ACCRUED, row, interest)
    add_to(rows.flows, INTEREST, row, interest)
    add_to(rows.flows, SCHEDULED, row, repaid)
    add_to(rows.flows, WORTH, row, worth)
    add_to(rows.flows, REPLACED_FIRST, row, first)
    add_to(rows.flows, REPLACED, row, whole)


@inner_kernel
def _next_day(dates: DateTables, month: int, roll: int, adjustment: int) -> int:
    """Return the payment day of a month after that of the first payment."""
    return adjusted_day(dates, adjustment, rolled_day(dates, month, roll))


@inner_kernel
def _replaced(term: Any, tables: Tables, day: int, principal: Any, sums: Any) -> Any:
    """Add what principal replaced on a day earns up to the end of each window."""
    gathering, (first, whole) = tables.gathering, sums
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

    ``balance``, ``rate``, ``payment`` and ``interest`` (nothing yet) are plain numbers.
    """
    worth, sums, dates = same(0.0), (same(0.0), same(0.0)), tables.dates
    curve, last = term.discount_curve, term.n_payments - 1
    margin = _stripped(term, tables.gathering)
    roll, adjustment, day_count = term.payment_roll, term.date_adjustment, term.day_count
    step, month, maturity = term.step_months, _month(term, k), term.maturity
    is_replaced = until <= at(tables.gathering.window_edges, 2)
    is_summed, first = step == 1 and adjustment == 0 and margin == 0.0, month
    while k < last:
        day = min(_next_day(dates, month, roll, adjustment), maturity)
        if day > until:
            break
        years = year_fraction(dates, day_count, previous, day, maturity)
        left = balance + balance * (rate * years) - payment
        if is_any_above(left, balance) or is_any_above(0.0, left):
            break
        if not is_summed:
            paid = payment - balance * (margin * years)
            worth = worth + paid * load(tables.market.discount, curve, day)
        if is_replaced:
            sums = _replaced(term, tables, day, balance - left, sums)
        interest = interest + balance * (rate * years)
        balance, previous, k, month = left, day, k + 1, month + step
    if is_summed:
        worth = payment * _factors_between(tables, curve, roll, first, month)
    return k, previous, balance, interest, worth, sums


@inner_kernel
def _factors_between(tables: Tables, curve: int, roll: int, first: int, end: int) -> Any:
    """Return the sum of the discount factors of one day of the months from first to before end."""
    sums, month = tables.gathering.factor_sums, tables.dates.first_month
    before = load(sums, curve, roll - 1, first - month)
    return load(sums, curve, roll - 1, end - month) - before


@inner_kernel
def _month(term: Any, k: int) -> int:
    """Return the month of payment ``k``."""
    return int(term.payment_month + k * term.step_months)


@inner_kernel
def _stripped(term: Any, gathering: Gathering) -> float:
    """Return the margin that is not part of the value."""
    return 0.0 if gathering.is_margin_included else float(term.margin_rate)
