"""Which delivered rows are not trusted, and the verdict on every rule of every extract.

Extracts are checked in the order of their references, so that a position whose counterparty was
set aside is set aside too. One step, because Great Expectations judges all counts at once.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import dagster as dg
import pyarrow as pa

from alm_pipeline.inputs.data_contracts import ExtractContract
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.checks import (
    asset_check_result,
    result_of,
    result_row,
    with_waivers,
)
from alm_pipeline.orchestration.metadata import asset_metadata, commit_metadata
from alm_pipeline.orchestration.parallel import results_of, run_in_order
from alm_pipeline.orchestration.partitions import Partitions, asset_key, partition_of
from alm_pipeline.orchestration.resources import BankResource
from alm_pipeline.validation.evaluation import (
    CheckResult,
    evaluate,
    judged,
    sets_rows_aside,
)
from alm_pipeline.validation.quarantine import checking_order, looked_into, quarantine_query
from alm_pipeline.validation.rules import compile_rules
from alm_pipeline.warehouse.definitions import text_hash
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.shapes import QUARANTINE_COLUMNS
from alm_pipeline.warehouse.store import Commit, Content

BLOCKING, SET_ASIDE = "data_contract", "rows_set_aside"


@dataclass(frozen=True)
class Checked:
    """One extract after its checks."""

    extract: str
    commit: Commit
    results: tuple[CheckResult, ...]


def quarantine_asset(bank: Bank, partitions: Partitions) -> dg.AssetsDefinition:
    """Return the asset that checks every extract and sets rows aside."""
    months = partitions.month_ends

    @dg.multi_asset(
        name="quarantine",
        specs=[_spec(bank, partitions, name) for name in sorted(bank.extracts)],
        check_specs=[
            spec
            for name in sorted(bank.extracts)
            for spec in rule_check_specs(asset_key(f"quarantine.{name}"), months)
        ],
        can_subset=False,
    )
    def quarantine(context: dg.AssetExecutionContext, bank: BankResource):  # type: ignore[no-untyped-def]
        opened = bank.open()
        with opened.store.registry.together():
            found = list(check_delivery(opened, partition_of(context)))
        for checked in found:
            key = asset_key(f"quarantine.{checked.extract}")
            yield dg.MaterializeResult(asset_key=key, metadata=commit_metadata(checked.commit))
            yield from rule_check_events(opened, partition_of(context), key, checked)

    return quarantine


def rule_check_specs(
    key: dg.AssetKey, partitions_def: dg.PartitionsDefinition[str]
) -> list[dg.AssetCheckSpec]:
    """Return the two Dagster checks of an extract: rules that stop, rules that set rows aside."""
    return [
        dg.AssetCheckSpec(
            check,
            asset=key,
            blocking=check == BLOCKING,
            partitions_def=partitions_def,
            description=about,
        )
        for check, about in _ABOUT.items()
    ]


def rule_check_events(
    bank: Bank, partition: Partition, key: dg.AssetKey, checked: Checked
) -> Iterator[dg.AssetCheckResult]:
    """Report what the rules of one extract found as its two Dagster checks."""
    results = with_waivers(bank, partition, checked.results)
    blocking = [r for r in results if r.is_blocking]
    others = [r for r in results if not r.is_blocking]
    yield asset_check_result(key, BLOCKING, blocking, dg.AssetCheckSeverity.ERROR)
    yield asset_check_result(key, SET_ASIDE, others, dg.AssetCheckSeverity.WARN)


def check_delivery(bank: Bank, partition: Partition) -> Iterator[Checked]:
    """Check every extract, replace its quarantine, and record the verdicts on the delivery."""
    store = bank.store
    known = _already_checked(bank, partition)
    for one in known:
        bank.announce(one.commit, 0.0)
    if known:
        yield from known
        return
    others = looked_into(bank.extracts)
    outcomes = run_in_order(
        bank.workers,
        {name: [n for n, is_before in seen.items() if is_before] for name, seen in others.items()},
        lambda name: _check_extract(bank, partition, name, others[name]),
    )
    found = results_of(outcomes)
    verdicts = iter(judged([result for one in found for result in one.results]))
    checked = [replace(one, results=tuple(next(verdicts) for _ in one.results)) for one in found]
    delivery = store.checked_hash(f"raw.{checked[0].extract}", partition)
    rows = [result_row(r, "raw", partition, delivery) for one in checked for r in one.results]
    store.gate.record(rows)
    yield from checked


def _check_extract(
    bank: Bank, partition: Partition, name: str, others: Mapping[str, bool]
) -> Checked:
    """Count what breaks the rules of one extract and replace its quarantine; no verdict yet."""
    started = time.perf_counter()
    bank.bind_inputs(partition.as_of_date)
    contract = bank.extracts[name]
    for other, is_checked in others.items():
        _bind_delivered(bank, partition, other)
        if is_checked:
            _bind_trusted(bank, partition, other)
    _bind_delivered(bank, partition, name)
    has_previous = _bind_previous(bank, partition, name)
    session = bank.store.session
    results = evaluate(session, contract, has_previous=has_previous, engine="counts")
    rows = _set_aside(bank, contract, results)
    inputs = quarantine_inputs(bank, name, partition, bank.store.content)
    commit = bank.store.replace_partition(
        f"quarantine.{name}", partition, rows, inputs, bank.code_hash
    )
    bank.announce(commit, time.perf_counter() - started)
    return Checked(name, commit, tuple(results))


def is_judged(bank: Bank, partition: Partition) -> bool:
    """Say whether these rules have judged the registered delivery against the close before it."""
    store = bank.store
    return all(
        store.gate.results(f"raw.{name}", store.checked_hash(f"raw.{name}", partition))
        for name in bank.extracts
    )


def _already_checked(bank: Bank, partition: Partition) -> list[Checked]:
    """Return the verdicts on this very delivery when all of it was checked before, else nothing."""
    store = bank.store
    found = []
    for name in checking_order(bank.extracts):
        table = f"quarantine.{name}"
        inputs = quarantine_inputs(bank, name, partition, store.content)
        entry = store.is_current(table, partition, inputs, bank.code_hash)
        rows = store.gate.results(f"raw.{name}", store.checked_hash(f"raw.{name}", partition))
        if entry is None or not rows:
            return []
        results = tuple(result_of(row) for row in rows)
        found.append(Checked(name, Commit(entry, is_changed=False, is_known=True), results))
    return found


def _bind_delivered(bank: Bank, partition: Partition, name: str) -> None:
    table, store = f"raw.{name}", bank.store
    store.bind(table, partition, alias=f"delivered.{name}", is_gated=False)
    store.session.create_view(table, f"select * from delivered.{name}")


def _bind_previous(bank: Bank, partition: Partition, name: str) -> bool:
    """Bind an extract of the previous close; say if there was one."""
    table, store = f"raw.{name}", bank.store
    previous = bank.history.before(partition.as_of_date)[:1]
    pinned = [pin for manifest in previous for pin in manifest.pinned(table)]
    files = [f for pin in pinned for f in bank.history.files(pin)]
    store.session.bind_files(f"previous.{name}", files, store.shape(table).columns)
    return bool(previous)


def _bind_trusted(bank: Bank, partition: Partition, name: str) -> None:
    bank.store.bind(f"quarantine.{name}", partition)
    bank.store.session.create_view(
        f"raw.{name}",
        f"select * from delivered.{name} anti join quarantine.{name}"
        " using (source_file_id, source_row)",
    )


def _set_aside(bank: Bank, contract: ExtractContract, results: Sequence[CheckResult]) -> pa.Table:
    if not sets_rows_aside(results):
        nothing = ", ".join(f"cast(null as {t}) as {c}" for c, t in QUARANTINE_COLUMNS.items())
        return bank.store.session.query(f"select {nothing} where false")
    return bank.store.session.query(quarantine_query(contract, compile_rules(contract)))


def quarantine_inputs(
    bank: Bank, name: str, partition: Partition, content: Content
) -> dict[str, str]:
    """Return the content hash of an extract and of what its references name."""
    tables = {f"raw.{name}"} | {r.to_table for r in bank.extracts[name].references}
    extracts = sorted(t for t in tables if t.startswith("raw."))
    hashes = {f"{t} {partition}": content(t, partition) for t in extracts}
    relations = bank.relation_hashes(partition.as_of_date)
    rules = f"extracts/{name}.yaml"
    hashes[f"contracts:{rules}"] = text_hash(bank.contract_texts[rules])
    return hashes | {t: relations[t] for t in sorted(tables) if t in relations}


def _spec(bank: Bank, partitions: Partitions, name: str) -> dg.AssetSpec:
    contract = bank.extracts[name]
    others = {r.to_table.partition(".")[2] for r in contract.references} & set(bank.extracts)
    table = f"quarantine.{name}"
    return dg.AssetSpec(
        asset_key(table),
        deps=[asset_key(f"raw.{other}") for other in sorted({name, *others})],
        group_name="20_quarantine",
        description=f"Rows of {name} that break a rule: why, and how much money is in them.",
        partitions_def=partitions.month_ends,
        kinds={"duckdb", "greatexpectations"},
        code_version=bank.code_hash[:16],
        metadata=asset_metadata(None, bank.shapes[table], bank.dictionary),
    )


_ABOUT = {
    BLOCKING: "Rules whose failure stops everything that reads this extract.",
    SET_ASIDE: "Rules whose failing rows are set aside or reported.",
}
