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


def copy_row(columns: Any, row: int, record: Any) -> None:
    """Write element ``row`` of every column to the field of that name, in the field's type."""
    for name in columns._fields:
        record[name] = getattr(columns, name)[row]
