"""What a cap inside a loan takes from the interest of a month, by hand."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping

import numpy as np
import pytest

from alm_pipeline.engine.arrays import Behaviour, Curves, FloatArray
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate
from alm_pipeline.orchestration.automatic_options import of_groups, option_interest
from alm_pipeline.warehouse.array_bridge import EngineBook, engine_book
from tests.unit.warehouse.book_rows import (
    AS_OF,
    CODES,
    FLOATING_INDEX,
    NO_EVENTS,
    YEARLY_BULLET,
    table,
)

FLOATER = {
    **YEARLY_BULLET, "product_code": "corporate_loan", "behaviour_segment": "none",
    "rate_type": "floating", "index_id": FLOATING_INDEX, "day_count": "act_360",
    "interest_freq": "P3M", "reset_freq": "P3M", "coupon_rate": 0.05, "margin_rate": 0.0,
    "start_date": dt.date(2025, 10, 31), "next_payment_date": dt.date(2026, 12, 31),
    "next_reset_date": dt.date(2026, 12, 31), "maturity_date": dt.date(2028, 12, 31),
    "last_payment_date": dt.date(2026, 9, 30),
}  # fmt: skip
"""1,000 at three months' index, reset at the year's end."""
ZERO_RATE = 0.08


def months(book: EngineBook) -> Mapping[str, FloatArray]:
    rates = np.full((1, len(CODES.curve_ids), 1), ZERO_RATE)
    curves = Curves(
        tenor_days=np.array([365], np.int32), zero_rates=rates, base_zero_rates=rates[0]
    )
    options = SimulationOptions(
        as_of_date=np.datetime64(AS_OF), lenses=("value", "income", "months")
    )
    nobody = Behaviour.none(1)
    return simulate(book.positions, curves, nobody, (), options, book.agendas).monthly


def book_of(*rows: Mapping[str, object]) -> EngineBook:
    return engine_book(table(*(FLOATER | dict(row) for row in rows)), NO_EVENTS, AS_OF, CODES)


def test_a_cap_takes_what_the_index_is_above_it_from_the_next_reset_on():
    found = option_interest(book_of({"cap_rate": 0.06}), months)[0, :, 0]
    # from 31 December to 31 March, 90 days, the index is (e^(8 % x 90/365) - 1) x 360/90
    index = (math.exp(ZERO_RATE * 90 / 365) - 1.0) * 4.0
    assert found[:2].tolist() == [0.0, 0.0]  # November and December at the rate as it is
    # January has 31 days, but the first and the last day of a month belong to one side each
    assert found[2] == pytest.approx(-1000.0 * (index - 0.06) * 31 / 360, rel=1e-9)
    assert found[3] == pytest.approx(-1000.0 * (index - 0.06) * 28 / 360, rel=1e-9)


def test_a_floor_far_below_brings_nothing_and_one_above_all_that_is_missing():
    far = option_interest(book_of({"floor_rate": 0.01}), months)
    assert (far == 0.0).all()
    near = option_interest(book_of({"floor_rate": 0.1}), months)[0, :, 0]
    index = (math.exp(ZERO_RATE * 90 / 365) - 1.0) * 4.0
    assert near[2] == pytest.approx(1000.0 * (0.1 - index) * 31 / 360, rel=1e-9)


def test_what_few_hold_stands_in_their_groups_of_the_whole_book():
    held = book_of({"cap_rate": 0.06})
    other = {"position_id": "A:loan:2", "entity_id": "A", "product_code": "mortgage_fixed"}
    capped = {"position_id": "A:loan:3", "cap_rate": 0.06}
    whole = book_of(other, capped)
    amounts = option_interest(held, months)
    found = of_groups(amounts, held, whole)
    assert found.shape[0] == 2
    group = list(whole.product_code).index("corporate_loan")
    assert np.array_equal(found[group], amounts[0])
    assert (found[1 - group] == 0.0).all()
