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
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for step in steps:
        starts, ends = step.index_start or step.happens, step.index_end
        first = len(days)
        days += [day_of(payment, as_of) for payment in step.payment_dates]
        known = (step.action, day_of(step.happens, as_of), day_of(step.accrues_to, as_of))
        index = (day_of(starts, as_of), day_of(ends, as_of) if ends is not None else 0)
        for name, value in zip(_COLUMNS, (*known, *index, first, len(days)), strict=True):
            columns[name].append(value)
    for name, values in columns.items():
        entries[name] = values
    given = {name for step in steps for name in step.values}
    for name in given | {"years"}:
        default = np.nan if name == "years" else ENTRY[name].type(0)
        entries[name] = [step.values.get(name, default) for step in steps]
    return entries, np.array(days or [0], dtype=np.int64)


_COLUMNS = (
    "action",
    "day",
    "accrual_day",
    "index_day",
    "index_end",
    "first_payment",
    "last_payment",
)


def day_of(moment: datetime, as_of: datetime) -> int:
    """Return the day offset to which interest runs; the last second of a day is the next day."""
    day = (moment.date() - as_of.date()).days
    return day + ((moment.hour, moment.minute, moment.second) == (23, 59, 59))
