"""Which changes of a data contract break those who deliver or read the extract.

A breaking change needs a new major version, so that nobody is surprised: a column removed, renamed
or of another type, another key, a column newly required, values no longer allowed, narrower bounds.
A new optional column, a wider range or a new allowed value break nobody.

Versions are compared with the last tag of the repository, or with its last commit when there is
none. What a contract must contain does not belong here (`inputs/extract_contracts.py`).
"""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from alm_pipeline.errors import ContractError
from alm_pipeline.inputs.data_contracts import ExtractColumn, ExtractContract
from alm_pipeline.inputs.extract_contracts import read_extract_contract

_FOLDER = "data_contracts/extracts"


def breaking_changes(old: ExtractContract, new: ExtractContract) -> tuple[str, ...]:
    """Return what in the new contract breaks a delivery or a reader that kept the old one."""
    return tuple(_changes(old, new))


def refused_changes(
    old: Mapping[str, ExtractContract], new: Mapping[str, ExtractContract]
) -> tuple[str, ...]:
    """Return breaking changes that come without a new major version, by extract."""
    refused = [f"{name}: the extract is gone" for name in sorted(set(old) - set(new))]
    for name in sorted(set(old) & set(new)):
        changes = breaking_changes(old[name], new[name])
        if changes and _major(new[name]) <= _major(old[name]):
            versions = f"version {old[name].version} to {new[name].version}"
            refused.extend(f"{name}: {change} ({versions})" for change in changes)
    return tuple(refused)


def refuse_breaking_changes(root: Path, new: Mapping[str, ExtractContract]) -> str:
    """Compare the contracts with the last published ones; return the revision compared with.

    Raises
    ------
    ContractError
        With every breaking change that has no new major version.
    """
    revision = last_published(root)
    refused = refused_changes(contracts_at(root, revision), new) if revision else ()
    if refused:
        raise ContractError(
            f"{len(refused)} breaking changes without a new major version",
            where=f"{_FOLDER}/ against {revision}",
            detail="; ".join(refused),
            fix="raise the major version of the contracts named, or take the changes back",
        )
    return revision


def last_published(root: Path) -> str:
    """Return the last tag of a repository, its last commit without one, "" without a repository."""
    return (
        _git(root, "describe", "--tags", "--abbrev=0").decode().strip()
        or _git(root, "rev-parse", "--short", "--verify", "HEAD").decode().strip()
    )


def contracts_at(root: Path, revision: str) -> Mapping[str, ExtractContract]:
    """Return the contracts of extracts as they stand in a revision of the repository."""
    archive = _git(root, "archive", "--format=tar", revision, _FOLDER)
    if not archive:
        return MappingProxyType({})
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        paths = sorted((Path(folder) / _FOLDER).glob("*.yaml"))
        return MappingProxyType({path.stem: read_extract_contract(path) for path in paths})


def _git(root: Path, *arguments: str) -> bytes:
    """Return what git answers, nothing where it cannot."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, check=False
        )
    except FileNotFoundError:
        return b""
    return answer.stdout if answer.returncode == 0 else b""


def _major(contract: ExtractContract) -> int:
    return int(contract.version.partition(".")[0])


def _changes(old: ExtractContract, new: ExtractContract) -> Iterator[str]:
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    yield from (f"column {name} is gone" for name in before if name not in after)
    for name, column in after.items():
        if name in before:
            yield from _column_changes(before[name], column)
        elif column.required:
            yield f"column {name} is new and required"
    if old.key != new.key:
        yield f"key {', '.join(old.key)} becomes {', '.join(new.key)}"
    if new.is_mandatory and not old.is_mandatory:
        yield "the extract is now mandatory"


def _column_changes(old: ExtractColumn, new: ExtractColumn) -> Iterator[str]:
    name = new.name
    if old.type != new.type:
        yield f"column {name} changes from {old.type} to {new.type}"
    if new.required and not old.required:
        yield f"column {name} is now required"
    if old.unit != new.unit:
        yield f"column {name} changes its unit from {old.unit!r} to {new.unit!r}"
    if new.allowed and set(old.allowed) - set(new.allowed):
        gone = ", ".join(sorted(set(old.allowed) - set(new.allowed)))
        yield f"column {name} no longer allows {gone}"
    if new.allowed and not old.allowed:
        yield f"column {name} now allows listed values only"
    if new.pattern not in ("", old.pattern):
        yield f"column {name} must have the form {new.pattern}"
    if _is_narrower(old, new):
        yield f"column {name} has narrower bounds"


def _is_narrower(old: ExtractColumn, new: ExtractColumn) -> bool:
    low = new.minimum is not None and (old.minimum is None or new.minimum > old.minimum)
    high = new.maximum is not None and (old.maximum is None or new.maximum < old.maximum)
    return low or high
