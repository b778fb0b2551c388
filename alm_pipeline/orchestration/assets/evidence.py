"""Assets of the close's own evidence: ties of the engine, and the sample valued a second time."""

import time
from collections.abc import Callable, Mapping, Sequence

import dagster as dg

from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.checklist import CHECKLIST, make_checklist
from alm_pipeline.orchestration.checks import check_specs
from alm_pipeline.orchestration.engine_lineage import READS
from alm_pipeline.orchestration.evidence import (
    CHALLENGER,
    ENGINE_TIES,
    SAMPLE,
    VALUES,
    ZERO_RATES,
    bind_evidence,
    evidence_inputs,
    make_challenger,
    make_engine_ties,
)
from alm_pipeline.orchestration.metadata import asset_metadata, owners_of
from alm_pipeline.orchestration.partitions import Partitions, asset_key, dependency
from alm_pipeline.orchestration.resources import BankResource
from alm_pipeline.orchestration.steps import Work, run_step
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.store import Commit

Maker = Callable[[Bank, Partition, Mapping[str, str]], Commit]

_MAKERS: dict[str, Maker] = {ENGINE_TIES: make_engine_ties, CHALLENGER: make_challenger}
_UPSTREAM = sorted({*READS, SAMPLE, VALUES, ZERO_RATES})


def evidence_assets(bank: Bank, partitions: Partitions) -> list[dg.AssetsDefinition]:
    """Return the asset that makes the evidence of a month end."""
    works = [Work((table,), _making(table, make)) for table, make in _MAKERS.items()]

    @dg.multi_asset(
        name="evidence",
        specs=[_spec(bank, partitions, table) for table in _MAKERS],
        check_specs=check_specs(bank, partitions, _MAKERS),
        can_subset=True,
    )
    def evidence(context: dg.AssetExecutionContext, bank: BankResource):  # type: ignore[no-untyped-def]
        yield from run_step(context, bank.open(), works)

    return [evidence]


def checklist_asset(bank: Bank, partitions: Partitions, upstream: list[str]) -> dg.AssetsDefinition:
    """Return the asset that lists what every step of a close left behind, after all of them."""
    spec = _spec(bank, partitions, CHECKLIST, upstream)

    @dg.multi_asset(name="close_checklist", specs=[spec])
    def close_checklist(context: dg.AssetExecutionContext, bank: BankResource):  # type: ignore[no-untyped-def]
        yield from run_step(context, bank.open(), [Work((CHECKLIST,), _listing)])

    return close_checklist


def _listing(bank: Bank, partition: Partition) -> list[Commit]:
    started = time.perf_counter()
    commit = make_checklist(bank, partition)
    bank.announce(commit, time.perf_counter() - started)
    return [commit]


def _making(table: str, make: Maker) -> Callable[[Bank, Partition], list[Commit]]:
    def made(bank: Bank, partition: Partition) -> list[Commit]:
        started = time.perf_counter()
        inputs = evidence_inputs(bank, partition, bank.store.content)
        found = bank.store.is_current(table, partition, inputs, bank.code_hash)
        if found is not None:
            return bank.known([found])
        bind_evidence(bank, partition)
        commit = make(bank, partition, inputs)
        bank.announce(commit, time.perf_counter() - started)
        return [commit]

    return made


def _spec(
    bank: Bank, partitions: Partitions, table: str, upstream: Sequence[str] = _UPSTREAM
) -> dg.AssetSpec:
    contract, shape = bank.tables[table], bank.shapes[table]
    return dg.AssetSpec(
        asset_key(table),
        deps=[dependency(u, bank.shapes[u].is_by_scenario, False) for u in upstream],
        group_name="95_audit",
        description=contract.about,
        partitions_def=partitions.month_ends,
        owners=owners_of(contract),
        kinds={"python", "numpy"},
        code_version=bank.code_hash[:16],
        metadata=asset_metadata(contract, shape, bank.dictionary),
    )
