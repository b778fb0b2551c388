"""The contracts of the work item as the engine's positions, curves and buckets.

Three things are said differently there. The interest of the running period that belongs to the
days before the as-of date is earned already: the engine takes it as ``accrued_interest``, counted
by actual days. A replacement's spread accrues over 365 days in the work item and over the year
of the indices in the engine, so it is scaled. Margins stay in the cash flows.

What does not belong here: drawing the contracts (``work_item``), running the engine (``measure``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from alm_pipeline.bench.work_item import (
    AS_OF_DATE,
    DAY_COUNTS,
    Book,
    Kind,
    bucket_bounds,
    curve_days,
    day_offsets,
    zero_rates,
)
from alm_pipeline.engine.arrays import (
    NO_CODE,
    NO_DATE,
    Buckets,
    CashFlowModel,
    Curves,
    FloatArray,
    IntArray,
    OptionType,
    Positions,
    RateType,
)
from alm_pipeline.engine.conventions.period import period_fractions
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS

SPREAD_YEAR_DAYS, INDEX_YEAR_DAYS = 365.0, 360.0
"""Year in which the work item accrues a replacement's spread, and the engine a margin."""

_MODEL = {
    Kind.ANNUITY_LOAN: CashFlowModel.ANNUITY,
    Kind.BOND: CashFlowModel.BULLET,
    Kind.LINEAR_LOAN: CashFlowModel.LINEAR,
    Kind.FLOATING_LOAN: CashFlowModel.ANNUITY,
    Kind.TERM_DEPOSIT: CashFlowModel.BULLET,
}
_ABSENT = {
    "impairment_amount": 0.0,
    "rate_multiplier": 1.0,
    "margin_rate": 0.0,
    "cap_rate": np.inf,
    "period_cap_rate": np.inf,
    "period_floor_rate": np.inf,
    "discount_curve": 0,
    "fixing_lag_days": 0,
    "interest_only_end_offset": NO_DATE,
    "recovery_offset": NO_DATE,
    "payment_days": 0,
    "is_end_of_month": False,
    "date_adjustment": 0,
    "payment_amount": 0.0,
    "amortisation_payments": 0,
    "balloon_amount": 0.0,
    "option_type": int(OptionType.NONE),
    "strike_rate": 0.0,
    "cohort": NO_CODE,
    "is_prepayable": False,
    "is_redeemable": False,
    "replacement_tenor": 0,
    "group": 0,
    "is_eve": True,
    "is_nii": True,
}
"""Terms that no contract of the work item has, or all have alike."""


def next_reset_offsets(book: Book) -> IntArray:
    """Return the first reset after the as-of date, a whole number of periods after the issue."""
    period = np.maximum(book.reset_months.astype(np.int64), 1)
    behind = (book.last_payment_month - book.issue_month) // period
    month = book.issue_month + (behind + 1) * period
    maturity_month = book.issue_month + book.term_months
    has_reset = (book.reset_months > 0) & (month < maturity_month)
    return np.where(has_reset, day_offsets(month, book.roll_day), NO_DATE).astype(np.int32)


def accrued_interest(book: Book, start_offset: IntArray, end_offset: IntArray) -> FloatArray:
    """Return which part of the running period's interest belongs to the days already gone.

    Parameters
    ----------
    book : Book
    start_offset, end_offset : (n,) int32 [days]
        The running period; it starts on the as-of date or before and ends after it.

    Returns
    -------
    (n,) float64 [position currency]
        Interest of the whole period times the share of its days that are gone, unsigned.
    """
    start, end = AS_OF_DATE + start_offset, AS_OF_DATE + end_offset
    rows, period_years = np.array(DAY_COUNTS)[book.day_count], np.zeros(len(book.day_count))
    for day_count in DAY_COUNTS:
        chosen = rows == day_count
        period_years[chosen] = period_fractions(day_count, start[chosen], end[chosen])
    gone = -start_offset / (end_offset - start_offset)
    return np.asarray(book.principal * book.coupon_rate * period_years * gone)


def _dates(book: Book) -> dict[str, Any]:
    months = {
        "start_offset": book.issue_month,
        "last_payment_offset": book.last_payment_month,
        "next_payment_offset": book.last_payment_month + book.payment_months,
        "maturity_offset": book.issue_month + book.term_months,
    }
    dates = {name: day_offsets(month, book.roll_day) for name, month in months.items()}
    return dates | {"next_reset_offset": next_reset_offsets(book)}


def _terms(book: Book) -> dict[str, Any]:
    """Return how each contract pays, and its rate."""
    model = np.array([int(_MODEL[kind]) for kind in Kind], np.int8)[book.kind]
    is_floating = book.kind == Kind.FLOATING_LOAN
    tenor_rows = np.zeros(13, np.int16)
    tenor_rows[[3, 6, 12]] = [INDEX_TENOR_MONTHS.index(months) for months in (3, 6, 12)]
    return {
        "sign": book.sign,
        "model": model,
        "principal": book.principal,
        "rate_type": np.where(is_floating, RateType.FLOATING, RateType.FIXED).astype(np.int8),
        "coupon_rate": book.coupon_rate,
        "spread_rate": book.spread_rate,
        "floor_rate": np.where(is_floating, 0.0, -np.inf),
        "index_curve": np.where(is_floating, 0, NO_CODE).astype(np.int16),
        "index_tenor": tenor_rows[book.reset_months],
        "day_count": np.array([int(one) for one in DAY_COUNTS], np.int8)[book.day_count],
        "payment_months": book.payment_months,
        "principal_months": np.where(model == CashFlowModel.BULLET, 0, book.payment_months),
        "reset_months": book.reset_months.astype(np.int16),
        "roll_day": book.roll_day,
        "replacement_margin": book.spread_rate * (INDEX_YEAR_DAYS / SPREAD_YEAR_DAYS),
    }


def as_positions(book: Book) -> Positions:
    """Return the contracts in the engine's words."""
    dates = _dates(book)
    booked = accrued_interest(book, dates["last_payment_offset"], dates["next_payment_offset"])
    same = {name: np.full(len(book), value) for name, value in _ABSENT.items()}
    return Positions(**_terms(book), **dates, **same, accrued_interest=booked)


def as_curves(shock_scales: tuple[float, ...] = (1.0,)) -> Curves:
    """Return the base curve and the shocked ones; the engine interpolates as the work item does."""
    days = curve_days()
    rates = zero_rates(days, shock_scales)[:, None, :]
    return Curves(
        tenor_days=days,
        zero_rates=rates,
        base_zero_rates=rates[0],
        index_year_days=np.array([INDEX_YEAR_DAYS]),
    )


def as_buckets() -> Buckets:
    """Return the 19 time buckets, by payment date."""
    return Buckets(name="time", upper_offset=bucket_bounds())
