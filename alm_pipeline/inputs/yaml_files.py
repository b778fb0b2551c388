"""Which YAML file counts and what it says.

A bank's overlay folder has the layout of `data_contracts/`: a file there replaces the shipped file
of the same relative path. The reader is stricter than YAML itself: a key that
stands twice is refused, and only `true` and `false` are booleans, so that `ON` (overnight) and `NO`
(Norway) stay text.

What a file must contain does not belong here; each kind of file has its own module in this ring.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path

import yaml

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # PyYAML built without the C library: same result, slower
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.paths import DATA_CONTRACTS

COMPLETE_SET = "complete_set"
"""A file of this name in an overlay says that it holds every file and none that ships counts."""

REPLACED = "replaced"
"""Folder, among texts, of the shipped files that an overlay replaces; a complete set has it."""

__all__ = [
    "COMPLETE_SET",
    "REPLACED",
    "contract_file",
    "contract_files",
    "contract_folders",
    "contract_texts",
    "parsed_yaml",
    "read_yaml",
    "replaced_files",
]


def contract_file(relative: str, overlay: Path | None = None) -> Path:
    """Return the file that counts for a path relative to `data_contracts/`.

    Raises
    ------
    ConfigurationError
        If neither the overlay nor the project has the file.
    """
    for folder in contract_folders(overlay):
        if (folder / relative).is_file():
            return folder / relative
    raise ConfigurationError(
        f"the file {relative} does not exist",
        where=" or ".join(str(folder) for folder in contract_folders(overlay)),
        fix="write it, or correct the name",
    )


def contract_files(folder: str, overlay: Path | None = None) -> list[Path]:
    """Return the YAML files that count in one folder, sorted by their name."""
    chosen: dict[str, Path] = {}
    for root in reversed(contract_folders(overlay)):
        chosen |= {path.name: path for path in (root / folder).glob("*.yaml")}
    return [chosen[name] for name in sorted(chosen)]


def contract_texts(overlay: Path | None = None) -> dict[str, str]:
    """Return the text of every YAML file and code list in force, by its path.

    Code lists stand beside the declaration of their source: where the overlay replaces the
    declaration, the shipped lists do not count. A shipped YAML file that the overlay replaces is
    kept under `REPLACED`, because what a bank's own file changes is published.
    """
    found: dict[str, Path] = {}
    for folder in reversed(contract_folders(overlay)):
        own = {
            path.relative_to(folder).as_posix(): path
            for path in sorted(folder.rglob("*"))
            if path.suffix in (".yaml", ".csv") and path.is_file()
        }
        replaced = {Path(name).parent.as_posix() for name in own if name.endswith("/source.yaml")}
        found = {n: p for n, p in found.items() if Path(n).parent.parent.as_posix() not in replaced}
        found |= own
    found |= {f"{REPLACED}/{name}": path for name, path in replaced_files(overlay).items()}
    return {name: _text(found[name]) for name in sorted(found)}


def replaced_files(overlay: Path | None) -> dict[str, Path]:
    """Return the shipped YAML files that an overlay replaces, by the path both have."""
    if overlay is None:
        return {}
    if (overlay / COMPLETE_SET).is_file():
        return _yaml_below(overlay / REPLACED)
    shipped = _yaml_below(DATA_CONTRACTS)
    return {name: shipped[name] for name in _yaml_below(overlay) if name in shipped}


def read_yaml(path: Path) -> dict[str, object]:
    """Return the mapping a YAML file holds.

    Raises
    ------
    ConfigurationError
        If the file is missing, is not YAML, repeats a key or is not a mapping of text keys.
    """
    return parsed_yaml(_text(path), path.name)


def parsed_yaml(text: str, name: str) -> dict[str, object]:
    """Return the mapping that the text of a YAML file holds; `name` is for the message.

    Raises
    ------
    ConfigurationError
        If the text is not YAML, repeats a key or is not a mapping of text keys.
    """
    try:
        content = yaml.load(text, Loader=_StrictLoader)
    except yaml.YAMLError as error:
        raise _unreadable(name, error) from None
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise ConfigurationError(
            "the file is not a mapping of names", where=name, fix="start it with `about: ...`"
        )
    return content


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        raise ConfigurationError("the file does not exist", where=str(path)) from None
    except UnicodeDecodeError as error:
        raise _unreadable(path.name, error) from None


def _unreadable(name: str, error: Exception) -> ConfigurationError:
    return ConfigurationError(
        "the file is not readable as YAML",
        where=name,
        detail=" ".join(str(error).split()),
        fix="correct the line named",
    )


def contract_folders(overlay: Path | None) -> list[Path]:
    """Return the folders in which a file is looked for, the first one winning."""
    if overlay is None:
        return [DATA_CONTRACTS]
    is_complete = (overlay / COMPLETE_SET).is_file()
    return [overlay] if is_complete else [overlay, DATA_CONTRACTS]


def _yaml_below(folder: Path | None) -> dict[str, Path]:
    """Return relative name to path of every YAML file below a folder, sorted."""
    if folder is None or not folder.is_dir():
        return {}
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.yaml"))}


class _StrictLoader(_SafeLoader):
    """Safe YAML without duplicate keys and with `true` and `false` as the only booleans."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the name and shape PyYAML expects
        letter: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:bool"]
        for letter, pairs in _SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, object]:
        """Refuse a key that stands twice, then build the mapping."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen and key.value != "<<":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), "tf")
