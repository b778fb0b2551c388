"""Delivered files as editable text: rows of words, whatever the format.

Reads a landing file into lists of text, lets somebody change them and writes the file back in its
own format. It does not know what a row means.
"""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from alm_pipeline.demo.files import (
    Control,
    control_column,
    csv_bytes,
    gzip_bytes,
    read_controls,
    write_controls,
)


@dataclass
class TextFile:
    """One delivered file; `rows` are edited in place."""

    extract: str
    path: Path
    header: list[str]
    rows: list[list[str]]
    schema: pa.Schema | None = None
    taken: set[int] = field(default_factory=set)

    def column(self, name: str) -> int:
        """Position of a column."""
        return self.header.index(name)

    def value(self, row: int, name: str) -> str:
        """What stands in a row under a column."""
        return self.rows[row][self.column(name)]

    def put(self, row: int, name: str, text: str) -> None:
        """Replace what stands in a row under a column."""
        self.rows[row][self.column(name)] = text

    def save(self) -> None:
        """Write the file back in its own format."""
        content = _csv_text(self.header, self.rows).encode()
        if self.schema is None:
            self.path.write_bytes(gzip_bytes(content))
            return
        options = pacsv.ConvertOptions(
            column_types=self.schema, strings_can_be_null=True, null_values=[""]
        )
        table = pacsv.read_csv(io.BytesIO(content), convert_options=options)
        pq.write_table(table, self.path, compression="zstd", row_group_size=250_000)


def _csv_text(header: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def file_of(folder: Path, extract: str) -> Path:
    """The file that holds an extract, in whatever format it was delivered."""
    return next(
        path for path in sorted(folder.glob(f"{extract}.*")) if path.stem.split(".")[0] == extract
    )


def read_text(folder: Path, extract: str) -> TextFile:
    """Read a delivered file as text."""
    path = file_of(folder, extract)
    schema = None
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        schema, content = table.schema, csv_bytes(table).decode()
    else:
        content = gzip.decompress(path.read_bytes()).decode()
    lines = list(csv.reader(io.StringIO(content)))
    return TextFile(extract, path, lines[0], lines[1:], schema)


def restate_controls(folder: Path, file: TextFile) -> None:
    """Make the control file agree with a file that the bank really sent that way."""
    column = control_column(file.extract)
    total = Decimal(0)
    for row in file.rows:
        total += _amount(row[file.column(column)]) if column else 0
    stated = Control(file.path.name, len(file.rows), column, f"{total:.2f}" if column else "")
    others = [line for line in read_controls(folder) if line.file != file.path.name]
    write_controls(folder, [*others, stated])


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text or "0")
    except InvalidOperation:
        return Decimal(0)
