"""The standardised approach to economic value, position by position, as rows of the contract.

What is paid until the next repricing is valued at the rates of bucket midpoints, whole in its
bucket and split between midpoints, shocked at the midpoints (BCBS d368, paragraphs 101 to 132).
Automatic options are valued by themselves: with and without them, under the shock at the pack's
higher volatilities and, for comparison, at today's. Rates of deposits stay as they are. Aggregation
over currencies is SQL's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from alm_pipeline.engine.arrays import Behaviour, Curves, FloatArray
from alm_pipeline.engine.cash_flows.accepted_terms import HORIZON_DAYS
from alm_pipeline.engine.market.midpoints import (
    bucketed_factors,
    curves_of_factors,
    split_factors,
)
from alm_pipeline.engine.simulation.simulate import simulate
from alm_pipeline.inputs.behaviour import behaviour_rows
from alm_pipeline.inputs.scenarios import ScenarioBook, VolatilityMove
from alm_pipeline.inputs.time_buckets import engine_buckets
from alm_pipeline.inputs.zero_rates import at_years, scenario_zero_rates
from alm_pipeline.orchestration.automatic_options import (
    OPTIONS_HELD,
    rows_among,
    without_automatic_options,
)
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.customers import with_customers
from alm_pipeline.orchestration.markets import Markets, curves_of, markets_of
from alm_pipeline.orchestration.result_tables import position_table
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

STANDARDISED = "scenarios.standardised_values"
_GRID = "irrbb"
_BEYOND_DAYS = 366
"""Dates that business days move beyond the engine's horizon have factors too."""
_CHANGES = ("bucketed_change", "split_change", "option_change", "raised_option_change")
_SCHEMA = pa.schema(
    [
        ("as_of_date", pa.date32()),
        ("scenario", pa.string()),
        *((n, pa.string()) for n in ("position_id", "entity_id", "currency", "product_code")),
        *((name, pa.float64()) for name in _CHANGES),
    ]
)


@dataclass(frozen=True)
class _RaisedVolatilities(ScenarioBook):
    """Scenarios that also multiply volatilities; one that is not named does not."""

    factors: Mapping[str, float] | None = None

    def volatility_move(self, name: str, currency: str) -> VolatilityMove:
        """Return what the scenario does to volatilities, and its factor."""
        move = super().volatility_move(name, currency)
        return replace(move, factor=move.factor * (self.factors or {}).get(name, 1.0))


def volatility_factors(bank: Bank) -> dict[str, float]:
    """Return the closing scenarios of packs that have the approach, and their factors."""
    book, found = bank.figures.scenarios, dict[str, float]()
    for name in bank.settings.closing_scenarios:
        prescribed = book.scenarios[name].kind == "regulatory" and book.pack_and_shape(name)
        rule = book.packs[prescribed[0]].automatic_options if prescribed else None
        if rule is not None:
            found[name] = rule.volatility_factor
    return found


def standardised_values(bank: Bank, partition: Partition) -> pa.Table:
    """Return the rows of ``scenarios.standardised_values``; what the engine reads is bound."""
    factors = volatility_factors(bank)
    if not factors:
        return _SCHEMA.empty_table()
    under = (BASE, *factors)
    markets = markets_of(bank, partition, under)
    book = month_book(bank, partition, markets)
    changes = {
        **_slotted(bank, partition, markets, book, under),
        **_options(bank, partition, markets, book, factors),
    }
    parts = [
        _rows(book, markets, partition.under(name), {k: v[:, s] for k, v in changes.items()})
        for s, name in enumerate(under)
        if name != BASE
    ]
    return pa.concat_tables([_SCHEMA.empty_table(), *parts])


def _rows(
    book: EngineBook, markets: Markets, partition: Partition, changes: Mapping[str, FloatArray]
) -> pa.Table:
    """Return the positions whose value moves under a scenario."""
    stopped = np.isin(book.currency, list(markets.stopped(partition.scenario)))
    is_moved = np.any([values != 0.0 for values in changes.values()], axis=0)
    kept = np.flatnonzero(is_moved & ~stopped[book.positions.group])
    columns = {name: pa.array(values[kept]) for name, values in changes.items()}
    rows = position_table(book, partition, kept, columns)
    return rows.select(_SCHEMA.names).cast(_SCHEMA)


def _slotted(
    bank: Bank, partition: Partition, markets: Markets, book: EngineBook, under: tuple[str, ...]
) -> dict[str, FloatArray]:
    """Return the change from the base of either slotting, (n, S) each."""
    curves = _midpoint_curves(bank, partition, markets, under)
    named = bank.figures
    rows = behaviour_rows(named.assumptions, named.scenarios, under * 2, is_prescribed=True)
    priced = curves_of(markets, (BASE,) * len(under) * 2)  # the pack alone moves prepayment
    held = with_customers(partition.as_of_date, book, priced, rows)
    options = replace(options_of(bank, partition, book, ("value",)), value_of="repricing")
    still = _at_todays_rates(held.behaviour)
    made = simulate(held.book.positions, curves, still, (), options, book.agendas)
    bucketed, split = np.split(made.present_value, 2, axis=1)
    return {
        "bucketed_change": bucketed - bucketed[:, :1],
        "split_change": split - split[:, :1],
    }


def _midpoint_curves(
    bank: Bank, partition: Partition, markets: Markets, under: tuple[str, ...]
) -> Curves:
    """Return the midpoints' factors by day: of each scenario bucketed, then of each split."""
    midpoints = bank.figures.time_buckets.bucket_sets[_GRID].midpoint_years
    (bounds,) = (
        one
        for one in engine_buckets(bank.figures.time_buckets, partition.as_of_date)
        if one.name == _GRID
    )
    base = at_years(markets.base, midpoints)
    named = bank.figures.scenarios
    rates = np.array([scenario_zero_rates(base, one, named).zero_rates for one in under])
    n_days = HORIZON_DAYS + _BEYOND_DAYS
    bucketed = bucketed_factors(rates, midpoints, bounds, n_days)
    return curves_of_factors(np.concatenate([bucketed, split_factors(rates, midpoints, n_days)]))


def _at_todays_rates(behaviour: Behaviour) -> Behaviour:
    """Return the table in which no customer's rate follows the market."""
    return replace(
        behaviour,
        pass_through_up=np.zeros_like(behaviour.pass_through_up),
        pass_through_down=np.zeros_like(behaviour.pass_through_down),
    )


def _options(
    bank: Bank, partition: Partition, markets: Markets, book: EngineBook, factors: dict[str, float]
) -> dict[str, FloatArray]:
    """Return the change of automatic options from the base, (n, S) each."""
    held = chosen_book(bank, partition, markets, OPTIONS_HELD)
    named, under = bank.figures.scenarios, (BASE, *factors)
    raised = _RaisedVolatilities(named.scenarios, named.packs, named.histories, factors)

    def values(of: EngineBook, at: ScenarioBook) -> FloatArray:
        chosen = PassOptions(under, lenses=("value", "options"), named=at)
        made = run_engine(bank, partition, markets, of, chosen)
        return made.present_value + made.option_value

    without = values(without_automatic_options(held), named)
    rows, found = rows_among(held, book), dict[str, FloatArray]()
    for name, at in (("option_change", named), ("raised_option_change", raised)):
        value = values(held, at) - without
        found[name] = np.zeros((len(book.position_ids), len(under)))
        found[name][rows] = value - value[:, :1]
    return found
