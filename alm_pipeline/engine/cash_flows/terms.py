"""Positions packed for the kernels, with what follows from the terms alone.

``packed_terms`` turns the struct of arrays into one record per position (a kernel then passes a
pointer instead of fifty arrays) and derives, vectorised: number of payments left, first grid
dates, how often a payment date pays interest or principal, how many rows the contract can have.
What cannot be projected has been refused before (``accepted_terms``).
"""

from __future__ import annotations

import collections
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np

from alm_pipeline.engine.arrays import (
    NO_CODE,
    NO_DATE,
    BoolArray,
    CashFlowModel,
    CountArray,
    OptionType,
    Positions,
    RateType,
)
from alm_pipeline.engine.cash_flows.accepted_terms import (
    HORIZON_DAYS,
    WITHOUT_SCHEDULE,
    has_option,
)
from alm_pipeline.engine.cash_flows.agenda import AgendaTables
from alm_pipeline.engine.cash_flows.records import NEVER
from alm_pipeline.engine.conventions.calendar import rolled_day
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.schedule import anchored, payments_left
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS
from alm_pipeline.engine.kernel import entry_kernel, inner_kernel, kernel
from alm_pipeline.engine.references import by_reference, copy_rows

REPAY_BULLET, REPAY_ANNUITY, REPAY_LINEAR = 0, 1, 2
_NON_MATURITY, _REVOLVING = int(CashFlowModel.NON_MATURITY), int(CashFlowModel.REVOLVING)
_SWAP_LEG, _CAP_FLOOR = int(CashFlowModel.SWAP_LEG), int(CashFlowModel.CAP_FLOOR)
_COMMITMENT, _BALANCE_ONLY = int(CashFlowModel.COMMITMENT), int(CashFlowModel.BALANCE_ONLY)
_FIXED, _ADMINISTERED = int(RateType.FIXED), int(RateType.ADMINISTERED)
_NO_OPTION = int(OptionType.NONE)
_REPAYMENTS = {
    CashFlowModel.ANNUITY: REPAY_ANNUITY,
    CashFlowModel.INTEREST_ONLY_THEN_ANNUITY: REPAY_ANNUITY,
    CashFlowModel.COMMITMENT: REPAY_ANNUITY,
    CashFlowModel.LINEAR: REPAY_LINEAR,
}
_REPAYMENT = np.array([_REPAYMENTS.get(model, REPAY_BULLET) for model in CashFlowModel])
_INDEX_MONTHS = np.array(INDEX_TENOR_MONTHS)
_WITHOUT_GRID = tuple(int(model) for model in WITHOUT_SCHEDULE)
_DERIVED: list[tuple[str, str]] = [
    ("repayment", "i8"),
    ("is_notional", "?"),
    ("has_agenda", "?"),
    ("agenda_first", "i8"),
    ("agenda_last", "i8"),
    ("is_open", "?"),
    ("is_forward", "?"),
    ("is_path_dependent", "?"),
    ("is_constant", "?"),
    ("is_uniform", "?"),
    ("is_index_of_period", "?"),
    ("has_prepayment", "?"),
    ("has_redemption", "?"),
    ("has_option", "?"),
    ("may_leave_early", "?"),
    ("may_draw", "?"),
    ("has_fee", "?"),
    ("is_drawn_over_time", "?"),
    ("is_first_period_regular", "?"),
    ("payment_month", "i8"),
    ("payment_roll", "i8"),
    ("reset_month", "i8"),
    ("reset_roll", "i8"),
    ("step_months", "i8"),
    ("step_days", "i8"),
    ("interest_ratio", "i8"),
    ("principal_ratio", "i8"),
    ("n_payments", "i8"),
    ("extra_payments", "i8"),
    ("first_payment", "i8"),
    ("first_reset", "i8"),
    ("maturity", "i8"),
    ("accrual_start", "i8"),
    ("interest_only_end", "i8"),
    ("replacement_row", "i8"),
    ("rhythm", "i8"),
    ("tail_from", "i8"),
    ("max_rows", "i8"),
    ("step_years", "f8"),
    ("period_years", "f8"),
]
_WIDTH = {"i1": "i8", "i2": "i8", "i4": "i8", "f8": "f8", "?": "?"}
TERMS = np.dtype(
    [(item.name, _WIDTH[item.metadata["dtype"]]) for item in fields(Positions)] + _DERIVED,
    align=True,
)


BLOCK_SIZE = 32
"""So many records at once: they stay in the processor's nearest cache."""


def empty_terms(n: int) -> Any:
    """Return records for the terms of ``n`` positions."""
    return np.zeros(n, TERMS).view(np.recarray)


class Cohorts(NamedTuple):
    """What decides the shape of a position's rows, each (n_cohorts,).

    ``prepays`` (n_rows,): whether a row of rates prepays in any scenario; ``n_slots``: rows of its
    run-off ladder. ``n_draws``: draws of its lines. The last of each does nothing.
    """

    prepays: BoolArray
    n_draws: CountArray
    n_slots: CountArray


_POSITION_FIELDS = tuple(item.name for item in fields(Positions))
_BY_BOOK = ("replacement_row", "rhythm", "agenda_first", "agenda_last", "has_option")
Columns: Any = collections.namedtuple("Columns", [*_POSITION_FIELDS, *_BY_BOOK])  # type: ignore[misc]
"""The fields of all positions, and what the book as a whole says of each."""


def columns_of(
    positions: Positions,
    replacement_row: CountArray,
    rhythm_row: CountArray,
    agendas: AgendaTables,
    *,
    has_options: bool = False,
) -> Any:
    """Return what is copied to the terms, (n,) each.

    Parameters
    ----------
    positions : Positions
        Not refused by ``refuse_terms``.
    replacement_row, rhythm_row : (n,) int64
    agendas : AgendaTables
        Of the positions whose dates lie on no common grid.
    has_options : bool
        Whether options on rates are valued beyond their intrinsic value.
    """
    is_valued = has_option(positions) if has_options else np.zeros(len(positions), np.bool_)
    given = (getattr(positions, name) for name in _POSITION_FIELDS)
    return Columns._make(
        [*given, replacement_row, rhythm_row, agendas.first, agendas.last, is_valued]
    )


def packed_terms(
    columns: Any, rows: CountArray, dates: DateTables, cohorts: Cohorts, terms: Any
) -> Any:
    """Return one record of ``TERMS`` per chosen row.

    Parameters
    ----------
    columns : Columns
    rows : (m,) int64
    dates : DateTables
    cohorts : Cohorts
    terms : (m,) records of ``TERMS``
        Overwritten and returned.
    """
    _derive(columns, rows, dates, cohorts, terms)
    return terms


@entry_kernel
def _derive(
    columns: Any, rows: CountArray, dates: DateTables, cohorts: Cohorts, terms: Any
) -> None:
    dates, cohorts, columns = by_reference(dates), by_reference(cohorts), by_reference(columns)
    for begin in range(0, len(rows), BLOCK_SIZE):
        derive_terms(columns, rows, begin, dates, cohorts, terms[begin : begin + BLOCK_SIZE])


@kernel
def derive_terms(
    columns: Any, rows: CountArray, begin: int, dates: DateTables, cohorts: Cohorts, terms: Any
) -> None:
    """Fill in the terms of the contracts from ``rows[begin]`` on; nothing old is left in them."""
    n = min(len(terms), len(rows) - begin)
    copy_rows(columns, rows, begin, terms, n)
    for k in range(n):
        _derive_one(terms[k], dates, cohorts)


@inner_kernel
def _derive_one(term: Any, dates: DateTables, cohorts: Cohorts) -> None:
    """Fill in what follows from the terms of one contract."""
    _clear(term)
    has_cohort = _derive_cohort(term, cohorts)
    _derive_kind(term, cohorts)
    _derive_behaviour(term, cohorts, has_cohort)
    _derive_dates(term)
    _derive_steps(term)
    _count(term, dates)
    if term.is_drawn_over_time:
        term.max_rows += cohorts.n_draws[term.cohort]
    if term.is_constant:
        term.max_rows = cohorts.n_slots[term.cohort]
    term.tail_from = _tail_from(term)
    if term.agenda_last > term.agenda_first:
        term.has_agenda = True
        term.may_draw = term.has_fee = True
        term.max_rows = term.agenda_last - term.agenda_first


@inner_kernel
def _clear(term: Any) -> None:
    """Reset what is not derived for every contract."""
    term.has_agenda = term.is_forward = term.may_draw = term.is_drawn_over_time = False
    term.is_first_period_regular = False
    term.payment_month = term.payment_roll = term.reset_month = term.reset_roll = 0
    term.n_payments = term.extra_payments = term.first_reset = 0


@inner_kernel
def _derive_kind(term: Any, cohorts: Cohorts) -> None:
    """Say how principal is repaid and what kind of contract this is."""
    term.repayment = _REPAYMENT[term.model]
    term.is_notional = term.model == _SWAP_LEG or term.model == _CAP_FLOOR
    if term.model == _COMMITMENT:
        is_line = term.start_offset <= 0
        term.is_drawn_over_time = is_line and cohorts.n_draws[term.cohort] > 0
        term.is_forward = term.may_draw = not is_line or term.is_drawn_over_time
        if not term.is_forward:  # a line that nobody draws: nothing flows
            term.model, term.principal = _BALANCE_ONLY, 0.0
    term.is_constant = term.model == _NON_MATURITY or term.model == _REVOLVING
    term.is_path_dependent = term.rate_type != _FIXED and not term.is_constant
    if term.index_curve == NO_CODE:
        term.index_curve = term.discount_curve


@inner_kernel
def _derive_cohort(term: Any, cohorts: Cohorts) -> bool:
    """Say whether a position has a cohort; one that has none is put into the idle last one."""
    has_cohort = term.cohort >= 0
    if term.prepayment_row < 0:
        term.prepayment_row = term.cohort if has_cohort else len(cohorts.prepays) - 1
    if not has_cohort:
        term.cohort = len(cohorts.n_slots) - 1
    return bool(has_cohort)


@inner_kernel
def _derive_behaviour(term: Any, cohorts: Cohorts, has_cohort: bool) -> None:
    """Say whether customers may leave early, and at a price."""
    is_held = not term.is_notional and not term.is_forward
    term.has_prepayment = (
        term.is_prepayable and not term.is_notional and cohorts.prepays[term.prepayment_row]
    )
    term.has_redemption = term.is_redeemable and has_cohort and is_held
    term.may_leave_early = term.has_prepayment or term.has_redemption
    is_free = term.penalty_rate == 0.0 and term.penalty_months == 0.0 and term.penalty_amount == 0.0
    term.has_fee = term.may_leave_early and not is_free
    term.is_uniform = term.rate_type == _FIXED and not term.may_leave_early


@inner_kernel
def _derive_dates(term: Any) -> None:
    """Fill in maturity, first payment, start of accrual and end of the interest-only time."""
    is_open, has_next = term.maturity_offset == NO_DATE, term.next_payment_offset != NO_DATE
    term.is_open = is_open and has_next
    term.maturity = HORIZON_DAYS if is_open else term.maturity_offset
    if is_open and not has_next:
        term.maturity = 1  # call money: due on the next day
    first = term.next_payment_offset if has_next else term.maturity
    term.first_payment = min(first, term.maturity)
    start = 0 if term.start_offset == NO_DATE else term.start_offset
    has_last = term.last_payment_offset != NO_DATE and start <= 0
    term.accrual_start = term.last_payment_offset if has_last else start
    term.interest_only_end = term.interest_only_end_offset  # NO_DATE lies before every day


@inner_kernel
def _derive_steps(term: Any) -> None:
    """Fill in the step of the grid and how often a step pays interest or principal."""
    interest, principal = term.payment_months, term.principal_months
    step = min(interest, principal) if interest > 0 and principal > 0 else interest + principal
    by_days = term.payment_days > 0
    term.step_months, term.step_days = (0 if by_days else step), term.payment_days
    divisor = max(step, 1)
    term.interest_ratio = interest // divisor if interest > 0 else NEVER
    term.principal_ratio = principal // divisor if principal > 0 else NEVER
    if by_days:
        term.interest_ratio = term.principal_ratio = 1
    term.step_years = term.payment_days / 365.0 if by_days else step / 12.0
    n_steps = 1 if term.principal_ratio == NEVER else term.principal_ratio
    term.period_years = term.step_years * n_steps
    index_months = _INDEX_MONTHS[max(term.index_tenor, 0)]
    is_own_period = term.reset_months > 0 and index_months == term.reset_months
    term.is_index_of_period = is_own_period and term.index_tenor != NO_CODE


@inner_kernel
def _count(term: Any, dates: DateTables) -> None:
    """Fill in how many payments are left, the first reset and how many rows there can be."""
    if term.model in _WITHOUT_GRID:
        term.max_rows = 1
        return
    term.payment_month, term.payment_roll = _anchored(dates, term, term.first_payment)
    term.n_payments = payments_left(
        dates,
        term.first_payment,
        term.payment_month,
        term.maturity,
        term.step_months,
        term.step_days,
        term.payment_roll,
    )
    term.first_reset, term.reset_month, term.reset_roll = _first_reset(dates, term)
    n_resets = 0
    if term.first_reset != NEVER:
        n_resets = 1
        if term.reset_months > 0:
            n_resets += (term.maturity - term.first_reset) // (28 * term.reset_months) + 1
    term.max_rows = term.n_payments + n_resets + 3
    term.is_first_period_regular = _is_regular(dates, term)
    n_principal = (term.n_payments - 1) // term.principal_ratio + 1
    term.extra_payments = max(term.amortisation_payments - n_principal, 0)


@inner_kernel
def _tail_from(term: Any) -> int:
    """Return from which day on payments may be summed (``simulation.tail``), or never.

    Where every payment date pays interest and either principal or none, rates reset on payment
    dates only, and nobody pays a penalty or has an option.
    """
    is_on_payments = term.interest_ratio == 1 and term.rhythm >= 0
    is_on_payments = is_on_payments and (
        term.principal_ratio == 1 or term.repayment == REPAY_BULLET
    )
    is_plain = not (term.has_fee or term.has_option or term.is_term_shortened)
    is_plain = is_plain and term.option_type == _NO_OPTION and term.rate_type != _ADMINISTERED
    if not (is_on_payments and is_plain and _resets_on_payments(term)):
        return NEVER
    begin = term.lockout_offset if term.has_prepayment else 0
    return int(max(begin, term.interest_only_end, 1 if term.has_redemption else 0))


@inner_kernel
def _resets_on_payments(term: Any) -> bool:
    if term.first_reset == NEVER:
        return True
    is_same_day = term.reset_roll == term.payment_roll
    distance, step = term.reset_month - term.payment_month, term.step_months
    return bool(is_same_day and distance % step == 0 and term.reset_months % step == 0)


@inner_kernel
def _anchored(dates: DateTables, term: Any, anchor: int) -> tuple[int, int]:
    """Return month and roll day of the contract's grid through a date."""
    return anchored(dates, anchor, term.roll_day, term.date_adjustment, term.is_end_of_month)


@inner_kernel
def _first_reset(dates: DateTables, term: Any) -> tuple[int, int, int]:
    """Return the first reset after the as-of date, its month and its roll day."""
    anchor = term.next_reset_offset
    if anchor == NO_DATE or anchor >= term.maturity or term.rate_type == 0:
        return NEVER, 0, 0
    if anchor < dates.first_day:
        return NEVER, 0, 0
    month, roll = _anchored(dates, term, anchor)
    if anchor > 0:
        return anchor, month, roll
    if term.reset_months == 0:
        return NEVER, 0, 0
    day = anchor
    while day <= 0:
        month += term.reset_months
        day = rolled_day(dates, month, roll)
    return day, month, roll


@inner_kernel
def _is_regular(dates: DateTables, term: Any) -> bool:
    """Return whether the running period is exactly one step long."""
    if term.step_months == 0:
        return bool(term.first_payment - term.accrual_start == term.step_days)
    month = term.payment_month - term.step_months
    if month < dates.first_month:
        return False
    return bool(rolled_day(dates, month, term.payment_roll) == term.accrual_start)
