"""Rights to redeem a contract early, from the `call` and `put` rows of `book.scheduled_events`.

Answers which position may be redeemed when and for how much, as the engine's `RedemptionRight`.
A right whose value the tree cannot give is refused with the positions that carry it. Positions that
pay no agreed cash any more (non-performing, balances only) have lost theirs.

What does not belong here: volatilities (`inputs/short_rates.py`), the value (the engine).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import NO_DATE, BoolArray, IntArray, RateType
from alm_pipeline.engine.cash_flows.accepted_terms import (
    LENT_UNTIL_A_DATE,
    WITHOUT_AGREED_CASH,
)
from alm_pipeline.engine.simulation.redemption import RedemptionRight
from alm_pipeline.warehouse.book_columns import BookColumns
from alm_pipeline.warehouse.scheduled_events import ScheduledEvents

__all__ = ["redemption_rights"]

_FIX = "correct the call and put rows of schedule_event, or the terms, or exclude the positions"


def redemption_rights(
    book: BookColumns,
    events: ScheduledEvents,
    model: IntArray,
    columns: Mapping[str, NDArray[Any]],
) -> tuple[RedemptionRight, ...]:
    """Return the rights of a book, in the order of its rows.

    Parameters
    ----------
    book
    events
    model : (n,) codes of `CashFlowModel`
    columns
        Fields of `Positions` found so far: rate_type, maturity_offset, is_prepayable,
        is_redeemable.

    Raises
    ------
    CalculationError
        For rights that cannot be valued; the positions are named.
    """
    has_right = (events.has("call") | events.has("put")) & ~np.isin(model, WITHOUT_AGREED_CASH)
    for reason, is_refused in _refused(events, model, columns).items():
        book.refuse_where(has_right & is_refused, reason, _FIX)
    found = {int(row): _right(book, events, int(row)) for row in np.flatnonzero(has_right)}
    for reason, rows in _odd_days(found, columns["maturity_offset"]).items():
        book.refuse_where(np.isin(np.arange(len(book)), rows), reason, _FIX)
    return tuple(found.values())


def _refused(
    events: ScheduledEvents, model: IntArray, columns: Mapping[str, NDArray[Any]]
) -> dict[str, BoolArray]:
    """Return the positions whose terms leave a right without a value, by reason."""
    is_chosen = columns["is_prepayable"] | columns["is_redeemable"]
    return {
        "a call or put of an account, a line, a commitment, a leg or an option": ~np.isin(
            model, LENT_UNTIL_A_DATE
        ),
        "a call or put of a contract whose rate is not fixed": columns["rate_type"]
        != RateType.FIXED,
        "a call or put of a contract without a maturity": columns["maturity_offset"] == NO_DATE,
        "a call or put beside customers who may leave early": is_chosen,
        "a call or put of a contract that is still drawn": events.has("draw"),
    }


def _right(book: BookColumns, events: ScheduledEvents, row: int) -> RedemptionRight:
    """Return what one position agreed."""
    dated = sorted(
        ((day - book.as_of).days, price, is_put)
        for kind, is_put in (("call", False), ("put", True))
        for day, price in events.dated(row, kind)
    )
    return RedemptionRight(
        row=row,
        exercise_offsets=np.array([day for day, _, _ in dated], dtype=np.int32),
        exercise_prices=np.array([price for _, price, _ in dated], dtype=np.float64),
        is_put=np.array([is_put for _, _, is_put in dated], dtype=np.bool_),
    )


def _odd_days(found: Mapping[int, RedemptionRight], maturity: IntArray) -> dict[str, list[int]]:
    """Return the rows whose days of exercise are out of order, by reason."""
    days = {row: right.exercise_offsets for row, right in found.items()}
    return {
        "a call and a put on one day": [r for r, one in days.items() if (np.diff(one) <= 0).any()],
        "a call or put on or before the as-of date": [r for r, one in days.items() if one[0] <= 0],
        "a call or put that is not before the maturity": [
            row for row, one in days.items() if one[-1] >= maturity[row]
        ],
    }
