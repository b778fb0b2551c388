"""Contracts of extracts: Open Data Contract Standard files as frozen records.

Answers what a bank must deliver for one extract: columns with type, requiredness, allowed values
and bounds, the key, references to other extracts, rules in SQL with severity and stage, and the
thresholds above which set-aside rows stop an entity. The files are
`data_contracts/extracts/<extract>.yaml`, ODCS 3.1; what that standard has no word for stands in its
`customProperties`.

Running a rule does not belong here (`validation/`), nor does reading a delivered file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from open_data_contract_standard.model import (
    CustomProperty,
    DataQuality,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
    Team,
)

from alm_pipeline.errors import ContractError
from alm_pipeline.inputs.yaml_files import contract_files

COLUMN_TYPES = MappingProxyType(
    {
        "VARCHAR": "text",
        "DATE": "date",
        "INTEGER": "integer",
        "BIGINT": "bigint",
        "BOOLEAN": "boolean",
        "DOUBLE": "double",
        "DECIMAL(18,2)": "money",
    }
)
_EVERY_DAY = "d"
SEVERITIES = ("quarantine", "blocking", "warning")
STAGES = ("raw", "staging", "book", "scenarios")
_ROW_QUERY = re.compile(r"select count\(\*\) from \{object\} where\s+(.+)", re.DOTALL)


@dataclass(frozen=True)
class ExtractColumn:
    """One delivered column; bounds are inclusive, in the unit of the column."""

    name: str
    type: str
    required: bool
    unit: str = ""
    about: str = ""
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""


@dataclass(frozen=True)
class Reference:
    """Columns that must be found in another relation, such as `raw.counterparty`."""

    columns: tuple[str, ...]
    to_table: str
    to_columns: tuple[str, ...]
    severity: str = "quarantine"


@dataclass(frozen=True)
class RuleText:
    """A rule written in the contract.

    `fails_when` is a condition on one typed row of the extract (`is_row_level`), else a SELECT of
    the failing rows of any table.
    """

    rule_id: str
    severity: str
    stage: str
    fails_when: str
    about: str
    is_row_level: bool
    dimension: str = "consistency"
    minimum_rule: int = 0
    needs_previous: bool = False
    reads: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExtractContract:
    """What a bank delivers in one extract.

    Shares are fractions of rows or of the amount column, per entity where the extract has one. Up
    to `quarantine_rows` rows may be set aside whatever their share of rows; their amount counts up
    to `amount_cap`, another column, so that a misplaced decimal point does not stop an entity.
    What `is_daily` comes with the files of a day only, never with those of a month end.
    """

    extract: str
    name: str
    version: str
    about: str
    owner: str
    columns: tuple[ExtractColumn, ...]
    key: tuple[str, ...]
    amount_column: str
    is_mandatory: bool
    quarantine_share: float
    quarantine_rows: int
    amount_cap: str
    drift_share: float
    quarantine_together: tuple[str, ...]
    references: tuple[Reference, ...]
    rules: tuple[RuleText, ...]
    frequency: str
    available: str
    is_daily: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the delivered columns in file order."""
        return tuple(column.name for column in self.columns)


def load_extract_contracts(overlay: Path | None = None) -> Mapping[str, ExtractContract]:
    """Return the contract of every extract by name.

    Raises
    ------
    ContractError
        With every problem of every file.
    """
    problems: list[str] = []
    contracts = {}
    for path in contract_files("extracts", overlay):
        try:
            contracts[path.stem] = read_extract_contract(path)
        except ContractError as error:
            problems.append(error.detail)
    if problems:
        raise ContractError(
            f"{len(problems)} contracts of extracts cannot be used",
            where="data_contracts/extracts/",
            detail="; ".join(problems),
            fix="correct the lines named",
        )
    return MappingProxyType(contracts)


def read_extract_contract(path: Path) -> ExtractContract:
    """Return one ODCS file as a record.

    Raises
    ------
    ContractError
        With every problem of the file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _unusable(path.stem, [str(error)]) from error
    return _read(path.stem, text)


@lru_cache(maxsize=256)
def _read(extract: str, text: str) -> ExtractContract:
    """Return what a text says; a second bank in the process has most of them word for word."""
    try:
        document = OpenDataContractStandard(**yaml.load(text, Loader=yaml.CSafeLoader))
        contract = _extract_contract(extract, document)
    except (TypeError, ValueError, KeyError, yaml.YAMLError) as error:
        raise _unusable(extract, [str(error)]) from error
    problems = list(_problems(contract))
    if problems:
        raise _unusable(extract, problems)
    return contract


def _unusable(extract: str, problems: list[str]) -> ContractError:
    detail = "; ".join(f"{extract}: {problem}" for problem in problems)
    return ContractError(
        f"the contract of extract {extract} cannot be used",
        where=f"data_contracts/extracts/{extract}.yaml",
        detail=detail,
        fix="correct the lines named",
    )


def _extract_contract(extract: str, document: OpenDataContractStandard) -> ExtractContract:
    """Translate an ODCS document; its single schema object is the extract."""
    (table,) = document.schema_ or []
    own = _custom(table.customProperties)
    service = {item.property: item.value for item in document.slaProperties or []}
    units = {item.property: item.unit for item in document.slaProperties or []}
    properties = table.properties or []
    keys = sorted((item for item in properties if item.primaryKey), key=_key_position)
    return ExtractContract(
        extract=extract,
        name=str(document.name),
        version=str(document.version),
        about=str(table.description),
        owner=_owner(document),
        columns=tuple(_column(item) for item in properties),
        key=tuple(str(item.name) for item in keys),
        amount_column=str(own.get("amountColumn", "")),
        is_mandatory=any(item.metric == "rowCount" for item in table.quality or []),
        quarantine_share=float(own.get("quarantineShare", 0.01)),
        quarantine_rows=int(own.get("quarantineRows", 0)),
        amount_cap=str(own.get("amountCap", "")),
        drift_share=float(own.get("driftShare", 0.25)),
        quarantine_together=tuple(own.get("quarantineTogether", ())),
        references=(*_references(properties), *_composite_references(table)),
        rules=tuple(_rule(item) for item in table.quality or [] if item.type == "sql"),
        frequency=str(service.get("frequency", "")),
        available=str(service.get("timeOfAvailability", "")),
        is_daily=units.get("frequency") == _EVERY_DAY,
    )


def _key_position(item: SchemaProperty) -> int:
    return item.primaryKeyPosition or 0


def _custom(items: list[CustomProperty] | None) -> dict[str, Any]:
    return {str(item.property): item.value for item in items or []}


def _owner(document: OpenDataContractStandard) -> str:
    return str(document.team.name) if isinstance(document.team, Team) else ""


def _column(item: SchemaProperty) -> ExtractColumn:
    options = item.logicalTypeOptions or {}
    allowed: list[str] = []
    for quality in item.quality or []:
        if quality.metric == "invalidValues":
            allowed.extend(str(value) for value in (quality.arguments or {}).get("validValues", ()))
    return ExtractColumn(
        name=str(item.name),
        type=COLUMN_TYPES[str(item.physicalType)],
        required=bool(item.required),
        unit=str(_custom(item.customProperties).get("unit", "")),
        about=str(item.description or ""),
        allowed=tuple(allowed),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        pattern=str(options.get("pattern", "")),
    )


def _references(properties: list[SchemaProperty]) -> Iterator[Reference]:
    """Relationships as references; an extract is meant unless `relation` names a relation."""
    for item in properties:
        for link in item.relationships or []:
            table, _, column = str(link.to).partition(".")
            own = _custom(link.customProperties)
            yield Reference(
                columns=(str(item.name),),
                to_table=str(own.get("relation", f"raw.{table}")),
                to_columns=(column,),
                severity=str(own.get("handling", "quarantine")),
            )


def _composite_references(table: SchemaObject) -> Iterator[Reference]:
    """References of several columns at once."""
    for link in table.relationships or []:
        own, other = _as_list(link.from_), _as_list(link.to)
        yield Reference(
            columns=tuple(name.partition(".")[2] for name in own),
            to_table=f"raw.{other[0].partition('.')[0]}",
            to_columns=tuple(name.partition(".")[2] for name in other),
        )


def _as_list(names: str | list[str] | None) -> list[str]:
    return [names] if isinstance(names, str) else list(names or [])


def _rule(item: DataQuality) -> RuleText:
    """Translate a rule; `select count(*) from {object} where …` is a rule on single rows."""
    own = _custom(item.customProperties)
    query = str(item.query).strip()
    row_query = _ROW_QUERY.fullmatch(query)
    handling = own.get("handling", "quarantine" if row_query else "blocking")
    return RuleText(
        rule_id=str(item.name),
        severity="warning" if item.severity == "warning" else str(handling),
        stage=str(own.get("stage", "raw")),
        fails_when=row_query.group(1) if row_query else query,
        about=str(item.description or ""),
        is_row_level=row_query is not None,
        dimension=str(item.dimension),
        minimum_rule=int(own.get("minimumRule", 0)),
        needs_previous=bool(own.get("needsPrevious", False)),
        reads=tuple(own.get("reads", ())),
    )


def _problems(contract: ExtractContract) -> Iterator[str]:
    """What contradicts itself inside one contract."""
    names = contract.column_names
    yield from (f"column {name} stands twice" for name in names if names.count(name) > 1)
    if not contract.key:
        yield "no column is part of the primary key"
    for name in (contract.amount_column, contract.amount_cap, *contract.quarantine_together):
        if name and name not in names:
            yield f"{name} is named in customProperties and is no column of it"
    for column in contract.columns:
        if not column.about:
            yield f"column {column.name} has no description"
        if column.name in contract.key and not column.required:
            yield f"key column {column.name} is not required"
    ids = [rule.rule_id for rule in contract.rules]
    yield from (f"rule {name} stands twice" for name in ids if ids.count(name) > 1)
    for rule in contract.rules:
        yield from _rule_problems(rule)


def _rule_problems(rule: RuleText) -> Iterator[str]:
    if rule.severity not in SEVERITIES:
        yield f"rule {rule.rule_id}: {rule.severity!r} is none of {', '.join(SEVERITIES)}"
    if rule.stage not in STAGES:
        yield f"rule {rule.rule_id}: stage {rule.stage!r} is none of {', '.join(STAGES)}"
    if rule.severity == "quarantine" and not rule.is_row_level:
        yield f"rule {rule.rule_id}: only a rule on single rows can set rows aside"
    if not rule.about:
        yield f"rule {rule.rule_id} has no description"
