"""Data contracts as records: the column dictionary, the tables' contracts, the extracts' contracts.

Answers what a table promises: which columns, of which type, unique by which key, null when, read by
whom. A contract of a table is short YAML in `data_contracts/tables/<schema>/<table>.yaml`; types,
units and meanings come from the dictionary `data_contracts/columns.yaml`, where a name stands
once. Contracts of extracts are ODCS files, read in `inputs/extract_contracts.py` and offered here.

Every problem of all files is reported at once. Running a rule does not belong here
(`validation/`), nor does creating a table (`warehouse/`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from alm_pipeline.errors import ConfigurationError, ContractError
from alm_pipeline.inputs.cell_rules import CellRule, cell_problems, cell_rules
from alm_pipeline.inputs.extract_contracts import (
    ExtractColumn,
    ExtractContract,
    Reference,
    RuleText,
    load_extract_contracts,
)
from alm_pipeline.inputs.yaml_files import (
    contract_file,
    contract_files,
    contract_folders,
    parsed_yaml,
    read_yaml,
)

__all__ = [
    "EXACT_MONEY_SCHEMAS",
    "SCHEMAS",
    "ColumnEntry",
    "ExtractColumn",
    "ExtractContract",
    "Reference",
    "RuleText",
    "TableContract",
    "load_dictionary",
    "load_extract_contracts",
    "load_table_contracts",
    "sql_type",
]

SCHEMAS = (
    "raw",
    "quarantine",
    "staging",
    "book",
    "behaviour",
    "cash_flows",
    "scenarios",
    "what_if",
    "metrics",
    "reports",
    "audit",
    "daily",
)
EXACT_MONEY_SCHEMAS = frozenset(
    {"raw", "quarantine", "staging", "book", "reports", "audit", "daily"}
)

_SQL_TYPES = MappingProxyType(
    {
        "text": "VARCHAR",
        "date": "DATE",
        "timestamp": "TIMESTAMP",
        "integer": "INTEGER",
        "bigint": "BIGINT",
        "boolean": "BOOLEAN",
        "rate": "DOUBLE",
        "double": "DOUBLE",
        "money": "DOUBLE",
    }
)
_NUMBERS = frozenset({"money", "rate", "double", "integer", "bigint"})
_AS_DELIVERED = "daily.cash_movement"
_KINDS = ("result", "shared", "journal")
_ENTRY_FIELDS = frozenset({"type", "unit", "sign", "about", "actus", "fire", "personal"})
_PERSONAL = ("identifier", "withheld", "json")
_TABLE_REQUIRED = frozenset({"about", "kind", "version", "owner", "key", "columns"})
_TABLE_FIELDS = _TABLE_REQUIRED | {"consumer", "partition_by", "nullable", "cells"}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_VERSION = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True)
class ColumnEntry:
    """One column of the dictionary: a name means one thing everywhere.

    Attributes
    ----------
    personal : {"", "identifier", "withheld", "json"}
        Whether it identifies a customer, and how it is masked outside `raw`.
    """

    name: str
    type: str
    unit: str = ""
    sign: str = ""
    about: str = ""
    actus: str = ""
    fire: str = ""
    personal: str = ""


@dataclass(frozen=True)
class TableContract:
    """What a table other than an extract promises."""

    table: str
    about: str
    kind: str
    version: str
    owner: str
    consumer: str
    partition_by: tuple[str, ...]
    key: tuple[str, ...]
    columns: tuple[str, ...]
    nullable: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[str, tuple[CellRule, ...]] = field(default_factory=dict)

    @property
    def schema(self) -> str:
        """Name of the stage that the table belongs to."""
        return self.table.partition(".")[0]


def sql_type(entry: ColumnEntry, schema: str) -> str:
    """Return the DuckDB type of a column in one schema; money is exact in tables of record."""
    if entry.type == "money" and schema in EXACT_MONEY_SCHEMAS:
        return "DECIMAL(18,2)"
    return _SQL_TYPES[entry.type]


def load_dictionary(overlay: Path | None = None) -> Mapping[str, ColumnEntry]:
    """Return the dictionary of columns by name.

    Raises
    ------
    ContractError
        With every problem of the file: unknown type or field, missing meaning, bad name.
    """
    path = contract_file("columns.yaml", overlay)
    return _dictionary(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=4)
def _dictionary(text: str) -> Mapping[str, ColumnEntry]:
    """Return what a text says; every bank and its tables ask, and parsing it is slow."""
    problems: list[str] = []
    entries = {}
    for name, body in _said(lambda: parsed_yaml(text, "columns.yaml"), problems).items():
        found = _entry_problems(name, body)
        problems.extend(found)
        if not found:
            entries[name] = ColumnEntry(name=name, **{key: str(body[key]) for key in body})
    _refuse(problems, "columns.yaml")
    return MappingProxyType(entries)


def load_table_contracts(overlay: Path | None = None) -> Mapping[str, TableContract]:
    """Return the contract of every table by `schema.name`, checked against the dictionary.

    Raises
    ------
    ContractError
        With every problem of every file.
    """
    dictionary = load_dictionary(overlay)
    problems: list[str] = []
    contracts = {}
    for table, path in _table_files(overlay):
        body = _mapping(path, problems)
        found = [*_shape_problems(table, body), *_column_problems(table, body, dictionary)]
        problems.extend(found)
        if not found:
            contracts[table] = _table_contract(table, body)
    _refuse(problems, "tables/")
    return MappingProxyType(contracts)


def _table_files(overlay: Path | None) -> Iterator[tuple[str, Path]]:
    """Tables and the files of their contracts, shipped or in the overlay, in order."""
    folders = [root / "tables" for root in contract_folders(overlay)]
    for schema in sorted({path.name for folder in folders for path in folder.glob("[!.]*")}):
        for path in contract_files(f"tables/{schema}", overlay):
            yield f"{schema}.{path.stem}", path


def _mapping(path: Path, problems: list[str]) -> dict[str, Any]:
    """Return a YAML file as a mapping, or note why it is none."""
    return _said(lambda: read_yaml(path), problems)


def _said(read: Callable[[], Mapping[str, Any]], problems: list[str]) -> dict[str, Any]:
    try:
        return dict(read())
    except ConfigurationError as error:
        problems.append(str(error))
        return {}


def _entry_problems(name: str, body: Any) -> list[str]:
    """What is wrong with one line of the dictionary."""
    if not isinstance(body, dict):
        return [f"{name}: not a mapping"]
    problems = []
    if not _NAME.fullmatch(str(name)):
        problems.append(f"{name}: not lower_case_with_underscores")
    if body.get("type") not in _SQL_TYPES:
        problems.append(f"{name}: type {body.get('type')!r} is none of {', '.join(_SQL_TYPES)}")
    if not body.get("about"):
        problems.append(f"{name}: has no meaning (about)")
    if body.get("personal", _PERSONAL[0]) not in _PERSONAL:
        problems.append(f"{name}: personal is none of {', '.join(_PERSONAL)}")
    problems.extend(f"{name}: unknown field {key}" for key in sorted(set(body) - _ENTRY_FIELDS))
    return problems


def _shape_problems(table: str, body: Mapping[str, Any]) -> list[str]:
    """Missing, unknown and badly formed fields of a table contract."""
    missing = sorted(_TABLE_REQUIRED - {name for name in body if body[name]})
    problems = [f"{table}: {name} is missing" for name in missing]
    problems.extend(f"{table}: unknown field {name}" for name in sorted(set(body) - _TABLE_FIELDS))
    if table.partition(".")[0] not in SCHEMAS:
        problems.append(f"{table}: schema is none of {', '.join(SCHEMAS)}")
    if body.get("kind") not in _KINDS:
        problems.append(f"{table}: kind {body.get('kind')!r} is none of {', '.join(_KINDS)}")
    if not _VERSION.fullmatch(str(body.get("version", ""))):
        problems.append(f"{table}: version {body.get('version')!r} is not like 1.0.0")
    return problems


def _column_problems(
    table: str, body: Mapping[str, Any], dictionary: Mapping[str, ColumnEntry]
) -> list[str]:
    """Columns outside the dictionary, written twice, or named but not promised."""
    columns = list(body.get("columns") or ())
    problems = [
        f"{table}: column {name} is not in columns.yaml"
        for name in columns
        if name not in dictionary
    ]
    problems.extend(
        f"{table}: column {name} stands twice" for name in columns if columns.count(name) > 1
    )
    for part in ("key", "partition_by", "nullable", "cells"):
        named: Iterable[str] = body.get(part) or ()
        problems.extend(
            f"{table}: {part} names {name}, which is no column of it"
            for name in named
            if name not in columns
        )
    nullable_keys = set(body.get("nullable") or ()) & set(body.get("key") or ())
    problems.extend(f"{table}: key column {name} is nullable" for name in sorted(nullable_keys))
    numbers = [c for c in columns if c in dictionary and dictionary[c].type in _NUMBERS]
    is_seen = table.startswith(("reports.", "daily.")) and table != _AS_DELIVERED
    must_open = [c for c in numbers if is_seen and c not in body.get("key", ())]
    return [*problems, *cell_problems(table, body.get("cells") or {}, must_open)]


def _table_contract(table: str, body: Mapping[str, Any]) -> TableContract:
    return TableContract(
        table=table,
        about=str(body["about"]),
        kind=str(body["kind"]),
        version=str(body["version"]),
        owner=str(body["owner"]),
        consumer=str(body.get("consumer") or ""),
        partition_by=tuple(body.get("partition_by") or ()),
        key=tuple(body["key"]),
        columns=tuple(body["columns"]),
        nullable=MappingProxyType(dict(body.get("nullable") or {})),
        cells=MappingProxyType(cell_rules(body.get("cells") or {})),
    )


def _refuse(problems: list[str], where: str) -> None:
    if problems:
        raise ContractError(
            f"{len(problems)} problems in the data contracts",
            where=f"data_contracts/{where}",
            detail="; ".join(dict.fromkeys(problems)),
            fix="correct the lines named",
        )
