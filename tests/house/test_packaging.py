"""Ranges, pins and the packaged version agree, and nothing says where packages come from."""

from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement

from tests.house.project import ROOT


def test_the_version_pins_fit_the_ranges():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    pins = {name.lower().replace("_", "-"): version for name, version in pins.items()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    parsed = [Requirement(line) for line in wanted]
    off = [str(r) for r in parsed if pins.get(r.name.lower(), "0") not in r.specifier]
    assert off == []


def test_the_constraints_hold_versions_only():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line) for line in pins)
    assert not any(line.lower().startswith("alm") for line in pins)
