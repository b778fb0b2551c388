"""The input relations of closes, each set in one file named by the hash of what decides it.

They follow from the kept definitions and save whoever looks at a close the time to read those; no
result depends on them, and a file that is missing or damaged is as good as none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


class KeptRelations:
    """The folder `relations` of a warehouse."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, key: str, relations: Mapping[str, pa.Table]) -> None:
        """Write a set of relations under its key; the file appears whole or not at all."""
        target = self._file(key)
        if target.is_file():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        written = {"relation": list(relations), "rows": list(map(_bytes, relations.values()))}
        beside = target.with_name(f".{target.name}.{os.getpid()}")
        pq.write_table(pa.table(written), beside)
        beside.replace(target)

    def find(self, key: str) -> dict[str, pa.Table] | None:
        """Return the relations kept under a key, or None."""
        try:
            kept = pq.read_table(self._file(key)).to_pylist()
        except (OSError, pa.ArrowInvalid):
            return None
        return {row["relation"]: pa.ipc.open_stream(row["rows"]).read_all() for row in kept}

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.parquet"


def _bytes(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return bytes(sink.getvalue().to_pybytes())
