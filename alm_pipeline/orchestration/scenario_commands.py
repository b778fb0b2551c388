"""`alm scenario`: look at a scenario before it is run, and run it on a closed month end.

A run uses the engine and the SQL files of the close on the book as it was closed. Nothing of it is
kept: to keep a scenario, put its file into the bank's overlay, where it is a partition of
``what_if`` and may be named in ``closing_scenarios``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.figures import bank_names
from alm_pipeline.inputs.governed import GovernedSet
from alm_pipeline.inputs.scenarios import BASE, ScenarioBook, use_problems, with_scenario_file
from alm_pipeline.inputs.zero_rates import (
    BaseZeroRates,
    ScenarioZeroRates,
    flat_base,
    scenario_zero_rates,
    with_index_curves,
)
from alm_pipeline.orchestration.assets.engine import make_scenario
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.simulation import INCOME_MONTHS
from alm_pipeline.orchestration.sql_run import run_sql_file
from alm_pipeline.reporting.curve_picture import curve_picture
from alm_pipeline.reporting.scenario_picture import ShownCurve, curve_lines
from alm_pipeline.reporting.scenario_result import ScenarioResult
from alm_pipeline.warehouse.partition import Partition

__all__ = ["check_lines", "closed_day", "list_lines", "run_scenario"]

_METRICS = ("metrics.eve", "metrics.nii", "metrics.nii_months")
_SHOWN = ("reports.eve_sensitivity", "reports.nii_sensitivity", "reports.nii_balance_sheets")
_REPORTS = (  # each after what it reads
    "reports.eve_sensitivity",
    "reports.nii_sensitivity",
    "reports.nii_monthly",
    "metrics.nii_growth",
    "reports.nii_balance_sheets",
)
_STRESS = ("metrics.stress_flows", "metrics.stress_paths", "reports.survival")
_COVERAGE = ("reports.lcr_what_if_lines", "reports.lcr_what_if")
_FLAT_RATE = 0.03


def closed_day(bank: Bank, day: date | None) -> date:
    """Return a month end that is closed: the one asked for, else the latest.

    Raises
    ------
    ConfigurationError
        If no month end is closed, or not this one.
    """
    days = bank.closes.published_dates()
    found = day or max(days, default=None)
    if found is None or found not in days:
        raise ConfigurationError(
            "no month end is closed yet" if found is None else f"{found} is not closed",
            where=bank.settings.bank_name,
            fix="run `alm close` first",
        )
    return found


def list_lines(bank: Bank) -> Iterator[str]:
    """Yield one line per scenario: its name, kind, whether every close runs it, what happens."""
    closing = bank.settings.closing_scenarios
    for name, scenario in bank.figures.scenarios.scenarios.items():
        use = "close" if name in closing else "what-if"
        yield f"{name:<28} {scenario.kind:<11} {use:<8} {scenario.about}"


def check_lines(
    bank: Bank, file: Path, day: date | None, picture: Path | None = None
) -> Iterator[str]:
    """Yield the curves of a scenario file, base and moved, as tables and pictures.

    Parameters
    ----------
    bank, file, day
        The curves are those of a closed month end: this one, else the latest.
    picture
        Where the picture goes, an SVG file; into the current folder unless said otherwise.

    Raises
    ------
    ConfigurationError
        With every problem of the file, each with its line.
    """
    book = _checked(bank, file)
    name = file.stem
    yield f"{file.name}: valid"
    base = _base(bank, book, name, day)
    base = with_index_curves(base, bank.figures.curves, [name], book)
    ground = f"on the curves of {base.as_of_date}"
    if not bank.closes.published_dates():
        ground = f"no month end is closed yet: shown on flat curves of {100 * _FLAT_RATE:g} %"
        yield ground
    moved = scenario_zero_rates(base, name, book)
    for currency, error in moved.errors.items():
        yield f"{currency} is stopped: {error}"
    for currency, factor in sorted(book.translation_factors(name).items()):
        yield f"{currency} is translated at {factor:.4f} of its rate"
    shown = _shown_curves(base, moved)
    for curve in shown:
        yield from curve_lines(curve)
    written = picture or Path(f"{name}.svg")
    written.write_text(
        curve_picture(name, f"{book.scenarios[name].about} ({ground})", shown), encoding="utf-8"
    )
    yield ""
    yield f"picture   {written}"


def _shown_curves(base: BaseZeroRates, moved: ScenarioZeroRates) -> list[ShownCurve]:
    return [
        ShownCurve(
            f"{curve_id} ({base.currencies[row]})",
            base.tenor_days,
            base.zero_rates[row],
            moved.zero_rates[row],
            moved.floor_applied[row],
        )
        for row, curve_id in enumerate(base.curve_ids)
        if base.currencies[row] not in moved.errors
    ]


def run_scenario(bank: Bank, file: Path, day: date) -> ScenarioResult:
    """Return what a scenario file makes of a closed month end: value, income, what is stopped."""
    name = file.stem
    months = _checked(bank, file).income_months(name)
    if name == BASE:
        raise ConfigurationError("the base scenario is in every close", fix="run another file")
    texts = {**bank.governed.texts, f"scenarios/{file.name}": file.read_text(encoding="utf-8")}
    only = {**bank.governed.definitions, "closing_scenarios": f"{BASE}, {name}"}
    partition = Partition(day)
    with TemporaryDirectory(dir=bank.settings.warehouse_folder) as folder:
        other = bank.under(GovernedSet(texts, only), Path(folder))
        try:
            files = {one.table: one for one in other.sql_files}
            for scenario in (BASE, name):  # one pass serves both
                for _ in make_scenario(other, partition.under(scenario), is_what_if=False):
                    pass
                for table in _METRICS:
                    run_sql_file(other, files[table], partition.under(scenario))
            own = other.figures.scenarios.scenarios[name]
            stress = _STRESS if own.liquidity is not None else ()
            coverage = _COVERAGE if own.coverage is not None else ()
            for table in (*_REPORTS, *stress, *coverage):
                run_sql_file(other, files[table], partition)
            eve, nii, planned = (_rows(other, table, partition) for table in _SHOWN)
            return ScenarioResult(
                name,
                day,
                eve,
                nii,
                planned,
                stopped=_rows(other, "scenarios.stopped_currencies", partition.under(name)),
                windows=INCOME_MONTHS if months is None else (months,),
                survival=_rows(other, stress[-1], partition) if stress else (),
                coverage=_rows(other, coverage[-1], partition) if coverage else (),
            )
        finally:
            other.store.session.close()


def _checked(bank: Bank, file: Path) -> ScenarioBook:
    book = with_scenario_file(file, bank.settings.overlay)
    figures = bank.figures
    currency = bank.settings.reporting_currency
    names = bank_names(figures.curves, figures.assumptions, figures.liquidity, currency)
    use_problems(file, book.scenarios[file.stem], names).raise_if_any()
    return book


def _base(bank: Bank, book: ScenarioBook, name: str, day: date | None) -> BaseZeroRates:
    """Return the base curves of a closed month end, or flat ones where none is closed yet."""
    if day is None and not bank.closes.published_dates():
        currencies = book.named_currencies(name) or {bank.settings.reporting_currency}
        return flat_base(
            bank.figures.curves, bank.settings.first_as_of_date, currencies, _FLAT_RATE
        )
    partition = Partition(closed_day(bank, day), BASE)
    rows = bank.store.table("scenarios.zero_rates", partition, is_gated=False)
    curve_ids = tuple(dict.fromkeys(rows.column("curve_id").to_pylist()))
    of_curve = dict(zip(rows.column("curve_id").to_pylist(), rows.to_pylist(), strict=True))
    tenor_days = np.unique(rows.column("tenor_days").to_numpy()).astype(np.int32)
    rates = rows.column("zero_rate").to_numpy().reshape(len(curve_ids), len(tenor_days))
    return BaseZeroRates(
        as_of_date=partition.as_of_date,
        curve_ids=curve_ids,
        currencies=tuple(str(of_curve[one]["currency"]) for one in curve_ids),
        tenor_days=tenor_days,
        zero_rates=rates,
        errors={},
        quoted_curve_ids=tuple(str(of_curve[one]["quoted_curve_id"]) for one in curve_ids),
    )


def _rows(bank: Bank, table: str, partition: Partition) -> list[dict[str, object]]:
    found: list[dict[str, object]] = bank.store.table(table, partition, is_gated=False).to_pylist()
    return found
