"""Zero rates of an as-of date, base and shocked, from delivered quotes.

Answers the zero rate of every curve on one common grid of tenors, per scenario with the shock and
where a floor decided. A currency whose quotes are missing, stale or cannot be built into a curve,
or which a scenario's pack does not list, is stopped with its cause; the others go on. Arithmetic
is `engine/market/` and `engine/scenarios/`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import Curves
from alm_pipeline.engine.conventions.months import months_after
from alm_pipeline.engine.conventions.tenor import tenor
from alm_pipeline.engine.market.bootstrap import bootstrap, kept_on_days
from alm_pipeline.engine.market.curve import DAYS_PER_YEAR, ZeroCurve, daily_zero_rates
from alm_pipeline.engine.market.quotes import Instrument, Projection, par_instruments
from alm_pipeline.engine.market.spreads import spread_over, spread_points
from alm_pipeline.engine.market.tenors import tenor_offsets
from alm_pipeline.engine.scenarios.node_moves import at_nodes, key_rate_moves
from alm_pipeline.engine.scenarios.ramps import ramped_zero_rates
from alm_pipeline.engine.scenarios.shocks import BASIS_POINT, shock_bp, shocked_zero_rates
from alm_pipeline.errors import CalculationError, MarketDataError
from alm_pipeline.inputs.curves import CurveBook, CurveDefinition
from alm_pipeline.inputs.freshness import refuse_stale
from alm_pipeline.inputs.scenarios import Move, ScenarioBook

__all__ = [
    "QUOTE_COLUMNS",
    "BaseZeroRates",
    "ScenarioZeroRates",
    "base_zero_rates",
    "engine_curves",
    "flat_base",
    "scenario_zero_rates",
    "with_index_curves",
    "zero_rate_table",
]

FloatArray = NDArray[np.float64]
Quotes = Mapping[str, NDArray[Any]]

QUOTE_COLUMNS = (
    "curve_id",
    "instrument",
    "tenor",
    "quote",
    "quote_date",
    "day_count",
    "payment_freq",
    "start_date",
    "convexity_adjustment_rate",
)
"""Columns of `staging.curve_quote` that are needed, each a (n_quotes,) array."""

_SAME_RATE = 1e-14


@dataclass(frozen=True)
class BaseZeroRates:
    """Base curves on a common grid.

    ``zero_rates`` (n_curves, m) continuous ACT/365F on ``tenor_days`` (m,); `errors` holds the
    cause for every currency that is stopped, whose curves are not among `curve_ids`;
    ``quoted_curve_ids`` are the curves whose quotes were used: another one where a fallback
    stands in. ``index_ids`` are those of `curve_ids` that hold one index alone.
    """

    as_of_date: dt.date
    curve_ids: tuple[str, ...]
    currencies: tuple[str, ...]
    tenor_days: NDArray[Any]
    zero_rates: FloatArray
    errors: Mapping[str, MarketDataError]
    quoted_curve_ids: tuple[str, ...]
    index_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScenarioZeroRates:
    """Shocked curves: every array (n_curves, m) on the grid of the base curves.

    `errors` holds the cause for currencies the scenario stops beside those stopped in the base;
    their rows mean nothing and are left out by `engine_curves` and `zero_rate_table`.
    ``moved_indices`` are the indices that this scenario moves against the curve they are read from.
    """

    scenario: str
    zero_rates: FloatArray
    shock_bp: FloatArray
    floor_applied: NDArray[np.bool_]
    errors: Mapping[str, MarketDataError]
    moved_indices: tuple[str, ...] = ()


def base_zero_rates(
    quotes: Quotes, book: CurveBook, as_of_date: dt.date, currencies: Iterable[str]
) -> BaseZeroRates:
    """Return the base curves of the currencies a bank needs.

    Parameters
    ----------
    quotes
        Columns `QUOTE_COLUMNS`; `quote_date` as datetime64[D], the others text and float64.
    book
        Which curves a currency has and how fresh their quotes must be.
    as_of_date
        The day the curves start.
    currencies
        Every curve of these is needed; one that fails stops its currency.
    """
    found: dict[str, tuple[ZeroCurve, str]] = {}
    errors: dict[str, MarketDataError] = {}
    for currency in dict.fromkeys(currencies):
        try:
            found |= _curves_of_currency(quotes, book, as_of_date, currency)
        except MarketDataError as error:
            errors[currency] = error
    built = {name: curve for name, (curve, _) in found.items()}
    grid = _common_grid(book, as_of_date, built.values())
    rates = [daily_zero_rates(one.tenor_days, one.zero_rates, grid) for one in built.values()]
    return BaseZeroRates(
        as_of_date=as_of_date,
        curve_ids=tuple(built),
        currencies=tuple(book.curves[name].currency for name in built),
        tenor_days=grid,
        zero_rates=np.array(rates).reshape(len(built), len(grid)),
        errors=errors,
        quoted_curve_ids=tuple(quoted for _, quoted in found.values()),
    )


def flat_base(
    book: CurveBook, as_of_date: dt.date, currencies: Iterable[str], rate: float
) -> BaseZeroRates:
    """Return curves at one rate, to look at a scenario before anything is delivered."""
    named = [
        (curve_id, curve.currency)
        for currency in sorted(currencies)
        for curve_id, curve in book.of_currency(currency).items()
    ]
    grid = _common_grid(book, as_of_date, [])
    return BaseZeroRates(
        as_of_date=as_of_date,
        curve_ids=tuple(curve_id for curve_id, _ in named),
        currencies=tuple(currency for _, currency in named),
        tenor_days=grid,
        zero_rates=np.full((len(named), len(grid)), rate),
        errors={},
        quoted_curve_ids=tuple(curve_id for curve_id, _ in named),
    )


def at_years(base: BaseZeroRates, years: FloatArray) -> BaseZeroRates:
    """Return the base curves on another grid, whose nodes need not be whole days."""
    days = years * DAYS_PER_YEAR
    rates = daily_zero_rates(base.tenor_days, base.zero_rates, days)
    return replace(base, tenor_days=days, zero_rates=rates)


def scenario_zero_rates(
    base: BaseZeroRates, scenario: str, book: ScenarioBook
) -> ScenarioZeroRates:
    """Return the curves under one scenario; the base scenario gives the base back, bit for bit.

    The floor is the one the scenario names, else that of the pack behind it, else there is none.
    An index that the scenario moves needs a curve of its own, from `with_index_curves`.
    """
    years = base.tenor_days / DAYS_PER_YEAR
    moves = np.zeros(base.zero_rates.shape)
    errors: dict[str, MarketDataError] = {}
    for row, currency in enumerate(base.currencies):
        try:
            parts = book.moves(scenario, currency)
        except MarketDataError as error:
            errors[currency] = error
        else:
            for part in parts:
                moves[row] = _moved_bp(base, row, moves[row], part)
    basis = {i: bp for i, bp in book.index_moves_bp(scenario).items() if i in base.index_ids}
    for index, move_bp in basis.items():
        moves[base.curve_ids.index(index)] += move_bp
    for curve_id, move_bp in book.spread_moves_bp(scenario).items():
        if curve_id in base.curve_ids:  # else nothing is held in its currency
            moves[base.curve_ids.index(curve_id)] += move_bp
    moved = tuple(i for i in basis if base.currencies[base.curve_ids.index(i)] not in errors)
    rates, floor_applied = shocked_zero_rates(
        base.zero_rates, years, moves, book.rate_floor(scenario)
    )
    found = ScenarioZeroRates(scenario, rates, moves, floor_applied, errors, moved)
    months = book.ramp_months(scenario)
    return _ramped(base, found, months) if months else found


def with_index_curves(
    base: BaseZeroRates, curves: CurveBook, scenarios: Iterable[str], book: ScenarioBook
) -> BaseZeroRates:
    """Return the base curves and one more for every index that some scenario moves alone.

    Such a curve bears the index's name and is the one the index is read from, so that nothing
    changes in a scenario that leaves it alone. An index in a currency without curves needs none.
    """
    moved = sorted({index for one in scenarios for index in book.index_moves_bp(one)})
    read_from = {index: curves.indices[index].curve for index in moved}
    found = {index: name for index, name in read_from.items() if name in base.curve_ids}
    rows = [base.curve_ids.index(name) for name in found.values()]
    return replace(
        base,
        curve_ids=(*base.curve_ids, *found),
        currencies=(*base.currencies, *(base.currencies[row] for row in rows)),
        zero_rates=np.concatenate([base.zero_rates, base.zero_rates[rows]]),
        quoted_curve_ids=(*base.quoted_curve_ids, *(base.quoted_curve_ids[row] for row in rows)),
        index_ids=tuple(found),
    )


def _moved_bp(base: BaseZeroRates, row: int, before: FloatArray, part: Move) -> FloatArray:
    """Return the move of a curve after one more part of a scenario."""
    as_of, days = np.datetime64(base.as_of_date, "D"), base.tenor_days
    if part.zero_rates:
        before = (at_nodes(as_of, part.zero_rates, days) - base.zero_rates[row]) / BASIS_POINT
    found = before + shock_bp(days / DAYS_PER_YEAR, part.shape, part.size)
    if part.nodes_bp:
        found = found + at_nodes(as_of, part.nodes_bp, days)
    if part.key_rates_bp:
        found = found + key_rate_moves(as_of, part.key_rates_bp, days)
    if part.series is not None and part.dates is not None:
        found = found + part.series.move_bp(*part.dates, days)
    return found


def _ramped(base: BaseZeroRates, whole: ScenarioZeroRates, n_months: int) -> ScenarioZeroRates:
    """Return the curves along which a move builds up.

    The floor limits the whole move; `floor_applied` says where the path lies above the one without.
    """
    as_of = np.datetime64(base.as_of_date, "D")
    n_days = int(months_after(as_of, n_months)[-1])

    def along(rates: FloatArray) -> FloatArray:
        return ramped_zero_rates(base.tenor_days, base.zero_rates, rates, n_days)

    rates = along(whole.zero_rates)
    unfloored = along(base.zero_rates + whole.shock_bp * BASIS_POINT)
    return replace(
        whole,
        zero_rates=rates,
        shock_bp=(np.minimum(unfloored, rates) - base.zero_rates) / BASIS_POINT,
        floor_applied=rates > unfloored + _SAME_RATE,
    )


def engine_curves(
    base: BaseZeroRates, scenarios: Sequence[ScenarioZeroRates]
) -> tuple[tuple[str, ...], Curves]:
    """Return the ids of the curves that no scenario stops, and their rates for the engine."""
    stopped = {currency for one in scenarios for currency in one.errors}
    rows = [row for row, currency in enumerate(base.currencies) if currency not in stopped]
    rates = np.array([one.zero_rates[rows] for one in scenarios])
    curves = Curves(
        tenor_days=base.tenor_days,
        zero_rates=rates.reshape(len(scenarios), len(rows), len(base.tenor_days)),
        base_zero_rates=base.zero_rates[rows],
    )
    return tuple(base.curve_ids[row] for row in rows), curves


def zero_rate_table(base: BaseZeroRates, scenario: ScenarioZeroRates) -> pa.Table:
    """Return the rows of `scenarios.zero_rates` of one scenario, by curve and tenor."""
    n_tenors = len(base.tenor_days)
    rows = [
        row
        for row, (curve_id, currency) in enumerate(
            zip(base.curve_ids, base.currencies, strict=True)
        )
        if currency not in scenario.errors and curve_id not in base.index_ids
    ]
    rows += [base.curve_ids.index(index) for index in scenario.moved_indices]
    n_rows = len(rows) * n_tenors

    def per_curve(values: Sequence[str]) -> pa.Array:
        return pa.array([values[row] for row in rows for _ in range(n_tenors)], pa.string())

    return pa.table(
        {
            "as_of_date": pa.array([base.as_of_date] * n_rows, pa.date32()),
            "scenario": pa.array([scenario.scenario] * n_rows, pa.string()),
            "curve_id": per_curve(base.curve_ids),
            "tenor_days": pa.array(np.tile(base.tenor_days, len(rows)), pa.int32()),
            "currency": per_curve(base.currencies),
            "quoted_curve_id": per_curve(base.quoted_curve_ids),
            "zero_rate": pa.array(scenario.zero_rates[rows].ravel(), pa.float64()),
            "base_zero_rate": pa.array(base.zero_rates[rows].ravel(), pa.float64()),
            "shock_bp": pa.array(scenario.shock_bp[rows].ravel(), pa.float64()),
            "floor_applied": pa.array(scenario.floor_applied[rows].ravel(), pa.bool_()),
        }
    )


def _curves_of_currency(
    quotes: Quotes, book: CurveBook, as_of_date: dt.date, currency: str
) -> dict[str, tuple[ZeroCurve, str]]:
    """Return every curve of a currency and the curve whose quotes it was built from."""
    definitions = book.of_currency(currency)
    if not definitions:
        raise MarketDataError(
            f"there is no curve for {currency}",
            where="data_contracts/curves.yaml",
            fix="add a curve of the currency, in the bank's overlay if need be",
        )
    return {name: _curve_or_fallback(quotes, book, name, as_of_date) for name in definitions}


def _curve_or_fallback(
    quotes: Quotes, book: CurveBook, name: str, as_of_date: dt.date
) -> tuple[ZeroCurve, str]:
    """Return a curve from its own quotes, else from those of its approved fallback."""
    definition = book.curves[name]
    try:
        return _built_curve(quotes, book, name, as_of_date), name
    except MarketDataError:
        fallback = definition.fallback
        if fallback is None or not fallback.is_in_force(as_of_date):
            raise
    other = fallback.curve
    return _built_curve(quotes, book, other, as_of_date), other


def _built_curve(quotes: Quotes, book: CurveBook, name: str, as_of_date: dt.date) -> ZeroCurve:
    definition = book.curves[name]
    where = f"curve {name} ({definition.currency}) {as_of_date}"
    rows = np.flatnonzero(np.asarray(quotes["curve_id"]) == name)
    if not len(rows):
        raise MarketDataError(
            "a curve has no quotes", where=where, fix="deliver its quotes in curve_quote"
        )
    chosen = {column: np.asarray(quotes[column])[rows] for column in QUOTE_COLUMNS}
    refuse_stale(chosen["quote_date"], where, definition.max_age_days, as_of_date)
    below = None
    if definition.stands_on is not None:
        below, _ = _curve_or_fallback(quotes, book, definition.stands_on, as_of_date)
    try:
        return _from_quotes(chosen, book, definition, as_of_date, below)
    except (MarketDataError, CalculationError) as error:
        raise MarketDataError(error.what, where=where, detail=error.detail, fix=error.fix) from None


def _from_quotes(
    chosen: Quotes,
    book: CurveBook,
    definition: CurveDefinition,
    as_of_date: dt.date,
    below: ZeroCurve | None,
) -> ZeroCurve:
    """Return a curve from its own quotes and the curve it stands on, if it does."""
    as_of = np.datetime64(as_of_date, "D")
    if definition.role == "spread" and below is not None:
        return spread_over(below, spread_points(as_of, chosen))
    projection = None
    if below is not None and definition.index_tenor is not None:
        projection = Projection(below, tenor(definition.index_tenor).months)
    instruments = par_instruments(as_of, chosen, projection)
    curve = bootstrap(instruments, definition.interpolation)
    return _kept(curve, instruments, book, definition, as_of_date)


def _kept(
    curve: ZeroCurve,
    instruments: Sequence[Instrument],
    book: CurveBook,
    definition: CurveDefinition,
    as_of_date: dt.date,
) -> ZeroCurve:
    """Return a curve as straight lines: as it is, or on node tenors and on payments of quotes."""
    chosen = (definition.interpolation, definition.extrapolation)
    if chosen == ("linear_zero", "flat_zero"):
        return curve
    declared = tenor_offsets(np.datetime64(as_of_date, "D"), list(book.node_tenors))
    days = np.concatenate([declared, *(one.days for one in instruments)])
    days = days[days > 0]
    return kept_on_days(curve, days.astype(np.int32), *chosen)


def _common_grid(
    book: CurveBook, as_of_date: dt.date, curves: Iterable[ZeroCurve]
) -> NDArray[np.int32]:
    """Return the declared tenors and every quoted one, so that no curve loses a node."""
    declared = tenor_offsets(np.datetime64(as_of_date, "D"), list(book.node_tenors))
    return np.unique(np.concatenate([declared, *(one.tenor_days for one in curves)]))
