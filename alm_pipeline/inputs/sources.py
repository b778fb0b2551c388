"""Which files a bank delivers, in which shape, and what it cannot deliver.

A source is declared in ``data_contracts/sources/<source>/source.yaml``: named folders, file
patterns and dialects, code lists, which contracted extracts come from which files, and what is
*not delivered* with the treatment, the reason and the owner. This module turns the declaration
into frozen records and reports every problem of it at once.

What does not belong here: opening a delivered file (``warehouse.raw_files``), how rows become
extracts (``sql/10_raw/<source>/``), any figure of a bank.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.yaml_files import read_yaml

Row = dict[str, object]
DECLARED_LABEL = "declared, not delivered"
PLACED_FOLDERS = ("landing", "daily")
"""Folders that have a place unless `data` in alm.yaml names another: ``daily`` in ``landing``."""


class _Record(BaseModel):
    """A frozen record that refuses a key it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Dialect(_Record):
    """How the rows of a text file are written. A row is a line; text never holds a line break."""

    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    encoding: str = "utf-8"
    null_text: str = ""
    is_last_line_ended: bool = True


class Folder(_Record):
    """A named folder of the bank; ``data`` in alm.yaml says where it is."""

    about: str
    is_per_as_of_date: bool = False


class FileSpec(_Record):
    """One logical file: where it is looked for, how it is read and what it must hold."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    folder: str
    patterns: tuple[str, ...] = Field(min_length=1)
    expects: Literal["exactly_one", "at_least_one", "at_most_one"] = "exactly_one"
    dialect: str = "contract"
    columns: tuple[str, ...] = ()
    is_shared_by_as_of_dates: bool = False
    about: str = ""

    def matches(self, file_name: str) -> bool:
        """Say whether a file of this name is (part of) this logical file."""
        return any(fnmatchcase(file_name, pattern) for pattern in self.patterns)


class IdentityFiles(_Record):
    """Files that already have the contracted shape: one per extract, named by a pattern."""

    folder: str
    patterns: tuple[str, ...] = Field(min_length=1)
    dialect: str = "contract"
    extracts: tuple[str, ...]


class ControlFile(_Record):
    """The control file that comes with the delivery, or the statement that none does."""

    is_delivered: bool = True
    folder: str = ""
    file_name: str = "control.csv"
    reason: str = ""
    owner: str = ""


class NotDelivered(_Record):
    """An extract the source cannot fill, and what happens instead."""

    extract: str
    treatment: str
    reason: str
    owner: str


class Declared(_Record):
    """A figure declared because the bank does not deliver it; 1 marks a treatment as chosen."""

    item: str
    value: float
    reason: str
    owner: str
    applies_to: str
    label: str = DECLARED_LABEL


class CodeListEntry(_Record):
    """One code of the bank's own lists and what the pipeline makes of it."""

    code_list: str
    code: str
    meaning: str
    value: str


class Source(_Record):
    """Everything a source declares about itself."""

    source: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    about: str
    owner: str
    folders: dict[str, Folder]
    dialects: dict[str, Dialect] = {"contract": Dialect()}
    control: ControlFile
    files: tuple[FileSpec, ...] = ()
    identity: IdentityFiles | None = None
    daily: IdentityFiles | None = None
    sql_extracts: tuple[str, ...] = ()
    sql_tables: tuple[str, ...] = ()
    not_delivered: tuple[NotDelivered, ...] = ()
    declared: tuple[Declared, ...] = ()
    codes: tuple[CodeListEntry, ...] = ()

    @property
    def of_a_day(self) -> Source | None:
        """What the bank delivers every day, as a source of its own; None if it delivers nothing."""
        if self.daily is None:
            return None
        control = self.control.model_copy(update={"folder": self.daily.folder})
        folders = {self.daily.folder: self.folders[self.daily.folder]}
        files = {"files": (), "sql_extracts": (), "sql_tables": (), "not_delivered": ()}
        changed = {"identity": self.daily, "daily": None, "control": control, "folders": folders}
        return self.model_copy(update={**files, **changed})

    @property
    def identity_extracts(self) -> tuple[str, ...]:
        """Extracts whose file already has the contracted shape."""
        return self.identity.extracts if self.identity else ()

    @property
    def file_specs(self) -> tuple[FileSpec, ...]:
        """Every logical file, those of the identity extracts included, in declared order."""
        if self.identity is None:
            return self.files
        named = tuple(_identity_file(self.identity, extract) for extract in self.identity.extracts)
        return self.files + named

    def file(self, name: str) -> FileSpec:
        """Return the logical file of this name."""
        for spec in self.file_specs:
            if spec.name == name:
                return spec
        raise ConfigurationError(
            f"source {self.source} declares no file {name}",
            where=f"data_contracts/sources/{self.source}/source.yaml",
            fix="name one of: " + ", ".join(spec.name for spec in self.file_specs),
        )

    def raw_table(self, name: str) -> str:
        """Return the table of a logical file: its extract if identical, else `<source>__<file>`."""
        table = name if name in self.identity_extracts else f"{self.source}__{name}"
        return f"raw.{table}"


def _identity_file(identity: IdentityFiles, extract: str) -> FileSpec:
    return FileSpec(
        name=extract,
        folder=identity.folder,
        patterns=tuple(pattern.replace("{extract}", extract) for pattern in identity.patterns),
        dialect=identity.dialect,
        about=f"Extract {extract} in its contracted shape.",
    )


def load_source(
    path: Path, extracts: Collection[str] | None = None, daily: Collection[str] = ()
) -> Source:
    """Read a source declaration and its code lists.

    Parameters
    ----------
    path : Path
        ``source.yaml``; code lists are ``code_lists/*.csv`` beside it.
    extracts : collection of str, optional
        Names of the extracts of a month end; each must then be delivered, built or declared
        missing.
    daily : collection of str
        Names of extracts that come with the files of a day only.

    Returns
    -------
    Source
        A frozen record.

    Raises
    ------
    ConfigurationError
        With every problem of the declaration in one message.
    """
    content = read_yaml(path) | {"codes": _code_lists(path.parent / "code_lists")}
    try:
        source = Source.model_validate(content)
    except ValidationError as invalid:
        problems = [_problem(error) for error in invalid.errors()]
        raise _refusal(path, problems) from invalid
    problems = source_problems(source, extracts, daily)
    if problems:
        raise _refusal(path, problems)
    return source


def source_problems(
    source: Source, extracts: Collection[str] | None = None, daily: Collection[str] = ()
) -> list[str]:
    """List everything in a declaration that contradicts itself or the contracted extracts."""
    names = [spec.name for spec in source.file_specs]
    homes = [*source.identity_extracts, *source.sql_extracts]
    homes += [missing.extract for missing in source.not_delivered]
    codes = [f"{entry.code_list}.{entry.code}" for entry in source.codes]
    problems = _repeated("file", names) + _repeated("extract", homes) + _repeated("code", codes)
    problems += _repeated("declared item", [item.item for item in source.declared])
    for spec in source.file_specs:
        if spec.folder not in source.folders:
            problems.append(f"file {spec.name}: folder {spec.folder} is not declared")
        if spec.dialect not in source.dialects:
            problems.append(f"file {spec.name}: dialect {spec.dialect} is not declared")
    problems += _control_problems(source)
    by_day = source.daily.extracts if source.daily else ()
    if source.daily and source.daily.folder not in source.folders:
        problems.append(f"daily: folder {source.daily.folder} is not declared")
    if extracts is not None:
        unknown = sorted({*by_day} - {*extracts, *daily})
        problems += [f"daily extract {name}: no such contract" for name in unknown]
        problems += [f"extract {name}: no such contract" for name in sorted({*homes} - {*extracts})]
        problems += [
            f"extract {name}: neither delivered, built by SQL nor declared not delivered"
            for name in sorted({*extracts} - {*homes})
        ]
    return problems


def _control_problems(source: Source) -> list[str]:
    control = source.control
    if control.is_delivered and control.folder not in source.folders:
        return [f"control file: folder {control.folder!r} is not declared"]
    if not control.is_delivered and not (control.reason and control.owner):
        return ["control file: not delivered needs a reason and an owner"]
    return []


def source_relations(source: Source) -> dict[str, list[Row]]:
    """Return what SQL may read of a declaration, as rows per relation of schema inputs.

    ``not_delivered`` (extract, treatment, reason, owner), ``declared`` (item, value, reason,
    owner, applies_to, label) and ``source_codes`` (code_list, code, meaning, value).
    """
    return {
        "not_delivered": [record.model_dump() for record in source.not_delivered],
        "declared": [record.model_dump() for record in source.declared],
        "source_codes": [record.model_dump() for record in source.codes],
    }


def _code_lists(folder: Path) -> list[CodeListEntry]:
    entries = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            entries += [CodeListEntry(code_list=path.stem, **row) for row in csv.DictReader(lines)]
    return entries


def _problem(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    return f"{place}: {error['msg']}"


def _repeated(kind: str, names: Iterable[str]) -> list[str]:
    return [f"{kind} {name}: declared {n} times" for name, n in Counter(names).items() if n > 1]


def _refusal(path: Path, problems: list[str]) -> ConfigurationError:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return ConfigurationError(
        f"{count} in a source declaration",
        where=str(path),
        detail="; ".join(problems),
        fix="correct the declaration",
    )
