"""A second bank in a folder of its own, made from given texts and files instead of today's.

A replay opens one with everything an old close recorded; a measurement of a changed assumption
opens one with the set approved before. The folder is complete: it has its own `alm.yaml`, data
contracts, SQL, landing and warehouse, and can be opened by any command afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from alm_pipeline.errors import ConfigurationError, WarehouseError
from alm_pipeline.inputs.settings import RecordedSettings, Settings
from alm_pipeline.inputs.yaml_files import COMPLETE_SET, parsed_yaml
from alm_pipeline.orchestration.bank import Bank, adopt_bank
from alm_pipeline.warehouse import raw_files
from alm_pipeline.warehouse.archive import Archive
from alm_pipeline.warehouse.history import History
from alm_pipeline.warehouse.manifests import Manifest

_CONTRACTS, _SQL, _LANDING = "data_contracts", "sql", "landing"


@dataclass(frozen=True)
class Recorded:
    """Everything people gave a close.

    Attributes
    ----------
    settings : str
        The deciding settings as JSON.
    contracts, sql : mapping of str to str
        Texts by their path below `data_contracts/` and `sql/`.
    files : mapping of str to Path
        Delivered files by logical name and file name: ``loan/loan.csv``.
    """

    as_of_date: date
    settings: str
    contracts: Mapping[str, str]
    sql: Mapping[str, str]
    files: Mapping[str, Path]


def recorded_inputs(archive: Archive, manifest: Manifest) -> Recorded:
    """Return everything people gave a close, every hash verified.

    Raises
    ------
    AlmError
        Naming what was not kept or is no longer what its hash says.
    """
    texts, files = archive.definitions, _named(manifest, "file:")
    if "settings" not in manifest.inputs or not texts.folder.is_dir():
        raise WarehouseError(
            "the definitions of this close were not kept",
            where=f"close {manifest.run_id} of {manifest.as_of_date}",
            fix="restore the folder definitions of the warehouse from its backup",
        )
    return Recorded(
        as_of_date=manifest.as_of_date,
        settings=texts.text(manifest.inputs["settings"], "settings"),
        contracts=texts.texts(_named(manifest, "contracts:")),
        sql=texts.texts(_named(manifest, "sql:")),
        files={n: raw_files.kept(archive.raw_files, sha, n) for n, sha in files.items()},
    )


def _named(manifest: Manifest, kind: str) -> dict[str, str]:
    """Return the hashes of one kind of input by what follows the kind."""
    inputs = manifest.inputs.items()
    return {name.removeprefix(kind): sha for name, sha in inputs if name.startswith(kind)}


def open_sibling(folder: Path, recorded: Recorded, host: Settings, history: History) -> Bank:
    """Write a bank into an empty folder and open it.

    Parameters
    ----------
    folder : Path
        Absolute; need not exist.
    recorded : Recorded
    host : Settings
        Whose threads and memory limit are used; nothing else of it matters.
    history : History
        Earlier closes that the bank reads.

    Raises
    ------
    ConfigurationError
        If the folder is not empty.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise ConfigurationError("the folder is not empty", where=str(folder), fix="name a new one")
    _write_texts(folder / _CONTRACTS, {**recorded.contracts, COMPLETE_SET: ""})
    _write_texts(folder / _SQL, recorded.sql)
    written = _settings(recorded, host)
    (folder / "alm.yaml").write_text(yaml.safe_dump(written, sort_keys=True), encoding="utf-8")
    bank = Bank(RecordedSettings(**written, home=folder), history)
    _lay_out_delivery(bank, recorded)
    adopt_bank(folder / "alm.yaml", bank)
    return bank


def _settings(recorded: Recorded, host: Settings) -> dict[str, Any]:
    deciding: dict[str, Any] = json.loads(recorded.settings)
    name = f"sources/{deciding['source']}/source.yaml"
    folders = parsed_yaml(recorded.contracts[name], name)["folders"]
    others = [f for f in folders if f != _LANDING] if isinstance(folders, dict) else []
    return {
        **deciding,
        "data": {other: f"data/{other}" for other in others},
        "landing": _LANDING,
        "warehouse": "warehouse",
        "contracts": _CONTRACTS,
        "sql": _SQL,
        "threads": host.threads,
        "memory_limit": host.memory_limit,
    }


def _write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def _lay_out_delivery(bank: Bank, recorded: Recorded) -> None:
    """Link every delivered file, under its own name, where its source looks for it."""
    places = {spec.name: spec.folder for spec in bank.source.file_specs}
    places["control"] = bank.source.control.folder
    for delivered_as, kept in recorded.files.items():
        name, _, file_name = delivered_as.partition("/")
        folder = bank.folders[places[name]]
        if bank.source.folders[places[name]].is_per_as_of_date:
            folder = folder / recorded.as_of_date.isoformat()
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / file_name).exists():
            (folder / file_name).symlink_to(kept.resolve())
