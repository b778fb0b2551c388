"""Least squares with honest standard errors, by statsmodels and scipy.

Standard errors are those of Newey and West (1987): they hold when neighbouring errors resemble each
other, as errors of monthly series do. A curve's are those of the regression of its residuals on its
derivatives at the solution (Davidson and MacKinnon, Estimation and Inference in Econometrics,
1993, chapter 6). Which model is estimated does not belong here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.calibration.records import FloatArray
from alm_pipeline.errors import CalculationError, ConfigurationError

__all__ = ["Estimate", "curve_fit", "delta_error", "linear_fit", "need_libraries"]


@dataclass(frozen=True)
class Estimate:
    """Coefficients, their covariance, and how well they fit."""

    values: FloatArray
    covariance: FloatArray
    fitted: FloatArray
    r_squared: float
    aic: float

    @property
    def errors(self) -> FloatArray:
        """Return the standard error of each coefficient."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))


def need_libraries() -> None:
    """Raise unless the libraries of the extra `calibration` are installed."""
    try:
        import matplotlib  # noqa: F401
        import statsmodels.api  # noqa: F401
    except ImportError as missing:
        raise ConfigurationError(
            f"calibration needs the library {missing.name}",
            fix="pip install 'alm-pipeline[calibration]'",
        ) from missing


def linear_fit(y: FloatArray, x: FloatArray, weights: FloatArray | None = None) -> Estimate:
    """Return the least squares fit of ``y`` (n,) on the columns of ``x`` (n, k)."""
    import statsmodels.api as sm

    model = sm.OLS(y, x) if weights is None else sm.WLS(y, x, weights)
    found = model.fit()
    return Estimate(
        values=np.asarray(found.params),
        covariance=_covariance(model, found),
        fitted=np.asarray(found.fittedvalues),
        r_squared=explained(y, np.asarray(found.fittedvalues)),
        aic=_aic(np.asarray(found.wresid), x.shape[1], 1.0 if weights is None else weights**-0.5),
    )


def curve_fit(
    curve: Callable[[FloatArray], FloatArray],
    y: FloatArray,
    start: FloatArray,
    bounds: tuple[FloatArray, FloatArray],
    sigma: FloatArray | None = None,
    rounded_to: float = 0.0,
) -> Estimate:
    """Return the nonlinear least squares fit of ``y`` (n,) by ``curve(values)`` (n,).

    Parameters
    ----------
    start : (k,) float64
        Where the search begins, inside the bounds.
    sigma : (n,) float64, optional
        Size of the error of each observation, up to a common factor.
    rounded_to : float
        Unit to which ``y`` was rounded before anybody saw it; 0 if it was not.

    Raises
    ------
    CalculationError
        If the search does not end.
    """
    scale = np.ones_like(y) if sigma is None else sigma
    found = _searched(lambda values: (curve(values) - y) / scale, start, bounds)
    inside = (found.x > bounds[0] + 1e-9) & (found.x < bounds[1] - 1e-9)
    covariance = np.zeros((len(start), len(start)))
    jac, fitted = found.jac[:, inside], y + found.fun * scale
    covariance[np.ix_(inside, inside)] = _larger(
        _curve_covariance(jac, found.fun), _rounding_covariance(jac * scale[:, None], y, rounded_to)
    )
    return Estimate(
        values=found.x,
        covariance=covariance,
        fitted=fitted,
        r_squared=explained(y, fitted),
        aic=_aic(found.fun, len(start), scale),
    )


def _searched(
    residuals: Callable[[FloatArray], FloatArray],
    start: FloatArray,
    bounds: tuple[FloatArray, FloatArray],
) -> Any:
    """Return what the search for the smallest squares found."""
    from scipy.optimize import least_squares

    near = 1e-12
    found = least_squares(
        residuals,
        start,
        bounds=bounds,
        x_scale=np.maximum(np.abs(start), 1e-3),
        xtol=near,
        ftol=near,
        gtol=near,
        max_nfev=2_000,
    )
    if not found.success:
        raise CalculationError(
            "the search for the best curve did not end",
            detail=f"{len(found.fun)} observations, at {np.array2string(found.x, precision=6)}",
            fix="shorten the sample or leave this method out",
        )
    return found


def delta_error(gradient: NDArray[np.float64], covariance: FloatArray) -> float:
    """Return the standard error of a function of coefficients from its gradient (k,)."""
    return float(np.sqrt(max(float(gradient @ covariance @ gradient), 0.0)))


def explained(y: FloatArray, fitted: FloatArray) -> float:
    """Return the share of the variance that a fit explains; 0 where nothing varies."""
    spread, left = float(np.sum((y - y.mean()) ** 2)), float(np.sum((y - fitted) ** 2))
    return 1.0 - left / spread if spread > 0.0 else 0.0


def _curve_covariance(jacobian: FloatArray, residuals: FloatArray) -> FloatArray:
    """Return the covariance of a curve's coefficients at their solution.

    Observations that no coefficient moves (a rate on its floor) do not count.
    """
    import statsmodels.api as sm

    scale = np.linalg.norm(jacobian, axis=0)
    if not (scale > 0.0).all() or np.linalg.matrix_rank(jacobian / scale) < jacobian.shape[1]:
        return np.full((jacobian.shape[1],) * 2, np.nan)
    moving = np.abs(jacobian / scale).max(axis=1) > 1e-9
    model = sm.OLS(residuals[moving], (jacobian / scale)[moving])
    return _covariance(model, model.fit()) / np.outer(scale, scale)


def _covariance(model: Any, plain: Any) -> FloatArray:
    """Return the covariance of a regression's coefficients, the larger of two estimates.

    In short samples the estimate of Newey and West is too small; that of independent errors, of
    which errors with autocorrelation c carry ``(1 - c) / (1 + c)`` as many, bounds it below.
    """
    keywords = {"maxlags": _band(int(plain.nobs)), "use_correction": True}
    robust = np.asarray(model.fit(cov_type="HAC", cov_kwds=keywords).cov_params())
    residuals = np.asarray(plain.wresid)
    return _larger(robust, np.asarray(plain.cov_params()) / _information(residuals))


def _rounding_covariance(jacobian: FloatArray, y: FloatArray, unit: float) -> FloatArray:
    """Return what rounding alone does to coefficients.

    Observations rounded to the same number share their error, which is uniform over the unit: on a
    plateau it does not average out, however many months it lasts.
    """
    if unit == 0.0 or np.linalg.matrix_rank(jacobian) < jacobian.shape[1]:
        return np.zeros((jacobian.shape[1],) * 2)
    posted = np.rint(y / unit)
    is_shared = posted[:, None] == posted[None, :]
    gain = np.linalg.pinv(jacobian)
    return np.asarray(gain @ is_shared @ gain.T) * unit**2 / 12.0


def _larger(covariance: FloatArray, other: FloatArray) -> FloatArray:
    """Return a covariance whose variances are at least those of another one."""
    smallest = np.finfo(np.float64).tiny
    factor = np.sqrt(np.maximum(np.diag(other) / np.maximum(np.diag(covariance), smallest), 1.0))
    return np.asarray(covariance * np.outer(factor, factor))


def _aic(residuals: FloatArray, n_values: int, size: FloatArray | float) -> float:
    """Return Akaike's criterion of normal errors whose sizes are known up to a factor."""
    n = len(residuals)
    variance = max(float(residuals @ residuals) / n, np.finfo(np.float64).tiny)  # a perfect fit
    spread = 2.0 * float(np.sum(np.log(size * np.ones(n))))
    return float(n * (np.log(2.0 * np.pi * variance) + 1.0) + spread + 2.0 * (n_values + 1))


def _information(residuals: FloatArray) -> float:
    """Return how many independent errors one of these is worth, at most 1."""
    squares = float(residuals @ residuals)
    likeness = float(residuals[1:] @ residuals[:-1]) / squares if squares > 0.0 else 0.0
    likeness = min(max(likeness, 0.0), 0.95)
    return (1.0 - likeness) / (1.0 + likeness)


def _band(n: int) -> int:
    """Return over how many neighbours errors may resemble each other.

    ``1.3 sqrt(n)``: Lazarus, Lewis, Stock and Watson (2018), HAR Inference.
    """
    return max(1, round(1.3 * float(np.sqrt(n))))
