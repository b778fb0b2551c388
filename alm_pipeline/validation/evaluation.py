"""Whether the extracts of a close keep their data contracts.

Counts come from one SELECT per extract (`validation/counts.py`), thresholds from the contract; the
verdict on all counts of a close is one Great Expectations validation over the metrics
(`validation/expectations.py`), because each validation costs more than its counting. Results carry
failing keys, so that somebody can act on them.

Which results stop what is the warehouse's gate, not this module.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from alm_pipeline.inputs.data_contracts import ExtractContract
from alm_pipeline.validation.counts import (
    EntityCounts,
    Session,
    failing_amount_query,
    flag_name,
    read_counts,
    row_rules,
    sample_query,
)
from alm_pipeline.validation.judge import judge
from alm_pipeline.validation.rules import N_SAMPLE, Rule, compile_rules
from alm_pipeline.warehouse.session import literal

_FEWEST_ROWS_THAT_DRIFT = 20


@dataclass(frozen=True)
class CheckResult:
    """What one check found; `entities` are those in which it fails, where the extract says.

    Amounts are absolute, in mixed contract currencies: they size a failure, they add up nowhere.
    """

    check_id: str
    rule_id: str
    table_name: str
    severity: str
    is_blocking: bool
    failed_rows: int
    failed_amount: Decimal
    total_rows: int
    passed: bool
    sample: str
    message: str
    entities: tuple[str, ...] = ()


def evaluate(
    session: Session,
    contract: ExtractContract,
    *,
    stage: str = "raw",
    has_previous: bool = False,
    engine: str = "gx",
) -> list[CheckResult]:
    """Return one result per rule of an extract at one stage; see `evaluate_many`."""
    return evaluate_many(session, [contract], stage=stage, has_previous=has_previous, engine=engine)


def evaluate_many(
    session: Session,
    contracts: Iterable[ExtractContract],
    *,
    stage: str = "raw",
    has_previous: bool = False,
    engine: str = "gx",
) -> list[CheckResult]:
    """Return one result per rule of every extract, judged in one validation.

    Parameters
    ----------
    session : Session
        With `raw.<extract>` and the relations its rules read bound to one partition.
    contracts : iterable of ExtractContract
        In `quarantine.checking_order`.
    stage : str
        Rules of which stage to run: raw, staging, book or scenarios.
    has_previous : bool
        Whether `previous.<extract>` is bound; without it, rules that compare with the previous
        close pass and say why.
    engine : str
        `gx` validates the counts with Great Expectations; `counts` compares them with zero here.
    """
    found = [
        result
        for contract in contracts
        for result in _measured(session, contract, stage, has_previous)
    ]
    return judged(found, engine)


def judged(results: Sequence[CheckResult], engine: str = "gx") -> list[CheckResult]:
    """Return the results with their verdict, which Great Expectations gives over all counts."""
    counts = {result.check_id: result.failed_rows for result in results}
    if engine == "gx":
        failing = judge(counts, {item.check_id: item.severity for item in results})
    else:
        failing = {check for check, count in counts.items() if count > 0}
    return [replace(item, passed=item.check_id not in failing) for item in results]


def sets_rows_aside(results: Iterable[CheckResult]) -> bool:
    """Say whether any row belongs in quarantine by these results."""
    return any(item.severity == "quarantine" and item.failed_rows for item in results)


def _measured(
    session: Session, contract: ExtractContract, stage: str, has_previous: bool
) -> list[CheckResult]:
    """Return the results of one extract, not yet judged."""
    rules = compile_rules(contract)
    results = []
    counts: tuple[EntityCounts, ...] = ()
    if stage == "raw":
        counts = read_counts(session, contract, rules)
        results = _row_results(session, contract, rules, counts)
    for rule in rules:
        if rule.is_row_level or rule.stage != stage:
            continue
        if rule.needs_previous and not has_previous:
            results.append(_result(rule, counts, message="no previous close to compare with"))
        elif rule.kind == "table_sql":
            results.append(_table_result(session, rule, counts))
        else:
            results.append(_threshold_result(session, contract, rule, counts))
    return results


def _row_results(
    session: Session,
    contract: ExtractContract,
    rules: Sequence[Rule],
    counts: Sequence[EntityCounts],
) -> list[CheckResult]:
    chosen = row_rules(rules)
    failed = {
        rule.rule_id: sum(entity.failed_rows[rule.rule_id] for entity in counts) for rule in chosen
    }
    failing = [i for i, rule in enumerate(chosen) if failed[rule.rule_id]]
    samples = _samples(session, contract, rules, failing)
    amounts = _failing_amounts(session, contract, rules, failing)
    results = []
    for rule in chosen:
        n_failed = failed[rule.rule_id]
        where = tuple(entity.entity_id for entity in counts if entity.failed_rows[rule.rule_id])
        message = _row_message(rule, contract, n_failed) if n_failed else ""
        results.append(
            replace(
                _result(rule, counts, message=message),
                failed_rows=n_failed,
                failed_amount=amounts.get(rule.rule_id, Decimal(0)),
                sample=json.dumps(samples.get(rule.rule_id, []), sort_keys=True),
                entities=where,
            )
        )
    return results


def _row_message(rule: Rule, contract: ExtractContract, n_failed: int) -> str:
    rows = "1 row breaks" if n_failed == 1 else f"{n_failed} rows break"
    follows = {"quarantine": "set aside", "blocking": "stops", "warning": "reported"}
    return f"{rows} '{rule.about}' | raw.{contract.extract} | {follows[rule.severity]}"


def _samples(
    session: Session, contract: ExtractContract, rules: Sequence[Rule], failing: Sequence[int]
) -> dict[str, list[object]]:
    """Return up to 20 failing keys per failing rule, in file order; one query for all of them."""
    if not failing:
        return {}
    chosen = row_rules(rules)
    rows = session.query(sample_query(contract, rules, failing)).to_pylist()
    return {
        chosen[i].rule_id: [json.loads(row["failing"]) for row in rows if row[flag_name(i)]][
            :N_SAMPLE
        ]
        for i in failing
    }


def _failing_amounts(
    session: Session, contract: ExtractContract, rules: Sequence[Rule], failing: Sequence[int]
) -> dict[str, Decimal]:
    """Return the absolute amount per failing rule; one query for all of them."""
    if not failing or not contract.amount_column:
        return {}
    chosen = row_rules(rules)
    (row,) = session.query(failing_amount_query(contract, rules, failing)).to_pylist()
    return {chosen[i].rule_id: Decimal(row[f"a_{i}"]) for i in failing}


def _result(rule: Rule, counts: Sequence[EntityCounts], *, message: str = "") -> CheckResult:
    """Return a result in which nothing fails."""
    return CheckResult(
        check_id=rule.rule_id,
        rule_id=rule.rule_id,
        table_name=f"raw.{rule.extract}",
        severity=rule.severity,
        is_blocking=rule.is_blocking,
        failed_rows=0,
        failed_amount=Decimal(0),
        total_rows=sum(entity.n_rows for entity in counts),
        passed=True,
        sample="[]",
        message=message,
    )


def _table_result(session: Session, rule: Rule, counts: Sequence[EntityCounts]) -> CheckResult:
    """Return the result of a rule that is a SELECT of failing rows."""
    n_failed, sample, entities = failing_selection(session, rule.fails_when)
    message = f"{n_failed} found against '{rule.about}' | raw.{rule.extract}" if n_failed else ""
    return replace(
        _result(rule, counts, message=message),
        failed_rows=n_failed,
        sample=sample,
        entities=entities,
    )


def failing_selection(session: Session, sql: str) -> tuple[int, str, tuple[str, ...]]:
    """Return number, sample as JSON and entities of the rows that a SELECT of failures finds."""
    rows = session.query(f"select to_json(found) as failing from ({sql}) as found").to_pylist()
    texts = sorted(row["failing"] for row in rows)
    loaded = [json.loads(text) for text in texts]
    entities = sorted({str(row["entity_id"]) for row in loaded if row.get("entity_id")})
    return len(texts), json.dumps(loaded[:N_SAMPLE], sort_keys=True), tuple(entities)


def _threshold_result(
    session: Session, contract: ExtractContract, rule: Rule, counts: Sequence[EntityCounts]
) -> CheckResult:
    """Return the result of a rule that compares totals with a threshold of the contract."""
    if rule.kind == "delivered":
        broken = _not_delivered(session, contract, counts)
    elif rule.kind == "quarantine_share":
        broken = _too_much_aside(contract, counts)
    else:
        broken = _drifted(session, contract, counts)
    message = "; ".join(broken.values())
    return replace(
        _result(rule, counts, message=message and f"{message} | raw.{contract.extract}"),
        failed_rows=len(broken),
        entities=tuple(name for name in broken if name),
    )


def _not_delivered(
    session: Session, contract: ExtractContract, counts: Sequence[EntityCounts]
) -> dict[str, str]:
    if counts:
        return {}
    declared = "select extract from inputs.not_delivered where extract = "
    if session.query(declared + literal(contract.extract)).num_rows:
        return {}
    return {"": f"no row of {contract.extract} is delivered, and none is declared as missing"}


def _too_much_aside(contract: ExtractContract, counts: Sequence[EntityCounts]) -> dict[str, str]:
    """Entities of which more than the contract's share of rows or amount is set aside.

    Rows of entities that nobody knows are set aside as such and judged against the whole extract.
    """
    unknown = f"{contract.extract}.entity_id.resolves"
    n_rows = sum(entity.n_rows for entity in counts)
    amount = sum((entity.amount for entity in counts), Decimal(0))
    broken = {}
    for entity in counts:
        if entity.failed_rows.get(unknown, 0) == entity.n_rows or not entity.entity_id:
            shares = _shares_aside(contract, entity, n_rows, amount)
        else:
            shares = _shares_aside(contract, entity, entity.n_rows, entity.amount)
        kind = max(shares, key=lambda name: shares[name])
        if shares[kind] > contract.quarantine_share:
            broken[entity.entity_id] = (
                f"{entity.entity_id or 'all'}: {shares[kind]:.2%} of {kind} set aside, "
                f"{contract.quarantine_share:.2%} allowed"
            )
    return broken


def _shares_aside(
    contract: ExtractContract, entity: EntityCounts, n_rows: int, amount: Decimal
) -> dict[str, float]:
    """Return the shares set aside; a few rows have no share of rows, only one of the amount."""
    is_few = entity.quarantined_rows <= contract.quarantine_rows
    return {
        "rows": 0.0 if is_few else entity.quarantined_rows / n_rows,
        "amount": float(entity.quarantined_amount / amount) if amount else 0.0,
    }


def _drifted(
    session: Session, contract: ExtractContract, counts: Sequence[EntityCounts]
) -> dict[str, str]:
    """Entities of which rows or amount moved by more than the contract's share."""
    before = _previous_totals(session, contract)
    broken = {}
    for entity in counts:
        n_before, amount_before = before.get(entity.entity_id, (0, Decimal(0)))
        if n_before < _FEWEST_ROWS_THAT_DRIFT:
            continue
        moves = {"rows": entity.n_rows / n_before - 1}
        if amount_before:
            moves["amount"] = float(entity.amount / amount_before) - 1
        kind = max(moves, key=lambda name: abs(moves[name]))
        if abs(moves[kind]) > contract.drift_share:
            broken[entity.entity_id] = (
                f"{entity.entity_id or 'all'}: {kind} moved by {moves[kind]:+.1%}, "
                f"{contract.drift_share:.0%} allowed"
            )
    return broken


def _previous_totals(session: Session, contract: ExtractContract) -> dict[str, tuple[int, Decimal]]:
    """Return rows and absolute amount of the previous close by entity."""
    entity = "entity_id" if "entity_id" in contract.column_names else "null"
    column = contract.amount_column
    amount = f"abs(try_cast({column} as decimal(18, 2)))" if column else "0"
    rows = session.query(
        f"select {entity} as entity_id, count(*) as n_rows,"
        f" coalesce(sum({amount}), 0) as amount from previous.{contract.extract} group by 1"
    ).to_pylist()
    return {row["entity_id"] or "": (row["n_rows"], Decimal(row["amount"])) for row in rows}
