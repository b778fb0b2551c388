"""Key rates on par rates against a curve built anew from moved quotes."""

from __future__ import annotations

import numpy as np
import pytest

from alm_pipeline.engine.market.bootstrap import bootstrap
from alm_pipeline.engine.market.curve import discount_factors
from alm_pipeline.engine.market.quotes import par_instruments
from alm_pipeline.engine.market.tenors import tenor_offsets
from alm_pipeline.engine.scenarios.node_moves import KEY_TENORS, key_rate_moves
from alm_pipeline.engine.scenarios.par_key_rates import par_key_rate_weights

AS_OF = np.datetime64("2026-10-31")
BASIS_POINT = 1e-4
PAR = np.linspace(0.02, 0.045, len(KEY_TENORS))


def quoted(par: np.ndarray) -> dict[str, np.ndarray]:
    """Return swaps at the key tenors, paid once a year."""
    n = len(par)
    return {
        "instrument": np.full(n, "ois"), "tenor": np.array(KEY_TENORS), "quote": par,
        "day_count": np.full(n, "act_365f"), "payment_freq": np.full(n, "P12M"),
        "start_date": np.full(n, np.datetime64("NaT"), "datetime64[D]"),
        "convexity_adjustment_rate": np.full(n, np.nan),
    }  # fmt: skip


@pytest.mark.parametrize("tenor", ["3M", "1Y", "5Y", "10Y", "30Y"])
def test_a_par_key_rate_is_what_moving_one_quote_does(tenor):
    curve = bootstrap(par_instruments(AS_OF, quoted(PAR)))
    weights = par_key_rate_weights(curve, AS_OF)
    row = KEY_TENORS.index(tenor)
    days = np.array([30, 365, 1000, 1826, 3653, 6000, 10958], dtype=np.int32)
    moved = [PAR + sign * BASIS_POINT * (np.arange(len(PAR)) == row) for sign in (1.0, -1.0)]
    up, down = (
        discount_factors(bootstrap(par_instruments(AS_OF, quoted(par))), days) for par in moved
    )
    zero = dict(zip(KEY_TENORS, weights[row], strict=True))
    by_weights = -discount_factors(curve, days) * days / 365 * key_rate_moves(AS_OF, zero, days)
    assert by_weights * BASIS_POINT == pytest.approx((up - down) / 2.0, abs=1e-9)


def test_up_to_a_year_par_and_zero_rates_move_together():
    curve = bootstrap(par_instruments(AS_OF, quoted(PAR)))
    weights = par_key_rate_weights(curve, AS_OF)
    short = KEY_TENORS.index("1Y") + 1
    assert weights[:short, :short] == pytest.approx(np.diag(np.diag(weights))[:short, :short])
    # one payment: 1 + q t = exp(z t), so dz/dq = 1 / (1 + q t)
    days = tenor_offsets(AS_OF, list(KEY_TENORS[:short]))
    assert np.diag(weights)[:short] == pytest.approx(1.0 / (1.0 + PAR[:short] * days / 365))
