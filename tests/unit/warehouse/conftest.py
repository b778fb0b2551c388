"""A store over an empty lake with three small tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from alm_pipeline.warehouse.gate import Gate
from alm_pipeline.warehouse.history import History
from alm_pipeline.warehouse.lake import Lake
from alm_pipeline.warehouse.manifests import Closes
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.session import Session
from alm_pipeline.warehouse.shapes import TableShape
from alm_pipeline.warehouse.store import Store

JANUARY = Partition(date(2026, 1, 31))
AWKWARD = "the bank's größte 50% + #1"
"""A folder as people name them."""


def shape_of(table: str, *more: str) -> TableShape:
    columns = {"as_of_date": "DATE"}
    columns |= dict.fromkeys(more, "VARCHAR")
    columns |= {"position_id": "VARCHAR", "amount": "DECIMAL(18,2)"}
    return TableShape(
        table=table,
        columns=columns,
        key=("as_of_date", *more, "position_id"),
        required=frozenset({"as_of_date", *more, "position_id"}),
        partition_by=("as_of_date", *more),
        version="1.0.0",
    )


@pytest.fixture
def open_store(tmp_path: Path) -> Callable[[], Store]:
    """Return a function that opens the same warehouse again, as another process would."""

    def build() -> Store:
        lake = Lake(tmp_path / AWKWARD / "lake")
        shapes = {
            "book.positions": shape_of("book.positions"),
            "book.checked": shape_of("book.checked"),
            "scenarios.values": shape_of("scenarios.values", "scenario"),
        }
        gate = Gate(lake, {"book.checked": frozenset({"ties"})})

        def session() -> Session:
            return Session(1, "1GB", tmp_path / AWKWARD / "spill")

        history = History(Closes(tmp_path / AWKWARD / "closes"), lake)
        return Store(session, lake, shapes, gate, history, ("base", "up"))

    return build


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()
