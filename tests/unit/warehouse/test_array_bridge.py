"""Rows of `book.positions` become the engine's arrays, or are refused by position."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from alm_pipeline.engine.arrays import NO_CODE, NO_DATE, CashFlowModel, RateType
from alm_pipeline.engine.conventions.calendar import BusinessDayConvention
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import index_tenor
from alm_pipeline.errors import CalculationError
from alm_pipeline.warehouse.array_bridge import engine_book
from tests.unit.warehouse.book_rows import (
    AS_OF,
    CODES,
    CURVES,
    FLOATING_INDEX,
    MORTGAGE,
    NO_EVENTS,
    table,
)


def bridged(*rows: dict[str, Any]):
    return engine_book(table(*rows), NO_EVENTS, AS_OF, CODES)


def test_a_mortgage_becomes_codes_and_offsets():
    book = bridged({})
    p = book.positions
    assert p.principal[0] == 200_000.0
    assert p.model[0] == CashFlowModel.ANNUITY
    assert p.day_count[0] == DayCount.THIRTY_E_360
    assert p.next_payment_offset[0] == 16  # 31 October to 16 November
    assert p.cap_rate[0] == np.inf
    assert p.floor_rate[0] == -np.inf
    assert p.next_reset_offset[0] == NO_DATE
    assert p.index_tenor[0] == NO_CODE
    assert p.cohort[0] == 0
    assert p.roll_day[0] == 15  # the 16th is the Monday after a Sunday
    assert p.replacement_tenor[0] == index_tenor("30Y")
    assert CODES.curve_ids[p.discount_curve[0]] == "usd_ois"


def test_each_calendar_and_rule_in_use_becomes_one_adjustment():
    book = bridged({}, {"business_day_convention": "none"}, {"calendar_id": "none"})
    assert book.positions.date_adjustment.tolist() == [1, 0, 0]
    rule, closed = book.adjustments[0]
    assert rule is BusinessDayConvention.FOLLOWING
    assert 1 in closed  # 1 November 2026 is a Sunday
    assert 26 in closed  # 26 November 2026, Thanksgiving


def test_groups_are_entity_currency_and_product():
    book = bridged({"entity_id": "B"}, {}, {"position_id": "A:loan:2"})
    assert book.positions.group.tolist() == [1, 0, 0]
    assert book.entity_id.tolist() == ["A", "B"]


def test_a_loans_own_amortisation_decides_how_it_repays():
    models = bridged({"amortisation_type": "linear"}, {"amortisation_type": "balloon"})
    assert models.positions.model.tolist() == [CashFlowModel.LINEAR, CashFlowModel.ANNUITY]


def test_a_floating_rate_has_its_index_and_is_replaced_in_its_tenor():
    row = {
        "rate_type": "floating", "index_id": FLOATING_INDEX, "reset_freq": "P3M",
        "next_reset_date": dt.date(2027, 1, 15),
    }  # fmt: skip
    p = bridged(row).positions
    assert p.rate_type[0] == RateType.FLOATING
    assert p.index_tenor[0] == p.replacement_tenor[0] == index_tenor("3M")
    assert CODES.curve_ids[p.index_curve[0]] == CURVES.indices[FLOATING_INDEX].curve


def test_a_daily_compounded_rate_resets_at_each_payment_for_the_period():
    row: dict[str, Any] = {"rate_type": "floating", "index_id": FLOATING_INDEX, "reset_freq": "P1D"}
    row |= {"interest_freq": "P3M", "next_reset_date": dt.date(2026, 11, 1)}
    p = bridged(row).positions
    assert p.reset_months[0] == 3
    assert p.index_tenor[0] == index_tenor("3M")
    assert p.next_reset_offset[0] == p.next_payment_offset[0]


def test_scope_and_treatment_decide_what_is_measured():
    p = bridged({"eve_treatment": "out_own_funds"}, {"is_in_irrbb_scope": False}).positions
    assert p.is_eve.tolist() == [False, False]
    assert p.is_nii.tolist() == [True, False]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"day_count": "act_364"}, "day_count act_364 has no code"),
        ({"rate_type": "guessed"}, "rate_type guessed has no code"),
        ({"index_id": "LIBOR"}, "index_id LIBOR has no code"),
        ({"behaviour_segment": "unheard_of"}, "behaviour_segment unheard_of has no code"),
        ({"coupon_rate": None}, "coupon_rate is null"),
        ({"start_date": None}, "start_date is null"),
        ({"currency": "GBP"}, "no curve to value them with"),
        ({"maturity_date": dt.date(2026, 10, 1)}, "matured on or before"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_position(row, message):
    with pytest.raises(CalculationError, match=rf"{message}.*book.positions.*A:loan:9"):
        bridged({}, row | {"position_id": "A:loan:9"})


def test_a_masked_array_and_a_missing_column_are_refused():
    columns = {name: [value] for name, value in MORTGAGE.items()}
    masked = columns | {"coupon_rate": np.ma.masked_array([0.06], mask=[True])}
    with pytest.raises(CalculationError, match="coupon_rate is a masked array"):
        engine_book(masked, NO_EVENTS, AS_OF, CODES)
    with pytest.raises(CalculationError, match="margin_rate is missing"):
        engine_book(
            {k: v for k, v in columns.items() if k != "margin_rate"}, NO_EVENTS, AS_OF, CODES
        )


def test_a_mortgage_offer_is_its_notional_paid_out_on_the_closing_date():
    closing = dt.date(2026, 11, 30)  # 30 days after 31 October
    offer = {"outstanding_principal": Decimal(0), "notional_amount": Decimal(150_000),
             "start_date": closing, "expected_close_date": closing, "last_payment_date": closing,
             "next_payment_date": dt.date(2026, 12, 30), "payment_amount": None}  # fmt: skip
    p = bridged({}, {**offer, "position_id": "A:commitment:1"}).positions
    assert p.model.tolist() == [CashFlowModel.ANNUITY, CashFlowModel.COMMITMENT]
    assert p.principal.tolist() == [200_000.0, 150_000.0]
    assert p.start_offset[1] == 30


def test_an_offer_that_is_no_annuity_is_refused_by_name():
    bullet = {"expected_close_date": dt.date(2026, 11, 30), "amortisation_type": "bullet"}
    with pytest.raises(CalculationError, match=r"offer that is no annuity.*A:loan:1"):
        bridged(bullet)
