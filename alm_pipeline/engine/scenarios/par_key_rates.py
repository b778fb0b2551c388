"""What one par rate alone does to zero rates.

People hedge with swaps: a key rate on par rates moves the fair rate of one swap by a basis point
and leaves those of the other key tenors. The zero rates at the key tenors that do so follow from
how each zero key rate moves each par rate. Between the key tenors zero rates move in straight
lines, as key rates do.
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.engine.market.bootstrap import par_rates
from alm_pipeline.engine.market.curve import ZeroCurve
from alm_pipeline.engine.market.quotes import par_instruments
from alm_pipeline.engine.scenarios.node_moves import KEY_TENORS, key_rate_moves

_BUMP = 1e-5


def par_key_rate_weights(curve: ZeroCurve, as_of_date: np.datetime64) -> FloatArray:
    """Return the move of each zero key rate when one par rate rises by one.

    Parameters
    ----------
    curve : ZeroCurve
        Of one currency, that discounts itself.
    as_of_date : datetime64[D]

    Returns
    -------
    (n_keys, n_keys) float64
        By par rate and by zero rate, both at `KEY_TENORS`. Swaps pay once a year, actual/365; up to
        a year once at the end.
    """
    n = len(KEY_TENORS)
    quotes = {
        "instrument": np.full(n, "ois"),
        "tenor": np.array(KEY_TENORS),
        "quote": np.zeros(n),
        "day_count": np.full(n, "act_365f"),
        "payment_freq": np.full(n, "P12M"),
        "start_date": np.full(n, np.datetime64("NaT"), "datetime64[D]"),
        "convexity_adjustment_rate": np.full(n, np.nan),
    }
    swaps = par_instruments(as_of_date, quotes)
    slopes = np.empty((n, n))  # of each par rate in each zero key rate
    for column, tenor in enumerate(KEY_TENORS):
        move = _BUMP * key_rate_moves(as_of_date, {tenor: 1.0}, curve.tenor_days)
        up, down = (
            par_rates(ZeroCurve(curve.tenor_days, curve.zero_rates + sign * move), swaps)
            for sign in (1.0, -1.0)
        )
        slopes[:, column] = (up - down) / (2.0 * _BUMP)
    return np.asarray(np.linalg.inv(slopes).T)
