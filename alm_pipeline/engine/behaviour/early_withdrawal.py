"""Which part of a term deposit is withdrawn before maturity.

The scenario's term-deposit redemption ratio (already multiplied and capped at 1) leaves overnight,
on day 1, whatever the remaining term. Source: BCBS 368 annex 2; reference/irrbb.md section 6.
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.arrays import Behaviour, BoolArray


def redeeming_cohorts(behaviour: Behaviour) -> BoolArray:
    """Return which cohorts withdraw early in at least one scenario, (n_cohorts,)."""
    return np.asarray((behaviour.redemption_share > 0.0).any(axis=1))
