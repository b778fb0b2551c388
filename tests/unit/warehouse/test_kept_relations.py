"""Input relations that a warehouse keeps for whoever looks back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from alm_pipeline.warehouse.kept_relations import KeptRelations

RELATIONS = {
    "limits": pa.table({"metric": ["eve", None], "red": [0.15, 0.05]}),
    "days": pa.table({"effective_from": pa.array([date(2026, 1, 31)], pa.date32())}),
    "nothing": pa.table({"item": pa.array([], pa.string())}),
}


@pytest.fixture
def kept(tmp_path: Path) -> KeptRelations:
    found = KeptRelations(tmp_path / "relations")
    found.keep("a", RELATIONS)
    return found


def test_what_was_kept_comes_back_type_by_type(kept):
    found = kept.find("a")
    assert list(found) == list(RELATIONS)
    assert all(found[name].equals(rows) for name, rows in RELATIONS.items())
    assert found["days"].schema == RELATIONS["days"].schema


def test_under_another_key_there_is_nothing(kept):
    assert kept.find("b") is None


def test_a_damaged_file_is_as_good_as_none(kept):
    (file,) = kept.folder.iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    assert kept.find("a") is None
