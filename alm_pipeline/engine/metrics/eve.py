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

from alm_pipeline.engine.arrays import FloatArray, IntArray
from alm_pipeline.engine.cash_flows.records import FEE, INTEREST, INTEREST_BASE, Rows, repaid
from alm_pipeline.engine.kernel import ZERO, inner_kernel
from alm_pipeline.engine.lanes import add_to, at, load, prefetch, same

PRINCIPAL_AMOUNT, INTEREST_AMOUNT, PRESENT_VALUE = range(3)
"""Items of the liquidity aggregate; fees count to interest."""
N_CASH_ITEMS = 3

_ROWS_AHEAD = 8
"""Discount factors are fetched so many rows before they are read: the table is larger than the
processor's fast cache."""


@inner_kernel
def add_cash(
    term: Any,
    rows: Rows,
    n_rows: int,
    discount: FloatArray,
    is_margin_included: bool,
    bucket_of_day: IntArray,
    cash: FloatArray,
    group: int,
) -> Any:
    """Return the value of a contract, signed, and add its cash to its group's buckets.

    Parameters
    ----------
    discount : (n_curves, n_days, WIDTH) float64
        Discount factors.
    bucket_of_day : (n_days,) int32
    cash : (n_groups, n_buckets, N_CASH_ITEMS, WIDTH) float64 [position currency], signed, added to
    """
    curve, sign, value = term.discount_curve, float(term.sign), same(0.0)
    cash_sign = 0.0 if term.is_notional else sign
    is_discounted = is_margin_included and term.margin_rate != 0.0
    is_stripped = not is_margin_included and term.margin_rate != 0.0
    bucket, principal, interest, worth = ZERO, same(0.0), same(0.0), same(0.0)
    for row in range(n_rows):
        prefetch(discount, curve, at(rows.day, min(row + _ROWS_AHEAD, n_rows - 1)))
        day = at(rows.day, row)
        if at(bucket_of_day, day) != bucket:
            _add_bucket(cash, group, bucket, principal, interest, worth)
            bucket, principal = at(bucket_of_day, day), same(0.0)
            interest, worth = same(0.0), same(0.0)
        repaid_now = cash_sign * repaid(term, rows, row)
        paid_now = sign * load(rows.flows, INTEREST, row)
        if term.has_fee:
            paid_now = paid_now + load(rows.flows, FEE, row)
        if term.is_eve:
            amount = repaid_now + paid_now
            if is_stripped:
                amount = amount - sign * term.margin_rate * load(rows.flows, INTEREST_BASE, row)
            factor = load(discount, curve, day)
            if is_discounted:
                factor = factor * math.exp(-term.margin_rate * day / 365.0)
            worth, value = worth + amount * factor, value + amount * factor
        principal, interest = principal + repaid_now, interest + paid_now
    _add_bucket(cash, group, bucket, principal, interest, worth)
    return value


@inner_kernel
def _add_bucket(
    cash: FloatArray, group: int, bucket: int, principal: Any, interest: Any, worth: Any
) -> None:
    add_to(cash, group, bucket, PRINCIPAL_AMOUNT, principal)
    add_to(cash, group, bucket, INTEREST_AMOUNT, interest)
    add_to(cash, group, bucket, PRESENT_VALUE, worth)
