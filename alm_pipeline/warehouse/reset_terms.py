"""When a position's rate resets, and in which tenor its money is replaced.

Fields of `Positions` that follow from several others found by the bridge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import NO_CODE, NO_DATE, IntArray, RateType
from alm_pipeline.engine.conventions.tenor import index_tenor, nearest_index_tenor
from alm_pipeline.warehouse.book_columns import BookColumns

__all__ = ["replacement_tenor", "reset_frequencies"]

_OVERNIGHT = 0
_ONE_MONTH = index_tenor("1M")


def reset_frequencies(
    book: BookColumns, arrays: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Return reset months, dates and tenors.

    A rate reset daily and compounded over a payment period earns exactly the period's forward, so
    it resets at each payment with the tenor of the payment frequency. An administered rate with a
    payment schedule and no reset of its own follows its index at each payment.
    """
    steps = book.steps()
    months, days = steps["reset_months"], steps["reset_days"]
    payment = arrays["payment_months"]
    is_floating = arrays["rate_type"] == RateType.FLOATING
    is_daily = is_floating & (days == 1) & (arrays["maturity_offset"] != NO_DATE) & (payment > 0)
    tenor_of = {word: index_tenor(f"{word}M") for word in set(payment[is_daily].tolist())}
    tenors = arrays["index_tenor"].copy()
    tenors[is_daily] = [tenor_of[word] for word in payment[is_daily].tolist()]
    is_followed = (arrays["rate_type"] == RateType.ADMINISTERED) & (
        arrays["next_reset_offset"] == NO_DATE
    )
    at_payments = is_daily | is_followed
    return {
        "reset_months": np.where(at_payments, payment, months),
        "next_reset_offset": np.where(
            at_payments, arrays["next_payment_offset"], arrays["next_reset_offset"]
        ),
        "index_tenor": tenors,
    }


def replacement_tenor(arrays: Mapping[str, NDArray[Any]]) -> IntArray:
    """Return the tenor in which a flow is replaced: the index's, or the original term's.

    Money without a maturity is replaced overnight, an administered rate monthly.
    """
    start = np.where(arrays["start_offset"] == NO_DATE, 0, arrays["start_offset"])
    is_open = arrays["maturity_offset"] == NO_DATE
    term_days = np.where(is_open, 0, arrays["maturity_offset"].astype(np.int64) - start)
    own = nearest_index_tenor(np.maximum(term_days, 0) * 12.0 / 365.25)
    has_index = (arrays["rate_type"] == RateType.FLOATING) & (arrays["index_tenor"] != NO_CODE)
    tenors = np.where(has_index, arrays["index_tenor"], own)
    is_administered = arrays["rate_type"] == RateType.ADMINISTERED
    tenors = np.where(is_administered, _ONE_MONTH, tenors)
    return np.where(is_open & ~has_index, _OVERNIGHT, tenors).astype(np.int32)
