"""Replacing and reading partitions: one commit per new content, none for the same content."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from alm_pipeline.errors import DataError, GateError, WarehouseError
from alm_pipeline.warehouse.lake import Lake
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.store import Store

JANUARY = Partition(date(2026, 1, 31))


def rows(*amounts: tuple[str | None, str], scenario: str | None = None) -> pa.Table:
    columns: dict[str, list[object]] = {"as_of_date": [JANUARY.as_of_date] * len(amounts)}
    if scenario:
        columns["scenario"] = [scenario] * len(amounts)
    columns["position_id"] = [position for position, _ in amounts]
    columns["amount"] = [Decimal(amount) for _, amount in amounts]
    return pa.table(columns)


def replace(store: Store, table: pa.Table, name: str = "book.positions", **more: object) -> bool:
    partition = JANUARY.under(str(more.get("scenario", "")))
    return store.replace_partition(name, partition, table, {"source": "a"}, "code").is_changed


def test_the_same_rows_in_another_order_commit_nothing(store: Store) -> None:
    assert replace(store, rows(("A", "1.00"), ("B", "2.00")))
    version = store.lake.versions("book.positions")
    assert not replace(store, rows(("B", "2.00"), ("A", "1.00")))
    assert store.lake.versions("book.positions") == version


def test_a_changed_amount_is_a_new_version_and_the_old_one_stays_readable(store: Store) -> None:
    replace(store, rows(("A", "1.00")))
    old = store.entry("book.positions", JANUARY)
    replace(store, rows(("A", "1.01")))
    assert store.table("book.positions", JANUARY).column("amount").to_pylist() == [Decimal("1.01")]
    files = store.lake.files("book.positions", JANUARY, old.version)
    store.session.bind_files("old.positions", files, store.shape("book.positions").columns)
    assert store.session.value("select amount from old.positions") == Decimal("1.00")


def test_scenarios_replace_only_their_own_partition(store: Store) -> None:
    for scenario, amount in (("base", "1.00"), ("up", "2.00")):
        table = rows(("A", amount), scenario=scenario)
        replace(store, table, "scenarios.values", scenario=scenario)
    replace(store, rows(("A", "3.00"), scenario="up"), "scenarios.values", scenario="up")
    store.bind("scenarios.values", JANUARY)
    found = store.session.rows("select scenario, amount from scenarios.values order by scenario")
    assert found == [
        {"scenario": "base", "amount": Decimal("1.00")},
        {"scenario": "up", "amount": Decimal("3.00")},
    ]


def test_what_a_commit_replaced_is_known_without_opening_the_table(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, up = JANUARY.under("base"), JANUARY.under("up")
    for amounts in ([("A", "1.00")], []):
        for one in (base, up):
            listed = rows(*amounts, scenario=one.scenario)
            replace(store, listed, "scenarios.values", scenario=one.scenario)
    lake, empty = Lake(store.lake.root), store.entry("scenarios.values", up).version
    monkeypatch.setattr("alm_pipeline.warehouse.lake.DeltaTable", None)
    assert lake.files("scenarios.values", up, empty) == []
    assert len(lake.files("scenarios.values", up, empty - 2)) == 1
    with pytest.raises(TypeError, match="NoneType"):  # another partition's commit
        lake.files("scenarios.values", base, empty)


def test_a_month_cannot_be_read_while_a_closing_scenario_is_missing(store: Store) -> None:
    replace(store, rows(("A", "1.00"), scenario="base"), "scenarios.values", scenario="base")
    with pytest.raises(WarehouseError, match=r"scenarios.values has not been materialised .*up"):
        store.bind("scenarios.values", JANUARY)


def test_two_rows_with_one_key_are_refused_and_nothing_is_written(store: Store) -> None:
    with pytest.raises(DataError, match="share a key"):
        replace(store, rows(("A", "1.00"), ("A", "2.00")))
    assert store.registry.find("book.positions", JANUARY) is None


def test_a_null_in_a_required_column_is_refused_with_its_count(store: Store) -> None:
    with pytest.raises(DataError, match="position_id: 1 rows"):
        replace(store, rows((None, "1.00")))


def test_a_table_with_blocking_checks_cannot_be_read_before_they_ran(store: Store) -> None:
    replace(store, rows(("A", "1.00")), "book.checked")
    with pytest.raises(GateError, match="have not run"):
        store.bind("book.checked", JANUARY)


def verdict(store: Store, *, is_passed: bool) -> None:
    store.gate.record(
        [
            {
                "as_of_date": JANUARY.as_of_date,
                "scenario": "",
                "table_name": "book.checked",
                "checked_hash": store.checked_hash("book.checked", JANUARY),
                "check_id": "ties",
                "rule_id": "ties",
                "stage": "book",
                "severity": "blocking",
                "is_blocking": True,
                "n_rows": 1,
                "failed_rows": 0 if is_passed else 1,
                "failed_amount": Decimal(0),
                "is_passed": is_passed,
                "message": "" if is_passed else "ledger and positions differ",
                "sample": "[]",
            }
        ]
    )


def test_a_failed_blocking_check_stops_readers_in_this_and_in_a_later_process(
    open_store: Callable[[], Store],
) -> None:
    first = open_store()
    replace(first, rows(("A", "1.00")), "book.checked")
    verdict(first, is_passed=False)
    for store in (first, open_store()):
        with pytest.raises(GateError, match="ledger and positions differ"):
            store.bind("book.checked", JANUARY)


def test_a_verdict_lapses_when_the_content_changes(store: Store) -> None:
    replace(store, rows(("A", "1.00")), "book.checked")
    verdict(store, is_passed=True)
    store.bind("book.checked", JANUARY)
    replace(store, rows(("A", "2.00")), "book.checked")
    with pytest.raises(GateError, match="have not run"):
        store.bind("book.checked", JANUARY)


def test_another_process_sees_a_commit_and_knows_what_it_was_made_from(
    open_store: Callable[[], Store],
) -> None:
    first = open_store()
    replace(first, rows(("A", "1.00")))
    second = open_store()
    assert second.is_current("book.positions", JANUARY, {"source": "a"}, "code")
    assert second.is_current("book.positions", JANUARY, {"source": "b"}, "code") is None
    assert second.is_current("book.positions", JANUARY, {"source": "a"}, "newer") is None


def test_content_that_comes_back_under_other_inputs_is_known_by_both(store: Store) -> None:
    replace(store, rows(("A", "1.00")))
    store.replace_partition("book.positions", JANUARY, rows(("A", "1.00")), {"source": "b"}, "code")
    for source in ("a", "b"):
        assert store.is_current("book.positions", JANUARY, {"source": source}, "code")


def test_a_commit_whose_registry_row_was_lost_is_made_again(
    open_store: Callable[[], Store],
) -> None:
    store = open_store()
    replace(store, rows(("A", "1.00")))
    # A kill between the data commit and the registry row: the lake has moved, nobody knows.
    shape = store.shape("book.positions")
    table = store.table("book.positions", JANUARY)
    store.lake.overwrite("book.positions", JANUARY, table.slice(0, 0), {})
    assert open_store().table("book.positions", JANUARY).num_rows == 1
    assert replace(open_store(), rows(("B", "5.00")))
    again = open_store().table("book.positions", JANUARY)
    assert again.column("position_id").to_pylist() == ["B"]
    assert again.column_names == list(shape.columns)
