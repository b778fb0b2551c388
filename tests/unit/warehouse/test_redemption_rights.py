"""Calls and puts of the book: read by position, refused by name where they have no value."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from alm_pipeline.errors import CalculationError
from alm_pipeline.warehouse.array_bridge import engine_book
from tests.unit.warehouse.book_rows import (
    AS_OF,
    CODES,
    FLOATING_INDEX,
    YEARLY_BULLET,
    events,
    table,
)

ID = "A:loan:1"
BOND = YEARLY_BULLET | {"maturity_date": dt.date(2029, 10, 31)}
CALL, PUT = ("2028-10-31", "call", 1010.0), ("2027-10-31", "put", 990.0)


def rights(row: dict[str, Any], *listed: tuple[str, str, float]):
    return engine_book(table(BOND | row), events(ID, *listed), AS_OF, CODES).rights


def test_rights_are_sorted_by_day_and_keep_their_price_and_holder():
    (one,) = rights({}, CALL, PUT)
    assert one.row == 0
    assert one.exercise_offsets.tolist() == [365, 731]
    assert one.exercise_prices.tolist() == [990.0, 1010.0]
    assert one.is_put.tolist() == [True, False]


def test_a_right_leaves_the_position_on_its_common_grid():
    book = engine_book(table(BOND), events(ID, CALL), AS_OF, CODES)
    assert (book.agendas.first == book.agendas.last).all()


def test_a_contract_with_a_list_of_its_own_may_be_called_too():
    listed = (("2027-10-31", "principal", 400.0), CALL)
    book = engine_book(
        table(BOND | {"amortisation_type": "schedule"}), events(ID, *listed), AS_OF, CODES
    )
    assert len(book.rights) == 1
    assert (book.agendas.first < book.agendas.last).all()


@pytest.mark.parametrize("model", ["non_performing", "balance_only"])
def test_who_pays_no_agreed_cash_has_lost_its_rights(model):
    recovery = {"expected_recovery_date": dt.date(2028, 10, 31)}
    assert rights({"cash_flow_model": model} | recovery, CALL) == ()


FLOATER = {
    "rate_type": "floating", "index_id": FLOATING_INDEX, "reset_freq": "P1Y",
    "next_reset_date": dt.date(2027, 10, 31),
}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "listed", "reason"),
    [
        (FLOATER, (CALL,), "whose rate is not fixed"),
        ({"is_prepayable": True}, (CALL,), "customers who may leave early"),
        ({"is_redeemable": True}, (PUT,), "customers who may leave early"),
        ({}, (CALL, ("2028-10-31", "put", 1.0)), "a call and a put on one day"),
        ({}, (("2029-10-31", "call", 1000.0),), "not before the maturity"),
        ({}, (("2030-10-31", "put", 1000.0),), "not before the maturity"),
        ({}, (("2026-10-31", "call", 1000.0),), "on or before the as-of date"),
        ({}, (("2027-01-31", "draw", 10.0), CALL), "still drawn"),
        (
            {"cash_flow_model": "revolving", "maturity_date": dt.date(2029, 10, 31)},
            (CALL,),
            "of an account, a line",
        ),
    ],
)
def test_rights_without_a_value_are_refused_with_their_positions(row, listed, reason):
    with pytest.raises(CalculationError, match=reason) as caught:
        rights(row, *listed)
    assert ID in str(caught.value)


def test_other_positions_are_not_named():
    others = [BOND | {"position_id": f"A:loan:{k}"} for k in (1, 2)]
    book = engine_book(table(*others), events("A:loan:2", CALL), AS_OF, CODES)
    assert [one.row for one in book.rights] == [1]
    assert isinstance(book.rights[0].exercise_offsets, np.ndarray)
