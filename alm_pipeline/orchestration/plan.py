"""What a close would compute, and why, before anything runs.

A table is decided by the functions that decide it in a close: the inputs of a step, by hash, and
`Store.is_current`. What cannot be known beforehand is said so: a table whose own inputs are
unchanged but that reads one to be computed is computed only if that one comes out different.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from alm_pipeline.inputs.sql_files import SqlFile
from alm_pipeline.orchestration.assets.adjustments import ADJUSTED, adjustment_inputs
from alm_pipeline.orchestration.assets.deliveries import REFUSED, delivery_inputs
from alm_pipeline.orchestration.assets.engine import (
    CONTRACTUAL,
    ENGINE_TABLES,
    MONTHLY_TABLES,
    monthly_inputs,
)
from alm_pipeline.orchestration.assets.lineage import lineage_inputs
from alm_pipeline.orchestration.assets.quarantine import is_judged, quarantine_inputs
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.checklist import CHECKLIST, checklist_inputs
from alm_pipeline.orchestration.evidence import CHALLENGER, ENGINE_TIES, evidence_inputs
from alm_pipeline.orchestration.lineage import COLUMNS, TABLES
from alm_pipeline.orchestration.simulation import engine_inputs
from alm_pipeline.orchestration.sql_assets import in_reading_order
from alm_pipeline.orchestration.sql_run import sql_inputs
from alm_pipeline.validation.quarantine import checking_order
from alm_pipeline.warehouse import raw_files
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.registry import Entry

NEVER_MADE, ITS_SQL = "never made", "its SQL"
WITH_THE_DELIVERY = "read and checked with the rest of the delivery"
NOT_JUDGED = "the earlier close or the rules"
_Key = tuple[str, Partition]
_Inputs = Mapping[str, str]


@dataclass(frozen=True)
class Step:
    """One partition that a close computes, or may have to.

    Attributes
    ----------
    reasons : tuple[str, ...]
        Inputs that changed, by the names under which they are recorded. Empty: it is computed
        only if one of `waits_for` comes out different.
    waits_for : tuple[tuple[str, Partition], ...]
        Partitions it reads that are computed before it.
    """

    table: str
    partition: Partition
    reasons: tuple[str, ...]
    waits_for: tuple[_Key, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether it is computed whatever comes out before it."""
        return bool(self.reasons)


@dataclass
class _Foresight:
    """The registry as it will be, as far as that is known."""

    bank: Bank
    month: Partition
    steps: dict[_Key, Step] = field(default_factory=dict)
    replaced: set[_Key] = field(default_factory=set)

    def content(self, table: str, partition: Partition) -> str:
        """Return what a partition will hold; for one that is computed, what it holds now."""
        found = self.bank.store.registry.find(table, partition)
        is_other = found is None or (table, partition) in self.replaced
        return "not known yet" if is_other or found is None else found.content_hash

    def decide(self, tables: Mapping[_Key, _Inputs], code: str, alone: str = "") -> None:
        """Decide tables that are made together: all of them, or none.

        Parameters
        ----------
        tables : mapping
            Their inputs.
        code : str
            Hash of what makes them.
        alone : str
            The reason given for a table that is made only because another one must be.
        """
        reasons = {key: self._reasons(key, inputs, code) for key, inputs in tables.items()}
        waits = {key: self._pending(inputs) for key, inputs in tables.items()}
        if any(reasons.values()):
            for key, own in reasons.items():
                self.steps[key] = Step(*key, own or (alone,), waits[key])
        elif any(waits.values()):
            every = tuple(dict.fromkeys(one for found in waits.values() for one in found))
            self.steps |= {key: Step(*key, (), every) for key in tables}

    def _reasons(self, key: _Key, inputs: _Inputs, code: str) -> tuple[str, ...]:
        """Return why a table is not current; empty when it is."""
        store, (table, partition) = self.bank.store, key
        found = store.registry.find(table, partition)
        if found is None:
            return (NEVER_MADE,)
        if store.is_current(table, partition, inputs, code) is not None:
            return ()
        return _nearest(found, store.all_inputs(table, inputs), code)

    def _pending(self, inputs: _Inputs) -> tuple[_Key, ...]:
        """Return the partitions among inputs that are computed, or may be, before."""
        names = {f"{table} {partition}": (table, partition) for table, partition in self.steps}
        return tuple(names[name] for name in inputs if name in names)


def plan_close(bank: Bank, as_of_date: date) -> list[Step]:
    """Return every partition that a close of a month end would compute or may have to, in order."""
    month = Partition(as_of_date)
    seen = _Foresight(bank, month)
    _foresee_delivery(seen)
    groups: dict[str, list[SqlFile]] = {}
    for file in in_reading_order(bank.sql_files):
        groups.setdefault(file.group, []).append(file)
    for group in sorted({*groups, *_BY_GROUP}):
        if group in _BY_GROUP:
            _BY_GROUP[group](seen)
        files = groups.get(group, [])
        late = _after_evidence(files)
        for file in files:
            if file.table not in late:
                _foresee_sql(seen, file)
        if late:
            _foresee_evidence(seen)
        for file in files:
            if file.table in late:
                _foresee_sql(seen, file)
    _foresee_last(seen)
    return list(seen.steps.values())


def _after_evidence(files: Sequence[SqlFile]) -> set[str]:
    """Return the tables of a group, in reading order, that rest on the evidence of the engine."""
    late = {ENGINE_TIES, CHALLENGER}
    for file in files:
        if not late.isdisjoint(file.current_reads):
            late.add(file.table)
    return late - {ENGINE_TIES, CHALLENGER}


def _foresee_delivery(seen: _Foresight) -> None:
    """Decide the raw tables.

    Rows name the file they stand in by its hash, so rows of a changed file are sure to be others.
    """
    bank, month = seen.bank, seen.month
    files = raw_files.register_files(bank.source, bank.folders, month.as_of_date)
    inputs = delivery_inputs(bank, files)
    seen.decide({(t, month): i for t, i in inputs.items()}, bank.code_hash, WITH_THE_DELIVERY)
    for key, step in list(seen.steps.items()):
        found = bank.store.registry.find(*key)
        is_of_changed_file = any(reason.startswith("file:") for reason in step.reasons)
        if is_of_changed_file and found is not None and found.n_rows and step.table != REFUSED:
            seen.replaced.add(key)


def _foresee_quarantine(seen: _Foresight) -> None:
    """Decide the checks of the delivery, which judge all of it or nothing."""
    bank, month = seen.bank, seen.month
    inputs = {
        (f"quarantine.{name}", month): quarantine_inputs(bank, name, month, seen.content)
        for name in checking_order(bank.extracts)
    }
    if not is_judged(bank, month):
        inputs = {key: {**own, NOT_JUDGED: ""} for key, own in inputs.items()}
    seen.decide(inputs, bank.code_hash, WITH_THE_DELIVERY)


def _foresee_contractual(seen: _Foresight) -> None:
    inputs = engine_inputs(seen.bank, seen.month, seen.content)
    seen.decide({(CONTRACTUAL, seen.month): inputs}, seen.bank.code_hash)


def _foresee_scenarios(seen: _Foresight) -> None:
    for partition in _by_scenario(seen):
        inputs = engine_inputs(seen.bank, partition, seen.content)
        seen.decide({(t, partition): inputs for t in ENGINE_TABLES}, seen.bank.code_hash)
    for table in (one for one in MONTHLY_TABLES if one != CONTRACTUAL):
        inputs = monthly_inputs(seen.bank, table, seen.month, seen.content)
        seen.decide({(table, seen.month): inputs}, seen.bank.code_hash)


def _foresee_lineage(seen: _Foresight) -> None:
    inputs = lineage_inputs(seen.bank)
    seen.decide({(t, seen.month): inputs for t in (TABLES, COLUMNS)}, seen.bank.code_hash)


def _foresee_evidence(seen: _Foresight) -> None:
    inputs = evidence_inputs(seen.bank, seen.month, seen.content)
    for table in (ENGINE_TIES, CHALLENGER):
        seen.decide({(table, seen.month): inputs}, seen.bank.code_hash)


def _foresee_last(seen: _Foresight) -> None:
    """Decide what is made from whatever else a close made."""
    bank, month = seen.bank, seen.month
    for table, inputs in (
        (ADJUSTED, adjustment_inputs(bank, month, seen.content)),
        (CHECKLIST, checklist_inputs(bank, month, seen.content)),
    ):
        seen.decide({(table, month): inputs}, bank.code_hash)


_BY_GROUP = {
    "20_quarantine": _foresee_quarantine,
    "60_cash_flows": _foresee_contractual,
    "70_scenarios": _foresee_scenarios,
    "95_audit": _foresee_lineage,
}


def _foresee_sql(seen: _Foresight, file: SqlFile) -> None:
    is_by_scenario = seen.bank.shapes[file.table].is_by_scenario
    for partition in _by_scenario(seen) if is_by_scenario else [seen.month]:
        inputs = sql_inputs(seen.bank, file, partition, seen.content)
        seen.decide({(file.table, partition): inputs}, file.code_hash)


def _by_scenario(seen: _Foresight) -> Iterator[Partition]:
    return (seen.month.under(s) for s in seen.bank.settings.closing_scenarios)


def _nearest(entry: Entry, wanted: _Inputs, code: str) -> tuple[str, ...]:
    """Return what differs from the derivation that is most like what is wanted."""
    found = [_differing(d.input_hashes, wanted, d.code_version != code) for d in entry.derivations]
    return min(found, key=len) if found else (NEVER_MADE,)


def _differing(before: _Inputs, wanted: _Inputs, is_other_code: bool) -> tuple[str, ...]:
    names = [n for n in sorted({*before, *wanted}) if before.get(n) != wanted.get(n)]
    is_sql = is_other_code and "code" not in names
    return tuple([ITS_SQL, *names] if is_sql else names)
