"""Balances without maturity: when they leave, and how their rate follows the market.

Run-off: the non-core share leaves overnight, the core in equal monthly parts (straight-line
ladder). Rate: ``r(t) = max(floor, r(0) + beta x (index(t - lag) - index(0)))``, with one beta for
rising and one for falling indices; ``index(0)`` is the unshocked spot rate, so that a shock is in
the index from the first moment after the as-of date. Rates are re-fixed once a month.
Source of the run-off: BCBS 368 (2016), annex 2.
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.arrays import Behaviour, FloatArray, IntArray


def run_off_ladders(behaviour: Behaviour) -> tuple[FloatArray, IntArray]:
    """Return what share of the opening balance leaves at each slot.

    Returns
    -------
    ladder : (n_cohorts, n_slots) float64 [share of the opening balance]
        Slot 0 is overnight, slot k the end of month k; each row sums to 1.
    n_slots : (n_cohorts,) int32
        Slots in use per cohort.

    Examples
    --------
    A core of 90 % over 3 months: 10 % overnight, then 30 % a month. A cohort with a run-off
    profile of its own follows that.
    """
    months = behaviour.core_run_off_months
    core = np.where(months > 0, behaviour.core_share, 0.0)
    n_slots = np.where(core > 0.0, months + 1, 1).astype(np.int32)
    profile = behaviour.run_off_profile
    n_own = profile.shape[1] - (profile[:, ::-1] > 0.0).argmax(axis=1) if profile.size else 0
    has_own = profile.sum(axis=1) > 0.0
    n_slots = np.where(has_own, n_own, n_slots).astype(np.int32)
    slots = np.arange(int(n_slots.max(initial=1)))
    is_core = (slots >= 1) & (slots < n_slots[:, None])
    ladder = np.where(is_core, (core / np.maximum(months, 1))[:, None], 0.0)
    ladder[:, 0] = 1.0 - core
    width = min(profile.shape[1], len(slots))
    ladder[has_own] = 0.0
    ladder[has_own, :width] = profile[has_own, :width]
    return ladder, n_slots


def rate_moves(behaviour: Behaviour, index: FloatArray, base_index: FloatArray) -> FloatArray:
    """Return what pass-through adds to the opening rate, month by month.

    Parameters
    ----------
    index : (n_curves, n_months, S) float64
        1-month index at the start of months 0, 1, ...; month 0 already holds the shock.
    base_index : (n_curves,) float64
        Unshocked spot index.

    Returns
    -------
    (n_cohorts, n_curves, n_months, S) float64
        Zero while the lag has not passed; scaled by the beta of its direction.
    """
    n_curves, n_months, n_scenarios = index.shape
    change = index - base_index[:, None, None]
    moves = np.zeros((len(behaviour.core_share), n_curves, n_months, n_scenarios))
    for cohort, lag in enumerate(behaviour.lag_months):
        seen = change[:, : max(n_months - lag, 0)]
        beta = np.where(
            seen > 0.0, behaviour.pass_through_up[cohort], behaviour.pass_through_down[cohort]
        )
        moves[cohort, :, lag:] = beta * seen
    return moves
