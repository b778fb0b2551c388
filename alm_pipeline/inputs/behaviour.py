"""Behaviour of each segment in each scenario: the committee's figures times the pack's multipliers.

Answers the prepayment rate, the redeemed share, the share drawn of lines, the core and its run-off
and the pass-through of every behaviour segment, as rows and as the engine's arrays. A segment
without an entry in a file does not have that behaviour: nothing is prepaid, redeemed early or
drawn, there is no core, and a rate follows its index in full. Which position belongs to which
segment is SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alm_pipeline.engine.arrays import Behaviour, FloatArray
from alm_pipeline.inputs.assumptions import ASSUMPTION_FILES, AssumptionBook
from alm_pipeline.inputs.prepayment_terms import PrepaymentTerms, prepayment_terms
from alm_pipeline.inputs.records import Status, worst_status
from alm_pipeline.inputs.rule_packs import Multipliers
from alm_pipeline.inputs.scenarios import ScenarioBook

__all__ = ["NO_RATE_FLOOR", "BehaviourRow", "behaviour_arrays", "behaviour_rows"]

NO_RATE_FLOOR = -1.0
"""A rate floor that never binds, for segments without one."""

_MULTIPLIER = "multiplier"
_PARTS = ("prepayment", "early_withdrawal", "drawdown", "pass_through_up", "pass_through_down")
_NEUTRAL = {"pass_through_up": 1.0, "pass_through_down": 1.0, "rate_floor": NO_RATE_FLOOR}


@dataclass(frozen=True)
class BehaviourRow:
    """Behaviour of one segment in one scenario; shares and rates are decimals.

    ``core_profile``: shares of the core that leave by month, empty where they are equal parts.
    ``prepayment_figures``: where prepayment is more than one rate, its figures as the committee
    decided them and ``multiplier``; what they mean is `prepayment_terms`.
    """

    scenario: str
    behaviour_segment: str
    annual_prepayment_rate: float
    redemption_share: float
    drawn_share: float
    draw_months: int
    core_share: float
    core_run_off_months: int
    pass_through_up: float
    pass_through_down: float
    lag_months: int
    rate_floor: float
    status: Status
    core_profile: tuple[float, ...] = ()
    prepayment_figures: tuple[tuple[str, float], ...] = ()

    @property
    def prepayment_terms(self) -> PrepaymentTerms | None:
        """Return how prepayment depends on age, season and rates; None where it is one rate."""
        figures = dict(self.prepayment_figures)
        return prepayment_terms(figures, figures.pop(_MULTIPLIER)) if figures else None


def behaviour_rows(
    assumptions: AssumptionBook,
    scenarios: ScenarioBook,
    names: Sequence[str],
    *,
    is_prescribed: bool = False,
) -> list[BehaviourRow]:
    """Return one row per scenario and segment, in the order of `names` and of the segments.

    A base rate is multiplied as the scenario's pack and shape say and never exceeds 1.
    Source: BCBS d368, tables 3 and 4. Prepayment that answers to rates by itself would answer
    twice: the pack multiplies it only where the whole approach is prescribed.
    """
    return [
        _row(assumptions, scenarios, scenario, segment, is_prescribed)
        for scenario in names
        for segment in assumptions.segments()
    ]


def behaviour_arrays(
    rows: Sequence[BehaviourRow], segments: Sequence[str], names: Sequence[str]
) -> Behaviour:
    """Return the engine's tables: one row per segment, one column per scenario, in given order."""
    by_key = {(row.scenario, row.behaviour_segment): row for row in rows}
    table = [[by_key[name, segment] for name in names] for segment in segments]
    first = [columns[0] for columns in table]
    shape = (len(segments), len(names))
    return Behaviour(
        annual_prepayment_rate=np.array(
            [[row.annual_prepayment_rate for row in columns] for columns in table]
        ).reshape(shape),
        redemption_share=np.array(
            [[row.redemption_share for row in columns] for columns in table]
        ).reshape(shape),
        draw_profile=_draw_profile(table, shape),
        core_share=np.array([row.core_share for row in first]),
        core_run_off_months=np.array([row.core_run_off_months for row in first], dtype=np.int32),
        pass_through_up=_pass_through(
            [[row.pass_through_up for row in columns] for columns in table], shape
        ),
        pass_through_down=_pass_through(
            [[row.pass_through_down for row in columns] for columns in table], shape
        ),
        lag_months=np.array([row.lag_months for row in first], dtype=np.int32),
        rate_floor=np.array([row.rate_floor for row in first]),
        run_off_profile=_run_off_profile(first),
    )


def _run_off_profile(first: Sequence[BehaviourRow]) -> FloatArray:
    """Return what leaves overnight and by month, (n_segments, n_slots); zeros in equal parts."""
    longest = max((len(row.core_profile) for row in first), default=0)
    profile = np.zeros((len(first), longest + 1 if longest else 0))
    for segment, row in enumerate(first):
        if row.core_profile and row.core_share > 0.0:
            profile[segment, 0] = 1.0 - row.core_share
            profile[segment, 1 : len(row.core_profile) + 1] = row.core_share * np.array(
                row.core_profile
            )
    return profile


def _core_profile(assumptions: AssumptionBook, segment: str) -> tuple[float, ...]:
    """Return how the core leaves by month; empty in equal parts, which the months say."""
    if assumptions.has_straight_core(segment):
        return ()
    return tuple(float(share) for share in assumptions.core_profile(segment))


def _pass_through(table: Sequence[Sequence[float]], shape: tuple[int, int]) -> FloatArray:
    """Return shares by segment, and by scenario where some scenario has other ones."""
    shares = np.array(table, dtype=np.float64).reshape(shape)
    is_same = bool((shares == shares[:, :1]).all())
    return np.ascontiguousarray(shares[:, 0]) if is_same else shares


def _draw_profile(table: Sequence[Sequence[BehaviourRow]], shape: tuple[int, int]) -> FloatArray:
    """Return the share drawn at the end of each month, (n_segments, n_months, n_scenarios)."""
    months = [columns[0].draw_months for columns in table]
    profile = np.zeros((shape[0], max(months, default=0), shape[1]))
    for segment, (columns, n_months) in enumerate(zip(table, months, strict=True)):
        for scenario, row in enumerate(columns):
            profile[segment, :n_months, scenario] = row.drawn_share / max(n_months, 1)
    return profile


def _row(
    assumptions: AssumptionBook,
    scenarios: ScenarioBook,
    scenario: str,
    segment: str,
    is_prescribed: bool,
) -> BehaviourRow:
    factors, statuses = _multipliers(scenarios, scenario, segment)
    figures = assumptions.prepayment_figures(segment)
    if "refinance_rate" in figures and not is_prescribed:
        factors["prepayment"] = _own_factor(scenarios, scenario, segment, "prepayment")

    def figure(file: str, parameter: str) -> float:
        return assumptions.value(file, segment, parameter, _NEUTRAL.get(parameter, 0.0))

    def share(part: str, file: str, parameter: str) -> float:
        assumed = figure(file, parameter)
        return min(max(1.0, assumed), factors[part] * assumed)

    deposits = {name: figure("deposits", name) for name in ASSUMPTION_FILES["deposits"]}
    own = [one.figure.status for one in assumptions.figures if one.segment == segment]
    return BehaviourRow(
        scenario=scenario,
        behaviour_segment=segment,
        annual_prepayment_rate=share("prepayment", "prepayment", "annual_prepayment_rate"),
        redemption_share=share("early_withdrawal", "early_withdrawal", "redemption_share"),
        drawn_share=share("drawdown", "drawdown", "drawn_share"),
        draw_months=int(figure("drawdown", "draw_months")),
        core_share=deposits["core_share"],
        core_run_off_months=int(deposits["core_run_off_months"]),
        core_profile=_core_profile(assumptions, segment),
        pass_through_up=share("pass_through_up", "deposits", "pass_through_up"),
        pass_through_down=share("pass_through_down", "deposits", "pass_through_down"),
        lag_months=int(deposits["lag_months"]),
        rate_floor=deposits["rate_floor"],
        status=worst_status([*own, *(statuses if own else [])]),
        prepayment_figures=_prepayment_figures(figures, factors["prepayment"]),
    )


def _prepayment_figures(
    figures: Mapping[str, float], multiplier: float
) -> tuple[tuple[str, float], ...]:
    """Return the figures of prepayment that is more than one rate, and what multiplies it."""
    if prepayment_terms(figures, multiplier) is None:
        return ()
    return ((_MULTIPLIER, multiplier), *figures.items())


def _own_factor(scenarios: ScenarioBook, scenario: str, segment: str, part: str) -> float:
    return scenarios.behaviour_factor(scenario, f"{part}_multiplier", segment)


def _multipliers(
    scenarios: ScenarioBook, scenario: str, segment: str
) -> tuple[dict[str, float], list[Status]]:
    """Return what a scenario and the pack behind it multiply, and how reliable the figures are."""
    own = [one.status for one in scenarios.parts(scenario) if one.behaviour and one.status]
    factors = {part: _own_factor(scenarios, scenario, segment, part) for part in _PARTS}
    named = scenarios.pack_and_shape(scenario)
    if named is None:
        return factors, own
    found, shape = scenarios.packs[named[0]].behaviour, named[1]
    parts: dict[str, Multipliers] = {
        "prepayment": found.prepayment_multiplier,
        "early_withdrawal": found.early_withdrawal_multiplier,
        "drawdown": found.drawdown_multiplier,
    }
    prescribed = {part: factors[part] * one.by_shape[shape] for part, one in parts.items()}
    return factors | prescribed, [*own, *(one.status for one in parts.values())]
