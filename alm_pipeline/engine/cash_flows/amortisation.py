"""How much principal an instalment repays.

Level payments use the nominal period rate ``rate x months / 12`` whatever the day count, as loan
contracts do; interest is exact to the day, so the last instalment absorbs the difference.
``A = (B - K v) i / (1 - v)``, ``v = (1 + i) ** -n``, with a balloon ``K`` left after ``n``
payments; its limit ``(B - K) / n`` at zero. Source: ACTUS technical specification v1.1, annuity
amount function, for equal periods.
"""

from __future__ import annotations

import math

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.engine.cash_flows.records import (
    CAPITALISED,
    INTEREST,
    L_BALANCE,
    L_DUE,
    L_PAYMENT,
    L_RATE,
    L_SURVIVAL,
    SCHEDULED,
)
from alm_pipeline.engine.kernel import entry_kernel, kernel

_SMALL_RATE = 1e-3


@kernel
def _power(base: float, exponent: int) -> float:
    """Return ``base ** exponent`` by squaring, the same multiplications on every machine."""
    result = 1.0
    while exponent > 0:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result


@entry_kernel
def level_payment(balance: float, period_rate: float, n_payments: int, balloon: float) -> float:
    """Return the instalment that leaves ``balloon`` after ``n_payments`` equal payments.

    Parameters
    ----------
    balance : float [position currency]
        Principal owed before the first of the payments, unsigned.
    period_rate : float [fraction per period]
        Above -1; may be zero or negative.
    n_payments : int
        One or more.
    balloon : float [position currency]
        Principal left after the last payment; 0 for full repayment.

    Returns
    -------
    float [position currency]
        Principal and interest of one period.
    """
    if abs(period_rate) > _SMALL_RATE:
        v = 1.0 / _power(1.0 + period_rate, n_payments)
        return (balance - balloon * v) * period_rate / (1.0 - v)
    if period_rate == 0.0:
        return (balance - balloon) / n_payments
    log_growth = n_payments * math.log1p(period_rate)
    v = math.exp(-log_growth)
    return (balance - balloon * v) * period_rate / -math.expm1(-log_growth)


@kernel
def fix_payments(lanes: FloatArray, period_years: float, n_payments: int, balloon: float) -> None:
    """Fix the level payment of every scenario from the balance and rate now in force."""
    for s in range(lanes.shape[1]):
        lanes[L_PAYMENT, s] = level_payment(
            lanes[L_BALANCE, s],
            lanes[L_RATE, s] * period_years,
            n_payments,
            balloon * lanes[L_SURVIVAL, s],
        )


@kernel
def repay_annuity(lanes: FloatArray, flow: FloatArray, is_interest_day: bool) -> None:
    """Split the payment: interest first, the rest repays; a shortfall is capitalised."""
    for s in range(lanes.shape[1]):
        due = lanes[L_DUE, s] if is_interest_day else 0.0
        principal = lanes[L_PAYMENT, s] - due
        capitalised = max(-principal, 0.0)
        repaid = min(max(principal, 0.0), lanes[L_BALANCE, s])
        flow[SCHEDULED, s] = repaid
        flow[CAPITALISED, s] = capitalised
        flow[INTEREST, s] -= capitalised
        lanes[L_BALANCE, s] += capitalised - repaid


@kernel
def repay_linear(lanes: FloatArray, flow: FloatArray, n_payments: int, balloon: float) -> None:
    """Repay an equal share of what is to be repaid in ``n_payments``."""
    for s in range(lanes.shape[1]):
        to_repay = lanes[L_BALANCE, s] - balloon * lanes[L_SURVIVAL, s]
        flow[SCHEDULED, s] = max(to_repay, 0.0) / n_payments
        lanes[L_BALANCE, s] -= flow[SCHEDULED, s]


@kernel
def repay_given(lanes: FloatArray, flow: FloatArray) -> None:
    """Repay the given principal instalment, at most the balance."""
    for s in range(lanes.shape[1]):
        flow[SCHEDULED, s] = min(lanes[L_PAYMENT, s], lanes[L_BALANCE, s])
        lanes[L_BALANCE, s] -= flow[SCHEDULED, s]


@kernel
def repay_all(lanes: FloatArray, flow: FloatArray) -> None:
    """Repay what is left."""
    for s in range(lanes.shape[1]):
        flow[SCHEDULED, s] = lanes[L_BALANCE, s]
        lanes[L_BALANCE, s] = 0.0
