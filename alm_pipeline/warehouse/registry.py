"""Which content each partition of each table holds, and where: the table `audit.partitions`.

A row is written after each commit. A reader pins the version named here, never "the newest", so a
commit whose row was lost to a kill is simply not seen and is written again by the re-run.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from alm_pipeline.warehouse.append_log import AppendLog
from alm_pipeline.warehouse.lake import Lake
from alm_pipeline.warehouse.partition import Partition

TABLE = "audit.partitions"

SCHEMA = pa.schema(
    [
        ("as_of_date", pa.date32()),
        ("scenario", pa.string()),
        ("table_name", pa.string()),
        ("delta_version", pa.int64()),
        ("content_hash", pa.string()),
        ("n_rows", pa.int64()),
        ("contract_version", pa.string()),
        ("code_version", pa.string()),
        ("input_hashes", pa.string()),
    ]
)


@dataclass(frozen=True)
class Derivation:
    """Code and inputs that were seen to produce a content.

    Attributes
    ----------
    input_hashes : Mapping[str, str]
        Content hash of everything the rows were computed from, by name.
    """

    code_version: str
    input_hashes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """What the registry knows of one partition of one table.

    Attributes
    ----------
    version : int
        Delta Lake version that holds the rows.
    derivations : tuple[Derivation, ...]
        Every known way to these rows; each stays true however often inputs change and come back.
    """

    table: str
    partition: Partition
    version: int
    content_hash: str
    n_rows: int
    contract_version: str
    derivations: tuple[Derivation, ...] = ()


class Registry:
    """The newest entry of every partition of every table."""

    def __init__(self, lake: Lake) -> None:
        self._log = AppendLog(lake, TABLE, SCHEMA)
        self._entries: dict[tuple[str, Partition], Entry] = {}
        self._taken = 0
        self._waiting: list[dict[str, Any]] | None = None
        self._lock = threading.RLock()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write the rows of several commits at once, at the end; a kill before loses only rows."""
        if self._waiting is not None:
            yield
            return
        self._waiting = []
        try:
            yield
        finally:
            rows, self._waiting = self._waiting, None
            self._log.append(rows)

    def add(self, entry: Entry) -> None:
        """Record a commit, or one more derivation of content that is already there."""
        row = _row(entry)
        with self._lock:
            if self._waiting is None:
                self._log.append([row])
            else:
                self._waiting.append(row)
                self._take(entry)

    def find(self, table: str, partition: Partition) -> Entry | None:
        """Return the newest entry of a partition, or None when it was never written."""
        with self._lock:
            self._refresh()
            return self._entries.get((table, partition))

    def of_month(self, partition: Partition) -> list[Entry]:
        """Return the newest entries of every table and scenario of a month end, in name order."""
        with self._lock:
            self._refresh()
            entries = list(self._entries.values())
        found = [e for e in entries if e.partition.as_of_date == partition.as_of_date]
        return sorted(found, key=lambda e: (e.table, e.partition))

    def _refresh(self) -> None:
        rows = self._log.rows()
        for row in rows[self._taken :]:
            self._take(_entry(row))
        self._taken = len(rows)

    def _take(self, entry: Entry) -> None:
        key = (entry.table, entry.partition)
        known = self._entries.get(key)
        if known is None or entry.version > known.version:
            self._entries[key] = entry
        elif entry.version == known.version:
            fresh = [d for d in entry.derivations if d not in known.derivations]
            self._entries[key] = replace(known, derivations=(*known.derivations, *fresh))


def _row(entry: Entry) -> dict[str, Any]:
    (derivation,) = entry.derivations
    return {
        "as_of_date": entry.partition.as_of_date,
        "scenario": entry.partition.scenario,
        "table_name": entry.table,
        "delta_version": entry.version,
        "content_hash": entry.content_hash,
        "n_rows": entry.n_rows,
        "contract_version": entry.contract_version,
        "code_version": derivation.code_version,
        "input_hashes": json.dumps(dict(sorted(derivation.input_hashes.items()))),
    }


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(
        table=row["table_name"],
        partition=Partition(row["as_of_date"], row["scenario"]),
        version=row["delta_version"],
        content_hash=row["content_hash"],
        n_rows=row["n_rows"],
        contract_version=row["contract_version"],
        derivations=(Derivation(row["code_version"], json.loads(row["input_hashes"])),),
    )
