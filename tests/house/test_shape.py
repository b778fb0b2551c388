"""Files and functions are short, and everything public says what it is. There is no allow list."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.project import ROOT, parsed, python_files, relative

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40
RETIRED_MODULES = {"util", "utils", "helper", "helpers", "common", "misc", "tools", "stuff"}

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def definitions(node: ast.AST, *, nested: bool = True) -> Iterator[Definition]:
    """Yield classes and functions; without `nested`, those inside a function are left out."""
    for child in ast.iter_child_nodes(node):
        is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        if isinstance(child, Definition):
            yield child
        if nested or not is_function:
            yield from definitions(child, nested=nested)


def size(node: Definition) -> int:
    """Return the lines of a definition without its docstring."""
    docstring = ast.get_docstring(node, clean=False)
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    return lines - (docstring.count("\n") + 1 if docstring else 0)


def test_the_package_was_found():
    assert python_files()


@pytest.mark.parametrize("path", python_files() + python_files(ROOT / "tests"), ids=relative)
def test_no_file_is_longer_than_400_lines(path: Path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize("path", python_files(), ids=relative)
def test_no_function_is_longer_than_40_lines_without_its_docstring(path: Path):
    functions = [d for d in definitions(parsed(path)) if not isinstance(d, ast.ClassDef)]
    long = [f"{d.name}: {size(d)} lines" for d in functions if size(d) > MAX_FUNCTION_LINES]
    assert long == []


@pytest.mark.parametrize("path", python_files(), ids=relative)
def test_everything_public_has_a_docstring(path: Path):
    module = parsed(path)
    bare = [
        d.name
        for d in definitions(module, nested=False)
        if not d.name.startswith("_") and not ast.get_docstring(d)
    ]
    if not ast.get_docstring(module):
        bare.insert(0, "the module")
    assert bare == []


@pytest.mark.parametrize("path", python_files() + python_files(ROOT / "tests"), ids=relative)
def test_a_module_is_named_after_what_it_holds(path: Path):
    names = {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
    assert not names & RETIRED_MODULES
