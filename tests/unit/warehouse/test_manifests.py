"""Close manifests: what was published stays readable, and half a write is never seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from alm_pipeline.errors import WarehouseError
from alm_pipeline.warehouse.manifests import Closes, Manifest, PinnedTable, run_id_of
from alm_pipeline.warehouse.partition import Partition

JANUARY, FEBRUARY = date(2026, 1, 31), date(2026, 2, 28)


def manifest(day: date, run_id: str, supersedes: str = "") -> Manifest:
    pinned = PinnedTable("book.positions", Partition(day), 3, "abc", 12)
    return Manifest(day, run_id, {"code": "1"}, {"margins": "excluded"}, (pinned,), {}, supersedes)


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    closes = Closes(tmp_path)
    closes.publish(manifest(JANUARY, "one"))
    assert closes.current(JANUARY) == manifest(JANUARY, "one")


def test_a_restatement_supersedes_and_both_stay_readable(tmp_path: Path) -> None:
    closes = Closes(tmp_path)
    closes.publish(manifest(JANUARY, "one"))
    closes.publish(manifest(JANUARY, "two", supersedes="one"))
    current = closes.current(JANUARY)
    assert current is not None
    assert current.run_id == "two"
    assert [m.run_id for m in closes.all()] == ["one", "two"]


def test_earlier_closes_are_the_published_ones_latest_first(tmp_path: Path) -> None:
    closes = Closes(tmp_path)
    closes.publish(manifest(JANUARY, "one"))
    closes.publish(manifest(FEBRUARY, "two"))
    assert [m.run_id for m in closes.before(date(2026, 3, 31))] == ["two", "one"]
    assert [m.run_id for m in closes.before(FEBRUARY)] == ["one"]


def test_an_unknown_close_is_named(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no close nine"):
        Closes(tmp_path).read(JANUARY, "nine")


def test_no_half_written_file_is_left_beside_the_manifest(tmp_path: Path) -> None:
    closes = Closes(tmp_path)
    closes.publish(manifest(JANUARY, "one"))
    assert sorted(p.name for p in (tmp_path / "2026-01-31").iterdir()) == ["current", "one.json"]


def test_the_close_id_is_a_hash_of_all_inputs() -> None:
    inputs = {"code": "1", "file:loan": "2"}
    assert run_id_of(inputs) == run_id_of(dict(reversed(inputs.items())))
    assert run_id_of(inputs) != run_id_of(inputs | {"code": "9"})
    assert replace(manifest(JANUARY, run_id_of(inputs))).run_id == run_id_of(inputs)
