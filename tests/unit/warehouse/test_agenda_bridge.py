"""Positions that no common grid describes: what is paid when, and what is refused by name.

Cash is read from the engine's own events, so that a number is what a close would use.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from alm_pipeline.engine.arrays import (
    MAX_OFFSET,
    Behaviour,
    Buckets,
    Curves,
    EventType,
)
from alm_pipeline.engine.simulation.events import project
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate
from alm_pipeline.errors import CalculationError
from alm_pipeline.warehouse.array_bridge import EngineBook, engine_book
from tests.unit.warehouse.book_rows import (
    AS_OF,
    CODES,
    FLOATING_INDEX,
    NO_EVENTS,
    YEARLY_BULLET,
    events,
    table,
)

ID = "A:loan:1"
CENT = 0.005
RATE = 0.03
PLAIN = YEARLY_BULLET
"""1,000 at 6 %, 30E/360, yearly until 31 October 2028."""

LISTED = PLAIN | {"amortisation_type": "schedule"}
FLOATER = PLAIN | {
    "rate_type": "floating", "index_id": FLOATING_INDEX, "reset_freq": "P3M", "spread_rate": 0.01,
    "interest_freq": "P3M", "next_payment_date": dt.date(2027, 1, 31),
    "next_reset_date": dt.date(2027, 1, 31),
}  # fmt: skip
LEG = PLAIN | {
    "cash_flow_model": "swap_leg", "product_code": "swap_pay_fixed", "behaviour_segment": None,
    "outstanding_principal": Decimal(0), "notional_amount": Decimal("1000.00"), "direction": -1,
}  # fmt: skip
YEAR_1, YEAR_2 = 365, 731  # 31 October 2027 and 2028


def bridged(row: dict[str, Any], *listed: tuple[str, str, float]) -> EngineBook:
    found = events(ID, *listed) if listed else NO_EVENTS
    return engine_book(table(row), found, AS_OF, CODES)


def market(n: int = 1) -> Curves:
    """The same flat curve `n` times."""
    rates = np.full((len(CODES.curve_ids), 1), RATE)
    days = np.array([365], dtype=np.int32)
    return Curves(tenor_days=days, zero_rates=np.stack([rates] * n), base_zero_rates=rates)


def customers(prepayment: tuple[float, ...] = (0.0,), redemption: float = 0.0) -> Behaviour:
    """What the first of two cohorts does in as many scenarios as there are rates."""
    n, zero = len(prepayment), np.zeros(2)
    return Behaviour(
        annual_prepayment_rate=np.array([prepayment, (0.0,) * n]),
        redemption_share=np.array([[redemption] * n, [0.0] * n]),
        core_share=zero,
        core_run_off_months=np.zeros(2, np.int32),
        pass_through_up=zero,
        pass_through_down=zero,
        lag_months=np.zeros(2, np.int32),
        rate_floor=zero,
    )


def options(book: EngineBook) -> SimulationOptions:
    return SimulationOptions(as_of_date=np.datetime64(AS_OF, "D"), adjustments=book.adjustments)


def cash(book: EngineBook, behaviour: Behaviour | None = None) -> dict[int, tuple[float, float]]:
    """Return principal and interest by day, for the only position."""
    given = behaviour or customers()
    found = project(book.positions, market(), given, options(book), book.agendas)
    by_day: dict[int, tuple[float, float]] = {}
    for day, principal, interest in zip(
        found.event_offset.tolist(), found.principal, found.interest, strict=True
    ):
        before = by_day.get(day, (0.0, 0.0))
        by_day[day] = (before[0] + float(principal), before[1] + float(interest))
    return {day: flows for day, flows in by_day.items() if any(flows)}


def near(expected: dict[int, tuple[float, float]]) -> dict[int, Any]:
    return {day: pytest.approx(flows, abs=CENT) for day, flows in expected.items()}


def results(book: EngineBook, behaviour: Behaviour | None = None) -> Any:
    given = behaviour or customers()
    everything = Buckets(name="all", upper_offset=np.array([MAX_OFFSET], dtype=np.int32))
    n = given.annual_prepayment_rate.shape[1]
    return simulate(book.positions, market(n), given, (everything,), options(book), book.agendas)


def test_a_listed_loan_repays_draws_and_pays_interest_on_its_grid():
    # 400 repaid on 30 April 2027 (181 days, 180 of 360), 100 drawn on 31 July (90 of 360 later),
    # 700 left from then on. Interest on 31 October 2027: 1,000 x 6 % / 2 + 600 x 6 % / 4 +
    # 700 x 6 % / 4 = 30 + 9 + 10.50 = 49.50; a year later 700 x 6 % = 42.
    book = bridged(
        LISTED,
        ("2027-04-30", "principal", 400.0),
        ("2027-07-31", "draw", 100.0),
        ("2028-10-31", "principal", 700.0),
    )
    assert cash(book) == near(
        {181: (400.0, 0.0), 273: (-100.0, 0.0), YEAR_1: (0.0, 49.5), YEAR_2: (700.0, 42.0)}
    )


def test_agreed_interest_is_paid_whatever_the_rate_and_accrues_until_then():
    # 50 agreed for 31 January 2027 (a quarter), so 20 % a year on 1,000 until then; afterwards
    # 6 % again: 1,000 x 6 % x 9 / 12 = 45 on 31 October 2027. Twelve months earn 50 + 45 = 95, and
    # the 1,000 repaid in two years is replaced outside the window.
    book = bridged(LISTED, ("2027-01-31", "interest", 50.0), ("2028-10-31", "principal", 1000.0))
    assert cash(book) == near({92: (0.0, 50.0), YEAR_1: (0.0, 45.0), YEAR_2: (1000.0, 60.0)})
    assert results(book).net_interest_income[12][0, 0] == pytest.approx(95.0, abs=CENT)


def test_agreed_interest_of_a_loan_that_prepays_shrinks_with_it():
    # 60 on 31 October 2028 follows 60 agreed a year before, after which a tenth is prepaid:
    # 10 % of 1,000 = 100 prepaid on the first, 60 x 0.9 = 54 and the other 900 on the second.
    row = LISTED | {"is_prepayable": True}
    agreed = [("2027-10-31", "interest", 60.0), ("2028-10-31", "interest", 60.0)]
    book = bridged(row, *agreed, ("2028-10-31", "principal", 1000.0))
    prepaying = customers((0.1,))
    assert cash(book, prepaying) == near({YEAR_1: (100.0, 60.0), YEAR_2: (900.0, 54.0)})


def test_a_step_changes_the_coupon_and_is_no_repricing():
    # 6 % until 30 April 2027, then 4 %: 1,000 x (6 % + 4 %) / 2 = 50, then 40.
    row = PLAIN | {"rate_type": "step"}
    book = bridged(row, ("2027-04-30", "rate_step", 0.04))
    assert cash(book) == near({YEAR_1: (0.0, 50.0), YEAR_2: (1000.0, 40.0)})
    found = project(book.positions, market(), customers(), options(book), book.agendas)
    assert EventType.RESET not in found.event_type


def test_a_teaser_steps_and_then_follows_its_index():
    # 6 % for the first quarter, 7 % agreed for the second from 31 January on, then the index of
    # a flat curve for 92 days plus 1 %: (e^(3 % x 92/365) - 1) x 360/92 + 1 % = 3.97012 %.
    row = FLOATER | {"rate_type": "step", "next_reset_date": dt.date(2027, 4, 30)}
    book = bridged(row, ("2027-01-31", "rate_step", 0.07))
    found = cash(book)
    index = (np.exp(RATE * 92 / 365) - 1.0) * 360 / 92
    assert index == pytest.approx(0.0297012, abs=1e-7)
    assert found[92][1] == pytest.approx(15.0, abs=CENT)
    assert found[181][1] == pytest.approx(17.5, abs=CENT)  # 1,000 x 7 % / 4
    assert found[273][1] == pytest.approx(1000.0 * 0.0397012 / 4, abs=CENT)


def test_an_annuity_is_computed_anew_at_a_step():
    # 1,000 in two yearly instalments at 6 %: 1,000 x 0.06 / (1 - 1.06^-2) = 545.44, of it 60
    # interest. From 31 October 2027 on 10 %: 514.56 left, 51.46 interest.
    row = PLAIN | {"amortisation_type": "annuity", "principal_freq": "P1Y"}
    book = bridged(row | {"payment_amount": Decimal("545.44")}, ("2027-10-31", "rate_step", 0.10))
    assert cash(book) == near({YEAR_1: (485.44, 60.0), YEAR_2: (514.56, 51.46)})


def test_a_rate_that_is_fixed_every_week_follows_the_forward_each_week():
    # From 7, 14 and 21 November three months have 92 days: on a flat curve each index is
    # (e^(3 % x 92/365) - 1) x 360/92 = 2.97012 %. A bullet of 28 days pays once.
    row = FLOATER | {
        "reset_freq": "P1W", "next_reset_date": dt.date(2026, 11, 7), "interest_freq": "P0D",
        "next_payment_date": dt.date(2026, 11, 28), "maturity_date": dt.date(2026, 11, 28),
        "day_count": "act_360",
    }  # fmt: skip
    book = bridged(row)
    found = project(book.positions, market(), customers(), options(book), book.agendas)
    resets = found.event_offset[found.event_type == EventType.RESET]
    assert resets.tolist() == [7, 14, 21]
    # 7 days at 6 %, then 21 at the index + 1 % = 3.97012 %: 1.166667 + 2.315903 = 3.48
    assert cash(book)[28] == pytest.approx((1000.0, 3.48), abs=CENT)


def test_a_rate_compounded_daily_until_maturity_earns_the_forward():
    # Today's 6 % for one day; then the forward from day 1 to day 731 plus 1 %, ACT/360:
    # 1,000 x [6 %/360 + (e^(3 % x 730/365) - 1) + 1 % x 730/360] = 0.1667 + 61.8365 + 20.2778
    row = FLOATER | {
        "reset_freq": "P1D", "next_reset_date": dt.date(2026, 11, 1), "interest_freq": "P0D",
        "next_payment_date": None, "day_count": "act_360",
    }  # fmt: skip
    assert cash(bridged(row)) == near({YEAR_2: (1000.0, 82.28)})


def test_interest_every_week_and_principal_every_month_have_a_grid_each():
    # 90 at 6 % over 30 November and 31 October + 2 months: principal 30 on 30 November, 30 on
    # 31 December (both counted back from 31 January 2027), 30 at maturity; interest every 7 days.
    row = PLAIN | {
        "amortisation_type": "linear", "outstanding_principal": Decimal("90.00"),
        "interest_freq": "P7D", "principal_freq": "P1M", "next_payment_date": dt.date(2026, 11, 7),
        "maturity_date": dt.date(2027, 1, 31), "day_count": "act_360",
    }  # fmt: skip
    found = cash(bridged(row))
    repaid = {day: principal for day, (principal, _) in found.items() if principal}
    assert repaid == pytest.approx({30: 30.0, 61: 30.0, 92: 30.0})
    assert [day for day, (_, interest) in found.items() if interest] == [*range(7, 92, 7), 92]
    # 90 x 6 % x 7/360 = 0.105; the fifth week has 90 for 2 days and 60 for 5
    assert found[7][1] == pytest.approx(0.105, abs=1e-9)
    assert found[35][1] == pytest.approx(0.06 * (90 * 2 + 60 * 5) / 360, abs=1e-9)


def test_an_amortising_leg_pays_interest_on_what_is_left_of_its_notional():
    # Linear over two years: 1,000 x 6 % = 60, then 500 x 6 % = 30; nobody pays the notional.
    row = LEG | {"amortisation_type": "linear", "principal_freq": "P1Y"}
    assert cash(bridged(row)) == near({YEAR_1: (0.0, -60.0), YEAR_2: (0.0, -30.0)})
    # By list: 250 less from 30 April 2027 on: 1,000 x 3 % + 750 x 3 % = 52.50, then 45.
    listed = bridged(LEG | {"amortisation_type": "schedule"}, ("2027-04-30", "principal", 250.0))
    assert cash(listed) == near({YEAR_1: (0.0, -52.5), YEAR_2: (0.0, -45.0)})


def test_arrears_are_paid_tomorrow_and_the_running_interest_when_it_is_due():
    # 200 principal and 12 interest unpaid, 30 more accrued since 30 April: 212 tomorrow; on
    # 31 October 2027 the 30 and a year on 800, 48.
    row = PLAIN | {
        "past_due_principal_amount": Decimal("200.00"), "accrued_interest": Decimal("42.00"),
        "past_due_interest_amount": Decimal("12.00"),
    }  # fmt: skip
    book = bridged(row)
    assert cash(book) == near({1: (200.0, 12.0), YEAR_1: (0.0, 78.0), YEAR_2: (800.0, 48.0)})


def test_a_deposit_with_a_step_is_withdrawn_like_any_other():
    # A tenth leaves overnight; 900 x (6 % + 4 %) / 2 = 45 less what day 1 earned on 1,000 more:
    # 100 x 6 % x 0/360 (30E/360 has no 31 October) = 0, so 45, then 36.
    row = PLAIN | {"direction": -1, "is_redeemable": True, "rate_type": "step"}
    book = bridged(row, ("2027-04-30", "rate_step", 0.04))
    withdrawn = customers(redemption=0.1)
    found = cash(book, withdrawn)
    assert found[1][0] == pytest.approx(-100.0)
    assert found[YEAR_2] == pytest.approx((-900.0, -36.0), abs=CENT)


MONTHLY = {
    "principal_freq": "P1M", "interest_freq": "P1M", "start_date": dt.date(2026, 10, 15),
    "last_payment_date": dt.date(2026, 10, 15), "next_payment_date": dt.date(2026, 11, 16),
    "maturity_date": dt.date(2036, 10, 15), "business_day_convention": "following",
    "calendar_id": "us", "is_end_of_month": False, "accrued_interest": Decimal("2.50"),
    "is_prepayable": True,
}  # fmt: skip
INTEREST_ONLY = {
    "amortisation_type": "interest_only_then_annuity",
    "interest_only_end_date": dt.date(2030, 10, 15),
}


@pytest.mark.parametrize(
    "terms",
    [
        {"amortisation_type": "bullet"},
        {"amortisation_type": "linear"},
        {"amortisation_type": "linear", "payment_amount": Decimal("5.00")},
        {"amortisation_type": "linear", "interest_freq": "P3M"},
        INTEREST_ONLY,
    ],
    ids=["bullet", "linear", "linear given", "interest quarterly", "interest only"],
)
def test_a_step_to_the_same_coupon_changes_nothing(terms):
    row, prepaying = PLAIN | MONTHLY | terms, customers((0.0, 0.1))
    on_grid = results(bridged(row), prepaying)
    stepped = results(bridged(row, ("2026-12-20", "rate_step", 0.06)), prepaying)
    assert stepped.present_value == pytest.approx(on_grid.present_value, abs=1e-6)
    for months in (12, 24):
        expected = on_grid.net_interest_income[months]
        assert stepped.net_interest_income[months] == pytest.approx(expected, abs=1e-6)
    assert stepped.principal["prepaid"] == pytest.approx(on_grid.principal["prepaid"], abs=1e-6)


@pytest.mark.parametrize("direction", [1, -1])
def test_a_fee_is_cash_of_its_own_from_the_one_who_owes(direction):
    # 5.00 on 30 April 2027, 181 days ahead, at 3 % continuous: 5 x exp(-0.03 x 181 / 365)
    row = PLAIN | {"direction": direction}
    plain = results(bridged(row)).present_value
    with_fee = results(bridged(row, ("2027-04-30", "fee", 5.0))).present_value
    expected = direction * 5.0 * np.exp(-RATE * 181 / 365)
    assert with_fee - plain == pytest.approx(expected)


@pytest.mark.parametrize(
    ("row", "listed", "reason"),
    [
        (LISTED, ("2027-04-30", "draw", 5.0), "no principal is scheduled"),
        (PLAIN, ("2027-04-30", "principal", 5.0), "the amortisation is not a schedule"),
        (LISTED, ("2027-04-30", "principal", 1000.02), "more principal is scheduled"),
        (LISTED, ("2029-04-30", "principal", 5.0), "after the maturity"),
        (FLOATER, ("2027-04-30", "interest", 5.0), "agreed interest of a floating rate"),
        (PLAIN | {"rate_type": "administered", "index_id": FLOATING_INDEX},
         ("2027-04-30", "rate_step", 0.05), "at an administered rate"),
        (PLAIN | {"maturity_date": None}, ("2027-04-30", "rate_step", 0.05), "no maturity"),
        (LEG | {"cash_flow_model": "cap_floor"}, ("2027-04-30", "rate_step", 0.05), "an option"),
        (PLAIN | {"amortisation_type": "balloon", "balloon_amount": Decimal(100),
                  "principal_freq": "P1Y"}, ("2027-04-30", "rate_step", 0.05), "a balloon"),
        (PLAIN | {"amortisation_type": "annuity", "principal_freq": "P6M"},
         ("2027-04-30", "rate_step", 0.05), "interest and principal apart"),
        (PLAIN | {"is_redeemable": True}, ("2027-04-30", "draw", 5.0), "may be withdrawn"),
    ],
)  # fmt: skip
def test_what_no_agenda_can_carry_is_refused_with_its_position(row, listed, reason):
    with pytest.raises(CalculationError, match=rf"1 positions: .*{reason}.*book.positions.*{ID}"):
        bridged(row, listed)


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"amortisation_type": "linear", "interest_freq": "P3M", "principal_freq": "P2M"},
         "none is a multiple"),
        ({"past_due_principal_amount": Decimal("1000.01")}, "more is past due"),
        ({"past_due_interest_amount": Decimal("0.02")}, "more is past due"),
    ],
)  # fmt: skip
def test_terms_that_contradict_each_other_are_refused(terms, reason):
    with pytest.raises(CalculationError, match=rf"{reason}.*{ID}"):
        bridged(PLAIN | terms)


def test_an_event_without_its_amount_is_refused():
    listed = events(ID, ("2027-04-30", "principal", 5.0)) | {"event_amount": [None]}
    with pytest.raises(CalculationError, match=r"principal has no known kind, day, amount"):
        engine_book(table(LISTED), listed, AS_OF, CODES)
