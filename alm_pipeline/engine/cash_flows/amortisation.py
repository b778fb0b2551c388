"""How much principal an instalment repays.

Level payments use the nominal period rate ``rate x months / 12`` whatever the day count, as loan
contracts do; interest is exact to the day, so the last instalment absorbs the difference.
``A = (B - K v) i / (1 - v)``, ``v = (1 + i) ** -n``, with a balloon ``K`` left after ``n``
payments; its limit ``(B - K) / n`` at zero. Source: ACTUS technical specification v1.1, annuity
amount function, for equal periods.
"""

from __future__ import annotations

import math
from typing import Any

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.engine.cash_flows.records import (
    CAPITALISED,
    INTEREST,
    L_BALANCE,
    L_DUE,
    L_PAYMENT,
    L_PAYMENTS_LEFT,
    L_RATE,
    L_SURVIVAL,
    SCHEDULED,
    Rows,
)
from alm_pipeline.engine.kernel import entry_kernel, inner_kernel, kernel
from alm_pipeline.engine.lanes import (
    WIDTH,
    greater,
    is_any_above,
    lane,
    lesser,
    load,
    put,
    same,
    store,
    with_lane,
)

_ALMOST_ZERO = 1e-100
_NO_RATE = 1e-12
_NEARLY_WHOLE = 1e-6
"""Of an instalment: interest is exact to the day and instalments are not."""


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
    if period_rate == 0.0:
        return (balance - balloon) / n_payments
    log_growth = n_payments * math.log1p(period_rate)
    v = math.exp(-log_growth)
    return (balance - balloon * v) * period_rate / -math.expm1(-log_growth)


@inner_kernel
def instalment(balance: Any, period_rate: Any, n_payments: int, balloon: Any) -> Any:
    """Return ``level_payment`` of every lane.

    ``growth = (1 + i) ** n`` by repeated squaring, and ``gain = growth - 1`` beside it, so that a
    small rate keeps its digits. A rate of zero is taken as one that changes no digit.
    """
    rate = period_rate + _ALMOST_ZERO
    growth, gain, interest, left = same(1.0), same(0.0), rate, n_payments
    while left > 0:
        earned = growth * (interest * float(left & 1))
        growth, gain = growth + earned, gain + earned
        interest = interest * (2.0 + interest)
        left >>= 1
    return (balance * growth - balloon) * (rate / gain)


@kernel
def fix_payment(states: FloatArray, period_years: float, n_payments: int, balloon: float) -> None:
    """Fix the level payment from the balance and rate now in force."""
    period_rate = load(states, L_RATE) * period_years
    kept = balloon * load(states, L_SURVIVAL)
    store(states, L_PAYMENT, instalment(load(states, L_BALANCE), period_rate, n_payments, kept))


@kernel
def note_payments_left(states: FloatArray, period_years: float, balloon: float) -> None:
    """Note how many of the present instalments the balance still needs at the rate in force.

    Noted once for each instalment, at the first change of rate after it was fixed.
    ``n = log((A - K i) / (A - B i)) / log(1 + i)``, its limit ``(B - K) / A`` at zero; a broken
    instalment counts whole. An instalment that only pays interest needs as many as agreed.
    """
    balance, payment = load(states, L_BALANCE), load(states, L_PAYMENT)
    rate, n_left = load(states, L_RATE) * period_years, load(states, L_PAYMENTS_LEFT)
    for s in range(WIDTH):
        owed, paid, one = lane(balance, s), lane(payment, s), lane(rate, s)
        kept, needed = min(balloon, owed), lane(n_left, s)
        if needed == 0.0 and paid > max(owed * one, 0.0):
            if abs(one) < _NO_RATE:
                needed = (owed - kept) / paid
            else:
                needed = math.log((paid - kept * one) / (paid - owed * one)) / math.log1p(one)
            needed = max(math.ceil(needed - _NEARLY_WHOLE), 1.0)
        n_left = with_lane(n_left, s, float(needed))
    store(states, L_PAYMENTS_LEFT, n_left)


@kernel
def fix_shortened(states: FloatArray, period_years: float, n_payments: int, balloon: float) -> None:
    """Fix the level payment over the instalments that were left, at most as many as agreed."""
    balance, n_left = load(states, L_BALANCE), load(states, L_PAYMENTS_LEFT)
    rate, payment = load(states, L_RATE) * period_years, same(0.0)
    for s in range(WIDTH):
        n, owed = int(lane(n_left, s)), lane(balance, s)
        if n == 0 or n > n_payments:
            n = n_payments
        one = level_payment(owed, lane(rate, s), n, min(balloon, owed))
        payment = with_lane(payment, s, one)
    store(states, L_PAYMENT, payment)
    store(states, L_PAYMENTS_LEFT, 0.0)


@kernel
def fix_linear(states: FloatArray, n_payments: int, balloon: float) -> None:
    """Fix equal parts of what is to be repaid, for who prepays without paying less."""
    store(states, L_PAYMENT, (load(states, L_BALANCE) - balloon) / float(n_payments))


@inner_kernel
def annuity_part(principal: Any, balance: Any) -> Any:
    """Return what an instalment repays when ``principal`` of it is left after interest."""
    return lesser(greater(principal, 0.0), balance)


@inner_kernel
def linear_part(to_repay: Any, n_payments: int) -> Any:
    """Return an equal share of what is to be repaid in ``n_payments``."""
    return greater(to_repay, 0.0) / float(n_payments)


@inner_kernel
def repay_annuity(states: FloatArray, rows: Rows, row: int, is_interest_day: bool) -> None:
    """Split the payment: interest first, the rest repays; a shortfall is capitalised."""
    flows, balance, principal = rows.flows, load(states, L_BALANCE), load(states, L_PAYMENT)
    if is_interest_day:
        principal = principal - load(states, L_DUE)
    repaid = annuity_part(principal, balance)
    balance = balance - repaid
    if is_any_above(0.0, principal):
        capitalised = greater(0.0 - principal, 0.0)
        put(rows.is_capitalised, row, True)
        store(flows, CAPITALISED, row, capitalised)
        store(flows, INTEREST, row, load(flows, INTEREST, row) - capitalised)
        balance = balance + capitalised
    store(flows, SCHEDULED, row, repaid)
    store(states, L_BALANCE, balance)


@kernel
def repay_linear(
    states: FloatArray, flows: FloatArray, row: int, n_payments: int, balloon: float
) -> None:
    """Repay an equal share of what is to be repaid in ``n_payments``."""
    balance = load(states, L_BALANCE)
    repaid = linear_part(balance - balloon * load(states, L_SURVIVAL), n_payments)
    store(flows, SCHEDULED, row, repaid)
    store(states, L_BALANCE, balance - repaid)


@kernel
def repay_given(states: FloatArray, flows: FloatArray, row: int) -> None:
    """Repay the given principal instalment, at most the balance."""
    balance = load(states, L_BALANCE)
    repaid = lesser(load(states, L_PAYMENT), balance)
    store(flows, SCHEDULED, row, repaid)
    store(states, L_BALANCE, balance - repaid)


@inner_kernel
def repay_all(states: FloatArray, flows: FloatArray, row: int) -> None:
    """Repay what is left."""
    store(flows, SCHEDULED, row, load(states, L_BALANCE))
    store(states, L_BALANCE, 0.0)
