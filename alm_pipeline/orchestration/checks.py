"""Check results as Dagster asset checks and as rows of `audit.check_results`.

Checks of delivered extracts run with their quarantine (`assets/quarantine.py`); the checks of later
tables, the ledger tie and the proofs among them, are made here from their declarations.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

import dagster as dg

from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.partitions import Partitions, asset_key
from alm_pipeline.validation.evaluation import CheckResult
from alm_pipeline.validation.table_checks import (
    SCENARIO_CHECKS,
    TABLE_CHECKS,
    TableCheck,
    later_checks,
    run_checks,
)
from alm_pipeline.warehouse.partition import Partition

_MAX_SHOWN = 20
_MAX_ROWS_SHOWN = 3
_MAX_AMOUNT = Decimal("9999999999999999.99")


@lru_cache(maxsize=4)
def checks_by_asset(bank: Bank) -> Mapping[str, tuple[TableCheck, ...]]:
    """Return the checks of later stages by the asset after which they run.

    Rules of data contracts that need the book run after the positions, those that need valuations
    with the proofs.
    """
    contracts = bank.extracts.values()
    found: dict[str, tuple[TableCheck, ...]] = {}
    for check in (*TABLE_CHECKS, *SCENARIO_CHECKS):
        found[check.table] = (*found.get(check.table, ()), check)
    for stage, table in (("book", "book.positions"), ("scenarios", "audit.proofs")):
        found[table] = (*found.get(table, ()), *later_checks(contracts, stage))
    return {table: checks for table, checks in found.items() if checks}


def check_specs(
    bank: Bank, partitions: Partitions, tables: Iterable[str]
) -> list[dg.AssetCheckSpec]:
    """Return the asset checks of some tables; they run in the step that makes the table."""
    return [
        dg.AssetCheckSpec(
            _check_name(check.check_id),
            asset=asset_key(table),
            blocking=check.severity == "blocking",
            description=check.message,
            partitions_def=partitions.of_table(bank.shapes[table].is_by_scenario),
        )
        for table in tables
        for check in checks_by_asset(bank).get(table, ())
    ]


def check_events(table: str, results: Sequence[CheckResult]) -> Iterator[dg.AssetCheckResult]:
    """Return the results of a table's checks, of one partition or of several, as Dagster events."""
    by_check: dict[str, list[CheckResult]] = {}
    for result in results:
        by_check.setdefault(result.check_id, []).append(result)
    for check_id, found in by_check.items():
        severity = (
            dg.AssetCheckSeverity.ERROR if found[0].is_blocking else dg.AssetCheckSeverity.WARN
        )
        yield asset_check_result(asset_key(table), _check_name(check_id), found, severity)


def check_table(bank: Bank, table: str, partition: Partition) -> list[CheckResult]:
    """Run the checks that belong after one asset on current content and record the verdicts."""
    store = bank.store
    bank.bind_inputs(partition.as_of_date)
    checks = checks_by_asset(bank)[table]
    for read in sorted({t for check in checks for t in (check.table, *check.reads)}):
        if not read.startswith("inputs."):
            store.bind(read, partition, is_gated=False)
    results = run_checks(store.session, checks, engine="counts")  # a validation each costs more
    rows = []
    for result in results:
        own = partition if store.shape(result.table_name).is_by_scenario else partition.month
        checked = store.checked_hash(result.table_name, own)
        rows.append(result_row(result, table.partition(".")[0], own, checked))
    store.gate.record(rows)
    return with_waivers(bank, partition, results)


def with_waivers(
    bank: Bank, partition: Partition, results: Iterable[CheckResult]
) -> list[CheckResult]:
    """Return results of which those that a waiver covers block nothing and say who accepts them."""
    found = []
    for result in results:
        row = {name: getattr(result, name) for name in ("check_id", "table_name", "failed_rows")}
        waiver = None if result.passed else bank.store.gate.waiver(row, partition.as_of_date)
        if waiver is not None:
            note = f"waived until {waiver.expires} by {waiver.approver}: {result.message}"
            result = replace(result, is_blocking=False, message=note)
        found.append(result)
    return found


def result_row(
    result: CheckResult, stage: str, partition: Partition, checked_hash: str
) -> dict[str, Any]:
    """Return a result as a row of `audit.check_results`."""
    amount = min(Decimal(result.failed_amount).quantize(Decimal("0.01")), _MAX_AMOUNT)
    return {
        "as_of_date": partition.as_of_date,
        "scenario": partition.scenario,
        "table_name": result.table_name,
        "checked_hash": checked_hash,
        "check_id": result.check_id,
        "rule_id": result.rule_id,
        "stage": stage,
        "severity": result.severity,
        "is_blocking": result.is_blocking,
        "n_rows": result.total_rows,
        "failed_rows": result.failed_rows,
        "failed_amount": amount,
        "is_passed": result.passed,
        "message": result.message,
        "sample": result.sample,
    }


def result_of(row: dict[str, Any]) -> CheckResult:
    """Return the result that `result_row` wrote."""
    return CheckResult(
        check_id=row["check_id"],
        rule_id=row["rule_id"],
        table_name=row["table_name"],
        severity=row["severity"],
        is_blocking=row["is_blocking"],
        failed_rows=row["failed_rows"],
        failed_amount=row["failed_amount"],
        total_rows=row["n_rows"],
        passed=row["is_passed"],
        sample=row["sample"],
        message=row["message"],
    )


def asset_check_result(
    key: dg.AssetKey,
    name: str,
    results: Iterable[CheckResult],
    severity: dg.AssetCheckSeverity,
) -> dg.AssetCheckResult:
    """Return one Dagster check for several results, failing ones listed."""
    listed = list(results)
    failing = [result for result in listed if not result.passed]
    rows = [
        f"| {r.check_id} | {r.failed_rows:,} | {r.failed_amount:,.2f} | {r.message} |"
        for r in failing[:_MAX_SHOWN]
    ]
    table = "\n".join(["| check | rows | amount | what |", "|---|---|---|---|", *rows])
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=not failing,
        severity=severity,
        metadata={
            "n_rules": len(listed),
            "n_failed": len(failing),
            "failed_rows": sum(result.failed_rows for result in failing),
            "summary": "; ".join(map(_summary, failing[:_MAX_SHOWN])) or "nothing to report",
            "failing": dg.MetadataValue.md(table if failing else "none"),
        },
    )


def _summary(result: CheckResult) -> str:
    """Return what a check found, where, in which rows, how much, and what to do."""
    rows = json.loads(result.sample or "[]")
    shown = [" ".join(f"{k}={v}" for k, v in row.items()) for row in rows[:_MAX_ROWS_SHOWN]]
    more = (
        [f"and {result.failed_rows - len(shown)} more"] if result.failed_rows > len(shown) else []
    )
    amount = [f"amount {result.failed_amount:,.2f}"] if result.failed_amount else []
    parts = [result.message, "; ".join([*shown, *(more if shown else []), *amount])]
    fix = f"correct the delivery or what it is held against, or waive {result.check_id}"
    return " | ".join([part for part in parts if part] + [f"to fix: {fix} in waivers.yaml"])


def _check_name(check_id: str) -> str:
    return check_id.replace(".", "__")
