"""Whole months counted from a date, in calendar days; no business-day rule.

Plain numpy, so that a bucket's bounds are known without loading the compiler. Tables that kernels
look days up in are `calendar`'s.
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.arrays import IntArray

__all__ = ["months_after"]


def months_after(as_of_date: np.datetime64, n_months: int) -> IntArray:
    """Return the offsets 0, 1, ..., ``n_months`` months after the as-of date.

    The end of a month stays the end of a month: from 30 November the windows end on 31 December,
    31 January and so on.
    """
    origin = as_of_date.astype("datetime64[D]")
    month = origin.astype("datetime64[M]")
    is_last = (origin + 1).astype("datetime64[M]") != month
    targets = month + np.arange(n_months + 1)
    last = ((targets + 1).astype("datetime64[D]") - 1 - origin).astype(np.int32)
    if is_last:
        return np.asarray(last, dtype=np.int32)
    day = (origin - month).astype(np.int32)
    return np.asarray(
        np.minimum((targets.astype("datetime64[D]") - origin).astype(np.int32) + day, last)
    )
