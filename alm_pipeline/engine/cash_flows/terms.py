"""Positions packed for the kernels, with what follows from the terms alone.

``packed_terms`` turns the struct of arrays into one record per position (a kernel then passes a
pointer instead of fifty arrays) and derives, vectorised: number of payments left, first grid
dates, how often a payment date pays interest or principal, how many rows the contract can have.
Terms that cannot be projected are refused by name (``refused_terms``): nothing is projected as
something it is not.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np

from alm_pipeline.engine.arrays import (
    NO_CODE,
    NO_DATE,
    BoolArray,
    CashFlowModel,
    IntArray,
    Positions,
    RateType,
)
from alm_pipeline.engine.cash_flows.agenda import AgendaTables
from alm_pipeline.engine.cash_flows.records import NEVER
from alm_pipeline.engine.conventions.calendar import rolled_day
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.schedule import payments_left
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS
from alm_pipeline.engine.kernel import entry_kernel, kernel
from alm_pipeline.errors import CalculationError

REPAY_BULLET, REPAY_ANNUITY, REPAY_LINEAR = 0, 1, 2
HORIZON_DAYS = 50 * 366
"""The engine looks at most this far ahead; perpetual contracts pay until then."""

_REPAYMENT = {
    CashFlowModel.ANNUITY: REPAY_ANNUITY,
    CashFlowModel.INTEREST_ONLY_THEN_ANNUITY: REPAY_ANNUITY,
    CashFlowModel.COMMITMENT: REPAY_ANNUITY,
    CashFlowModel.LINEAR: REPAY_LINEAR,
}
_WITHOUT_SCHEDULE = (
    CashFlowModel.NON_MATURITY,
    CashFlowModel.REVOLVING,
    CashFlowModel.NON_PERFORMING,
    CashFlowModel.BALANCE_ONLY,
)
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
    ("is_index_of_period", "?"),
    ("has_prepayment", "?"),
    ("has_redemption", "?"),
    ("is_first_period_regular", "?"),
    ("payment_roll", "i8"),
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
    ("max_rows", "i8"),
    ("step_years", "f8"),
    ("period_years", "f8"),
]
_WIDTH = {"i1": "i8", "i2": "i8", "i4": "i8", "f8": "f8", "?": "?"}
TERMS = np.dtype(
    [(item.name, _WIDTH[item.metadata["dtype"]]) for item in fields(Positions)] + _DERIVED,
    align=True,
)


class Cohorts(NamedTuple):
    """What decides the shape of a position's rows, each (n_cohorts,).

    ``prepays``, ``redeems``: whether a cohort prepays, or withdraws early, in any scenario;
    ``n_slots``: rows of its run-off ladder.
    """

    prepays: BoolArray
    redeems: BoolArray
    n_slots: IntArray


def has_schedule(positions: Positions) -> BoolArray:
    """Return which positions have payment dates; an undrawn line has none."""
    is_scheduled = ~np.isin(positions.model, _WITHOUT_SCHEDULE)
    is_undrawn = (positions.model == CashFlowModel.COMMITMENT) & (positions.start_offset <= 0)
    return np.asarray(is_scheduled & ~is_undrawn)


def refused_terms(positions: Positions) -> dict[str, IntArray]:
    """Return the rows that cannot be projected, by reason; empty when all can."""
    p, scheduled = positions, has_schedule(positions)
    has_maturity, has_next = p.maturity_offset != NO_DATE, p.next_payment_offset != NO_DATE
    steps = (p.payment_months > 0) | (p.principal_months > 0) | (p.payment_days > 0)
    is_recovery = p.model == CashFlowModel.NON_PERFORMING
    reasons = {
        "matured on or before the as-of date": scheduled & has_maturity & (p.maturity_offset <= 0),
        "next payment on or before the as-of date": scheduled
        & has_next
        & (p.next_payment_offset <= 0),
        "payment frequency without a next payment date": scheduled
        & has_maturity
        & steps
        & ~has_next,
        f"maturity more than {HORIZON_DAYS} days ahead": scheduled
        & (p.maturity_offset > HORIZON_DAYS),
        "floating rate without an index": scheduled
        & (p.rate_type == RateType.FLOATING)
        & (p.next_reset_offset != NO_DATE)
        & ((p.index_curve == NO_CODE) | (p.index_tenor == NO_CODE)),
        "administered rate without an index curve": (p.rate_type == RateType.ADMINISTERED)
        & (p.index_curve == NO_CODE)
        & (p.model != CashFlowModel.BALANCE_ONLY),
        "no recovery date after the as-of date": is_recovery & (p.recovery_offset <= 0),
        "no discount curve": p.discount_curve < 0,
    }
    return {
        reason: np.flatnonzero(is_refused).astype(np.int32)
        for reason, is_refused in reasons.items()
        if is_refused.any()
    }


def packed_terms(
    positions: Positions, dates: DateTables, cohorts: Cohorts, agendas: AgendaTables
) -> Any:
    """Return one record of ``TERMS`` per position.

    Parameters
    ----------
    positions : Positions
    dates : DateTables
    cohorts : Cohorts
    agendas : AgendaTables
        Of the positions whose dates lie on no common grid.

    Raises
    ------
    CalculationError
        If a position has terms that the engine refuses; the rows are listed by reason.
    """
    refused = refused_terms(positions)
    if refused:
        reasons = "; ".join(f"{why}: rows {list(rows[:10])}" for why, rows in refused.items())
        n_refused = sum(len(rows) for rows in refused.values())
        raise CalculationError(
            f"{n_refused} positions have terms the engine refuses",
            detail=reasons,
            fix="correct the terms or exclude the positions",
        )
    terms = np.zeros(len(positions), TERMS).view(np.recarray)
    for item in fields(Positions):
        terms[item.name] = getattr(positions, item.name)
    _derive_kind(terms, cohorts)
    _derive_dates(terms)
    _derive_grid(terms, dates)
    n_slots = np.append(cohorts.n_slots, 1)
    terms.max_rows = np.where(terms.is_constant, n_slots[terms.cohort], terms.max_rows)
    _derive_agendas(terms, agendas)
    return terms


def _derive_agendas(terms: Any, agendas: AgendaTables) -> None:
    """Fill in which entries belong to which position; an agenda replaces the grid."""
    terms.agenda_first, terms.agenda_last = agendas.first, agendas.last
    n_entries = agendas.last - agendas.first
    terms.has_agenda = n_entries > 0
    terms.max_rows = np.where(terms.has_agenda, n_entries, terms.max_rows)


def _derive_kind(terms: Any, cohorts: Cohorts) -> None:
    """Fill in how principal is repaid and whether customers may act."""
    for model, repayment in _REPAYMENT.items():
        terms.repayment[terms.model == model] = repayment
    terms.is_notional = np.isin(terms.model, (CashFlowModel.SWAP_LEG, CashFlowModel.CAP_FLOOR))
    is_commitment = terms.model == CashFlowModel.COMMITMENT
    terms.is_forward = is_commitment & (terms.start_offset > 0)
    terms.model[is_commitment & ~terms.is_forward] = CashFlowModel.BALANCE_ONLY
    terms.principal[is_commitment & ~terms.is_forward] = 0.0
    terms.is_constant = np.isin(terms.model, (CashFlowModel.NON_MATURITY, CashFlowModel.REVOLVING))
    terms.is_path_dependent = (terms.rate_type != RateType.FIXED) & ~terms.is_constant
    n_cohorts = len(cohorts.prepays)
    if (terms.cohort >= n_cohorts).any():
        raise CalculationError("a position's cohort is not in the behaviour table", fix="add it")
    terms.cohort[terms.cohort < 0] = n_cohorts
    terms.has_prepayment = (
        np.append(cohorts.prepays, False)[terms.cohort] & terms.is_prepayable & ~terms.is_notional
    )
    terms.has_redemption = (
        np.append(cohorts.redeems, False)[terms.cohort] & terms.is_redeemable & ~terms.is_notional
    )


def _derive_dates(terms: Any) -> None:
    """Fill in maturity, first payment, start of accrual and end of the interest-only time."""
    is_open = terms.maturity_offset == NO_DATE
    has_next = terms.next_payment_offset != NO_DATE
    is_overnight = is_open & ~has_next  # call money: due on the next day
    terms.is_open = is_open & has_next
    terms.maturity = np.where(is_open, HORIZON_DAYS, terms.maturity_offset)
    terms.maturity[is_overnight] = 1
    first = np.where(has_next, terms.next_payment_offset, terms.maturity)
    terms.first_payment = np.minimum(first, terms.maturity)
    has_last = terms.last_payment_offset != NO_DATE
    start = np.where(terms.start_offset == NO_DATE, 0, terms.start_offset)
    terms.accrual_start = np.where(has_last, terms.last_payment_offset, start)
    starts_later = start > 0
    terms.accrual_start[starts_later] = start[starts_later]
    terms.interest_only_end = terms.interest_only_end_offset  # NO_DATE lies before every day


def _derive_grid(terms: Any, dates: DateTables) -> None:
    """Fill in steps, ratios, numbers of payments and the first reset."""
    interest, principal = terms.payment_months, terms.principal_months
    step = np.where(interest == 0, principal, np.where(principal == 0, interest, 0))
    step = np.where((interest > 0) & (principal > 0), np.minimum(interest, principal), step)
    terms.step_months = np.where(terms.payment_days > 0, 0, step)
    terms.step_days = terms.payment_days
    by_days = terms.payment_days > 0
    divisor = np.maximum(step, 1)
    terms.interest_ratio = np.where(by_days, 1, np.where(interest > 0, interest // divisor, NEVER))
    terms.principal_ratio = np.where(
        by_days, 1, np.where(principal > 0, principal // divisor, NEVER)
    )
    terms.step_years = np.where(by_days, terms.payment_days / 365.0, terms.step_months / 12.0)
    terms.period_years = terms.step_years * np.where(
        terms.principal_ratio == NEVER, 1, terms.principal_ratio
    )
    index_months = np.array(INDEX_TENOR_MONTHS)[np.maximum(terms.index_tenor, 0)]
    is_index_of_period = (terms.reset_months > 0) & (index_months == terms.reset_months)
    terms.is_index_of_period = is_index_of_period & (terms.index_tenor != NO_CODE)
    _count(terms, dates)
    n_principal = (terms.n_payments - 1) // terms.principal_ratio + 1
    terms.extra_payments = np.maximum(terms.amortisation_payments - n_principal, 0)


@entry_kernel
def _count(terms: Any, dates: DateTables) -> None:
    for i in range(len(terms)):
        term = terms[i]
        term.payment_roll = _anchored_roll(dates, term, term.first_payment)
        term.n_payments = payments_left(
            dates,
            term.first_payment,
            term.maturity,
            term.step_months,
            term.step_days,
            term.payment_roll,
        )
        term.first_reset, term.reset_roll = _first_reset(dates, term)
        n_resets = 0
        if term.first_reset != NEVER:
            n_resets = 1
            if term.reset_months > 0:
                n_resets += (term.maturity - term.first_reset) // (28 * term.reset_months) + 1
        term.max_rows = term.n_payments + n_resets + 3
        term.is_first_period_regular = _is_regular(dates, term)


@kernel
def _anchored_roll(dates: DateTables, term: Any, anchor: int) -> int:
    """Return the day of the month a grid rolls on; 31 under the end-of-month rule."""
    row = anchor - dates.first_day
    is_last = dates.month_index[row + 1] != dates.month_index[row]
    if is_last and term.is_end_of_month:
        return 31
    if term.roll_day > 0:
        rolled = rolled_day(dates, dates.month_index[row], term.roll_day)
        if dates.adjusted[term.date_adjustment, rolled - dates.first_day] == anchor:
            return int(term.roll_day)
    return int(dates.day_of_month[row])


@kernel
def _first_reset(dates: DateTables, term: Any) -> tuple[int, int]:
    """Return the first reset after the as-of date and its roll day."""
    anchor = term.next_reset_offset
    if anchor == NO_DATE or anchor >= term.maturity or term.rate_type == 0:
        return NEVER, 0
    if anchor < dates.first_day:
        return NEVER, 0
    roll = _anchored_roll(dates, term, anchor)
    if anchor > 0:
        return anchor, roll
    if term.reset_months == 0:
        return NEVER, 0
    month = dates.month_index[anchor - dates.first_day]
    day = anchor
    while day <= 0:
        month += term.reset_months
        day = rolled_day(dates, month, roll)
    return day, roll


@kernel
def _is_regular(dates: DateTables, term: Any) -> bool:
    """Return whether the running period is exactly one step long."""
    if term.step_months == 0:
        return bool(term.first_payment - term.accrual_start == term.step_days)
    month = dates.month_index[term.first_payment - dates.first_day] - term.step_months
    if month < dates.first_month:
        return False
    return bool(rolled_day(dates, month, term.payment_roll) == term.accrual_start)
