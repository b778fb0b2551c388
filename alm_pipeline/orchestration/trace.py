"""`alm trace` and `alm impact`: a published close of a bank, ready to be opened cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa

from alm_pipeline.audit.closed_bank import ClosedBank
from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.yaml_files import contract_file
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.warehouse.manifests import Manifest
from alm_pipeline.warehouse.pinned import PinnedTables


def closed_bank(bank: Bank, as_of_date: date | None = None, run_id: str = "") -> ClosedBank:
    """Return a published close: the latest one, that of a month end, or a superseded one by id.

    Raises
    ------
    ConfigurationError
        If there is no such close; those there are, are named.
    """
    manifest = _manifest(bank, as_of_date, run_id)
    bank.bind_inputs(manifest.as_of_date)
    pinned = PinnedTables(bank.store.session, bank.store.lake, bank.shapes, manifest)

    def regenerate(table: str, scenarios: Sequence[str], condition: str) -> pa.Table:
        from alm_pipeline.orchestration.position_pass import rows_by_position

        return rows_by_position(bank, pinned, table, scenarios, condition)

    columns = {name: list(shape.columns) for name, shape in bank.shapes.items()}
    relations = bank.relations(manifest.as_of_date).items()
    columns |= {f"inputs.{name}": rows.column_names for name, rows in relations}
    return ClosedBank(
        pinned=pinned,
        contracts=bank.tables,
        dictionary=bank.dictionary,
        texts={file.table: file.text for file in bank.sql_files},
        columns=columns,
        regenerate=regenerate,
        contract_file=lambda relative: contract_file(relative, bank.settings.overlay),
    )


def changed_since(bank: Bank, closed: ClosedBank) -> list[str]:
    """Return the SQL files and data contracts that are no longer those of the close."""
    then, now = closed.pinned.manifest.inputs, bank.definition_hashes
    return sorted(
        name
        for name in {*then, *now}
        if name.startswith(("sql:", "contracts:")) and then.get(name) != now.get(name)
    )


def _manifest(bank: Bank, as_of_date: date | None, run_id: str) -> Manifest:
    if run_id:
        found = [one for one in bank.closes.all() if one.run_id.startswith(run_id)]
        if as_of_date is not None:
            found = [one for one in found if one.as_of_date == as_of_date]
        if len(found) == 1:
            return found[0]
        raise ConfigurationError(
            f"{len(found)} closes have the id {run_id}",
            detail=_listed(bank),
            fix="name one of them",
        )
    day = as_of_date or max(bank.closes.published_dates(), default=None)
    manifest = bank.closes.current(day) if day else None
    if manifest is None:
        raise ConfigurationError(
            f"there is no published close of {day}" if day else "no month end is closed yet",
            detail=_listed(bank),
            fix="name a closed month end, or run `alm close` first",
        )
    return manifest


def _listed(bank: Bank) -> str:
    closes: Mapping[str, str] = {m.run_id: m.as_of_date.isoformat() for m in bank.closes.all()}
    return ", ".join(f"{run_id} of {day}" for run_id, day in closes.items())
