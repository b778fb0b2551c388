"""Indices fixed before the as-of date for a reset after it: used on both paths, or refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from alm_pipeline.engine.arrays import EventType
from alm_pipeline.engine.simulation.events import project
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.errors import CalculationError
from alm_pipeline.warehouse.array_bridge import engine_book
from tests.unit.warehouse.book_rows import AS_OF, CODES, NO_EVENTS, events, table
from tests.unit.warehouse.test_agenda_bridge import FLOATER, ID, customers, market

FEE = ("2027-04-30", "fee", 5.0)
LAGGING = FLOATER | {"fixing_lag_days": 100, "next_fixing_rate": 0.07, "behaviour_segment": None}
"""1,000 at 6 % until 31 January 2027, then the 3-month index + 1 %; it was read 100 days before."""


def interest(row: dict[str, Any], *listed: tuple[str, str, float]) -> list[float]:
    """Return the first two payments of interest."""
    found = events(ID, *listed) if listed else NO_EVENTS
    book = engine_book(table(row), found, AS_OF, CODES)
    has_agenda = bool((book.agendas.first < book.agendas.last).any())
    assert has_agenda == bool(listed)
    made = project(
        book.positions,
        market(),
        customers(),
        SimulationOptions(as_of_date=np.datetime64(AS_OF, "D")),
        book.agendas,
    )
    paid = made.interest[made.event_type == EventType.INTEREST]
    return [float(one) for one in paid[:2]]


@pytest.mark.parametrize("listed", [(), (FEE,)])
def test_the_fixing_is_paid_on_a_grid_and_on_an_agenda(listed):
    # 30E/360 quarters: 1,000 x 6 % / 4 = 15.00, then 1,000 x (7 % + 1 %) / 4 = 20.00
    assert interest(LAGGING, *listed) == pytest.approx([15.0, 20.0], abs=1e-9)


@pytest.mark.parametrize("listed", [(), (FEE,)])
def test_what_is_not_fixed_yet_follows_the_curve_whatever_is_delivered(listed):
    # 31 January less 90 days is 2 November: the forward of a curve flat at 3 %, not 7 %
    _, second = interest(LAGGING | {"fixing_lag_days": 90}, *listed)
    forward = np.expm1(0.03 * 89 / 365) * 360 / 89  # 31 January to 30 April, ACT/360
    assert second == pytest.approx(1000 * (forward + 0.01) / 4, abs=1e-9)


@pytest.mark.parametrize("listed", [(), (FEE,)])
def test_a_fixing_that_is_not_delivered_is_refused_with_its_position(listed):
    with pytest.raises(CalculationError, match="is fixed already and the fixing is not") as caught:
        interest(LAGGING | {"next_fixing_rate": None}, *listed)
    assert ID in str(caught.value)


def test_the_last_day_on_which_the_index_could_be_read_counts():
    # 31 January 2027 is 92 days after the as-of date: read on it with a lag of 92 days
    days = (dt.date(2027, 1, 31) - AS_OF).days
    assert days == 92
    assert interest(LAGGING | {"fixing_lag_days": 92})[1] == pytest.approx(20.0, abs=1e-9)
    assert interest(LAGGING | {"fixing_lag_days": 91})[1] != pytest.approx(20.0, abs=0.1)
