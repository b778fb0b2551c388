"""Files as a core banking system would deliver them: typed columns, gzip or Parquet, controls.

The same table gives the same bytes: gzip carries no clock, Parquet no random part, and the format
depends on the extract alone. What stands in the columns is the business of other modules.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from alm_pipeline.demo.calendar import Ints
from alm_pipeline.demo.layout import COLUMNS

PARQUET_EXTRACTS = frozenset({"loan", "deposit_nmd", "counterparty", "collateral", "commitment"})
CONTROL_HEADER = ("file", "n_rows", "control_column", "control_total")
_MONEY = pa.decimal128(18, 2)
_TYPES = {
    "text": pa.string(),
    "date": pa.date32(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "double": pa.float64(),
    "money": _MONEY,
}
Columns = Mapping[str, Any]


@dataclass(frozen=True)
class Coded:
    """A text column given as positions in a short list of words; None is null."""

    codes: Ints
    words: tuple[str | None, ...]


@dataclass(frozen=True)
class Control:
    """One line of a control file."""

    file: str
    n_rows: int
    column: str
    total: str


def column_types(extract: str) -> dict[str, str]:
    """Names and types of an extract's columns, in file order."""
    return dict(item.split(":") for item in COLUMNS[extract].split())


def padded(numbers: Ints, width: int) -> pa.Array:
    """Whole numbers as text of fixed width, with leading zeros."""
    return pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")


def money_array(cents: Any) -> pa.Array:
    """Whole cents as DECIMAL(18,2); masked values are null."""
    mask = np.ma.getmaskarray(cents) if isinstance(cents, np.ma.MaskedArray) else None
    values = np.ma.getdata(cents).astype(np.int64)
    words = np.empty((len(values), 2), dtype=np.int64)
    words[:, 0], words[:, 1] = values, values >> 63
    array = pa.Array.from_buffers(_MONEY, len(values), [None, pa.py_buffer(words.tobytes())])
    if mask is None or not mask.any():
        return array
    return pc.if_else(pa.array(~mask), array, pa.scalar(None, _MONEY))


def _array(value: Any, kind: str, n: int) -> pa.Array:
    """One column from a constant, a coded text, an Arrow array or a numpy array."""
    target = _TYPES[kind]
    if value is None:
        return pa.nulls(n, target)
    if isinstance(value, pa.Array | pa.ChunkedArray):
        return value.combine_chunks() if isinstance(value, pa.ChunkedArray) else value
    if isinstance(value, Coded):
        return pa.array(value.words, target).take(pa.array(value.codes))
    if np.ndim(value) == 0:
        value = np.full(n, value) if kind == "money" else value
        if kind != "money":
            return pa.array([value], target).take(pa.array(np.zeros(n, dtype=np.int64)))
    if kind == "money":
        return money_array(value)
    return _plain_array(value, kind, target)


def _plain_array(value: Any, kind: str, target: pa.DataType) -> pa.Array:
    if kind == "text":
        return pa.array(list(value), target)
    data, mask = np.ma.getdata(value), np.ma.getmaskarray(value)
    if kind == "double":
        mask = mask | np.isnan(data)
    if kind == "date":
        data = data.astype(np.int32)
    return pa.array(data, pa.int32() if kind == "date" else None, mask=mask).cast(target)


def extract_table(extract: str, n_rows: int, columns: Columns) -> pa.Table:
    """An Arrow table in the contracted order; columns not given are null."""
    types = column_types(extract)
    unknown = set(columns) - set(types)
    if unknown:
        raise KeyError(f"{extract} has no column {sorted(unknown)}")
    arrays = [_array(columns.get(name), kind, n_rows) for name, kind in types.items()]
    return pa.table(arrays, names=list(types))


def records_table(extract: str, records: list[dict[str, Any]]) -> pa.Table:
    """An Arrow table from a short list of rows; money is given in cents."""
    columns: dict[str, Any] = {}
    for name, kind in column_types(extract).items():
        values = [record.get(name) for record in records]
        if kind == "money":
            filled = np.array([0 if v is None else v for v in values], dtype=np.int64)
            columns[name] = np.ma.MaskedArray(filled, [v is None for v in values])
        else:
            columns[name] = pa.array(values, _TYPES[kind])
    return extract_table(extract, len(records), columns)


def control_column(extract: str) -> str:
    """The column whose sum the control file states: the balance, else the first amount."""
    money = [name for name, kind in column_types(extract).items() if kind == "money"]
    preferred = [name for name in ("outstanding_principal", "undrawn_amount") if name in money]
    return (preferred or money or [""])[0]


def control_of(extract: str, file: str, table: pa.Table) -> Control:
    """Rows and control total of a table as the bank states them."""
    column = control_column(extract)
    if not column:
        return Control(file, table.num_rows, "", "")
    total = pc.sum(table[column]).as_py()
    return Control(file, table.num_rows, column, str(total or Decimal("0.00")))


def csv_bytes(table: pa.Table) -> bytes:
    """Comma separated text with a header row, UTF-8, LF, empty for null."""
    sink = io.BytesIO()
    sink.write((",".join(table.column_names) + "\n").encode())
    quoting = "none" if not _has_special(table) else "needed"
    pacsv.write_csv(table, sink, pacsv.WriteOptions(include_header=False, quoting_style=quoting))
    return sink.getvalue()


def _has_special(table: pa.Table) -> bool:
    texts = [table[i] for i, kind in enumerate(table.schema.types) if pa.types.is_string(kind)]
    return any(pc.any(pc.match_substring_regex(text, '[,"\n]')).as_py() for text in texts)


def gzip_bytes(content: bytes) -> bytes:
    """Gzip without a clock or a name."""
    return gzip.compress(content, compresslevel=4, mtime=0)


def write_extract(folder: Path, extract: str, table: pa.Table) -> Control:
    """Write one extract into a landing folder and return its line of the control file."""
    if extract in PARQUET_EXTRACTS:
        path = folder / f"{extract}.parquet"
        pq.write_table(table, path, compression="zstd", row_group_size=250_000)
    else:
        path = folder / f"{extract}.csv.gz"
        path.write_bytes(gzip_bytes(csv_bytes(table)))
    return control_of(extract, path.name, table)


def write_controls(folder: Path, controls: list[Control]) -> None:
    """Write control.csv: one line per file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CONTROL_HEADER)
    writer.writerows(
        (c.file, c.n_rows, c.column, c.total) for c in sorted(controls, key=lambda c: c.file)
    )
    (folder / "control.csv").write_text(text.getvalue(), encoding="utf-8")


def read_controls(folder: Path) -> list[Control]:
    """Read control.csv back."""
    with (folder / "control.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))[1:]
    return [Control(file, int(n_rows), column, total) for file, n_rows, column, total in rows]
