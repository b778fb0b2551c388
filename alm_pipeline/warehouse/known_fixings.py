"""Indices fixed by the as-of date for a reset after it, from rows of `book.positions`.

Such an index moves in no scenario any more. One that should be known and is not delivered is
refused with its positions: the forward of a curve is not what was fixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import FloatArray, RateType
from alm_pipeline.warehouse.book_columns import BookColumns

__all__ = ["next_index_rates"]


def next_index_rates(book: BookColumns, arrays: Mapping[str, NDArray[Any]]) -> FloatArray:
    """Return the index of the next reset where it is known on the as-of date, else inf.

    Parameters
    ----------
    book
    arrays
        Fields of `Positions` found so far: rate_type, fixing_lag_days, next_reset_offset.

    Raises
    ------
    CalculationError
        For fixings that are not delivered; the positions are named.
    """
    rate = book.number("next_fixing_rate")
    fixed_on = book.offset("next_reset_date") - arrays["fixing_lag_days"]
    is_single = book.steps()["reset_days"] != 1  # a rate compounded daily has no one fixing
    is_floating = (arrays["rate_type"] == RateType.FLOATING) & is_single
    is_known = is_floating & (fixed_on <= 0) & (arrays["next_reset_offset"] > 0)
    book.refuse_where(
        is_known & np.isinf(rate),
        "the index of the next reset is fixed already and the fixing is not delivered",
        "deliver index_fixing up to the as-of date",
    )
    return np.where(is_known, rate, np.inf)
