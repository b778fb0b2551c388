"""Delta Lake tables under one root: commit a partition, append rows, find the files of a version.

The only module that knows Delta. It does not know data contracts, gates or content hashes.
"""

from __future__ import annotations

import json
import os
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, write_deltalake

from alm_pipeline.errors import WarehouseError
from alm_pipeline.warehouse.partition import Partition

_MAX_RETRIES = 100
_PARTITION = "partition"
"""Under this name a commit says which partition it replaced, also when with nothing."""


class Lake:
    """The folder `lake/<schema>/<table>` of a warehouse; one thread at a time opens a table."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._newest: dict[str, DeltaTable] = {}
        self._older: dict[tuple[str, int], DeltaTable] = {}
        self._files: dict[tuple[str, Partition, int], list[str]] = {}
        self._locks: dict[str, threading.RLock] = defaultdict(threading.RLock)

    def path(self, table: str) -> Path:
        """Return the folder of a table."""
        schema, _, name = table.partition(".")
        return self.root / schema / name

    def exists(self, table: str) -> bool:
        """Say whether the table has ever been committed."""
        return self._is_committed(table, 0) or DeltaTable.is_deltatable(str(self.path(table)))

    def overwrite(
        self, table: str, partition: Partition, rows: pa.Table, metadata: Mapping[str, str]
    ) -> int:
        """Replace one partition in one atomic commit and return the table's new version."""
        partition_by = ["as_of_date"] + (["scenario"] if partition.scenario else [])
        properties = CommitProperties(
            custom_metadata={**metadata, _PARTITION: str(partition)},
            max_commit_retries=_MAX_RETRIES,
        )
        with self._locks[table]:
            delta = self._table(table, rows.schema, partition_by)
            write_deltalake(
                delta,
                rows,
                mode="overwrite",
                predicate=partition.predicate,
                schema_mode="merge",
                commit_properties=properties,
            )
            return int(delta.version())

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to an unpartitioned, append-only table."""
        properties = CommitProperties(max_commit_retries=_MAX_RETRIES)
        with self._locks[table]:
            delta = self._table(table, rows.schema, None)
            write_deltalake(
                delta, rows, mode="append", schema_mode="merge", commit_properties=properties
            )

    def files(self, table: str, partition: Partition, version: int) -> list[str]:
        """Return the Parquet files that make up a partition at a version, in a stable order."""
        key = (table, partition, version)
        if key not in self._files:
            found = self._written(table, partition, version)
            if found is None:
                found = self._standing(table, partition, version)
            self._files[key] = found
        return self._files[key]

    def rows(self, table: str, partition: Partition, version: int) -> pa.Table:
        """Return a partition's rows at a version with the columns the table had then."""
        wanted: list[tuple[str, str, object]] = [("as_of_date", "=", partition.as_of_date)]
        if partition.scenario:
            wanted.append(("scenario", "=", partition.scenario))
        with self._locks[table]:
            found: pa.Table = self._at(table, version).to_pyarrow_table(filters=wanted)
        return found

    def all_files(self, table: str) -> list[str]:
        """Return the files of an append-only table at its newest version."""
        with self._locks[table]:
            return sorted(str(self.path(table) / f["path"]) for f in _added(self._refreshed(table)))

    def compact(self, table: str) -> None:
        """Join the many small files of an append-only table; no row changes."""
        self._refreshed(table).optimize.compact()

    def versions(self, table: str) -> int:
        """Return the newest version number, or -1 when the table does not exist."""
        with self._locks[table]:
            return int(self._refreshed(table).version()) if self.exists(table) else -1

    def _written(self, table: str, partition: Partition, version: int) -> list[str] | None:
        """Return the files that the commit of a version wrote to a partition; None if to another.

        A commit replaces a partition as a whole, so they are all its files. To read a few lines of
        the log is far cheaper than to open the table as it was.
        """
        if not self._is_committed(table, version):
            return None
        lines = Path(self._log_file(table, version)).read_text(encoding="utf-8").splitlines()
        actions = [json.loads(line) for line in lines]
        if not any(a.get("commitInfo", {}).get(_PARTITION) == str(partition) for a in actions):
            return None
        added = [action["add"] for action in actions if "add" in action]
        return sorted(
            str(self.path(table) / unquote(one["path"]))
            for one in added
            if one["partitionValues"] == partition.values
        )

    def _standing(self, table: str, partition: Partition, version: int) -> list[str]:
        """Return the files of a partition that stood when a version was committed."""
        with self._locks[table]:
            found = _added(self._at(table, version))
        values = {f"partition.{name}": value for name, value in partition.values.items()}
        return sorted(
            str(self.path(table) / one["path"])
            for one in found
            if all(str(one[name]) == value for name, value in values.items())
        )

    def _at(self, table: str, version: int) -> DeltaTable:
        newest = self._newest.get(table)
        if newest is None or newest.version() < version:
            newest = self._refreshed(table)
        if newest.version() == version:
            return newest
        key = (table, version)
        if key not in self._older:
            try:
                self._older[key] = DeltaTable(str(self.path(table)), version=version)
            except Exception as problem:
                raise WarehouseError(
                    f"version {version} of {table} cannot be opened",
                    where=table,
                    detail=str(problem).splitlines()[0],
                    fix="the version was vacuumed or the folder damaged: run the close again",
                ) from problem
        return self._older[key]

    def _refreshed(self, table: str) -> DeltaTable:
        known = self._newest.get(table)
        if known is None:
            known = self._newest[table] = DeltaTable(str(self.path(table)))
        elif self._is_committed(table, int(known.version()) + 1):
            known.update_incremental()
        return known

    def _table(
        self, table: str, schema: pa.Schema, partition_by: Sequence[str] | None
    ) -> DeltaTable:
        if not self.exists(table):
            self.path(table).mkdir(parents=True, exist_ok=True)
            DeltaTable.create(
                str(self.path(table)),
                _nullable(schema),
                mode="ignore",
                partition_by=list(partition_by) if partition_by else None,
            )
        return self._refreshed(table)

    def _is_committed(self, table: str, version: int) -> bool:
        return os.path.isfile(self._log_file(table, version))  # noqa: PTH113

    def _log_file(self, table: str, version: int) -> str:
        """Return the file of a commit; as text, since building paths before every read costs."""
        schema, _, name = table.partition(".")
        return f"{self.root}/{schema}/{name}/_delta_log/{version:020}.json"


def _added(delta: DeltaTable) -> list[dict[str, Any]]:
    """Return path and partition of each file; a URI would escape a blank in the path."""
    actions = pa.table(delta.get_add_actions(flatten=True))
    wanted = ("path", "partition.as_of_date", "partition.scenario")
    found: list[dict[str, Any]] = actions.select(
        [name for name in wanted if name in actions.column_names]
    ).to_pylist()
    return found


def read_files(files: Sequence[str]) -> pa.Table:
    """Read Parquet files of one unpartitioned table into memory."""
    return pa.concat_tables(
        [pq.ParquetFile(file).read() for file in files], promote_options="default"
    )


def _nullable(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.with_nullable(True) for field in schema])
