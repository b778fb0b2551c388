"""The last asset of a close: pin every table, write the manifest, rebuild `alm.duckdb`.

It refuses to publish tables that were made from other inputs than the close's own.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import dagster as dg
import pyarrow as pa

from alm_pipeline.errors import WarehouseError
from alm_pipeline.inputs.libraries import environment
from alm_pipeline.orchestration.access import reading_of
from alm_pipeline.orchestration.assumption_gate import overrides, pass_gate
from alm_pipeline.orchestration.bank import CALIBRATED, Bank, is_of_close
from alm_pipeline.orchestration.fingerprint import close_inputs, earlier_closes
from alm_pipeline.orchestration.lineage_view import PAGE, write_lineage_page
from alm_pipeline.orchestration.partitions import Partitions, asset_key, partition_of
from alm_pipeline.orchestration.plan import plan_close
from alm_pipeline.orchestration.resources import BankResource
from alm_pipeline.warehouse import replay_journal
from alm_pipeline.warehouse.change_log import CHANGES, CHANGES_SCHEMA, IMPACT, IMPACT_SCHEMA
from alm_pipeline.warehouse.face import build_face, exclusive
from alm_pipeline.warehouse.gate import SCHEMA as CHECK_SCHEMA
from alm_pipeline.warehouse.journal import TABLE as ACTIONS
from alm_pipeline.warehouse.journal import Action
from alm_pipeline.warehouse.manifests import Manifest, PinnedTable, run_id_of
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.registry import Entry

TABLE = "audit.run_manifest"
_RAW_GROUP = "10_raw"


def publication_asset(partitions: Partitions, upstream: list[str]) -> dg.AssetsDefinition:
    """Return the asset that publishes a close after every report and audit table."""

    @dg.asset(
        key=asset_key(TABLE),
        group_name="95_audit",
        deps=[asset_key(table) for table in upstream],
        partitions_def=partitions.month_ends,
        description="The published close: hashes of all inputs, versions of all tables.",
        kinds={"python"},
    )
    def run_manifest(context: dg.AssetExecutionContext, bank: BankResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        manifest = publish_close(bank.open(), partition_of(context))
        return dg.MaterializeResult(
            metadata={"run_id": manifest.run_id, "n_tables": len(manifest.tables)}
        )

    return run_manifest


def publish_close(bank: Bank, partition: Partition) -> Manifest:
    """Write and publish the manifest of a month end, then rebuild the face."""
    entries = entries_of_close(bank, partition)
    refuse_stale(bank, partition)
    for entry in entries:
        checked = bank.store.checked_hash(entry.table, entry.partition)
        bank.store.gate.refuse_unless_open(entry.table, entry.partition, checked)
    manifest = manifest_of(bank, partition, entries, close_inputs(bank, partition.as_of_date))
    run_id = manifest.run_id
    manifest = replace(manifest, last_approved=pass_gate(bank, partition, run_id))
    current = bank.closes.current(partition.as_of_date)
    if current is None or current.run_id != run_id:
        for done in (*overrides(bank, partition, run_id), _published(partition, run_id)):
            bank.journal.record(done)
    bank.keep_definitions()
    bank.keep_relations(partition.as_of_date)
    bank.closes.publish(manifest)
    rebuild_face(bank)
    return manifest


def manifest_of(
    bank: Bank, partition: Partition, entries: Sequence[Entry], inputs: dict[str, str]
) -> Manifest:
    """Return the manifest of registered tables that were made from these inputs."""
    current = bank.closes.current(partition.as_of_date)
    run_id = run_id_of(inputs)
    is_same = current is not None and current.run_id == run_id
    superseded = "" if current is None else current.supersedes if is_same else current.run_id
    return Manifest(
        as_of_date=partition.as_of_date,
        run_id=run_id,
        inputs=inputs,
        definitions=bank.choices,
        tables=tuple(
            PinnedTable(e.table, e.partition, e.version, e.content_hash, e.n_rows) for e in entries
        ),
        earlier_closes={
            m.as_of_date.isoformat(): m.run_id for m in earlier_closes(bank, partition.as_of_date)
        },
        supersedes=superseded,
        environment=environment(),
    )


def _published(partition: Partition, run_id: str) -> Action:
    return Action("publish", "close", run_id, partition.as_of_date, run_id)


def entries_of_close(bank: Bank, partition: Partition) -> list[Entry]:
    """Return the registered content of every table of a month end, closing scenarios only."""
    closing = {"", *bank.settings.closing_scenarios}
    return [
        entry
        for entry in bank.store.registry.of_month(partition)
        if entry.partition.scenario in closing
        and is_of_close(entry.table)
        and bank.store.has_shape(entry.table)
    ]


def refuse_stale(bank: Bank, partition: Partition) -> None:
    """Raise if a close would still compute a table: it was made from other inputs than these."""
    stale = plan_close(bank, partition.as_of_date)
    if stale:
        raise WarehouseError(
            f"{len(stale)} tables were made from other inputs than this close's",
            where=str(partition),
            detail=", ".join(f"{step.table} {step.partition}" for step in stale[:8]),
            fix="run `alm close` so that they are made again",
        )


def rebuild_face(bank: Bank) -> None:
    """Build `alm.duckdb` again from the published closes, unless it already shows them."""
    root = bank.settings.warehouse_folder
    path, shown = root / "alm.duckdb", root / "closes" / "shown.json"
    with exclusive(root / "closes" / ".face.lock"):
        manifests = bank.closes.published()
        calibrated = calibrated_entries(bank, manifests)
        hashes = [entry.content_hash for entry in calibrated]
        shown_now = [m.run_id for m in manifests], len(bank.journal.actions()), hashes
        wanted = json.dumps(shown_now)
        if path.is_file() and shown.is_file() and shown.read_text() == wanted:
            return
        audit = audit_tables(bank, manifests) | calibrated_tables(bank, calibrated)
        reading = reading_of(bank)
        shapes, threads = bank.shown_shapes, bank.settings.threads
        build_face(path, bank.store.lake, shapes, manifests, audit, reading, threads)
        write_lineage_page(bank, root / PAGE)
        shown.write_text(wanted)


def calibrated_entries(bank: Bank, manifests: list[Manifest]) -> list[Entry]:
    """Return the registered calibrations of closed month ends."""
    months = [Partition(m.as_of_date) for m in manifests]
    found = (bank.store.registry.find(table, month) for table in CALIBRATED for month in months)
    return [entry for entry in found if entry is not None]


def calibrated_tables(bank: Bank, entries: list[Entry]) -> dict[str, pa.Table]:
    """Return the rows of calibrations by table."""
    rows = {
        table: [bank.store.table(table, e.partition) for e in entries if e.table == table]
        for table in CALIBRATED
    }
    return {table: pa.concat_tables(parts) for table, parts in rows.items() if parts}


def audit_tables(bank: Bank, manifests: list[Manifest]) -> dict[str, pa.Table]:
    """Return the tables made from manifests and shared logs at publishing."""
    current = {m.run_id for m in manifests}
    every = bank.closes.all()
    return {
        TABLE: pa.Table.from_pylist(
            [row for manifest in manifests for row in _manifest_rows(manifest)],
            schema=_MANIFEST_SCHEMA,
        ),
        "audit.closes": pa.Table.from_pylist(
            [
                {
                    "as_of_date": m.as_of_date,
                    "run_id": m.run_id,
                    "is_current": m.run_id in current,
                    "supersedes": m.supersedes or None,
                    "definitions": json.dumps(m.definitions, sort_keys=True),
                }
                for m in every
            ],
            schema=_CLOSES_SCHEMA,
        ),
        "audit.partitions": pa.Table.from_pylist(
            [_pinned_row(m.as_of_date, m.run_id, p) for m in manifests for p in m.tables],
            schema=_PARTITIONS_SCHEMA,
        ),
        CHANGES: pa.Table.from_pylist(bank.change_log.changes(current), CHANGES_SCHEMA),
        IMPACT: pa.Table.from_pylist(bank.change_log.impact(current), IMPACT_SCHEMA),
        replay_journal.TABLE: replay_journal.recorded_replays(bank.lake),
        "audit.check_results": pa.Table.from_pylist(
            [row for m in manifests for row in check_rows(bank, m)], schema=CHECK_SCHEMA
        ),
        ACTIONS: bank.journal.table(),
    }


def check_rows(bank: Bank, manifest: Manifest) -> list[dict[str, object]]:
    """Return the verdicts on exactly the content a close holds."""
    store = bank.store
    checked = [p for p in manifest.tables if store.gate.has_results(p.table)]
    return [  # equal content of two months, or of two scenarios, is judged once
        {**row, "as_of_date": manifest.as_of_date, "scenario": pin.partition.scenario}
        for pin in checked
        for row in store.gate.results(pin.table, store.checked_in(manifest, pin))
    ]


def _manifest_rows(manifest: Manifest) -> list[dict[str, object]]:
    groups = [("input", manifest.inputs), ("definition", manifest.definitions)]
    return [
        {
            "as_of_date": manifest.as_of_date,
            "run_id": manifest.run_id,
            "manifest_kind": kind,
            "item": item,
            "item_value": value,
        }
        for kind, items in groups
        for item, value in sorted(items.items())
    ]


def _pinned_row(as_of_date: date, run_id: str, pinned: PinnedTable) -> dict[str, object]:
    return {
        "as_of_date": as_of_date,
        "run_id": run_id,
        "table_name": pinned.table,
        "scenario": pinned.partition.scenario,
        "delta_version": pinned.version,
        "content_hash": pinned.content_hash,
        "n_rows": pinned.n_rows,
    }


_MANIFEST_SCHEMA = pa.schema(
    [
        ("as_of_date", pa.date32()),
        ("run_id", pa.string()),
        ("manifest_kind", pa.string()),
        ("item", pa.string()),
        ("item_value", pa.string()),
    ]
)
_CLOSES_SCHEMA = pa.schema(
    [
        ("as_of_date", pa.date32()),
        ("run_id", pa.string()),
        ("is_current", pa.bool_()),
        ("supersedes", pa.string()),
        ("definitions", pa.string()),
    ]
)
_PARTITIONS_SCHEMA = pa.schema(
    [
        ("as_of_date", pa.date32()),
        ("run_id", pa.string()),
        ("table_name", pa.string()),
        ("scenario", pa.string()),
        ("delta_version", pa.int64()),
        ("content_hash", pa.string()),
        ("n_rows", pa.int64()),
    ]
)
