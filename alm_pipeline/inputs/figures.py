"""All figures of a bank read in one go, with every problem of every file in one error.

Answers what stands in the YAML of `data_contracts/` and the bank's overlay, checked across files:
products name segments and curves that exist, core deposits keep within the caps, scenarios name
packs that exist. Settings of the bank and data contracts of tables are read elsewhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from alm_pipeline.inputs.assumptions import AssumptionBook, cap_faults, read_assumptions
from alm_pipeline.inputs.curves import CurveBook, read_curves
from alm_pipeline.inputs.early_warning import (
    ContingencyPlan,
    EarlyWarning,
    read_contingency_plan,
    read_early_warning,
)
from alm_pipeline.inputs.limits import LimitBook, read_limits
from alm_pipeline.inputs.liquidity_packs import (
    LiquidityPacks,
    coverage_rules,
    read_liquidity_packs,
)
from alm_pipeline.inputs.models import ModelBook, read_models
from alm_pipeline.inputs.products import ProductMap, product_faults, read_products
from alm_pipeline.inputs.records import Problems
from alm_pipeline.inputs.rule_packs import Pack, RulePack, read_rule_packs
from alm_pipeline.inputs.scenario_faults import BankNames, use_faults
from alm_pipeline.inputs.scenarios import ScenarioBook, read_scenarios
from alm_pipeline.inputs.time_buckets import TimeBuckets, read_time_buckets

__all__ = [
    "DatedItem",
    "Figures",
    "bank_names",
    "decided",
    "expired",
    "expiring",
    "load_figures",
    "outside_dates",
]


@dataclass(frozen=True)
class Figures:
    """Everything YAML says about markets, rules, assumptions, products, limits and models."""

    curves: CurveBook
    packs: dict[str, RulePack]
    liquidity: LiquidityPacks
    warning: EarlyWarning
    contingency: ContingencyPlan
    time_buckets: TimeBuckets
    scenarios: ScenarioBook
    assumptions: AssumptionBook
    products: ProductMap
    limits: LimitBook
    models: ModelBook


@dataclass(frozen=True)
class DatedItem:
    """A figure and the dates from which and to which it holds, with its owner."""

    item_kind: str
    item: str
    effective_from: dt.date
    effective_to: dt.date | None
    owner: str

    def covers(self, as_of_date: dt.date) -> bool:
        """Say whether a day lies within the dates, both included."""
        return self.effective_from <= as_of_date and self.days_left(as_of_date) >= 0

    def days_left(self, as_of_date: dt.date) -> int:
        """Return the days from the as-of date to the last one in force; negative once expired."""
        return ((self.effective_to or dt.date.max) - as_of_date).days


def load_figures(overlay: Path | None = None) -> Figures:
    """Return all figures of a bank.

    Raises
    ------
    ConfigurationError
        With every problem found in any file.
    """
    problems = Problems()
    curves = read_curves(problems, overlay)
    packs = read_rule_packs(problems, overlay)
    liquidity = read_liquidity_packs(problems, overlay)
    warning = read_early_warning(problems, overlay)
    contingency = read_contingency_plan(problems, overlay)
    buckets = read_time_buckets(problems, overlay)
    scenarios = read_scenarios(problems, packs, overlay)
    assumptions = read_assumptions(problems, overlay)
    products = read_products(problems, overlay)
    limits = read_limits(problems, overlay)
    models = read_models(problems, overlay)
    _check_caps(problems, assumptions, packs)
    if curves is not None:
        _check_uses(problems, scenarios, bank_names(curves, assumptions, liquidity))
    if products is not None and curves is not None:
        for fault in product_faults(products, curves, assumptions.nmd_categories):
            problems.add("products.yaml", fault)
    return Figures(
        curves=problems.settled(curves),
        packs=packs,
        liquidity=liquidity,
        warning=problems.settled(warning),
        contingency=problems.settled(contingency),
        time_buckets=problems.settled(buckets),
        scenarios=scenarios,
        assumptions=assumptions,
        products=problems.settled(products),
        limits=problems.settled(limits),
        models=problems.settled(models),
    )


def outside_dates(
    figures: Figures, as_of_date: dt.date, scenarios: Iterable[str], liquidity: Iterable[str] = ()
) -> list[DatedItem]:
    """Return packs, assumptions and limits used on a date their own dates do not cover.

    ``liquidity``: the packs of the liquidity ratios that the bank uses.
    """
    named = {figures.scenarios.pack_and_shape(name) for name in scenarios}
    used = {one[0] for one in named if one is not None} | set(liquidity)
    packs: dict[str, Pack] = {**figures.packs, **figures.liquidity}
    found = [
        DatedItem("rule_pack", name, pack.effective_from, pack.effective_to, pack.jurisdiction)
        for name, pack in packs.items()
        if name in used and not pack.is_in_force(as_of_date)
    ]
    return found + [one for one in decided(figures) if not one.covers(as_of_date)]


def decided(figures: Figures) -> list[DatedItem]:
    """Return every assumption and limit with its dates, whether they cover a day or not."""
    found = [
        DatedItem(
            "assumption",
            f"{one.assumption}.{one.segment}.{one.parameter}",
            one.figure.effective_from,
            one.figure.expires,
            one.figure.owner,
        )
        for one in figures.assumptions.figures
    ]
    return found + [
        DatedItem("limit", f"{one.metric}.{one.scope}", one.effective_from, one.expires, one.owner)
        for one in figures.limits.limits
    ]


def expired(figures: Figures, as_of_date: dt.date) -> list[DatedItem]:
    """Return the assumptions and limits whose expiry lies before the as-of date."""
    return [one for one in decided(figures) if one.days_left(as_of_date) < 0]


def expiring(figures: Figures, as_of_date: dt.date, notice_days: int) -> list[DatedItem]:
    """Return the assumptions and limits that expire within the notice given."""
    return [one for one in decided(figures) if 0 <= one.days_left(as_of_date) <= notice_days]


def bank_names(
    curves: CurveBook,
    assumptions: AssumptionBook,
    packs: LiquidityPacks,
    reporting_currency: str = "",
) -> BankNames:
    """Return what scenarios of the bank may name."""
    return BankNames(
        segments=set(assumptions.segments()),
        indices=set(curves.indices),
        spread_curves={name for name, one in curves.curves.items() if one.role == "spread"},
        migrating=set(assumptions.migrations),
        coverage_rules=coverage_rules(packs),
        reporting_currency=reporting_currency,
    )


def _check_uses(problems: Problems, book: ScenarioBook, names: BankNames) -> None:
    """Report what scenarios move and nobody has."""
    for name, scenario in book.scenarios.items():
        for place, fault in use_faults(scenario, names):
            problems.add(f"scenarios/{name}.yaml", f"{'.'.join(place)}: {fault}")


def _check_caps(
    problems: Problems, assumptions: AssumptionBook, packs: dict[str, RulePack]
) -> None:
    """Report a deposit beyond a cap once, however many packs share the cap."""
    faults: dict[str, None] = {}
    for pack in packs.values():
        faults |= dict.fromkeys(cap_faults(assumptions, pack))
    for fault in faults:
        problems.add("assumptions/deposits.yaml", fault)
