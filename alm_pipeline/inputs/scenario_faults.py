"""What a scenario names that does not exist: scenarios, packs, shapes, quotes of past dates.

Each fault stands beside the key it is about. What a file may say at all is `scenario_files`;
segments and indices are checked where all figures of a bank are read together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alm_pipeline.inputs.quote_history import QuoteHistory
from alm_pipeline.inputs.rule_packs import RulePack
from alm_pipeline.inputs.scenario_files import NO_FLOOR, HistoricalMove, Scenario

__all__ = ["BankNames", "Fault", "reference_faults", "use_faults"]

Fault = tuple[tuple[str, ...], str]
"""The keys that lead to what is wrong, and what is wrong with it."""


def reference_faults(
    name: str,
    scenarios: Mapping[str, Scenario],
    packs: Mapping[str, RulePack],
    histories: Mapping[str, QuoteHistory],
) -> list[Fault]:
    """Return what a scenario names that does not exist, and circles of `extends`."""
    scenario = scenarios[name]
    faults: list[Fault] = list(_pack_faults(scenario, packs))
    if (scenario.kind == "base") != (name == "base"):
        faults.append((("kind",), "the scenario base, and only that one, has kind base"))
    if scenario.shocks is not None:
        for currency, past in scenario.shocks.history.items():
            place = ("shocks", "history", currency)
            faults += [(place, fault) for fault in _history_faults(currency, past, histories)]
    return faults + [(("extends",), fault) for fault in _circles(name, scenarios)]


@dataclass(frozen=True)
class BankNames:
    """What a bank has that scenarios may name: behaviour segments, indices, spread curves.

    ``migrating`` are segments whose depositors may move to another one, ``coverage_rules`` those of
    the packs of the coverage ratio; ``reporting_currency`` is empty where the bank's settings are
    not at hand.
    """

    segments: set[str]
    indices: set[str]
    spread_curves: set[str]
    migrating: set[str]
    coverage_rules: set[str]
    reporting_currency: str = ""


def use_faults(scenario: Scenario, names: BankNames) -> list[Fault]:
    """Return what a scenario moves and a bank does not have."""
    segments, indices = names.segments, names.indices
    faults: list[Fault] = []
    if scenario.fx is not None and names.reporting_currency in scenario.fx:
        currency = names.reporting_currency
        faults.append((("fx", currency), f"{currency} is what others are translated into"))
    unknown = sorted((scenario.spreads or {}).keys() - names.spread_curves)
    known = ", ".join(sorted(names.spread_curves)) or "none"
    faults += [
        (("spreads", one), f"there is no curve {one} of role spread; there are {known}")
        for one in unknown
    ]
    known = ", ".join(sorted(segments))
    for word in ("behaviour", "balance_sheet"):
        named = getattr(scenario, word)
        unknown = sorted(named.segments() - segments) if named is not None else []
        faults += [((word,), f"there is no segment {one}; there are {known}") for one in unknown]
    moved = scenario.balance_sheet.migration_share if scenario.balance_sheet else {}
    faults += [
        (
            ("balance_sheet", "migration_share", one),
            f"depositors of {one} move nowhere; give migrates_to in assumptions/new_business.yaml",
        )
        for one in sorted((moved.keys() & segments) - names.migrating)
    ]
    faults += [
        (("deposit_run", one), f"there is no segment {one}; there are {known}")
        for one in sorted((scenario.deposit_run or {}).keys() - segments)
    ]
    faults += _weight_faults(scenario, names)
    if scenario.shocks is not None:
        unknown = sorted(scenario.shocks.index_bp.keys() - indices)
        known = ", ".join(sorted(indices))
        faults += [
            (("shocks", "index_bp", one), f"there is no index {one}; there are {known}")
            for one in unknown
        ]
    return faults


def _weight_faults(scenario: Scenario, names: BankNames) -> list[Fault]:
    known = ", ".join(sorted(names.coverage_rules))
    return [
        (("coverage", one), f"no pack of the coverage ratio has the rule {one}; there are {known}")
        for one in sorted((scenario.coverage or {}).keys() - names.coverage_rules)
    ]


def _pack_faults(scenario: Scenario, packs: Mapping[str, RulePack]) -> Iterator[Fault]:
    known = ", ".join(packs)
    if scenario.pack is not None and scenario.pack not in packs:
        yield ("pack",), f"the pack {scenario.pack} does not exist; there are {known}"
    elif scenario.pack is not None and scenario.shape is not None:
        shapes = packs[scenario.pack].shapes.coefficients
        if scenario.shape not in shapes:
            listed = ", ".join(shapes)
            yield ("shape",), f"{scenario.pack} has no shape {scenario.shape}; it has {listed}"
    if scenario.floor is not None and scenario.floor not in (NO_FLOOR, *packs):
        yield ("floor",), f"the pack {scenario.floor} does not exist; there are none, {known}"


def _history_faults(
    currency: str, past: HistoricalMove, histories: Mapping[str, QuoteHistory]
) -> list[str]:
    if past.quotes not in histories:
        known = ", ".join(histories)
        return [f"{currency}: there are no quotes {past.quotes}; there are {known}"]
    series = histories[past.quotes]
    return [
        f"{currency}: {past.quotes} has no quotes of {day}"
        for day in (past.from_date, past.to_date)
        if day not in series.dates
    ]


def _circles(name: str, scenarios: Mapping[str, Scenario]) -> Iterator[str]:
    visited, parent = {name}, scenarios[name].extends
    while parent is not None:
        if parent not in scenarios:
            yield f"it extends {parent}, which does not exist"
            return
        if parent in visited:
            yield f"it extends {parent}, which extends it"
            return
        visited.add(parent)
        parent = scenarios[parent].extends
