"""What differs in the governed inputs from those approved last, and what it did to the results.

Two append-only tables, `audit.changes` and `audit.change_impact`, with the rows of every close that
met a change, refused ones too. They name the close and the one it was compared with, so they are
observations outside the content that a replay compares.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from alm_pipeline.warehouse.append_log import AppendLog
from alm_pipeline.warehouse.lake import Lake

__all__ = ["CHANGES", "CHANGES_SCHEMA", "IMPACT", "IMPACT_SCHEMA", "ChangeLog"]

CHANGES, IMPACT = "audit.changes", "audit.change_impact"
_TYPES = {"text": pa.string(), "rate": pa.float64(), "date": pa.date32(), "boolean": pa.bool_()}
Row = dict[str, Any]


def _schema(columns: str) -> pa.Schema:
    parts = [word.partition(":") for word in columns.split()]
    return pa.schema([(name, _TYPES[kind or "text"]) for name, _, kind in parts])


_KEYS = "as_of_date:date run_id compared_run_id governed_object"
CHANGES_SCHEMA = _schema(
    f"{_KEYS} field_path change_kind text_before text_after content_hash owner approver"
    " approval_status approved_by change_author approved_date:date approval_comment"
)
IMPACT_SCHEMA = _schema(
    f"{_KEYS} entity_id row_kind metric scope limit_direction currency unit value_before:rate"
    " value_after:rate value_change:rate amount_before:rate amount_after:rate amount_change:rate"
    " tolerance:rate is_beyond_tolerance:boolean limit_status_before limit_status_after"
    " is_limit_flipped:boolean approval_status"
)


class ChangeLog:
    """The two tables of a lake."""

    def __init__(self, lake: Lake) -> None:
        self._changes = AppendLog(lake, CHANGES, CHANGES_SCHEMA)
        self._impact = AppendLog(lake, IMPACT, IMPACT_SCHEMA)

    def record(self, changes: list[Row], impact: list[Row]) -> None:
        """Keep the rows of one close and its comparison, unless they are there."""
        pair = {(row["run_id"], row["compared_run_id"]) for row in changes}
        known = {(row["run_id"], row["compared_run_id"]) for row in self._changes.rows()}
        if pair - known:
            self._impact.append(impact)
            self._changes.append(changes)

    def changes(self, run_ids: Iterable[str]) -> list[Row]:
        """Return what changed in these closes, against each close they were compared with."""
        return _of(self._changes.rows(), set(run_ids))

    def runs_that_met(self, name: str, content_hash: str, compared_run_id: str) -> list[str]:
        """Return the closes that measured this content against that close, in id order."""
        wanted = (name, content_hash, compared_run_id)
        keys = ("governed_object", "content_hash", "compared_run_id")
        rows = self._changes.rows()
        return sorted({r["run_id"] for r in rows if tuple(r[k] for k in keys) == wanted})

    def impact(self, run_ids: Iterable[str]) -> list[Row]:
        """Return what the changes of these closes did to the results."""
        return _of(self._impact.rows(), set(run_ids))


def _of(rows: list[Row], run_ids: set[str]) -> list[Row]:
    chosen = [row for row in rows if row["run_id"] in run_ids]
    return sorted(chosen, key=lambda row: [str(value) for value in row.values()])
