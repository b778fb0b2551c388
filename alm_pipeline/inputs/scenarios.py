"""The what-ifs: one YAML file per scenario, its stem the name.

Answers which scenarios exist, what each moves in one currency, on which floor and how fast, and
what it multiplies behaviour with. What a file may say is `inputs/scenario_files.py`; the shocked
curve is made in `inputs/zero_rates.py`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.scenarios.shocks import BASIS_POINT, RateFloor, ShockShape, ShockSize
from alm_pipeline.errors import ConfigurationError, MarketDataError
from alm_pipeline.inputs.quote_history import QuoteHistory, read_quote_histories
from alm_pipeline.inputs.records import Problems
from alm_pipeline.inputs.rule_packs import RulePack, load_rule_packs
from alm_pipeline.inputs.scenario_faults import BankNames, reference_faults, use_faults
from alm_pipeline.inputs.scenario_files import NO_FLOOR, Scenario, Shocks
from alm_pipeline.inputs.yaml_files import contract_files
from alm_pipeline.inputs.yaml_places import line_of

__all__ = [
    "BASE",
    "Move",
    "Scenario",
    "ScenarioBook",
    "VolatilityMove",
    "check_scenario_file",
    "load_scenarios",
    "read_scenarios",
    "use_problems",
    "with_scenario_file",
]

BASE = "base"
_STEM = re.compile(r"^[a-z][a-z0-9_]*$")
_DECIDING = {"kind", "pack", "shape", "shocks", "extends", "ramp", "floor", "spreads"}
_OF_A_PACK = {"shock_size_bp", "shapes", "ramps", "floor"}


@dataclass(frozen=True)
class Move:
    """One part of a shock in one currency; parts are added in order.

    ``shape`` and ``size`` always count. `nodes_bp` and `key_rates_bp` are moves by tenor; `series`
    with `dates` is a move of history; `zero_rates` is a curve that replaces all parts before.
    """

    shape: ShockShape
    size: ShockSize
    nodes_bp: Mapping[str, float] = field(default_factory=dict)
    key_rates_bp: Mapping[str, float] = field(default_factory=dict)
    zero_rates: Mapping[str, float] = field(default_factory=dict)
    series: QuoteHistory | None = None
    dates: tuple[dt.date, dt.date] | None = None


@dataclass(frozen=True)
class VolatilityMove:
    """What happens to the normal volatilities of a currency: a factor, then basis points."""

    factor: float = 1.0
    move_bp: float = 0.0

    def moved(self, volatilities: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Return normal volatilities after the move, none below zero."""
        return np.maximum(volatilities * self.factor + self.move_bp * BASIS_POINT, 0.0)


@dataclass(frozen=True)
class ScenarioBook:
    """All scenarios, the packs they name and the quotes they replay."""

    scenarios: Mapping[str, Scenario]
    packs: Mapping[str, RulePack]
    histories: Mapping[str, QuoteHistory] = field(default_factory=dict)

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

    def parts(self, name: str) -> Iterator[Scenario]:
        """Yield the scenario and those it extends, itself first."""
        return (self.scenarios[one] for one in reversed(self.lineage(name)))

    def pack_and_shape(self, name: str) -> tuple[str, str] | None:
        """Return the pack and shape behind a scenario, its own or an ancestor's, or None."""
        for scenario in self.parts(name):
            if scenario.pack is not None and scenario.shape is not None:
                return scenario.pack, scenario.shape
        return None

    def ramp_months(self, name: str) -> int:
        """Return over how many months a scenario builds up; 0 where it moves at once."""
        for scenario in self.parts(name):
            if scenario.ramp is not None:
                return scenario.ramp.months
            if scenario.pack is not None and scenario.shape is not None:
                return self.packs[scenario.pack].ramp_months(scenario.shape)
        return 0

    def rate_floor(self, name: str) -> RateFloor | None:
        """Return the floor of a scenario: the one it names, else its pack's, else none."""
        for scenario in self.parts(name):
            if scenario.floor is not None:
                named = scenario.floor
                return None if named == NO_FLOOR else self.packs[named].rate_floor()
            if scenario.pack is not None:
                return self.packs[scenario.pack].rate_floor()
        return None

    def behaviour_factor(self, name: str, part: str, segment: str) -> float:
        """Return what a scenario's own words multiply one part of a segment's behaviour with."""
        found = 1.0
        for scenario in self.parts(name):
            if scenario.behaviour is not None:
                found *= scenario.behaviour.factor(part, segment)
        return found

    def planned(self, name: str, parameter: str, segment: str, assumed: float) -> float:
        """Return a figure of the plan for the balance sheet in a scenario; its own word counts."""
        for scenario in self.parts(name):
            own = getattr(scenario.balance_sheet, parameter, {})
            if segment in own:
                return float(own[segment])
        return assumed

    def income_months(self, name: str) -> int | None:
        """Return the window of income by which a scenario wants to be seen; None for all."""
        horizons = (scenario.horizon for scenario in self.parts(name))
        return next((one.income_months for one in horizons if one is not None), None)

    def run_share(self, name: str, segment: str) -> float:
        """Return which share of a segment's balance runs off at once in a scenario."""
        runs = (scenario.deposit_run for scenario in self.parts(name))
        return next((run[segment] for run in runs if run and segment in run), 0.0)

    def index_moves_bp(self, name: str) -> dict[str, float]:
        """Return the basis move of every index that a scenario moves against its curve."""
        found: dict[str, float] = {}
        for shocks in self._shocks(name):
            for index, move in shocks.index_bp.items():
                found[index] = found.get(index, 0.0) + move
        return {index: move for index, move in found.items() if move != 0.0}

    def spread_moves_bp(self, name: str) -> dict[str, float]:
        """Return the move of every spread curve that a scenario moves against the one below it."""
        found: dict[str, float] = {}
        for scenario in self.parts(name):
            for curve, move in (scenario.spreads or {}).items():
                found[curve] = found.get(curve, 0.0) + move
        return found

    def translation_factors(self, name: str) -> dict[str, float]:
        """Return what a scenario multiplies exchange rates with; moves of ancestors compound."""
        found: dict[str, float] = {}
        for scenario in self.parts(name):
            for currency, move in (scenario.fx or {}).items():
                found[currency] = found.get(currency, 1.0) * (1.0 + move)
        return found

    def volatility_move(self, name: str, currency: str) -> VolatilityMove:
        """Return what a scenario does to the volatilities of a currency."""
        factor, move_bp = 1.0, 0.0
        for shocks in self._shocks(name):
            factor *= shocks.volatility_factor.get(currency, 1.0)
            move_bp += shocks.volatility_bp.get(currency, 0.0)
        return VolatilityMove(factor, move_bp)

    def definition(self, name: str) -> str:
        """Return all that decides the curves of a scenario, as JSON; remarks are left out."""
        parts: list[object] = []
        for one in self.lineage(name):
            scenario = self.scenarios[one]
            said = scenario.model_dump(mode="json", include=_DECIDING)
            parts.append({"scenario": one, **said})
            for named in {scenario.pack, scenario.floor} - {None, NO_FLOOR}:
                pack = self.packs[str(named)]
                parts.append({named: pack.model_dump(mode="json", include=_OF_A_PACK)})
            replayed = {} if scenario.shocks is None else scenario.shocks.history
            parts += [self.histories[p.quotes].model_dump(mode="json") for p in replayed.values()]
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

    def named_currencies(self, name: str) -> set[str]:
        """Return the currencies that a scenario's own words name; packs name many more."""
        return {currency for shocks in self._shocks(name) for currency in shocks.currencies()}

    def _shocks(self, name: str) -> Iterator[Shocks]:
        return (part.shocks for part in self.parts(name) if part.shocks is not None)

    def _move(self, name: str, currency: str) -> Move | None:
        scenario = self.scenarios[name]
        if scenario.pack is not None and scenario.shape is not None:
            pack = self.packs[scenario.pack]
            return Move(pack.shape(scenario.shape), pack.size(currency, scenario.pack))
        if scenario.shocks is None or not scenario.shocks.currencies():
            return None
        return self._own_move(name, scenario.shocks, currency)

    def _own_move(self, name: str, shocks: Shocks, currency: str) -> Move:
        if currency not in shocks.currencies():
            raise MarketDataError(
                f"the scenario {name} gives no shock for {currency}",
                where=f"data_contracts/scenarios/{name}.yaml",
                detail="named: " + ", ".join(sorted(shocks.currencies())),
                fix="name the currency; 0 leaves it where it is",
            )
        past = shocks.history.get(currency)
        return Move(
            ShockShape(1.0, 1.0, 1.0, shocks.decay_years),
            ShockSize(
                shocks.parallel_bp.get(currency, 0.0),
                shocks.short_bp.get(currency, 0.0),
                shocks.long_bp.get(currency, 0.0),
            ),
            shocks.nodes_bp.get(currency, {}),
            shocks.key_rates_bp.get(currency, {}),
            shocks.zero_rates.get(currency, {}),
            None if past is None else self.histories[past.quotes],
            None if past is None else (past.from_date, past.to_date),
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
    found = {path: _read_file(problems, path) for path in contract_files("scenarios", overlay)}
    scenarios = {path.stem: one for path, one in found.items() if one is not None}
    book = ScenarioBook(scenarios, packs, read_quote_histories(problems, overlay))
    for path, scenario in found.items():
        if scenario is not None:
            _check_references(problems, path, book)
    if BASE not in scenarios:
        problems.add("scenarios", "there is no scenario base")
    return book


def with_scenario_file(path: Path, overlay: Path | None = None) -> ScenarioBook:
    """Return every scenario and the one of a file, which replaces the one of its name.

    Raises
    ------
    ConfigurationError
        With every problem of the file.
    """
    problems = Problems()
    book = load_scenarios(overlay)
    scenario = _read_file(problems, path)
    if scenario is None:
        return problems.settled(None)
    wider = ScenarioBook({**book.scenarios, path.stem: scenario}, book.packs, book.histories)
    _check_references(problems, path, wider)
    return problems.settled(wider)


def use_problems(file: Path, scenario: Scenario, names: BankNames) -> Problems:
    """Return what a scenario file moves and a bank does not have, each with its line."""
    problems = Problems()
    for place, fault in use_faults(scenario, names):
        problems.add(f"scenarios/{file.name}:{line_of(file, place)}", fault)
    return problems


def check_scenario_file(path: Path, overlay: Path | None = None) -> Scenario:
    """Return the scenario of one file, checked against the scenarios and packs that exist."""
    return with_scenario_file(path, overlay).scenarios[path.stem]


def _read_file(problems: Problems, path: Path) -> Scenario | None:
    where = f"scenarios/{path.name}"
    if not _STEM.match(path.stem):
        problems.add(where, "the name is lower-case letters, digits and underscores")
    content = problems.content(path)
    if content is None:
        return None
    return problems.record(Scenario, content, where, path)


def _check_references(problems: Problems, path: Path, book: ScenarioBook) -> None:
    faults = reference_faults(path.stem, book.scenarios, book.packs, book.histories)
    for place, fault in faults:
        problems.add(f"scenarios/{path.name}:{line_of(path, place)}", fault)
