"""Who replayed which close and what was found: observations, outside every hash."""

from __future__ import annotations

import os
from typing import Any

import pyarrow as pa

from alm_pipeline.warehouse.append_log import AppendLog
from alm_pipeline.warehouse.lake import Lake

TABLE = "audit.journal_replays"
_SCHEMA = pa.schema(
    [
        ("as_of_date", pa.date32()),
        ("run_id", pa.string()),
        ("replayed_at", pa.string()),
        ("replayed_by", pa.string()),
        ("replayed_run_id", pa.string()),
        ("changed_inputs", pa.string()),
        ("n_identical", pa.int64()),
        ("n_equal", pa.int64()),
        ("n_different", pa.int64()),
        ("is_passed", pa.bool_()),
        ("message", pa.string()),
    ]
)


def record_replay(lake: Lake, row: dict[str, Any]) -> bool:
    """Append one replay; say if it was, which a read-only warehouse does not allow."""
    if not os.access(lake.root, os.W_OK):
        return False
    AppendLog(lake, TABLE, _SCHEMA).append([row])
    return True


def recorded_replays(lake: Lake) -> pa.Table:
    """Return every replay recorded so far, earliest first."""
    rows = AppendLog(lake, TABLE, _SCHEMA).rows() if lake.exists(TABLE) else []
    ordered = sorted(rows, key=lambda row: (row["replayed_at"], row["run_id"]))
    return pa.Table.from_pylist(ordered, schema=_SCHEMA)
