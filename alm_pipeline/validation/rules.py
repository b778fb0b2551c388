"""The rules that a data contract implies, and when a row fails each of them.

Compiles the contract of an extract into rules in a fixed order: per column its type, presence,
allowed values, range and pattern; per table key, references and the rules written out; then the
table-level thresholds. A row-level rule is a SQL condition over the relation `typed`
(`validation/counts.py`), where every contracted column stands under its own name in its contracted
type and `text__<column>` is what was delivered. A condition that is null does not fail: a value
that cannot be read breaks its type rule and no other.

Running rules does not belong here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from alm_pipeline.inputs.data_contracts import (
    ExtractColumn,
    ExtractContract,
    Reference,
    RuleText,
)
from alm_pipeline.warehouse.session import literal

ROW_LEVEL = ("type", "required", "allowed", "range", "pattern", "unique", "reference", "row_sql")
N_SAMPLE = 20


@dataclass(frozen=True)
class Rule:
    """One rule of one extract, ready to be run.

    `fails_when` is a condition over one row of `typed` for row-level kinds, a SELECT of failing
    rows for `table_sql`, empty for the kinds that compare totals. `severity` says what a failure
    does: `quarantine` sets the rows aside, `blocking` stops, `warning` is reported.
    """

    rule_id: str
    extract: str
    kind: str
    severity: str
    about: str
    fails_when: str = ""
    stage: str = "raw"
    columns: tuple[str, ...] = ()
    dimension: str = "conformity"
    minimum_rule: int = 0
    needs_previous: bool = False
    reads: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    bounds: tuple[float | None, float | None] = (None, None)

    @property
    def is_row_level(self) -> bool:
        """Whether single rows fail it."""
        return self.kind in ROW_LEVEL

    @property
    def is_blocking(self) -> bool:
        """Whether a failure stops what reads the table."""
        return self.severity == "blocking"


def compile_rules(contract: ExtractContract) -> tuple[Rule, ...]:
    """Return every rule of an extract, those of later stages included, in a fixed order."""
    rules: list[Rule] = []
    for column in contract.columns:
        rules.extend(_column_rules(contract.extract, column))
    rules.append(_unique(contract))
    rules.extend(
        _reference(contract.extract, position, reference)
        for position, reference in enumerate(contract.references)
    )
    rules.extend(_written(contract.extract, text) for text in contract.rules)
    rules.extend(_table_rules(contract))
    return tuple(rules)


def text_name(column: str) -> str:
    """Return the name under which `typed` holds a typed column as it was delivered."""
    return f"text__{column}"


def raw_name(column: str) -> str:
    """Return the raw column that holds the delivered text of a contracted column."""
    return "delivered_as_of_date" if column == "as_of_date" else column


def _column_rules(extract: str, column: ExtractColumn) -> Iterator[Rule]:
    """Yield type, presence, allowed values, range and pattern of one column."""
    name = column.name
    is_typed = column.type != "text"
    text = text_name(name) if is_typed else name
    checks = (
        ("required", f"trim({text}) = ''", f"{name} is never empty", "completeness"),
        ("type", _unreadable(column, text), f"{name} reads as {_shape(column)}", "conformity"),
        ("allowed", _not_allowed(column), f"{name} is one of {', '.join(column.allowed)}", ""),
        ("range", _outside(column), f"{name} lies {_bounds(column)}", "accuracy"),
        ("pattern", _unlike(column), f"{name} has the form {column.pattern}", ""),
    )
    wanted = {
        "required": column.required,
        "type": is_typed,
        "allowed": bool(column.allowed),
        "range": column.minimum is not None or column.maximum is not None,
        "pattern": bool(column.pattern),
    }
    for kind, fails_when, about, dimension in checks:
        if wanted[kind]:
            if kind == "required":
                fails_when = f"{text} is null or {fails_when}"
            yield Rule(
                rule_id=f"{extract}.{name}.{kind}",
                extract=extract,
                kind=kind,
                severity="quarantine",
                about=about,
                fails_when=fails_when,
                columns=(name,),
                dimension=dimension or "conformity",
                minimum_rule=3 if kind == "allowed" else 0,
                values=column.allowed if kind == "allowed" else (column.pattern,),
                bounds=(column.minimum, column.maximum),
            )


def _unreadable(column: ExtractColumn, text: str) -> str:
    """Condition under which delivered text is no value of the contracted type, exactly."""
    name = "delivered_as_of_date" if column.name == "as_of_date" else column.name
    if column.type == "boolean":
        return f"{text} not in ('true', 'false')"
    if column.type == "money":
        exact = f"try_cast({text} as decimal(38, 8))"
        return f"{text} is not null and ({name} is null or {exact} <> {name})"
    if column.type == "double":
        return f"{text} is not null and ({name} is null or not isfinite({name}))"
    return f"{text} is not null and cast({name} as varchar) is distinct from {text}"


def _shape(column: ExtractColumn) -> str:
    shapes = {
        "boolean": "true or false",
        "money": "an amount with at most two decimals",
        "double": "a finite number",
        "date": "a date YYYY-MM-DD",
    }
    return shapes.get(column.type, "a whole number")


def _not_allowed(column: ExtractColumn) -> str:
    return f"{column.name} not in ({', '.join(literal(value) for value in column.allowed)})"


def _outside(column: ExtractColumn) -> str:
    parts = []
    if column.minimum is not None:
        parts.append(f"{column.name} < {column.minimum!r}")
    if column.maximum is not None:
        parts.append(f"{column.name} > {column.maximum!r}")
    return " or ".join(parts)


def _bounds(column: ExtractColumn) -> str:
    low = "" if column.minimum is None else f"at or above {column.minimum:g}"
    high = "" if column.maximum is None else f"at or below {column.maximum:g}"
    return " and ".join(part for part in (low, high) if part)


def _unlike(column: ExtractColumn) -> str:
    return f"not regexp_matches({column.name}, {literal(column.pattern)})"


def _unique(contract: ExtractContract) -> Rule:
    """All rows of a key that stands more than once fail: none of them can be trusted."""
    return Rule(
        rule_id=f"{contract.extract}.key.unique",
        extract=contract.extract,
        kind="unique",
        severity="quarantine",
        about=f"{', '.join(contract.key)} stands once",
        fails_when="n_same_key > 1",
        columns=contract.key,
        dimension="uniqueness",
        minimum_rule=1,
    )


def _reference(extract: str, position: int, reference: Reference) -> Rule:
    """A reference fails when filled and not found, unless the other extract is not delivered."""
    filled = " and ".join(f"{name} is not null" for name in reference.columns)
    condition = f"{filled} and ref_{position}.is_found is null"
    schema, _, other = reference.to_table.partition(".")
    if schema == "raw":
        declared = "(select count(*) from inputs.not_delivered where extract = "
        condition += f" and {declared}{literal(other)}) = 0"
    names = ", ".join(reference.columns)
    return Rule(
        rule_id=f"{extract}.{'_'.join(reference.columns)}.resolves",
        extract=extract,
        kind="reference",
        severity=reference.severity,
        about=f"{names} is found in {other}",
        fails_when=condition,
        columns=reference.columns,
        dimension="consistency",
        minimum_rule=25 if other == "products" else 2,
        reads=(reference.to_table,),
    )


def _written(extract: str, text: RuleText) -> Rule:
    return Rule(
        rule_id=f"{extract}.{text.rule_id}",
        extract=extract,
        kind="row_sql" if text.is_row_level else "table_sql",
        severity=text.severity,
        about=text.about,
        fails_when=text.fails_when.replace("{object}", "typed"),
        stage=text.stage,
        dimension=text.dimension,
        minimum_rule=text.minimum_rule,
        needs_previous=text.needs_previous,
        reads=text.reads,
    )


def _table_rules(contract: ExtractContract) -> Iterator[Rule]:
    """Yield presence, share set aside and drift, judged on totals and not on rows."""
    extract = contract.extract
    if contract.is_mandatory:
        yield Rule(
            rule_id=f"{extract}.is_delivered",
            extract=extract,
            kind="delivered",
            severity="blocking",
            about=f"{extract} has rows, or is declared as not delivered",
            dimension="completeness",
        )
    yield Rule(
        rule_id=f"{extract}.quarantine_share",
        extract=extract,
        kind="quarantine_share",
        severity="blocking",
        about=f"at most {contract.quarantine_share:.2%} of rows and amount are set aside",
        dimension="accuracy",
    )
    yield Rule(
        rule_id=f"{extract}.drift",
        extract=extract,
        kind="drift",
        severity="warning",
        about=f"rows and amount move by at most {contract.drift_share:.0%} between closes",
        dimension="coverage",
        minimum_rule=23,
        needs_previous=True,
    )
