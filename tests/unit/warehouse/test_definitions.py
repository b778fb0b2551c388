"""Texts kept by their hash, and rows that are the same to nine digits."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from alm_pipeline.errors import WarehouseError
from alm_pipeline.warehouse.content import content_hash, logical_hash
from alm_pipeline.warehouse.definitions import Definitions, text_hash


def test_a_kept_text_comes_back_and_is_read_only(tmp_path: Path):
    kept = Definitions(tmp_path / "definitions")
    kept.keep(["about: Ä\r\n", "select 1\n"])
    kept.keep(["select 1\n"])
    assert kept.texts({"x": text_hash("about: Ä\r\n")}) == {"x": "about: Ä\r\n"}
    files = sorted(kept.folder.iterdir())
    assert [oct(file.stat().st_mode & 0o777) for file in files] == ["0o444", "0o444"]


def test_a_text_that_is_missing_or_changed_is_named(tmp_path: Path):
    kept = Definitions(tmp_path / "definitions")
    kept.keep(["red: 1\n"])
    with pytest.raises(WarehouseError, match=r"the text of limits\.yaml was not kept"):
        kept.text(text_hash("red: 2\n"), "limits.yaml")
    path = kept.folder / text_hash("red: 1\n")
    path.chmod(0o644)
    path.write_text("red: 2\n")
    with pytest.raises(WarehouseError, match=r"the kept text of limits\.yaml was changed"):
        kept.text(path.name, "limits.yaml")


def rows(*values: float | None) -> pa.Table:
    return pa.table({"k": list(range(len(values))), "v": pa.array(values, pa.float64())})


def test_the_tenth_digit_is_not_seen_and_the_eighth_is():
    one = rows(1234.5678901, -0.00012345678901, 0.0, None)
    assert logical_hash(one) == logical_hash(rows(1234.56789011, -0.000123456789012, -0.0, None))
    assert content_hash(one) != content_hash(rows(1234.56789011, -0.00012345678901, 0.0, None))
    assert logical_hash(one) != logical_hash(rows(1234.5679901, -0.00012345678901, 0.0, None))
    assert logical_hash(one) != logical_hash(rows(1234.5678901, -0.00012345678901, None, 0.0))


def test_integers_are_never_rounded():
    big, next_one = (pa.table({"v": pa.array([n], pa.int64())}) for n in (10**15, 10**15 + 1))
    assert logical_hash(big) != logical_hash(next_one)
