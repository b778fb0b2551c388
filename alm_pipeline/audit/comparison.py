"""The tables of a close against those of its replay: which rows and columns are not the same.

What the original's lake holds is hashed anew, so that a file changed after the close shows even
where the replay agrees with what the close recorded. Content that differs is compared row by row:
keys, text, dates and exact amounts must be equal, floats to nine significant digits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pyarrow as pa

from alm_pipeline.errors import AlmError
from alm_pipeline.warehouse.content import DIGITS, content_hash, logical_hash
from alm_pipeline.warehouse.history import History
from alm_pipeline.warehouse.manifests import PinnedTable
from alm_pipeline.warehouse.shapes import TableShape
from alm_pipeline.warehouse.store import Store

TOLERANCE = 10.0 ** (1 - DIGITS)
_MAX_ROWS = 3
_ORIGINAL, _REPLAYED = "original.rows", "replayed.rows"


class Verdict(Enum):
    """How a partition of the replay relates to the original's."""

    IDENTICAL = "identical"
    EQUAL = "equal to nine digits"
    DIFFERENT = "different"
    MISSING = "not made by the replay"
    SURPLUS = "not part of the original"
    DAMAGED = "no longer what the close wrote"


@dataclass(frozen=True)
class Comparison:
    """One partition of one table.

    Attributes
    ----------
    n_differing : int
        Rows that only one side has or that differ in a cell.
    largest_relative_difference : float
        Of all numeric cells of rows both sides have.
    examples : tuple[str, ...]
        The first differing rows, by key, with both values.
    detail : str
        What else there is to say.
    """

    table: str
    partition: str
    verdict: Verdict
    n_differing: int = 0
    columns: tuple[str, ...] = ()
    largest_relative_difference: float = 0.0
    examples: tuple[str, ...] = ()
    detail: str = ""

    def __str__(self) -> str:
        words = [f"{self.table} {self.partition}: {self.verdict.value}"]
        if self.n_differing:
            words.append(f"{self.n_differing:,} rows in {', '.join(self.columns) or 'keys only'}")
        if self.largest_relative_difference:
            words.append(f"largest relative difference {self.largest_relative_difference:.3g}")
        return "; ".join([*words, *filter(None, [self.detail]), *self.examples])


def compare(
    original: Sequence[PinnedTable], history: History, store: Store, replayed: Iterable[PinnedTable]
) -> list[Comparison]:
    """Compare every partition that either close pinned, in name order.

    Parameters
    ----------
    original : sequence of PinnedTable
        What the original pinned; `history` finds its files.
    store : Store
        The replay's warehouse; `replayed` is what it pinned.
    """
    again = {(p.table, p.partition): p for p in replayed}
    found = []
    for pin in original:
        twin = again.pop((pin.table, pin.partition), None)
        if twin is None or not store.has_shape(pin.table):
            found.append(Comparison(pin.table, str(pin.partition), Verdict.MISSING))
        else:
            found.append(_compared(pin, history, store, twin))
    found += [Comparison(t, str(p), Verdict.SURPLUS) for t, p in again]
    return sorted(found, key=lambda one: (one.table, one.partition))


def by_stage(found: Iterable[Comparison]) -> Mapping[str, Counter[Verdict]]:
    """Return how many partitions of each stage have which verdict."""
    counted: dict[str, Counter[Verdict]] = {}
    for one in found:
        counted.setdefault(one.table.partition(".")[0], Counter())[one.verdict] += 1
    return counted


def _compared(pin: PinnedTable, history: History, store: Store, twin: PinnedTable) -> Comparison:
    """Compare one partition: by hash first, by rows where the hashes differ."""
    shape, name = store.shape(pin.table), (pin.table, str(pin.partition))
    try:
        before = _rows(store, _ORIGINAL, shape, history.files(pin))
    except (AlmError, OSError) as problem:
        return Comparison(*name, Verdict.DAMAGED, detail=f"its files cannot be read: {problem}")
    is_damaged = content_hash(before) != pin.content_hash
    if not is_damaged and pin.content_hash == twin.content_hash:
        return Comparison(*name, Verdict.IDENTICAL)
    files = store.lake.files(twin.table, twin.partition, twin.version)
    after = _rows(store, _REPLAYED, shape, files)
    found = _difference(store, shape)
    is_equal = logical_hash(before) == logical_hash(after) or not found["n"]
    verdict = Verdict.EQUAL if is_equal else Verdict.DIFFERENT
    return Comparison(
        *name,
        Verdict.DAMAGED if is_damaged else verdict,
        n_differing=found["n"],
        columns=tuple(c for c in _compared_columns(shape) if found[f"n_{c}"]),
        largest_relative_difference=found["largest"] or 0.0,
        examples=tuple(_examples(store, shape)) if found["n"] else (),
        detail=_agreement(pin, twin) if is_damaged else "",
    )


def _agreement(pin: PinnedTable, twin: PinnedTable) -> str:
    """Say whether what the close recorded is what the replay made."""
    if pin.content_hash == twin.content_hash:
        return "the replay made what the close recorded, the lake's files were changed since"
    return "the lake's files were changed since, and the replay made something else"


def _rows(store: Store, name: str, shape: TableShape, files: Sequence[str]) -> pa.Table:
    store.session.bind_files(name, files, shape.columns)
    order = ", ".join(f'"{column}"' for column in shape.key)
    return store.session.query(f"select * from {name} order by {order}")


def _compared_columns(shape: TableShape) -> list[str]:
    return [column for column in shape.columns if column not in shape.key]


def _joined(shape: TableShape) -> str:
    keys = ", ".join(f'"{column}"' for column in shape.key)
    return (
        f"(select *, true as is_there from {_ORIGINAL}) as a"
        f" full join (select *, true as is_there from {_REPLAYED}) as b using ({keys})"
    )


def _differs(shape: TableShape, column: str) -> str:
    """Return the condition that a column differs on a row both sides have."""
    a, b = f'a."{column}"', f'b."{column}"'
    if shape.columns[column] != "DOUBLE":
        return f"({a} is distinct from {b})"
    larger = f"greatest(abs({a}), abs({b}))"
    is_far = f"coalesce(abs({a} - {b}) > {TOLERANCE} * {larger}, false)"
    return f"(({a} is null) <> ({b} is null) or {is_far})"


def _is_any(shape: TableShape) -> str:
    conditions = ["a.is_there is null", "b.is_there is null"]
    return " or ".join([*conditions, *(_differs(shape, c) for c in _compared_columns(shape))])


def _difference(store: Store, shape: TableShape) -> dict[str, Any]:
    """Return how many rows differ, in which columns, and by how much at most."""
    both = "a.is_there and b.is_there"
    numbers = [c for c in _compared_columns(shape) if _is_number(shape.columns[c])]
    relative = [
        f'max(abs(a."{c}" - b."{c}")::double'
        f' / nullif(greatest(abs(a."{c}"), abs(b."{c}")), 0)::double) filter (where {both})'
        for c in numbers
    ]
    largest = f"greatest({', '.join(relative)})" if relative else "null"
    counts = [
        f'count(*) filter (where {both} and {_differs(shape, c)}) as "n_{c}"'
        for c in _compared_columns(shape)
    ]
    select = [f"count(*) filter (where {_is_any(shape)}) as n", f"{largest} as largest", *counts]
    (row,) = store.session.rows(f"select {', '.join(select)} from {_joined(shape)}")
    return row


def _is_number(kind: str) -> bool:
    return kind in ("DOUBLE", "INTEGER", "BIGINT") or kind.startswith("DECIMAL")


def _examples(store: Store, shape: TableShape) -> list[str]:
    """Return the first differing rows in words."""
    columns = _compared_columns(shape)
    sides = [f'{side}."{c}" as "{side}_{c}"' for c in columns for side in ("a", "b")]
    flags = [f'{_differs(shape, c)} as "is_{c}"' for c in columns]
    keys = [f'"{c}"' for c in shape.key]
    there = ["a.is_there as a_there", "b.is_there as b_there"]
    rows = store.session.rows(
        f"select {', '.join([*keys, *sides, *flags, *there])} from {_joined(shape)}"
        f" where {_is_any(shape)} order by {', '.join(keys)} limit {_MAX_ROWS}"
    )
    return [_example(shape, row) for row in rows]


def _example(shape: TableShape, row: Mapping[str, Any]) -> str:
    key = ", ".join(str(row[c]) for c in shape.key if c not in ("as_of_date", "scenario"))
    if not (row["a_there"] and row["b_there"]):
        return f"[{key}] only in the {'original' if row['a_there'] else 'replay'}"
    cells = [
        f"{c} {row[f'a_{c}']} -> {row[f'b_{c}']}"
        for c in _compared_columns(shape)
        if row[f"is_{c}"]
    ]
    return f"[{key}] {', '.join(cells)}"
