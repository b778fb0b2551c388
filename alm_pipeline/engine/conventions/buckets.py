"""In which bucket a day lies: ``(lower, upper]``, several bucket sets at once.

What does not belong here: the bounds themselves (rule packs).
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.arrays import Buckets, CountArray


def bucket_of_day(bucket_sets: tuple[Buckets, ...], n_days: int) -> CountArray:
    """Return the row of each day in the concatenated buckets of all sets.

    Parameters
    ----------
    bucket_sets : tuple of Buckets
        In the order in which results are laid out.
    n_days : int
        Days 0, 1, ..., ``n_days - 1``.

    Returns
    -------
    (n_sets, n_days) int64
        Rows count through all sets: the second set starts where the first one ends.
    """
    days, start, rows = np.arange(n_days), 0, []
    for buckets in bucket_sets:
        rows.append(start + np.searchsorted(buckets.upper_offset, days, side="left"))
        start += len(buckets.upper_offset)
    return np.array(rows, dtype=np.int64).reshape(len(bucket_sets), n_days)
