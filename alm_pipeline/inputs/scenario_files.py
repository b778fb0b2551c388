"""The language of scenarios: what a file below `data_contracts/scenarios/` may say.

Kinds: `base` (nothing moves), `regulatory` (a pack and one of its shapes, never a size) and `own`
(moves written by the bank, on top of the scenario it `extends`). Moves of one file and of those it
extends are added; an absolute curve replaces what came before it. A currency that is not to move is
written with 0. Which scenarios there are is `inputs/scenarios.py`; what moves make of a curve is
`inputs/zero_rates.py`.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from alm_pipeline.engine.scenarios.node_moves import KEY_TENORS
from alm_pipeline.inputs.curves import IndexId, Tenor
from alm_pipeline.inputs.liquidity_stress import LiquidityStress
from alm_pipeline.inputs.records import Currency, Name, Record, Share, Source, Status

__all__ = [
    "NO_FLOOR",
    "BehaviourMoves",
    "HistoricalMove",
    "Ramp",
    "Scenario",
    "Shocks",
    "scenario_schema",
]

NO_FLOOR = "none"
SURPRISE = (
    "fixings under a ramp that surprises would have to be read from the curve as it stands in each"
    " month, and the projection keeps one curve per scenario; write true, or let rates move at once"
)
KeyTenor = Annotated[str, StringConstraints(pattern=f"^({'|'.join(KEY_TENORS)})$")]
BasisPoints = Annotated[float, Field(ge=-10_000.0, le=10_000.0)]
Factor = Annotated[float, Field(ge=0.0, le=100.0)]
Rate = Annotated[float, Field(ge=-0.5, le=1.0)]
FxMove = Annotated[float, Field(gt=-1.0, le=10.0)]
_Sizes = dict[Currency, BasisPoints]
_Segments = dict[str, Factor]


class HistoricalMove(Record):
    """The move of the zero rates between two dates of stored quotes."""

    quotes: Name = Field(description="A file of data_contracts/quote_history, without .yaml")
    from_date: dt.date
    to_date: dt.date

    @model_validator(mode="after")
    def _dates_in_order(self) -> HistoricalMove:
        if self.from_date >= self.to_date:
            raise ValueError("from_date is not before to_date")
        return self


class Shocks(Record):
    """Moves of an own scenario by currency, in basis points with sign; all of them are added.

    `zero_rates` is a curve of its own instead (continuous, ACT/365F, straight lines between the
    tenors): moves are added to it. `index_bp` moves one index and nothing else.
    """

    parallel_bp: _Sizes = Field(default={}, description="Every zero rate by as much")
    short_bp: _Sizes = Field(default={}, description="Fades with maturity, exp(-t / decay)")
    long_bp: _Sizes = Field(default={}, description="Grows with maturity, 1 - exp(-t / decay)")
    decay_years: Annotated[float, Field(gt=0.0)] = 4.0
    nodes_bp: dict[Currency, dict[Tenor, BasisPoints]] = Field(
        default={}, description="At tenors; straight lines between, flat outside: a twist"
    )
    key_rates_bp: dict[Currency, dict[KeyTenor, BasisPoints]] = Field(
        default={}, description="At key tenors only; nothing at the neighbouring ones"
    )
    zero_rates: dict[Currency, dict[Tenor, Rate]] = Field(
        default={}, description="An absolute curve, decimals per year"
    )
    history: dict[Currency, HistoricalMove] = Field(
        default={}, description="The move between two dates of stored quotes"
    )
    index_bp: dict[IndexId, BasisPoints] = Field(
        default={}, description="Basis: one index against the curve it is read from"
    )
    volatility_factor: dict[Currency, Factor] = Field(
        default={}, description="Volatilities of caps and floors times as much"
    )
    volatility_bp: dict[Currency, BasisPoints] = Field(
        default={}, description="Added to those volatilities, normal, never below zero"
    )

    @model_validator(mode="after")
    def _something_at_every_tenor_list(self) -> Shocks:
        empty = [
            f"{part}.{currency} names no tenor"
            for part in ("nodes_bp", "key_rates_bp", "zero_rates")
            for currency, tenors in getattr(self, part).items()
            if not tenors
        ]
        if empty:
            raise ValueError("; ".join(empty))
        return self

    def currencies(self) -> set[str]:
        """Return the currencies whose curves are named."""
        parts = ("parallel_bp", "short_bp", "long_bp", "nodes_bp", "key_rates_bp")
        named = (getattr(self, part) for part in (*parts, "zero_rates", "history"))
        return {currency for by_currency in named for currency in by_currency}


class Ramp(Record):
    """Over how many months the whole move builds up, in a straight line from today.

    Expected: every curve is that of a market which knows the whole path, so long rates price the
    rest of the ramp from the first day. A ramp that surprises is refused until fixings can be read
    from the curve of each month.
    """

    months: Annotated[int, Field(ge=1, le=120)]
    expected: Annotated[bool, Field(description="Long rates price the rest of it: true")]

    @field_validator("expected")
    @classmethod
    def _no_surprise_yet(cls, value: bool) -> bool:
        if not value:
            raise ValueError(SURPRISE)
        return value


class BehaviourMoves(Record):
    """What the committee's assumptions are multiplied with: one factor, or one per segment.

    Shares never exceed 1; a pass-through exceeds 1 only where the assumption does. They multiply
    what the rule pack behind the scenario multiplies already.
    """

    prepayment_multiplier: Factor | _Segments = 1.0
    early_withdrawal_multiplier: Factor | _Segments = 1.0
    drawdown_multiplier: Factor | _Segments = 1.0
    pass_through_up_multiplier: Factor | _Segments = 1.0
    pass_through_down_multiplier: Factor | _Segments = 1.0

    def factor(self, part: str, segment: str) -> float:
        """Return the multiplier of one part for a segment; 1 where none is written."""
        given = getattr(self, part)
        return float(given.get(segment, 1.0) if isinstance(given, dict) else given)

    def segments(self) -> set[str]:
        """Return the segments that are named."""
        by_segment = [given for _, given in self if isinstance(given, dict)]
        return {segment for given in by_segment for segment in given}


class BalanceSheetPlan(Record):
    """What a dynamic balance sheet does in the scenario instead of the committee's plan.

    By segment; segments that are not named follow `assumptions/new_business.yaml`.
    """

    annual_growth_rate: dict[Name, Annotated[float, Field(ge=-0.5, le=0.5)]] = Field(
        default={}, description="Growth of a segment's balance in a year: 0.04 is 4 %"
    )
    replacement_share: dict[Name, Share] = Field(
        default={}, description="Share of what is repaid in a month that is renewed"
    )
    migration_share: dict[Name, Share] = Field(
        default={}, description="Share of a segment's deposits that moves when pay differs most"
    )

    @model_validator(mode="after")
    def _something_is_planned(self) -> BalanceSheetPlan:
        if not self.segments():
            raise ValueError("it names no segment")
        return self

    def segments(self) -> set[str]:
        """Return the segments that are named."""
        return {*self.annual_growth_rate, *self.replacement_share, *self.migration_share}


class Horizon(Record):
    """How far ahead the scenario is looked at."""

    income_months: Literal[12, 24, 36] = Field(
        description="The window of income that `alm scenario run` shows; reports have all of them"
    )


_OWN_WORDS = (
    *("shocks", "behaviour", "balance_sheet", "deposit_run", "liquidity", "coverage"),
    *("ramp", "floor", "fx", "spreads"),
)
_OPTIONAL = {"pack", "shape", "extends", "horizon", *_OWN_WORDS}


class Scenario(Record):
    """One scenario as its file says it."""

    about: str = Field(min_length=10, description="What happens, in a sentence")
    kind: Literal["base", "regulatory", "own"]
    extends: Name | None = Field(None, description="The scenario on top of which this one moves")
    pack: Name | None = Field(None, description="A file of data_contracts/rules, without .yaml")
    shape: Name | None = Field(None, description="A shape of the pack")
    shocks: Shocks | None = None
    ramp: Ramp | None = None
    floor: Name | None = Field(
        None, description="The pack whose floor limits the move, or none; else that of the pack"
    )
    behaviour: BehaviourMoves | None = None
    balance_sheet: BalanceSheetPlan | None = None
    horizon: Horizon | None = None
    deposit_run: dict[Name, Share] | None = Field(
        None,
        description="Share of a segment's balance that leaves within a month, for good, and is"
        " borrowed instead in the dynamic balance sheet",
    )
    liquidity: LiquidityStress | None = None
    coverage: dict[Name, Share] | None = Field(
        None, description="Weights of the coverage ratio instead of the pack's, by its rules"
    )
    fx: dict[Currency, FxMove] | None = Field(
        None, description="What one unit is worth in the reporting currency: 0.1 is 10 % more"
    )
    spreads: dict[Name, BasisPoints] | None = Field(
        None, description="Curves of role spread, each against the curve it stands over"
    )
    source: Source | None = None
    status: Status | None = None
    owner: str | None = None
    approver: str | None = None

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> Scenario:
        allowed = {
            "base": set[str](),
            "regulatory": {"pack", "shape"},
            "own": {*_OWN_WORDS, "extends", "horizon"},
        }[self.kind]
        required = {"regulatory": {"pack", "shape"}}.get(self.kind, set[str]())
        given = {key for key in _OPTIONAL if getattr(self, key) is not None}
        wrong = [f"a scenario of kind {self.kind} has no {key}" for key in sorted(given - allowed)]
        wrong += [f"a scenario of kind {self.kind} needs {k}" for k in sorted(required - given)]
        if self.kind == "own" and given.isdisjoint(_OWN_WORDS):
            wrong.append(f"a scenario of kind own needs one of {', '.join(_OWN_WORDS)}")
        if self.status == "assumed" and (self.owner is None or self.approver is None):
            wrong.append("an assumed scenario names its owner and approver")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


def scenario_schema() -> str:
    """Return the JSON schema of a scenario file, for editors to complete and check it."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario",
        **{key: value for key, value in Scenario.model_json_schema().items() if key != "title"},
    }
    return json.dumps(schema, indent=2) + "\n"
