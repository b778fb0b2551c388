"""What import-linter cannot say: whom the engine may know, and where an import may stand."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.house.project import PACKAGE, parsed, python_files, relative

ENGINE_MAY_KNOW = {"numpy", "numba", "alm_pipeline"}
SLOW_TO_IMPORT = {"great_expectations"}


def imported(nodes: list[ast.stmt] | list[ast.AST]) -> set[str]:
    """Return the full names of the modules that import statements name."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


def everywhere(path: Path) -> set[str]:
    """Return what a file imports, at any depth."""
    return imported(list(ast.walk(parsed(path))))


@pytest.mark.parametrize("path", python_files(PACKAGE / "engine"), ids=relative)
def test_the_engine_knows_numpy_numba_and_errors_only(path: Path):
    roots = {name.split(".")[0] for name in everywhere(path)} - set(sys.stdlib_module_names)
    assert roots <= ENGINE_MAY_KNOW
    own = {name for name in everywhere(path) if name.startswith("alm_pipeline.")}
    outside = {n for n in own if not n.startswith(("alm_pipeline.engine", "alm_pipeline.errors"))}
    assert outside == set()


@pytest.mark.parametrize("path", python_files(), ids=relative)
def test_great_expectations_is_imported_inside_functions_only(path: Path):
    # Importing it takes five seconds and more; loading the definitions must not pay for that.
    roots = {name.split(".")[0] for name in imported(parsed(path).body)}
    assert not roots & SLOW_TO_IMPORT


@pytest.mark.parametrize("path", python_files(), ids=relative)
def test_imports_are_absolute(path: Path):
    assert [name for name in everywhere(path) if name.startswith(".")] == []
