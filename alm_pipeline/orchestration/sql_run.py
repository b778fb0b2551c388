"""Run one SQL file for one partition: bind what it reads, select, replace the partition.

Raw extracts reach the files of later stages without their quarantined rows; nothing else is
filtered. When code and inputs are those of the registered content, nothing runs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from alm_pipeline.inputs.sql_files import SqlFile
from alm_pipeline.orchestration.bank import TWIN_SCHEMAS, Bank, twin_of
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.shapes import TableShape
from alm_pipeline.warehouse.store import Commit, Store


def run_sql_file(
    bank: Bank, file: SqlFile, partition: Partition, *, is_what_if: bool = False
) -> Commit:
    """Make the table of a SQL file for one partition."""
    started = time.perf_counter()
    store = bank.store
    table = twin_of(file.table) if is_what_if else file.table
    inputs = bind_reads(bank, file, partition, is_what_if=is_what_if)
    found = store.is_current(table, partition, inputs, file.code_hash)
    if found is not None:
        commit = Commit(found, is_changed=False)
    else:
        select = store.ordered_select(table, file.text)
        rows = store.session.query(select, _parameters(file, partition))
        commit = store.replace_partition(
            table, partition, rows, inputs, file.code_hash, is_ordered=True
        )
    bank.announce(commit, time.perf_counter() - started)
    return commit


def bind_reads(
    bank: Bank, file: SqlFile, partition: Partition, *, is_what_if: bool = False
) -> dict[str, str]:
    """Bind everything a file reads, pass the gates it names, and return content hashes by name."""
    inputs: dict[str, str] = {}
    bank.bind_inputs(partition.as_of_date)
    hashes = bank.relation_hashes(partition.as_of_date)
    for read in file.reads:
        if read.months_back:
            inputs |= _bind_earlier(bank, read.table, read.kind, read.months_back, partition)
        elif read.table.startswith("inputs."):
            inputs[read.table] = hashes[read.table]
        elif is_what_if and read.table in bank.tables and _has_twin(bank, read.table):
            twin = twin_of(read.table)
            inputs |= bank.store.bind(twin, partition, alias=read.table)
        else:
            inputs |= bind_table(bank.store, read.table, partition, file.group)
    for table in file.after:
        if bank.store.gate.needs_verdict(table):
            hashed = bank.store.checked_hash(table, partition)
            bank.store.gate.refuse_unless_open(table, partition.month, hashed)
    return inputs


def bind_table(store: Store, table: str, partition: Partition, group: str) -> dict[str, str]:
    """Bind one table; raw extracts without the rows their quarantine holds."""
    schema, _, name = table.partition(".")
    is_extract = schema == "raw" and _is_extract(store, name)
    if not is_extract or group in ("10_raw", "20_quarantine"):
        return store.bind(table, partition, is_gated=group not in ("10_raw", "20_quarantine"))
    inputs = store.bind(table, partition, alias=f"delivered.{name}")
    inputs |= store.bind(f"quarantine.{name}", partition)
    store.session.create_view(
        table,
        f"select * from delivered.{name} anti join quarantine.{name}"
        " using (source_file_id, source_row)",
    )
    return inputs


def _is_extract(store: Store, name: str) -> bool:
    return store.has_shape(f"quarantine.{name}")


def _has_twin(bank: Bank, table: str) -> bool:
    contract = bank.tables[table]
    return contract.schema in TWIN_SCHEMAS and "scenario" in contract.partition_by


def _parameters(file: SqlFile, partition: Partition) -> Mapping[str, object]:
    values = {
        "as_of_date": partition.as_of_date.isoformat(),
        "scenario": partition.scenario,
    }
    return {name: value for name, value in values.items() if file.uses(name)}


def _bind_earlier(
    bank: Bank, table: str, kind: str, months_back: int, partition: Partition
) -> dict[str, str]:
    store = bank.store
    pinned = [
        pin
        for manifest in bank.closes.before(partition.as_of_date)[:months_back]
        for pin in manifest.pinned(table)
        if not partition.scenario or pin.partition.scenario in ("", partition.scenario)
    ]
    files = [f for p in pinned for f in store.lake.files(table, p.partition, p.version)]
    shape: TableShape = store.shape(table)
    store.session.bind_files(f"{kind}.{table.partition('.')[2]}", files, shape.columns)
    return {f"{kind}:{p.table} {p.partition}": p.content_hash for p in pinned}
