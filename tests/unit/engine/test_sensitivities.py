"""Durations, convexity and key rates against closed forms of single cash flows and their sums."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from alm_pipeline.engine.arrays import CashFlowModel, Curves, RateType
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import index_tenor
from alm_pipeline.engine.simulation.sensitivities import sensitivities
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.errors import CalculationError
from tests.unit.engine.books import AS_OF, book, cohort, flat, on

OPTIONS = SimulationOptions(as_of_date=AS_OF)
KEYS = np.array([365, 730, 1825, 3650], dtype=np.int32)
NODES = np.array([1, 182, 365, 547, 730, 1095, 1825, 2737, 3650, 7300], dtype=np.int32)
ZERO_RATE = 0.04


def curve() -> Curves:
    """Return a flat 4 % curve with a node at every key tenor."""
    rates = np.full((1, 1, len(NODES)), ZERO_RATE)
    return Curves(tenor_days=NODES, zero_rates=rates, base_zero_rates=rates[0])


BOOK = book(
    {"coupon_rate": 0.0, "maturity_offset": 1825},
    {  # five annual coupons of 5 and the principal
        "maturity_offset": on("2030-12-31"),
        "next_payment_offset": on("2026-12-31"),
        "payment_months": 12,
    },
    {  # a floater that resets in three months, and then every quarter
        "rate_type": RateType.FLOATING,
        "payment_months": 3,
        "reset_months": 3,
        "next_payment_offset": on("2026-03-31"),
        "next_reset_offset": on("2026-03-31"),
        "maturity_offset": on("2030-12-31"),
        "day_count": DayCount.ACT_360,
        "index_tenor": index_tenor("3M"),
        "coupon_rate": 0.04,
    },
    {
        "model": CashFlowModel.ANNUITY,
        "maturity_offset": on("2035-12-31"),
        "next_payment_offset": on("2026-01-31"),
        "payment_months": 1,
        "principal_months": 1,
        "sign": -1,
    },
)


@pytest.fixture(scope="module")
def found():
    return sensitivities(BOOK, curve(), cohort(1), OPTIONS, KEYS)


def test_a_zero_bond_of_five_years_has_duration_five_and_convexity_twenty_five(found):
    # 100 exp(-0.04 * 5): all measures are those of one flow at t = 5.
    value = 100.0 * math.exp(-0.2)
    assert found.present_value[0] == pytest.approx(value, rel=1e-12)
    assert found.effective_duration[0] == pytest.approx(5.0, rel=1e-6)
    assert found.macaulay_duration[0] == pytest.approx(5.0, rel=1e-6)
    assert found.convexity[0] == pytest.approx(25.0, rel=1e-4)
    assert found.dv01[0] == pytest.approx(value * 5.0 * 1e-4, rel=1e-6)


def test_a_coupon_bond_has_the_value_weighted_time_of_its_flows(found):
    days = np.array([on(f"{year}-12-31") for year in range(2026, 2031)])
    flows = np.array([5.0, 5.0, 5.0, 5.0, 105.0]) * np.exp(-ZERO_RATE * days / 365)
    expected = float(flows @ days / 365 / flows.sum())
    assert found.macaulay_duration[1] == pytest.approx(expected, rel=1e-6)
    assert found.effective_duration[1] == pytest.approx(expected, rel=1e-6)


def test_a_floater_moves_until_its_reset_and_is_long_only_by_macaulay(found):
    # 90 days to the reset: about 0.25 years of duration, while its flows last almost five.
    assert found.effective_duration[2] == pytest.approx(90 / 365, abs=0.01)
    assert found.macaulay_duration[2] > 4.0


def test_key_rates_add_up_to_the_parallel_shift(found):
    gross = np.abs(found.dv01).sum()
    difference = np.abs(found.key_rate_dv01.sum(axis=1) - found.dv01)
    assert difference.max() <= 0.005 * gross
    assert difference == pytest.approx(0.0, abs=1e-7)


def test_a_zero_bond_on_a_key_tenor_answers_to_that_key_rate_alone(found):
    expected = [0.0, 0.0, found.dv01[0], 0.0]
    assert found.key_rate_dv01[0] == pytest.approx(expected, abs=1e-9)


def test_a_liability_loses_what_an_asset_gains(found):
    assert found.dv01[3] < 0.0
    asset = sensitivities(replace(BOOK, sign=-BOOK.sign), curve(), cohort(1), OPTIONS, KEYS)
    assert asset.dv01 == pytest.approx(-found.dv01, rel=1e-12)
    assert asset.effective_duration == pytest.approx(found.effective_duration, rel=1e-9)


def test_a_margin_shortens_nothing_when_flows_and_discounting_carry_it():
    # 100 at maturity in five years and a margin of 1 %: discounted at 5 %, still one flow.
    bond = book({"coupon_rate": 0.0, "maturity_offset": 1825, "margin_rate": 0.01})
    measured = sensitivities(bond, curve(), cohort(1), OPTIONS, KEYS)
    assert measured.macaulay_duration[0] == pytest.approx(5.0, rel=1e-6)


def test_more_than_one_scenario_or_unsorted_keys_are_refused():
    with pytest.raises(CalculationError, match="one scenario"):
        sensitivities(BOOK, flat(0.03, 0.04), cohort(2), OPTIONS, KEYS)
    with pytest.raises(CalculationError, match="increasing key tenors"):
        sensitivities(BOOK, curve(), cohort(1), OPTIONS, KEYS[::-1].copy())


def test_income_moves_with_what_reprices_within_the_year(found):
    # 100 floating from day 90 (31 March) to day 365, then replaced at the same rates; as the whole
    # curve falls by a basis point, so does each quarterly rate: 100 * 0.0001 * 275 / 360, up
    # to the convexity of a rate of 4 %.
    days = 365 - on("2026-03-31")
    assert found.nii_dv01[2] == pytest.approx(-100.0 * 1e-4 * days / 360, rel=0.02)
    assert found.nii_dv01[0] == 0.0  # five years without a payment
    assert found.nii_key_rate_dv01.sum(axis=1) == pytest.approx(found.nii_dv01, abs=1e-9)


def test_an_index_alone_moves_what_is_earned_and_not_what_it_is_discounted_with(found):
    # without the discounting a floater is worth its coupons more: long the index, short the curve
    quarters = np.array([on(f"{y}-{m}") for y in range(2026, 2031)
                         for m in ("03-31", "06-30", "09-30", "12-31")])  # fmt: skip
    years = np.diff(quarters) / 360
    worth = 100.0 * years @ np.exp(-ZERO_RATE * quarters[1:] / 365)
    assert found.index_dv01[2] == pytest.approx(-worth * 1e-4, rel=0.02)
    assert found.index_dv01[1] == 0.0
    assert found.nii_index_dv01[2] == pytest.approx(found.nii_dv01[2], rel=1e-6)
    assert found.nii_index_dv01[3] == 0.0
