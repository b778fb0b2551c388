"""Tables that kernels hand on by reference: one address instead of every array they are made of.

A named tuple of arrays given to a compiled function is taken apart into its numbers, hundreds of
them for everything a simulation reads, at every call and in every function that is compiled. An
entry from Python puts its tuples into memory once (``by_reference``), and what it calls sees the
same fields under the same names. In plain Python the tuple itself is handed on. What the compiler
must know stands in ``_reference_types``.
"""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")


def by_reference(tables: T) -> T:
    """Return the named tuple as what inner kernels take; it lives as long as the call."""
    return tables


def copy_rows(columns: Any, rows: Any, begin: int, records: Any, n: int) -> None:
    """Write ``rows[begin : begin + n]`` of every column to that field of ``n`` records.

    Column by column: so many columns side by side would fight for the same places in the cache.
    """
    for name in columns._fields:
        records[name][:n] = getattr(columns, name)[rows[begin : begin + n]]
