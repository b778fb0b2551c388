"""Files of a demo bank's delivery: read as delivered, changed as a bank would restate them."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, Any]
Edit = Callable[[list[Row]], list[Row]]


def delivered(folder: Path, extract: str) -> list[Row]:
    """Return the rows of an extract; those of CSV are text."""
    path = _path(folder, extract)
    if path.suffix == ".parquet":
        rows: list[Row] = pq.read_table(path).to_pylist()
        return rows
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def restated(folder: Path, extract: str, edit: Edit) -> None:
    """Change the rows of an extract, and what is said of them in the files of totals there are."""
    rows = edit(delivered(folder, extract))
    _write(folder, extract, rows)

    def totals(lines: list[Row]) -> list[Row]:
        for line in lines:
            if (line["measure"], line["item"]) == ("file_total", extract):
                column = _column_added_up(folder, extract)
                line["n_rows"] = str(len(rows))
                line["amount"] = _added_up(rows, column) if column else line["amount"]
        return lines

    if extract != "control_total" and any(folder.glob("control_total.*")):
        restated(folder, "control_total", totals)


def _write(folder: Path, extract: str, rows: list[Row]) -> None:
    path = _path(folder, extract)
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows, pq.read_schema(path)), path)
    else:
        with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    control = folder / "control.csv"
    lines = list(csv.reader(control.read_text(encoding="utf-8").splitlines()))
    for line in lines[1:]:
        if line[0] == path.name:
            line[1] = str(len(rows))
            line[3] = _added_up(rows, line[2]) if line[2] else ""
    with control.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)


def _column_added_up(folder: Path, extract: str) -> str:
    control = (folder / "control.csv").read_text(encoding="utf-8")
    name = _path(folder, extract).name
    (line,) = (row for row in csv.DictReader(control.splitlines()) if row["file"] == name)
    return line["control_column"]


def _added_up(rows: list[Row], column: str) -> str:
    return f"{sum(round(100 * float(row[column] or 0)) for row in rows) / 100:.2f}"


def _path(folder: Path, extract: str) -> Path:
    (found,) = (p for p in folder.iterdir() if p.name.split(".")[0] == extract)
    return found
