"""The content hash: values decide, not chunks, offsets or what lies under a null."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from alm_pipeline.errors import WarehouseError
from alm_pipeline.warehouse.content import combined_hash, content_hash


def table() -> pa.Table:
    return pa.table(
        {
            "text": ["a", None, "cc", ""],
            "number": pa.array([1.5, -0.0, None, 2.0]),
            "count": pa.array([1, 2, None, 4], pa.int64()),
            "money": pa.array(
                [Decimal("1.00"), None, Decimal("-2.50"), Decimal(0)], pa.decimal128(18, 2)
            ),
            "day": pa.array([date(2026, 1, 31), None, date(1993, 6, 30), date(2026, 1, 1)]),
            "flag": pa.array([True, None, False, True]),
        }
    )


def test_slices_and_chunks_of_the_same_rows_have_one_hash() -> None:
    whole = table()
    pieces = pa.concat_tables([whole.slice(0, 1), whole.slice(1, 2), whole.slice(3)])
    longer = pa.concat_tables([whole, whole])
    assert content_hash(pieces) == content_hash(whole)
    assert content_hash(longer.slice(4, 4)) == content_hash(whole)


def test_negative_zero_is_zero() -> None:
    assert content_hash(pa.table({"x": [0.0]})) == content_hash(pa.table({"x": [-0.0]}))


def test_what_lies_under_a_null_does_not_count() -> None:
    hidden = pa.Array.from_buffers(
        pa.float64(), 2, [pa.py_buffer(b"\x01"), pa.py_buffer(np.array([1.0, 9.0]).tobytes())]
    )
    assert content_hash(pa.table({"x": hidden})) == content_hash(pa.table({"x": [1.0, None]}))


@pytest.mark.parametrize("column", ["text", "number", "count", "money", "day", "flag"])
def test_every_column_counts(column: str) -> None:
    whole = table()
    reversed_column = whole.column(column).take([3, 2, 1, 0])
    place = whole.column_names.index(column)
    assert content_hash(whole.set_column(place, column, reversed_column)) != content_hash(whole)


def test_a_null_is_not_an_empty_text() -> None:
    assert content_hash(pa.table({"x": ["", "a"]})) != content_hash(
        pa.table({"x": pa.array([None, "a"])})
    )


def test_moving_a_letter_between_rows_changes_the_hash() -> None:
    assert content_hash(pa.table({"x": ["ab", "c"]})) != content_hash(pa.table({"x": ["a", "bc"]}))


def test_nan_is_refused() -> None:
    with pytest.raises(WarehouseError, match="column x holds NaN"):
        content_hash(pa.table({"x": [float("nan")]}))


def test_named_hashes_do_not_depend_on_their_order() -> None:
    assert combined_hash({"a": "1", "b": "2"}) == combined_hash({"b": "2", "a": "1"})
