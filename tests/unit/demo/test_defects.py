from __future__ import annotations

import datetime as dt
import gzip
import json
import shutil
from pathlib import Path

import pytest

from alm_pipeline.demo.defects import DEFECTS, plant_defects
from alm_pipeline.demo.files import read_controls
from alm_pipeline.demo.text_files import read_text
from alm_pipeline.errors import ConfigurationError

LAST = "2026-10-31"


@pytest.fixture
def landing(small_demo: Path, tmp_path: Path) -> Path:
    """A copy of one landing folder that a test may damage."""
    folder = tmp_path / "landing" / LAST
    shutil.copytree(small_demo / "landing" / LAST, folder)
    return folder


def test_there_are_at_least_25_kinds_of_defects():
    assert len(DEFECTS) >= 25
    assert {d.handling for d in DEFECTS.values()} == {
        "quarantine",
        "refused",
        "blocking",
        "stopped",
        "warning",
    }


@pytest.mark.parametrize("name", sorted(DEFECTS))
def test_each_defect_changes_its_file_and_is_labelled(landing, tmp_path, name):
    before = {path.name: path.read_bytes() for path in landing.iterdir()}
    labels = plant_defects(landing, [name], label_file=tmp_path / "defects.json")
    written = json.loads((tmp_path / "defects.json").read_text())
    assert [entry["name"] for entry in written] == [name]
    after = {path.name: path.read_bytes() for path in landing.iterdir()}
    changed = {file for file in before if after.get(file) != before[file]}
    assert changed - {"control.csv"} == {labels[0].file}
    if not DEFECTS[name].control_agrees:
        assert "control.csv" not in changed


def test_row_defects_keep_the_control_file_in_agreement(landing, tmp_path):
    names = [d.name for d in DEFECTS.values() if d.handling == "quarantine"]
    plant_defects(landing, names, label_file=tmp_path / "defects.json")
    stated = {control.file: control.n_rows for control in read_controls(landing)}
    for extract in ("loan", "deposit_term", "deposit_nmd", "derivative_leg"):
        file = read_text(landing, extract)
        assert stated[file.path.name] == len(file.rows)


def test_defects_planted_together_keep_off_each_others_rows(landing, tmp_path):
    names = [d.name for d in DEFECTS.values() if d.handling == "quarantine"]
    labels = plant_defects(landing, names, label_file=tmp_path / "defects.json")
    keys = [(label.extract, key) for label in labels for key in label.keys]
    assert len(keys) == len(set(keys))


def test_a_truncated_file_ends_in_the_middle_of_a_row(landing, tmp_path):
    plant_defects(landing, ["truncated_last_row"], label_file=tmp_path / "defects.json")
    text = gzip.decompress((landing / "deposit_term.csv.gz").read_bytes()).decode()
    header, last = text.splitlines()[0], text.splitlines()[-1]
    assert not text.endswith("\n")
    assert last.count(",") < header.count(",")


def test_lost_leading_zeros_are_lost(landing, tmp_path):
    label = plant_defects(landing, ["lost_leading_zeros"], label_file=tmp_path / "d.json")[0]
    file = read_text(landing, "deposit_term")
    row = next(r for r in range(len(file.rows)) if label.keys[0] == ":".join(file.rows[r][1:3]))
    assert len(file.value(row, "counterparty_id")) < 9
    assert dt.date.fromisoformat(file.value(row, "as_of_date")) == dt.date.fromisoformat(LAST)


def test_an_unknown_kind_of_defect_is_refused(landing, tmp_path):
    with pytest.raises(ConfigurationError, match="kinds of defect are unknown"):
        plant_defects(landing, ["gremlins"], label_file=tmp_path / "d.json")
