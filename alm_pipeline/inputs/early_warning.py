"""Early-warning indicators and the contingency plan, each in a YAML file of its name.

Thresholds, levels and actions are the bank's own. What an indicator is worth, and which level is
reached, is SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import Field, StringConstraints, model_validator

from alm_pipeline.inputs.records import Name, Problems, Record, Share, Sourced, Thresholds
from alm_pipeline.inputs.relation_rows import Row, rows_table, schema_of
from alm_pipeline.inputs.yaml_files import contract_file

__all__ = [
    "WARNING_SCHEMAS",
    "ContingencyPlan",
    "EarlyWarning",
    "read_contingency_plan",
    "read_early_warning",
    "warning_relations",
]

WARNING_SCHEMAS: dict[str, pa.Schema] = {
    "warning_thresholds": schema_of(
        "indicator indicator_about threshold_direction amber:double red:double owner status"
    ),
    "daily_thresholds": schema_of(
        "indicator indicator_about threshold_direction amber:double red:double owner status"
    ),
    "contingency_sources": schema_of(
        "source_type haircut_share:double is_correlated:boolean tested_within_days:integer status"
    ),
    "contingency_actions": schema_of(
        "contingency_level level_place:integer trigger_red:integer trigger_amber:integer "
        "action_place:integer action owner within_hours:integer status"
    ),
}

_Text = Annotated[str, StringConstraints(min_length=5)]


class Indicator(Thresholds):
    """One indicator and what it says."""

    about: _Text


class EarlyWarning(Sourced):
    """The indicators of a bank by name, of a close and of a day alone."""

    about: str
    kind: Literal["early_warning"]
    indicators: dict[Name, Indicator] = Field(min_length=1)
    daily: dict[Name, Indicator] = Field(min_length=1)


class ContingencySource(Record):
    """A kind of funding source: what it loses in a crisis, and whether it fails with the bank."""

    haircut_share: Share
    is_correlated: bool
    tested_within_days: int = Field(ge=0)


class ContingencyAction(Record):
    """What is done at a level, by whom and how soon."""

    action: _Text
    owner: str
    within_hours: int = Field(ge=1)


class ContingencyLevel(Record):
    """A level is reached by so many red indicators, or by so many that are amber or red."""

    red: int = Field(ge=1)
    amber: int = Field(ge=1)
    actions: list[ContingencyAction] = Field(min_length=1)


class ContingencyPlan(Sourced):
    """Sources of money in a crisis, and levels from the mildest to the worst."""

    about: str
    kind: Literal["contingency_plan"]
    sources: dict[Name, ContingencySource] = Field(min_length=1)
    levels: dict[Name, ContingencyLevel] = Field(min_length=1)

    @model_validator(mode="after")
    def _levels_get_worse(self) -> ContingencyPlan:
        reds = [level.red for level in self.levels.values()]
        if reds != sorted(set(reds)):
            raise ValueError("a later level is reached by as few red indicators as one before it")
        return self


def read_early_warning(problems: Problems, overlay: Path | None = None) -> EarlyWarning | None:
    """Return the indicators; what is wrong with them is added to `problems`."""
    return problems.read(EarlyWarning, contract_file("early_warning.yaml", overlay))


def read_contingency_plan(
    problems: Problems, overlay: Path | None = None
) -> ContingencyPlan | None:
    """Return the contingency plan; what is wrong with it is added to `problems`."""
    return problems.read(ContingencyPlan, contract_file("contingency_plan.yaml", overlay))


def warning_relations(warning: EarlyWarning, plan: ContingencyPlan) -> dict[str, pa.Table]:
    """Return thresholds, sources and actions, a row each."""
    sources: list[Row] = [
        {"source_type": name, **dict(one), "status": plan.status}
        for name, one in plan.sources.items()
    ]
    actions: list[Row] = [
        {
            "contingency_level": name,
            "level_place": place,
            "trigger_red": level.red,
            "trigger_amber": level.amber,
            "action_place": number,
            **dict(one),
            "status": plan.status,
        }
        for place, (name, level) in enumerate(plan.levels.items(), 1)
        for number, one in enumerate(level.actions, 1)
    ]
    found = {
        "warning_thresholds": _thresholds(warning, warning.indicators),
        "daily_thresholds": _thresholds(warning, warning.daily),
        "contingency_sources": sources,
        "contingency_actions": actions,
    }
    return {name: rows_table(WARNING_SCHEMAS[name], rows) for name, rows in found.items()}


def _thresholds(warning: EarlyWarning, indicators: Mapping[str, Indicator]) -> list[Row]:
    return [
        {
            "indicator": name,
            "indicator_about": one.about,
            "threshold_direction": one.direction,
            "amber": one.amber,
            "red": one.red,
            "owner": warning.owner,
            "status": warning.status,
        }
        for name, one in indicators.items()
    ]
