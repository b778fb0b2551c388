"""A folder that needs an explanation has it beside its files, and what it links to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.project import ROOT, relative, text_files

EXPLAINED = [".", "alm_pipeline", "data_contracts", "sql", "tests", "tests/small_bank"]
pages = [path for path in text_files() if path.suffix == ".md"]


@pytest.mark.parametrize("folder", EXPLAINED)
def test_the_folder_is_explained(folder: str):
    assert (ROOT / folder / "README.md").is_file()


@pytest.mark.parametrize("page", pages, ids=relative)
def test_every_link_within_the_project_leads_somewhere(page: Path):
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    inside = [t for t in targets if "://" not in t and not t.startswith("mailto:")]
    assert [t for t in inside if not (page.parent / t).exists()] == []


def test_the_two_commands_of_the_readme_are_targets_of_make():
    named = set(re.findall(r"`?make ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert {"demo", "test"} <= named
    assert named <= targets
