"""One picture per result: the fit on the sample, the forecasts on the hold-out, and the estimates.

Files are SVG and the same bytes for the same result.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.calibration.records import FloatArray
from alm_pipeline.calibration.study import Result

__all__ = ["draw", "picture_name"]

_ACTUAL, _MODEL, _BENCHMARK = "#222222", "#1f6fb4", "#c8781e"


def picture_name(result: Result) -> str:
    """Return the file name of a result's picture."""
    return f"{result.series}-{result.fit.method}.svg"


def draw(result: Result, folder: Path) -> Path:
    """Write the picture of a result and return its path."""
    import matplotlib as mpl

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / picture_name(result)
    with mpl.rc_context({"svg.hashsalt": "alm", "svg.fonttype": "none", "font.size": 9}):
        _figure(result).savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    return path


def _figure(result: Result) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    _sample(left, result)
    _hold_out(right, result)
    figure.suptitle(_title(result), fontsize=10, x=0.01, ha="left")
    figure.supxlabel(_estimates(result), fontsize=8, x=0.01, ha="left")
    return figure


def _sample(axes: Any, result: Result) -> None:
    fit = result.fit
    period, observed = _averages(fit.period, fit.observed)
    _, fitted = _averages(fit.period, fit.fitted)
    axes.plot(period, observed, color=_ACTUAL, lw=1.4, label="observed")
    axes.plot(period, fitted, color=_MODEL, lw=1.4, ls="--", label="model")
    axes.set_title(f"sample, n = {fit.n_observations:,}, R² = {fit.r_squared:.3f}", fontsize=9)
    _finish(axes)


def _hold_out(axes: Any, result: Result) -> None:
    found = result.forecast
    for values, color, style, label in (
        (found.actual, _ACTUAL, "-", "observed"),
        (found.model, _MODEL, "--", f"model, error {found.model_error:.3g}"),
        (found.benchmark, _BENCHMARK, ":", f"benchmark, error {found.benchmark_error:.3g}"),
    ):
        period, average = _averages(found.period, values)
        axes.plot(period, average, color=color, ls=style, lw=1.6, label=label)
    winner = "model" if result.is_better else "benchmark"
    axes.set_title(f"hold-out: the {winner} is nearer", fontsize=9)
    axes.set_ylabel(found.unit, fontsize=8)
    _finish(axes)


def _finish(axes: Any) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator: Any = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)


def _averages(
    period: NDArray[np.datetime64], values: FloatArray
) -> tuple[NDArray[np.datetime64], FloatArray]:
    """Return one value per period: the average of the cohorts of a month."""
    dates, place = np.unique(period, return_inverse=True)
    return dates, np.bincount(place, weights=values) / np.bincount(place)


def _title(result: Result) -> str:
    series = result.series
    entity = "" if series.entity_id == "all" else f", {series.entity_id}"
    subject = series.subject.replace("_", " ")
    method = result.fit.method.replace("_", " ")
    return f"{series.product_code}, {series.currency}{entity}: {subject} by {method}"


def _estimates(result: Result) -> str:
    """Return the first estimates with their standard errors, on one line."""
    said = []
    for one in result.fit.parameters[:5]:
        error = "" if one.standard_error is None else f" ± {one.standard_error:.2g}"
        said.append(f"{one.name.replace('_', ' ')} {one.value:.4g}{error}")
    return "   ".join(said)
