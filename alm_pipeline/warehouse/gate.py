"""The gate: nobody reads content that a blocking check refused or has not seen.

Verdicts live in the append-only table `audit.check_results`, keyed by the hash of what was
checked, so a verdict holds in the same run, in a later run and in a run of one scenario alike, and
lapses by itself when the content changes. A waiver lets a failure pass until it expires; the
verdict stays what it was.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from alm_pipeline.errors import GateError
from alm_pipeline.inputs.exceptions import NO_WAIVERS, Waiver, WaiverBook
from alm_pipeline.warehouse.append_log import AppendLog
from alm_pipeline.warehouse.lake import Lake
from alm_pipeline.warehouse.partition import Partition

TABLE = "audit.check_results"

SCHEMA = pa.schema(
    [
        ("as_of_date", pa.date32()),
        ("scenario", pa.string()),
        ("table_name", pa.string()),
        ("checked_hash", pa.string()),
        ("check_id", pa.string()),
        ("rule_id", pa.string()),
        ("stage", pa.string()),
        ("severity", pa.string()),
        ("is_blocking", pa.bool_()),
        ("n_rows", pa.int64()),
        ("failed_rows", pa.int64()),
        ("failed_amount", pa.decimal128(18, 2)),
        ("is_passed", pa.bool_()),
        ("message", pa.string()),
        ("sample", pa.string()),
    ]
)


class Gate:
    """Verdicts on content, and the tables that need one."""

    def __init__(
        self,
        lake: Lake,
        required: Mapping[str, frozenset[str]],
        waivers: WaiverBook = NO_WAIVERS,
    ) -> None:
        self._log = AppendLog(lake, TABLE, SCHEMA)
        self._required, self._waivers = required, waivers
        self._verdicts: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
        self._taken = 0
        self._lock = threading.Lock()

    def record(self, results: list[dict[str, Any]]) -> None:
        """Keep results; those already known for the same content are not written again."""
        fresh = [r for r in results if self._verdict(r).get(r["check_id"]) is None]
        self._log.append(fresh)

    def needs_verdict(self, table: str) -> bool:
        """Say whether the table has blocking checks."""
        return bool(self._required.get(table))

    def has_results(self, table: str) -> bool:
        """Say whether any content of the table was ever checked."""
        self._refresh()
        return any(name == table for name, _ in self._verdicts)

    def results(self, table: str, checked_hash: str) -> list[dict[str, Any]]:
        """Return every result for a table's content, in check order."""
        self._refresh()
        found = self._verdicts.get((table, checked_hash), {})
        return [found[check] for check in sorted(found)]

    def refuse_unless_open(self, table: str, partition: Partition, checked_hash: str) -> None:
        """Raise unless every blocking check passed, or is waived, for exactly this content.

        Raises
        ------
        GateError
            Naming the checks that failed or have not run, the rows and the amounts.
        """
        required = self._required.get(table, frozenset())
        if not required:
            return
        self._refresh()
        found = self._verdicts.get((table, checked_hash), {})
        missing = sorted(check for check in required if check not in found)
        failed = [
            r
            for _, r in sorted(found.items())
            if r["is_blocking"] and not r["is_passed"] and not self.waiver(r, partition.as_of_date)
        ]
        where = f"{table} {partition}"
        if failed:
            raise GateError(
                f"{len(failed)} blocking checks failed",
                where=where,
                detail="; ".join(f"{r['check_id']}: {r['message']}" for r in failed[:8]),
                fix="correct the delivery and close again; audit.check_results lists the rows",
            )
        if missing:
            raise GateError(
                f"{len(missing)} blocking checks have not run on this content",
                where=where,
                detail=", ".join(missing[:8]),
                fix="run the checks of this table (job close_book) for this month end first",
            )

    def waiver(self, result: Mapping[str, Any], as_of_date: date) -> Waiver | None:
        """Return the waiver in force that covers a failed check, or None."""
        return self._waivers.find(
            result["check_id"], result["table_name"], result["failed_rows"], as_of_date
        )

    def waived(self, as_of_date: date) -> list[Waiver]:
        """Return the waivers that are in force on a date."""
        return [one for one in self._waivers.waivers if one.is_in_force(as_of_date)]

    def _verdict(self, result: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        self._refresh()
        return self._verdicts.get((result["table_name"], result["checked_hash"]), {})

    def _refresh(self) -> None:
        with self._lock:
            rows = self._log.rows()
            for row in rows[self._taken :]:
                by_check = self._verdicts.setdefault((row["table_name"], row["checked_hash"]), {})
                by_check[row["check_id"]] = row
            self._taken = len(rows)
