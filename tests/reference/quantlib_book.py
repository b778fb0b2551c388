"""Random books of every product that QuantLib can build from terms, and how far the engine is off.

`comparisons()` builds two books with fixed seeds, one as of the end of a year and one as of the
29th of February, and compares each contract under every scenario: the days on which cash flows,
the amounts, and the present value. `coverage()` sums them up by product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from alm_pipeline.engine.arrays import Behaviour, Positions
from alm_pipeline.engine.cash_flows.agenda import AgendaTables, joined_agendas
from alm_pipeline.engine.cash_flows.step import agenda_of
from alm_pipeline.engine.cash_flows.steps import steps_of
from alm_pipeline.engine.simulation.events import Events, project
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate
from tests.reference.quantlib_agendas import (
    agenda_annuity,
    agenda_bond,
    agenda_floater,
    agenda_linear,
    moment,
    stepped_bond,
    unmoved_bond,
)
from tests.reference.quantlib_fixed import (
    Flows,
    Peer,
    Random,
    annuity,
    fixed_bond,
    linear_loan,
    linear_loan_by_instalments,
    term_deposit,
    weekly_bond,
    zero_bond,
)
from tests.reference.quantlib_market import Market
from tests.reference.quantlib_rates import (
    averaged_note,
    basis_swap,
    bounded_note,
    floating_note,
    forward_rate_agreement,
    linear_floater,
    note_on_another_tenor,
    option,
    overnight_note,
    swap,
)
from tests.unit.engine.books import book, one_bucket

NOTHING = 1e-12  # of the notional: QuantLib lists coupons of nothing, the engine does not
BUILDERS: dict[Callable[[Random, Market], Peer | list[Peer]], int] = {
    fixed_bond: 40,
    weekly_bond: 20,
    zero_bond: 20,
    term_deposit: 20,
    linear_loan: 25,
    linear_loan_by_instalments: 20,
    annuity: 140,
    floating_note: 25,
    bounded_note: 25,
    note_on_another_tenor: 25,
    linear_floater: 20,
    averaged_note: 20,
    swap: 20,
    basis_swap: 12,
    option: 60,
    forward_rate_agreement: 20,
    overnight_note: 20,
    agenda_bond: 25,
    unmoved_bond: 90,
    agenda_linear: 20,
    agenda_annuity: 20,
    agenda_floater: 50,
    stepped_bond: 20,
}
"""How many of each a book holds."""


@dataclass(frozen=True)
class Comparison:
    """One contract: worst differences over all scenarios, relative to the notional."""

    product: str
    terms: dict[str, Any]
    off_days: tuple[int, ...]
    cash: float
    value: float


def peers(market: Market, seed: int) -> list[Peer]:
    """Return the contracts of a book."""
    random = np.random.default_rng(seed)
    found: list[Peer] = []
    for build, n in BUILDERS.items():
        for _ in range(n):
            built = build(random, market)
            found += built if isinstance(built, list) else [built]
    return found


def agendas_of(market: Market, found: list[Peer]) -> AgendaTables:
    today = moment(market.today)
    agendas = {
        row: agenda_of(steps_of(peer.contract), today)
        for row, peer in enumerate(found)
        if peer.contract is not None
    }
    return joined_agendas(len(found), agendas)


@cache
def comparisons() -> tuple[Comparison, ...]:
    """Return every contract of both books, compared."""
    return (*compared("2025-12-31", 20260725), *compared("2024-02-29", 20240229))


def compared(as_of: str, seed: int) -> Iterator[Comparison]:
    market = Market(as_of)
    found = peers(market, seed)
    positions, agendas = book(*(peer.terms for peer in found)), agendas_of(market, found)
    options = SimulationOptions(as_of_date=market.as_of, adjustments=market.adjustments())
    nobody = Behaviour.none(market.n_scenarios)
    values = simulate(positions, market.curves(), nobody, (one_bucket(),), options, agendas)
    events = project(positions, market.curves(), nobody, options, agendas)
    ours = cash_by_day(positions, events, market.n_scenarios)
    days: list[set[int]] = [set() for _ in found]
    cash, worth = np.zeros(len(found)), np.zeros(len(found))
    for scenario in range(market.n_scenarios):
        market.show(scenario)
        for row, peer in enumerate(found):
            notional = peer.terms["principal"]
            theirs = significant(peer.flows(), notional)
            mine = significant(ours[row, scenario], notional)
            days[row] |= set(theirs) ^ set(mine)
            off = [abs(mine.get(day, 0.0) - amount) for day, amount in theirs.items()]
            cash[row] = max(cash[row], max(off, default=0.0) / notional)
            difference = abs(peer.value() - values.present_value[row, scenario])
            worth[row] = max(worth[row], difference / notional)
    for row, peer in enumerate(found):
        off_days = tuple(sorted(days[row]))
        yield Comparison(peer.product, peer.terms, off_days, float(cash[row]), float(worth[row]))


def significant(flows: Flows, notional: float) -> Flows:
    return {day: amount for day, amount in flows.items() if abs(amount) > NOTHING * notional}


def cash_by_day(
    positions: Positions, events: Events, n_scenarios: int
) -> dict[tuple[int, int], Flows]:
    """Return what the engine pays, by position and scenario."""
    found: dict[tuple[int, int], Flows] = {
        (row, scenario): {} for row in range(len(positions)) for scenario in range(n_scenarios)
    }
    amounts = events.principal + events.interest
    for i in range(len(amounts)):
        flows = found[int(events.position[i]), int(events.scenario[i])]
        day = int(events.event_offset[i])
        flows[day] = flows.get(day, 0.0) + float(amounts[i])
    return found


def coverage() -> dict[str, tuple[int, float]]:
    """Return the number of contracts and the worst difference of each product."""
    table: dict[str, tuple[int, float]] = {}
    for one in comparisons():
        n, worst = table.get(one.product, (0, 0.0))
        table[one.product] = n + 1, max(worst, one.cash, one.value)
    return table
