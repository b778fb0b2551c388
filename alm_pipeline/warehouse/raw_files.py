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

import hashlib
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import pyarrow as pa

from alm_pipeline.errors import SourceError
from alm_pipeline.inputs.sources import FileSpec, Source
from alm_pipeline.warehouse.control_totals import (
    ControlCheck,
    ControlTotal,
    FileRecord,
    control_check,
    read_control_file,
    refuse_disagreeing,
)
from alm_pipeline.warehouse.text_rows import RefusedRow, TextRows, read_parquet_as_text, read_text

__all__ = [
    "DeliveredFile",
    "FileRecord",
    "LoadedFile",
    "RefusedRow",
    "kept",
    "load_file",
    "load_table",
    "refuse_disagreeing",
    "register_files",
    "store",
]

_BLOCK = 1 << 20
_CONTROL = "control"
_PARQUET = b"PAR1"


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

    @property
    def delivered_as(self) -> str:
        """Logical name and file name; both stand in the register of files."""
        return f"{self.name}/{self.file_name}"


@dataclass(frozen=True)
class LoadedFile:
    """Rows of one or several files of a logical file, what was refused, and their register rows."""

    table: pa.Table
    refused: tuple[RefusedRow, ...]
    register: tuple[FileRecord, ...]


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
    return list({file.source_file_id: file for file in reversed(found)}.values())[::-1]


def dated_folders(landing: Path) -> list[date]:
    """Return the dates that have a folder of their own, earliest first."""
    folders = landing.glob("????-??-??")
    return sorted(date.fromisoformat(folder.name) for folder in folders if folder.is_dir())


def _control_spec(source: Source) -> tuple[FileSpec, ...]:
    control = source.control
    if not control.is_delivered:
        return ()
    return (FileSpec(name=_CONTROL, folder=control.folder, patterns=(control.file_name,)),)


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


def kept(raw_files: Path, sha256: str, file_name: str) -> Path:
    """Return where a delivered file is kept.

    Raises
    ------
    SourceError
        If it is not there, or is no longer what its name says.
    """
    path = raw_files / sha256
    if not path.is_file() or _sha256(path) != sha256:
        what = "was changed" if path.is_file() else "is missing"
        raise SourceError(
            f"the kept copy of a delivered file {what}",
            where=file_name,
            detail=f"raw_files/{sha256}",
            fix="restore the folder raw_files of the warehouse from its backup",
        )
    return path


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
    control = _stated(source, delivery, raw_files)
    own = [file for file in delivery if file.name == name]
    if not own:
        return LoadedFile(_no_rows(source.file(name)), (), (_absent(name, as_of_date),))
    loaded = [load_file(source, file, control, raw_files, as_of_date) for file in own]
    return LoadedFile(
        pa.concat_tables([file.table for file in loaded], promote_options="default"),
        tuple(row for file in loaded for row in file.refused),
        tuple(record for file in loaded for record in file.register),
    )


def _stated(
    source: Source, delivery: Sequence[DeliveredFile], raw_files: Path
) -> dict[str, ControlTotal] | None:
    """Return the stated totals by file name; None where the source delivers no control file."""
    if not source.control.is_delivered:
        return None
    (control,) = [file for file in delivery if file.name == _CONTROL]
    return read_control_file(store(control, raw_files), control.file_name)


def load_file(
    source: Source,
    delivered: DeliveredFile,
    control: Mapping[str, ControlTotal] | None,
    raw_files: Path,
    as_of_date: date,
) -> LoadedFile:
    """Keep, read and check one delivered file; `control` is None where none is delivered."""
    spec = source.file(delivered.name)
    found = _read(store(delivered, raw_files), delivered, source, spec)
    _require_columns(found.table, spec, delivered.file_name)
    check = _checked(found, delivered.file_name, control)
    identity = delivered.source_file_id
    record = FileRecord(
        as_of_date=as_of_date,
        source_file_id=identity,
        source_name=delivered.name,
        file_name=delivered.file_name,
        sha256=delivered.sha256,
        n_bytes=delivered.n_bytes,
        n_rows_parsed=found.table.num_rows,
        n_rows_refused=len(found.refused),
        **asdict(check),
    )
    refused = [RefusedRow(identity, row, *why) for row, why in found.refused.items()]
    rows = found.table if check.status == "loaded" else found.table.slice(0, 0)
    return LoadedFile(_with_file_id(rows, identity), tuple(refused), (record,))


def _read(path: Path, delivered: DeliveredFile, source: Source, spec: FileSpec) -> TextRows:
    """Read a stored file; what it is, its first bytes say, not its name."""
    with path.open("rb") as stored:
        is_parquet = stored.read(len(_PARQUET)) == _PARQUET
    if is_parquet:
        return read_parquet_as_text(path, delivered.file_name)
    return read_text(path, source.dialects[spec.dialect], delivered.file_name)


def _require_columns(table: pa.Table, spec: FileSpec, file_name: str) -> None:
    missing = [column for column in spec.columns if column not in table.column_names]
    if missing:
        raise SourceError(
            f"{len(missing)} declared columns are missing",
            where=file_name,
            detail=", ".join(missing),
            fix="deliver the file in its declared shape, or correct the declaration",
        )


def _checked(
    found: TextRows, file_name: str, control: Mapping[str, ControlTotal] | None
) -> ControlCheck:
    if control is None:
        return ControlCheck(reason=found.note)
    if file_name not in control:
        return ControlCheck(status="refused", reason="the control file does not state this file")
    check = control_check(found.table, len(found.refused), control[file_name])
    return replace(check, reason=check.reason or found.note)


def _with_file_id(table: pa.Table, source_file_id: str) -> pa.Table:
    identity = pa.repeat(pa.scalar(source_file_id), table.num_rows)
    return table.add_column(table.num_columns - 1, "source_file_id", identity)


def _no_rows(spec: FileSpec) -> pa.Table:
    fields = [pa.field(name, pa.string()) for name in (*spec.columns, "source_file_id")]
    return pa.schema([*fields, pa.field("source_row", pa.int64())]).empty_table()


def _absent(name: str, as_of_date: date) -> FileRecord:
    check = ControlCheck(status="not_delivered", reason="no file of this name was delivered")
    return FileRecord(
        as_of_date=as_of_date,
        source_file_id=f"{name}:none",
        source_name=name,
        file_name="",
        sha256=None,
        n_bytes=None,
        n_rows_parsed=0,
        n_rows_refused=0,
        **asdict(check),
    )
