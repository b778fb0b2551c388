"""`alm trace` and `alm impact`: a published close of a bank, ready to be opened cell by cell.

A close is opened with the SQL, data contracts and settings it was made with: where today's are
others, its own are taken from `definitions`. Only the package's code is always today's.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa

from alm_pipeline.audit.closed_bank import ClosedBank, WantedRows
from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.yaml_files import contract_file
from alm_pipeline.orchestration.bank import DAILY, Bank
from alm_pipeline.orchestration.daily_bank import DailyBank
from alm_pipeline.warehouse.archive import Archive
from alm_pipeline.warehouse.history import History
from alm_pipeline.warehouse.manifests import Manifest
from alm_pipeline.warehouse.pinned import EarlierTables, PinnedTables

_DEFINITIONS = ("settings", "sql:", "contracts:")


def closed_bank(bank: Bank, as_of_date: date | None = None, run: str = "") -> ClosedBank:
    """Return a published close: the latest one, that of a month end, or the one `run` means.

    Raises
    ------
    ConfigurationError
        If there is no such close; those there are, are named.
    WarehouseError
        If its definitions are not those of today and were not kept.
    """
    manifest = _manifest(bank, as_of_date, run)
    then = _bank_of(bank, manifest)
    then.recall_relations(manifest.as_of_date, bank)
    then.bind_inputs(manifest.as_of_date)
    earlier = EarlierTables(_histories(bank, manifest), _earlier_reads(then))
    pinned = PinnedTables(then.store.session, bank.lake, then.shapes, manifest, earlier)

    def regenerate(wanted: WantedRows) -> pa.Table:
        from alm_pipeline.orchestration.position_pass import rows_by_position

        return rows_by_position(then, pinned, wanted)

    columns = {name: list(shape.columns) for name, shape in then.shapes.items()}
    relations = then.relations(manifest.as_of_date).items()
    columns |= {name: columns[table] for name, (table, _) in earlier.reads.items()}
    columns |= {f"inputs.{name}": rows.column_names for name, rows in relations}
    return ClosedBank(
        pinned=pinned,
        contracts=then.tables,
        dictionary=then.dictionary,
        texts={file.table: file.text for file in then.sql_files},
        columns=columns,
        regenerate=regenerate,
        contract_file=lambda relative: contract_file(relative, then.settings.overlay),
    )


def _histories(bank: Bank, manifest: Manifest) -> Callable[[str], History]:
    """Return the history a close or a day read a table in: of those it names, not of today's."""
    own = Archive(bank.settings.warehouse_folder).history(manifest)
    if not isinstance(bank, DailyBank):
        return lambda _table: own
    closed = bank.closed_history(manifest)
    return lambda table: own if table.partition(".")[0] == DAILY else closed


def _earlier_reads(bank: Bank) -> dict[str, tuple[str, int]]:
    """Return what the SQL files read of earlier closes, by the name they read it under."""
    return {
        read.relation: (read.table, read.months_back)
        for file in bank.sql_files
        for read in file.reads
        if read.months_back
    }


def is_code_changed(bank: Bank, closed: ClosedBank) -> bool:
    """Say whether a close was made with other code than today's."""
    return closed.pinned.manifest.inputs.get("code") != bank.code_hash


def _bank_of(bank: Bank, manifest: Manifest) -> Bank:
    """Return the bank as its definitions were for a close; a second one where they differ."""
    recorded = {n: h for n, h in manifest.inputs.items() if n.startswith(_DEFINITIONS)}
    if recorded == bank.definition_hashes:
        return bank
    from alm_pipeline.orchestration.sibling import open_sibling, recorded_inputs

    archive = Archive(bank.settings.warehouse_folder)
    texts = replace(recorded_inputs(archive, manifest), files={})
    folder = Path(tempfile.mkdtemp(prefix="alm-close-"))
    then = open_sibling(folder, texts, bank.settings, archive.history(manifest))
    if isinstance(bank, DailyBank):
        then = DailyBank(then)
    weakref.finalize(then, shutil.rmtree, folder, ignore_errors=True)
    return then


def _manifest(bank: Bank, as_of_date: date | None, run: str) -> Manifest:
    day = as_of_date or max(bank.closes.published_dates(), default=None)
    if day is None and not run:
        raise ConfigurationError("no month end is closed yet", fix="run `alm close` first")
    found = bank.closes.find(run or str(day))
    if as_of_date not in (None, found.as_of_date):
        raise ConfigurationError(
            f"the close {found.run_id} is of {found.as_of_date}", fix=f"leave {as_of_date} out"
        )
    return found
