"""Rows of a delivered file as text, and the rows that cannot be read.

A row of a text file is a line. The fast way is one parse by Arrow; only when that finds something
wrong, or the file holds quotes, every line is looked at and the broken ones are set aside with a
reason, so that the rest still loads. Nulls are fields that hold the dialect's null text unquoted;
everything else stays as delivered, blanks included.

Which file is read, where it is kept and whether its totals agree does not belong here.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from alm_pipeline.errors import SourceError
from alm_pipeline.inputs.sources import Dialect

__all__ = ["RefusedRow", "TextRows", "read_parquet_as_text", "read_text"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
ByteArray = npt.NDArray[np.uint8]

_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CHUNK = 1 << 23
_LINE_FEED, _CARRIAGE_RETURN = 10, 13
BROKEN_OFF = "the compressed stream breaks off early; rows may be missing at the end"


@dataclass(frozen=True)
class RefusedRow:
    """A row that cannot be read: where it stands (1 = first row of data), its text, and why."""

    source_file_id: str
    source_row: int
    text: str
    reason: str


@dataclass(frozen=True)
class TextRows:
    """Readable rows as text columns with `source_row`, refused lines by row, and a note."""

    table: pa.Table
    refused: dict[int, tuple[str, str]]
    note: str | None = None


def read_parquet_as_text(path: Path, file_name: str) -> TextRows:
    """Return a Parquet file with every column as canonical text.

    Dates become ISO text, booleans ``true`` and ``false``, decimals plain digits.

    Raises
    ------
    SourceError
        If the file is not whole; nothing can be read from a damaged Parquet file.
    """
    try:
        table = pq.read_table(path)
        columns = [pc.cast(column, pa.string()) for column in table.columns]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as damaged:
        raise _unreadable(file_name, str(damaged)) from damaged
    text = pa.table(columns, names=table.column_names)
    return TextRows(_numbered(text, np.arange(1, text.num_rows + 1)), {})


def read_text(path: Path, dialect: Dialect, file_name: str) -> TextRows:
    """Return the rows of a delimited text file, compressed with gzip or not.

    Parameters
    ----------
    path : Path
        The stored file.
    dialect : Dialect
        Delimiter, quote, encoding, null text, and whether the last line must be ended.
    file_name : str
        The delivered name, for messages.

    Raises
    ------
    SourceError
        If the file has no usable header.
    """
    with _opened(path) as stream:
        blocks = _LineBlocks(stream)
        columns = _header(blocks.first_line(), dialect, file_name)
        parsed = [_parsed(block, columns, dialect, file_name) for block in blocks]
    if blocks.rest and blocks.is_whole and not dialect.is_last_line_ended:
        parsed.append(_parsed(blocks.rest + b"\n", columns, dialect, file_name))
    elif blocks.rest:
        parsed.append(_refused_line(blocks.rest, columns))
    return _joined(parsed, columns, None if blocks.is_whole else BROKEN_OFF)


def _opened(path: Path) -> BufferedIOBase:
    with path.open("rb") as stored:
        is_compressed = stored.read(len(_GZIP)) == _GZIP
    return gzip.open(path) if is_compressed else path.open("rb")


class _LineBlocks:
    """Whole lines of a stream in blocks; afterwards `rest` of a line, and whether it was whole."""

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self.rest = b""
        self.is_whole = True

    def first_line(self) -> bytes:
        """Return the first line without a byte order mark."""
        while b"\n" not in self.rest and (block := self._block()):
            self.rest += block
        line, _, self.rest = self.rest.partition(b"\n")
        return line.removeprefix(_BYTE_ORDER_MARK)

    def __iter__(self) -> Iterator[bytes]:
        while True:
            end = self.rest.rfind(b"\n") + 1
            if end:
                yield self.rest[:end]
                self.rest = self.rest[end:]
            block = self._block()
            if not block:
                return
            self.rest += block

    def _block(self) -> bytes:
        parts, n_bytes = [], 0
        try:
            while n_bytes < _CHUNK and (part := self._stream.read1(_CHUNK)):
                parts.append(part)
                n_bytes += len(part)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            self.is_whole = False
        return b"".join(parts)


def _refused_line(rest: bytes, columns: list[str]) -> TextRows:
    rows = _numbered(_no_rows(columns), np.empty(0, np.int64))
    return TextRows(rows, {1: (_shown(rest), "the file breaks off inside this row")})


def _joined(parts: list[TextRows], columns: list[str], note: str | None) -> TextRows:
    """Number the rows of all blocks through, and forget blank lines at the end of the file."""
    tables = [_numbered(_no_rows(columns), np.empty(0, np.int64))]
    refused: dict[int, tuple[str, str]] = {}
    n_rows = 0
    for part in parts:
        place = part.table.num_columns - 1
        shifted = pc.add(part.table.column(place), n_rows)
        tables.append(part.table.set_column(place, "source_row", shifted))
        refused |= {n_rows + row: why for row, why in part.refused.items()}
        n_rows += part.table.num_rows + len(part.refused)
    while n_rows in refused and not refused[n_rows][0]:
        del refused[n_rows]
        n_rows -= 1
    return TextRows(pa.concat_tables(tables), refused, note)


def _header(line: bytes, dialect: Dialect, file_name: str) -> list[str]:
    text = line.decode(dialect.encoding, errors="replace").strip("\r")
    columns = next(csv.reader([text], delimiter=dialect.delimiter, quotechar=dialect.quote), [])
    if not columns or "" in columns or len(set(columns)) < len(columns):
        raise _unreadable(file_name, f"the first line is no header of distinct names: {text[:80]}")
    return columns


def _as_utf8(body: bytes, encoding: str) -> bytes:
    """Return the bytes in UTF-8; a byte without meaning stays, so that its line is refused."""
    if codecs.lookup(encoding).name == "utf-8":
        return body
    return body.decode(encoding, "surrogateescape").encode("utf-8", "surrogateescape")


def _parsed(body: bytes, columns: list[str], dialect: Dialect, file_name: str) -> TextRows:
    """Parse whole lines; where the quick parse is not certain, look at every line."""
    body = _as_utf8(body, dialect.encoding)
    n_lines = body.count(b"\n")
    if dialect.quote.encode() not in body and not _has_blank_line(body):
        table = _arrow_table(body, columns, dialect)
        if table is not None and table.num_rows == n_lines:
            return TextRows(_numbered(table, np.arange(1, n_lines + 1)), {})
    ends = np.flatnonzero(np.frombuffer(body, np.uint8) == _LINE_FEED) + 1
    faults = _line_faults(body, np.append(0, ends[:-1]), len(columns), dialect)
    kept, refused = _split(body, ends, faults)
    table = _arrow_table(kept, columns, dialect)
    rows = np.delete(np.arange(1, n_lines + 1), sorted(faults))
    if table is None or table.num_rows != rows.size:
        raise _unreadable(file_name, "its rows cannot be told apart")
    return TextRows(_numbered(table, rows), refused)


def _has_blank_line(body: bytes) -> bool:
    """Arrow would read a blank line as a row of nulls."""
    return body.startswith((b"\n", b"\r\n")) or b"\n\n" in body or b"\n\r\n" in body


def _arrow_table(body: bytes, columns: list[str], dialect: Dialect) -> pa.Table | None:
    """Return the rows as text, or None if any of them has another number of fields."""
    if not body:
        return _no_rows(columns)
    try:
        return pa_csv.read_csv(
            pa.BufferReader(body),
            read_options=pa_csv.ReadOptions(column_names=columns, block_size=_CHUNK),
            parse_options=pa_csv.ParseOptions(
                delimiter=dialect.delimiter, quote_char=dialect.quote, ignore_empty_lines=False
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                null_values=[dialect.null_text],
            ),
        )
    except pa.ArrowInvalid:
        return None


def _no_rows(columns: list[str]) -> pa.Table:
    return pa.schema([(name, pa.string()) for name in columns]).empty_table()


def _split(
    body: bytes, ends: IntArray, faults: dict[int, str]
) -> tuple[bytes, dict[int, tuple[str, str]]]:
    """Return the body without its faulty lines, and those lines by row with their reason."""
    kept, refused, after = [], {}, 0
    for line, reason in sorted(faults.items()):
        start, end = int(ends[line - 1]) if line else 0, int(ends[line])
        kept.append(body[after:start])
        refused[line + 1] = (_shown(body[start:end]), reason)
        after = end
    return b"".join([*kept, body[after:]]), refused


def _line_faults(
    block: bytes, starts: IntArray, n_columns: int, dialect: Dialect
) -> dict[int, str]:
    """Return the lines that cannot be read, from 0, with the first reason that holds."""
    text = np.frombuffer(block, np.uint8)
    is_quote = text == ord(dialect.quote)
    is_odd = _per_line(is_quote, starts) % 2 == 1
    lengths = np.diff(starts, append=text.size)
    is_quote &= ~np.repeat(is_odd, lengths)
    is_inside = np.logical_xor.accumulate(is_quote)
    n_fields = _per_line((text == ord(dialect.delimiter)) & ~is_inside, starts) + 1
    is_stray = _stray_quotes(text, is_quote, is_inside, dialect)
    is_break = text == _CARRIAGE_RETURN
    is_break[:-1] &= text[1:] != _LINE_FEED
    checks = [
        (is_odd, "a quote is not closed"),
        (_per_line(is_stray, starts) > 0, "a quote stands inside a field"),
        (_per_line(is_break, starts) > 0, "a line break stands inside the row"),
        (_undecodable(block, text, starts), "bytes that are no text in the declared encoding"),
    ]
    faults = {
        line: f"{n_fields[line]} fields instead of {n_columns}"
        for line in np.flatnonzero(n_fields != n_columns).tolist()
    }
    for is_faulty, reason in reversed(checks):
        faults |= dict.fromkeys(np.flatnonzero(is_faulty).tolist(), reason)
    return faults


def _per_line(mask: BoolArray, starts: IntArray) -> IntArray:
    return np.add.reduceat(mask, starts, dtype=np.int64)


def _stray_quotes(
    text: ByteArray, is_quote: BoolArray, is_inside: BoolArray, dialect: Dialect
) -> BoolArray:
    """Mark opening quotes not at a field's start and closing quotes not at its end."""
    is_edge = np.zeros(256, np.bool_)
    is_edge[[ord(dialect.quote), ord(dialect.delimiter), _LINE_FEED]] = True
    is_stray_opening = is_inside[1:] & ~is_edge[text[:-1]]
    is_edge[_CARRIAGE_RETURN] = True
    is_stray_closing = ~is_inside[:-1] & ~is_edge[text[1:]]
    is_stray = np.zeros(text.size, np.bool_)
    is_stray[1:] |= is_stray_opening
    is_stray[:-1] |= is_stray_closing
    return is_stray & is_quote


def _undecodable(block: bytes, text: ByteArray, starts: IntArray) -> BoolArray:
    """Mark lines that are no UTF-8; only lines with a byte beyond ASCII are looked at."""
    is_faulty = _per_line(text > 127, starts) > 0
    ends = np.append(starts[1:], text.size)
    for line in np.flatnonzero(is_faulty).tolist():
        try:
            block[int(starts[line]) : int(ends[line])].decode("utf-8")
            is_faulty[line] = False
        except UnicodeDecodeError:
            continue
    return is_faulty


def _numbered(table: pa.Table, rows: IntArray) -> pa.Table:
    return table.append_column("source_row", pa.array(rows, pa.int64()))


def _shown(line: bytes) -> str:
    return line.rstrip(b"\r\n").decode("utf-8", errors="backslashreplace")


def _unreadable(file_name: str, why: str) -> SourceError:
    return SourceError(
        "the file cannot be read", where=file_name, detail=why, fix="deliver the file again"
    )
