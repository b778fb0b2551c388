"""The files in `sql/` as records: one SELECT each, its header, its table name.

Where a file lies says what it makes: ``sql/80_metrics/eve.sql`` makes ``metrics.eve``. Files of a
bank's own source, ``sql/10_raw/<source>/<extract>.sql``, make ``raw.<extract>``. Running a file
and finding its lineage do not belong here.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from alm_pipeline.errors import ContractError
from alm_pipeline.paths import SQL

_HEADER = re.compile(r"^--\s*(about|grain|reads|after):\s*(.*)$")
_CONTINUED = re.compile(r"^--\s{6,}(\S.*)$")
_READ = re.compile(r"^([a-z_]+\.[a-z0-9_]+)(?:\s+@(previous|history\((\d+)\)))?$")


@dataclass(frozen=True)
class Read:
    """One table a file reads, at this month end or at earlier published ones.

    Attributes
    ----------
    months_back : int
        0 for the current as-of date, 1 for ``@previous``, n for ``@history(n)``.
    """

    table: str
    kind: str = ""
    months_back: int = 0

    @property
    def relation(self) -> str:
        """Name the file reads it under: ``previous.eve`` for ``metrics.eve @previous``."""
        return f"{self.kind}.{self.table.partition('.')[2]}" if self.kind else self.table


@dataclass(frozen=True)
class SqlFile:
    """One SELECT and what its header says.

    Attributes
    ----------
    after : tuple[str, ...]
        Tables that are not read but whose gate must be open.
    relative : str
        Path below ``sql/``.
    """

    table: str
    group: str
    about: str
    grain: tuple[str, ...]
    reads: tuple[Read, ...]
    after: tuple[str, ...]
    text: str
    relative: str = ""

    @property
    def code_hash(self) -> str:
        """Hash of the file's text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def current_reads(self) -> tuple[str, ...]:
        """Tables read at the current as-of date."""
        return tuple(read.table for read in self.reads if not read.months_back)

    def uses(self, parameter: str) -> bool:
        """Say whether the text names ``$parameter``."""
        return re.search(rf"\${parameter}\b", self.text) is not None


def load_sql_files(source: str, root: Path = SQL) -> tuple[SqlFile, ...]:
    """Return every file in stage order; of ``10_raw`` only the files of this source.

    Raises
    ------
    ContractError
        With every header problem of every file at once.
    """
    problems: list[str] = []
    found = []
    for path in sorted(root.glob("[0-9][0-9]_*/**/*.sql")):
        parts = path.relative_to(root).parts
        if parts[0] == "10_raw" and parts[1] != source:
            continue
        try:
            found.append(_sql_file(path, parts))
        except ValueError as problem:
            problems.append(f"{'/'.join(parts)}: {problem}")
    if problems:
        raise ContractError(
            f"{len(problems)} SQL headers cannot be read",
            where="sql/",
            detail="; ".join(problems),
            fix="each file starts with -- about, -- grain and -- reads",
        )
    return tuple(found)


def _sql_file(path: Path, parts: tuple[str, ...]) -> SqlFile:
    text = path.read_text(encoding="utf-8")
    header = _header(text)
    schema = parts[0].partition("_")[2]
    return SqlFile(
        table=f"{schema}.{path.stem}",
        group=parts[0],
        about=header["about"],
        grain=tuple(column.strip() for column in header["grain"].split(",")),
        reads=tuple(_read(read) for read in _listed(header["reads"])),
        after=tuple(_listed(header.get("after", ""))),
        text=text,
        relative="/".join(parts),
    )


def _header(text: str) -> dict[str, str]:
    header: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        if match := _HEADER.match(line):
            name = match.group(1)
            header[name] = match.group(2).strip()
        elif name and (match := _CONTINUED.match(line)):
            header[name] += " " + match.group(1).strip()
    missing = [name for name in ("about", "grain", "reads") if not header.get(name)]
    if missing:
        raise ValueError(f"header lacks {', '.join(missing)}")
    return header


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _read(text: str) -> Read:
    match = _READ.match(text)
    if not match:
        raise ValueError(f"'{text}' is not schema.table, schema.table @previous or @history(n)")
    if not match.group(2):
        return Read(match.group(1))
    if match.group(2) == "previous":
        return Read(match.group(1), "previous", 1)
    return Read(match.group(1), "history", int(match.group(3)))
