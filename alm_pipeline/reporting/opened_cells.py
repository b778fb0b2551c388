"""An opened cell and the cells a position touches: on the screen and as CSV files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

_KINDS = {
    "sum": "a sum of contributions by position",
    "formula": "a formula over other cells",
    "selection": "selected among candidates",
    "estimate": "estimated from a sample",
    "input": "an input",
}


def number(value: Any) -> str:
    """Return a number as it is read: amounts with two decimals, small ones with all that count."""
    if value is None:
        return "not available"
    if isinstance(value, str):
        return value
    return f"{value:,.2f}" if abs(value) >= 100 or value == 0 else f"{value:.8g}"


def print_lines(console: Console, lines: Iterable[tuple[str, str]]) -> None:
    """Print named values under each other."""
    for name, text in lines:
        console.print(f"{name:<12} {text}", highlight=False, soft_wrap=True, markup=False)


def print_table(
    console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """Print rows of text; names of amounts are right aligned."""
    table = Table(title=title, title_justify="left")
    for name in columns:
        right = name in ("amount", "value", "row", "cell", "share")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def kind_line(kind: str, formula: str = "") -> str:
    """Return how a cell opens, in words."""
    return f"{_KINDS[kind]}{': ' + formula if formula else ''}"


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows as a CSV file with a header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns), extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def keys_text(keys: Mapping[str, Any]) -> str:
    """Return the key of a row as it is typed after --row."""
    return ",".join(f"{name}={value}" for name, value in keys.items())
