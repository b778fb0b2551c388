"""What a close proves about its own engine: probes and sampled positions, and a second valuation.

Curves, behaviour and choices are those of the close; the sample is `audit.challenger_sample`.
Arithmetic is in `audit/`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from alm_pipeline.audit.challenger.book import ChallengedBook
from alm_pipeline.audit.challenger.comparison import challenged
from alm_pipeline.audit.challenger.market import Curve
from alm_pipeline.audit.probes import ProbeMarket, plain_curve, probe_ties
from alm_pipeline.audit.quote_ties import Below, quote_ties
from alm_pipeline.audit.sample_ties import Sample, sample_ties
from alm_pipeline.audit.ties import Tie, tie_table
from alm_pipeline.engine.arrays import Curves, Volatilities
from alm_pipeline.engine.conventions.tenor import tenor
from alm_pipeline.engine.simulation.setting import DEFAULT_LENSES
from alm_pipeline.inputs.behaviour import behaviour_rows
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.customers import customers_of
from alm_pipeline.orchestration.markets import Markets, curves_of, markets_of
from alm_pipeline.orchestration.simulation import (
    BASE,
    EVENTS,
    book_of,
    engine_inputs,
    options_of,
    pass_inputs,
)
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.store import Commit, Content

ENGINE_TIES, CHALLENGER, SAMPLE = (
    "audit.engine_ties",
    "audit.challenger",
    "audit.challenger_sample",
)
VALUES, ZERO_RATES = "scenarios.position_values", "scenarios.zero_rates"

_ROWS = f"""
    select p.*, s.stratum
    from book.positions as p
    inner join {SAMPLE} as s on p.position_id = s.position_id
    order by p.position_id
"""


def evidence_inputs(bank: Bank, partition: Partition, content: Content) -> dict[str, str]:
    """Return the content hash of all that the evidence is made from, by name."""
    store = bank.store
    inputs = engine_inputs(bank, partition, content) | store.hashes(SAMPLE, partition, content)
    for scenario in challenged_scenarios(bank):
        for table in (VALUES, ZERO_RATES):
            inputs |= store.hashes(table, partition.under(scenario), content)
    return inputs


def bind_evidence(bank: Bank, partition: Partition) -> None:
    """Open the gates and bind what the evidence is made from."""
    pass_inputs(bank, partition)
    bank.store.bind(SAMPLE, partition)
    for scenario in challenged_scenarios(bank):
        for table in (VALUES, ZERO_RATES):
            bank.store.bind(table, partition.under(scenario), alias=_alias(table, scenario))


def challenged_scenarios(bank: Bank) -> list[str]:
    """Return the base, a parallel rise and a move that bends the curve, as far as they are closed.

    Without either, the first scenario that is not the base.
    """
    book = bank.figures.scenarios  # an index that moves alone has no curve in the base
    named = [name for name in bank.settings.closing_scenarios if name != BASE]
    closing = [name for name in named if not book.index_moves_bp(name)]
    rises = [name for name in closing if _shape(bank, name) == "parallel_up"]
    bends = [name for name in closing if _shape(bank, name) in ("steepener", "short_up")]
    chosen = rises[:1] + bends[:1]
    return [BASE, *(chosen or closing[:1])]


def make_engine_ties(bank: Bank, partition: Partition, inputs: Mapping[str, str]) -> Commit:
    """Make what the engine must price, and what single positions must tie to."""
    closing = bank.store.closing_scenarios
    markets = markets_of(bank, partition, closing)
    ties = _probe_ties(bank, markets, partition, closing)
    ties += _quote_ties(bank, partition, markets)
    if BASE in closing and markets.base.curve_ids:
        ties += sample_ties(_sample(bank, partition, markets))
    rows = tie_table(ties, partition.as_of_date)
    return bank.store.replace_partition(ENGINE_TIES, partition, rows, inputs, bank.code_hash)


def make_challenger(bank: Bank, partition: Partition, inputs: Mapping[str, str]) -> Commit:
    """Make the second valuation of the sample."""
    rows = second_valuation(bank, partition, _ROWS)
    return bank.store.replace_partition(CHALLENGER, partition, rows, inputs, bank.code_hash)


def second_valuation(bank: Bank, partition: Partition, select: str) -> pa.Table:
    """Return the rows of `audit.challenger` for rows of `book.positions` with their stratum.

    What the evidence is made from is bound.
    """
    figures, scenarios = bank.figures, challenged_scenarios(bank)
    session = bank.store.session
    nodes = {scenario: _nodes(bank, scenario) for scenario in scenarios}
    common = set.intersection(*(set(by_curve) for by_curve in nodes.values()))
    agreed = session.rows(  # a right to redeem early changes no cash
        "select distinct position_id from book.scheduled_events"
        " where event_type not in ('call', 'put')"
    )
    book = ChallengedBook(
        as_of=partition.as_of_date,
        curve_ids=sorted(common),
        curves=figures.curves,
        products=figures.products,
        behaviour=behaviour_rows(figures.assumptions, figures.scenarios, scenarios),
        scenarios=scenarios,
        agreed=frozenset(row["position_id"] for row in agreed),
    )
    engine = {
        (row["position_id"], scenario): row["present_value"]
        for scenario in scenarios
        for row in _stored(bank, scenario, f"({select})")
    }
    return challenged(session.rows(select), engine, nodes, book, bank.settings.eve_margins)


def _alias(table: str, scenario: str) -> str:
    return f"{table.partition('.')[2]}.{scenario}"


def _shape(bank: Bank, scenario: str) -> str:
    named = bank.figures.scenarios.pack_and_shape(scenario)
    return named[1] if named else ""


def _probe_ties(
    bank: Bank, markets: Markets, partition: Partition, scenarios: Sequence[str]
) -> list[Tie]:
    """Return the ties of the probes on every curve that no scenario stops."""
    stopped = {currency for name in scenarios for currency in markets.stopped(name)}
    rows = [r for r, currency in enumerate(markets.base.currencies) if currency not in stopped]
    if not rows:
        return []
    curves = curves_of(markets, scenarios)
    kept = Curves(
        tenor_days=curves.tenor_days,
        zero_rates=curves.zero_rates[:, rows],
        base_zero_rates=curves.base_zero_rates[rows],
    )
    volatilities = markets.volatilities.under(bank.figures.scenarios, scenarios)
    quoted = Volatilities(
        expiry_days=volatilities.expiry_days,
        normal_volatilities=volatilities.normal_volatilities[:, rows],
        is_quoted=volatilities.is_quoted[rows],
    )
    curve_ids = [markets.base.curve_ids[row] for row in rows]
    given = quoted if quoted.is_quoted.all() else None  # else caps and floors by the forwards alone
    return probe_ties(ProbeMarket(partition.as_of_date, curve_ids, kept, given))


def _quote_ties(bank: Bank, partition: Partition, markets: Markets) -> list[Tie]:
    """Return whether the base curves give their quotes back."""
    quotes = bank.store.session.rows("select * from staging.curve_quote order by all")
    base = markets.base
    curves = {
        curve_id: Curve(
            partition.as_of_date,
            tuple(zip(base.tenor_days.tolist(), base.zero_rates[row].tolist(), strict=True)),
        )
        for row, curve_id in enumerate(base.curve_ids)
    }
    definitions = bank.figures.curves.curves
    below = {
        name: Below(curves[one.stands_on], 0 if one.over else tenor(str(one.index_tenor)).months)
        for name, one in definitions.items()
        if one.stands_on in curves
    }
    return quote_ties(quotes, curves, below)


def _sample(bank: Bank, partition: Partition, markets: Markets) -> Sample:
    """Return the sampled positions under the base, as the engine takes them."""
    session = bank.store.session
    left = ", ".join(f"'{currency}'" for currency in sorted(markets.errors)) or "''"
    rows = session.query(  # what the close left out is a check's to report
        f"select * from ({_ROWS}) semi join {_alias(VALUES, BASE)} using (position_id)"
        f" where currency not in ({left}) order by position_id"
    )
    events = session.query(f"{EVENTS} semi join {SAMPLE} using (position_id) order by all")
    book = book_of(bank, partition, markets, rows, events)
    values = {row["position_id"]: row["present_value"] for row in _stored(bank, BASE)}
    curves = curves_of(markets, (BASE,))
    held = customers_of(bank, partition, book, curves, (BASE,))
    market = ProbeMarket(partition.as_of_date, markets.base.curve_ids, curves, None)
    return Sample(
        positions=held.book.positions,
        agendas=book.agendas,
        curves=curves,
        behaviour=held.behaviour,
        options=options_of(bank, partition, book, DEFAULT_LENSES),
        scopes=_column(rows, "family"),
        stored=np.array([values.get(one, np.nan) for one in book.position_ids], dtype=np.float64),
        plain_curves=[plain_curve(market, row, 0) for row in range(curves.n_curves)],
    )


def _stored(bank: Bank, scenario: str, chosen: str = SAMPLE) -> list[dict[str, Any]]:
    """Return the close's values under a scenario, of the sample or of a select's positions."""
    return bank.store.session.rows(
        f"select v.position_id, v.present_value from {_alias(VALUES, scenario)} as v"
        f" semi join {chosen} as s on v.position_id = s.position_id"
    )


def _nodes(bank: Bank, scenario: str) -> dict[str, list[tuple[int, float]]]:
    """Return the published zero rates of a scenario by curve."""
    found: dict[str, list[tuple[int, float]]] = {}
    select = f"select curve_id, tenor_days, zero_rate from {_alias(ZERO_RATES, scenario)}"
    for row in bank.store.session.rows(f"{select} order by curve_id, tenor_days"):
        found.setdefault(row["curve_id"], []).append((row["tenor_days"], row["zero_rate"]))
    return found


def _column(rows: pa.Table, name: str) -> list[str]:
    found: list[str] = rows.column(name).to_pylist()
    return found
