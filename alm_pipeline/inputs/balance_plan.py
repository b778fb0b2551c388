"""The plan for the balance sheet, segment by segment, in a scenario.

Figures of `assumptions/new_business.yaml` unless the scenario says otherwise. What volumes the plan
makes of a book is `orchestration/growth.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from alm_pipeline.inputs.assumptions import AssumptionBook
from alm_pipeline.inputs.scenarios import ScenarioBook

__all__ = ["SegmentPlan", "segment_plans"]

_FILE = "new_business"


@dataclass(frozen=True)
class SegmentPlan:
    """What becomes of the balance of a segment; as it is unless said otherwise.

    Attributes
    ----------
    annual_growth : float [1/year]
    renewed : float [share of what is repaid]
    run_share : float [share of today's balance]
        Leaves within a month and is not replaced.
    migration_share, migration_speed, migration_threshold : float
        Most that moves to another segment [share], how readily [1 / rate], from which difference of
        pay on [decimal per year].
    migrates_to : str
        The other segment, empty without.
    """

    annual_growth: float = 0.0
    renewed: float = 1.0
    run_share: float = 0.0
    migration_share: float = 0.0
    migration_speed: float = 0.0
    migration_threshold: float = 0.0
    migrates_to: str = ""

    @property
    def moves(self) -> bool:
        """Say whether the balance does anything but stay."""
        is_whole = (self.annual_growth, self.renewed, self.run_share) == (0.0, 1.0, 0.0)
        return not is_whole or self.migration_share > 0.0


def segment_plans(
    assumptions: AssumptionBook, scenarios: ScenarioBook, scenario: str
) -> dict[str, SegmentPlan]:
    """Return the plan of every segment in a scenario, that of what has no segment included."""
    everywhere = assumptions.value(_FILE, "all", "replacement_share", 1.0)

    def assumed(segment: str, parameter: str, neutral: float = 0.0) -> float:
        return assumptions.value(_FILE, segment, parameter, neutral)

    def planned(segment: str, parameter: str, neutral: float = 0.0) -> float:
        figure = assumed(segment, parameter, neutral)
        return scenarios.planned(scenario, parameter, segment, figure)

    return {
        segment: SegmentPlan(
            annual_growth=planned(segment, "annual_growth_rate"),
            renewed=planned(segment, "replacement_share", everywhere),
            run_share=scenarios.run_share(scenario, segment),
            migration_share=planned(segment, "migration_share"),
            migration_speed=assumed(segment, "migration_speed"),
            migration_threshold=assumed(segment, "migration_threshold_rate"),
            migrates_to=assumptions.migrations.get(segment, ""),
        )
        for segment in assumptions.segments()
    }
