"""Run one SQL file for one partition: bind what it reads, select, replace the partition.

Raw extracts reach the files of later stages without their quarantined rows; nothing else is
filtered. When code and inputs are those of the registered content, nothing runs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from alm_pipeline.inputs.sql_files import Read, SqlFile
from alm_pipeline.orchestration.bank import TWIN_SCHEMAS, Bank, twin_of
from alm_pipeline.warehouse.manifests import PinnedTable
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.store import Commit, Content, Store

_UNCHECKED = ("10_raw", "20_quarantine")
"""Groups that read a delivery before it is checked."""


def run_sql_file(
    bank: Bank, file: SqlFile, partition: Partition, *, is_what_if: bool = False
) -> Commit:
    """Make the table of a SQL file for one partition."""
    started = time.perf_counter()
    store = bank.store
    table = twin_of(file.table) if is_what_if else file.table
    inputs = sql_inputs(bank, file, partition, store.content, is_what_if=is_what_if)
    _pass_gates(bank, file, partition)
    found = store.is_current(table, partition, inputs, file.code_hash)
    if found is not None:
        commit = Commit(found, is_changed=False, is_known=True)
    else:
        bind_reads(bank, file, partition, is_what_if=is_what_if)
        select = store.ordered_select(table, file.text)
        rows = store.session.query(select, _parameters(file, partition))
        commit = store.replace_partition(
            table, partition, rows, inputs, file.code_hash, is_ordered=True
        )
    bank.announce(commit, time.perf_counter() - started)
    return commit


def sql_inputs(
    bank: Bank, file: SqlFile, partition: Partition, content: Content, *, is_what_if: bool = False
) -> dict[str, str]:
    """Return the content hash of everything a file reads, by name."""
    hashes = bank.relation_hashes(partition.as_of_date)
    inputs: dict[str, str] = {}
    for read in file.reads:
        if read.months_back:
            pinned = _earlier(bank, read, partition)
            inputs |= {f"{read.kind}:{p.table} {p.partition}": p.content_hash for p in pinned}
        elif read.table.startswith("inputs."):
            inputs[read.table] = hashes[read.table]
        else:
            for table in tables_behind(bank, read.table, file.group, is_what_if=is_what_if):
                inputs |= bank.store.hashes(table, partition, content)
    return inputs


def tables_behind(bank: Bank, table: str, group: str, *, is_what_if: bool = False) -> list[str]:
    """Return the tables that a read of `table` reaches: twins of what-ifs, quarantines."""
    if is_what_if and table in bank.tables and _has_twin(bank, table):
        return [twin_of(table)]
    if _is_cleaned(bank.store, table, group):
        return [table, f"quarantine.{table.partition('.')[2]}"]
    return [table]


def bind_reads(
    bank: Bank, file: SqlFile, partition: Partition, *, is_what_if: bool = False
) -> dict[str, str]:
    """Bind everything a file reads, pass the gates it names, and return content hashes by name."""
    bank.bind_inputs(partition.as_of_date)
    _pass_gates(bank, file, partition)
    for read in file.reads:
        if read.months_back:
            _bind_earlier(bank, read, partition)
        elif is_what_if and read.table in bank.tables and _has_twin(bank, read.table):
            bank.store.bind(twin_of(read.table), partition, alias=read.table)
        elif not read.table.startswith("inputs."):
            bind_table(bank.store, read.table, partition, file.group)
    return sql_inputs(bank, file, partition, bank.store.content, is_what_if=is_what_if)


def _pass_gates(bank: Bank, file: SqlFile, partition: Partition) -> None:
    """Raise unless every table that the file reads or comes after has passed its checks."""
    store = bank.store
    read = () if file.group in _UNCHECKED else file.current_reads
    for table in filter(store.gate.needs_verdict, (*read, *file.after)):
        for seen in store.seen_by(table, partition):
            store.gate.refuse_unless_open(table, seen, store.checked_hash(table, seen))


def bind_table(store: Store, table: str, partition: Partition, group: str) -> None:
    """Bind one table; raw extracts without the rows their quarantine holds."""
    if not _is_cleaned(store, table, group):
        store.bind(table, partition, is_gated=group not in _UNCHECKED)
        return
    name = table.partition(".")[2]
    store.bind(table, partition, alias=f"delivered.{name}")
    store.bind(f"quarantine.{name}", partition)
    store.session.create_view(
        table,
        f"select * from delivered.{name} anti join quarantine.{name}"
        " using (source_file_id, source_row)",
    )


def _is_cleaned(store: Store, table: str, group: str) -> bool:
    """Say whether a file of this group sees a table without its quarantined rows."""
    schema, _, name = table.partition(".")
    return schema == "raw" and store.has_shape(f"quarantine.{name}") and group not in _UNCHECKED


def _has_twin(bank: Bank, table: str) -> bool:
    contract = bank.tables[table]
    return contract.schema in TWIN_SCHEMAS and "scenario" in contract.partition_by


def _parameters(file: SqlFile, partition: Partition) -> Mapping[str, object]:
    values = {
        "as_of_date": partition.as_of_date.isoformat(),
        "scenario": partition.scenario,
    }
    return {name: value for name, value in values.items() if file.uses(name)}


def _bind_earlier(bank: Bank, read: Read, partition: Partition) -> None:
    pinned = _earlier(bank, read, partition)
    history = bank.history_of(read.table)
    files = [file for pin in pinned for file in history.files(pin)]
    bank.store.session.bind_files(read.relation, files, bank.store.shape(read.table).columns)


def _earlier(bank: Bank, read: Read, partition: Partition) -> list[PinnedTable]:
    """Return a table as the latest earlier closes hold it, of the same scenario if it has one."""
    return [
        pin
        for manifest in bank.history_of(read.table).before(partition.as_of_date)[: read.months_back]
        for pin in manifest.pinned(read.table)
        if not partition.scenario or pin.partition.scenario in ("", partition.scenario)
    ]
