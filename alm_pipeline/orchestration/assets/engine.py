"""Assets the engine makes: contractual flows, curves, values, buckets and months by scenario."""

import time
from collections.abc import Callable, Iterable, Iterator

import dagster as dg
import pyarrow as pa

from alm_pipeline.orchestration import result_tables
from alm_pipeline.orchestration.assumption_steps import (
    ASSUMPTION_VALUES,
    assumption_values,
    stepped_scenarios,
)
from alm_pipeline.orchestration.bank import WHAT_IF, Bank, twin_of
from alm_pipeline.orchestration.checks import check_specs
from alm_pipeline.orchestration.engine_lineage import GATES, READS
from alm_pipeline.orchestration.lineage import engine_edges
from alm_pipeline.orchestration.metadata import asset_metadata, lineage_metadata, owners_of
from alm_pipeline.orchestration.partitions import Partitions, asset_key, dependency
from alm_pipeline.orchestration.residual_maturities import RESIDUAL, residual_maturities
from alm_pipeline.orchestration.resources import BankResource
from alm_pipeline.orchestration.restatement import PRIOR_READS, RESTATED, restated_values
from alm_pipeline.orchestration.risk_split import RISKS, moved_scenarios, risk_totals
from alm_pipeline.orchestration.sensitivities import (
    PAR_KEY_RATES,
    SENSITIVITIES,
    par_key_rates,
    position_sensitivities,
)
from alm_pipeline.orchestration.simulation import (
    BASE,
    MonthPass,
    contractual_pass,
    engine_inputs,
    month_pass,
    pass_gates,
    pass_inputs,
)
from alm_pipeline.orchestration.standardised import (
    STANDARDISED,
    standardised_values,
    volatility_factors,
)
from alm_pipeline.orchestration.steps import Work, run_step
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.store import Commit, Content

CONTRACTUAL = "cash_flows.contractual_buckets"
AGREED_BY_DAY = "cash_flows.contractual_days"
_MONTHLY: dict[str, Callable[[Bank, Partition], pa.Table]] = {
    CONTRACTUAL: lambda bank, partition: result_tables.cash_flow_buckets(
        contractual_pass(bank, partition), partition, BASE
    ),
    AGREED_BY_DAY: lambda bank, partition: result_tables.contractual_days(
        contractual_pass(bank, partition), partition
    ),
    RESIDUAL: residual_maturities,
    SENSITIVITIES: position_sensitivities,
    PAR_KEY_RATES: par_key_rates,
    ASSUMPTION_VALUES: assumption_values,
    RESTATED: restated_values,
    STANDARDISED: standardised_values,
    RISKS: risk_totals,
}
"""What the engine makes of a month end besides the scenarios."""

_UNDER: dict[str, Callable[[Bank], Iterable[str]]] = {
    ASSUMPTION_VALUES: stepped_scenarios,
    STANDARDISED: volatility_factors,
    RISKS: moved_scenarios,
}
"""Scenarios under which some of them run, besides the base."""

_STAGES = {"cash_flows": "60_cash_flows", "scenarios": "70_scenarios"}
MONTHLY_TABLES = tuple(_MONTHLY)
ZERO_RATES = "scenarios.zero_rates"
_BUILDERS: dict[str, Callable[[MonthPass, Partition], pa.Table]] = {
    ZERO_RATES: result_tables.zero_rates,
    "scenarios.position_values": result_tables.position_values,
    "scenarios.cash_flow_buckets": result_tables.cash_flow_buckets,
    "scenarios.monthly_balances": result_tables.monthly_balances,
    "scenarios.growth_income": result_tables.growth_income,
    "scenarios.stopped_currencies": result_tables.stopped_currencies,
}
ENGINE_TABLES = tuple(_BUILDERS)


def engine_assets(bank: Bank, partitions: Partitions) -> list[dg.AssetsDefinition]:
    """Return every asset of the engine, what-if twins included."""
    return [
        *(_monthly_asset(bank, partitions, table) for table in MONTHLY_TABLES),
        *(_scenario_asset(bank, partitions, is_what_if=twin) for twin in (False, True)),
    ]


def _monthly_asset(bank: Bank, partitions: Partitions, table: str) -> dg.AssetsDefinition:
    spec = _spec(bank, partitions, table, is_what_if=False)
    work = Work(
        (table,),
        lambda bank, partition: [make_monthly(bank, table, partition)],
        metadata=lambda _, table: lineage_metadata(engine_edges(table)),
    )

    @dg.multi_asset(specs=[spec], name=table.partition(".")[2])
    def monthly(context: dg.AssetExecutionContext, bank: BankResource):  # type: ignore[no-untyped-def]
        yield from run_step(context, bank.open(), [work])

    return monthly


def _scenario_asset(bank: Bank, partitions: Partitions, *, is_what_if: bool) -> dg.AssetsDefinition:
    tables = tuple(_BUILDERS)
    work = Work(
        tuple(twin_of(table) if is_what_if else table for table in tables),
        lambda bank, partition: list(make_scenario(bank, partition, is_what_if=is_what_if)),
        metadata=lambda _, table: lineage_metadata(engine_edges(_contracted(table))),
    )

    @dg.multi_asset(
        name=f"{WHAT_IF}_simulation" if is_what_if else "simulation",
        specs=[_spec(bank, partitions, t, is_what_if=is_what_if) for t in tables],
        check_specs=[] if is_what_if else check_specs(bank, partitions, tables),
        can_subset=False,
    )
    def simulation(context: dg.AssetExecutionContext, bank: BankResource):  # type: ignore[no-untyped-def]
        yield from run_step(context, bank.open(), [work])

    return simulation


def _contracted(table: str) -> str:
    """Return the table of a close whose twin this is, or the table itself."""
    return next((own for own in _BUILDERS if table in (own, twin_of(own))), table)


def monthly_inputs(
    bank: Bank, table: str, partition: Partition, content: Content
) -> dict[str, str]:
    """Return the content hash of all that one of `MONTHLY_TABLES` is made from, by name."""
    inputs = engine_inputs(bank, partition, content)
    for scenario in _UNDER[table](bank) if table in _UNDER else ():
        inputs |= engine_inputs(bank, partition.under(scenario), content)
    for scenario, factor in volatility_factors(bank).items() if table == STANDARDISED else ():
        inputs[f"volatility_factor {scenario}"] = str(factor)
    for read in PRIOR_READS if table == RESTATED else ():
        inputs |= bank.store.hashes(read, partition, content)
    return inputs


def make_monthly(bank: Bank, table: str, partition: Partition) -> Commit:
    """Make one of `MONTHLY_TABLES`, on the base curve."""
    started = time.perf_counter()
    pass_gates(bank, partition)
    inputs = monthly_inputs(bank, table, partition, bank.store.content)
    found = bank.store.is_current(table, partition, inputs, bank.code_hash)
    if found is not None:
        return bank.known([found])[0]
    pass_inputs(bank, partition)
    rows = _MONTHLY[table](bank, partition)
    return _replaced(bank, table, partition, rows, inputs, started)


def make_scenario(bank: Bank, partition: Partition, *, is_what_if: bool) -> Iterator[Commit]:
    """Make every engine table of one scenario of one month end."""
    started = time.perf_counter()
    pass_gates(bank, partition)
    inputs = engine_inputs(bank, partition, bank.store.content)
    tables = {table: twin_of(table) if is_what_if else table for table in ENGINE_TABLES}
    known = bank.store.known_together(
        partition, dict.fromkeys(tables.values(), inputs), bank.code_hash
    )
    if known:
        yield from bank.known(known)
        return
    pass_inputs(bank, partition)
    scenarios = (BASE, partition.scenario) if is_what_if else bank.store.closing_scenarios
    done = month_pass(bank, partition, scenarios)
    for table, build in _BUILDERS.items():
        yield _replaced(bank, tables[table], partition, build(done, partition), inputs, started)
        started = time.perf_counter()


def _replaced(
    bank: Bank,
    table: str,
    partition: Partition,
    rows: pa.Table,
    inputs: dict[str, str],
    started: float,
) -> Commit:
    commit = bank.store.replace_partition(table, partition, rows, inputs, bank.code_hash)
    bank.announce(commit, time.perf_counter() - started)
    return commit


def _spec(bank: Bank, partitions: Partitions, table: str, *, is_what_if: bool) -> dg.AssetSpec:
    contract = bank.tables[table]
    name = twin_of(table) if is_what_if else table
    shape = bank.shapes[name]
    before = PRIOR_READS if table == RESTATED else ()
    upstream = [u for u in (*READS, *GATES, *before) if u in bank.shapes]
    return dg.AssetSpec(
        asset_key(name),
        deps=[dependency(u, False, shape.is_by_scenario) for u in sorted(set(upstream))],
        group_name=_STAGES[table.partition(".")[0]],
        description=contract.about,
        partitions_def=partitions.of_table(shape.is_by_scenario, is_what_if),
        owners=owners_of(contract),
        kinds={"python", "numpy"},
        code_version=bank.code_hash[:16],
        metadata=asset_metadata(contract, shape, bank.dictionary),
    )
