"""The one SELECT that judges every row of an extract by every row-level rule.

    delivered text ─▶ typed (one try_cast per column) ─▶ flagged (one boolean per rule) ─▶ counts

Read `raw.<extract>`, bound to one partition: every contracted column as text, `as_of_date` as the
date of the partition, `delivered_as_of_date`, `source_file_id`, `source_row`. Referenced relations
(`raw.<other>`, `inputs.<relation>`) must be bound too, empty where nothing was delivered.

What happens to a failing row does not belong here (`validation/quarantine.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

import pyarrow as pa

from alm_pipeline.inputs.data_contracts import ExtractContract, Reference
from alm_pipeline.validation.rules import N_SAMPLE, Rule, raw_name, text_name

_CASTS = {
    "date": "date",
    "integer": "integer",
    "bigint": "bigint",
    "money": "decimal(18, 2)",
}
NO_AMOUNT = "cast(0 as decimal(38, 2))"


class Session(Protocol):
    """Anything that answers a SELECT with an Arrow table."""

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """Run one SELECT and return its rows."""
        ...


@dataclass(frozen=True)
class EntityCounts:
    """Rows and absolute amounts of one entity; failing rows by rule identifier."""

    entity_id: str
    n_rows: int
    amount: Decimal
    quarantined_rows: int
    quarantined_amount: Decimal
    failed_rows: Mapping[str, int]


def row_rules(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules that single rows of the delivered extract can fail."""
    return tuple(rule for rule in rules if rule.is_row_level and rule.stage == "raw")


def flag_name(position: int) -> str:
    """Return the boolean column of `flagged` for the rule at one position of `row_rules`."""
    return f"fails_{position}"


def flagged_relations(
    contract: ExtractContract, rules: Sequence[Rule], only: Sequence[int] | None = None
) -> str:
    """Return the common table expressions up to `flagged`, without the word WITH.

    `only` limits the flags to the rules at these positions; rows are then set aside by them alone.

    `flagged` has every column of the delivered extract under its own name, typed, the delivered
    text as `text__<column>`, one boolean per rule of `row_rules`, and `is_set_aside`.
    """
    chosen = [
        (position, rule)
        for position, rule in enumerate(row_rules(rules))
        if only is None or position in only
    ]
    flags = [f"coalesce({rule.fails_when}, false) as {flag_name(i)}" for i, rule in chosen]
    broken = [flag_name(i) for i, rule in chosen if rule.severity == "quarantine"]
    parts = [
        f"typed as ({_typed(contract)})",
        *(
            f"ref_{position} as ({_found(reference)})"
            for position, reference in enumerate(contract.references)
        ),
        f"judged as (select typed.*, {', '.join(flags)} from typed {_joins(contract)})",
        f"flagged as (select *, {_set_aside(contract, broken)} as is_set_aside from judged)",
    ]
    return ",\n".join(parts)


def count_query(contract: ExtractContract, rules: Sequence[Rule]) -> str:
    """Return one SELECT: per entity, rows and amount in all and set aside, rows failing each rule.

    Written with `count_if` and `case`, and without amounts per rule: hundreds of `filter` clauses
    or of sums cost seconds in DuckDB 2.0 before the first row is read.
    """
    amount = amount_expression(contract)
    aggregates = [
        "count(*) as n_rows",
        f"coalesce(sum({amount}), 0) as amount",
        "count_if(is_set_aside) as quarantined_rows",
        f"coalesce(sum(case when is_set_aside then {_capped(contract)} end), 0)"
        " as quarantined_amount",
        *(f"count_if({flag_name(i)}) as n_{i}" for i in range(len(row_rules(rules)))),
    ]
    listed = ",\n  ".join(aggregates)
    return (
        f"with {flagged_relations(contract, rules)}\n"
        f"select {_entity(contract)} as entity_id,\n  {listed}\nfrom flagged group by 1 order by 1"
    )


def failing_amount_query(
    contract: ExtractContract, rules: Sequence[Rule], failing: Sequence[int]
) -> str:
    """Return one SELECT: the absolute amount that fails each of the rules at these positions."""
    amount = amount_expression(contract)
    sums = ", ".join(
        f"coalesce(sum(case when {flag_name(i)} then {amount} end), 0) as a_{i}" for i in failing
    )
    return f"with {flagged_relations(contract, rules, failing)}\nselect {sums} from flagged"


def sample_query(contract: ExtractContract, rules: Sequence[Rule], failing: Sequence[int]) -> str:
    """Return up to 20 rows per failing rule: key, file row and which of the rules it breaks.

    What a reference does not find is shown too: a product, a counterparty.
    """
    chosen = row_rules(rules)
    broken = [rule for rule in (chosen[i] for i in failing) if rule.kind == "reference"]
    names = dict.fromkeys([*contract.key, *(name for rule in broken for name in rule.columns)])
    keys = ", ".join(f"{name} := {_as_text(contract, name)}" for name in names)
    order = "source_file_id, source_row"
    wanted = [
        f"({flag_name(i)} and row_number() over (partition by {flag_name(i)} order by {order})"
        f" <= {N_SAMPLE})"
        for i in failing
    ]
    flags = ", ".join(flag_name(i) for i in failing)
    return (
        f"with {flagged_relations(contract, rules, failing)}\n"
        f"select to_json(struct_pack({keys}, source_row := source_row)) as failing, {flags}\n"
        f"from flagged qualify {' or '.join(wanted)} order by {order}"
    )


def read_counts(
    session: Session, contract: ExtractContract, rules: Sequence[Rule]
) -> tuple[EntityCounts, ...]:
    """Run the counting SELECT and return one record per entity, none when there are no rows."""
    chosen = row_rules(rules)
    found: list[dict[str, Any]] = session.query(count_query(contract, rules)).to_pylist()
    return tuple(
        EntityCounts(
            entity_id=row["entity_id"] or "",
            n_rows=int(row["n_rows"]),
            amount=Decimal(row["amount"]),
            quarantined_rows=int(row["quarantined_rows"]),
            quarantined_amount=Decimal(row["quarantined_amount"]),
            failed_rows={rule.rule_id: int(row[f"n_{i}"]) for i, rule in enumerate(chosen)},
        )
        for row in found
    )


def amount_expression(contract: ExtractContract) -> str:
    """Return the absolute amount of a row, null where it cannot be read."""
    return f"abs({contract.amount_column})" if contract.amount_column else NO_AMOUNT


def _typed(contract: ExtractContract) -> str:
    """Return the SELECT that reads every delivered text in its contracted type."""
    columns = ["source_file_id", "source_row", "as_of_date"]
    for column in contract.columns:
        raw = raw_name(column.name)
        if column.type == "text":
            columns.append(column.name)
        else:
            columns.append(f"{raw} as {text_name(column.name)}")
            columns.append(f"{_read(raw, column.type)} as {raw}")
    key = ", ".join(raw_name(name) for name in contract.key)
    columns.append(f"count(*) over (partition by {key}) as n_same_key")
    return f"select {', '.join(columns)} from raw.{contract.extract}"


def _read(raw: str, column_type: str) -> str:
    """Return delivered text in its type, or null; of flags only the two words are read, no NaN."""
    if column_type == "boolean":
        return f"case {raw} when 'true' then true when 'false' then false end"
    if column_type == "double":
        return f"nullif(try_cast({raw} as double), cast('nan' as double))"
    return f"try_cast({raw} as {_CASTS[column_type]})"


def _found(reference: Reference) -> str:
    names = ", ".join(f"{name} as k{i}" for i, name in enumerate(reference.to_columns))
    return f"select distinct {names}, true as is_found from {reference.to_table}"


def _joins(contract: ExtractContract) -> str:
    joins = []
    for position, reference in enumerate(contract.references):
        same = " and ".join(
            f"typed.{name} = ref_{position}.k{i}" for i, name in enumerate(reference.columns)
        )
        joins.append(f"left join ref_{position} on {same}")
    return "\n".join(joins)


def _set_aside(contract: ExtractContract, broken: Sequence[str]) -> str:
    """Return whether a row is set aside: by a rule of its own, or of a row it belongs with."""
    own = " or ".join(broken) or "false"
    if not contract.quarantine_together:
        return f"({own})"
    group = ", ".join(contract.quarantine_together)
    return f"bool_or({own}) over (partition by {group})"


def _capped(contract: ExtractContract) -> str:
    """Return the amount of a row set aside, at most the column that caps it."""
    amount = amount_expression(contract)
    return f"least({amount}, abs({contract.amount_cap}))" if contract.amount_cap else amount


def _entity(contract: ExtractContract) -> str:
    return "entity_id" if "entity_id" in contract.column_names else "cast('' as varchar)"


def _as_text(contract: ExtractContract, name: str) -> str:
    """Return a column of `flagged` as it was delivered."""
    types = {column.name: column.type for column in contract.columns}
    return name if types[name] == "text" else text_name(name)
