"""What a close accepts by decision, as relations of schema `inputs` for the exception ledger.

Waivers and adjustments in force, figures that expire soon, and where the bank's overlay says
something else than the shipped file. What is missing or stopped is seen in the tables themselves
and does not belong here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from alm_pipeline.inputs.approvals import load_policy
from alm_pipeline.inputs.differences import ABSENT, FieldDifference, differences_of_file
from alm_pipeline.inputs.exceptions import load_adjustments, load_waivers
from alm_pipeline.inputs.figures import DatedItem, Figures, expiring
from alm_pipeline.inputs.governed import GovernedSet
from alm_pipeline.inputs.relation_rows import Row, schema_of
from alm_pipeline.inputs.yaml_files import contract_file, replaced_files

__all__ = ["ACCEPTED_FILES", "ACCEPTED_SCHEMAS", "accepted_relations"]

ACCEPTED_SCHEMAS = {
    "expiring": schema_of("item_kind item n_figures:integer effective_to:date owner"),
    "overlaid": schema_of("item applies_to n_fields:integer reason owner approver"),
    "fallbacks": schema_of("curve_id reason owner approver effective_to:date"),
    "waivers": schema_of(
        "check_id applies_to failed_rows:integer reason owner approver effective_to:date"
    ),
    "adjustments": schema_of(
        "table_name report_row column_name amount:double reason owner approver effective_from:date "
        "effective_to:date is_applied:boolean"
    ),
}

ACCEPTED_FILES: dict[str, tuple[str, ...]] = {
    "expiring": ("assumptions/*.yaml", "limits.yaml", "approval_policy.yaml"),
    "overlaid": ("**/*.yaml",),
    "fallbacks": ("curves.yaml",),
    "waivers": ("waivers.yaml",),
    "adjustments": ("adjustments.yaml",),
}
"""The files that people write each relation in, as `relations.RELATION_FILES`."""

_MAX_FIELDS = 6


def accepted_relations(
    figures: Figures, overlay: Path | None, as_of_date: dt.date
) -> dict[str, pa.Table]:
    """Return the relations of `ACCEPTED_SCHEMAS` for a month end."""
    notice_days = load_policy(overlay).notice_days
    soon = expiring(figures, as_of_date, notice_days)
    rows: dict[str, list[Row]] = {
        "waivers": list(_waivers(overlay, as_of_date)),
        "adjustments": list(_adjustments(overlay, as_of_date)),
        "expiring": list(_expiring(soon)),
        "overlaid": list(_overlaid(overlay)),
        "fallbacks": list(_fallbacks(figures)),
    }
    return {
        name: pa.Table.from_pylist(found, ACCEPTED_SCHEMAS[name]) for name, found in rows.items()
    }


def _waivers(overlay: Path | None, as_of_date: dt.date) -> Iterator[Row]:
    for one in load_waivers(overlay).waivers:
        if one.is_in_force(as_of_date):
            given = one.model_dump(exclude={"check", "expires", "effective_from"})
            yield given | {"check_id": one.check, "effective_to": one.expires}


def _adjustments(overlay: Path | None, as_of_date: dt.date) -> Iterator[Row]:
    for one in load_adjustments(overlay).adjustments:
        yield {
            "table_name": one.table,
            "report_row": one.report_row,
            "column_name": one.column,
            "amount": one.amount,
            "reason": one.comment,
            "owner": one.author,
            "approver": one.approver,
            "effective_from": one.effective_from,
            "effective_to": one.expires,
            "is_applied": one.is_in_force(as_of_date),
        }


def _expiring(items: list[DatedItem]) -> Iterator[Row]:
    """Yield one row per file, expiry and owner: figures that share all three are one task."""

    def task(item: DatedItem) -> tuple[str, str, str, str]:
        name = item.item.partition(".")[0]
        return item.item_kind, name, str(item.effective_to), item.owner

    for (kind, name, _, owner), group in groupby(sorted(items, key=task), task):
        found = list(group)
        yield {
            "item_kind": kind,
            "item": name,
            "n_figures": len(found),
            "effective_to": found[0].effective_to,
            "owner": owner,
        }


def _fallbacks(figures: Figures) -> Iterator[Row]:
    for name, curve in figures.curves.curves.items():
        if curve.fallback is not None:
            given = curve.fallback.model_dump(exclude={"curve", "expires", "effective_from"})
            yield given | {"curve_id": name, "effective_to": curve.fallback.expires}


def _overlaid(overlay: Path | None) -> Iterator[Row]:
    """Yield one row per governed file, of assumptions per segment, that says something else."""
    for name, shipped in replaced_files(overlay).items():
        if not GovernedSet.is_governed(name):
            continue
        own = contract_file(name, overlay)
        texts = (shipped.read_text(encoding="utf-8"), own.read_text(encoding="utf-8"))
        found = [d for d in differences_of_file(name, *texts) if d.after is not ABSENT]
        owner, approver = GovernedSet({name: texts[1]}, {}).people(name.removesuffix(".yaml"))
        for part, group in groupby(sorted(found, key=_part), _part):
            listed = list(group)
            yield {
                "item": name.removesuffix(".yaml"),
                "applies_to": part or "all",
                "n_fields": len(listed),
                "reason": _shown(listed),
                "owner": owner or None,
                "approver": approver or None,
            }


def _part(difference: FieldDifference) -> str:
    """Return the segment of an assumption that a field belongs to; empty elsewhere."""
    names = difference.field_path.split(".")
    return names[1] if names[0] == "segments" and len(names) > 1 else ""


def _shown(listed: list[FieldDifference]) -> str:
    fields = [f"{d.field_path} {d.before} -> {d.after}" for d in listed[:_MAX_FIELDS]]
    more = len(listed) - len(fields)
    return "; ".join([*fields, *([f"and {more} more"] if more else [])])
