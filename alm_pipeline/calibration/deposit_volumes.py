"""How much of deposits without maturity stays, and for how long.

`MinimumVolume`: the balance that is not undercut within a year with 99 % confidence if monthly
growth is normal, a positive trend left out; with it the lowest point of any year of the sample.
`TrendCore`: the balance's trend line, less 99 % of its scatter. `CohortDecay`: how fast balances of
accounts opened in the same year shrink; of all accounts together new ones would hide it. Rows have
``month``, ``vintage`` (year of opening) and ``balance_amount``. The benchmark is a balance that
stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.calibration.least_squares import Estimate, delta_error, explained, linear_fit
from alm_pipeline.calibration.records import Fit, FloatArray, Forecast, Parameter, Rows

__all__ = ["Z_99", "CohortDecay", "MinimumVolume", "TrendCore", "totals"]

Z_99 = 2.3263478740408408
"""Quantile of 99 % of the normal distribution, one-sided."""
LEAST_PERIODS = 24
_Dates = NDArray[np.datetime64]


@dataclass(frozen=True)
class MinimumVolume:
    """Balance not undercut within a year with 99 % confidence.

    The scatter of a year is that of a period times the root of their number, or that of overlapping
    years where growth resembles the growth before and it is larger.
    ``periods_per_year``: 12 for month ends, 52 for weeks.
    """

    periods_per_year: int = 12
    name: str = "minimum_volume"

    def fit(self, rows: Rows) -> Fit | None:
        """Return the fit, None below two years of months or half a year of weeks."""
        dates, balance = totals(rows)
        if len(dates) < LEAST_PERIODS:
            return None
        growth, horizon = np.diff(np.log(balance)), self.periods_per_year
        mean = linear_fit(growth, np.ones((len(growth), 1)))
        centred = growth - mean.values[0]
        variance = linear_fit(centred**2, np.ones((len(growth), 1)))
        spread = float(np.sqrt(variance.values[0] * len(growth) / (len(growth) - 1)))
        spread_error = _square_root_error(variance, spread, len(growth))
        drift = min(float(mean.values[0]), 0.0)
        widening = max(float(np.sqrt(horizon)), _overlapping_spread(growth, horizon) / spread)
        stable = float(np.exp(drift * horizon - Z_99 * spread * widening))
        drift_error = float(mean.errors[0]) if drift < 0.0 else 0.0
        error = stable * np.hypot(drift_error * horizon, Z_99 * widening * spread_error)
        lowest = _lowest_of_a_year(balance, horizon)
        return Fit(
            method=self.name,
            parameters=(
                Parameter("stable_share", stable, float(error), "share"),
                Parameter("historic_minimum_share", lowest, None, "share"),
                Parameter("growth", float(mean.values[0]), float(mean.errors[0]), "per period"),
                Parameter("volatility", spread, spread_error, "per period"),
            ),
            n_observations=len(growth),
            n_excluded=0,
            r_squared=explained(balance[1:], balance[:-1] * np.exp(mean.fitted)),
            aic=mean.aic,
            forecast=_growing(float(mean.values[0])),
            period=dates[1:],
            observed=balance[1:],
            fitted=balance[:-1] * np.exp(mean.fitted),
            choices={
                "horizon_periods": str(horizon),
                "confidence": "0.99",
                "scatter_of_a_year": f"{widening:.4f} times that of a period",
            },
        )


@dataclass(frozen=True)
class TrendCore:
    """Trend line of the balance less 99 % of its scatter."""

    name: str = "trend_core"

    def fit(self, rows: Rows) -> Fit | None:
        """Return the fit, None below 24 periods."""
        dates, balance = totals(rows)
        n = len(dates)
        if n < LEAST_PERIODS:
            return None
        steps = np.arange(n, dtype=np.float64)
        line = linear_fit(np.log(balance), np.column_stack([np.ones(n), steps]))
        squares = (np.log(balance) - line.fitted) ** 2
        variance = linear_fit(squares, np.ones((n, 1)))
        scatter = float(np.sqrt(variance.values[0] * n / (n - 2)))
        scatter_error = _square_root_error(variance, scatter, n)
        level_error = delta_error(np.array([1.0, n - 1.0]), line.covariance)
        core = float(np.exp(line.fitted[-1] - Z_99 * scatter) / balance[-1])
        share = min(core, 1.0)
        return Fit(
            method=self.name,
            parameters=(
                Parameter(
                    "stable_share",
                    share,
                    share * float(np.hypot(level_error, Z_99 * scatter_error)),
                    "share",
                ),
                Parameter("growth", float(line.values[1]), float(line.errors[1]), "per period"),
                Parameter("scatter", scatter, scatter_error, "share"),
            ),
            n_observations=n,
            n_excluded=0,
            r_squared=line.r_squared,
            aic=line.aic,
            forecast=_line(line.values, n),
            period=dates,
            observed=balance,
            fitted=np.exp(line.fitted),
            choices={"confidence": "0.99"},
        )


@dataclass(frozen=True)
class CohortDecay:
    """Exponential decay of balances of accounts that are a year old and more."""

    periods_per_year: int = 12
    name: str = "cohort_decay"

    def fit(self, rows: Rows) -> Fit | None:
        """Return the fit, None below 24 periods in which seasoned accounts can be compared."""
        dates, kept = _kept_shares(rows)
        if len(dates) < LEAST_PERIODS:
            return None
        left = -np.log(kept)
        found = linear_fit(left, np.ones((len(left), 1)))
        per_year = self.periods_per_year
        decay, error = float(found.values[0]) * per_year, float(found.errors[0]) * per_year
        life = 1.0 / decay if decay > 0.0 else np.inf
        if not np.isfinite(life):
            return None  # seasoned balances grew: no life can be told
        months = max(24.0 * life - 1.0, 0.0)
        life_error = error / decay**2
        observed, fitted = np.exp(-np.cumsum(left)), np.exp(-np.cumsum(found.fitted))
        return Fit(
            method=self.name,
            parameters=(
                Parameter("decay_rate", decay, error, "per year"),
                Parameter("average_life_years", life, life_error, "years"),
                Parameter("core_run_off_months", months, 24.0 * life_error, "months"),
            ),
            n_observations=len(left),
            n_excluded=len(np.unique(rows["month"])) - len(left),
            r_squared=explained(observed, fitted),
            aic=found.aic,
            forecast=_decaying(decay / per_year),
            period=dates,
            observed=observed,
            fitted=fitted,
            choices={"seasoned": "opened before the year of the month"},
        )


def totals(rows: Rows) -> tuple[_Dates, FloatArray]:
    """Return the periods and the balance of all cohorts in each."""
    dates, place = np.unique(rows["month"], return_inverse=True)
    return dates, np.bincount(place, weights=rows["balance_amount"]).astype(np.float64)


def _kept_shares(rows: Rows) -> tuple[_Dates, FloatArray]:
    """Return what share of the balance before is left of seasoned accounts, by period."""
    dates, place = np.unique(rows["month"], return_inverse=True)
    vintages, cohort = np.unique(rows["vintage"], return_inverse=True)
    balance = np.zeros((len(dates), len(vintages)))
    np.add.at(balance, (place, cohort), rows["balance_amount"])
    before, after = balance[:-1], balance[1:]
    seasoned = _opened(vintages)[None, :] < _years(dates)[:-1, None]
    used = seasoned & (before > 0.0) & (after > 0.0)
    opening = np.where(used, before, 0.0).sum(axis=1)
    known = opening > 0.0
    return dates[1:][known], np.where(used, after, 0.0).sum(axis=1)[known] / opening[known]


def _opened(vintages: NDArray[Any]) -> NDArray[np.int64]:
    return vintages.astype(np.int64)


def _years(dates: _Dates) -> NDArray[np.int64]:
    return dates.astype("datetime64[Y]").astype(np.int64) + 1970


def _lowest_of_a_year(balance: FloatArray, horizon: int) -> float:
    """Return the lowest point within a year of any start, as a share of the balance then."""
    starts = range(max(len(balance) - horizon, 1))
    return float(min(balance[s : s + horizon + 1].min() / balance[s] for s in starts))


def _overlapping_spread(growth: FloatArray, horizon: int) -> float:
    """Return the standard deviation of the growth of overlapping years."""
    if len(growth) < 2 * horizon:
        return 0.0
    return float(np.std(np.convolve(growth, np.ones(horizon), mode="valid"), ddof=1))


def _square_root_error(variance: Estimate, root: float, n: int) -> float:
    """Return the standard error of a standard deviation from that of its square.

    At least that of normal errors, ``s / sqrt(2 n)``: a variance of few observations is unsure.
    """
    found = float(variance.errors[0]) / (2.0 * root) if root > 0.0 else 0.0
    return max(found, root / float(np.sqrt(2.0 * n)))


def _growing(growth: float) -> Any:
    """Return the forecast of a balance that grows at a constant rate from its last level."""

    def forecast(sample: Rows, hold_out: Rows) -> Forecast:
        last = totals(sample)[1][-1]
        dates, actual = totals(hold_out)
        steps = np.arange(1, len(dates) + 1)
        return _of_share(dates, actual / last, np.exp(growth * steps))

    return forecast


def _line(values: FloatArray, n_sample: int) -> Any:
    def forecast(sample: Rows, hold_out: Rows) -> Forecast:
        last = totals(sample)[1][-1]
        dates, actual = totals(hold_out)
        steps = n_sample + np.arange(len(dates))
        return _of_share(dates, actual / last, np.exp(values[0] + values[1] * steps) / last)

    return forecast


def _decaying(decay: float) -> Any:
    """Return the forecast of what is left of the accounts that were there before the hold-out."""

    def forecast(sample: Rows, hold_out: Rows) -> Forecast:
        last = sample["month"].max()
        rows = {k: np.concatenate([sample[k], hold_out[k]]) for k in sample}
        first_year = int(_years(np.array([last]))[0])
        there = (rows["month"] >= last) & (_opened(rows["vintage"]) < first_year)
        dates, balance = totals({k: column[there] for k, column in rows.items()})
        share = balance[1:] / balance[0]
        return _of_share(dates[1:], share, np.exp(-decay * np.arange(1, len(share) + 1)))

    return forecast


def _of_share(dates: _Dates, actual: FloatArray, model: FloatArray) -> Forecast:
    return Forecast(dates, actual, model, np.ones_like(actual), "share of the last balance")
