"""Rows that tests of the liquidity ratios start from: the shipped packs, and slices by hand."""

from __future__ import annotations

import functools
from typing import Any

from alm_pipeline.inputs.figures import load_figures
from alm_pipeline.inputs.liquidity_packs import liquidity_relations, packs_in_use
from tests.sql.report_rows import FOOTERS, RATES, UNITS

LCR, NSFR = "lcr_basel", "nsfr_basel"


@functools.cache
def packs() -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the packs by relation."""
    tables = liquidity_relations(packs_in_use(load_figures().liquidity, (LCR, NSFR)))
    return {f"inputs.{name}": table.to_pylist() for name, table in tables.items()}


def give_packs(bench: Any) -> None:
    """Put in the packs, and what every report reads."""
    for name, rows in packs().items():
        bench.give(name, rows)
    bench.give("book.reporting_units", UNITS)
    bench.give("metrics.report_footers", FOOTERS)
    bench.give("book.translation_rates", RATES)


def slice_of(position_id: str, amount: float, **given: Any) -> dict[str, Any]:
    """Return a slice that is a whole retail deposit, unless said otherwise."""
    row = {
        "position_id": position_id, "entity_id": "BANK", "currency": "USD", "slice_part": "whole",
        "maturity_band": "open", "encumbrance_band": "free", "product_code": "x",
        "side": "liability", "is_intragroup": False, "liquidity_class": "deposit",
        "counterparty_type": "retail", "is_operational": False, "is_locked": False,
        "is_past_due": False, "is_without_flows": False, "slice_share": 1.0,
        "slice_amount": amount, "due_amount": amount,
    }  # fmt: skip
    return {**row, **given}


def asset(position_id: str, amount: float, **given: Any) -> dict[str, Any]:
    """Return a slice of a loan to a retail customer due within thirty days."""
    own = {"side": "asset", "liquidity_class": "loan", "maturity_band": "within_30d"}
    return slice_of(position_id, amount, **{**own, **given})


def total(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the row of a report that is about the BANK and all currencies."""
    (row,) = [r for r in rows if (r["entity_id"], r["contract_currency"]) == ("BANK", "all")]
    return row


def line_of(bench: Any, ratio: str, row: dict[str, Any]) -> tuple[str | None, float | None]:
    """Return rule and weighted amount of one slice in a ratio: `lcr` or `nsfr`."""
    give_packs(bench)
    bench.give("metrics.position_slices", [row])
    (found,) = bench.run(f"metrics.{ratio}_lines")
    return found[f"{ratio}_rule"], found["weighted_slice_amount"]
