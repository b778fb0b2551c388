"""The close checklist: what each step left behind, from what ran and nothing else.

A table is evidence by the hash of its content and the verdicts of its checks on exactly that
content; a group of proofs by its ties. There is no date and no person in it: who did what and when
is the journal's.
"""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from alm_pipeline.inputs.checklist import Step, load_checklist
from alm_pipeline.orchestration.bank import Bank, is_of_close
from alm_pipeline.warehouse.content import combined_hash
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.registry import Entry
from alm_pipeline.warehouse.store import Commit, Content

CHECKLIST, PROOF_COVERAGE = "audit.close_checklist", "audit.proof_coverage"
_DONE, _OPEN, _FAILED = "done", "open", "failed"
_OWN = {CHECKLIST, "audit.run_manifest"}


def make_checklist(bank: Bank, partition: Partition) -> Commit:
    """Make the checklist of a month end from the registered content of its tables."""
    steps = load_checklist(bank.settings.overlay)
    inputs = checklist_inputs(bank, partition, bank.store.content)
    found = bank.store.is_current(CHECKLIST, partition, inputs, bank.code_hash)
    if found is not None:
        return Commit(found, is_changed=False, is_known=True)
    entries = _entries(bank, partition)
    bank.store.bind(PROOF_COVERAGE, partition)
    proofs = bank.store.session.rows(f"select * from {PROOF_COVERAGE}")
    rows = [
        {"as_of_date": partition.as_of_date, "step_number": number, "step": step.step} | row
        for number, step in enumerate(steps, start=1)
        for row in [*_tables_of(bank, step, entries), *_proofs_of(step, proofs)]
    ]
    table = pa.Table.from_pylist(rows, schema=_SCHEMA)
    return bank.store.replace_partition(CHECKLIST, partition, table, inputs, bank.code_hash)


def checklist_inputs(bank: Bank, partition: Partition, content: Content) -> dict[str, str]:
    """Return the content hash of every table of the month, by name."""
    entries = _entries(bank, partition)
    return {f"{e.table} {e.partition}": content(e.table, e.partition) for e in entries}


def _entries(bank: Bank, partition: Partition) -> list[Entry]:
    closing = {"", *bank.settings.closing_scenarios}
    return [
        entry
        for entry in bank.store.registry.of_month(partition)
        if entry.partition.scenario in closing
        and entry.table not in _OWN
        and is_of_close(entry.table)
        and bank.store.has_shape(entry.table)
    ]


def _tables_of(bank: Bank, step: Step, entries: list[Entry]) -> Iterator[dict[str, Any]]:
    """Yield one row per table of a step; one that is named and missing is open."""
    for pattern in step.tables:
        names = sorted({e.table for e in entries if fnmatch.fnmatchcase(e.table, pattern)})
        for table in names or [pattern]:
            own = [e for e in entries if e.table == table]
            checks = _verdicts(bank, own)
            is_failed = checks["failed"] > 0
            yield {
                "owner": step.owner,
                "evidence_kind": "table",
                "evidence": table,
                "evidence_hash": combined_hash([e.content_hash for e in own]) if own else None,
                "n_checks": checks["passed"] + checks["failed"] + checks["warned"],
                "status": (_FAILED if is_failed else _DONE) if own else _OPEN,
            }


def _verdicts(bank: Bank, entries: list[Entry]) -> Counter[str]:
    """Count the verdicts on exactly this content; a failed warning is no failure of the step."""
    found: Counter[str] = Counter()
    for entry in entries:
        if bank.store.gate.has_results(entry.table):
            checked = bank.store.checked_hash(entry.table, entry.partition)
            for result in bank.store.gate.results(entry.table, checked):
                if result["is_passed"]:
                    found["passed"] += 1
                else:
                    found["failed" if result["is_blocking"] else "warned"] += 1
    return found


def _proofs_of(step: Step, proofs: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield one row per group of proofs of a step."""
    for group in step.proofs:
        own = [row for row in proofs if row["invariant_group"] == group]
        n_ties, n_failed = (sum(row[name] for row in own) for name in ("n_ties", "n_failed"))
        yield {
            "owner": step.owner,
            "evidence_kind": "proof",
            "evidence": group,
            "evidence_hash": None,
            "n_checks": n_ties,
            "status": _FAILED if n_failed else _DONE if n_ties else _OPEN,
        }


_SCHEMA = pa.schema(
    [
        ("as_of_date", pa.date32()),
        ("step_number", pa.int32()),
        ("step", pa.string()),
        ("owner", pa.string()),
        ("evidence_kind", pa.string()),
        ("evidence", pa.string()),
        ("evidence_hash", pa.string()),
        ("n_checks", pa.int64()),
        ("status", pa.string()),
    ]
)
