"""What the bank sent: raw tables, the file register and the rows that could not be read.

One step, because a delivery is one thing: its files are registered together, and a file that
disagrees with its control totals stops the month end by name after the others are registered.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

import dagster as dg
import pyarrow as pa

from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.metadata import asset_metadata, commit_metadata, owners_of
from alm_pipeline.orchestration.parallel import results_of, run_in_order
from alm_pipeline.orchestration.partitions import Partitions, asset_key, partition_of
from alm_pipeline.orchestration.resources import BankResource
from alm_pipeline.validation.judge import prepare_judge
from alm_pipeline.warehouse import raw_files
from alm_pipeline.warehouse.definitions import text_hash
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.store import Commit

FILES, REFUSED = "audit.files", "audit.refused_rows"


def delivery_asset(bank: Bank, partitions: Partitions) -> dg.AssetsDefinition:
    """Return the asset that registers and reads a delivery."""
    tables = [*raw_tables(bank), FILES, REFUSED]
    specs = [_spec(bank, partitions, table) for table in tables]

    @dg.multi_asset(specs=specs, name="delivery", can_subset=False)
    def delivery(
        context: dg.AssetExecutionContext, bank: BankResource
    ) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
        partition = partition_of(context)
        opened = bank.open()
        with opened.store.registry.together():
            commits = list(read_delivery(opened, partition))
        for commit in commits:
            yield dg.MaterializeResult(
                asset_key=asset_key(commit.entry.table), metadata=commit_metadata(commit)
            )

    return delivery


def raw_tables(bank: Bank) -> list[str]:
    """Return the tables a delivery fills: verbatim files, contracted extracts, empty ones."""
    from_files = [bank.source.raw_table(spec.name) for spec in bank.source.file_specs]
    made = {file.table for file in bank.sql_files if file.group == "10_raw"}
    contracted = [f"raw.{x}" for x in bank.extracts]
    contracted += [n for n in bank.tables if n.startswith("raw.") and n in bank.shapes]
    empty = [name for name in contracted if name not in {*from_files, *made}]
    return sorted({*from_files, *empty})


def read_delivery(bank: Bank, partition: Partition) -> Iterator[Commit]:
    """Register, keep and read every file of a delivery; replace the raw tables."""
    source, store = bank.source, bank.store
    keep = bank.settings.warehouse_folder / "raw_files"
    files = raw_files.register_files(source, bank.folders, partition.as_of_date)
    inputs = delivery_inputs(bank, files)
    known = store.known_together(partition, inputs, bank.code_hash)
    if known:
        yield from bank.known(known)
        return
    prepare_judge()
    records: list[raw_files.FileRecord] = []
    refused: list[dict[str, object]] = []

    def load(name: str) -> tuple[Commit, raw_files.LoadedFile]:
        started = time.perf_counter()
        loaded = raw_files.load_table(source, name, files, keep, partition.as_of_date)
        table = source.raw_table(name)
        rows = in_raw_shape(bank, table, loaded.table, partition)
        commit = store.replace_partition(table, partition, rows, inputs[table], bank.code_hash)
        bank.announce(commit, time.perf_counter() - started)
        return commit, replace(loaded, table=loaded.table.slice(0, 0))

    names: dict[str, list[str]] = {spec.name: [] for spec in source.file_specs}
    for commit, loaded in results_of(run_in_order(bank.workers, names, load)):
        records += loaded.register
        refused += [{"as_of_date": partition.as_of_date, **asdict(row)} for row in loaded.refused]
        yield commit
    done = {source.raw_table(spec.name) for spec in source.file_specs}
    others = {FILES: _register_rows(records)}
    others[REFUSED] = pa.Table.from_pylist(refused, schema=_REFUSED_SCHEMA)
    for table in raw_tables(bank):
        if table not in done:
            others[table] = in_raw_shape(bank, table, pa.table({}), partition)
    for table, rows in others.items():
        commit = store.replace_partition(table, partition, rows, inputs[table], bank.code_hash)
        bank.announce(commit, 0.0)
        yield commit
    raw_files.refuse_disagreeing(records)


def delivery_inputs(
    bank: Bank, files: Sequence[raw_files.DeliveredFile]
) -> dict[str, dict[str, str]]:
    """Return what each table of a delivery is read from: its files, how they are declared.

    The register and the refused rows depend on every file, the control file included; the tables
    of a delivery are read together when any of them must be.
    """
    told = {"not_delivered", "declared", "codes", "about", "owner"}
    declared = {"source": text_hash(bank.source.model_dump_json(exclude=told))}
    hashes = {file: {f"file:{file.delivered_as}": file.sha256} for file in files}
    inputs = {table: dict(declared) for table in raw_tables(bank)}
    for spec in bank.source.file_specs:
        for file in files:
            if file.name == spec.name:
                inputs[bank.source.raw_table(spec.name)] |= hashes[file]
    every = declared | {name: sha for one in hashes.values() for name, sha in one.items()}
    return inputs | {FILES: every, REFUSED: every}


def in_raw_shape(bank: Bank, table: str, rows: pa.Table, partition: Partition) -> pa.Table:
    """Return delivered rows with every contracted column, in the raw table's order.

    A column the file does not have stays null: whether that matters is a rule of the contract.
    """
    shape = bank.shapes[table]
    n_rows = rows.num_rows
    columns = {"as_of_date": pa.array([partition.as_of_date] * n_rows, pa.date32())}
    for column in shape.columns:
        if column == "as_of_date":
            continue
        name = "as_of_date" if column == "delivered_as_of_date" else column
        kind = pa.int64() if column == "source_row" else pa.string()
        found = name in rows.column_names
        columns[column] = rows.column(name).cast(kind) if found else pa.nulls(n_rows, kind)
    return pa.table(columns)


_REFUSED_SCHEMA = pa.schema(
    [
        ("as_of_date", pa.date32()),
        ("source_file_id", pa.string()),
        ("source_row", pa.int64()),
        ("text", pa.string()),
        ("reason", pa.string()),
    ]
)
_REGISTER_SCHEMA = pa.schema(
    [
        ("as_of_date", pa.date32()),
        ("source_file_id", pa.string()),
        ("source_name", pa.string()),
        ("file_name", pa.string()),
        ("sha256", pa.string()),
        ("n_bytes", pa.int64()),
        ("n_rows_stated", pa.int64()),
        ("n_rows_parsed", pa.int64()),
        ("n_rows_refused", pa.int64()),
        ("control_column", pa.string()),
        ("control_amount_stated", pa.decimal128(38, 6)),
        ("control_amount_parsed", pa.decimal128(38, 6)),
        ("refused_amount", pa.decimal128(38, 6)),
        ("status", pa.string()),
        ("reason", pa.string()),
    ]
)


def _register_rows(records: list[raw_files.FileRecord]) -> pa.Table:
    return pa.Table.from_pylist([asdict(record) for record in records], schema=_REGISTER_SCHEMA)


def _spec(bank: Bank, partitions: Partitions, table: str) -> dg.AssetSpec:
    contract = bank.tables.get(table)
    extract = bank.extracts.get(table.partition(".")[2])
    about = contract.about if contract else extract.about if extract else "Delivered, verbatim."
    return dg.AssetSpec(
        asset_key(table),
        group_name="95_audit" if table.startswith("audit.") else "10_raw",
        description=about,
        partitions_def=partitions.month_ends,
        owners=owners_of(contract),
        kinds={"python"},
        code_version=bank.code_hash[:16],
        metadata=asset_metadata(contract, bank.shapes[table], bank.dictionary),
    )
