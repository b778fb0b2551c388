"""The tree says nothing about the machine it was made on, and leaves nothing half done.

The patterns below are put together from pieces, so that this file passes its own tests.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

import pytest

from tests.house.project import PACKAGE, ROOT, SQL, python_files, relative, sql_files, text_files

MACHINE_PATHS = re.compile(r"(?<![\w.<$}/-])/(?:" + "home|root|work|Users" + r")/\w")
REGISTRIES = re.compile(
    r"(?:index[-_]url|find[-_]links|registry)[\"']?[ =:]+[\"']?https?:"
    + r"//|tool\.uv\."
    + "index",
    re.IGNORECASE,
)
STUBS = re.compile(
    "|".join(
        [
            r"\bNotImplemented" + r"Error\b",
            r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b",
            "pragma: no" + " cover",
            "except Exception: *" + "pass",
            r"\bassert " + r"True\b",
            r"pytest\.mark\." + r"(?:skip\b|xfail)",
        ]
    )
)
# Tools that write text have no place in the text; rot13, so that their names do not stand here.
AUTHORING = re.compile(
    r"\b(?:" + codecs.decode("pynhqr|naguebcvp|bcranv|pungtcg|pbcvybg|yyzf?|fhontragf?", "rot13")
    + "|" + codecs.decode("ynathntr zbqry|nv nffvfgnag|pb-nhguberq-ol", "rot13") + r")\b",
    re.IGNORECASE,
)  # fmt: skip


def hits(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """Return `file:line: text` of every match."""
    return [
        f"{relative(path)}:{number}: {line.strip()[:120]}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_path_of_a_machine():
    assert hits(MACHINE_PATHS, text_files()) == []
    assert hits(re.compile(re.escape(f"{ROOT}/")), text_files()) == []


def test_no_file_names_a_package_registry():
    assert hits(REGISTRIES, text_files()) == []


def test_no_file_speaks_about_how_the_project_is_written():
    assert hits(AUTHORING, text_files()) == []


def test_nothing_is_left_half_done():
    code = python_files() + python_files(ROOT / "tests") + [f.path for f in sql_files()]
    assert hits(STUBS, code) == []


def test_text_is_utf_8_with_unix_line_ends():
    assert [relative(p) for p in text_files() if b"\r\n" in p.read_bytes()] == []


@pytest.mark.parametrize("folder", [PACKAGE, SQL], ids=relative)
def test_no_stray_file_lies_in(folder: Path):
    expected = {".py", ".sql", ".md", ".html", ".css", ".js", ".svg", ".typ", ".typed", ".yaml"}
    strays = [relative(p) for p in text_files() if folder in p.parents and p.suffix not in expected]
    assert strays == []
