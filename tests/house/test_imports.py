"""What import-linter cannot say: whom the engine may know, and where an import may stand."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.house.project import PACKAGE, ROOT, parsed, python_files, relative

ENTRY_POINTS = {"alm_pipeline.cli", "alm_pipeline.bench.__main__", "alm_pipeline.definitions"}
ENGINE_MAY_KNOW = {"numpy", "numba", "llvmlite", "alm_pipeline"}  # llvmlite: numba's own compiler
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


def module_name(path: Path) -> str:
    """Return the dotted name of a file of the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def names_used(path: Path) -> set[str]:
    """Return every dotted name that an import of this file could mean, modules and members."""
    used = everywhere(path)
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom):
            used |= {f"{node.module}.{alias.name}" for alias in node.names}
    return used


def test_no_module_is_an_orphan():
    modules = {module_name(path): path for path in python_files() if path.stem != "__init__"}
    used = {name for path in python_files() for name in names_used(path)}
    assert set(modules) - used - ENTRY_POINTS == set()
