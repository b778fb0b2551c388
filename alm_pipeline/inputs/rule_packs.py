"""What the regulator prescribes for interest-rate risk, in dated packs.

A pack (`data_contracts/rules/*.yaml` of kind `interest_rate_shocks`) gives sizes by currency, the
shapes, the floor, the behaviour multipliers, the caps on core deposits, outlier thresholds and the
weights of gains and losses. A scenario names a pack and a shape, never a size. A currency a pack
does not list stops that currency; no other currency's size is used for it. Applying a pack to a
curve is `inputs/zero_rates.py`, to an assumption `inputs/behaviour.py`.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BeforeValidator, Field, model_validator

from alm_pipeline.engine.scenarios.shocks import RateFloor, ShockShape, ShockSize
from alm_pipeline.errors import MarketDataError
from alm_pipeline.inputs.records import Currency, Name, Problems, Record, Share, Sourced
from alm_pipeline.inputs.yaml_files import contract_file, contract_files

__all__ = ["NmdCategory", "Pack", "RulePack", "load_rule_packs", "read_packs", "read_rule_packs"]

NmdCategory = Literal["retail_transactional", "retail_non_transactional", "wholesale"]


class ShockSizes(Sourced):
    """Sizes in basis points by currency, unsigned."""

    parallel: dict[Currency, float]
    short: dict[Currency, float] = Field(default_factory=dict)
    long: dict[Currency, float] = Field(default_factory=dict)


class Coefficients(Record):
    """How much of each size a shape takes; a size that is not written counts 0."""

    parallel: float = 0.0
    short: float = 0.0
    long: float = 0.0


class Shapes(Sourced):
    """The shapes of a pack by name."""

    decay_years: float = Field(gt=0.0)
    coefficients: dict[Name, Coefficients]


class Ramps(Sourced):
    """Shapes whose move builds up over months, and over how many; the others move at once."""

    months: dict[Name, Annotated[int, Field(ge=1, le=120)]]
    expected: Literal[True]  # long rates price the rest of the ramp: `scenario_files.Ramp`


class Floor(Sourced):
    """The floor of a regime; a level of null means that there is none."""

    at_zero_maturity_rate: float | None = Field(le=0.0)
    slope_rate_per_year: float = Field(default=0.0, ge=0.0)
    has_observed_rate_override: bool = True


class Multipliers(Sourced):
    """What a behavioural rate is multiplied with, by shape."""

    by_shape: dict[Name, Annotated[float, Field(ge=0.0)]]


class BehaviourMultipliers(Record):
    """Multipliers of prepayment, of early withdrawal and of what is drawn of lines."""

    prepayment_multiplier: Multipliers
    early_withdrawal_multiplier: Multipliers
    drawdown_multiplier: Multipliers


class DepositCap(Record):
    """The most of a category that may count as core, and its longest average life."""

    core_share: Share
    average_life_years: float = Field(gt=0.0)


class DepositCaps(Sourced):
    """Caps on core deposits by regulatory category."""

    categories: dict[NmdCategory, DepositCap]


class OutlierTest(Sourced):
    """A supervisory threshold in parts of Tier 1, and the shapes it is judged in."""

    threshold_share: Share
    shapes: list[Name]


class BandDates(Record):
    """From when to when a currency keeps within its band; both ends included."""

    effective_from: dt.date
    effective_to: dt.date | None

    def is_in_force(self, as_of_date: dt.date) -> bool:
        """Say whether the band holds on a date."""
        return self.effective_from <= as_of_date <= (self.effective_to or dt.date.max)


class NarrowBand(Sourced):
    """Currencies that hardly move against an anchor, whose gains set off more of its losses.

    A gain on one side counts with ``gain_weight``, at most as much as the loss on the other side
    or as the ordinary weight leaves, whichever is more.
    """

    anchor: Currency
    gain_weight: Share
    currencies: dict[Currency, BandDates]


class Aggregation(Sourced):
    """Weights of a currency's gain and loss in the sum of one scenario."""

    gain_weight: Share
    loss_weight: Share
    narrow_band: NarrowBand | None = None


class Measure(Record):
    """Rules of one measure; a regime without an outlier test says null."""

    outlier_test: OutlierTest | None
    aggregation: Aggregation


class Measures(Record):
    """Rules for economic value and for income."""

    eve: Measure
    nii: Measure


class AutomaticOptions(Sourced):
    """What the standardised approach does to the volatilities of automatic options."""

    volatility_factor: float = Field(ge=1.0)


class NevTest(Sourced):
    """Prices of non-maturity shares and levels of risk of the NCUA's test of net economic value.

    Prices are parts of the book balance; low and high are the bounds beyond which the risk is low
    and high, of the ratio after the shock and of the loss in parts of net economic value.
    """

    share_price_base: Share
    share_price_shocked: Share
    ratio_low: Share
    ratio_high: Share
    decline_low: Share
    decline_high: Share


def _as_list(value: object) -> object:
    return [value] if isinstance(value, dict) else value


class Pack(Record):
    """What every dated pack of a regime says, whatever it is about; both dates included."""

    about: str
    jurisdiction: str
    effective_from: dt.date
    effective_to: dt.date | None
    notes: list[str] = Field(default_factory=list)

    def is_in_force(self, as_of_date: dt.date) -> bool:
        """Say whether the pack is in force on a date; both ends included."""
        return self.effective_from <= as_of_date <= (self.effective_to or dt.date.max)


class RulePack(Pack):
    """One pack: everything a regulatory scenario takes from the regime."""

    kind: Literal["interest_rate_shocks"]
    shock_size_bp: Annotated[list[ShockSizes], BeforeValidator(_as_list)]
    shapes: Shapes
    ramps: Ramps | None = None
    floor: Floor
    behaviour: BehaviourMultipliers
    deposit_caps: DepositCaps | None
    measures: Measures
    automatic_options: AutomaticOptions | None = None  # none: no standardised approach
    nev_test: NevTest | None = None

    @model_validator(mode="after")
    def _parts_agree(self) -> RulePack:
        wrong = [*self._shape_faults(), *self._size_faults()]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _shape_faults(self) -> list[str]:
        known = set(self.shapes.coefficients)
        used = {
            "prepayment_multiplier": set(self.behaviour.prepayment_multiplier.by_shape),
            "early_withdrawal_multiplier": set(self.behaviour.early_withdrawal_multiplier.by_shape),
            "drawdown_multiplier": set(self.behaviour.drawdown_multiplier.by_shape),
        }
        unknown = set() if self.ramps is None else self.ramps.months.keys() - known
        return [
            f"{part} and shapes differ in {', '.join(sorted(names ^ known))}"
            for part, names in used.items()
            if names != known
        ] + [f"ramps name {name}, which is no shape" for name in sorted(unknown)]

    def _size_faults(self) -> list[str]:
        listed = [currency for block in self.shock_size_bp for currency in block.parallel]
        needed = {
            kind
            for shape in self.shapes.coefficients.values()
            for kind in ("parallel", "short", "long")
            if getattr(shape, kind) != 0.0
        }
        twice = sorted({currency for currency in listed if listed.count(currency) > 1})
        lacking = sorted(
            f"{currency} {kind}"
            for block in self.shock_size_bp
            for kind in needed
            for currency in block.parallel.keys() - getattr(block, kind).keys()
        )
        return [f"{currency} stands in two blocks of sizes" for currency in twice] + [
            f"no size for {name}" for name in lacking
        ]

    def size(self, currency: str, pack_name: str) -> ShockSize:
        """Return the sizes of one currency in basis points.

        Raises
        ------
        MarketDataError
            If the pack does not list the currency.
        """
        for block in self.shock_size_bp:
            if currency in block.parallel:
                return ShockSize(
                    block.parallel[currency],
                    block.short.get(currency, 0.0),
                    block.long.get(currency, 0.0),
                )
        raise MarketDataError(
            f"the rule pack {pack_name} gives no shock size for {currency}",
            where=f"data_contracts/rules/{pack_name}.yaml",
            detail="listed: "
            + ", ".join(sorted(k for b in self.shock_size_bp for k in b.parallel)),
            fix="add a size with its source in an overlay of the pack; no other size is taken",
        )

    def shape(self, name: str) -> ShockShape:
        """Return the coefficients of one shape with the pack's decay."""
        row = self.shapes.coefficients[name]
        return ShockShape(row.parallel, row.short, row.long, self.shapes.decay_years)

    def ramp_months(self, shape: str) -> int:
        """Return over how many months a shape builds up; 0 where it moves at once."""
        return 0 if self.ramps is None else self.ramps.months.get(shape, 0)

    def rate_floor(self) -> RateFloor | None:
        """Return the floor of the regime, or None where it has none."""
        if self.floor.at_zero_maturity_rate is None:
            return None
        return RateFloor(
            self.floor.at_zero_maturity_rate,
            self.floor.slope_rate_per_year,
            self.floor.has_observed_rate_override,
        )


def load_rule_packs(overlay: Path | None = None) -> dict[str, RulePack]:
    """Return every pack of interest-rate shocks by name, or raise every problem at once."""
    problems = Problems()
    return problems.settled(read_rule_packs(problems, overlay))


def read_rule_packs(problems: Problems, overlay: Path | None = None) -> dict[str, RulePack]:
    """Return the packs that can be read; what is wrong with others is added to `problems`."""
    return read_packs(RulePack, "interest_rate_shocks", problems, overlay)


_P = TypeVar("_P", bound=Pack)


def read_packs(
    record: type[_P], kind: str, problems: Problems, overlay: Path | None
) -> dict[str, _P]:
    """Return the packs of a kind that can be read; what is wrong is added to `problems`."""
    packs: dict[str, _P] = {}
    for path in contract_files("rules", overlay):
        content = problems.content(path)
        if content is None or content.get("kind") != kind:
            continue
        content = _with_base(content, overlay, problems)
        pack = problems.record(record, content, f"rules/{path.name}")
        if pack is not None:
            packs[path.stem] = pack
    return packs


def _with_base(
    content: dict[str, object], overlay: Path | None, problems: Problems
) -> dict[str, object]:
    """Return what a pack says on top of the one it extends, which extends none itself."""
    base = content.get("extends")
    if base is None:
        return content
    below = problems.content(contract_file(f"rules/{base}.yaml", overlay))
    return content if below is None else _merged(below, content)


def _merged(below: dict[str, object], above: dict[str, object]) -> dict[str, object]:
    """Return two mappings as one: what stands in both is merged, or is the one above's."""
    found = dict(below)
    for key, value in above.items():
        own = found.get(key)
        if isinstance(own, dict) and isinstance(value, dict) and key != "source":
            found[key] = _merged(own, value)
        else:
            found[key] = value
    return found
