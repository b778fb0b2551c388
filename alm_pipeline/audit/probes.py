"""Does the engine still price what everybody knows? Proofs on contracts made for it.

At every close the close's own engine values the probes (`probe_contracts`) on the day's curves
under every closing scenario. The other side of each tie is plain arithmetic on the published zero
rates, or other probes: a floater is worth par on its reset, a swap is a bond less a floater, a cap
less a floor is a swap, a whole is its parts, key rates add up to the parallel move, a shock of
nothing changes nothing, rates up is values down. Per curve the worst scenario is kept.

What does not belong here: positions of the bank (`sample_ties`, the challenger).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from alm_pipeline.audit.challenger.comparison import present_value
from alm_pipeline.audit.challenger.contracts import World
from alm_pipeline.audit.challenger.market import Curve, tenor_end
from alm_pipeline.audit.probe_contracts import (
    CORE_MONTHS,
    CORE_SHARE,
    N_PERIODS,
    NOTIONAL,
    PREPAYMENT_RATE,
    RATE,
    ProbeDates,
    plain_contracts,
    probe_behaviour,
    probe_positions,
    probe_terms,
)
from alm_pipeline.audit.ties import Tie, worst_of
from alm_pipeline.engine.arrays import Curves, Positions, Volatilities
from alm_pipeline.engine.scenarios.shocks import (
    ShockShape,
    ShockSize,
    shock_bp,
    shocked_zero_rates,
)
from alm_pipeline.engine.simulation.sensitivities import sensitivities
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate

__all__ = ["KEY_TENOR_DAYS", "ProbeMarket", "plain_curve", "probe_ties"]

CENT = 0.01
"""Of a probe of a million: rounding of the tables, nothing else."""

KEY_TENOR_DAYS = np.array([30, 182, 365, 730, 1095, 1825, 2555, 3650], dtype=np.int32)
KEY_RATE_SHARE = 0.005
"""Key rates add up to the parallel move but for its curvature."""

_MOVE_BP = 100.0
_PARALLEL = ShockShape(parallel=1.0)
_EVERY_SHAPE = ShockShape(parallel=1.0, short=-0.65, long=0.9)
_FALLS = {
    "bond": 1,
    "principal": 1,
    "coupons": 1,
    "annuity": 1,
    "prepaying loan": 1,
    "prepaying annuity": 1,
    "withdrawn deposit": -1,
    "debt": -1,
    "deposit ladder": -1,
}
"""What loses value when rates rise, and (-1) what gains."""


@dataclass(frozen=True)
class ProbeMarket:
    """The day's curves under all closing scenarios, as the close gave them to its engine."""

    as_of: date
    curve_ids: Sequence[str]
    curves: Curves
    volatilities: Volatilities | None

    @property
    def options(self) -> SimulationOptions:
        """Return the choices of the probes: values along forwards, income of twelve months."""
        lenses = (
            ("value", "income") if self.volatilities is None else ("value", "income", "options")
        )
        return SimulationOptions(as_of_date=np.datetime64(self.as_of, "D"), lenses=lenses)


@dataclass(frozen=True)
class _Valued:
    """One curve's probes under one scenario, by name; values with what options add."""

    curve: Curve
    dates: ProbeDates
    value: Mapping[str, float]
    income: Mapping[str, float]

    def discount(self, day: date) -> float:
        """Return the discount factor of a day."""
        return self.curve.discount(day)


def probe_ties(market: ProbeMarket) -> list[Tie]:
    """Return every tie of the probes, the worst scenario of each curve."""
    dates = ProbeDates(market.as_of)
    terms = probe_terms(dates)
    positions = probe_positions(terms, dates, range(len(market.curve_ids)))
    behaviour = probe_behaviour(market.curves.n_scenarios)
    result = simulate(
        positions,
        market.curves,
        behaviour,
        (),
        market.options,
        volatilities=market.volatilities,
    )
    worth = result.present_value + (result.option_value if market.volatilities is not None else 0.0)
    found: list[Tie] = []
    for row, curve_id in enumerate(market.curve_ids):
        own = slice(row * len(terms), (row + 1) * len(terms))
        for s in range(market.curves.n_scenarios):
            valued = _Valued(
                curve=plain_curve(market, row, s),
                dates=dates,
                value=dict(zip(terms, worth[own, s].tolist(), strict=True)),
                income=dict(
                    zip(terms, result.net_interest_income[12][own, s].tolist(), strict=True)
                ),
            )
            found += [replace(tie, scope=curve_id) for tie in _ties(valued)]
    names = [name for _ in market.curve_ids for name in terms]
    found += _moved_ties(market, positions, names)
    return worst_of(found)


def plain_curve(market: ProbeMarket, row: int, scenario: int) -> Curve:
    """Return a curve of the day as the plain arithmetic takes it."""
    rates = market.curves.zero_rates[scenario, row].tolist()
    return Curve(market.as_of, tuple(zip(market.curves.tenor_days.tolist(), rates, strict=True)))


def _ties(v: _Valued) -> Iterator[Tie]:
    """Yield what must hold between the probes of one curve under one scenario."""
    start, end = v.dates.quarter(0), v.dates.quarter(N_PERIODS)
    value = v.value

    def tie(invariant: str, left: float, right: float) -> Tie:
        return Tie(invariant, "", left, right, CENT)

    par = NOTIONAL * v.discount(start)
    yield tie("a floater is worth par on its reset", value["floater"], par)
    yield tie(
        "discount factors are those of the published zero rates",
        value["principal"],
        NOTIONAL * v.discount(end),
    )
    yield tie("coupons are rate, time and discount factor", value["coupons"], _coupons(v))
    swap = value["coupons"] + value["floating leg"]
    yield tie("a swap is a bond less a floater", swap, value["bond"] - value["floater"])
    yield tie(
        "a floating leg is par less the final discount factor",
        -value["floating leg"],
        par - NOTIONAL * v.discount(end),
    )
    yield tie("a cap less a floor is a swap", value["cap"] - value["floor"], -swap)
    yield tie("a whole is worth its parts", value["bond"], value["principal"] + value["coupons"])
    yield tie("a whole is worth its parts", value["annuity"], value["part"] + value["rest"])
    yield tie("sides swapped, signs swapped", value["bond"], -value["debt"])
    yield tie("an annuity repays itself at its rate", value["annuity"], _annuity(v))
    yield tie("a deposit ladder is its core and the rest", value["deposit ladder"], _ladder(v))
    yield tie("a prepaying loan is its survivors", value["prepaying loan"], _prepaying(v))
    world = World(v.dates.as_of, (v.curve,), (v.curve,), 0)
    for name, held in plain_contracts(v.dates).items():
        plain = present_value(held, world, is_margin_in=False)
        yield tie("customers who leave early take what they owe", value[name], plain)
    own, replaced = _income(v)
    yield tie(
        "income is the loan's and its replacement's", v.income["maturing loan"], own + replaced
    )
    yield tie("a leg is not replaced", v.income["maturing leg"], own)


def _coupons(v: _Valued) -> float:
    days = [v.dates.quarter(k) for k in range(N_PERIODS + 1)]
    return math.fsum(
        NOTIONAL * RATE * (end - start).days / 360.0 * v.discount(end)
        for start, end in pairwise(days)
    )


def _annuity(v: _Valued) -> float:
    """Return the value of a level payment of rate/4 a quarter, interest by ACT/360.

    The instalment is fixed once, with the period's rate in equal quarters; the last one is what is
    left.
    """
    days = [v.dates.as_of, *(v.dates.quarter(k) for k in range(N_PERIODS + 1))]
    n, rate = len(days) - 1, RATE / 4.0
    payment, balance, found = NOTIONAL * rate / (1.0 - (1.0 + rate) ** -n), NOTIONAL, []
    for k, (start, end) in enumerate(pairwise(days), start=1):
        interest = balance * RATE * (end - start).days / 360.0
        paid = payment if k < n else balance + interest
        balance -= paid - interest
        found.append(paid * v.discount(end))
    return math.fsum(found)


def _ladder(v: _Valued) -> float:
    overnight = (1.0 - CORE_SHARE) * v.discount(v.dates.as_of + timedelta(days=1))
    months = math.fsum(v.discount(v.dates.month(k)) for k in range(1, CORE_MONTHS + 1))
    return -NOTIONAL * (overnight + CORE_SHARE / CORE_MONTHS * months)


def _prepaying(v: _Valued) -> float:
    """Return the value of a bullet loan of which a share survives each quarter.

    Interest of 30/360 quarters at month ends: three months of twelve, but for the 28th of February.
    """
    n, kept = N_PERIODS + 1, (1.0 - PREPAYMENT_RATE) ** 0.25
    found, start = [], v.dates.as_of
    for k in range(1, n + 1):
        end, before = v.dates.quarter(k - 1), NOTIONAL * kept ** (k - 1)
        repaid = before if k == n else before * (1.0 - kept)
        found.append((before * RATE * _thirty(start, end) + repaid) * v.discount(end))
        start = end
    return math.fsum(found)


def _thirty(start: date, end: date) -> float:
    months = 12 * (end.year - start.year) + end.month - start.month
    return (30 * months + min(end.day, 30) - min(start.day, 30)) / 360.0


def _income(v: _Valued) -> tuple[float, float]:
    """Return twelve months: of a loan until it ends, then of three-month money at its forwards."""
    day, window = v.dates.month(5), v.dates.month(12)
    own, replaced = NOTIONAL * RATE * (day - v.dates.as_of).days / 360.0, 0.0
    while day < window:
        until = tenor_end(day, 3)
        growth = v.discount(day) / v.discount(until) - 1.0
        part = (min(until, window) - day).days / (until - day).days
        replaced, day = replaced + NOTIONAL * growth * part, until
    return own, replaced


def _moved_ties(market: ProbeMarket, positions: Positions, names: Sequence[str]) -> Iterator[Tie]:
    """Yield what must hold when the base curves move: by nothing, up, down, key by key."""
    curves, only_value = _moved_curves(market), replace(market.options, lenses=("value",))
    behaviour = probe_behaviour(curves.n_scenarios)
    value = simulate(positions, curves, behaviour, (), only_value).present_value
    base = replace(market.curves, zero_rates=market.curves.base_zero_rates[None])
    moved = sensitivities(positions, base, probe_behaviour(1), only_value, KEY_TENOR_DAYS)
    per_curve = len(names) // len(market.curve_ids)
    for i, name in enumerate(names):
        scope = market.curve_ids[i // per_curve]
        still, up, down, shocked_by_nothing = value[i].tolist()
        yield Tie("a shock of nothing changes nothing", scope, shocked_by_nothing, still, CENT)
        dv01, keys = float(moved.dv01[i]), float(moved.key_rate_dv01[i].sum())
        allowed = KEY_RATE_SHARE * abs(dv01) + CENT
        yield Tie("key rates add up to the parallel move", scope, keys, dv01, allowed)
        if name in _FALLS:
            n_wrong = [(up - still) * _FALLS[name] >= 0.0, (down - still) * _FALLS[name] <= 0.0]
            yield Tie("rates up, fixed claims down", scope, float(sum(n_wrong)), 0.0, 0.0)


def _moved_curves(market: ProbeMarket) -> Curves:
    """Return the base curves, both parallel moves, and a shock of every shape and no size."""
    base, years = market.curves.base_zero_rates, market.curves.tenor_days / 365.0
    moves = (
        np.zeros(len(years)),
        shock_bp(years, _PARALLEL, ShockSize(parallel=_MOVE_BP)),
        shock_bp(years, _PARALLEL, ShockSize(parallel=-_MOVE_BP)),
        shock_bp(years, _EVERY_SHAPE, ShockSize()),
    )
    shocked = [shocked_zero_rates(base, years, move)[0] for move in moves]
    return replace(market.curves, zero_rates=np.stack([base, *shocked[1:]]))
