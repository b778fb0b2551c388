"""The sample valued a second time: the close's value beside the challenger's, position by position.

The method says how: `plain Python` follows the contract's terms with the challenger's own dates,
day counts and discounting; `QuantLib` builds the contract in that library, where it is installed
and the contract is one it can build. A position neither can value is listed with the reason.

What does not belong here: the sample itself, totals (`sql/95_audit/challenger_coverage.sql`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from alm_pipeline.audit.challenger.book import ChallengedBook, Row, held_of, why_not
from alm_pipeline.audit.challenger.contracts import Held, World
from alm_pipeline.audit.challenger.market import Curve
from alm_pipeline.audit.challenger.projection import rows_of
from alm_pipeline.audit.challenger.quantlib import QuantLibDesk, open_desk

__all__ = ["NOT_VALUED", "PLAIN", "TOLERANCE_SHARE", "ZeroNodes", "challenged", "present_value"]

PLAIN, QUANTLIB, NOT_VALUED = "plain Python", "QuantLib", "not valued"
TOLERANCE_SHARE = 1e-8
"""Of the principal: a cent on a million. Both sides compute the same flows with 15 digits."""

ZeroNodes = Mapping[str, Mapping[str, Sequence[tuple[int, float]]]]
"""Published zero rates: scenario, curve, and the nodes in order."""


@dataclass(frozen=True)
class _Desk:
    """Everything a valuation under one scenario needs."""

    world: World
    quantlib: QuantLibDesk | None
    is_margin_in: bool


def challenged(
    rows: Sequence[Row],
    engine: Mapping[tuple[str, str], float],
    nodes: ZeroNodes,
    book: ChallengedBook,
    eve_margins: str,
) -> pa.Table:
    """Return the rows of `audit.challenger`.

    Parameters
    ----------
    rows
        The sampled rows of `book.positions`, with their stratum.
    engine
        The close's present value by position and scenario.
    nodes
        Zero rates of the scenarios of `book`, the base first.
    book
        What the rows mean.
    eve_margins
        "included" or "excluded".
    """
    is_in = eve_margins == "included"
    desks = {
        scenario: _Desk(world, open_desk(world, is_margin_in=is_in), is_in)
        for scenario, world in _worlds(nodes, book).items()
    }
    found: list[dict[str, Any]] = []
    for row in rows:
        reason = why_not(row, book)
        held = None if reason else held_of(row, book)
        for scenario, desk in desks.items():
            value = engine.get((row["position_id"], scenario))
            found += _compared(row, held, reason, scenario, desk, value)
    return _table(found, book.as_of)


def present_value(held: Held, world: World, *, is_margin_in: bool) -> float:
    """Return the signed value of a position by its own dates and discounting.

    The margin leaves the coupon, or enters the discount factor.
    """
    parts = []
    for row in rows_of(held, world):
        cash = 0.0 if held.is_leg else row.scheduled + row.prepaid - row.drawn
        factor = world.curves[held.discount_curve].discount(row.day)
        if is_margin_in:
            factor *= math.exp(-held.margin * (row.day - world.as_of).days / 365.0)
        stripped = 0.0 if is_margin_in else held.margin * row.base
        paid = held.sign * (cash + row.interest - stripped) + row.fee  # who leaves pays the bank
        parts.append(paid * factor)
    return math.fsum(parts)


def _worlds(nodes: ZeroNodes, book: ChallengedBook) -> dict[str, World]:
    curves = {
        scenario: tuple(Curve(book.as_of, tuple(by_curve[c])) for c in book.curve_ids)
        for scenario, by_curve in nodes.items()
    }
    base = curves[book.scenarios[0]]
    return {
        scenario: World(book.as_of, curves[scenario], base, book.scenarios.index(scenario))
        for scenario in book.scenarios
    }


def _compared(
    row: Row, held: Held | None, reason: str, scenario: str, desk: _Desk, engine: float | None
) -> list[dict[str, Any]]:
    """Return one row per method that can value the position, or one that says why none can."""
    same = {
        "scenario": scenario,
        "position_id": row["position_id"],
        "product_code": row["product_code"],
        "stratum": row["stratum"],
        "engine_value": engine,
    }
    is_measured = row["is_in_irrbb_scope"] and row["eve_treatment"] == "in"
    if not is_measured:
        reason = "it is outside the measure of economic value"
    elif engine is None:
        reason = reason or "the close gives it no value"
    if held is None or reason or engine is None:
        return [same | {"method": NOT_VALUED, "reason": reason}]
    plain = present_value(held, desk.world, is_margin_in=desk.is_margin_in)
    values = {PLAIN: plain}
    if desk.quantlib is not None and (theirs := desk.quantlib.value(held)) is not None:
        values[QUANTLIB] = theirs
    return [
        same | {"method": method, **_difference(engine, value, held.principal)}
        for method, value in values.items()
    ]


def _difference(engine: float, value: float, principal: float) -> dict[str, Any]:
    difference = abs(engine - value) / max(principal, 1.0)
    return {
        "challenger_value": value,
        "difference_share": difference,
        "is_passed": difference <= TOLERANCE_SHARE,
    }


def _table(rows: Sequence[Mapping[str, Any]], as_of: date) -> pa.Table:
    same = {"as_of_date": as_of, "allowed_share": TOLERANCE_SHARE}
    full = [{**same, **row} for row in rows]
    return pa.Table.from_pylist(full, schema=_SCHEMA)


_SCHEMA = pa.schema(
    [
        ("as_of_date", pa.date32()),
        ("scenario", pa.string()),
        ("position_id", pa.string()),
        ("method", pa.string()),
        ("product_code", pa.string()),
        ("stratum", pa.string()),
        ("engine_value", pa.float64()),
        ("challenger_value", pa.float64()),
        ("difference_share", pa.float64()),
        ("allowed_share", pa.float64()),
        ("is_passed", pa.bool_()),
        ("reason", pa.string()),
    ]
)
