"""Events of one ACTUS contract without children: its agenda through the production projection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from alm_pipeline.engine.cash_flows.agenda import Action
from alm_pipeline.engine.cash_flows.contract import Contract, Kind
from alm_pipeline.engine.cash_flows.records import (
    ACCRUED,
    BALANCE,
    CAPITALISED,
    FORWARD,
    INTEREST,
    L_RATE,
    RATE,
    SCHEDULED,
    MarketTables,
    Rows,
    empty_rows,
    empty_states,
    nobody_acts,
)
from alm_pipeline.engine.cash_flows.step import Step, agenda_of
from alm_pipeline.engine.cash_flows.steps import n_redemptions, steps_of
from alm_pipeline.engine.cash_flows.terms import TERMS
from alm_pipeline.engine.cash_flows.walk import project_agenda
from alm_pipeline.engine.conventions.calendar import date_tables
from alm_pipeline.inputs.actus.terms import (
    Observed,
    Reader,
    Terms,
    contract_of,
    is_scaled,
    observer,
)

_KINDS = {
    Action.START: "IED",
    Action.REPAY: "PR",
    Action.DRAW: "PI",
    Action.PAY_INTEREST: "IP",
    Action.CAPITALISE: "IPCI",
    Action.SET_RATE: "RRF",
    Action.RESET: "RR",
    Action.FIX_PAYMENT: "PRF",
    Action.PURCHASE: "PRD",
    Action.SCALE: "SC",
    Action.FIX_BASE: "IPCB",
    Action.TERMINATE: "TD",
    Action.CALL: "XD",
    Action.MATURE: "MD",
    Action.SETTLE_INTEREST: "IP",
    Action.SETTLE: "STD",
}
_NO_MARKET = MarketTables(
    discount=np.ones((1, 1, 1)),
    spot_index=np.zeros((1, 1, 1)),
    tenor_end=np.zeros((1, 1), np.int64),
    index_year_days=np.full(1, 360.0),
    deviation=np.zeros((0, 0, 1)),
)

_NOBODY_ACTS = nobody_acts()


@dataclass(frozen=True)
class Event:
    """One event and the states after it; amounts signed by role."""

    moment: datetime
    kind: str
    payoff: float
    currency: str
    notional: float
    rate: float
    accrued: float

    def replaced(self, **changes: Any) -> Event:
        """Return the event with some fields changed."""
        return replace(self, **changes)

    def shown(self) -> dict[str, Any]:
        """Return the event under the names of the ACTUS vectors."""
        return {
            "eventDate": self.moment.isoformat(),
            "eventType": self.kind,
            "payoff": self.payoff + 0.0,  # no negative zeros
            "currency": self.currency,
            "notionalPrincipal": self.notional + 0.0,
            "nominalInterestRate": self.rate,
            "accruedInterest": self.accrued + 0.0,
        }


def simple_events(
    reader: Reader, data_observed: Observed, to: str, events_observed: Sequence[Terms]
) -> list[Event]:
    """Return the events of a contract that has no children."""
    contract = contract_of(reader, data_observed, to, events_observed)
    steps = steps_of(contract)
    rows, last_rate = _projected(reader, contract, steps)
    scale = _Scale(reader, data_observed)
    due, role, found = 0.0, reader.role, []
    flows = rows.flows[:, :, 0].T
    for i, step in enumerate(steps):
        flow = flows[i]
        due += flow[ACCRUED] + _due_at_start(step)
        due_before = due
        due -= flow[INTEREST] + flow[CAPITALISED]
        if step.action is Action.SCALE:
            scale.fix(step.agreed)
        rate = flows[i + 1, RATE] if i + 1 < len(steps) else last_rate
        payoff = _payoff(reader, step, flow, due_before, scale)
        is_hidden = step.action is Action.CALL and contract.notice is not None
        found.append(
            Event(
                moment=step.happens,
                kind=_KINDS.get(step.action, ""),
                payoff=payoff,
                currency=reader.text("currency"),
                notional=role * flow[BALANCE],
                rate=rate,
                accrued=0.0 if is_hidden else role * due,
            )
        )
    bought = contract.purchase_date
    shown = found[1:]  # the first one is the opening
    if bought is not None and bought > contract.status_date:
        shown = [e for e in shown if e.kind == "PRD" or e.moment > bought]
    return shown


def _projected(reader: Reader, contract: Contract, steps: Sequence[Step]) -> tuple[Rows, float]:
    """Run the production projection and return its rows and the rate after the last one."""
    as_of = contract.status_date
    agenda, payment_days = agenda_of(steps, as_of)
    days = [*agenda.accrual_day, *payment_days, *agenda.day]
    tables = date_tables(np.datetime64(as_of.date(), "D"), int(min(days)), int(max(days)))
    rows, states = empty_rows(len(steps)), empty_states()
    project_agenda(
        _term(reader, contract, steps)[0],
        agenda,
        payment_days,
        tables,
        _NO_MARKET,
        _NOBODY_ACTS,
        FORWARD,
        rows,
        states,
    )
    return rows, float(states[L_RATE, 0])


def _term(reader: Reader, contract: Contract, steps: Sequence[Step]) -> Any:
    term = np.zeros(1, TERMS).view(np.recarray)
    term.day_count = int(reader.day_count)
    term.rate_multiplier = reader.amount("rateMultiplier", 1.0)
    term.cap_rate = reader.amount("lifeCap", np.inf)
    term.floor_rate = reader.amount("lifeFloor", -np.inf)
    term.period_cap_rate = reader.amount("periodCap", np.inf)
    term.period_floor_rate = -reader.amount("periodFloor", -np.inf)
    payment = contract.payment
    if payment is None and contract.kind is Kind.LINEAR:
        payment = contract.principal / n_redemptions(contract)
    term.payment_amount = payment or 0.0
    ends = [step for step in steps if step.action is Action.MATURE]
    as_of = contract.status_date
    if ends:
        term.maturity = (ends[-1].accrues_to.date() - as_of.date()).days
    return term


class _Scale:
    """The factors in force: fixed on scaling dates, given at the start."""

    def __init__(self, reader: Reader, data: Observed) -> None:
        flags = reader.text("scalingEffect")
        self._is_interest = is_scaled(reader) and flags[0] == "I"
        self._is_principal = is_scaled(reader) and flags[1] == "N"
        self._observed = observer(data, reader.text("marketObjectCodeOfScalingIndex"))
        self._index_at_deal = reader.amount("scalingIndexAtContractDealDate", 1.0)
        self.interest = reader.amount("interestScalingMultiplier", 1.0)
        self.principal = reader.amount("notionalScalingMultiplier", 1.0)

    def fix(self, agreed: datetime) -> None:
        """Take the factor of a scaling date."""
        factor = self._observed(agreed) / self._index_at_deal
        self.interest = factor if self._is_interest else self.interest
        self.principal = factor if self._is_principal else self.principal


def _due_at_start(step: Step) -> float:
    is_start = step.action in (Action.OPEN, Action.START)
    return float(step.values.get("due", 0.0)) if is_start else 0.0


def _payoff(reader: Reader, step: Step, flow: Any, due: float, scale: _Scale) -> float:
    """Return the payoff of a step, signed by role; prices as the ACTUS vectors have them."""
    role, action = reader.role, step.action
    if action is Action.START:
        return -role * float(step.values["amount"] + reader.amount("premiumDiscountAtIED"))
    if action is Action.DRAW:
        return -role * float(step.values["amount"])
    if action is Action.PURCHASE:
        return -role * (reader.amount("priceAtPurchaseDate") + role * due)
    if action is Action.TERMINATE:
        return role * (reader.amount("priceAtTerminationDate") + role * due)
    principal, interest = scale.principal * flow[SCHEDULED], scale.interest * flow[INTEREST]
    return role * float(principal + interest)
