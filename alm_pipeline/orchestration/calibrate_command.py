"""`alm calibrate`: estimate behaviour from a bank's history, or from public data.

A bank's month end runs as the Dagster job `calibrate`. Public data (FRED, Berka) is studied without
a bank: files only, no tables and no proposals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from alm_pipeline.calibration.berka import berka_studies
from alm_pipeline.calibration.fred import fred_studies
from alm_pipeline.calibration.least_squares import need_libraries
from alm_pipeline.calibration.study import Planned, Study, study
from alm_pipeline.errors import DataError
from alm_pipeline.orchestration import jobs
from alm_pipeline.orchestration.assemble import assemble
from alm_pipeline.orchestration.assets.publication import rebuild_face
from alm_pipeline.orchestration.bank import CALIBRATED_MODELS, Bank
from alm_pipeline.orchestration.calibration import calibration_folder, draw_all
from alm_pipeline.orchestration.close import run_job
from alm_pipeline.orchestration.command import keep_quiet
from alm_pipeline.orchestration.home import open_instance
from alm_pipeline.warehouse.partition import Partition

__all__ = ["calibrate_month", "public_lines"]


def calibrate_month(bank: Bank, config: Path, partition: Partition) -> Iterator[str]:
    """Run the job for a month end that is closed and yield a line per model.

    Raises
    ------
    DataError
        If the job failed, with its reasons.
    """
    need_libraries()
    keep_quiet()
    with open_instance(bank) as instance:
        failures = run_job(assemble(config), instance, jobs.CALIBRATE, [partition], {})
    if failures:
        raise DataError("; ".join(failures), where=str(partition))
    rebuild_face(bank)
    rows = bank.store.table(CALIBRATED_MODELS, partition, is_gated=False).to_pylist()
    yield _HEADING
    for row in rows:
        name = "-".join((row["product_code"], row["entity_id"], row["currency"]))
        errors = row["model_error"], row["benchmark_error"]
        yield _line(name, row["method"], row["n_observations"], row["r_squared"], errors)
    folder = calibration_folder(bank, partition)
    files = sorted((folder / "proposals").rglob("*.yaml"))
    yield f"files     {folder}"
    names = ", ".join(file.name for file in files)
    yield f"proposals {names or 'none: no model beat its benchmark in all series of a segment'}"


def public_lines(fred: Path | None, berka: Path | None, into: Path) -> Iterator[str]:
    """Study public data, write specifications and pictures, yield a line per model."""
    need_libraries()
    planned: Sequence[Planned] = [
        *(fred_studies(fred) if fred else []),
        *(berka_studies(berka) if berka else []),
    ]
    done = Study()
    yield _HEADING
    for key, methods, windows, read in planned:
        one = study(key, methods, windows, read, into / "specifications")
        done.results += one.results
        for result in one.results:
            fit, found = result.fit, result.forecast
            errors = found.model_error, found.benchmark_error
            yield _line(str(key), fit.method, fit.n_observations, fit.r_squared, errors)
        for series, method in one.silent:
            yield f"{series} {method}: the history says nothing about it"
    draw_all(done.results, into / "pictures")
    yield f"files     {into}"


_HEADING = (
    f"{'series':<46} {'method':<22} {'n':>6} {'R²':>6} {'error':>10} {'benchmark':>10}  nearer"
)


def _line(name: str, method: str, n: int, fit: float, errors: tuple[float, float]) -> str:
    nearer = "model" if errors[0] < errors[1] else "benchmark"
    said = f"{name:<46} {method:<22} {n:>6} {fit:>6.3f}"
    return f"{said} {errors[0]:>10.3g} {errors[1]:>10.3g}  {nearer}"
