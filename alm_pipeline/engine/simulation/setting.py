"""Everything that one pass reads, built from the arrays once.

Chooses how far the tables must reach: back to the earliest running period, forward to the last
payment plus the longest index period.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from alm_pipeline.engine.arrays import (
    NO_CODE,
    NO_DATE,
    Behaviour,
    Buckets,
    CountArray,
    Curves,
    IntArray,
    Positions,
    RateType,
)
from alm_pipeline.engine.behaviour.deposits import run_off_ladders
from alm_pipeline.engine.behaviour.early_withdrawal import redeeming_cohorts
from alm_pipeline.engine.behaviour.prepayment import prepaying_cohorts
from alm_pipeline.engine.cash_flows.agenda import AgendaTables, no_agendas
from alm_pipeline.engine.cash_flows.records import FLAT, FORWARD, MarketTables
from alm_pipeline.engine.cash_flows.terms import (
    HORIZON_DAYS,
    Cohorts,
    has_schedule,
    packed_terms,
)
from alm_pipeline.engine.conventions.buckets import bucket_of_day, fine_bounds
from alm_pipeline.engine.conventions.calendar import (
    BusinessDayConvention,
    date_tables,
    months_after,
)
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS
from alm_pipeline.engine.metrics.replacement import rolled_index
from alm_pipeline.engine.simulation.chunk import IncomeBins, Setting
from alm_pipeline.engine.simulation.tables import behaviour_tables, market_tables
from alm_pipeline.errors import CalculationError

WINDOW_MONTHS = (12, 24)


@dataclass(frozen=True, kw_only=True)
class SimulationOptions:
    """Choices of a pass.

    ``as_of_date`` datetime64[D]; ``eve_margins`` "excluded" or "included"; ``nii_path`` names the
    path of ``SimulationResult.net_interest_income``, the other one is always beside it.
    ``adjustments`` are pairs of business-day convention and closed days (int32 offsets); row k + 1
    of a position's ``date_adjustment`` is pair k, 0 leaves dates alone.
    """

    as_of_date: np.datetime64
    horizon_months: int = 24
    eve_margins: str = "excluded"
    nii_path: str = "forward"
    threads: int = 1
    adjustments: tuple[tuple[BusinessDayConvention, IntArray], ...] = ()

    def __post_init__(self) -> None:
        """Refuse a word that is not a choice."""
        if self.eve_margins not in ("excluded", "included"):
            raise CalculationError(f"eve_margins {self.eve_margins!r}", fix="excluded or included")
        if self.nii_path not in ("forward", "flat"):
            raise CalculationError(f"nii_path {self.nii_path!r}", fix="forward or flat")
        if self.horizon_months != WINDOW_MONTHS[-1]:
            raise CalculationError(
                f"horizon_months {self.horizon_months}", fix=f"use {WINDOW_MONTHS[-1]}"
            )


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Terms and setting of one pass."""

    terms: Any
    setting: Setting


def prepared(
    positions: Positions,
    curves: Curves,
    behaviour: Behaviour,
    bucket_sets: tuple[Buckets, ...],
    options: SimulationOptions,
    agendas: AgendaTables | None = None,
) -> Prepared:
    """Return everything a pass over ``positions`` reads."""
    agendas = agendas if agendas is not None else no_agendas(len(positions))
    _check_codes(positions, curves, behaviour, options)
    month_days = months_after(options.as_of_date, options.horizon_months).astype(np.int64)
    last_day = max(_last_day(positions, behaviour, int(month_days[-1])), _last_entry(agendas))
    dates = _dates(positions, options, last_day)
    cohorts = Cohorts(
        prepaying_cohorts(behaviour), redeeming_cohorts(behaviour), run_off_ladders(behaviour)[1]
    )
    terms = packed_terms(positions, dates, cohorts, agendas)
    n_days = _n_market_days(positions, last_day, int(month_days[-1]))
    market = market_tables(curves, options.as_of_date, n_days)
    pairs, terms.replacement_row = _replacement_pairs(terms)
    n_rate_months = _n_rate_months(positions, options.horizon_months)
    return Prepared(
        terms=terms,
        setting=Setting(
            dates=dates,
            market=market,
            behaviour=behaviour_tables(
                behaviour, curves, market, options.as_of_date, last_day + 1, n_rate_months
            ),
            agendas=agendas,
            bucket_of_day=bucket_of_day(fine_bounds(bucket_sets), last_day + 1),
            is_margin_included=options.eve_margins == "included",
            months=_income_bins(market, pairs, FORWARD, month_days, WINDOW_MONTHS[0]),
            windows=_income_bins(market, pairs, FLAT, month_days[[0, *WINDOW_MONTHS]], 1),
        ),
    )


def _check_codes(
    positions: Positions, curves: Curves, behaviour: Behaviour, options: SimulationOptions
) -> None:
    n_scenarios = behaviour.annual_prepayment_rate.shape[1]
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


def _last_day(positions: Positions, behaviour: Behaviour, window_day: int) -> int:
    """Return the last day on which anything can happen."""
    scheduled = has_schedule(positions)
    is_open = scheduled & (positions.maturity_offset == NO_DATE)
    if (is_open & (positions.next_payment_offset != NO_DATE)).any():
        return HORIZON_DAYS
    months = int(behaviour.core_run_off_months.max(initial=0))
    last = max(
        window_day,
        int(positions.maturity_offset[scheduled].max(initial=1)),
        int(positions.recovery_offset.max(initial=1)),
        31 * (months + 1),
    )
    return min(last, HORIZON_DAYS)


def _last_entry(agendas: AgendaTables) -> int:
    """Return the last day that an agenda names."""
    entries = agendas.entries
    return int(max(entries.day.max(), entries.accrual_day.max(), entries.index_end.max()))


def _dates(positions: Positions, options: SimulationOptions, last_day: int) -> DateTables:
    starts = np.concatenate([positions.last_payment_offset, positions.start_offset])
    known = starts[np.tile(has_schedule(positions), 2) & (starts != NO_DATE)]
    first_day = min(int(known.min(initial=0)), 0) - 400
    reach = last_day + 31 * int(positions.reset_months.max(initial=0)) + 400
    return date_tables(options.as_of_date, first_day, reach, options.adjustments)


def _n_market_days(positions: Positions, last_day: int, window_day: int) -> int:
    """Return how many days the curves must reach: the last flow, the longest index period."""
    months = np.array(INDEX_TENOR_MONTHS)
    index = months[positions.index_tenor[positions.index_tenor != NO_CODE]].max(initial=1)
    replacement = months[positions.replacement_tenor[positions.is_nii]].max(initial=1)
    return int(max(last_day + 31 * index, window_day + 31 * replacement)) + 33


def _replacement_pairs(terms: Any) -> tuple[CountArray, CountArray]:
    """Return the pairs of curve and tenor in use and each position's row among them."""
    terms.index_curve = np.where(
        terms.index_curve == NO_CODE, terms.discount_curve, terms.index_curve
    )
    tenor = np.where(terms.is_nii, terms.replacement_tenor, 1)
    both = np.stack([terms.index_curve, tenor], axis=1).astype(np.int64)
    pairs, rows = np.unique(both, axis=0, return_inverse=True)
    return pairs.astype(np.int64), rows.reshape(-1).astype(np.int64)


def _n_rate_months(positions: Positions, horizon_months: int) -> int:
    """Return for how many months pass-through is needed: the window, or a contract's life."""
    is_administered = (positions.rate_type == RateType.ADMINISTERED) & has_schedule(positions)
    last = int(positions.maturity_offset[is_administered].max(initial=0))
    return max(horizon_months + 1, min(last, HORIZON_DAYS) // 30 + 2)


def _income_bins(
    market: MarketTables, pairs: CountArray, path: int, edges: CountArray, n_first: int
) -> IncomeBins:
    rolled = rolled_index(market, pairs, path, edges)
    return IncomeBins(edges=edges, bins=_bin_of_day(edges), rolled=rolled, n_first=n_first)


def _bin_of_day(edges: CountArray) -> CountArray:
    """Return the bin of each day 0 .. last edge; day 0 counts to bin 0."""
    days = np.arange(int(edges[-1]) + 1)
    return np.maximum(np.searchsorted(edges, days, side="left") - 1, 0).astype(np.int64)
