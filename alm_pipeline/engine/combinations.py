"""Rows that agree in several codes, as one code."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alm_pipeline.engine.arrays import CountArray

__all__ = ["first_of_each"]


def first_of_each(codes: Sequence[CountArray]) -> tuple[CountArray, CountArray]:
    """Return the first row of every combination, in the order of the codes, and each row's.

    Parameters
    ----------
    codes : sequence of (n,) int
        Some codes of every row; the product of their ranges fits into 63 bits.

    Returns
    -------
    (n_combinations,), (n,) int64

    Examples
    --------
    >>> first_of_each([np.array([2, 1, 2]), np.array([-5, 7, -5])])
    (array([1, 0]), array([1, 0, 1]))
    """
    found = np.stack([one.astype(np.int64) for one in codes])
    found -= found.min(axis=1, initial=0, keepdims=True)
    sizes = tuple(found.max(axis=1, initial=0) + 1)
    whole = np.ravel_multi_index(tuple(found), sizes)  # rows of several would be sorted as text
    _, first, which = np.unique(whole, return_index=True, return_inverse=True)
    return first.astype(np.int64), which.reshape(-1).astype(np.int64)
