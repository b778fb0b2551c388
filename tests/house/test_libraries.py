"""Somebody decided for every dependency whether its version can change a cell."""

from __future__ import annotations

import re
import tomllib

from alm_pipeline.inputs.libraries import DECISIVE, INDIFFERENT
from tests.house.project import ROOT


def test_every_dependency_is_decisive_or_indifferent_to_results():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[\[<>=~! ]", line, maxsplit=1)[0] for line in project["dependencies"]}
    assert names - {*DECISIVE, *INDIFFERENT} == set()
    assert set(DECISIVE) & set(INDIFFERENT) == set()
