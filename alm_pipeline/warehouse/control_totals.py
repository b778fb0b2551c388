"""Whether a file holds what its control file says it holds.

Rows read plus rows refused must be the rows stated. The sum of the control column must be the
stated total, unless rows are refused or their amount cannot be read: then the difference is the
amount of those rows, and is stated as such. Anything else stops the file.

What does not belong here: finding, keeping and reading files (``raw_files``, ``text_rows``).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from alm_pipeline.errors import SourceError

__all__ = [
    "ControlCheck",
    "ControlTotal",
    "FileRecord",
    "control_check",
    "control_sum",
    "read_control_file",
    "refuse_disagreeing",
]

_REFUSED = "refused"
_CENT = Decimal("0.01")
_PLAIN_DECIMAL = r"^[+-]?[0-9]{1,20}(\.[0-9]{1,10})?$"
_AMOUNT_TYPE = pa.decimal128(38, 10)


@dataclass(frozen=True)
class ControlTotal:
    """What the control file states about one file; without an amount both last fields are None."""

    file_name: str
    n_rows: int
    control_column: str | None
    control_total: Decimal | None


@dataclass(frozen=True)
class ControlCheck:
    """What was stated, what was found, and whether the file may load."""

    n_rows_stated: int | None = None
    control_column: str | None = None
    control_amount_stated: Decimal | None = None
    control_amount_parsed: Decimal | None = None
    refused_amount: Decimal | None = None
    status: str = "loaded"
    reason: str | None = None


@dataclass(frozen=True)
class FileRecord:
    """One row of ``audit.files``; `status` is loaded, refused or not_delivered."""

    as_of_date: date
    source_file_id: str
    source_name: str
    file_name: str
    sha256: str | None
    n_bytes: int | None
    n_rows_stated: int | None
    n_rows_parsed: int
    n_rows_refused: int
    control_column: str | None
    control_amount_stated: Decimal | None
    control_amount_parsed: Decimal | None
    refused_amount: Decimal | None
    status: str
    reason: str | None


def read_control_file(path: Path, file_name: str) -> dict[str, ControlTotal]:
    """Return what a control file states, by file name.

    Raises
    ------
    SourceError
        Naming every row that cannot be read or states a file twice.
    """
    stated: dict[str, ControlTotal] = {}
    problems = []
    with path.open(encoding="utf-8", errors="replace", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=1):
            try:
                line = _control_total(row)
            except (KeyError, TypeError, ValueError, InvalidOperation):
                problems.append(f"row {number} is not file,n_rows,control_column,control_total")
                continue
            if line.file_name in stated:
                problems.append(f"row {number} states {line.file_name} again")
            stated[line.file_name] = line
    if problems:
        raise SourceError(
            "the control file cannot be read",
            where=file_name,
            detail="; ".join(problems),
            fix="deliver the control file again",
        )
    return stated


def _control_total(row: Mapping[str, str]) -> ControlTotal:
    column = row["control_column"] or None
    amount = Decimal(row["control_total"]) if column else None
    return ControlTotal(row["file"], int(row["n_rows"]), column, amount)


def control_check(table: pa.Table, n_refused: int, stated: ControlTotal) -> ControlCheck:
    """Compare what was read of a file with what its control file states.

    Parameters
    ----------
    table : pyarrow.Table
        The rows read, as text.
    n_refused : int
        Rows that could not be read.
    stated : ControlTotal
        The control file's row for this file.

    Returns
    -------
    ControlCheck
        `refused_amount` [unit of the control column] is stated minus parsed: the amount of rows
        refused or without a readable amount.
    """
    column = stated.control_column
    if column is not None and column not in table.column_names:
        reason = f"the control column {column} is not in the file"
        return ControlCheck(
            stated.n_rows, column, stated.control_total, None, None, _REFUSED, reason
        )
    found, n_unreadable = control_sum(table, column) if column else (None, 0)
    missing = _difference(stated.control_total, found)
    why = _row_disagreement(table.num_rows, n_refused, stated.n_rows)
    if why is None and missing and n_refused + n_unreadable == 0:
        why = f"control total of {column}: {stated.control_total} stated, {found} found"
    return ControlCheck(
        n_rows_stated=stated.n_rows,
        control_column=column,
        control_amount_stated=stated.control_total,
        control_amount_parsed=found,
        refused_amount=missing,
        status="loaded" if why is None else _REFUSED,
        reason=why,
    )


def _row_disagreement(n_parsed: int, n_refused: int, n_stated: int) -> str | None:
    if n_parsed + n_refused == n_stated:
        return None
    refused = f" and {n_refused} refused" if n_refused else ""
    return f"rows: {n_stated} stated, {n_parsed} found{refused}"


def _difference(stated: Decimal | None, found: Decimal | None) -> Decimal | None:
    return None if stated is None or found is None else stated - found


def control_sum(table: pa.Table, column: str) -> tuple[Decimal, int]:
    """Return the exact sum of a column of amounts as text, to the cent, and how many have none."""
    texts = table.column(column)
    is_plain = pc.fill_null(pc.match_substring_regex(texts, _PLAIN_DECIMAL), False)
    total = pc.sum(pc.cast(texts.filter(is_plain), _AMOUNT_TYPE)).as_py() or Decimal(0)
    n_unreadable = 0
    for text in texts.filter(pc.invert(is_plain)).to_pylist():
        amount = _amount(text)
        total += amount or 0
        n_unreadable += amount is None
    return total.quantize(_CENT), n_unreadable


def _amount(text: str | None) -> Decimal | None:
    """Return an amount written in another way (``1e+16``), or None if it is none."""
    try:
        amount = Decimal(text or "")
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def refuse_disagreeing(register: Iterable[FileRecord]) -> None:
    """Stop when a file may not load.

    Raises
    ------
    SourceError
        Naming every such file with what was stated and what was found.
    """
    refused = [record for record in register if record.status == _REFUSED]
    if refused:
        raise SourceError(
            f"{len(refused)} of the delivered files do not load",
            where=str(refused[0].as_of_date),
            detail="; ".join(f"{record.file_name}: {record.reason}" for record in refused),
            fix="deliver the files again, whole, with their control totals",
        )
