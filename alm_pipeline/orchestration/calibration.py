"""Calibration of a month end's history: estimates as tables, pictures, proposals.

It is no part of a close: a close reads the assumptions that people decided, and is the same whether
anybody calibrated or not. Results stand in the lake beside the close's; files in
``calibrations/<as_of_date>/`` of the warehouse: specifications, pictures, proposals. Statistics are
`alm_pipeline.calibration`.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from alm_pipeline import paths
from alm_pipeline.calibration.least_squares import need_libraries
from alm_pipeline.calibration.pictures import draw, picture_name
from alm_pipeline.calibration.plans import HOLD_OUT_MONTHS, PLANS, Plan
from alm_pipeline.calibration.proposals import (
    Proposed,
    capped,
    proposed_figures,
    that_are_given,
    write_proposals,
)
from alm_pipeline.calibration.records import Rows, SeriesKey
from alm_pipeline.calibration.study import Reader, Result, Study, Windows, study
from alm_pipeline.inputs.yaml_files import contract_files, read_yaml
from alm_pipeline.orchestration.bank import CALIBRATED_MODELS, CALIBRATED_PARAMETERS, Bank
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.session import Session
from alm_pipeline.warehouse.store import Commit

__all__ = ["Calibrated", "calibrate", "calibration_folder", "draw_all", "make_calibration"]


@dataclass(frozen=True)
class Calibrated:
    """What one calibration found and proposed."""

    study: Study
    proposed: Sequence[Proposed]


def calibration_folder(bank: Bank, partition: Partition) -> Path:
    """Return where the files of a month end's calibration stand."""
    return bank.settings.warehouse_folder / "calibrations" / partition.as_of_date.isoformat()


def make_calibration(bank: Bank, partition: Partition) -> list[Commit]:
    """Make both tables and the files of a month end, unless they are made of the same history."""
    need_libraries()
    started = time.perf_counter()
    tables = (CALIBRATED_MODELS, CALIBRATED_PARAMETERS)
    inputs = _inputs(bank, partition)
    known = bank.store.known_together(partition, dict.fromkeys(tables, inputs), _code_hash())
    folder = calibration_folder(bank, partition)
    if known and (folder / "pictures").is_dir():
        return bank.known(known)
    done = calibrate(bank, partition, folder)
    rows = (_model_rows(done, bank, partition), _parameter_rows(done, partition))
    commits = []
    for table, content in zip(tables, rows, strict=True):
        one = bank.store.replace_partition(table, partition, content, inputs, _code_hash())
        commits.append(one)
        bank.announce(one, time.perf_counter() - started)
        started = time.perf_counter()
    return commits


def calibrate(bank: Bank, partition: Partition, folder: Path) -> Calibrated:
    """Study every series of the staged history and write specifications, pictures, proposals."""
    for plan in PLANS:
        bank.store.bind(plan.table, partition)
    done = Study()
    last = np.datetime64(partition.as_of_date, "D")
    for plan in PLANS:
        for key, windows, reader in _series(bank.store.session, plan, last):
            one = study(key, plan.methods, windows, reader, folder / "specifications")
            done.results += one.results
            done.silent += one.silent
    draw_all(done.results, folder / "pictures")
    current, found = _current(bank), proposed_figures(done.results, _segments(bank))
    proposed = capped(that_are_given(found, current), _caps(bank))
    write_proposals(proposed, current, folder / "proposals")
    return Calibrated(done, proposed)


def draw_all(results: Sequence[Result], folder: Path) -> None:
    """Draw a picture of every result."""
    for result in results:
        draw(result, folder)


def _series(
    session: Session, plan: Plan, last: np.datetime64
) -> Iterator[tuple[SeriesKey, Windows, Reader]]:
    """Yield every series of a plan, its sample and hold-out, and the function that reads it.

    The sample is all that is delivered before the hold-out.
    """
    keys = ", ".join(plan.key)
    select = f"select {keys}, min(month) as first from {plan.table} group by {keys} order by {keys}"
    for row in session.rows(select):
        first = np.datetime64(row.pop("first"), "D")
        key = SeriesKey(plan.subject, *(str(row[name]) for name in plan.key))
        yield key, Windows.before(first, last, HOLD_OUT_MONTHS), _reader(session, plan, row)


def _reader(session: Session, plan: Plan, key: Mapping[str, Any]) -> Reader:
    where = " and ".join(f"{name} = ${name}" for name in plan.key)
    columns = ", ".join(("month", *plan.columns))
    select = (
        f"select {columns} from {plan.table} where {where}"
        f" and month between $first and $last order by {plan.order}"
    )

    def read(first: np.datetime64, last: np.datetime64) -> Rows:
        given = {**key, "first": first.item(), "last": last.item()}
        found = session.query(select, given)
        return {name: _column(found.column(name)) for name in found.column_names}

    return read


def _column(values: pa.ChunkedArray) -> Any:
    if pa.types.is_date(values.type):
        return values.to_numpy().astype("datetime64[D]")
    if pa.types.is_string(values.type):
        return np.array(values.to_pylist(), dtype=str)
    if pa.types.is_integer(values.type):
        return values.to_numpy()
    return values.cast(pa.float64()).to_numpy()


def _segments(bank: Bank) -> dict[str, str]:
    products = bank.figures.products.products
    found = {code: product.behaviour_segment for code, product in products.items()}
    return {code: segment for code, segment in found.items() if segment != "none"}


def _caps(bank: Bank) -> dict[tuple[str, str], float]:
    """Return the lowest cap of the rule packs by segment and parameter.

    A core that leaves in M equal monthly parts lives (M + 1) / 24 years.
    """
    caps: dict[tuple[str, str], float] = {}
    for pack in bank.figures.scenarios.packs.values():
        by_category = {} if pack.deposit_caps is None else pack.deposit_caps.categories
        found = {str(category): cap for category, cap in by_category.items()}
        for segment, category in bank.figures.assumptions.nmd_categories.items():
            if category in found:
                cap = found[category]
                months = float(int(24.0 * cap.average_life_years - 1.0 + 1e-9))
                for name, most in (("core_share", cap.core_share), ("core_run_off_months", months)):
                    caps[segment, name] = min(caps.get((segment, name), most), most)
    return caps


def _current(bank: Bank) -> dict[str, Mapping[str, Any]]:
    files = contract_files("assumptions", bank.settings.overlay)
    return {path.stem: read_yaml(path) for path in files}


def _inputs(bank: Bank, partition: Partition) -> dict[str, str]:
    """Return the hash of everything a calibration is made from."""
    inputs: dict[str, str] = {}
    for plan in PLANS:
        inputs |= bank.store.hashes(plan.table, partition, bank.store.content)
    current = json.dumps(_current(bank), sort_keys=True, default=str)
    inputs["assumptions"] = hashlib.sha256(current.encode()).hexdigest()
    segments = json.dumps(_segments(bank), sort_keys=True)
    inputs["segments"] = hashlib.sha256(segments.encode()).hexdigest()
    return inputs | {f"library:{name}": metadata.version(name) for name in ("statsmodels", "scipy")}


@cache
def _code_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted((paths.PACKAGE / "calibration").rglob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _model_rows(done: Calibrated, bank: Bank, partition: Partition) -> pa.Table:
    segments = _segments(bank)
    proposed = {name for one in done.proposed for name in one.results}
    rows = [
        {
            **_key_of(result, partition),
            "behaviour_segment": segments.get(result.series.product_code),
            "n_observations": result.fit.n_observations,
            "n_excluded": result.fit.n_excluded,
            "sample_start_date": result.windows.first.item(),
            "sample_end_date": result.windows.last_of_sample.item(),
            "r_squared": result.fit.r_squared,
            "aic": result.fit.aic,
            "hold_out_end_date": result.windows.last.item(),
            "n_hold_out": len(result.forecast.actual),
            "model_error": result.forecast.model_error,
            "benchmark_error": result.forecast.benchmark_error,
            "error_unit": result.forecast.unit,
            "is_better_out_of_time": result.is_better,
            "is_proposed": result.name in proposed,
            "choices": json.dumps(dict(result.fit.choices), sort_keys=True),
            "specification_hash": result.specification_hash,
            "picture": picture_name(result),
        }
        for result in done.study.results
    ]
    return pa.Table.from_pylist(rows, schema=_MODEL_SCHEMA)


def _parameter_rows(done: Calibrated, partition: Partition) -> pa.Table:
    rows = [
        {
            **_key_of(result, partition),
            "parameter": one.name,
            "estimate": one.value,
            "standard_error": one.standard_error,
            "estimate_unit": one.unit,
        }
        for result in done.study.results
        for one in result.fit.parameters
    ]
    return pa.Table.from_pylist(rows, schema=_PARAMETER_SCHEMA)


def _key_of(result: Result, partition: Partition) -> dict[str, Any]:
    series = result.series
    return {
        "as_of_date": partition.as_of_date,
        "subject": series.subject,
        "product_code": series.product_code,
        "currency": series.currency,
        "entity_id": series.entity_id,
        "method": result.fit.method,
    }


_KEY = [
    ("as_of_date", pa.date32()),
    ("subject", pa.string()),
    ("product_code", pa.string()),
    ("currency", pa.string()),
    ("entity_id", pa.string()),
    ("method", pa.string()),
]
_MODEL_SCHEMA = pa.schema(
    [
        *_KEY,
        ("behaviour_segment", pa.string()),
        ("n_observations", pa.int64()),
        ("n_excluded", pa.int64()),
        ("sample_start_date", pa.date32()),
        ("sample_end_date", pa.date32()),
        ("r_squared", pa.float64()),
        ("aic", pa.float64()),
        ("hold_out_end_date", pa.date32()),
        ("n_hold_out", pa.int64()),
        ("model_error", pa.float64()),
        ("benchmark_error", pa.float64()),
        ("error_unit", pa.string()),
        ("is_better_out_of_time", pa.bool_()),
        ("is_proposed", pa.bool_()),
        ("choices", pa.string()),
        ("specification_hash", pa.string()),
        ("picture", pa.string()),
    ]
)
_PARAMETER_SCHEMA = pa.schema(
    [
        *_KEY,
        ("parameter", pa.string()),
        ("estimate", pa.float64()),
        ("standard_error", pa.float64()),
        ("estimate_unit", pa.string()),
    ]
)
