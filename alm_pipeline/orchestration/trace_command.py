"""What `alm trace` and `alm impact` print and write, and their exit status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from alm_pipeline.audit.closed_bank import ClosedBank, row_name
from alm_pipeline.audit.impact import Touched, impact
from alm_pipeline.audit.opened_cell import OpenedCell
from alm_pipeline.audit.report_rows import asked_cell
from alm_pipeline.audit.source_rows import position_terms, source_rows
from alm_pipeline.audit.trace import Tracer
from alm_pipeline.errors import ConfigurationError
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.trace import closed_bank, is_code_changed
from alm_pipeline.reporting.opened_cells import (
    keys_text,
    kind_line,
    number,
    print_lines,
    print_table,
    write_csv,
)

_PLAIN_WIDTH = 180
_N_SOURCES = 12
_CONTRIBUTION = ("position_id", "amount", "entity_id", "product_code", "currency")
_SOURCE = ("position_id", "file_name", "source_row", "source_name", "sha256")
_TOUCHED = ("table", "column", "row", "amount", "cell")
_N_TOUCHED = 6
_PART = ("name", "place", "value", "is_winner")


@dataclass(frozen=True)
class Question:
    """Which cell, of which close, and how much of the answer is shown."""

    table: str
    column: str
    row: Mapping[str, str]
    as_of_date: date | None = None
    run_id: str = ""
    position_id: str = ""
    top: int = 10
    to_csv: Path | None = None


def row_of(text: str) -> dict[str, str]:
    """Return ``key=value,key=value`` as a mapping.

    Raises
    ------
    ConfigurationError
        If a part is not of that form.
    """
    parts = [part for part in text.split(",") if part.strip()]
    wrong = [part for part in parts if "=" not in part]
    if wrong:
        raise ConfigurationError(
            f"--row {wrong[0]} is not key=value", fix="for example --row entity_id=GROUP"
        )
    return {k.strip(): v.strip() for k, v in (part.split("=", 1) for part in parts)}


def trace(bank: Bank, asked: Question) -> int:
    """Open a cell, print it, write the CSV files that were asked for; 1 if it does not tie."""
    console = _console()
    closed = closed_bank(bank, asked.as_of_date, asked.run_id)
    cell = asked_cell(closed, asked.table, asked.column, asked.row)
    opened = Tracer(closed, asked.position_id).open(cell)
    _print_head(console, closed, opened)
    if opened.contributions is not None:
        _print_contributions(console, closed, opened, asked.top)
    elif opened.parts:
        rows = [_part_row(part) for part in opened.parts]
        shown = [
            (str(r["name"]), str(r["place"]), number(r["value"]), str(r["is_winner"])) for r in rows
        ]
        print_table(console, "made from", ("name", "where", "value", ""), shown)
    _print_total(console, opened)
    if asked.to_csv is not None:
        _export(console, closed, opened, asked.to_csv)
    if not opened.is_tied:
        _print_untied(console, bank, closed)
    return 0 if opened.is_tied else 1


def show_impact(
    bank: Bank, position_id: str, as_of_date: date | None, run_id: str, to_csv: Path | None
) -> None:
    """Print what a position adds to each report, largest first, or write every cell to a file."""
    console = _console()
    closed = closed_bank(bank, as_of_date, run_id)
    touched = impact(closed, position_id)
    if to_csv is not None:
        write_csv(to_csv, [_touched_row(one) for one in touched], _TOUCHED)
        print_lines(console, [("written", f"{len(touched):,} cells to {to_csv}")])
        return
    by_report: dict[str, list[Touched]] = {}
    for one in touched:
        by_report.setdefault(one.table, []).append(one)
    named = f"{len(touched):,} cells of {len(by_report)} reports"
    print_lines(console, [("position", position_id), ("close", closed.as_of_date), ("in", named)])
    for table, cells in by_report.items():
        _print_touched(console, table, sorted(cells, key=lambda one: -abs(one.amount)))


def _print_touched(console: Console, table: str, cells: Sequence[Touched]) -> None:
    rows = [
        (one.column, keys_text(one.keys), _money(one.amount), _money(one.stored))
        for one in cells[:_N_TOUCHED]
    ]
    more = len(cells) - len(rows)
    rest = [(f"and {more:,} more", "", "", "")] if more else []
    print_table(console, table, ("column", "row of", "amount", "cell"), [*rows, *rest])


def _touched_row(one: Touched) -> dict[str, Any]:
    return {
        "table": one.table,
        "column": one.column,
        "row": keys_text(one.keys),
        "amount": one.amount,
        "cell": one.stored,
    }


def _money(value: Any) -> str:
    return "not available" if value is None else f"{value:,.2f}"


def _print_head(console: Console, closed: ClosedBank, opened: OpenedCell) -> None:
    cell, manifest = opened.cell, closed.pinned.manifest
    unit = str(cell.row.get("currency") or "") if cell.is_money else ""
    lines = [
        ("cell", f"{cell.table}.{cell.column}"),
        ("row", keys_text(cell.keys)),
        ("close", f"{manifest.run_id} of {manifest.as_of_date}"),
        ("opens as", kind_line(cell.rule.kind, cell.rule.formula or cell.rule.winner)),
        ("stored", f"{number(cell.stored)} {unit}".rstrip()),
    ]
    if opened.cause:
        lines.append(("because", opened.cause))
    print_lines(console, lines)


def _print_contributions(
    console: Console, closed: ClosedBank, opened: OpenedCell, top: int
) -> None:
    assert opened.contributions is not None
    shown = opened.contributions.slice(0, top).to_pylist()
    terms = position_terms(closed.pinned, [row["traced_id"] for row in shown])
    rows = []
    for row in shown:
        known = terms.get(row["traced_id"], {})
        named = [str(known.get(name) or "") for name in _CONTRIBUTION[2:]]
        rows.append((row["traced_id"], *named, f"{row['amount']:,.6f}"))
    more = opened.contributions.num_rows - len(shown)
    print_table(
        console,
        f"{opened.contributions.num_rows:,} contributions, largest first",
        ("position", "entity", "product", "currency", "amount"),
        [*rows, *([(f"and {more:,} more", "", "", "", "")] if more else [])],
    )
    _print_sources(console, closed, opened, [row["traced_id"] for row in shown])


def row_names(closed: ClosedBank, opened: OpenedCell) -> dict[str, str]:
    """Return how the rows of the delivered extracts behind a sum are named, positions apart."""
    names = {}
    for table in opened.cell.rule.opens_to:
        extract, name = table.partition(".")[2], row_name(closed, table)
        if name and closed.pinned.manifest.pinned(f"raw.{extract}"):
            names[extract] = name
    return names


def _print_sources(
    console: Console, closed: ClosedBank, opened: OpenedCell, traced_ids: Sequence[str]
) -> None:
    found = source_rows(closed.pinned, traced_ids, row_names(closed, opened)).to_pylist()
    by_place: dict[tuple[str, str], list[int]] = {}
    for row in found:
        by_place.setdefault((row["position_id"], str(row["file_name"])), []).append(
            row["source_row"]
        )
    rows = []
    for (position_id, file_name), numbers in by_place.items():
        listed = ", ".join(str(n) for n in numbers[:_N_SOURCES])
        more = len(numbers) - _N_SOURCES
        rows.append((position_id, file_name, listed + (f" and {more:,} more" if more > 0 else "")))
    print_table(console, "source rows of these", ("position", "file", "rows"), rows)


def _print_total(console: Console, opened: OpenedCell) -> None:
    stored = opened.cell.stored
    if stored is None or opened.recomputed is None:
        return
    lines = [("found", f"{opened.recomputed:,.10f}")]
    if opened.only:
        lines.append(("of the cell", f"{opened.recomputed / stored:.4%}" if stored else "0"))
    elif opened.unrounded is not None:
        difference = opened.recomputed - opened.unrounded
        lines.append(("unrounded", f"{opened.unrounded:,.10f}, difference {difference:.3g}"))
    lines.append(("stored", f"{stored:,.10f}"))
    if not opened.only:
        lines.append(("ties", "yes" if opened.is_tied else "NO"))
    print_lines(console, lines)


def _print_untied(console: Console, bank: Bank, closed: ClosedBank) -> None:
    cause = (
        "the code changed since this close"
        if is_code_changed(bank, closed)
        else "the rule in the data contract is not what the report computes"
    )
    print_lines(console, [("because", cause)])


def _export(console: Console, closed: ClosedBank, opened: OpenedCell, path: Path) -> None:
    """Write contributions and, beside them, their source rows; or the parts of another kind."""
    if opened.contributions is None:
        rows = [_part_row(part) for part in opened.parts]
        write_csv(path, rows, _PART)
        print_lines(console, [("written", f"{len(rows):,} rows to {path}")])
        return
    ids = opened.contributions.column("traced_id").to_pylist()
    terms = position_terms(closed.pinned, ids)
    contributions = [
        {
            "position_id": row["traced_id"],
            "amount": row["amount"],
            **terms.get(row["traced_id"], {}),
        }
        for row in opened.contributions.to_pylist()
    ]
    write_csv(path, contributions, _CONTRIBUTION)
    beside = path.with_name(f"{path.stem}_sources{path.suffix}")
    sources = source_rows(closed.pinned, ids, row_names(closed, opened)).to_pylist()
    write_csv(beside, sources, _SOURCE)
    print_lines(
        console,
        [
            ("written", f"{len(contributions):,} contributions to {path}"),
            ("written", f"{len(sources):,} source rows to {beside}"),
        ],
    )


def _part_row(part: Any) -> dict[str, Any]:
    winner = "selected" if part.is_winner else ""
    value = part.value if isinstance(part.value, str) or part.value is None else float(part.value)
    return {"name": part.name, "place": part.place, "value": value, "is_winner": winner}


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=_PLAIN_WIDTH)
