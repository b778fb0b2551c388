"""Every figure a person may argue about says how sure it is, where it comes from or who owns it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.house.project import CONTRACTS, load_yaml, relative

STATUS_WORDS = {"verified", "assumed", "secondary", "unverified"}
ARGUABLE = ["rules", "assumptions", "scenarios"]
# Numbers that are not figures: they count, order or point.
NOT_FIGURES = {"version", "order", "row", "page"}

files = [path for folder in ARGUABLE for path in sorted((CONTRACTS / folder).rglob("*.yaml"))]
files += [path for path in [CONTRACTS / "limits.yaml"] if path.is_file()]


def statuses(node: Any) -> Iterator[Any]:
    """Yield every value of a key `status`."""
    if isinstance(node, dict):
        if "status" in node:
            yield node["status"]
        for value in node.values():
            yield from statuses(value)
    elif isinstance(node, list):
        for value in node:
            yield from statuses(value)


def without_status(node: Any, place: str = "", *, covered: bool = False) -> Iterator[str]:
    """Yield the place of every number that neither carries a status nor stands below one."""
    if isinstance(node, dict):
        covered = covered or "status" in node
        for key, value in node.items():
            if key not in NOT_FIGURES:
                yield from without_status(value, f"{place}.{key}", covered=covered)
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from without_status(value, f"{place}[{number}]", covered=covered)
    elif isinstance(node, int | float) and not isinstance(node, bool) and not covered:
        yield place.lstrip(".")


def test_figures_were_found():
    assert {path.parent.name for path in files} >= set(ARGUABLE)


@pytest.mark.parametrize("path", files, ids=relative)
def test_a_status_is_one_of_four_words(path: Path):
    assert set(statuses(load_yaml(path))) <= STATUS_WORDS


@pytest.mark.parametrize("path", files, ids=relative)
def test_every_figure_has_a_status(path: Path):
    assert list(without_status(load_yaml(path))) == []


@pytest.mark.parametrize("path", files, ids=relative)
def test_every_file_says_what_it_is_about(path: Path):
    assert str(load_yaml(path).get("about", "")).endswith(".")


@pytest.mark.parametrize("path", sorted((CONTRACTS / "scenarios").glob("*.yaml")), ids=relative)
def test_a_scenario_is_named_so_that_it_can_be_a_partition_key(path: Path):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", path.stem)
