"""One dated action of a contract, and how a list of them becomes the records of an agenda."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from alm_pipeline.engine.arrays import CountArray
from alm_pipeline.engine.cash_flows.agenda import ENTRY, Action


@dataclass(frozen=True, kw_only=True)
class Step:
    """One action with its date as agreed, the date it happens on and the date interest runs to."""

    action: Action
    agreed: datetime
    happens: datetime
    accrues_to: datetime
    values: dict[str, Any] = field(default_factory=dict)
    payment_dates: tuple[datetime, ...] = ()
    index_start: datetime | None = None
    index_end: datetime | None = None


def agenda_of(steps: Sequence[Step], as_of: datetime) -> tuple[Any, CountArray]:
    """Return the steps as records of ``agenda.ENTRY``, and the payment days they point into."""
    entries = np.zeros(len(steps), ENTRY).view(np.recarray)
    days: list[int] = []
    for entry, step in zip(entries, steps, strict=True):
        entry.action = step.action
        entry.years = step.values.get("years", np.nan)
        entry.day, entry.accrual_day = day_of(step.happens, as_of), day_of(step.accrues_to, as_of)
        for name, value in step.values.items():
            entry[name] = value
        starts = step.index_start or step.happens
        entry.index_day = day_of(starts, as_of)
        entry.index_end = day_of(step.index_end, as_of) if step.index_end is not None else 0
        entry.first_payment = len(days)
        days += [day_of(payment, as_of) for payment in step.payment_dates]
        entry.last_payment = len(days)
    if days:  # an instalment may be found from days after the last action: tables must reach them
        entries[0].index_end = max(int(entries[0].index_end), *days)
    return entries, np.array(days or [0], dtype=np.int64)


def day_of(moment: datetime, as_of: datetime) -> int:
    """Return the day offset to which interest runs; the last second of a day is the next day."""
    day = (moment.date() - as_of.date()).days
    return day + ((moment.hour, moment.minute, moment.second) == (23, 59, 59))
