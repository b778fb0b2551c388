"""The option lens: the value of a contract's options on its rate beyond what the forwards give.

Reads what accrued beside the interest (``cash_flows.option_rates``) and discounts it on the day
the interest is paid, like that interest: with ``margin_rate`` where margins are included. Value
and option value together are the full value; positions out of the measure have neither.

What does not belong here: the model (``market.option_models``), the intrinsic value (``eve``).
"""

from __future__ import annotations

import math
from typing import Any

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.engine.cash_flows.records import OPTION, Rows
from alm_pipeline.engine.kernel import kernel
from alm_pipeline.engine.lanes import at, load, same


@kernel
def option_value(
    term: Any, rows: Rows, n_rows: int, discount: FloatArray, is_margin_included: bool
) -> Any:
    """Return the time value of a contract's options, positive where the bank holds them.

    Parameters
    ----------
    discount : (n_curves, n_days, WIDTH) float64
        Discount factors.
    is_margin_included : bool
        Whether the margin is part of the discounting.
    """
    value, sign = same(0.0), float(term.sign)
    margin = term.margin_rate if is_margin_included else 0.0
    for row in range(n_rows):
        day = at(rows.day, row)
        factor = load(discount, term.discount_curve, day)
        if margin != 0.0:
            factor = factor * math.exp(-margin * day / 365.0)
        value = value + sign * load(rows.flows, OPTION, row) * factor
    return value
