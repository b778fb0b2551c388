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

import numpy as np

from alm_pipeline.engine.arrays import CountArray, FloatArray
from alm_pipeline.engine.cash_flows.records import (
    INTEREST,
    INTEREST_BASE,
    PREPAID,
    SCHEDULED,
    Block,
    Rows,
)
from alm_pipeline.engine.kernel import kernel

PRINCIPAL_AMOUNT, INTEREST_AMOUNT, PRESENT_VALUE = range(3)
"""Items of the liquidity aggregate."""
N_CASH_ITEMS = 3


@kernel
def add_cash(
    terms: Any,
    rows: Rows,
    block: Block,
    discount: FloatArray,
    is_margin_included: bool,
    bucket_of_day: CountArray,
    cash: FloatArray,
    present_value: FloatArray,
) -> None:
    """Add the cash of a block of contracts to their values and to their groups' buckets.

    Parameters
    ----------
    discount : (n_curves, n_days, S) float64
        Discount factors.
    bucket_of_day : (n_sets, n_days) int64
    cash : (n_groups, n_buckets, N_CASH_ITEMS, S) float64 [position currency], signed, added to
    present_value : (n, S) float64 [position currency], signed, added to
    """
    for i in range(len(terms)):
        term = terms[i]
        _add_one(
            term,
            rows,
            block.begin[i],
            block.end[i],
            discount[term.discount_curve],
            is_margin_included,
            bucket_of_day,
            cash[term.group],
            present_value[i],
        )


@kernel
def _add_one(
    term: Any,
    rows: Rows,
    begin: int,
    end: int,
    discount: FloatArray,
    is_margin_included: bool,
    bucket_of_day: CountArray,
    cash: FloatArray,
    present_value: FloatArray,
) -> None:
    sign = float(term.sign)
    cash_sign = 0.0 if term.is_notional else sign
    stripped = 0.0 if is_margin_included else sign * term.margin_rate
    n_sets, value = len(bucket_of_day), np.empty(present_value.shape[0])
    for row in range(begin, end):
        day, flow = rows.day[row], rows.flows[row]
        drawn = rows.drawn[row]
        factor = 1.0 if term.is_eve else 0.0
        if is_margin_included:
            factor *= math.exp(-term.margin_rate * day / 365.0)
        for s in range(present_value.shape[0]):
            principal = cash_sign * (flow[SCHEDULED, s] + flow[PREPAID, s] - drawn)
            amount = principal + sign * flow[INTEREST, s] - stripped * flow[INTEREST_BASE, s]
            value[s] = amount * (discount[day, s] * factor)
            present_value[s] += value[s]
        for bucket_set in range(n_sets):
            bucket = bucket_of_day[bucket_set, day]
            for s in range(present_value.shape[0]):
                principal = cash_sign * (flow[SCHEDULED, s] + flow[PREPAID, s] - drawn)
                cash[bucket, PRINCIPAL_AMOUNT, s] += principal
                cash[bucket, INTEREST_AMOUNT, s] += sign * flow[INTEREST, s]
                cash[bucket, PRESENT_VALUE, s] += value[s]
