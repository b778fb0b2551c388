"""What customers do to one contract: withdraw overnight, prepay a share of what is left."""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.engine.cash_flows.records import (
    L_BALANCE,
    L_PAYMENT,
    L_SURVIVAL,
    PREPAID,
    BehaviourTables,
)
from alm_pipeline.engine.kernel import inner_kernel
from alm_pipeline.engine.lanes import add_to, load, power, store


@inner_kernel
def leave(share: Any, flows: FloatArray, row: int, states: FloatArray) -> None:
    """Let a share of the balance leave early; the instalment shrinks with it."""
    balance, kept = load(states, L_BALANCE), 1.0 - share
    amount = share * balance
    add_to(flows, PREPAID, row, amount)
    store(states, L_BALANCE, balance - amount)
    store(states, L_PAYMENT, load(states, L_PAYMENT) * kept)
    store(states, L_SURVIVAL, load(states, L_SURVIVAL) * kept)


@inner_kernel
def withdraw(
    behaviour: BehaviourTables, cohort: int, flows: FloatArray, row: int, states: FloatArray
) -> None:
    """Withdraw the cohort's share overnight; accrued interest stays due."""
    leave(load(behaviour.redemption_share, cohort), flows, row, states)


@inner_kernel
def prepaid_share(behaviour: BehaviourTables, cohort: int, years: float) -> Any:
    """Return ``1 - (1 - CPR) ** years``."""
    return 1.0 - power(1.0 - load(behaviour.annual_prepayment_rate, cohort), years)
