"""The SELECTs that split an extract into rows to trust and rows to set aside.

A row that breaks any rule of severity `quarantine` is set aside with all rules it breaks, a reason
in words, its amount and where it would have stood in the ledger. Rows that only make sense together
(the legs of a swap) are set aside together. Every row is in exactly one of the two.

Writing `quarantine.<extract>` does not belong here, nor does judging how much may be set aside
(`validation/evaluation.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from alm_pipeline.inputs.data_contracts import ExtractContract
from alm_pipeline.validation.counts import flag_name, flagged_relations, row_rules
from alm_pipeline.validation.rules import Rule, text_name
from alm_pipeline.warehouse.session import literal

_TOGETHER = "another row it belongs with is set aside"


def quarantine_query(contract: ExtractContract, rules: Sequence[Rule]) -> str:
    """Return the SELECT of the rows to set aside.

    Columns: as_of_date, source_file_id, source_row, rule_ids (sorted, joined by ", "), reason,
    amount (decimal, null where unreadable), currency, entity_id, gl_account (as delivered, null
    where the extract has none), payload (the delivered row as JSON).
    """
    chosen = sorted(
        (rule.rule_id, flag_name(i), rule.about)
        for i, rule in enumerate(row_rules(rules))
        if rule.severity == "quarantine"
    )
    identifiers = ", ".join(
        f"case when {flag} then {literal(name)} end" for name, flag, _ in chosen
    )
    reasons = ", ".join(
        f"case when {flag} then {literal('not true: ' + about)} end" for _, flag, about in chosen
    )
    together = literal(f"{contract.extract}.together")
    amount = contract.amount_column or "cast(null as decimal(18, 2))"
    return (
        f"with {flagged_relations(contract, rules)}\n"
        "select as_of_date, source_file_id, source_row,\n"
        f"  coalesce(nullif(concat_ws(', ', {identifiers}), ''), {together}) as rule_ids,\n"
        f"  coalesce(nullif(concat_ws('; ', {reasons}), ''), {literal(_TOGETHER)}) as reason,\n"
        f"  {amount} as amount, {_delivered(contract, 'currency')}, "
        f"{_delivered(contract, 'entity_id')}, {_delivered(contract, 'gl_account')},\n"
        f"  cast(to_json(struct_pack({_payload(contract)})) as varchar) as payload\n"
        "from flagged where is_set_aside order by source_file_id, source_row"
    )


def accepted_query(contract: ExtractContract) -> str:
    """Return the SELECT of the trusted rows: those of `raw` that are not in `quarantine`."""
    return (
        f"select delivered.* from raw.{contract.extract} as delivered\n"
        f"anti join quarantine.{contract.extract} as aside\n"
        "on aside.as_of_date = delivered.as_of_date\n"
        "and aside.source_file_id = delivered.source_file_id\n"
        "and aside.source_row = delivered.source_row"
    )


def checking_order(contracts: Mapping[str, ExtractContract]) -> tuple[str, ...]:
    """Return the extracts so that each stands after those it looks into.

    Checked in this order, with `raw.<other>` bound to the trusted rows, a position whose
    counterparty was set aside is set aside too.
    """
    ordered: list[str] = []
    waiting = sorted(contracts)
    while waiting:
        ready = [name for name in waiting if _needs(contracts[name]) <= {name, *ordered}] or waiting
        ordered.append(ready[0])
        waiting.remove(ready[0])
    return tuple(ordered)


def looked_into(contracts: Mapping[str, ExtractContract]) -> dict[str, dict[str, bool]]:
    """Return, in checking order, the extracts each one looks into and whether they stand before it.

    Of those that stand before it only trusted rows are seen; of two that look into each other the
    first sees the second as delivered.
    """
    order = checking_order(contracts)
    return {
        name: {n: n in order[:position] for n in sorted(_needs(contracts[name]) - {name})}
        for position, name in enumerate(order)
    }


def _needs(contract: ExtractContract) -> set[str]:
    """Extracts that the references and rules of a contract look into."""
    written = [name for rule in contract.rules if rule.stage == "raw" for name in rule.reads]
    return set(_extracts([*written, *(link.to_table for link in contract.references)]))


def _extracts(relations: Iterable[str]) -> Iterable[str]:
    for relation in relations:
        schema, _, name = relation.partition(".")
        if schema == "raw":
            yield name


def _delivered(contract: ExtractContract, name: str) -> str:
    if name in contract.column_names:
        return name
    return f"cast(null as varchar) as {name}"


def _payload(contract: ExtractContract) -> str:
    """Every contracted column under its own name, as it was delivered."""
    parts = []
    for column in contract.columns:
        source = column.name if column.type == "text" else text_name(column.name)
        parts.append(f"{column.name} := {source}")
    return ", ".join(parts)
