"""Rows of the files a bank sent, read apart from the pipeline: what a trace leads to."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pyarrow.parquet as pq


def raw_row(warehouse: Path, sha256: str, source_row: int, delimiter: str = ",") -> dict[str, str]:
    """Return one row of a kept file by header; the first row of data is 1."""
    content = (warehouse / "raw_files" / sha256).read_bytes()
    if content[:4] == b"PAR1":
        row = pq.read_table(io.BytesIO(content)).slice(source_row - 1, 1).to_pylist()[0]
        return {name: "" if value is None else str(value) for name, value in row.items()}
    text = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    reader = csv.reader(io.StringIO(text.decode("utf-8")), delimiter=delimiter)
    header = next(reader)
    for number, row in enumerate(reader, start=1):
        if number == source_row:
            return dict(zip(header, row, strict=True))
    raise AssertionError(f"the file has no row {source_row}")
