"""One series studied: estimate on a sample, fix the specification, then open the hold-out.

The specification names the data windows, the methods, what was chosen and every estimate. It is
written, named by its hash, before the hold-out is read; `SealedHistory` refuses to open the
hold-out unless the file is there and says what was decided. The error out of time is reported
against the benchmark whichever wins. Where rows come from belongs to whoever gives the reader.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from alm_pipeline.calibration.records import Fit, Forecast, Method, Rows, SeriesKey
from alm_pipeline.errors import CalculationError

__all__ = [
    "Planned",
    "Reader",
    "Result",
    "SealedHistory",
    "Specification",
    "Study",
    "Windows",
    "reader_of",
    "study",
]

Reader = Callable[[np.datetime64, np.datetime64], Rows]
"""Returns the rows of a series from one period to another, both included, in order of time."""


def reader_of(rows: Rows) -> Reader:
    """Return the reader of a series that is in memory."""

    def read(first: np.datetime64, last: np.datetime64) -> Rows:
        kept = (rows["month"] >= first) & (rows["month"] <= last)
        return {name: column[kept] for name, column in rows.items()}

    return read


@dataclass(frozen=True)
class Windows:
    """Periods on which models are estimated, and later ones on which they are judged."""

    first: np.datetime64
    last_of_sample: np.datetime64
    last: np.datetime64

    def __post_init__(self) -> None:
        """Refuse windows that overlap or are empty."""
        if not self.first < self.last_of_sample < self.last:
            raise CalculationError(
                "a sample and a hold-out do not follow each other",
                detail=f"{self.first} to {self.last_of_sample}, then to {self.last}",
                fix="give a hold-out shorter than the history",
            )

    @classmethod
    def before(cls, first: np.datetime64, last: np.datetime64, n_hold_out: int) -> Windows:
        """Return windows from a day to a month end, of which the last months are held out."""
        month = last.astype("datetime64[M]") - (n_hold_out - 1)
        return cls(first, month.astype("datetime64[D]") - 1, last)


Planned = tuple[SeriesKey, tuple[Method, ...], Windows, Reader]
"""A series, the methods that study it, its windows and what reads it."""


@dataclass(frozen=True)
class Specification:
    """Everything that was decided before the hold-out was opened."""

    series: SeriesKey
    windows: Windows
    fits: tuple[Fit, ...]

    @property
    def text(self) -> str:
        """Return the specification as JSON: windows, methods, choices, estimates."""
        methods = {
            fit.method: {
                "choices": dict(fit.choices),
                "n_observations": fit.n_observations,
                "estimates": {one.name: f"{one.value:.10g}" for one in fit.parameters},
            }
            for fit in self.fits
        }
        windows = {
            "first": str(self.windows.first),
            "last_of_sample": str(self.windows.last_of_sample),
            "last": str(self.windows.last),
        }
        said = {"series": str(self.series), "windows": windows, "methods": methods}
        return json.dumps(said, indent=1, sort_keys=True) + "\n"

    @property
    def hash(self) -> str:
        """Return the SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def write(self, folder: Path) -> Path:
        """Write the text to a file named by series and hash, and return its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.series}-{self.hash[:16]}.json"
        path.write_text(self.text, encoding="utf-8")
        return path


class SealedHistory:
    """A history of which the hold-out opens only against a written specification."""

    def __init__(self, series: SeriesKey, windows: Windows, read: Reader) -> None:
        self._series, self._windows, self._read = series, windows, read

    def sample(self) -> Rows:
        """Return the rows on which models are estimated."""
        return self._read(self._windows.first, self._windows.last_of_sample)

    def hold_out(self, specification: Specification, written: Path) -> Rows:
        """Return the rows on which models are judged.

        Raises
        ------
        CalculationError
            If the specification is not in its file, or is of another series or windows.
        """
        is_ours = (specification.series, specification.windows) == (self._series, self._windows)
        found = written.read_text(encoding="utf-8") if written.is_file() else ""
        if not is_ours or found != specification.text:
            raise CalculationError(
                "a hold-out is opened without its specification",
                where=str(self._series),
                detail=f"{written.name} {'differs' if found else 'does not exist'}",
                fix="write the specification first, and leave it as it was written",
            )
        after = self._windows.last_of_sample + np.timedelta64(1, "D")
        return self._read(after, self._windows.last)


@dataclass(frozen=True)
class Result:
    """A fit, what it said about the hold-out, and the hash of what was decided before."""

    series: SeriesKey
    windows: Windows
    fit: Fit
    forecast: Forecast
    specification_hash: str

    @property
    def name(self) -> str:
        """Return what a proposal rests on: series, method, specification."""
        return f"{self.series} {self.fit.method} {self.specification_hash[:16]}"

    @property
    def is_better(self) -> bool:
        """Say whether the model beat the benchmark out of time."""
        return self.forecast.is_model_better


@dataclass
class Study:
    """Results, and the methods that could say nothing with the reason's place."""

    results: list[Result] = field(default_factory=list)
    silent: list[tuple[SeriesKey, str]] = field(default_factory=list)


def study(
    series: SeriesKey, methods: Sequence[Method], windows: Windows, read: Reader, folder: Path
) -> Study:
    """Return what every method says about a series, judged on its hold-out.

    Parameters
    ----------
    folder : Path
        Receives the specification.
    """
    history = SealedHistory(series, windows, read)
    sample = history.sample()
    found = [(method.name, method.fit(sample)) for method in methods]
    done = Study(silent=[(series, name) for name, fit in found if fit is None])
    fits = tuple(fit for _, fit in found if fit is not None)
    if not fits:
        return done
    specification = Specification(series, windows, fits)
    hold_out = history.hold_out(specification, specification.write(folder))
    for fit in fits:
        forecast = fit.forecast(sample, hold_out)
        done.results.append(Result(series, windows, fit, forecast, specification.hash))
    return done
