"""Positions of the bank taken out of the book and looked at one by one, from their event rows.

The challenger's sample is run again by the close's engine, alone, each position in a group of its
own. Four ties: its value is the one it has among all others; its ladder is its event rows; its
value is the event rows discounted by plain arithmetic; its key rates add up to the parallel move.
Of each kind of product the worst position is kept.

What does not belong here: a second projection of the cash flows (the challenger).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from alm_pipeline.audit.challenger.market import Curve
from alm_pipeline.audit.probes import KEY_RATE_SHARE, KEY_TENOR_DAYS
from alm_pipeline.audit.ties import Tie, worst_of
from alm_pipeline.engine.arrays import (
    MAX_OFFSET,
    Behaviour,
    Buckets,
    Curves,
    FloatArray,
    Positions,
)
from alm_pipeline.engine.cash_flows.agenda import AgendaTables
from alm_pipeline.engine.simulation.events import project
from alm_pipeline.engine.simulation.sensitivities import sensitivities
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate

__all__ = ["Sample", "sample_ties"]

SHARE = 1e-9
"""Of the principal: what adding up in another order may change."""

CENT = 0.01


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Positions of the book as the engine takes them, under one scenario.

    Attributes
    ----------
    scopes : sequence of str
        What each position counts as in the proofs.
    stored : (n,) float64
        Present values of the close; NaN where there is none.
    plain_curves : sequence of Curve
        The curves of `curves` for plain arithmetic, in the same order.
    """

    positions: Positions
    agendas: AgendaTables
    curves: Curves
    behaviour: Behaviour
    options: SimulationOptions
    scopes: Sequence[str]
    stored: FloatArray
    plain_curves: Sequence[Curve]


def sample_ties(sample: Sample) -> list[Tie]:
    """Return the worst tie of each invariant and scope."""
    if not len(sample.positions):
        return []
    n = len(sample.positions)
    alone = replace(sample.positions, group=np.arange(n, dtype=np.int32))
    found: list[Tie] = [*_value_ties(sample, alone), *_event_ties(sample, alone)]
    return worst_of([*found, *_key_rate_ties(sample, alone)])


def _value_ties(sample: Sample, alone: Positions) -> Iterator[Tie]:
    """Yield the value of each position by itself against the one the close stored."""
    options = replace(sample.options, lenses=("value",))
    result = simulate(alone, sample.curves, sample.behaviour, (), options, sample.agendas)
    for i, scope in enumerate(sample.scopes):
        value, stored = float(result.present_value[i, 0]), float(sample.stored[i])
        yield Tie(
            "a position alone is worth what it is among others",
            scope,
            value,
            stored,
            _allowed(alone, i),
        )


def _event_ties(sample: Sample, alone: Positions) -> Iterator[Tie]:
    """Yield the ladder, and the value without margins, against the event rows."""
    plain = replace(alone, margin_rate=np.zeros(len(alone)))
    options = replace(sample.options, lenses=("value",))
    everything = Buckets(name="all", upper_offset=np.array([MAX_OFFSET], dtype=np.int32))
    given = (plain, sample.curves, sample.behaviour)
    result = simulate(*given, (everything,), options, sample.agendas)
    events = project(*given, options, sample.agendas)
    cash = events.principal + events.interest
    ladder = result.buckets["all"]
    for i, scope in enumerate(sample.scopes):
        own, curve = events.position == i, sample.plain_curves[int(plain.discount_curve[i])]
        paid = float(cash[own].sum())
        in_ladder = float(ladder.principal[i, 0, 0] + ladder.interest[i, 0, 0])
        allowed = _allowed(plain, i)
        yield Tie("the ladder is the event rows", scope, in_ladder, paid, allowed)
        if plain.is_eve[i]:
            rows = zip(cash[own].tolist(), events.event_offset[own].tolist(), strict=True)
            worth = sum(amount * curve.discount_after(days) for amount, days in rows)
            value = float(result.present_value[i, 0])
            yield Tie("value is the event rows, discounted", scope, value, worth, allowed)


def _key_rate_ties(sample: Sample, alone: Positions) -> Iterator[Tie]:
    """Yield the sum of the key rates against the parallel move."""
    options = replace(sample.options, lenses=("value",))
    given = (alone, sample.curves, sample.behaviour, options, KEY_TENOR_DAYS)
    moved = sensitivities(*given, sample.agendas)
    for i, scope in enumerate(sample.scopes):
        dv01, keys = float(moved.dv01[i]), float(moved.key_rate_dv01[i].sum())
        curvature = KEY_RATE_SHARE * abs(dv01) + _kinks(alone, i)
        yield Tie("key rates add up to the parallel move", scope, keys, dv01, curvature + CENT)


def _kinks(positions: Positions, i: int) -> float:
    """Return what a cap, a floor or a bound that starts to bind may add: a basis point's interest.

    Moves of single key rates can cross a bound on days on which the parallel move does not.
    """
    bounds = (positions.cap_rate[i], positions.period_cap_rate[i], positions.period_floor_rate[i])
    has_bound = bool(np.isfinite([*bounds, positions.floor_rate[i]]).any())
    return 1e-4 * float(positions.principal[i]) if has_bound or positions.option_type[i] else 0.0


def _allowed(positions: Positions, i: int) -> float:
    return max(SHARE * float(positions.principal[i]), 1e-6)
