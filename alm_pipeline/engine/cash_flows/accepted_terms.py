"""Which terms the engine projects: what it refuses, by name, and what has a schedule or an option.

Nothing is projected as something it is not.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from alm_pipeline.engine.arrays import (
    NO_CODE,
    NO_DATE,
    BoolArray,
    CashFlowModel,
    IntArray,
    OptionType,
    Positions,
    RateType,
)
from alm_pipeline.errors import CalculationError

HORIZON_DAYS = 50 * 366
"""The engine looks at most this far ahead; perpetual contracts pay until then."""

WITHOUT_AGREED_CASH = (CashFlowModel.NON_PERFORMING, CashFlowModel.BALANCE_ONLY)
"""What they agreed to pay is not what is expected of them."""

WITHOUT_SCHEDULE = (CashFlowModel.NON_MATURITY, CashFlowModel.REVOLVING, *WITHOUT_AGREED_CASH)
LENT_UNTIL_A_DATE = (
    CashFlowModel.BULLET,
    CashFlowModel.ANNUITY,
    CashFlowModel.LINEAR,
    CashFlowModel.INTEREST_ONLY_THEN_ANNUITY,
)
"""Loans, bonds and deposits whose principal is owed and repaid by a schedule."""

_HAS_SCHEDULE = np.array([model not in WITHOUT_SCHEDULE for model in CashFlowModel])


def has_schedule(positions: Positions) -> BoolArray:
    """Return which positions have payment dates; an undrawn line has none."""
    is_scheduled = _HAS_SCHEDULE[positions.model]
    is_undrawn = (positions.model == CashFlowModel.COMMITMENT) & (positions.start_offset <= 0)
    return np.asarray(is_scheduled & ~is_undrawn)


def steps(positions: Positions) -> IntArray:
    """Return by how many months each position's payment dates step, 0 for those that do not."""
    interest, principal = positions.payment_months, positions.principal_months
    has_both = (interest > 0) & (principal > 0)
    months = np.where(has_both, np.minimum(interest, principal), interest + principal)
    return np.where(positions.payment_days > 0, 0, months).astype(np.int32)


def has_option(positions: Positions) -> BoolArray:
    """Return which positions have an option on their rate: a cap, a floor, or both.

    A cap not above the floor leaves a fixed rate and no option.
    """
    p = positions
    is_bounded = ((p.cap_rate < np.inf) | (p.floor_rate > -np.inf)) & (p.cap_rate > p.floor_rate)
    is_floating = (p.rate_type == RateType.FLOATING) & has_schedule(p)
    return np.asarray(is_floating & (is_bounded | (p.option_type != OptionType.NONE)))


def without_options(positions: Positions) -> Positions:
    """Return positions whose rates have no bounds; an option that stands alone has no value."""
    is_bounded = has_option(positions)
    return replace(
        positions,
        cap_rate=np.where(is_bounded, np.inf, positions.cap_rate),
        floor_rate=np.where(is_bounded, -np.inf, positions.floor_rate),
        is_eve=positions.is_eve & (positions.option_type == OptionType.NONE),
    )


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
        "a fixed penalty for a prepayment that shortens the term": p.is_term_shortened
        & p.is_prepayable
        & (p.penalty_amount != 0.0),
        "no discount curve": p.discount_curve < 0,
    }
    return {
        reason: np.flatnonzero(is_refused).astype(np.int32)
        for reason, is_refused in reasons.items()
        if is_refused.any()
    }


def refuse_terms(positions: Positions) -> None:
    """Raise if any position has terms that cannot be projected.

    Raises
    ------
    CalculationError
        The rows are listed by reason.
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
