"""Event rows of chosen positions: what the lenses read, written out.

``project`` runs the same projection as ``simulate`` and copies its rows, so that the sum of the
events equals the aggregates. Rows are made on demand and for few positions; nothing stores them
for a whole book.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import (
    Behaviour,
    Curves,
    EventType,
    FloatArray,
    IntArray,
    Positions,
)
from alm_pipeline.engine.cash_flows.agenda import AgendaTables
from alm_pipeline.engine.cash_flows.projection import project_one
from alm_pipeline.engine.cash_flows.records import (
    BALANCE,
    CAPITALISED,
    FEE,
    FORWARD,
    INTEREST,
    NEVER,
    PREPAID,
    RATE,
    SCHEDULED,
    Rows,
    Tables,
    empty_rows,
    empty_states,
    no_tails,
)
from alm_pipeline.engine.kernel import entry_kernel
from alm_pipeline.engine.lanes import WIDTH
from alm_pipeline.engine.references import by_reference
from alm_pipeline.engine.simulation.records import Setting
from alm_pipeline.engine.simulation.setting import SimulationOptions, prepared

_CASH_ITEMS = (
    (EventType.INTEREST, INTEREST),
    (EventType.SCHEDULED_PRINCIPAL, SCHEDULED),
    (EventType.PREPAYMENT, PREPAID),
)
"""What flows by the bank's side; a fee is signed already."""
_COLUMNS = (
    "position",
    "scenario",
    "event_offset",
    "event_type",
    "principal",
    "interest",
    "amount",
    "rate",
    "balance_after",
)


@dataclass(frozen=True, kw_only=True)
class Events:
    """Dated events of chosen positions, one row each, ordered by position, scenario, date.

    ``position`` is the row in the given positions, ``scenario`` the row of the curves.
    ``principal`` and ``interest`` [position currency] are signed cash, fees among the
    interest; ``amount`` is the unsigned size of a movement without cash (capitalisation,
    write-off). ``rate`` accrued up to the event (for a RESET: from it); ``balance_after`` is
    unsigned, after the whole date.
    """

    position: IntArray
    scenario: IntArray
    event_offset: IntArray
    event_type: NDArray[np.int8]
    principal: FloatArray
    interest: FloatArray
    amount: FloatArray
    rate: FloatArray
    balance_after: FloatArray


def project(
    positions: Positions,
    curves: Curves,
    behaviour: Behaviour,
    options: SimulationOptions,
    agendas: AgendaTables | None = None,
) -> Events:
    """Return the dated events of every given position under every given scenario.

    Parameters
    ----------
    positions : Positions
        A selection, ``Positions.take``; row numbers of the events refer to it.
    curves, behaviour : Curves, Behaviour
        Of the scenarios wanted.
    options : SimulationOptions
    agendas : AgendaTables, optional
        As in ``simulate``.

    The lens "options" has no events: time value is no cash.

    Returns
    -------
    Events
        Ordered by position, scenario, date and event type. Cash is signed, along the forwards;
        movements of nothing (zero interest, no prepayment) have no row.
    """
    lenses = tuple(lens for lens in options.lenses if lens != "options")
    options = replace(options, lenses=lenses)
    ready = prepared(positions, curves, behaviour, (), options, agendas)
    terms = ready.terms(np.arange(len(positions)))
    parts: list[dict[str, FloatArray]] = []
    for i in range(len(terms)):
        for s in range(curves.n_scenarios):
            if s % WIDTH == 0:
                rows, n_rows = projected_rows(terms[i], ready.settings[s // WIDTH])
            parts.append(_events(i, terms[i], rows, n_rows, s))
    columns = {
        name: np.concatenate([part[name] for part in parts] or [np.empty(0)]) for name in _COLUMNS
    }
    return _typed(columns)


def projected_rows(term: Any, setting: Setting) -> tuple[Rows, int]:
    """Return the rows of one contract along the forwards, and how many there are."""
    rows = empty_rows(int(term.max_rows))
    tables = setting.tables._replace(tails=no_tails())
    n_rows = _project_alone(term, tables, setting.agendas, rows, empty_states())
    return rows, n_rows


@entry_kernel
def _project_alone(
    term: Any, tables: Tables, agendas: AgendaTables, rows: Rows, states: FloatArray
) -> int:
    tables, agendas, rows = by_reference(tables), by_reference(agendas), by_reference(rows)
    return project_one(term, tables, agendas, FORWARD, NEVER, rows, states)


def _typed(columns: dict[str, FloatArray]) -> Events:
    return Events(
        position=columns["position"].astype(np.int32),
        scenario=columns["scenario"].astype(np.int32),
        event_offset=columns["event_offset"].astype(np.int32),
        event_type=columns["event_type"].astype(np.int8),
        principal=columns["principal"],
        interest=columns["interest"],
        amount=columns["amount"],
        rate=columns["rate"],
        balance_after=columns["balance_after"],
    )


def _events(i: int, term: Any, rows: Rows, n: int, scenario: int) -> dict[str, FloatArray]:
    """Return the events of one position and scenario, all columns float64."""
    sign = float(term.sign)
    flows = rows.flows[:, :n, scenario % WIDTH].T
    paid = 0.0 if term.is_notional else sign
    rate_after = np.append(flows[1:, RATE], flows[-1:, RATE])
    zero = np.zeros(n)
    found = [_column(EventType.DRAW, rows.drawn[:n, scenario % WIDTH], -paid, zero)]
    for kind, item in _CASH_ITEMS:
        is_interest = kind is EventType.INTEREST
        found.append(_column(kind, flows[:, item], sign if is_interest else paid, zero))
    found.append(_column(EventType.FEE, flows[:, FEE], 1.0, zero))
    found.append(_column(EventType.WRITE_OFF, rows.written_off[:n], 0.0, zero))
    found.append(_column(EventType.CAPITALISATION, flows[:, CAPITALISED], 0.0, zero))
    found.append(_column(EventType.RESET, zero, 0.0, rows.is_reset[:n]))
    table = np.concatenate([np.column_stack([part, np.arange(n)]) for part in found])
    table = table[table[:, 4] != 0.0]
    row = table[:, 5].astype(np.int64)
    order = np.lexsort((table[:, 0], row))
    table, row = table[order], row[order]
    is_reset = table[:, 0] == EventType.RESET
    return {
        "position": np.full(len(table), float(i)),
        "scenario": np.full(len(table), float(scenario)),
        "event_offset": rows.day[row].astype(np.float64),
        "event_type": table[:, 0],
        "principal": table[:, 1],
        "interest": table[:, 2],
        "amount": table[:, 3],
        "rate": np.where(is_reset, rate_after[row], flows[row, RATE]),
        "balance_after": flows[row, BALANCE],
    }


def _column(kind: EventType, amount: FloatArray, sign: float, marked: Any) -> FloatArray:
    """Return kind, principal, interest, amount and whether there is an event, by row."""
    is_interest = kind in (EventType.INTEREST, EventType.FEE)
    cash = sign * amount
    principal = np.zeros_like(cash) if is_interest else cash
    interest = cash if is_interest else np.zeros_like(cash)
    exists = (amount != 0.0) | np.asarray(marked, dtype=np.bool_)
    size = np.zeros_like(cash) if sign != 0.0 else amount
    return np.column_stack([np.full(len(cash), float(kind)), principal, interest, size, exists])
