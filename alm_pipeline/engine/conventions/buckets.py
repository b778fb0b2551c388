"""In which bucket a day lies: ``(lower, upper]``, several bucket sets at once.

Amounts are added up once, in the *fine* buckets that all bounds of all sets cut out together; each
bucket of a set is a run of fine ones.

What does not belong here: the bounds themselves (rule packs).
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.arrays import MAX_OFFSET, Buckets, FloatArray, IntArray


def fine_bounds(bucket_sets: tuple[Buckets, ...]) -> IntArray:
    """Return the upper bounds of the fine buckets, (n_fine,), increasing, the last one open."""
    last = np.array([MAX_OFFSET], dtype=np.int32)
    return np.unique(np.concatenate([last, *(buckets.upper_offset for buckets in bucket_sets)]))


def bucket_of_day(upper_offset: IntArray, n_days: int) -> IntArray:
    """Return the bucket of each day 0, 1, ..., ``n_days - 1``."""
    return np.searchsorted(upper_offset, np.arange(n_days), side="left").astype(np.int32)


def merged(fine: FloatArray, fine_upper_offset: IntArray, buckets: Buckets) -> FloatArray:
    """Return the amounts of one bucket set.

    Parameters
    ----------
    fine : (n, n_fine, ...) float64
    fine_upper_offset : (n_fine,) int32 [days]
        ``fine_bounds`` of the sets, this one among them.
    buckets : Buckets

    Returns
    -------
    (n, n_buckets, ...) float64
    """
    ends = np.searchsorted(fine_upper_offset, buckets.upper_offset) + 1
    return np.asarray(np.add.reduceat(fine, np.append(0, ends[:-1]), axis=1))
