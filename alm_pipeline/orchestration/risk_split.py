"""What kind of risk a scenario's change comes from: changes of parts of its move, each alone.

With behaviour and options frozen as in the base: the parallel part of the move (gap risk), its
shape (curve risk), what indices and spreads do by themselves (basis risk), and all of them
together. Automatic options are what bounds on rates and rights to redeem add to the scenario's
change. What is left to customers is the scenario's own change less these, which is SQL's to take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from alm_pipeline.engine.arrays import CountArray, Curves, FloatArray
from alm_pipeline.engine.lanes import WIDTH
from alm_pipeline.engine.market.curve import DAYS_PER_YEAR
from alm_pipeline.engine.scenarios.risk_parts import risk_parts
from alm_pipeline.engine.simulation.result import SimulationResult
from alm_pipeline.engine.simulation.simulate import simulate
from alm_pipeline.orchestration.automatic_options import (
    OPTIONS_HELD,
    rows_among,
    without_automatic_options,
)
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.customers import Customers, customers_of
from alm_pipeline.orchestration.markets import Markets, curves_of, main_rows, markets_of
from alm_pipeline.orchestration.result_tables import group_table
from alm_pipeline.orchestration.simulation import (
    BASE,
    PassOptions,
    chosen_book,
    month_book,
    options_of,
    run_engine,
)
from alm_pipeline.warehouse.array_bridge import EngineBook
from alm_pipeline.warehouse.partition import Partition

RISKS = "scenarios.risk_changes"
MEASURES = ("eve", "nii_12m")
PARTS = ("gap_change", "curve_change", "basis_change", "frozen_change", "option_change")
_SCHEMA = pa.schema(
    [
        ("as_of_date", pa.date32()),
        *((n, pa.string()) for n in ("scenario", "risk_measure")),
        *((n, pa.string()) for n in ("entity_id", "currency", "product_code")),
        *((name, pa.float64()) for name in PARTS),
    ]
)
Changes = Mapping[tuple[str, str], FloatArray]


def moved_scenarios(bank: Bank) -> tuple[str, ...]:
    """Return the closing scenarios that have a change to take apart."""
    return tuple(name for name in bank.settings.closing_scenarios if name != BASE)


def risk_totals(bank: Bank, partition: Partition) -> pa.Table:
    """Return the rows of ``scenarios.risk_changes``; what the engine reads is bound."""
    under = moved_scenarios(bank)
    if not under:
        return _SCHEMA.empty_table()
    markets = markets_of(bank, partition, (BASE, *under))
    book = month_book(bank, partition, markets)
    held = chosen_book(bank, partition, markets, OPTIONS_HELD)
    group = book.positions.group.astype(np.int64)
    changes = risk_changes(bank, partition, markets, (book, held), under, group)
    parts = _rows(book, markets, partition, changes, under)
    return pa.concat_tables([_SCHEMA.empty_table(), *parts])


def risk_changes(
    bank: Bank,
    partition: Partition,
    markets: Markets,
    books: tuple[EngineBook, EngineBook],
    under: Sequence[str],
    row_of: CountArray,
) -> Changes:
    """Return changes from the base by measure and part, (n_rows, S) each.

    ``books``: the positions asked for, and those of them that hold options. ``row_of`` (n,) is the
    row to which a position is added.
    """
    book, held = books
    found = _frozen(bank, partition, markets, book, under, row_of)
    n_rows, rows = int(row_of.max(initial=-1)) + 1, row_of[rows_among(held, book)]
    for measure, change in _options(bank, partition, markets, held, under).items():
        found[measure, "option_change"] = _added(change, rows, n_rows)
    return found


def _added(amounts: FloatArray, row_of: CountArray, n_rows: int) -> FloatArray:
    """Return amounts (n, S) added up by row, (n_rows, S)."""
    return np.stack([np.bincount(row_of, one, n_rows) for one in amounts.T], axis=1)


def _frozen(
    bank: Bank,
    partition: Partition,
    markets: Markets,
    book: EngineBook,
    under: Sequence[str],
    row_of: CountArray,
) -> dict[tuple[str, str], FloatArray]:
    """Return what each part does alone and all do together, nobody behaving otherwise."""
    moves = _parts_of_moves(bank, markets, under)
    lanes, lane_of = np.unique(moves.reshape(len(moves), -1), axis=0, return_inverse=True)
    bare, n_each = without_automatic_options(book), len(under)
    held = customers_of(bank, partition, bare, curves_of(markets, (BASE,)), (BASE,))
    n_rows = int(row_of.max(initial=-1)) + 1
    totals: dict[str, list[FloatArray]] = {measure: [] for measure in MEASURES}
    for start in range(0, len(lanes), WIDTH):  # a block of the engine is added up, not kept
        part = lanes[start : start + WIDTH].reshape(-1, *moves.shape[1:])
        for measure, of_each in _run_frozen(bank, partition, markets, held, part).items():
            totals[measure].append(_added(of_each, row_of, n_rows))
    found = dict[tuple[str, str], FloatArray]()
    for measure, blocks in totals.items():
        amounts = np.concatenate(blocks, axis=1)
        changes = amounts[:, lane_of[1:]] - amounts[:, lane_of[:1]]
        for k, name in enumerate(PARTS[:-1]):
            found[measure, name] = changes[:, k * n_each : (k + 1) * n_each]
    return found


def _run_frozen(
    bank: Bank, partition: Partition, markets: Markets, held: Customers, moves: FloatArray
) -> dict[str, FloatArray]:
    """Return value and income under moves of the base curves, (n, n_moves), as in the base else."""
    base = markets.base
    curves = Curves(
        tenor_days=base.tenor_days,
        zero_rates=base.zero_rates + moves,
        base_zero_rates=base.zero_rates,
    )
    book, frozen = held.book, held.behaviour.repeated(len(moves))
    options = options_of(bank, partition, book, ("value", "income", "premiums"))
    chosen = options.along_chosen_path()
    return _measured(simulate(book.positions, curves, frozen, (), chosen, book.agendas))


def _parts_of_moves(bank: Bank, markets: Markets, under: Sequence[str]) -> FloatArray:
    """Return no move, the parallel part of each scenario, each shape, each basis, and all."""
    base, grid = markets.base, bank.figures.time_buckets.bucket_sets["irrbb"]
    midpoints = grid.midpoint_years * DAYS_PER_YEAR
    moves = np.array([markets.shocked[name].zero_rates for name in under]) - base.zero_rates
    parts = risk_parts(moves, main_rows(base, bank.figures.curves), base.tenor_days, midpoints)
    nothing = np.zeros((1, *base.zero_rates.shape))
    return np.concatenate([nothing, *parts, parts.parallel + parts.shape + parts.basis])


def _options(
    bank: Bank, partition: Partition, markets: Markets, held: EngineBook, under: Sequence[str]
) -> dict[str, FloatArray]:
    """Return what options add to each scenario's change, by measure, (n_held, S)."""
    chosen = PassOptions((BASE, *under), lenses=("value", "income", "premiums", "options"))
    full, bare = (
        _measured(run_engine(bank, partition, markets, of, chosen))
        for of in (held, without_automatic_options(held))
    )
    added = {name: full[name] - bare[name] for name in full}
    return {name: one[:, 1:] - one[:, :1] for name, one in added.items()}


def _measured(made: SimulationResult) -> dict[str, FloatArray]:
    """Return value and twelve months of income, (n, S), options and amortised premiums included."""
    return dict(zip(MEASURES, (made.whole_value, made.whole_income(12)), strict=True))


def _rows(
    book: EngineBook,
    markets: Markets,
    partition: Partition,
    changes: Changes,
    under: Sequence[str],
) -> Iterator[pa.Table]:
    """Yield the totals by entity, currency and product of each scenario and measure."""
    for s, scenario in enumerate(under):
        kept = np.flatnonzero(~np.isin(book.currency, list(markets.stopped(scenario))))
        for measure in MEASURES:
            totals = {part: pa.array(changes[measure, part][kept, s]) for part in PARTS}
            words = {"risk_measure": measure}
            rows = group_table(book, partition.under(scenario), kept, totals, words)
            yield rows.select(_SCHEMA.names).cast(_SCHEMA)
