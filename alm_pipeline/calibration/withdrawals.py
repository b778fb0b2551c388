"""Term deposits broken early and renewed, and how far committed lines are drawn.

`EarlyWithdrawal`: annual share broken on the rise of market rates since the deposits were made,
``base + sensitivity max(gap, 0)``, errors in proportion to the level; the benchmark is the average.
`LineUsage`: the drawn share returns to its mean, ``u(t+1) = u(t) + k (mean - u(t))``, with the
small sample bias of an autoregression taken out (Kendall 1954, Biometrika 41); the benchmark is the
last usage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from alm_pipeline.calibration.least_squares import delta_error, linear_fit
from alm_pipeline.calibration.records import Fit, FloatArray, Forecast, Parameter, Rows

__all__ = ["EarlyWithdrawal", "LineUsage"]

LEAST_MONTHS = 24
DRAW_MONTHS = 12


@dataclass(frozen=True)
class EarlyWithdrawal:
    """Annual share of term deposits broken, and the share renewed at maturity."""

    name: str = "withdrawal_regression"

    def fit(self, rows: Rows) -> Fit | None:
        """Return the fit of ``opening_amount``, ``broken_amount``, ``rate_gap`` and roll-overs."""
        broken, gap = _broken_rates(rows), np.maximum(rows["rate_gap"], 0.0)
        if len(broken) < LEAST_MONTHS or float(np.ptp(gap)) == 0.0:
            return None
        columns = np.column_stack([np.ones(len(gap)), gap])
        found = linear_fit(broken, columns)
        for _ in range(4):  # the size of an error follows the level
            size = np.maximum(found.fitted, 1e-5)
            found = linear_fit(broken, columns, 1.0 / size**2)
        rolled = rows["rolled_amount"] / rows["matured_amount"]
        renewed = linear_fit(rolled, np.ones((len(rolled), 1)))
        base, sensitivity = (float(value) for value in found.values)
        average = float(broken.mean())
        return Fit(
            method=self.name,
            parameters=(
                Parameter("redemption_share", base, float(found.errors[0]), "share per year"),
                Parameter("sensitivity", sensitivity, float(found.errors[1]), "per unit of rate"),
                Parameter(
                    "rolled_share", float(renewed.values[0]), float(renewed.errors[0]), "share"
                ),
            ),
            n_observations=len(broken),
            n_excluded=0,
            r_squared=found.r_squared,
            aic=found.aic,
            forecast=_withdrawals(base, sensitivity, average),
            period=rows["month"],
            observed=broken,
            fitted=found.fitted,
            choices={"errors": "in proportion to the level"},
        )


@dataclass(frozen=True)
class LineUsage:
    """Usage of committed lines as a mean-reverting share, and what is drawn within a year."""

    name: str = "usage_autoregression"

    def fit(self, rows: Rows) -> Fit | None:
        """Return the fit of ``drawn_amount`` and ``limit_amount``."""
        usage = rows["drawn_amount"] / rows["limit_amount"]
        n = len(usage) - 1
        if n < LEAST_MONTHS or float(np.ptp(usage)) == 0.0:
            return None
        found = linear_fit(usage[1:], np.column_stack([np.ones(n), usage[:-1]]))
        kept = min(float(found.values[1]) + (1.0 + 3.0 * float(found.values[1])) / n, 0.999)
        mean = float(usage.mean())
        drift = found.values[0] / (1.0 - found.values[1])
        slope = np.array([1.0, drift]) / (1.0 - found.values[1])
        drawn, drawn_error = _drawn_within_a_year(usage)
        return Fit(
            method=self.name,
            parameters=(
                Parameter("mean_usage", mean, delta_error(slope, found.covariance), "share"),
                Parameter("reversion", 1.0 - kept, float(found.errors[1]), "share per month"),
                Parameter("drawn_share", drawn, drawn_error, "share"),
                Parameter("draw_months", float(DRAW_MONTHS), None, "months"),
            ),
            n_observations=n,
            n_excluded=1,
            r_squared=found.r_squared,
            aic=found.aic,
            forecast=_usage(mean, kept),
            period=rows["month"][1:],
            observed=usage[1:],
            fitted=found.fitted,
            choices={"small_sample_bias": "taken out"},
        )


def _broken_rates(rows: Rows) -> FloatArray:
    return np.asarray(12.0 * rows["broken_amount"] / rows["opening_amount"])


def _drawn_within_a_year(usage: FloatArray) -> tuple[float, float]:
    """Return the average share of the undrawn line drawn a year later, and its standard error."""
    now, later = usage[:-DRAW_MONTHS], usage[DRAW_MONTHS:]
    drawn = np.clip((later - now) / np.maximum(1.0 - now, 1e-9), 0.0, 1.0)
    found = linear_fit(drawn, np.ones((len(drawn), 1)))
    return float(found.values[0]), float(found.errors[0])


def _withdrawals(base: float, sensitivity: float, average: float) -> Any:
    def forecast(_: Rows, hold_out: Rows) -> Forecast:
        actual = _broken_rates(hold_out)
        model = base + sensitivity * np.maximum(hold_out["rate_gap"], 0.0)
        unit = "share per year"
        return Forecast(hold_out["month"], actual, model, np.full_like(actual, average), unit)

    return forecast


def _usage(mean: float, kept: float) -> Any:
    def forecast(sample: Rows, hold_out: Rows) -> Forecast:
        last = float(sample["drawn_amount"][-1] / sample["limit_amount"][-1])
        actual = hold_out["drawn_amount"] / hold_out["limit_amount"]
        steps = np.arange(1, len(actual) + 1)
        model = np.asarray(mean + (last - mean) * kept**steps, dtype=np.float64)
        return Forecast(hold_out["month"], actual, model, np.full_like(actual, last), "share")

    return forecast
