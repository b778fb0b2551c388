"""The folder of a new bank: `alm.yaml`, the overlay of data contracts, and places for its files.

A source ships a template in `data_contracts/sources/<source>/`: `bank.yaml` with the settings that
do not depend on the machine, and `overlay/` with the data contracts that belong to the bank. What
the settings mean is `inputs/settings.py`; reading the bank's files does not belong here.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.sources import PLACED_FOLDERS, Source, load_source
from alm_pipeline.inputs.yaml_files import read_yaml
from alm_pipeline.paths import DATA_CONTRACTS

__all__ = ["bank_settings", "write_bank"]

_LANDING = "landing"
_HEADER = (
    "# One bank. Relative paths start at this file; ALM_* variables win over what stands here.\n"
)


def write_bank(source_name: str, folders: Mapping[str, Path], into: Path) -> Path:
    """Write the folder of a bank and return its `alm.yaml`.

    Parameters
    ----------
    source_name : str
        A source of ``data_contracts/sources``.
    folders : mapping of str to Path
        Where each folder that the source names is; the landing folder may be left out.
    into : Path
        The bank's folder; it must not hold an `alm.yaml` yet.

    Raises
    ------
    ConfigurationError
        With everything that is wrong with the arguments at once; nothing is written then.
    """
    template = DATA_CONTRACTS / "sources" / source_name
    if not (template / "source.yaml").is_file():
        raise ConfigurationError(
            f"there is no source {source_name}",
            where="data_contracts/sources",
            fix="name one of " + ", ".join(_source_names()),
        )
    source = load_source(template / "source.yaml")
    problems = _folder_problems(source, folders)
    if (into / "alm.yaml").exists():
        problems.append(f"{into / 'alm.yaml'} is there already")
    if problems:
        raise ConfigurationError(
            "the bank cannot be written",
            where=f"alm init {source_name}",
            detail="; ".join(problems),
            fix="give every folder as --data NAME=FOLDER and a new folder as --into",
        )
    settings = bank_settings(source, folders, read_yaml(template / "bank.yaml"))
    contracts = into / "contracts"
    contracts.mkdir(parents=True, exist_ok=True)
    if (template / "overlay").is_dir():
        shutil.copytree(template / "overlay", contracts, dirs_exist_ok=True)
    (into / _LANDING).mkdir(exist_ok=True)
    written = into / "alm.yaml"
    written.write_text(_HEADER + yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return written


def bank_settings(
    source: Source, folders: Mapping[str, Path], template: Mapping[str, object]
) -> dict[str, object]:
    """Return what stands in a new bank's `alm.yaml`, in the order in which people read it."""
    fixed = {key: value for key, value in template.items() if key != "about"}
    absolute = {name: str(path.resolve()) for name, path in folders.items()}
    landing = absolute.pop(_LANDING, _LANDING)
    places = {"landing": landing, "warehouse": "warehouse", "contracts": "contracts"}
    named = {"data": absolute} if absolute else {}
    return {"source": source.source, **fixed, **named, **places}


def _folder_problems(source: Source, folders: Mapping[str, Path]) -> list[str]:
    wanted = set(source.folders)
    missing = sorted(wanted - set(folders) - set(PLACED_FOLDERS))
    problems = [f"the folder {name} is not given: {source.folders[name].about}" for name in missing]
    problems += [f"the source names no folder {name}" for name in sorted(set(folders) - wanted)]
    problems += [
        f"{path} is not a folder"
        for name, path in sorted(folders.items())
        if name in wanted and not path.is_dir()
    ]
    return problems


def _source_names() -> list[str]:
    return sorted(path.parent.name for path in (DATA_CONTRACTS / "sources").glob("*/source.yaml"))
