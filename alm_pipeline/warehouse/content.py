"""What a table says, as one hash: same rows, same hash, whatever wrote them.

The hash is of values, not of file bytes: Parquet of the same rows differs from write to write.
Rows must already be in their total order and in the contract's types; ordering and typing are
`warehouse.store`'s work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from alm_pipeline.errors import WarehouseError

DIGITS = 9
"""Significant digits of a float that two versions of a library must agree on."""


def content_hash(rows: pa.Table) -> str:
    """Return the SHA-256 of column names, types, null masks and values, in row order.

    Parameters
    ----------
    rows : pyarrow.Table
        Ordered rows of text, integer, float, boolean, date or decimal columns.

    Raises
    ------
    WarehouseError
        If a float column holds NaN, or a column has a type that is never stored.
    """
    digest = hashlib.sha256()
    for name in rows.column_names:
        column = _one_array(rows.column(name))
        digest.update(f"{name}:{column.type}:{len(column)};".encode())
        for part in _canonical_parts(name, column):
            digest.update(part)
    return digest.hexdigest()


def logical_hash(rows: pa.Table) -> str:
    """Return the hash of the rows with floats rounded to `DIGITS` significant digits.

    Other versions of a library may add in another order; what is equal then is this hash. Two
    numbers on either side of a rounding bound differ in it although they are close: where hashes
    differ, rows are compared (`audit.comparison`).
    """
    columns = [
        pa.array(_rounded(column), mask=pc.is_null(column).to_numpy(zero_copy_only=False))
        if pa.types.is_floating(column.type)
        else column
        for column in (_one_array(column) for column in rows.columns)
    ]
    return content_hash(pa.table(dict(zip(rows.column_names, columns, strict=True))))


def _rounded(column: pa.Array) -> Any:
    values = pc.fill_null(column, 0.0).to_numpy(zero_copy_only=False).astype(np.float64)
    exponent = np.floor(np.log10(np.abs(values), where=values != 0.0, out=np.zeros_like(values)))
    scale = 10.0 ** np.clip(DIGITS - 1 - exponent, -300, 300)
    return np.round(values * scale) / scale


def combined_hash(parts: Mapping[str, str] | Iterable[str]) -> str:
    """Return one hash for named or ordered parts; names are taken in sorted order."""
    digest = hashlib.sha256()
    lines = (
        (f"{key}={parts[key]}" for key in sorted(parts)) if isinstance(parts, Mapping) else parts
    )
    for line in lines:
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = column.cast(pa.large_string())
    combined = column.combine_chunks()
    return pa.concat_arrays(combined.chunks) if isinstance(combined, pa.ChunkedArray) else combined


def _canonical_parts(name: str, column: pa.Array) -> Iterable[bytes]:
    kind = column.type
    yield np.packbits(pc.is_null(column).to_numpy(zero_copy_only=False)).tobytes()
    if pa.types.is_large_string(kind):
        filled = pa.concat_arrays([pc.fill_null(column, "")])
        yield pc.binary_length(filled).to_numpy(zero_copy_only=False).tobytes()
        yield _text_bytes(filled)
    elif pa.types.is_floating(kind):
        values = pc.fill_null(column, 0.0).to_numpy(zero_copy_only=False).astype(np.float64)
        if np.isnan(values).any():
            raise WarehouseError(f"column {name} holds NaN", fix="a missing number must be null")
        yield (values + 0.0).tobytes()
    elif pa.types.is_decimal(kind):
        yield from _decimal_bytes(column)
    elif pa.types.is_boolean(kind):
        yield pc.fill_null(column, False).to_numpy(zero_copy_only=False).tobytes()
    elif pa.types.is_date32(kind):
        yield pc.fill_null(column.cast(pa.int32()), 0).to_numpy(zero_copy_only=False).tobytes()
    elif pa.types.is_integer(kind):
        yield pc.fill_null(column, 0).to_numpy(zero_copy_only=False).tobytes()
    else:
        raise WarehouseError(f"column {name} has type {kind}, which is never stored")


def _text_bytes(column: pa.Array) -> bytes:
    _, offsets, data = column.buffers()
    if data is None or len(column) == 0:
        return b""
    bounds = np.frombuffer(offsets, dtype=np.int64)[column.offset : column.offset + len(column) + 1]
    return bytes(memoryview(data)[int(bounds[0]) : int(bounds[-1])])


def _decimal_bytes(column: pa.Array) -> Iterable[bytes]:
    filled = pa.concat_arrays([pc.fill_null(column, pa.scalar(0, column.type))])
    width = column.type.bit_width // 8
    _, data = filled.buffers()
    if data is not None:
        start = filled.offset * width
        yield bytes(memoryview(data)[start : start + len(filled) * width])
