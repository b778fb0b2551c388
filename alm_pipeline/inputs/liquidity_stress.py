"""Liquidity stress: what a scenario says of run-off, inflows, sales and lines, day by day.

The block `liquidity` of a scenario file. Shares at a few days are written; between them runs a
straight line, from nothing on the as-of date, and after the last one nothing changes. What the
shares are applied to is SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import pyarrow as pa
from pydantic import AfterValidator, Field

from alm_pipeline.inputs.records import Name, Record, Share
from alm_pipeline.inputs.relation_rows import Row, rows_table, schema_of

if TYPE_CHECKING:
    from alm_pipeline.inputs.scenarios import ScenarioBook

__all__ = ["LAST_DAY", "STRESS_SCHEMAS", "LiquidityStress", "stress_relations"]

LAST_DAY = 365
"""So many days ahead a stress runs, and flows as agreed are kept day by day."""

STRESS_SCHEMAS: dict[str, pa.Schema] = {
    "stresses": schema_of(
        "stress about kind rate_scenario tested_within_days:integer has_margin_calls:boolean"
    ),
    "stress_shares": schema_of("stress stress_part stress_item flow_day:integer share:double"),
    "coverage_weights": schema_of("what_if lcr_rule weight_share:double"),
}

Day = Annotated[int, Field(ge=1, le=LAST_DAY)]


def _never_falls(curve: dict[int, float]) -> dict[int, float]:
    shares = [curve[day] for day in sorted(curve)]
    if shares != sorted(shares):
        raise ValueError("a share by a later day is below that by an earlier one")
    return curve


Curve = Annotated[dict[Day, Share], Field(min_length=1), AfterValidator(_never_falls)]
Level = Literal["l1", "l2a", "l2b", "none"]


class LiquidityStress(Record):
    """A liquidity stress; curves are shares by day, 0.1 by day 30 is 10 % within thirty days."""

    kind: Literal["idiosyncratic", "market_wide", "combined", "slow_burn"]
    run_off: dict[Name, Curve] = Field(
        min_length=1,
        description="Deposits that have left, by rule of the coverage ratio, or of its insured and"
        " uninsured part where the rule has no line",
    )
    not_renewed: dict[Name, Share] = Field(
        description="Of other funding that matures, by product; `other` for those not named"
    )
    drawn: dict[Name, Curve] = Field(
        description="Of undrawn lines, by rule of the coverage ratio; a line not named is not drawn"
    )
    received: dict[Name, Share] = Field(
        description="Of what is due from borrowers, by family; `other` for those not named"
    )
    sale_haircut: dict[Level, Share] = Field(description="Off the market value, by level")
    sold_per_day: dict[Level, Share] = Field(description="Of the securities, by level")
    facilities: dict[Name, Share] = Field(
        default={}, description="Of free capacity, by kind of source; one not named gives nothing"
    )
    tested_within_days: int | None = Field(
        None, ge=0, description="A source not tested for longer gives nothing; null asks for none"
    )
    margin_calls: bool = Field(
        False, description="What derivatives lose in the scenario's own rates is called on day one"
    )

    def shares(self) -> Iterator[tuple[str, str, np.ndarray]]:
        """Yield part, item and shares by day, from day 0 on."""
        days = np.arange(LAST_DAY + 1)
        for part, curves in (("run_off", self.run_off), ("drawn", self.drawn)):
            for item, curve in curves.items():
                nodes = sorted(curve)
                yield part, item, np.interp(days, [0, *nodes], [0.0, *(curve[n] for n in nodes)])
        flat = (
            ("not_renewed", self.not_renewed),
            ("received", self.received),
            ("haircut", self.sale_haircut),
            ("facility", self.facilities),
        )
        for part, shares in flat:
            for item, share in shares.items():
                yield part, item, np.full(len(days), share)
        for level, share in self.sold_per_day.items():
            yield "sold", level, np.minimum(days * share, 1.0)


def stress_relations(book: ScenarioBook, closing: tuple[str, ...]) -> dict[str, pa.Table]:
    """Return the scenarios with a liquidity stress and their shares by day, and weights instead."""
    stressed = {
        name: one.liquidity for name, one in book.scenarios.items() if one.liquidity is not None
    }
    rows: list[Row] = [
        {
            "stress": name,
            "about": book.scenarios[name].about,
            "kind": stress.kind,
            "rate_scenario": _rate_scenario(book, name, closing),
            "tested_within_days": stress.tested_within_days,
            "has_margin_calls": stress.margin_calls,
        }
        for name, stress in stressed.items()
    ]
    return {
        "stresses": rows_table(STRESS_SCHEMAS["stresses"], rows),
        "stress_shares": _share_rows(stressed),
        "coverage_weights": rows_table(STRESS_SCHEMAS["coverage_weights"], _weights(book)),
    }


def _weights(book: ScenarioBook) -> Iterator[Row]:
    for name, scenario in book.scenarios.items():
        for rule, share in (scenario.coverage or {}).items():
            yield {"what_if": name, "lcr_rule": rule, "weight_share": share}


def _share_rows(stressed: Mapping[str, LiquidityStress]) -> pa.Table:
    schema, parts = STRESS_SCHEMAS["stress_shares"], []
    for name, stress in stressed.items():
        for part, item, shares in stress.shares():
            words = [pa.repeat(pa.scalar(word), len(shares)) for word in (name, part, item)]
            days = pa.array(np.arange(len(shares), dtype=np.int32))
            parts.append(pa.table([*words, days, pa.array(shares)], schema=schema))
    return pa.concat_tables([schema.empty_table(), *parts])


def _rate_scenario(book: ScenarioBook, name: str, closing: tuple[str, ...]) -> str | None:
    """Return the nearest scenario in the lineage under which positions are valued; base is none."""
    lineage = [one for one in reversed(book.lineage(name)) if one != "base"]
    return next((one for one in lineage if one in closing), None)
