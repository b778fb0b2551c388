"""Pass-through of the market to a deposit's rate: how much, how late, how fast.

``target(t) = max(floor, a + b R(t - L))``, ``r(t) = r(t-1) + k (target(t) - r(t-1))``.
`PathRegression` fits the whole path of the posted rate by least squares, the lag L by the
information criterion of Akaike; `ErrorCorrection` regresses the monthly change on the gap to the
long run (statsmodels' unrestricted error-correction model), on the months off the floor. Both
forecast the hold-out along the market's path from the last month of the sample. The benchmark is a
constant beta without lag. Source: Pesaran, Shin and Smith (2001), Journal of
Applied Econometrics 16.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alm_pipeline.calibration.least_squares import (
    Estimate,
    curve_fit,
    delta_error,
    explained,
    linear_fit,
)
from alm_pipeline.calibration.records import Fit, FloatArray, Forecast, Parameter, Rows

__all__ = ["ErrorCorrection", "PathRegression", "mean_lag_months"]

LONGEST_LAG = 6
LEAST_MOVE = 0.0025
"""The market must have moved by more than 25 bp; else a beta says nothing."""
LEAST_MONTHS = 24
NO_FLOOR = -1.0
"""A floor that never binds."""
POSTED_UNIT = 0.0001
"""Rates are posted to a basis point: nearer than half of it to its floor is on it."""


def mean_lag_months(lag_months: float, adjustment: float) -> float:
    """Return the average delay of a move: the lag, and what slow adjustment adds.

    A share k of the gap closes each month, the first one at once, so a move arrives
    ``L + (1 - k) / k`` months late on average.

    Examples
    --------
    >>> mean_lag_months(2.0, 0.5)
    3.0
    """
    return lag_months + (1.0 - adjustment) / adjustment


@dataclass(frozen=True)
class PathRegression:
    """Least squares along the path of the posted rate."""

    name: str = "path_regression"

    def fit(self, rows: Rows) -> Fit | None:
        """Return the fit of rows with ``posted_rate`` and ``index_rate``."""
        rate, index = rows["posted_rate"], rows["index_rate"]
        if _says_nothing(rate, index):
            return None
        fits = {
            (lag, floor): _path_estimate(rate, index, lag, floor)
            for lag in range(LONGEST_LAG + 1)
            for floor in _floors(rate)
        }
        lag, floor = min(fits, key=lambda one: fits[one].aic)
        best = fits[lag, floor]
        constant, beta, speed, _ = (float(value) for value in best.values)
        errors = [float(error) for error in best.errors]
        delay_error = errors[2] / speed**2
        return Fit(
            method=self.name,
            parameters=(
                Parameter("beta", beta, errors[1], "share"),
                Parameter("lag_months", float(lag), None, "months"),
                Parameter("adjustment", speed, errors[2], "share per month"),
                Parameter("mean_lag_months", mean_lag_months(lag, speed), delay_error, "months"),
                Parameter("constant", constant, errors[0], "rate"),
                Parameter("rate_floor", floor, None, "rate"),
                *_by_direction(rows, speed, lag),
            ),
            n_observations=len(rate) - LONGEST_LAG,
            n_excluded=LONGEST_LAG,
            r_squared=best.r_squared,
            aic=best.aic,
            forecast=_Path(constant, beta, speed, lag, floor).forecast,
            period=rows["month"][LONGEST_LAG:],
            observed=rate[LONGEST_LAG:],
            fitted=best.fitted,
            choices={"lag_months": str(lag), "lags_tried": f"0 to {LONGEST_LAG}"},
        )


@dataclass(frozen=True)
class ErrorCorrection:
    """Change of the posted rate regressed on its gap to the long run."""

    name: str = "error_correction"

    def fit(self, rows: Rows) -> Fit | None:
        """Return the fit of rows with ``posted_rate`` and ``index_rate``."""
        from statsmodels.tsa.ardl import UECM

        used = off_floor(rows["posted_rate"])
        rate, index = rows["posted_rate"][used], rows["index_rate"][used]
        if _says_nothing(rate, index):
            return None
        found = {
            lag: UECM(rate, 1, _lagged(rows["index_rate"], lag)[used, None], 1).fit()
            for lag in range(LONGEST_LAG + 1)
        }
        lag = min(found, key=lambda one: float(found[one].aic))
        best = found[lag]
        speed = -float(best.params[1])
        if not 0.0 < speed <= 1.5:
            return None  # nothing pulls the rate back: there is no long run to report
        constant, beta, beta_error = _long_run(best)
        n_used, total = int(best.nobs), len(rows["month"])
        speed = min(speed, 1.0)
        period, actual = rows["month"][used][-n_used:], np.diff(rate)[-n_used:]
        fitted = np.asarray(best.fittedvalues)[-n_used:]
        return Fit(
            method=self.name,
            parameters=(
                Parameter("beta", beta, beta_error, "share"),
                Parameter("lag_months", float(lag), None, "months"),
                Parameter("adjustment", speed, float(best.bse[1]), "share per month"),
                Parameter("constant", constant, None, "rate"),
            ),
            n_observations=n_used,
            n_excluded=total - n_used,
            r_squared=explained(actual, fitted),
            aic=float(best.aic),
            forecast=_Path(constant, beta, speed, lag, float(rows["posted_rate"].min())).forecast,
            period=period,
            observed=actual,
            fitted=fitted,
            choices={"lag_months": str(lag), "lags_tried": f"0 to {LONGEST_LAG}"},
        )


def _by_direction(rows: Rows, speed: float, lag: int) -> tuple[Parameter, ...]:
    """Return beta in rising and in falling markets, and how likely it is that they are equal.

    Cumulated rises and falls of the index, seen through the lag and adjustment of the fit, are
    regressors of their own. Nothing where the market moved less than 25 bp in a direction. Source:
    Shin, Yu and Greenwood-Nimmo (2014), partial sum decompositions.
    """
    from scipy.stats import norm

    rate, index = rows["posted_rate"], rows["index_rate"]
    moves = np.diff(index, prepend=index[:1])
    parts = [np.cumsum(np.maximum(moves, 0.0)), np.cumsum(np.minimum(moves, 0.0))]
    used = np.zeros(len(rate), dtype=bool)
    used[off_floor(rate)] = True
    used[:LONGEST_LAG] = False
    seen = min(float(np.ptp(part[used])) if used.any() else 0.0 for part in parts)
    if seen <= LEAST_MOVE or used.sum() < LEAST_MONTHS:
        return ()
    smooth = [_smoothed(_lagged(part, lag), speed) for part in parts]
    found = linear_fit(rate[used], np.column_stack([np.ones(len(rate)), *smooth])[used])
    up, down = (float(value) for value in found.values[1:])
    error = delta_error(np.array([0.0, 1.0, -1.0]), found.covariance)
    chance = 2.0 * float(norm.sf(abs(up - down) / error)) if error > 0.0 else 1.0
    return (
        Parameter("beta_up", up, float(found.errors[1]), "share"),
        Parameter("beta_down", down, float(found.errors[2]), "share"),
        Parameter("probability_of_equal_betas", chance, None, "share"),
    )


def off_floor(rate: FloatArray) -> slice:
    """Return the longest run of months in which a posted rate is off its lowest."""
    free = np.concatenate([[False], rate > rate.min() + POSTED_UNIT / 2.0, [False]])
    edges = np.flatnonzero(np.diff(free.astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return slice(0, 0)
    longest = int(np.argmax(ends - starts))
    return slice(int(starts[longest]), int(ends[longest]))


@dataclass(frozen=True)
class _Path:
    """A rate that closes part of the gap to its target each month."""

    constant: float
    beta: float
    speed: float
    lag: int
    floor: float

    def rates(self, index: FloatArray, before: float) -> FloatArray:
        """Return rates along an index (n,) already lagged, from the rate before."""
        targets = np.maximum(self.constant + self.beta * index, self.floor)
        rates = np.empty(len(targets))
        for step, target in enumerate(targets):
            before += self.speed * (target - before)
            rates[step] = before
        return rates

    def forecast(self, sample: Rows, hold_out: Rows) -> Forecast:
        """Return the path through the hold-out and that of a constant beta."""
        known, n = sample["index_rate"], len(hold_out["month"])
        index = np.concatenate([known, hold_out["index_rate"]])
        last = float(sample["posted_rate"][-1])
        beta = linear_fit(
            sample["posted_rate"], np.column_stack([np.ones(len(known)), known])
        ).values[1]
        return Forecast(
            period=hold_out["month"],
            actual=hold_out["posted_rate"],
            model=self.rates(_lagged(index, self.lag)[-n:], last),
            benchmark=last + beta * (hold_out["index_rate"] - known[-1]),
            unit="rate",
        )


def _says_nothing(rate: FloatArray, index: FloatArray) -> bool:
    """Say whether a history cannot tell a beta: too short, or nothing moved."""
    if len(rate) < LEAST_MONTHS:
        return True
    return float(np.ptp(index)) <= LEAST_MOVE or float(np.ptp(rate)) <= POSTED_UNIT


def _floors(rate: FloatArray) -> tuple[float, ...]:
    """Return floors worth trying: none, and the lowest rate if the bank stayed there for months."""
    lowest = float(rate.min())
    is_held = np.count_nonzero(rate <= lowest + POSTED_UNIT / 2.0) >= LONGEST_LAG
    return (NO_FLOOR, lowest) if is_held else (NO_FLOOR,)


def _lagged(index: FloatArray, lag: int) -> FloatArray:
    """Return an index so many months late; before it began, its first value."""
    return np.concatenate([np.full(lag, index[0]), index[: len(index) - lag]])


def _smoothed(target: FloatArray, speed: float) -> FloatArray:
    return _Path(0.0, 1.0, speed, 0, -np.inf).rates(target, float(target[0]))


def _path_estimate(rate: FloatArray, index: FloatArray, lag: int, floor: float) -> Estimate:
    """Return constant, beta, adjustment and the rate before the first month, for one lag."""
    seen, observed = _lagged(index, lag)[LONGEST_LAG:], rate[LONGEST_LAG:]
    start = linear_fit(observed, np.column_stack([np.ones(len(seen)), seen])).values

    def path(values: FloatArray) -> FloatArray:
        constant, beta, speed, before = values
        return _Path(constant, beta, speed, lag, floor).rates(seen, before)

    low, high = np.array([-0.5, -0.5, 0.01, -0.5]), np.array([0.5, 2.0, 1.0, 0.5])
    begin = np.clip([start[0], start[1], 0.5, observed[0]], low + 1e-6, high - 1e-6)
    return curve_fit(path, observed, begin, (low, high), rounded_to=POSTED_UNIT)


def _long_run(found: object) -> tuple[float, float, float]:
    """Return constant and beta of the long run and the error of beta, of a statsmodels result."""
    values = np.asarray(found.ci_params)  # type: ignore[attr-defined]
    errors = np.asarray(found.ci_bse)  # type: ignore[attr-defined]
    names = list(found.model.exog_names)  # type: ignore[attr-defined]
    column = len(values) - 1
    assert len(names) >= len(values)
    return -float(values[0]), -float(values[column]), float(errors[column])
