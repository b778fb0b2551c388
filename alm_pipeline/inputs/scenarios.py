"""The what-ifs: one YAML file per scenario, its stem the name.

Kinds: `base` (nothing moves), `regulatory` (a pack and one of its shapes, never a size) and `own`
(sizes written by the bank, on top of the scenario it `extends`). Answers which scenarios exist and
what each moves in one currency; the shocked curve is made in `inputs/zero_rates.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from alm_pipeline.engine.scenarios.shocks import ShockShape, ShockSize
from alm_pipeline.errors import ConfigurationError, MarketDataError
from alm_pipeline.inputs.records import Currency, Name, Problems, Record, Source, Status
from alm_pipeline.inputs.rule_packs import RulePack, load_rule_packs
from alm_pipeline.inputs.yaml_files import contract_files

__all__ = [
    "BASE",
    "Scenario",
    "ScenarioBook",
    "check_scenario_file",
    "load_scenarios",
    "read_scenarios",
]

BASE = "base"
_STEM = re.compile(r"^[a-z][a-z0-9_]*$")
_Sizes = dict[Currency, float]


class Shocks(Record):
    """Sizes of an own scenario in basis points by currency, with sign.

    `short_bp` fades with maturity as the Basel short shape does, `long_bp` grows as the long one.
    A currency that is not to move is written with 0.
    """

    parallel_bp: _Sizes = Field(default_factory=dict)
    short_bp: _Sizes = Field(default_factory=dict)
    long_bp: _Sizes = Field(default_factory=dict)
    decay_years: Annotated[float, Field(gt=0.0)] = 4.0

    def currencies(self) -> set[str]:
        """Return the currencies that are named."""
        return {*self.parallel_bp, *self.short_bp, *self.long_bp}


class Scenario(Record):
    """One scenario as its file says it."""

    about: str = Field(min_length=10)
    kind: Literal["base", "regulatory", "own"]
    pack: Name | None = None
    shape: Name | None = None
    shocks: Shocks | None = None
    extends: Name | None = None
    source: Source | None = None
    status: Status | None = None

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> Scenario:
        allowed = {
            "base": set[str](),
            "regulatory": {"pack", "shape"},
            "own": {"shocks", "extends"},
        }[self.kind]
        required = allowed - {"extends"}
        optional = {"pack", "shape", "shocks", "extends"}
        given = {key for key in optional if getattr(self, key) is not None}
        wrong = [f"a scenario of kind {self.kind} has no {key}" for key in sorted(given - allowed)]
        wrong += [f"a scenario of kind {self.kind} needs {k}" for k in sorted(required - given)]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


@dataclass(frozen=True)
class Move:
    """One part of a shock in one currency; parts are added."""

    shape: ShockShape
    size: ShockSize


@dataclass(frozen=True)
class ScenarioBook:
    """All scenarios and the packs they name."""

    scenarios: Mapping[str, Scenario]
    packs: Mapping[str, RulePack]

    def lineage(self, name: str) -> list[str]:
        """Return the scenario and those it extends, the ancestor first.

        Raises
        ------
        ConfigurationError
            If the scenario is unknown.
        """
        if name not in self.scenarios:
            raise ConfigurationError(
                f"the scenario {name} does not exist",
                where="data_contracts/scenarios",
                fix=f"write scenarios/{name}.yaml, or name one of {', '.join(self.scenarios)}",
            )
        parent = self.scenarios[name].extends
        return [*self.lineage(parent), name] if parent is not None else [name]

    def pack_and_shape(self, name: str) -> tuple[str, str] | None:
        """Return the pack and shape behind a scenario, its own or an ancestor's, or None."""
        for one in reversed(self.lineage(name)):
            scenario = self.scenarios[one]
            if scenario.pack is not None and scenario.shape is not None:
                return scenario.pack, scenario.shape
        return None

    def ramp_months(self, name: str) -> int:
        """Return over how many months a scenario builds up; 0 where it moves at once."""
        named = self.pack_and_shape(name)
        return 0 if named is None else self.packs[named[0]].ramp_months(named[1])

    def definition(self, name: str) -> str:
        """Return all that decides the curves of a scenario, as JSON; remarks are left out."""
        moved = {"kind", "pack", "shape", "shocks", "extends"}
        parts: list[object] = []
        for one in self.lineage(name):
            scenario = self.scenarios[one]
            parts.append({"scenario": one, **scenario.model_dump(mode="json", include=moved)})
            if scenario.pack is not None:
                pack = self.packs[scenario.pack]
                deciding = {"shock_size_bp", "shapes", "ramps", "floor"}
                parts.append(pack.model_dump(mode="json", include=deciding))
        return json.dumps(parts, sort_keys=True)

    def moves(self, name: str, currency: str) -> list[Move]:
        """Return what a scenario moves in one currency; nothing in the base scenario.

        Raises
        ------
        MarketDataError
            If the pack or the scenario's own shocks do not name the currency.
        """
        parts = (self._move(one, currency) for one in self.lineage(name))
        return [move for move in parts if move is not None]

    def _move(self, name: str, currency: str) -> Move | None:
        scenario = self.scenarios[name]
        if scenario.pack is not None and scenario.shape is not None:
            pack = self.packs[scenario.pack]
            return Move(pack.shape(scenario.shape), pack.size(currency, scenario.pack))
        if scenario.shocks is None:
            return None
        return Move(
            ShockShape(1.0, 1.0, 1.0, scenario.shocks.decay_years),
            _own_size(name, scenario.shocks, currency),
        )


def _own_size(name: str, shocks: Shocks, currency: str) -> ShockSize:
    if currency not in shocks.currencies():
        raise MarketDataError(
            f"the scenario {name} gives no shock for {currency}",
            where=f"data_contracts/scenarios/{name}.yaml",
            detail="named: " + ", ".join(sorted(shocks.currencies())),
            fix="name the currency; 0 leaves it where it is",
        )
    return ShockSize(
        shocks.parallel_bp.get(currency, 0.0),
        shocks.short_bp.get(currency, 0.0),
        shocks.long_bp.get(currency, 0.0),
    )


def load_scenarios(overlay: Path | None = None) -> ScenarioBook:
    """Return every scenario with the packs they name, or raise every problem at once."""
    problems = Problems()
    from_packs = load_rule_packs(overlay)
    return problems.settled(read_scenarios(problems, from_packs, overlay))


def read_scenarios(
    problems: Problems, packs: Mapping[str, RulePack], overlay: Path | None = None
) -> ScenarioBook:
    """Return the scenarios that can be read; what is wrong with others is added to `problems`."""
    found: dict[str, Scenario] = {}
    for path in contract_files("scenarios", overlay):
        scenario = _read_file(problems, path)
        if scenario is not None:
            found[path.stem] = scenario
    for name, scenario in found.items():
        for fault in _reference_faults(name, scenario, found, packs):
            problems.add(f"scenarios/{name}.yaml", fault)
    if BASE not in found:
        problems.add("scenarios", "there is no scenario base")
    return ScenarioBook(found, packs)


def check_scenario_file(path: Path, overlay: Path | None = None) -> Scenario:
    """Return the scenario of one file, checked against the scenarios and packs that exist."""
    problems = Problems()
    book = load_scenarios(overlay)
    scenario = _read_file(problems, path)
    if scenario is not None:
        others = {**book.scenarios, path.stem: scenario}
        for fault in _reference_faults(path.stem, scenario, others, book.packs):
            problems.add(path.name, fault)
    return problems.settled(scenario)


def _read_file(problems: Problems, path: Path) -> Scenario | None:
    if not _STEM.match(path.stem):
        problems.add(
            f"scenarios/{path.name}", "the name is lower-case letters, digits and underscores"
        )
    content = problems.content(path)
    if content is None:
        return None
    return problems.record(Scenario, content, f"scenarios/{path.name}")


def _reference_faults(
    name: str,
    scenario: Scenario,
    known: Mapping[str, Scenario],
    packs: Mapping[str, RulePack],
) -> list[str]:
    """Return what a scenario names that does not exist, and circles of `extends`."""
    faults = []
    if scenario.pack is not None and scenario.pack not in packs:
        faults.append(f"the pack {scenario.pack} does not exist; there are {', '.join(packs)}")
    elif scenario.pack is not None and scenario.shape is not None:
        shapes = packs[scenario.pack].shapes.coefficients
        if scenario.shape not in shapes:
            faults.append(
                f"{scenario.pack} has no shape {scenario.shape}; it has {', '.join(shapes)}"
            )
    if (scenario.kind == "base") != (name == BASE):
        faults.append("the scenario base, and only that one, has kind base")
    visited, parent = {name}, scenario.extends
    while parent is not None:
        if parent not in known:
            faults.append(f"it extends {parent}, which does not exist")
            break
        if parent in visited:
            faults.append(f"it extends {parent}, which extends it")
            break
        visited.add(parent)
        parent = known[parent].extends
    return faults
