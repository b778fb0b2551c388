"""Which loans share a row of prepayment rates, and what the rows say: by hand and by challenger."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pytest

from alm_pipeline.audit.challenger.contracts import Held, World
from alm_pipeline.audit.challenger.market import Curve
from alm_pipeline.audit.challenger.prepayment import MonthlyRates
from alm_pipeline.engine.arrays import NO_CODE, Curves
from alm_pipeline.inputs.behaviour import BehaviourRow
from alm_pipeline.orchestration.customers import Customers, with_customers
from alm_pipeline.warehouse.array_bridge import engine_book
from tests.unit.warehouse.book_rows import AS_OF, CODES, NO_EVENTS, table

AGED = {
    "multiplier": 1.0,
    "annual_prepayment_rate": 0.02,
    "annual_prepayment_rate_from_month_12": 0.04,
}
REFINANCED = {
    "multiplier": 1.0,
    "annual_prepayment_rate": 0.05,
    "refinance_rate": 0.22,
    "refinance_slope": 180.0,
    "refinance_midpoint_rate": 0.011,
    "refinance_spread_rate": 0.018,
    "refinance_tenor_months": 120.0,
}
BURNOUT = {"burnout_share": 0.3, "burnout_speed": 40.0}
SEASON = {f"season_month_{month}": 0.35 + month / 10 for month in range(1, 13)}


def assumed(
    figures: dict[str, float], scenario: str = "base", segment: str = "mortgage"
) -> BehaviourRow:
    return BehaviourRow(
        scenario=scenario,
        behaviour_segment=segment,
        annual_prepayment_rate=figures.get("annual_prepayment_rate", 0.0),
        redemption_share=0.0,
        drawn_share=0.0,
        draw_months=0,
        core_share=0.0,
        core_run_off_months=0,
        pass_through_up=1.0,
        pass_through_down=1.0,
        lag_months=0,
        rate_floor=-1.0,
        status="assumed",
        prepayment_figures=tuple(figures.items()) if len(figures) > 1 else (),
    )


def flat_curves(*zeros: float) -> Curves:
    shape = (len(zeros), len(CODES.curve_ids), 2)
    rates = np.broadcast_to(np.array(zeros)[:, None, None], shape)
    return Curves(
        tenor_days=np.array([365, 3650], np.int32),
        zero_rates=np.ascontiguousarray(rates),
        base_zero_rates=np.ascontiguousarray(rates[0]),
    )


def customers(
    rows: list[dict[str, Any]], *figures: dict[str, float], zeros: tuple[float, ...] = (0.03,)
) -> Customers:
    """Mortgages under as many scenarios as there are figures; savers do nothing."""
    book = engine_book(table(*rows), NO_EVENTS, AS_OF, CODES)
    behaving = [
        row
        for k, one in enumerate(figures)
        for row in (assumed(one, str(k)), assumed({}, str(k), "retail_savings"))
    ]
    return with_customers(AS_OF, book, flat_curves(*zeros), behaving)


def rates_of(found: Customers, position: int, scenario: int = 0) -> np.ndarray:
    row = found.book.positions.prepayment_row[position]
    return np.asarray(found.behaviour.monthly_prepayment_rate[row, :, scenario])


def test_a_book_of_plain_segments_stays_as_it_is():
    found = customers([{}], {"annual_prepayment_rate": 0.06})
    assert found.book.positions.prepayment_row.tolist() == [NO_CODE]
    assert found.behaviour.annual_prepayment_rate.tolist() == [[0.06], [0.0]]


def test_loans_of_one_half_year_share_a_row_and_grow_older():
    started = [dt.date(2026, 10, 15), dt.date(2026, 5, 15), dt.date(2026, 3, 15)]
    rows = [{"position_id": f"A:loan:{k}", "start_date": day} for k, day in enumerate(started)]
    found = customers(rows, AGED)
    young, also_young, older = found.book.positions.prepayment_row
    assert young == also_young != older
    # as old as the middle of their half-year: 3 months and 9, so that 9 and 3 months are left young
    assert rates_of(found, 0)[:11].tolist() == [0.02] * 9 + [0.04] * 2
    assert rates_of(found, 2)[:5].tolist() == [0.02] * 3 + [0.04] * 2


def test_loans_beyond_the_last_age_are_one_row():
    rows = [
        {"position_id": f"A:loan:{k}", "start_date": dt.date(2016 + k, 10, 15)} for k in range(9)
    ]
    found = customers(rows, AGED)
    assert len(set(found.book.positions.prepayment_row.tolist())) == 1
    assert set(rates_of(found, 0).tolist()) == {0.04}


def test_what_refinancing_saves_is_the_coupon_less_a_new_loan():
    # a flat curve of 3 %: a new loan costs e^0.03 - 1 + 1.8 % = 4.845 %; the coupon is 6.1 -> 6 %
    found = customers([{"coupon_rate": 0.061}], REFINANCED)
    saved = 0.06 - math.expm1(0.03) - 0.018
    expected = 0.05 + 0.22 / (1.0 + math.exp(-180.0 * (saved - 0.011)))
    assert rates_of(found, 0)[:12] == pytest.approx(np.full(12, expected), rel=0.01)


def test_rates_that_fall_let_more_refinance_and_what_resets_does_not_care():
    resets = {"position_id": "A:loan:2", "rate_type": "administered", "reset_freq": "P1M",
              "next_reset_date": dt.date(2026, 11, 16)}  # fmt: skip
    rows = [{}, resets]
    found = customers(rows, REFINANCED, REFINANCED, REFINANCED, zeros=(0.03, 0.02, 0.05))
    at_three, at_two, at_five = (rates_of(found, 0, s)[0] for s in range(3))
    assert at_five < at_three < at_two
    same = {float(rates_of(found, 1, s)[0]) for s in range(3)}
    assert same == {0.05 + 0.22 / (1.0 + math.exp(180.0 * 0.011))}  # nothing is saved


def test_what_could_be_saved_burns_out_and_a_scenario_multiplies_all_of_it():
    twice = REFINANCED | {"multiplier": 2.0}
    found = customers([{"coupon_rate": 0.07}], REFINANCED | BURNOUT, twice | BURNOUT,
                      zeros=(0.03, 0.03))  # fmt: skip
    once, doubled = rates_of(found, 0, 0), rates_of(found, 0, 1)
    assert (np.diff(once[:60]) < 0.0).all()
    assert doubled == pytest.approx(2.0 * once)
    # about 2.155 % saved a year: after five years exp(-40 x 0.10775) of the 70 % are left
    left = (once[60] - 0.05) / (once[0] - 0.05)
    assert left == pytest.approx(0.3 + 0.7 * math.exp(-40.0 * 5 * 0.02155), rel=0.01)


@pytest.mark.parametrize(
    "figures", [AGED, AGED | SEASON, REFINANCED, REFINANCED | BURNOUT | SEASON]
)
@pytest.mark.parametrize("coupon", [0.02, 0.0537, 0.09])
@pytest.mark.parametrize("started", [dt.date(2026, 10, 15), dt.date(2025, 12, 1)])
def test_the_challenger_finds_the_same_rates(figures, coupon, started):
    found = customers([{"coupon_rate": coupon, "start_date": started}], figures, zeros=(0.025,))
    terms = assumed(figures).prepayment_terms
    assert terms is not None
    curve = Curve(AS_OF, ((365, 0.025), (3650, 0.025)))
    world = World(AS_OF, (curve,), (curve,), 0)
    slow = MonthlyRates(
        terms, Held(kind="annuity", principal=1.0, rate=coupon, start=started), world
    )
    months = range(0, 300, 7)
    assert rates_of(found, 0)[list(months)] == pytest.approx(
        [slow.rate(k) for k in months], abs=1e-14
    )
