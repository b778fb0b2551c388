"""Two published closes side by side: what went in differently and what came out differently.

Works on superseded closes and across month ends. Everything is read from manifests, kept texts and
the lake's versions; today's files play no part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alm_pipeline.audit import input_difference as inputs
from alm_pipeline.warehouse.definitions import Definitions
from alm_pipeline.warehouse.lake import Lake
from alm_pipeline.warehouse.manifests import Manifest

HEADLINES = {
    "reports.scorecard": (
        ("entity_id", "row_kind", "metric", "scope", "limit_direction"),
        ("value", "limit_status"),
    ),
    "reports.irrbb_outlier_test": (
        ("entity_id", "row_kind", "scenario"),
        ("eve", "delta_eve", "delta_eve_share", "nii_12m", "delta_nii_12m", "is_eve_outlier"),
    ),
}
"""Reports whose cells are compared: the columns that name a row, the columns that matter."""


@dataclass(frozen=True)
class CellChange:
    """One cell of a headline report that two closes do not share; `None` is not available."""

    table: str
    row: str
    column: str
    before: Any
    after: Any

    @property
    def change(self) -> Any:
        """After less before, where both are numbers."""
        sides = (self.before, self.after)
        if any(side is None or isinstance(side, bool | str) for side in sides):
            return None
        return self.after - self.before

    def __str__(self) -> str:
        change = "" if self.change is None else f" ({_shown(self.change, '+')})"
        before, after = _shown(self.before), _shown(self.after)
        return f"{self.table} [{self.row}] {self.column} {before} -> {after}{change}"


@dataclass(frozen=True)
class Difference:
    """Two closes side by side.

    Attributes
    ----------
    n_rows : dict[str, tuple[int | None, int | None]]
        Rows parsed of each delivered file that differs, before and after.
    tables : dict[str, int]
        Number of partitions with other content, by table.
    """

    before: Manifest
    after: Manifest
    inputs: inputs.InputDifference
    n_rows: Mapping[str, tuple[int | None, int | None]]
    headlines: tuple[CellChange, ...]
    tables: Mapping[str, int]


def difference(
    before: Manifest, after: Manifest, lake: Lake, definitions: Definitions
) -> Difference:
    """Return what two closes of one warehouse do not share."""
    sides = [inputs.Inputs.kept(one.inputs, definitions) for one in (before, after)]
    found = inputs.input_difference(*sides)
    counts = [_rows_of_files(one, lake) for one in (before, after)]
    return Difference(
        before,
        after,
        found,
        {name: (counts[0].get(name), counts[1].get(name)) for name in found.files},
        tuple(change for table in HEADLINES for change in _cells(table, before, after, lake)),
        _tables(before, after),
    )


def lines_of(found: Difference) -> list[str]:
    """Return a difference in words: inputs, headline cells, tables."""
    before, after = found.before, found.after
    tables = [f"{table} ({n})" for table, n in found.tables.items()]
    files = [
        f"file {name}: {state}{_counts(*found.n_rows[name])}"
        for name, state in found.inputs.files.items()
    ]
    others = [line for line in inputs.lines_of(found.inputs) if not line.startswith("file ")]
    return [
        f"{before.run_id} of {before.as_of_date} -> {after.run_id} of {after.as_of_date}",
        *_section("inputs", [*files, *others]),
        *_section("headline", [str(change) for change in found.headlines]),
        *_section("tables with other content (partitions)", tables),
    ]


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"{title}:", *(f"  {line}" for line in lines or ["no difference"])]


def _counts(before: int | None, after: int | None) -> str:
    if before is None and after is None:
        return ""
    shown = ["none" if n is None else f"{n:,}" for n in (before, after)]
    return f", {shown[0]} -> {shown[1]} rows"


def _rows_of_files(manifest: Manifest, lake: Lake) -> dict[str, int]:
    """Return the rows parsed of every delivered file, by logical name and file name."""
    rows = _rows("audit.files", manifest, lake)
    return {f"{r['source_name']}/{r['file_name']}": r["n_rows_parsed"] for r in rows}


def _rows(table: str, manifest: Manifest, lake: Lake) -> list[dict[str, Any]]:
    pinned = manifest.pinned(table)
    return [r for p in pinned for r in lake.rows(table, p.partition, p.version).to_pylist()]


def _cells(table: str, before: Manifest, after: Manifest, lake: Lake) -> list[CellChange]:
    keys, columns = HEADLINES[table]
    sides = [
        {", ".join(str(row[k]) for k in keys): row for row in _rows(table, one, lake)}
        for one in (before, after)
    ]
    changes = [
        CellChange(table, row, column, *(side.get(row, {}).get(column) for side in sides))
        for row in sorted({*sides[0], *sides[1]})
        for column in columns
    ]
    return [change for change in changes if change.before != change.after]


def _tables(before: Manifest, after: Manifest) -> dict[str, int]:
    """Return the number of partitions with other content by table; month ends are not compared."""
    sides = [
        {(p.table, p.partition.scenario): p.content_hash for p in one.tables}
        for one in (before, after)
    ]
    counted: dict[str, int] = {}
    for key in sorted({*sides[0], *sides[1]}):
        if sides[0].get(key) != sides[1].get(key):
            counted[key[0]] = counted.get(key[0], 0) + 1
    return counted


def _shown(value: Any, sign: str = "") -> str:
    if value is None:
        return "not available"
    if isinstance(value, bool | str):
        return str(value).lower()
    is_small = abs(value) < 10
    return f"{value:{sign},.6f}" if is_small else f"{value:{sign},.2f}"
