"""Rule packs of liquid assets and deposits (`data_contracts/rules/`): haircuts, caps, run-off.

Which asset or deposit falls under which rule is SQL; what that means is the pack's.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import Field, model_validator

from alm_pipeline.inputs.records import Name, Problems, Record, Sourced
from alm_pipeline.inputs.relation_rows import Row, rows_table, schema_of
from alm_pipeline.inputs.rule_packs import Pack, read_packs

__all__ = ["LIQUID_SCHEMAS", "LiquidAssetPack", "liquid_relations", "read_liquid_asset_packs"]

LIQUID_SCHEMAS: dict[str, pa.Schema] = {
    "hqla_rules": schema_of(
        "pack hqla_rule hqla_level haircut_share:double paragraph status source"
    ),
    "deposit_rules": schema_of("pack deposit_rule run_off_share:double paragraph status source"),
    "hqla_caps": schema_of(
        "pack level_2_cap_share:double level_2b_cap_share:double unwind_days:integer status source"
    ),
}

_Cap = Annotated[float, Field(gt=0.0, lt=1.0)]


class AssetRule(Record):
    """One kind of liquid asset: its level and what is taken off its market value."""

    level: Literal["l1", "l2a", "l2b"]
    haircut_share: float = Field(ge=0.0, lt=1.0)
    paragraph: str = Field(min_length=1)


class AssetRules(Sourced):
    """The kinds of liquid assets by name."""

    rules: dict[Name, AssetRule] = Field(min_length=1)


class DepositRule(Record):
    """One kind of deposit, and which share of it is assumed to leave within thirty days."""

    run_off_share: float = Field(ge=0.0, le=1.0)
    paragraph: str = Field(min_length=1)


class DepositRules(Sourced):
    """The kinds of deposits by name."""

    rules: dict[Name, DepositRule] = Field(min_length=1)


class Caps(Sourced):
    """The most of the stock that may be of level 2, and of level 2B."""

    level_2_share: _Cap
    level_2b_share: _Cap
    unwind_days: int = Field(ge=0)

    @model_validator(mode="after")
    def _level_2b_is_part_of_level_2(self) -> Caps:
        if self.level_2b_share > self.level_2_share:
            raise ValueError("level_2b_share is above level_2_share, of which it is a part")
        return self


class LiquidAssetPack(Pack):
    """What a regime takes as liquid, and how deposits run off."""

    kind: Literal["liquid_assets"]
    caps: Caps
    assets: AssetRules
    deposits: DepositRules


def read_liquid_asset_packs(
    problems: Problems, overlay: Path | None = None
) -> dict[str, LiquidAssetPack]:
    """Return the packs that can be read; what is wrong with others is added to `problems`."""
    return read_packs(LiquidAssetPack, "liquid_assets", problems, overlay)


def liquid_relations(packs: Mapping[str, LiquidAssetPack]) -> dict[str, pa.Table]:
    """Return the relations of the packs by name: a row per rule, and a row per pack."""
    found: dict[str, list[Row]] = {name: [] for name in LIQUID_SCHEMAS}
    for name, pack in packs.items():
        for hqla_rule, asset in pack.assets.rules.items():
            own = {"hqla_rule": hqla_rule, "hqla_level": asset.level, **dict(asset)}
            found["hqla_rules"].append(_row(name, pack.assets, own))
        for deposit_rule, deposit in pack.deposits.rules.items():
            own = {"deposit_rule": deposit_rule, **dict(deposit)}
            found["deposit_rules"].append(_row(name, pack.deposits, own))
        caps = {
            "level_2_cap_share": pack.caps.level_2_share,
            "level_2b_cap_share": pack.caps.level_2b_share,
            "unwind_days": pack.caps.unwind_days,
        }
        found["hqla_caps"].append(_row(name, pack.caps, caps))
    return {name: rows_table(LIQUID_SCHEMAS[name], rows) for name, rows in found.items()}


def _row(pack: str, stated: Sourced, own: Row) -> Row:
    return {"pack": pack, "status": stated.status, "source": str(stated.source), **own}
