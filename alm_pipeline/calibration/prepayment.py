"""How fast loans are repaid early: by cohort, by age, and by what refinancing would save.

The rate of a cohort and month is ``CPR = 1 - (1 - SMM) ** 12`` with ``SMM = prepaid / (opening -
scheduled)``. `PooledRates` measures it per cohort or age band; `RefinancingCurve` fits
``CPR = turnover + refinance / (1 + exp(-slope (coupon - market - midpoint)))``, errors in
proportion to the level. Both forecast each cohort and month of the hold-out; the benchmark is one
constant rate. Source of the curve: Richard and Roll (1989), Journal of Portfolio Management 15.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.calibration.least_squares import curve_fit, explained, linear_fit
from alm_pipeline.calibration.records import Fit, FloatArray, Forecast, Parameter, Rows

__all__ = ["AGE_BANDS", "PooledRates", "RefinancingCurve", "annual_rates", "s_curve"]

AGE_BANDS = (0, 12, 24, 36, 60, 120, 180)
"""Lower bounds of the age bands, in months since the loan was granted."""
LEAST_ROWS = 24
LEAST_INCENTIVE = 0.0025
_SMALL = 0.01
"""Cohorts that have shrunk below this share of their largest balance are not read."""


@dataclass(frozen=True)
class PooledRates:
    """Prepayment rate of every cohort, or of every age band, weighted by balance."""

    by: str

    @property
    def name(self) -> str:
        """Return the name of the method."""
        return f"rate_by_{self.by}"

    def fit(self, rows: Rows) -> Fit | None:
        """Return one rate per group and the rate of all."""
        kept = _readable(rows)
        if len(np.unique(kept["month"])) < LEAST_ROWS:
            return None
        rate, weight = annual_rates(kept), kept["opening_amount"]
        groups = self._groups(kept)
        overall = linear_fit(rate, np.ones((len(rate), 1)), weight)
        found = {g: _pooled(rate[groups == g], weight[groups == g]) for g in np.unique(groups)}
        fitted = np.array([found[group][0] for group in groups])
        left = rate - fitted
        unit = "share per year"
        values = {str(group): float(value) for group, (value, _) in found.items()}
        average, error = float(overall.values[0]), float(overall.errors[0])
        return Fit(
            method=self.name,
            parameters=(
                Parameter("annual_prepayment_rate", average, error, unit),
                *(Parameter(f"{self.by}_{g}", float(v), e, unit) for g, (v, e) in found.items()),
            ),
            n_observations=len(rate),
            n_excluded=len(rows["month"]) - len(rate),
            r_squared=explained(rate, fitted),
            aic=len(rate) * float(np.log(max(left @ left / len(rate), 1e-300))) + 2.0 * len(found),
            forecast=self._forecast(values, average),
            period=kept["month"],
            observed=rate,
            fitted=fitted,
            choices={"groups": str(len(found))},
        )

    def _groups(self, rows: Rows) -> NDArray[Any]:
        if self.by == "cohort":
            return np.asarray(rows["vintage"])
        bands = np.array(AGE_BANDS)
        return bands[np.searchsorted(bands, rows["age_months"], side="right") - 1]

    def _forecast(self, values: dict[str, float], average: float) -> Any:
        def forecast(_: Rows, hold_out: Rows) -> Forecast:
            kept = _readable(hold_out)
            model = [values.get(str(group), average) for group in self._groups(kept)]
            return _of_rates(kept, np.array(model), average)

        return forecast


@dataclass(frozen=True)
class RefinancingCurve:
    """S-curve of the refinancing incentive."""

    name: str = "refinancing_curve"

    def fit(self, rows: Rows) -> Fit | None:
        """Return the fit, None where incentives differ by less than 25 bp."""
        kept = _readable(rows)
        incentive, rate = kept["coupon_rate"] - kept["market_rate"], annual_rates(kept)
        if len(rate) < LEAST_ROWS or float(np.ptp(incentive)) <= LEAST_INCENTIVE:
            return None
        low, high = np.array([0.0, 0.0, 20.0, -0.02]), np.array([1.0, 1.0, 600.0, 0.06])
        values = np.array([0.8 * float(np.quantile(rate, 0.2)) + 1e-4, 0.1, 120.0, 0.01])
        for _ in range(4):  # the size of an error follows the level of the curve
            size = np.maximum(s_curve(values, incentive), 1e-4)
            found = curve_fit(
                lambda v: s_curve(v, incentive), rate, values.clip(low, high), (low, high), size
            )
            values = found.values.clip(low + 1e-9, high - 1e-9)
        if not _is_told(values, found.errors, incentive):
            return None
        names = (("turnover", "share per year"), ("refinance", "share per year"),
                 ("slope", "per unit of rate"), ("midpoint", "rate"))  # fmt: skip
        average = float(np.average(rate, weights=kept["opening_amount"]))
        return Fit(
            method=self.name,
            parameters=tuple(
                Parameter(name, float(value), float(error), unit)
                for (name, unit), value, error in zip(names, values, found.errors, strict=True)
            ),
            n_observations=len(rate),
            n_excluded=len(rows["month"]) - len(rate),
            r_squared=found.r_squared,
            aic=found.aic,
            forecast=_curve_forecast(values, average),
            period=kept["month"],
            observed=rate,
            fitted=found.fitted,
            choices={"errors": "in proportion to the level"},
        )


def annual_rates(rows: Rows) -> FloatArray:
    """Return the annual prepayment rate of every cohort and month.

    Examples
    --------
    Of 100 left after the schedule 0.5143 prepaid is 6 % a year.

    >>> one = {"opening_amount": np.array([110.0]), "scheduled_amount": np.array([10.0])}
    >>> annual_rates(one | {"prepaid_amount": np.array([0.5143])}).round(4)
    array([0.06])
    """
    monthly = rows["prepaid_amount"] / (rows["opening_amount"] - rows["scheduled_amount"])
    return np.asarray(1.0 - (1.0 - monthly) ** 12)


def s_curve(values: FloatArray, incentive: FloatArray) -> FloatArray:
    """Return the rate at incentives (n,), of turnover, refinance, slope and midpoint (4,)."""
    turnover, refinance, slope, midpoint = values
    return np.asarray(turnover + refinance / (1.0 + np.exp(-slope * (incentive - midpoint))))


def _is_told(values: FloatArray, errors: FloatArray, incentive: FloatArray) -> bool:
    """Say whether the incentives seen tell the curve: beyond its midpoint, its height to a tenth.

    A curve of which only the foot was seen fits many tops.
    """
    is_estimated = bool(np.isfinite(errors).all() and (errors > 0.0).all())
    is_seen = float(np.quantile(incentive, 0.99)) > values[3]
    return is_estimated and is_seen and bool(errors[1] < 0.1 * values[1])


def _pooled(rate: FloatArray, weight: FloatArray) -> tuple[float, float | None]:
    if len(rate) < 3:
        return float(np.average(rate, weights=weight)), None
    found = linear_fit(rate, np.ones((len(rate), 1)), weight)
    return float(found.values[0]), float(found.errors[0])


def _readable(rows: Rows) -> Rows:
    """Return rows of cohorts that still have a balance worth reading."""
    names, place = np.unique(rows["cohort_id"], return_inverse=True)
    largest = np.zeros(len(names))
    np.maximum.at(largest, place, rows["opening_amount"])
    left = rows["opening_amount"] - rows["scheduled_amount"]
    kept = left > _SMALL * largest[place]
    return {name: column[kept] for name, column in rows.items()}


def _curve_forecast(values: FloatArray, average: float) -> Any:
    def forecast(_: Rows, hold_out: Rows) -> Forecast:
        kept = _readable(hold_out)
        return _of_rates(kept, s_curve(values, kept["coupon_rate"] - kept["market_rate"]), average)

    return forecast


def _of_rates(rows: Rows, model: FloatArray, average: float) -> Forecast:
    actual = annual_rates(rows)
    return Forecast(rows["month"], actual, model, np.full_like(actual, average), "rate per year")
