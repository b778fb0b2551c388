"""Who reads what (`data_contracts/access.yaml`), and which columns are masked for everyone.

A persona is a set of tables and the columns its views leave out. A column is personal because the
dictionary says so, in every table outside `raw` but those listed with a reason. How a value is
masked does not belong here (`warehouse/masks.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import Field

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.data_contracts import SCHEMAS, ColumnEntry
from alm_pipeline.inputs.records import Name, Problems, Record
from alm_pipeline.inputs.yaml_files import contract_file

__all__ = ["Access", "Exemption", "Persona", "load_access"]

_UNMASKED_SCHEMAS = ("raw",)


class Persona(Record):
    """Readers with the same task: the schemas or tables they see, the columns they do not."""

    about: str
    reads: list[str] = Field(min_length=1)
    without: list[Name] = Field(default_factory=list)

    def sees(self, table: str) -> bool:
        """Say whether the persona reads a table."""
        return table in self.reads or table.partition(".")[0] in self.reads


class Exemption(Record):
    """Tables in which a column that is personal elsewhere identifies nobody."""

    column: Name
    tables: list[str] = Field(min_length=1)
    reason: str = Field(min_length=1)


class Access(Record):
    """All personas of a bank."""

    about: str
    owner: str
    personas: dict[Name, Persona] = Field(min_length=1)
    not_personal: list[Exemption] = Field(default_factory=list)

    def personal(
        self, table: str, columns: Iterable[str], dictionary: Mapping[str, ColumnEntry]
    ) -> dict[str, str]:
        """Return the columns of a table that are masked for everyone, with the way to mask them."""
        if table.partition(".")[0] in _UNMASKED_SCHEMAS:
            return {}
        exempt = {one.column for one in self.not_personal if table in one.tables}
        known = {c: dictionary[c].personal for c in columns if c in dictionary}
        return {c: way for c, way in known.items() if way and c not in exempt}


def load_access(
    tables: Mapping[str, Iterable[str]],
    dictionary: Mapping[str, ColumnEntry],
    overlay: Path | None = None,
) -> Access:
    """Return the personas of a bank.

    Parameters
    ----------
    tables
        Columns of every table that can be read.

    Raises
    ------
    ConfigurationError
        With every problem: an unknown schema, table or column, a persona named like a stage, a
        table that nobody reads.
    """
    problems = Problems()
    path = contract_file("access.yaml", overlay)
    access = problems.settled(problems.read(Access, path))
    found = [*_persona_problems(access, tables, dictionary), *_exemption_problems(access, tables)]
    unread = [t for t in tables if not any(p.sees(t) for p in access.personas.values())]
    found += [f"no persona reads {table}" for table in unread]
    if found:
        raise ConfigurationError(
            f"{len(found)} problems in the personas",
            where="data_contracts/access.yaml",
            detail="; ".join(found),
            fix="correct the lines named",
        )
    return access


def _persona_problems(
    access: Access, tables: Mapping[str, Iterable[str]], dictionary: Mapping[str, ColumnEntry]
) -> list[str]:
    known = {*tables, *(table.partition(".")[0] for table in tables)}
    found = []
    for name, persona in access.personas.items():
        if name in (*SCHEMAS, "inputs", "main"):
            found.append(f"{name} is a schema already; a persona needs another name")
        found += [
            f"{name} reads {one}, which is nothing" for one in persona.reads if one not in known
        ]
        columns = [c for c in persona.without if c not in dictionary]
        found += [f"{name} leaves out {c}, which is no column" for c in columns]
    return found


def _exemption_problems(access: Access, tables: Mapping[str, Iterable[str]]) -> list[str]:
    return [
        f"not_personal: {table} has no column {one.column}"
        for one in access.not_personal
        for table in one.tables
        if one.column not in set(tables.get(table, ()))
    ]
