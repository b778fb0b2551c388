"""What a calibration takes and gives: rows of a history, estimates, forecasts.

How a model is estimated does not belong here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fit", "FloatArray", "Forecast", "Method", "Parameter", "Rows", "SeriesKey", "until"]

FloatArray = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]
"""Columns of one length, in the order of time; ``month`` is datetime64[D]."""


@dataclass(frozen=True, order=True)
class SeriesKey:
    """Which history: what is studied, of which product, currency and entity.

    ``entity_id`` is ``all`` where the history does not distinguish entities.
    """

    subject: str
    product_code: str
    currency: str
    entity_id: str = "all"

    def __str__(self) -> str:
        return f"{self.subject}-{self.product_code}-{self.entity_id}-{self.currency}"


@dataclass(frozen=True)
class Parameter:
    """One estimate; without a standard error it was chosen or counted, not estimated."""

    name: str
    value: float
    standard_error: float | None
    unit: str


@dataclass(frozen=True)
class Forecast:
    """What happened in the hold-out and what two models, told the rates, said would happen.

    Attributes
    ----------
    period : (n,) datetime64[D]
    actual, model, benchmark : (n,) float64 [unit]
        The benchmark is the simplest rule in use: a constant beta without a lag, a constant share.
    """

    period: NDArray[np.datetime64]
    actual: FloatArray
    model: FloatArray
    benchmark: FloatArray
    unit: str

    @property
    def model_error(self) -> float:
        """Return the root mean square error of the model."""
        return _root_mean_square(self.model - self.actual)

    @property
    def benchmark_error(self) -> float:
        """Return the root mean square error of the benchmark."""
        return _root_mean_square(self.benchmark - self.actual)

    @property
    def is_model_better(self) -> bool:
        """Say whether the model was nearer; a tie goes to the benchmark."""
        return self.model_error < self.benchmark_error * (1.0 - 1e-9)


@dataclass(frozen=True)
class Fit:
    """A model estimated on a sample, ready to be confronted with a hold-out.

    Attributes
    ----------
    forecast : callable
        Takes the sample and the hold-out rows; looks at amounts and rates of the hold-out only to
        know what the market did and what happened.
    choices : mapping
        What was chosen on the sample, such as the lag; part of the specification.
    fitted : (n,) float64
        What the model says about each used row of the sample, for the picture, with
        ``observed`` and ``period``.
    """

    method: str
    parameters: tuple[Parameter, ...]
    n_observations: int
    n_excluded: int
    r_squared: float
    aic: float
    forecast: Callable[[Rows, Rows], Forecast]
    period: NDArray[np.datetime64]
    observed: FloatArray
    fitted: FloatArray
    choices: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> float:
        """Return an estimate by name."""
        return next(one.value for one in self.parameters if one.name == name)


class Method(Protocol):
    """A way to estimate: its name, and the estimation on rows of one series."""

    @property
    def name(self) -> str:
        """Return the name of the method."""
        ...

    def fit(self, rows: Rows) -> Fit | None:
        """Return the fit, or None where the history cannot say anything about the model."""
        ...


def until(rows: Rows, last: np.datetime64) -> Rows:
    """Return the rows up to and including a month."""
    kept = rows["month"] <= last
    return {name: column[kept] for name, column in rows.items()}


def _root_mean_square(errors: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))
