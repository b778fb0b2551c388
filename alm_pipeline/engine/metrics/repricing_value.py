"""The value lens of the standardised approach: what a contract pays until it takes a market rate.

Notional repricing cash flows (BCBS d368, paragraphs 101 to 108 and 130): principal when it is
repaid or, all of it, at the next reset; interest on it until then; with margins included, the
margin also after it. The notional of a swap leg counts like principal. An option that stands alone
has none: it is valued by itself. Interest that has accrued at a reset between two payments is left
out.

What does not belong here: the discount factors of bucket midpoints (``market.midpoints``).
"""

from __future__ import annotations

import math
from typing import Any

from alm_pipeline.engine.arrays import FloatArray, OptionType
from alm_pipeline.engine.cash_flows.records import (
    BALANCE,
    FEE,
    INTEREST,
    INTEREST_BASE,
    Rows,
    repaid,
)
from alm_pipeline.engine.kernel import kernel
from alm_pipeline.engine.lanes import at, load, same

_NO_OPTION = int(OptionType.NONE)


@kernel
def repricing_value(
    term: Any, rows: Rows, n_rows: int, discount: FloatArray, is_margin_included: bool
) -> Any:
    """Return the value of a contract's notional repricing cash flows, signed, in every lane.

    Parameters
    ----------
    discount : (n_curves, n_days, WIDTH) float64
        Factors of the midpoints that stand for each day.
    """
    value, sign, is_repriced = same(0.0), float(term.sign), False
    if term.option_type != _NO_OPTION or not term.is_eve:
        return value
    has_margin = term.margin_rate != 0.0
    for row in range(n_rows):
        amount = same(0.0)
        if not is_repriced:
            amount = _until_reset(term, rows, row)
        if has_margin and is_repriced == is_margin_included:
            margin = term.margin_rate * load(rows.flows, INTEREST_BASE, row)
            amount = amount + margin if is_repriced else amount - margin
        factor = load(discount, term.discount_curve, at(rows.day, row))
        if has_margin and is_margin_included:
            factor = factor * math.exp(-term.margin_rate * at(rows.day, row) / 365.0)
        value = value + amount * factor
        is_repriced = is_repriced or at(rows.is_reset, row)
        if is_repriced and not (has_margin and is_margin_included):
            break
    return value * sign


@kernel
def _until_reset(term: Any, rows: Rows, row: int) -> Any:
    """Return what a row pays, unsigned, and at a reset all that is owed."""
    amount = repaid(term, rows, row) + load(rows.flows, INTEREST, row)
    if term.has_fee:
        amount = amount + load(rows.flows, FEE, row) * float(term.sign)
    if at(rows.is_reset, row):
        amount = amount + load(rows.flows, BALANCE, row)
    return amount
