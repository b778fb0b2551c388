"""What the bank sent: kept byte for byte, registered, and read verbatim.

A delivered file is copied to ``raw_files/<sha256>`` and never written again. Reading gives every
column as text, with the file and the row it stands in; a row that cannot be read (wrong number of
fields, broken quote, undecodable bytes, the file breaking off) is *refused* with its text and the
reason, never dropped. Rows and control totals are compared with the control file: a disagreement
that refused or unparseable rows cannot explain stops the file.

A row of a text file is a line. What does not belong here: types, code lists, rules about rows
(data contracts and SQL), and the time of arrival (a journal).
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyarrow as pa

from alm_pipeline.errors import SourceError
from alm_pipeline.inputs.sources import FileSpec, Source
from alm_pipeline.warehouse.text_rows import RefusedRow, read_parquet_as_text, read_text

__all__ = [
    "ControlTotal",
    "DeliveredFile",
    "FileRecord",
    "LoadedFile",
    "RefusedRow",
    "load_file",
    "load_table",
    "read_control_file",
    "refuse_disagreeing",
    "register_files",
    "store",
]

_BLOCK = 1 << 20
_AMOUNT_TYPE = pa.decimal128(38, 6)


@dataclass(frozen=True)
class DeliveredFile:
    """A file as found in a folder of the bank; `name` is the logical file it belongs to."""

    name: str
    file_name: str
    path: Path
    sha256: str
    n_bytes: int

    @property
    def source_file_id(self) -> str:
        """Logical name and content: the same content delivered again keeps its id."""
        return f"{self.name}:{self.sha256[:16]}"


@dataclass(frozen=True)
class ControlTotal:
    """What the control file states about one file; `control_column` is None without an amount."""

    file_name: str
    n_rows: int
    control_column: str | None
    control_total: Decimal | None


@dataclass(frozen=True)
class FileRecord:
    """One row of ``audit.files``. Stated figures are None where no control file is delivered."""

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


@dataclass(frozen=True)
class LoadedFile:
    """Rows of one or several files of a logical file, what was refused, and their register rows."""

    table: pa.Table
    refused: tuple[RefusedRow, ...] = ()
    register: tuple[FileRecord, ...] = field(default=())


def register_files(
    source: Source, folders: Mapping[str, Path], as_of_date: date
) -> list[DeliveredFile]:
    """Find and hash every declared file of a delivery, the control file included.

    Parameters
    ----------
    source : Source
        The declaration.
    folders : mapping of str to Path
        Where each named folder is (``data`` in alm.yaml).
    as_of_date : date
        Month end; a folder declared per as-of date is looked for as ``<folder>/<as_of_date>``.

    Returns
    -------
    list of DeliveredFile
        In declared order, files of one pattern by name; a second copy of the same content under
        another name is not listed again.

    Raises
    ------
    SourceError
        Naming every missing, surplus or unplaced file at once.
    """
    problems: list[str] = []
    found: list[DeliveredFile] = []
    for spec in (*source.file_specs, *_control_spec(source)):
        folder = _place(source, folders, spec.folder, as_of_date)
        paths = _matching(folder, spec)
        problems += _count_problems(spec, folder, paths)
        found += [_delivered(spec.name, path) for path in paths]
    if problems:
        raise SourceError(
            f"{len(problems)} of the declared files cannot be taken",
            where=f"source {source.source}, {as_of_date}",
            detail="; ".join(problems),
            fix="deliver the files, or correct the folders in alm.yaml",
        )
    return list({file.source_file_id: file for file in found}.values())


def _control_spec(source: Source) -> tuple[FileSpec, ...]:
    control = source.control
    if not control.is_delivered:
        return ()
    return (FileSpec(name="control", folder=control.folder, patterns=(control.file_name,)),)


def _place(source: Source, folders: Mapping[str, Path], name: str, as_of_date: date) -> Path | None:
    if name not in folders:
        return None
    is_per_date = source.folders[name].is_per_as_of_date
    return folders[name] / as_of_date.isoformat() if is_per_date else folders[name]


def _matching(folder: Path | None, spec: FileSpec) -> list[Path]:
    if folder is None or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and spec.matches(path.name))


def _count_problems(spec: FileSpec, folder: Path | None, paths: Sequence[Path]) -> list[str]:
    patterns = " or ".join(spec.patterns)
    if folder is None:
        return [f"{spec.name}: folder {spec.folder} is not given"]
    if not paths and spec.expects != "at_most_one":
        return [f"{spec.name}: no file {patterns} in {folder}"]
    if len(paths) > 1 and spec.expects != "at_least_one":
        return [f"{spec.name}: more than one file: {', '.join(path.name for path in paths)}"]
    return []


def _delivered(name: str, path: Path) -> DeliveredFile:
    digest = _sha256(path)
    return DeliveredFile(name, path.name, path, digest, path.stat().st_size)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def store(delivered: DeliveredFile, raw_files: Path) -> Path:
    """Keep a delivered file under its hash, read-only, and return where it is.

    The copy appears whole or not at all; keeping the same content again changes nothing.

    Raises
    ------
    SourceError
        If the file changed since it was registered.
    """
    target = raw_files / delivered.sha256
    if target.exists():
        return target
    raw_files.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".incoming-", dir=raw_files)
    temporary = Path(name)
    try:
        if _copy(delivered.path, descriptor) != delivered.sha256:
            raise SourceError(
                "the file changed while it was read",
                where=delivered.file_name,
                fix="close again when the delivery is complete",
            )
        temporary.chmod(0o444)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def _copy(path: Path, descriptor: int) -> str:
    """Copy a file to an open descriptor, flush it to disk and return its hash."""
    digest = hashlib.sha256()
    with path.open("rb") as incoming, os.fdopen(descriptor, "wb") as kept:
        while block := incoming.read(_BLOCK):
            digest.update(block)
            kept.write(block)
        kept.flush()
        os.fsync(kept.fileno())
    return digest.hexdigest()


def read_control_file(delivered: DeliveredFile, raw_files: Path) -> dict[str, ControlTotal]:
    """Return what the control file states, by file name.

    Raises
    ------
    SourceError
        Naming every line that cannot be read.
    """
    text = store(delivered, raw_files).read_bytes().decode("utf-8", errors="replace")
    stated: dict[str, ControlTotal] = {}
    problems = []
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), start=1):
        try:
            line = _control_total(row)
        except (KeyError, TypeError, ValueError, InvalidOperation) as unreadable:
            problems.append(f"row {number}: {unreadable!r}")
            continue
        if line.file_name in stated:
            problems.append(f"row {number}: {line.file_name} is stated twice")
        stated[line.file_name] = line
    if problems:
        raise SourceError(
            f"{len(problems)} rows of the control file cannot be read",
            where=delivered.file_name,
            detail="; ".join(problems),
            fix="deliver file,n_rows,control_column,control_total for each file",
        )
    return stated


def _control_total(row: Mapping[str, str]) -> ControlTotal:
    column = row["control_column"] or None
    amount = Decimal(row["control_total"]) if column else None
    return ControlTotal(row["file"], int(row["n_rows"]), column, amount)


def load_table(
    source: Source,
    name: str,
    files: Iterable[DeliveredFile],
    raw_files: Path,
    as_of_date: date,
) -> LoadedFile:
    """Keep, read and check all files of one logical file.

    Parameters
    ----------
    source : Source
        The declaration.
    name : str
        The logical file.
    files : iterable of DeliveredFile
        The whole delivery, as `register_files` returned it.
    raw_files : Path
        The folder ``raw_files`` of the warehouse.
    as_of_date : date
        Month end of the register rows.

    Returns
    -------
    LoadedFile
        Text columns, then `source_file_id` and `source_row` (1 = first row of data). Files that
        disagree with their control totals have a register row with status ``refused`` and give
        no rows; `refuse_disagreeing` raises for them.
    """
    delivery = list(files)
    control = None
    if source.control.is_delivered:
        (control_file,) = [file for file in delivery if file.name == "control"]
        control = read_control_file(control_file, raw_files)
    own = [file for file in delivery if file.name == name]
    loaded = [load_file(source, file, control, raw_files, as_of_date) for file in own]
    tables = [file.table for file in loaded]
    columns = list(dict.fromkeys(column for table in tables for column in table.column_names))
    if not tables:
        return LoadedFile(_no_rows(source.file(name).columns), (), (_absent(name, as_of_date),))
    return LoadedFile(
        pa.concat_tables(tables, promote_options="default").select(columns),
        tuple(row for file in loaded for row in file.refused),
        tuple(row for file in loaded for row in file.register),
    )


def load_file(
    source: Source,
    delivered: DeliveredFile,
    control: Mapping[str, ControlTotal] | None,
    raw_files: Path,
    as_of_date: date,
) -> LoadedFile:
    """Keep, read and check one delivered file; `control` is None where none is delivered."""
    spec = source.file(delivered.name)
    path = store(delivered, raw_files)
    with path.open("rb") as stream:
        is_parquet = stream.read(4) == b"PAR1"
    if is_parquet:
        table, refused = read_parquet_as_text(path, delivered.file_name), ()
    else:
        table, refused = read_text(
            path, source.dialects[spec.dialect], delivered.file_name, delivered.source_file_id
        )
    _require_columns(table, spec, delivered.file_name)
    record = _record(delivered, table, len(refused), control, as_of_date)
    if record.status == "refused":
        table = table.slice(0, 0)
    identity = pa.array([delivered.source_file_id], pa.string()).dictionary_encode()
    ids = pa.DictionaryArray.from_arrays(
        pa.array([0], pa.int32()).take(pa.nulls(0, pa.int32())), identity.dictionary
    )
    del ids
    return LoadedFile(_with_file_id(table, delivered.source_file_id), refused, (record,))


def _with_file_id(table: pa.Table, source_file_id: str) -> pa.Table:
    place = table.column_names.index("source_row")
    repeated = pa.repeat(pa.scalar(source_file_id), table.num_rows)
    return table.add_column(place, "source_file_id", repeated)


def _no_rows(columns: Sequence[str]) -> pa.Table:
    fields = [pa.field(name, pa.string()) for name in (*columns, "source_file_id")]
    return pa.schema([*fields, pa.field("source_row", pa.int64())]).empty_table()
