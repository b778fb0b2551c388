"""Rows of `audit.changes` and `audit.change_impact` from a comparison and its measured effects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from alm_pipeline.audit.change_impact import Effect
from alm_pipeline.audit.governed_changes import Comparison

__all__ = ["change_rows", "impact_rows"]

Row = dict[str, Any]


def change_rows(found: Comparison, as_of_date: date, run_id: str) -> list[Row]:
    """Return one row per field that differs; one per object for a first close."""
    rows = []
    for name in found.changed:
        shared = _shared(found, name, as_of_date, run_id) | _people(found, name)
        sides = [("", None, None)] if found.before is None else _sides(found, name)
        kind = "baseline" if found.before is None else "changed"
        rows += [
            {**shared, "field_path": p, "change_kind": kind, "text_before": b, "text_after": a}
            for p, b, a in sides
        ]
    return rows


def impact_rows(
    found: Comparison, measured: Mapping[str, list[Effect]], as_of_date: date, run_id: str
) -> list[Row]:
    """Return one row per object, entity and measure."""
    return [
        _shared(found, name, as_of_date, run_id) | _effect(effect)
        for name, listed in measured.items()
        for effect in listed
    ]


def _shared(found: Comparison, name: str, as_of_date: date, run_id: str) -> Row:
    is_object = name in found.changed
    return {
        "as_of_date": as_of_date,
        "run_id": run_id,
        "compared_run_id": found.compared_run_id,
        "governed_object": name,
        "approval_status": found.status(name) if is_object else _together(found),
    }


def _together(found: Comparison) -> str:
    n_open = len(found.unapproved)
    return "approved" if not n_open else f"{n_open} of {len(found.changed)} unapproved"


def _sides(found: Comparison, name: str) -> list[tuple[str, str | None, str | None]]:
    """Return the path of every differing field with both sides as text."""
    listed = found.differences(name)
    return [(d.field_path, str(d.before), str(d.after)) for d in listed]


def _people(found: Comparison, name: str) -> Row:
    hashed = found.now.content_hash(name)
    approval = found.approvals.find(name, hashed)
    owner, approver = found.now.people(name)
    return {
        "content_hash": hashed,
        "owner": owner or None,
        "approver": approver or None,
        "approved_by": approval.approver if approval else None,
        "change_author": approval.author if approval else None,
        "approved_date": approval.approved_on if approval else None,
        "approval_comment": approval.comment if approval else None,
    }


def _effect(effect: Effect) -> Row:
    entity_id, row_kind, metric, scope, direction = effect.key
    return {
        "entity_id": entity_id,
        "row_kind": row_kind,
        "metric": metric,
        "scope": scope,
        "limit_direction": direction,
        "currency": effect.after.currency,
        "unit": effect.after.unit,
        "value_before": effect.before.value,
        "value_after": effect.after.value,
        "value_change": effect.change,
        "amount_before": effect.before.amount,
        "amount_after": effect.after.amount,
        "amount_change": effect.amount_change,
        "tolerance": effect.tolerance,
        "is_beyond_tolerance": effect.is_beyond_tolerance,
        "limit_status_before": effect.before.limit_status,
        "limit_status_after": effect.after.limit_status,
        "is_limit_flipped": effect.is_limit_flipped,
    }
