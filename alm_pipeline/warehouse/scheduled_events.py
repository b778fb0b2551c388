"""Rows of `book.scheduled_events` by position: what was agreed for which day.

Refuses events that contradict the terms of their position: principal of a contract that is not
repaid by a list, days after the maturity, more repaid than owed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import BoolArray, IntArray
from alm_pipeline.errors import CalculationError
from alm_pipeline.warehouse.book_columns import BookColumns, refusal

__all__ = ["ScheduledEvents"]

WHERE = "book.scheduled_events"
_KINDS = ("principal", "interest", "fee", "draw", "rate_step", "call", "put")
_RIGHTS = ("call", "put")
_CENT = 0.005
_FIX = "correct the schedule or exclude the positions"
Dated = tuple[tuple[dt.datetime, float], ...]


class ScheduledEvents:
    """The events of a book, by row of the book.

    Parameters
    ----------
    rows
        Columns position_id, event_date, event_type, event_amount and rate of one as-of date, an
        Arrow table or a mapping of column names to lists. Events of positions that are not in the
        book are left out: their currency is stopped.
    book
        The positions.
    """

    def __init__(self, rows: pa.Table | Mapping[str, Any], book: BookColumns) -> None:
        table = rows if isinstance(rows, pa.Table) else pa.table(dict(rows))
        row_of = {position: row for row, position in enumerate(book.ids)} if len(table) else {}
        self._of: dict[int, list[tuple[str, dt.datetime, float]]] = {}
        self._n = len(book)
        for event in table.to_pylist():
            row = row_of.get(event["position_id"])
            if row is not None:
                self._of.setdefault(row, []).append(_read(event))
        for events in self._of.values():
            events.sort(key=lambda event: event[1])

    @property
    def is_named(self) -> BoolArray:
        """Which positions have events that happen, rights apart, (n,)."""
        return self._marked(lambda kind: kind not in _RIGHTS)

    def has(self, kind: str) -> BoolArray:
        """Return which positions have an event of a kind, (n,)."""
        return self._marked(lambda found: found == kind)

    def _marked(self, is_wanted: Any) -> BoolArray:
        marked = np.zeros(self._n, dtype=np.bool_)
        for row, events in self._of.items():
            marked[row] = any(is_wanted(kind) for kind, _, _ in events)
        return marked

    def movements(self, row: int) -> Dated:
        """Return what is repaid on which day, drawn amounts negative."""
        signs = {"principal": 1.0, "draw": -1.0}
        return tuple(
            (day, signs[kind] * amount)
            for kind, day, amount in self._of.get(row, ())
            if kind in signs
        )

    def rate_steps(self, row: int) -> Dated:
        """Return the coupon from which day on."""
        return self.dated(row, "rate_step")

    def agreed_interest(self, row: int) -> Dated:
        """Return the interest agreed for which day."""
        return self.dated(row, "interest")

    def fees(self, row: int) -> Dated:
        """Return the fee due on which day."""
        return self.dated(row, "fee")

    def dated(self, row: int, wanted: str) -> Dated:
        """Return day and amount, or coupon, of a position's events of one kind."""
        return tuple((d, amount) for kind, d, amount in self._of.get(row, ()) if kind == wanted)

    def refuse_odd(
        self,
        book: BookColumns,
        amortisation: NDArray[Any],
        principal: NDArray[Any],
        last: IntArray,
        rows: NDArray[Any],
    ) -> None:
        """Raise for events that contradict the terms of their position, naming the positions.

        Parameters
        ----------
        amortisation : (n,) words of the extracts
        principal : (n,) float64 [position currency]
            What is owed on the as-of date.
        last : (n,) int32 [days]
            Maturity.
        rows : (k,) int64
            Positions whose events count.
        """
        reasons: dict[str, list[int]] = {}
        for row in rows.tolist():
            events = self._of.get(row, [])
            day = book.as_of + dt.timedelta(days=int(last[row]))
            for reason in _contradictions(events, amortisation[row], float(principal[row]), day):
                reasons.setdefault(reason, []).append(row)
        for reason, marked in reasons.items():
            raise refusal(reason, book.ids[marked], _FIX)


def _read(event: Mapping[str, Any]) -> tuple[str, dt.datetime, float]:
    """Return kind, day and amount, or coupon, of an event."""
    kind, day = event["event_type"], event["event_date"]
    value = event["rate" if kind == "rate_step" else "event_amount"]
    if kind not in _KINDS or day is None or value is None:
        raise CalculationError(
            f"a scheduled event of kind {kind} has no known kind, day, amount or rate",
            where=WHERE,
            detail=f"{event['position_id']} {day}",
            fix="correct the extract schedule_event",
        )
    return str(kind), dt.datetime.combine(day, dt.time()), float(value)


def _contradictions(
    events: list[tuple[str, dt.datetime, float]], amortisation: str, owed: float, last: dt.datetime
) -> list[str]:
    """Return why the events of a position cannot be what was agreed."""
    kinds = {kind for kind, _, _ in events}
    is_listed, is_computed = amortisation == "schedule", amortisation in _COMPUTED
    is_late = any(day > last or (kind in _BEFORE_END and day == last) for kind, day, _ in events)
    moves = sorted((day, -a if kind == "draw" else a) for kind, day, a in events if kind in _MOVES)
    left = owed - np.cumsum([amount for _, amount in moves])
    cents = _CENT * (1 + len(moves))  # own shares are rounded one by one
    reasons = {
        "repaid by schedule, and no principal is scheduled": is_listed and "principal" not in kinds,
        "principal is scheduled, and the amortisation is not a schedule": not is_listed
        and "principal" in kinds,
        "draws or interest are scheduled beside a computed repayment": is_computed
        and bool(kinds & {"draw", "interest"}),
        "an event is scheduled after the maturity": is_late,
        "more principal is scheduled than is owed": bool((left < -cents).any()),
    }
    return [reason for reason, is_wrong in reasons.items() if is_wrong]


_MOVES = ("principal", "draw")
_BEFORE_END = ("draw", "rate_step")
_COMPUTED = ("linear", "annuity", "balloon", "interest_only_then_annuity")
