"""Rule packs of the liquidity ratios (`data_contracts/rules/`): haircuts, caps, weights.

Which position falls under which rule is SQL; what that means is the pack's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import Field, model_validator

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.records import Name, Problems, Record, Share, Sourced, Status
from alm_pipeline.inputs.relation_rows import Row, rows_table, schema_of
from alm_pipeline.inputs.rule_packs import Pack, read_packs

__all__ = [
    "LIQUIDITY_SCHEMAS",
    "CoveragePack",
    "LiquidityPacks",
    "StableFundingPack",
    "coverage_rules",
    "liquidity_relations",
    "packs_in_use",
    "read_liquidity_packs",
]

LIQUIDITY_SCHEMAS: dict[str, pa.Schema] = {
    "hqla_rules": schema_of(
        "pack hqla_rule hqla_level haircut_share:double paragraph reason liq1_row:integer status "
        "source"
    ),
    "hqla_caps": schema_of(
        "pack level_2_cap_share:double level_2b_cap_share:double unwind_days:integer "
        "inflow_cap_share:double is_leading:boolean status source"
    ),
    "lcr_rules": schema_of(
        "pack lcr_rule ratio_side weight_share:double paragraph liq1_row:integer reason status "
        "source"
    ),
    "nsfr_rules": schema_of(
        "pack nsfr_rule ratio_side under_6m_share:double to_1y_share:double "
        "beyond_1y_share:double open_share:double paragraph liq2_row:integer "
        "of_which_row:integer reason status source"
    ),
    "nsfr_encumbrance": schema_of(
        "pack to_1y_least_share:double beyond_1y_share:double is_leading:boolean status source"
    ),
}

_Cap = Annotated[float, Field(gt=0.0, lt=1.0)]


class AssetRule(Record):
    """One kind of liquid asset: its level and what is taken off its market value.

    Level none: the regime does not take it, for a reason. A status is the rule's own.
    """

    level: Literal["l1", "l2a", "l2b", "none"]
    haircut_share: float = Field(ge=0.0, lt=1.0)
    paragraph: str = Field(min_length=1)
    reason: str | None = None
    status: Status | None = None

    @model_validator(mode="after")
    def _says_why_not(self) -> AssetRule:
        if (self.level == "none") != (self.reason is not None):
            raise ValueError("an asset of level none has a reason, and no other one has one")
        return self


class AssetRules(Sourced):
    """The kinds of liquid assets by name, and the row of the template that adds them up."""

    liq1_row: int = Field(ge=1, le=1)
    rules: dict[Name, AssetRule] = Field(min_length=1)


class _Line(Record):
    """One kind of slice. Out of scope is a line too, and says why; a status is the rule's own."""

    paragraph: str = Field(min_length=1)
    reason: str | None = None
    status: Status | None = None

    def _faults(self, side: str, row: int | None) -> None:
        if (side == "out_of_scope") != (self.reason is not None):
            raise ValueError("a line out of scope has a reason, and no other line has one")
        if (side == "out_of_scope") != (row is None):
            raise ValueError("every line in scope has a row of the template")


class CoverageLine(_Line):
    """What a slice adds to the outflows or inflows of thirty days."""

    side: Literal["outflow", "inflow", "out_of_scope"]
    weight_share: Share
    liq1_row: int | None = Field(default=None, ge=2, le=19)

    @model_validator(mode="after")
    def _agrees(self) -> CoverageLine:
        self._faults(self.side, self.liq1_row)
        return self


class CoverageLines(Sourced):
    """The lines of the coverage ratio by name."""

    rules: dict[Name, CoverageLine] = Field(min_length=1)


class StableFundingLine(_Line):
    """What a slice adds to available or required funding, by residual maturity."""

    side: Literal["available", "required", "out_of_scope"]
    under_6m_share: Share
    to_1y_share: Share
    beyond_1y_share: Share
    open_share: Share
    liq2_row: int | None = Field(default=None, ge=2, le=32)
    of_which_row: int | None = Field(default=None, ge=21, le=23)

    @model_validator(mode="after")
    def _agrees(self) -> StableFundingLine:
        self._faults(self.side, self.liq2_row)
        return self


class StableFundingLines(Sourced):
    """The lines of the stable funding ratio by name."""

    rules: dict[Name, StableFundingLine] = Field(min_length=1)


class Caps(Sourced):
    """The most of the stock that may be of level 2 and of level 2B, and of inflows that counts."""

    level_2_share: _Cap
    level_2b_share: _Cap
    unwind_days: int = Field(ge=0)
    inflow_share: Share

    @model_validator(mode="after")
    def _level_2b_is_part_of_level_2(self) -> Caps:
        if self.level_2b_share > self.level_2_share:
            raise ValueError("level_2b_share is above level_2_share, of which it is a part")
        return self


class Encumbrance(Sourced):
    """What an asset pledged for six months and more requires."""

    to_1y_least_share: Share
    beyond_1y_share: Share


class CoveragePack(Pack):
    """What a regime takes as liquid, and what leaves and comes in within thirty days.

    ``extends``: the pack whose figures are its own where it says nothing else.
    """

    kind: Literal["liquidity_coverage"]
    extends: Name | None = None
    caps: Caps
    assets: AssetRules
    lines: CoverageLines


class StableFundingPack(Pack):
    """How stable a regime takes funding to be, and how much of it assets require."""

    kind: Literal["stable_funding"]
    extends: Name | None = None
    encumbrance: Encumbrance
    lines: StableFundingLines


LiquidityPacks = Mapping[str, CoveragePack | StableFundingPack]


def read_liquidity_packs(
    problems: Problems, overlay: Path | None = None
) -> dict[str, CoveragePack | StableFundingPack]:
    """Return the packs that can be read; what is wrong with others is added to `problems`."""
    return {
        **read_packs(CoveragePack, "liquidity_coverage", problems, overlay),
        **read_packs(StableFundingPack, "stable_funding", problems, overlay),
    }


def packs_in_use(packs: LiquidityPacks, names: Sequence[str]) -> LiquidityPacks:
    """Return the packs that a bank names, in its order.

    Raises
    ------
    ConfigurationError
        If there is no pack of a name.
    """
    unknown = [name for name in names if name not in packs]
    if unknown:
        raise ConfigurationError(
            f"there is no liquidity pack {', '.join(unknown)}",
            where="liquidity_packs in alm.yaml",
            fix=f"name some of {', '.join(sorted(packs))}",
        )
    return {name: packs[name] for name in names}


def coverage_rules(packs: LiquidityPacks) -> set[str]:
    """Return the rules that the packs of the coverage ratio give weights to."""
    found = [one.lines.rules for one in packs.values() if isinstance(one, CoveragePack)]
    return {rule for rules in found for rule in rules}


def liquidity_relations(packs: LiquidityPacks) -> dict[str, pa.Table]:
    """Return the relations of the packs by name: a row per rule, and a row per pack.

    Stresses, ladder and warnings follow one pack of each kind, the first: it is leading.
    """
    found: dict[str, list[Row]] = {name: [] for name in LIQUIDITY_SCHEMAS}
    for name, pack in packs.items():
        rows = _coverage(name, pack) if isinstance(pack, CoveragePack) else _funding(name, pack)
        for relation, row in rows:
            found[relation].append({**row, "is_leading": not found[relation]})
    return {name: rows_table(LIQUIDITY_SCHEMAS[name], rows) for name, rows in found.items()}


def _coverage(name: str, pack: CoveragePack) -> list[tuple[str, Row]]:
    caps = {
        "level_2_cap_share": pack.caps.level_2_share,
        "level_2b_cap_share": pack.caps.level_2b_share,
        "unwind_days": pack.caps.unwind_days,
        "inflow_cap_share": pack.caps.inflow_share,
    }
    found = [("hqla_caps", _row(name, pack.caps, caps))]
    for hqla_rule, asset in pack.assets.rules.items():
        own = {"hqla_rule": hqla_rule, "hqla_level": asset.level, **dict(asset)}
        own["liq1_row"] = pack.assets.liq1_row
        status = own.pop("status") or pack.assets.status
        found.append(("hqla_rules", {**_row(name, pack.assets, own), "status": status}))
    for lcr_rule, line in pack.lines.rules.items():
        found.append(("lcr_rules", _line_row(name, pack.lines, {"lcr_rule": lcr_rule}, line)))
    return found


def _funding(name: str, pack: StableFundingPack) -> list[tuple[str, Row]]:
    found = [("nsfr_encumbrance", _row(name, pack.encumbrance, dict(pack.encumbrance)))]
    for nsfr_rule, line in pack.lines.rules.items():
        found.append(("nsfr_rules", _line_row(name, pack.lines, {"nsfr_rule": nsfr_rule}, line)))
    return found


def _line_row(pack: str, stated: Sourced, key: Row, line: CoverageLine | StableFundingLine) -> Row:
    own = dict(line)
    status = own.pop("status") or stated.status
    return {**_row(pack, stated, {**key, "ratio_side": line.side, **own}), "status": status}


def _row(pack: str, stated: Sourced, own: Row) -> Row:
    return {**own, "pack": pack, "status": stated.status, "source": str(stated.source)}
