"""The positions of the slow reference as the engine takes them, and how far both are apart.

`coverage()` compares two books of all kinds, present values without margins in one and with them
in the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from random import Random
from typing import Any

import numpy as np

from alm_pipeline.audit.challenger.contracts import Cohort, Held, World
from alm_pipeline.audit.challenger.market import Curve
from alm_pipeline.engine.arrays import (
    MAX_OFFSET,
    NO_DATE,
    Behaviour,
    Buckets,
    CashFlowModel,
    Curves,
    OptionType,
    Positions,
    RateType,
)
from alm_pipeline.engine.conventions.day_count import DAY_COUNT_CODES
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS
from alm_pipeline.engine.simulation.result import SimulationResult
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate
from tests.reference.slow_book import KINDS, N_SCENARIOS, Draw
from tests.reference.slow_lenses import Lenses, lenses
from tests.unit.engine.books import book

BOUNDS = (1, 30, 90, 181, 365, 730, 1826)
NODES = (1, 31, 92, 182, 365, 730, 1095, 1826, 3650, 7300, 12000)
YEAR_DAYS = (360.0, 365.0)
MODELS = {
    "bullet": CashFlowModel.BULLET,
    "annuity": CashFlowModel.ANNUITY,
    "linear": CashFlowModel.LINEAR,
    "interest only": CashFlowModel.INTEREST_ONLY_THEN_ANNUITY,
    "non-maturity": CashFlowModel.NON_MATURITY,
    "revolving": CashFlowModel.REVOLVING,
    "swap leg": CashFlowModel.SWAP_LEG,
    "cap": CashFlowModel.CAP_FLOOR,
    "floor": CashFlowModel.CAP_FLOOR,
    "commitment": CashFlowModel.COMMITMENT,
    "undrawn": CashFlowModel.COMMITMENT,
    "non-performing": CashFlowModel.NON_PERFORMING,
    "balance": CashFlowModel.BALANCE_ONLY,
}
RATE_TYPES = {
    "fixed": RateType.FIXED,
    "floating": RateType.FLOATING,
    "administered": RateType.ADMINISTERED,
}
OPTIONS = {"cap": OptionType.CAP, "floor": OptionType.FLOOR}


def zero_rate(scenario: int, curve: int, n_days: int) -> float:
    """Return a node: upward, inverted, below zero, humped; index curves lie a little above."""
    t = n_days / 365.0
    shapes = (
        0.018 + 0.02 * (1 - math.exp(-t / 3)),
        0.055 - 0.03 * (1 - math.exp(-t / 4)),
        -0.007 + 0.013 * (1 - math.exp(-t / 7)),
        0.02 + 0.025 * t * math.exp(-t / 2),
    )
    return shapes[scenario] + curve * (0.003 - 0.002 * math.exp(-t))


def worlds(as_of: date) -> list[World]:
    """Return the scenarios; the first one is the base."""
    found: list[World] = []
    for scenario in range(N_SCENARIOS):
        curves = tuple(
            Curve(as_of, tuple((n, zero_rate(scenario, c, n)) for n in NODES), YEAR_DAYS[c])
            for c in range(2)
        )
        found.append(World(as_of, curves, found[0].curves if found else curves, scenario))
    return found


def engine_curves() -> Curves:
    rates = [[[zero_rate(s, c, n) for n in NODES] for c in range(2)] for s in range(N_SCENARIOS)]
    return Curves(
        tenor_days=np.array(NODES, dtype=np.int32),
        zero_rates=np.array(rates),
        base_zero_rates=np.array(rates[0]),
        index_year_days=np.array(YEAR_DAYS),
    )


def engine_buckets() -> Buckets:
    return Buckets(name="days", upper_offset=np.array([*BOUNDS, MAX_OFFSET], dtype=np.int32))


def engine_terms(held: Held, as_of: date, row: int) -> dict[str, Any]:
    """Return the terms of a position; its cohort and its group have its own number."""

    def offset(day: date | None) -> int:
        return NO_DATE if day is None else (day - as_of).days

    return {
        "sign": held.sign,
        "model": MODELS[held.kind],
        "principal": held.principal,
        "accrued_interest": held.accrued,
        "impairment_amount": held.impairment,
        "rate_type": RATE_TYPES[held.rate_type],
        "coupon_rate": held.rate,
        "spread_rate": held.spread,
        "rate_multiplier": held.multiplier,
        "margin_rate": held.margin,
        "cap_rate": held.cap,
        "floor_rate": held.floor,
        "period_cap_rate": held.period_cap,
        "period_floor_rate": held.period_floor,
        "discount_curve": held.discount_curve,
        "index_curve": held.index_curve,
        "index_tenor": INDEX_TENOR_MONTHS.index(held.index_months),
        "day_count": DAY_COUNT_CODES[held.day_count],
        "start_offset": offset(held.start),
        "maturity_offset": offset(held.maturity),
        "last_payment_offset": offset(held.last_payment),
        "next_payment_offset": offset(held.next_payment),
        "next_reset_offset": offset(held.next_reset),
        "interest_only_end_offset": offset(held.interest_only_end),
        "recovery_offset": offset(held.recovery),
        "payment_months": held.payment_months,
        "principal_months": held.principal_months,
        "reset_months": held.reset_months,
        "roll_day": held.roll_day,
        "payment_amount": held.payment,
        "amortisation_payments": held.n_amortisation,
        "balloon_amount": held.balloon,
        "option_type": OPTIONS.get(held.kind, OptionType.NONE),
        "strike_rate": held.strike,
        "penalty_rate": held.penalty_share,
        "penalty_months": held.penalty_months,
        "penalty_amount": held.penalty_amount,
        "lockout_offset": offset(held.lockout),
        "is_term_shortened": held.is_term_shortened,
        "next_index_rate": math.inf if held.next_index is None else held.next_index,
        "cohort": row if held.cohort is not None else -1,
        "is_redeemable": held.cohort is not None and any(held.cohort.redemption),
        "replacement_tenor": INDEX_TENOR_MONTHS.index(held.replacement_months),
        "replacement_margin": held.replacement_margin,
        "group": row,
    }


def engine_behaviour(positions: Sequence[Held]) -> Behaviour:
    """Return one cohort per position; that of a position without one does nothing."""
    nobody = Draw(Random(0), date.min).cohort()
    cohorts = [held.cohort or nobody for held in positions]
    whole = (1.0,) * N_SCENARIOS

    def column(name: str, kind: str = "f8") -> np.ndarray:
        return np.array([getattr(one, name) for one in cohorts]).astype(kind)

    return Behaviour(
        annual_prepayment_rate=column("prepayment"),
        redemption_share=column("redemption"),
        core_share=column("core_share"),
        core_run_off_months=column("core_months", "i4"),
        pass_through_up=np.array([one.up or whole for one in cohorts]),
        pass_through_down=np.array([one.down or whole for one in cohorts]),
        lag_months=column("lag", "i4"),
        rate_floor=column("floor"),
        draw_profile=draw_profile(cohorts),
    )


def draw_profile(cohorts: Sequence[Cohort]) -> np.ndarray:
    """Return what is drawn at each month end: an equal part in each of a cohort's months."""
    n_months = max(one.draw_months for one in cohorts)
    profile = np.zeros((len(cohorts), n_months, N_SCENARIOS))
    for row, one in enumerate(cohorts):
        if one.draw_months:
            profile[row, : one.draw_months] = np.array(one.drawn) / one.draw_months
    return profile


def engine_positions(positions: Sequence[Held], as_of: date) -> Positions:
    return book(*(engine_terms(held, as_of, row) for row, held in enumerate(positions)))


def random_positions(as_of: date, seed: int) -> list[tuple[str, Held]]:
    """Return the positions of a book, each with the name of what it is."""
    draw = Draw(Random(seed), as_of)
    return [(build.__name__, build(draw)) for build, n in KINDS.items() for _ in range(n)]


@dataclass(frozen=True)
class Difference:
    """One position under all scenarios: worst differences relative to the principal, by item."""

    name: str
    held: Held
    worst: dict[str, float]


@cache
def differences() -> tuple[Difference, ...]:
    plain = compared(date(2025, 12, 31), 25, eve_margins="excluded")
    return (*plain, *compared(date(2027, 3, 17), 27, eve_margins="included"))


def compared(as_of: date, seed: int, eve_margins: str) -> list[Difference]:
    """Return how far the engine is from the slow reference, position by position."""
    named = random_positions(as_of, seed)
    positions = [held for _, held in named]
    options = SimulationOptions(as_of_date=np.datetime64(as_of), eve_margins=eve_margins)
    book = engine_positions(positions, as_of), engine_curves(), engine_behaviour(positions)
    result = simulate(*book, (engine_buckets(),), options)
    until_reset = replace(options, value_of="repricing", lenses=("value",))
    repriced = simulate(*book, (engine_buckets(),), until_reset).present_value
    bounds = [date.fromordinal(as_of.toordinal() + n) for n in BOUNDS]
    found = []
    for row, (name, held) in enumerate(named):
        worst: dict[str, float] = {}
        for world in worlds(as_of):
            slow = lenses(held, world, bounds, is_margin_in=eve_margins == "included")
            off_by = apart(slow, result, row, world.scenario)
            until = abs(repriced[row, world.scenario] - slow.until_reset)
            for item, off in {**off_by, "value until repricing": until}.items():
                worst[item] = max(worst.get(item, 0.0), off / held.principal)
        found.append(Difference(name, held, worst))
    return found


def apart(slow: Lenses, result: SimulationResult, row: int, scenario: int) -> dict[str, float]:
    """Return the absolute difference of each item."""
    buckets = result.buckets["days"]
    amounts = {
        "principal by bucket": (slow.principal, buckets.principal),
        "interest by bucket": (slow.interest, buckets.interest),
        "value by bucket": (slow.present_value, buckets.present_value),
        "repricing by bucket": (slow.repricing, buckets.repricing_principal),
    }
    found = {
        item: float(np.abs(np.array(ours) - theirs[row, :, scenario]).max())
        for item, (ours, theirs) in amounts.items()
    }
    found["value"] = abs(slow.value - float(result.present_value[row, scenario]))
    paths = {
        "forward": result.net_interest_income,
        "flat": result.net_interest_income_other_path,
    }
    for (path, months), income in slow.income.items():
        theirs = float(paths[path][months][row, scenario])
        found[f"income of {months} months, {path}"] = abs(income - theirs)
    return found


def coverage() -> dict[str, tuple[int, float]]:
    """Return the number of positions and the worst difference of each kind."""
    table: dict[str, tuple[int, float]] = {}
    for one in differences():
        n, worst = table.get(one.name, (0, 0.0))
        table[one.name] = n + 1, max(worst, *one.worst.values())
    return table
