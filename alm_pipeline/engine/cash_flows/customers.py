"""What customers do to one contract: withdraw overnight, prepay a share of what is left."""

from __future__ import annotations

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.engine.cash_flows.records import (
    L_BALANCE,
    L_PAYMENT,
    L_SHARE,
    L_SURVIVAL,
    PREPAID,
)
from alm_pipeline.engine.kernel import inner_kernel, kernel


@inner_kernel
def withdraw(share: FloatArray, flow: FloatArray, lanes: FloatArray) -> None:
    """Withdraw a share of the balance overnight; its accrued interest stays due."""
    for s in range(lanes.shape[1]):
        amount = share[s] * lanes[L_BALANCE, s]
        flow[PREPAID, s] += amount
        lanes[L_BALANCE, s] -= amount
        lanes[L_PAYMENT, s] *= 1.0 - share[s]
        lanes[L_SURVIVAL, s] *= 1.0 - share[s]


@kernel
def prepay(annual_rate: FloatArray, dt: float, flow: FloatArray, lanes: FloatArray) -> None:
    """Prepay ``1 - (1 - CPR) ** dt`` of what is left; without ``dt`` the share of the lanes."""
    for s in range(lanes.shape[1]):
        share = lanes[L_SHARE, s]
        if dt > 0.0:
            share = 1.0 - (1.0 - annual_rate[s]) ** dt
        amount = share * lanes[L_BALANCE, s]
        flow[PREPAID, s] += amount
        lanes[L_BALANCE, s] -= amount
        lanes[L_PAYMENT, s] *= 1.0 - share
        lanes[L_SURVIVAL, s] *= 1.0 - share
