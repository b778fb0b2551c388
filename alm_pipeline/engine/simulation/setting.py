"""Everything that one pass reads, built from the arrays once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from alm_pipeline.engine.arrays import (
    NO_CODE,
    Behaviour,
    Buckets,
    CountArray,
    Curves,
    FloatArray,
    IntArray,
    Positions,
    Volatilities,
)
from alm_pipeline.engine.behaviour.deposits import run_off_ladders
from alm_pipeline.engine.behaviour.prepayment import prepaying_cohorts
from alm_pipeline.engine.cash_flows.accepted_terms import (
    has_option,
    refuse_terms,
    steps,
)
from alm_pipeline.engine.cash_flows.agenda import AgendaTables, no_agendas
from alm_pipeline.engine.cash_flows.records import (
    FORWARD,
    NEVER,
    MarketTables,
    Tables,
    Tails,
)
from alm_pipeline.engine.cash_flows.terms import (
    Cohorts,
    columns_of,
    empty_terms,
    packed_terms,
)
from alm_pipeline.engine.conventions.buckets import bucket_of_day, fine_bounds
from alm_pipeline.engine.conventions.calendar import BusinessDayConvention, date_tables
from alm_pipeline.engine.conventions.grids import (
    Grids,
    buckets_by_month,
    grids,
    last_months,
    rhythms_of,
)
from alm_pipeline.engine.conventions.months import months_after
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS
from alm_pipeline.engine.metrics.bins import Bins
from alm_pipeline.engine.metrics.nii import IncomeTables
from alm_pipeline.engine.metrics.replacement import unit_income
from alm_pipeline.engine.simulation.reach import reach_of
from alm_pipeline.engine.simulation.records import Contracts, Lenses, Setting
from alm_pipeline.engine.simulation.tables import (
    behaviour_blocks,
    behaviour_tables,
    factor_sums,
    market_blocks,
    market_tables,
)
from alm_pipeline.errors import CalculationError

WINDOW_MONTHS = (12, 24)
"""Ends of the two income windows unless a pass says otherwise."""

LEAST_MONTHS = 4
"""Months that the windows reach at least: fewer would be taken for the windows themselves."""

DEFAULT_LENSES = ("value", "income", "premiums", "months", "repricing", "principal")
LENSES = (*DEFAULT_LENSES, "options")
PATHS = ("forward", "flat")


@dataclass(frozen=True, kw_only=True)
class SimulationOptions:
    """Choices of a pass.

    ``as_of_date`` datetime64[D]; ``window_months`` end the two or three income windows;
    ``eve_margins`` "excluded" or "included"; ``nii_path`` names the path of
    ``SimulationResult.net_interest_income``, the other one is always beside it.
    ``adjustments`` are pairs of business-day convention and closed days (int32 offsets); row k + 1
    of a position's ``date_adjustment`` is pair k, 0 leaves dates alone.

    ``replacement``: principal is replaced "tenor" after tenor, or once until the "window_end".
    ``interest_split``: a period's interest is shared between months by the contract's
    "day_count", or by "days". ``value_of``: all "payments", or what is paid until the next
    "repricing", which no other lens goes with. ``lenses`` and ``nii_paths`` choose what is read:
    "value" always, "income" of each position, "premiums" (what of them becomes income, with
    income), "months" of each group (with income), "repricing",
    "principal"; "options" (not unless chosen) needs volatilities.
    """

    as_of_date: np.datetime64
    window_months: tuple[int, ...] = WINDOW_MONTHS
    eve_margins: str = "excluded"
    nii_path: str = "forward"
    nii_paths: tuple[str, ...] = PATHS
    replacement: str = "tenor"
    interest_split: str = "day_count"
    value_of: str = "payments"
    lenses: tuple[str, ...] = DEFAULT_LENSES
    threads: int = 1
    adjustments: tuple[tuple[BusinessDayConvention, IntArray], ...] = ()

    def __post_init__(self) -> None:
        """Refuse a word that is not a choice."""
        for name, choices in (
            ("eve_margins", ("excluded", "included")),
            ("nii_path", self.nii_paths),
            ("replacement", ("tenor", "window_end")),
            ("interest_split", ("day_count", "days")),
            ("value_of", ("payments", "repricing")),
        ):
            if getattr(self, name) not in choices:
                found = getattr(self, name)
                raise CalculationError(f"{name} {found!r}", fix=f"use {' or '.join(choices)}")
        unknown = {*self.lenses, *self.nii_paths} - {*LENSES, *PATHS}
        if unknown or "value" not in self.lenses or "forward" not in self.nii_paths:
            raise CalculationError(
                f"lenses {self.lenses} and paths {self.nii_paths}",
                fix=f"choose among {LENSES}, value always, and {PATHS}, forward always",
            )
        if self.is_until_reset and self.lenses != ("value",):
            raise CalculationError(
                f"lenses {self.lenses} beside the value until the next repricing",
                fix="choose the lens value alone",
            )
        if self.window_months[0] < 1 or (np.diff(self.window_months) < 1).any():
            raise CalculationError(f"window_months {self.window_months}", fix="let them increase")
        if self.horizon_months < LEAST_MONTHS:
            raise CalculationError(
                f"window_months {self.window_months}",
                fix=f"let the last one be {LEAST_MONTHS} or more",
            )
        if len(self.window_months) not in (2, 3):
            raise CalculationError(
                f"{len(self.window_months)} income windows", fix="give two or three ends"
            )

    @property
    def horizon_months(self) -> int:
        """Return for how many months there is income."""
        return self.window_months[-1]

    def along_chosen_path(self) -> SimulationOptions:
        """Return the same choices without the other path, where income can do without it."""
        if self.nii_path != "forward":
            return self
        return replace(self, nii_paths=("forward",))

    @property
    def is_until_reset(self) -> bool:
        """Return whether values are of what is paid until the next repricing."""
        return self.value_of == "repricing"

    @property
    def has_options(self) -> bool:
        """Return whether options on rates are valued beyond their intrinsic value."""
        return "options" in self.lenses


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What one pass over ``positions`` reads.

    Attributes
    ----------
    contracts : Contracts
    replacement_row : (n,) int64
        Row of a position's pair of curve and tenor in the income tables.
    settings : list of Setting
        One per block of scenarios.
    """

    positions: Positions
    contracts: Contracts
    replacement_row: CountArray
    settings: list[Setting]

    def terms(self, rows: CountArray, place: Any = None) -> Any:
        """Return the terms of the chosen rows, one record of ``TERMS`` each.

        ``place``: records that may be overwritten, as many or more.
        """
        terms = empty_terms(len(rows)) if place is None else place[: len(rows)]
        dates = self.settings[0].tables.dates
        return packed_terms(self.contracts.columns, rows, dates, self.contracts.cohorts, terms)


def prepared(
    positions: Positions,
    curves: Curves,
    behaviour: Behaviour,
    bucket_sets: tuple[Buckets, ...],
    options: SimulationOptions,
    agendas: AgendaTables | None = None,
    volatilities: Volatilities | None = None,
) -> Prepared:
    """Return everything a pass over ``positions`` reads.

    Raises
    ------
    CalculationError
        If terms are refused, codes do not match, or options are to be valued without volatilities.
    """
    agendas = agendas or no_agendas(len(positions))
    _check_codes(positions, curves, behaviour, volatilities, options)
    month_days = months_after(options.as_of_date, options.horizon_months).astype(np.int64)
    reach = reach_of(positions, behaviour, agendas, int(month_days[-1]), options.horizon_months)
    market = market_tables(curves, options.as_of_date, reach.n_days, volatilities)
    tables = behaviour_tables(
        behaviour, curves, market, options.as_of_date, reach.last_day + 1, reach.n_rate_months
    )
    pairs, replacement_row = _replacement_pairs(positions)
    dates = date_tables(options.as_of_date, reach.first_date, reach.last_date, options.adjustments)
    rhythms, rhythm_row = rhythms_of(
        positions.day_count, positions.date_adjustment, steps(positions)
    )
    tabled = grids(dates, rhythms)
    settings: list[Setting] = []
    for block, acts in zip(market_blocks(market), behaviour_blocks(tables), strict=True):
        income = _income_tables(block, pairs, month_days, options)
        sums = factor_sums(tabled, block.discount)
        tails = _tails(bucket_sets, options, reach.last_day, income, sums, tabled)
        read = Tables(dates, block, acts, tails)
        settings.append(Setting(len(settings), read, agendas, income, _lenses(options)))
    has_options = options.has_options
    columns = columns_of(positions, replacement_row, rhythm_row, agendas, has_options=has_options)
    return Prepared(
        positions=positions,
        contracts=Contracts(columns, _cohorts(behaviour)),
        replacement_row=replacement_row,
        settings=settings,
    )


def _cohorts(behaviour: Behaviour) -> Cohorts:
    """Return what cohorts do in any scenario, with a last one that does nothing."""
    return Cohorts(
        np.append(prepaying_cohorts(behaviour), False),
        np.append((behaviour.monthly_draw_share > 0.0).any(axis=2).sum(axis=1), 0).astype(np.int64),
        np.append(run_off_ladders(behaviour)[1], 1).astype(np.int64),
    )


def _tails(
    bucket_sets: tuple[Buckets, ...],
    options: SimulationOptions,
    last_day: int,
    income: IncomeTables,
    sums: FloatArray,
    tabled: Grids,
) -> Tails:
    """Return which payments need no rows: those of which only sums are read.

    Months, and income along two paths, read the payments of the windows one by one; a value until
    the next repricing reads every one.
    """
    bounds, edges = fine_bounds(bucket_sets), income.windows.edges
    has_income, has_flat_path = "income" in options.lenses, "flat" in options.nii_paths
    is_read = bool({"months", "principal"} & set(options.lenses)) or (
        has_income and (has_flat_path or len(edges) > 3)  # sums answer for two windows
    )
    from_day = int(edges[-1]) if is_read else 0
    return Tails(
        from_day=int(NEVER) if options.is_until_reset else from_day,
        bucket_of_day=bucket_of_day(bounds, last_day + 1),
        buckets=buckets_by_month(tabled, bounds),
        last_months=last_months(tabled, np.append(bounds, edges[1:])),
        is_margin_included=options.eve_margins == "included",
        window_edges=edges if has_income and not is_read else 0 * edges,
        is_split_by_days=income.is_split_by_days,
        units=income.unit_windows[0],
        factor_sums=sums,
        grids=tabled,
    )


def _lenses(options: SimulationOptions) -> Lenses:
    return Lenses(
        is_until_reset=options.is_until_reset,
        has_income="income" in options.lenses,
        has_flat_path="flat" in options.nii_paths,
        has_repricing="repricing" in options.lenses,
        has_principal="principal" in options.lenses,
        has_options=options.has_options,
    )


def _check_codes(
    positions: Positions,
    curves: Curves,
    behaviour: Behaviour,
    volatilities: Volatilities | None,
    options: SimulationOptions,
) -> None:
    refuse_terms(positions)
    n_scenarios = behaviour.n_scenarios
    checks = {
        "behaviour has another number of scenarios": n_scenarios != curves.n_scenarios,
        "a discount curve is not among the curves": (
            positions.discount_curve >= curves.n_curves
        ).any(),
        "an index curve is not among the curves": (positions.index_curve >= curves.n_curves).any(),
        "a date adjustment is not among the options": (
            positions.date_adjustment > len(options.adjustments)
        ).any(),
        "a position has no replacement tenor": (
            positions.is_nii & (positions.replacement_tenor < 0)
        ).any(),
    }
    for what, is_wrong in checks.items():
        if is_wrong:
            raise CalculationError(what, fix="align positions, curves, behaviour and options")
    if options.has_options:
        _check_volatilities(positions, curves, volatilities)


def _check_volatilities(
    positions: Positions, curves: Curves, volatilities: Volatilities | None
) -> None:
    """Raise if an option has no volatility."""
    if volatilities is None:
        raise CalculationError(
            "options are to be valued without volatilities",
            fix="give volatilities, or leave the lens options out",
        )
    n_scenarios, n_curves = volatilities.normal_volatilities.shape[:2]
    if (n_scenarios, n_curves) != (curves.n_scenarios, curves.n_curves):
        raise CalculationError(
            f"volatilities of {n_scenarios} scenarios and {n_curves} curves",
            detail=f"{curves.n_scenarios} scenarios and {curves.n_curves} curves of zero rates",
            fix="align volatilities and curves",
        )
    index, discount = positions.index_curve, positions.discount_curve
    is_quoted = volatilities.is_quoted[np.where(index == NO_CODE, discount, index)]
    missing = np.flatnonzero(has_option(positions) & ~is_quoted)
    if len(missing):
        raise CalculationError(
            f"{len(missing)} positions have an option on an index without volatility",
            detail=f"rows {list(missing[:10])}",
            fix="deliver the volatilities or leave the positions out",
        )


def _replacement_pairs(positions: Positions) -> tuple[CountArray, CountArray]:
    """Return the pairs of curve and tenor in use and each position's row among them."""
    curve = np.where(
        positions.index_curve == NO_CODE, positions.discount_curve, positions.index_curve
    )
    tenor = np.where(positions.is_nii, positions.replacement_tenor, 1)
    n_tenors = len(INDEX_TENOR_MONTHS)
    code = curve.astype(np.int64) * n_tenors + tenor
    used = np.flatnonzero(np.bincount(code))
    row_of = np.zeros(int(used.max(initial=0)) + 1, np.int64)
    row_of[used] = np.arange(len(used))
    return np.stack([used // n_tenors, used % n_tenors], axis=1), row_of[code]


def _income_tables(
    market: MarketTables, pairs: CountArray, edges: CountArray, options: SimulationOptions
) -> IncomeTables:
    """Return the tables of the income lens; nothing to look up where it is not chosen."""
    chosen = pairs if "income" in options.lenses else pairs[:0]
    is_to_end = options.replacement == "window_end"
    ends, n_paths = edges[[0, *options.window_months]], len(options.nii_paths)
    windows = [unit_income(market, chosen, path, ends, is_to_end) for path in range(n_paths)]
    has_months = "months" in options.lenses
    placed = chosen if has_months else pairs[:0]
    return IncomeTables(
        months=Bins(edges, _bin_of_day(edges), *options.window_months[:2]),
        windows=Bins(ends, _bin_of_day(ends), 1, 2),
        has_months=has_months,
        unit_months=unit_income(market, placed, FORWARD, edges, is_to_end),
        unit_windows=np.cumsum(np.stack(windows), axis=3),
        is_split_by_days=options.interest_split == "days",
    )


def _bin_of_day(edges: CountArray) -> IntArray:
    """Return the bin of each day 0 .. last edge; day 0 counts to bin 0."""
    days = np.arange(int(edges[-1]) + 1)
    return np.maximum(np.searchsorted(edges, days, side="left") - 1, 0).astype(np.int32)
