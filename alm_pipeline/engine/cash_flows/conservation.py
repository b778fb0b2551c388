"""Nothing is lost: principal in equals principal out plus what remains.

Per position and scenario: opening + drawn + capitalised - scheduled - prepaid - written off =
remaining. The kernel counts each movement and, separately, the balance; here they must agree.
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.errors import CalculationError

RELATIVE_TOLERANCE = 1e-9
"""Of the largest movement of the position; rounding of a few hundred additions is far below."""

_SIGNS = np.array([1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0])


def check_conservation(principal: FloatArray) -> None:
    """Raise if principal is created or lost.

    Parameters
    ----------
    principal : (n, 7, S) float64 [position currency]
        Opening, drawn, capitalised, scheduled, prepaid, written off, remaining; unsigned.

    Raises
    ------
    CalculationError
        With the rows of the positions and the largest difference.
    """
    difference = np.abs(np.einsum("nis,i->ns", principal, _SIGNS))
    size = np.maximum(principal.max(axis=1, initial=0.0), 1.0)
    broken = np.flatnonzero((difference > RELATIVE_TOLERANCE * size).any(axis=1))
    broken_or_nan = np.flatnonzero(~np.isfinite(principal).all(axis=(1, 2)))
    rows = np.union1d(broken, broken_or_nan)
    if len(rows):
        raise CalculationError(
            f"principal is not conserved for {len(rows)} positions",
            detail=f"rows {list(rows[:10])}, largest difference {difference[rows].max():.2f}",
            fix="check the terms of these positions",
        )
