"""Where in a YAML file a figure stands: its line, and what is written there.

A path is names joined by dots; ``name[key=value,…]`` picks the entry of a list that has these
values, ``name[part.key]`` the one that has such a key. What the figure means is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import yaml

from alm_pipeline.errors import ConfigurationError

_STEP = re.compile(r"([^.\[]+)(?:\[([^\]]*)\])?(?:\.|$)")


@dataclass(frozen=True)
class Place:
    """One scalar of a YAML file; `line` counts from 1."""

    line: int
    written: str
    line_text: str


def yaml_place(file: Path, path: str) -> Place:
    """Return where a path leads in a YAML file.

    Raises
    ------
    ConfigurationError
        If the path leads nowhere, to several entries, or not to a scalar.
    """
    found = find_place(file, path)
    if found is None:
        raise ConfigurationError(
            f"{path} leads to no figure", where=file.name, fix="correct the path in the contract"
        )
    return found


def find_place(file: Path, path: str) -> Place | None:
    """Return where a path leads in a YAML file, None where it leads to no scalar."""
    text = file.read_text(encoding="utf-8")
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for name, picked in _STEP.findall(path):
        node = _child(node, name)
        if picked and isinstance(node, yaml.SequenceNode):
            node = _entry(node, picked)
    if not isinstance(node, yaml.ScalarNode):
        return None
    line = node.start_mark.line
    return Place(line + 1, str(node.value), text.splitlines()[line].strip())


def line_of(file: Path, keys: Sequence[str | int]) -> int:
    """Return the line of the last key of a path that the file has, 1 where it has none of them."""
    node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    line = 0
    for key in keys:
        found = _keyed(node, key)
        if found is None:
            break
        mark, node = found
        line = mark.start_mark.line
    return line + 1


def _keyed(node: yaml.Node | None, key: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """Return the node that names a key, or is an entry of a list, and the node of its value."""
    if isinstance(node, yaml.MappingNode):
        return next(((k, value) for k, value in node.value if k.value == str(key)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    return None


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if key.value == name), None)


def _entry(node: yaml.SequenceNode, picked: str) -> yaml.Node | None:
    if "=" in picked:
        wanted = dict(pair.split("=", 1) for pair in picked.split(","))
        found = [one for one in node.value if all(_is(one, n, v) for n, v in wanted.items())]
    else:
        found = [one for one in node.value if reduce(_child, picked.split("."), one) is not None]
    return found[0] if len(found) == 1 else None


def _is(node: yaml.Node, name: str, value: str) -> bool:
    child = _child(node, name)
    return isinstance(child, yaml.ScalarNode) and child.value == value
