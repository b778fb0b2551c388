"""The value lens: present values and cash by pay date, from a contract's rows.

Run-off balance sheet. Margins excluded (default): the coupon is stripped of ``margin_rate`` and
everything is discounted risk-free. Margins included: full coupons, discounted at the risk-free
rate plus ``margin_rate``, continuous ACT/365F. Cash and discounting always agree (BCBS 368,
annex 2). Positions out of the measure carry cash but no value.

What does not belong here: accrual (``nii``), repricing (``repricing``).
"""

from __future__ import annotations

import math
from typing import Any

from alm_pipeline.engine.arrays import CountArray, FloatArray
from alm_pipeline.engine.cash_flows.records import (
    INTEREST,
    INTEREST_BASE,
    PREPAID,
    SCHEDULED,
    Rows,
)
from alm_pipeline.engine.kernel import kernel

PRINCIPAL_AMOUNT, INTEREST_AMOUNT, PRESENT_VALUE = range(3)
"""Items of the liquidity aggregate."""
N_CASH_ITEMS = 3


@kernel
def add_cash(
    term: Any,
    rows: Rows,
    n_rows: int,
    discount: FloatArray,
    is_margin_included: bool,
    bucket_of_day: CountArray,
    cash: FloatArray,
    present_value: FloatArray,
) -> None:
    """Add the cash of a contract to its value and to its group's buckets.

    Parameters
    ----------
    discount : (n_days, S) float64
        Discount factors of the contract's curve.
    bucket_of_day : (n_days,) int64
    cash : (n_buckets, N_CASH_ITEMS, S) float64 [position currency], signed, added to
    present_value : (S,) float64 [position currency], signed, added to
    """
    sign = float(term.sign)
    cash_sign = 0.0 if term.is_notional else sign
    stripped = 0.0 if is_margin_included else sign * term.margin_rate
    for row in range(n_rows):
        day, flow, drawn = rows.day[row], rows.flows[row], rows.drawn[row]
        factor = 1.0 if term.is_eve else 0.0
        if is_margin_included:
            factor *= math.exp(-term.margin_rate * day / 365.0)
        bucket = cash[bucket_of_day[day]]
        for s in range(len(present_value)):
            principal = cash_sign * (flow[SCHEDULED, s] + flow[PREPAID, s] - drawn)
            interest = sign * flow[INTEREST, s]
            amount = principal + interest - stripped * flow[INTEREST_BASE, s]
            value = amount * (discount[day, s] * factor)
            bucket[PRINCIPAL_AMOUNT, s] += principal
            bucket[INTEREST_AMOUNT, s] += interest
            bucket[PRESENT_VALUE, s] += value
            present_value[s] += value
