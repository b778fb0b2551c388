"""One position under one scenario, written out: what each date's amount is made of.

The rows are those of the projection that the close ran; values add up to its present value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from alm_pipeline.engine.arrays import Behaviour, Curves, FloatArray, Positions, Volatilities
from alm_pipeline.engine.cash_flows.agenda import AgendaTables
from alm_pipeline.engine.cash_flows.records import (
    ACCRUED,
    BALANCE,
    CAPITALISED,
    FEE,
    INTEREST,
    INTEREST_BASE,
    OPTION,
    PREPAID,
    RATE,
    SCHEDULED,
    Rows,
)
from alm_pipeline.engine.simulation.events import projected_rows
from alm_pipeline.engine.simulation.records import Setting
from alm_pipeline.engine.simulation.setting import SimulationOptions, prepared
from alm_pipeline.errors import CalculationError


@dataclass(frozen=True, kw_only=True)
class ExplainedDate:
    """One date of a position.

    Attributes
    ----------
    start_offset, event_offset : int [days]
        Interest accrued from the one to the other.
    balance, rate, years : float
        What `accrued_interest` is the product of; `years` is NaN where nothing accrued.
    next_rate : float or None
        Rate from this date on where it is a reset.
    interest, scheduled, prepaid, drawn, capitalised : float
        Unsigned amounts of the date, contract currency.
    fee : float
        Paid to the bank.
    balance_after : float
    discount_factor : float
        Of the date, with the margin where margins are included.
    present_value, option_value : float
        Signed by the bank's side; the second is what options on the rate are worth beyond the
        first, 0 without that lens.
    """

    start_offset: int
    event_offset: int
    balance: float
    rate: float
    years: float
    accrued_interest: float
    next_rate: float | None
    interest: float
    scheduled: float
    prepaid: float
    drawn: float
    capitalised: float
    fee: float
    balance_after: float
    discount_factor: float
    present_value: float
    option_value: float


def explain(
    positions: Positions,
    curves: Curves,
    behaviour: Behaviour,
    options: SimulationOptions,
    agendas: AgendaTables | None = None,
    volatilities: Volatilities | None = None,
) -> list[ExplainedDate]:
    """Return every date of the only position under the only scenario.

    Raises
    ------
    CalculationError
        If there is more than one of either.
    """
    if len(positions) != 1 or curves.n_scenarios != 1:
        raise CalculationError(
            f"{len(positions)} positions under {curves.n_scenarios} scenarios",
            fix="explain one position under one scenario",
        )
    ready = prepared(positions, curves, behaviour, (), options, agendas, volatilities)
    term, setting = ready.terms(np.arange(1))[0], ready.settings[0]
    rows, n_rows = projected_rows(term, setting)
    return [_explained(term, setting, rows, row, n_rows) for row in range(n_rows)]


def _explained(term: Any, setting: Setting, rows: Rows, row: int, n_rows: int) -> ExplainedDate:
    flow, day = rows.flows[:, row, 0], int(rows.day[row])
    drawn, written_off = float(rows.drawn[row, 0]), float(rows.written_off[row])
    moved = flow[SCHEDULED] + flow[PREPAID] + written_off - flow[CAPITALISED] - drawn
    balance = float(flow[BALANCE] + moved)
    weight = balance * flow[RATE]
    is_followed = bool(rows.is_reset[row]) and row + 1 < n_rows
    factor = _discount_factor(term, setting, day)
    signed_gain = float(term.sign * flow[OPTION]) if term.has_option and term.is_eve else 0.0
    return ExplainedDate(
        start_offset=int(rows.start[row]),
        event_offset=day,
        balance=balance,
        rate=float(flow[RATE]),
        years=float(flow[ACCRUED] / weight) if weight else math.nan,
        accrued_interest=float(flow[ACCRUED]),
        next_rate=float(rows.flows[RATE, row + 1, 0]) if is_followed else None,
        interest=float(flow[INTEREST]),
        scheduled=float(flow[SCHEDULED]),
        prepaid=float(flow[PREPAID]),
        drawn=drawn,
        capitalised=float(flow[CAPITALISED]),
        fee=float(flow[FEE]),
        balance_after=float(flow[BALANCE]),
        discount_factor=factor,
        present_value=_cash(term, setting, flow, drawn) * factor if term.is_eve else 0.0,
        option_value=signed_gain * factor,
    )


def _discount_factor(term: Any, setting: Setting, day: int) -> float:
    factor = float(setting.tables.market.discount[term.discount_curve, day, 0])
    if setting.tables.tails.is_margin_included:
        factor *= math.exp(-term.margin_rate * day / 365.0)
    return factor


def _cash(term: Any, setting: Setting, flow: FloatArray, drawn: float) -> float:
    """Return the signed cash of a date, stripped of the margin where that is excluded."""
    stripped = 0.0 if setting.tables.tails.is_margin_included else term.margin_rate
    principal = 0.0 if term.is_notional else flow[SCHEDULED] + flow[PREPAID] - drawn
    own = principal + flow[INTEREST] - stripped * flow[INTEREST_BASE]
    return float(term.sign * own + flow[FEE])
