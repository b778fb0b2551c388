"""Rows that tests of reports start from: units, footers, rates, a pack; how they read a report."""

from __future__ import annotations

from typing import Any

UNITS = [
    {"entity_id": "BANK", "row_kind": "entity", "member_entity_id": "BANK",
     "is_intragroup": flag, "consolidation_factor": 1}
    for flag in (False, True)
] + [
    {"entity_id": "EUBANK", "row_kind": "entity", "member_entity_id": "EUBANK",
     "is_intragroup": flag, "consolidation_factor": 1}
    for flag in (False, True)
] + [
    {"entity_id": "GROUP", "row_kind": kind, "member_entity_id": member,
     "is_intragroup": kind == "elimination", "consolidation_factor": factor}
    for kind, factor in (("group", 1), ("elimination", -1))
    for member in ("BANK", "EUBANK")
]  # fmt: skip
FOOTER = {"currency": "USD", "excluded_rows": 0, "excluded_amount": 0.0, "excluded_share": 0.0,
          "assets_amount": 10_000.0, "equity_amount": 900.0, "tier1_amount": 1_000.0,
          "availability": "available"}  # fmt: skip
FOOTERS = [
    {**FOOTER, "entity_id": "BANK", "row_kind": "entity"},
    {**FOOTER, "entity_id": "EUBANK", "row_kind": "entity"},
    {**FOOTER, "entity_id": "GROUP", "row_kind": "group"},
    {**FOOTER, "entity_id": "GROUP", "row_kind": "elimination", "tier1_amount": None},
]
RATES = [
    {"currency": "USD", "reporting_currency": "USD", "translation_rate": 1.0},
    {"currency": "EUR", "reporting_currency": "USD", "translation_rate": 1.1},
]
SCENARIOS = [
    {"scenario": "base"},
    {"scenario": "up", "pack": "p", "shape": "parallel_up"},
    {"scenario": "steep", "pack": "p", "shape": "steepener"},
]
PACK = [
    {"pack": "p", "measure": "eve", "threshold_share": 0.15, "gain_weight": 0.5,
     "loss_weight": 1.0, "status": "verified"},
    {"pack": "p", "measure": "nii", "threshold_share": None, "gain_weight": 1.0,
     "loss_weight": 1.0, "status": "assumed"},
]  # fmt: skip


def eve(scenario: str, amount: float | None, **given: Any) -> dict[str, Any]:
    row = {"scenario": scenario, "entity_id": "BANK", "currency": "USD", "product_code": "loan",
           "is_intragroup": False, "present_value": amount, "option_value": 0.0}  # fmt: skip
    return {**row, **given}


def outlier_rows(bench) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return the outlier test by entity, kind of row and scenario."""
    rows = bench.run("reports.irrbb_outlier_test")
    return {(r["entity_id"], r["row_kind"], r["scenario"]): r for r in rows}
