"""What caps and floors are worth beyond their intrinsic value, embedded and on their own."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np
import pytest

from alm_pipeline.engine.arrays import CashFlowModel, OptionType, RateType, Volatilities
from alm_pipeline.engine.cash_flows.contract import Kind
from alm_pipeline.engine.conventions.cycle import Cycle
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate
from alm_pipeline.errors import CalculationError
from tests.unit.engine.books import AS_OF, book, cohort, flat, on, one_bucket, run
from tests.unit.engine.test_agendas import GRID, QUARTERS, agreed, tables

ZERO_RATE = 0.04
EXACT = 1e-9
VALUED = ("value", "options")

ONE_RESET = {  # one fixing after the as-of date: on 31 March, paid on 30 June
    "rate_type": RateType.FLOATING,
    "principal": 1_000_000.0,
    "coupon_rate": 0.03,
    "payment_months": 3,
    "reset_months": 3,
    "next_payment_offset": on("2026-03-31"),
    "next_reset_offset": on("2026-03-31"),
    "maturity_offset": on("2026-06-30"),
    "day_count": DayCount.ACT_360,
}
FORWARD = (math.exp(ZERO_RATE * 91 / 365) - 1) / (91 / 360)  # 3.9650 %
PAID = 1_000_000.0 * 91 / 360 * math.exp(-ZERO_RATE * 181 / 365)  # balance x years x factor
OPTION = ONE_RESET | {"model": CashFlowModel.CAP_FLOOR}
LATE = {"maturity_offset": on("2030-12-31")}
LONG = ONE_RESET | LATE


def volatilities(*levels, expiry_days=(365,), is_quoted=True):
    """Return flat volatilities of one curve, one scenario per level."""
    table = np.array(levels)[:, None, None] * np.ones((1, 1, len(expiry_days)))
    return Volatilities(
        expiry_days=np.array(expiry_days, np.int32),
        normal_volatilities=table,
        is_quoted=np.array([is_quoted]),
    )


def valued(*contracts, level=0.01, zero_rate=ZERO_RATE, **terms):
    result = run(
        book(*contracts, **terms),
        flat(zero_rate),
        volatilities=volatilities(level),
        lenses=VALUED,
    )
    return result.option_value[:, 0]


def test_a_caplet_at_the_money_is_worth_deviation_over_root_two_pi():
    # fixed in 90 days: deviation 0.01 x sqrt(90/365) = 0.0049656; over root(2 pi): 0.00198101
    # accrues for 91/360 on 1,000,000 and is discounted over 181 days: 490.92
    deviation = 0.01 * math.sqrt(90 / 365)
    worth = deviation / math.sqrt(2 * math.pi) * PAID
    assert worth == pytest.approx(490.92, abs=0.005)
    cap = OPTION | {"option_type": OptionType.CAP, "strike_rate": FORWARD}
    assert valued(cap)[0] == pytest.approx(worth, abs=EXACT)


def test_a_floorlet_one_deviation_away_keeps_a_fifth_of_that():
    # x = 1: n(1) - N(-1) = 0.24197072 - 0.15865525 = 0.08331547 deviations
    deviation = 0.01 * math.sqrt(90 / 365)
    floor = OPTION | {"option_type": OptionType.FLOOR, "strike_rate": FORWARD - deviation}
    worth = 0.0833154705876863 * deviation * PAID
    assert valued(floor)[0] == pytest.approx(worth, abs=EXACT)


def test_cap_and_floor_of_one_strike_have_one_time_value():
    # put-call parity: cap - floor is a swap, which has no time value
    strike = {"strike_rate": 0.033, "maturity_offset": on("2030-12-31")}
    cap, floor = (
        valued(OPTION | strike | {"option_type": kind})[0]
        for kind in (OptionType.CAP, OptionType.FLOOR)
    )
    assert cap > 1000.0
    assert cap == pytest.approx(floor, abs=EXACT)


def test_without_volatility_there_is_no_time_value():
    cap = OPTION | {"option_type": OptionType.CAP, "strike_rate": FORWARD}
    assert valued(cap, LONG | {"floor_rate": 0.04}, level=0.0).tolist() == [0.0, 0.0]


def test_what_is_bought_is_what_is_sold_with_the_other_sign():
    cap = OPTION | {"option_type": OptionType.CAP, "strike_rate": FORWARD}
    loan = LONG | {"floor_rate": 0.035, "cap_rate": 0.06}
    bought, sold = valued(cap, loan, sign=1), valued(cap, loan, sign=-1)
    assert (bought == -sold).all()
    assert (bought != 0.0).all()


def test_far_from_the_strike_nothing_is_left():
    # 10 % away at a deviation of 0.5 %: n(20) is 1e-88
    deep = {"option_type": OptionType.CAP, "strike_rate": FORWARD - 0.1}
    far = {"option_type": OptionType.CAP, "strike_rate": FORWARD + 0.1}
    assert valued(OPTION | deep, OPTION | far) == pytest.approx([0.0, 0.0], abs=1e-20)


def test_a_floor_in_a_loan_is_a_floor_held_and_a_cap_is_a_cap_given_away():
    floor, cap = (
        valued(OPTION | {"option_type": kind, "strike_rate": strike})[0]
        for kind, strike in ((OptionType.FLOOR, 0.035), (OptionType.CAP, 0.045))
    )
    with_floor = ONE_RESET | {"floor_rate": 0.035}
    with_cap, with_both = ONE_RESET | {"cap_rate": 0.045}, with_floor | {"cap_rate": 0.045}
    found = valued(with_floor, with_cap, with_both)
    assert found == pytest.approx([floor, -cap, floor - cap], abs=EXACT)


def test_a_multiplier_scales_the_option_and_the_spread_moves_its_strike():
    # floor at 8 % on 2 x index + 1 %: two floorlets on the index at (8 % - 1 %) / 2 = 3.5 %
    one = OPTION | {"option_type": OptionType.FLOOR, "strike_rate": 0.035}
    terms = {"rate_multiplier": 2.0, "spread_rate": 0.01, "floor_rate": 0.08}
    assert valued(ONE_RESET | terms)[0] == pytest.approx(2.0 * valued(one)[0], abs=EXACT)


def test_an_inverse_floater_with_a_floor_holds_caplets():
    # 8 % - index, at least 4.5 %: the gain is max(index - 3.5 %, 0), a caplet at 3.5 %
    one = OPTION | {"option_type": OptionType.CAP, "strike_rate": 0.035}
    terms = {"rate_multiplier": -1.0, "spread_rate": 0.08, "floor_rate": 0.045}
    assert valued(ONE_RESET | terms)[0] == pytest.approx(valued(one)[0], abs=EXACT)


def test_a_rate_that_cannot_move_has_no_option():
    collar = LONG | {"floor_rate": 0.05, "cap_rate": 0.05}
    fixed = {"floor_rate": 0.03, "maturity_offset": on("2030-12-31"), "coupon_rate": 0.03}
    known = ONE_RESET | {"floor_rate": 0.04, "maturity_offset": on("2026-03-31")}
    assert valued(collar, fixed, known).tolist() == [0.0, 0.0, 0.0]


def test_volatility_is_linear_between_expiries_and_flat_outside():
    # nodes at 60 and 120 days, 0.6 % and 1.2 %: 0.9 % at 90 days
    cap = book(OPTION | {"option_type": OptionType.CAP, "strike_rate": FORWARD})
    nodes = Volatilities(
        expiry_days=np.array([60, 120], np.int32),
        normal_volatilities=np.array([[[0.006, 0.012]]]),
        is_quoted=np.array([True]),
    )
    found = run(cap, flat(ZERO_RATE), volatilities=nodes, lenses=VALUED).option_value[0, 0]
    worth = 0.009 * math.sqrt(90 / 365) / math.sqrt(2 * math.pi) * PAID
    assert found == pytest.approx(worth, abs=EXACT)


def test_each_scenario_has_its_own_volatility_and_value_stays_intrinsic():
    loan = book(LONG | {"floor_rate": 0.035, "cap_rate": 0.05})
    curves = flat(0.04, 0.04, 0.02)
    plain = run(loan, curves)
    options = run(loan, curves, volatilities=volatilities(0.01, 0.02, 0.01), lenses=VALUED)
    alone = run(loan, flat(0.02, base=0.04), volatilities=volatilities(0.01), lenses=VALUED)
    # rows for the options, sums without them: the same up to the order of adding
    np.testing.assert_allclose(options.present_value, plain.present_value, rtol=1e-13)
    assert len(plain.option_value) == 0
    assert options.option_value[0, 2] == alone.option_value[0, 0]
    assert options.option_value[0, 0] != options.option_value[0, 1]


def test_margins_discount_the_option_as_they_discount_the_interest():
    cap = OPTION | {"option_type": OptionType.CAP, "strike_rate": FORWARD, "margin_rate": 0.02}
    included = run(
        book(cap),
        flat(ZERO_RATE),
        volatilities=volatilities(0.01),
        eve_margins="included",
        lenses=VALUED,
    )
    worth = valued(cap)[0] * math.exp(-0.02 * 181 / 365)
    assert included.option_value[0, 0] == pytest.approx(worth, abs=EXACT)


def test_more_volatility_is_worth_more_to_the_holder_and_costs_the_writer_more():
    levels = (0.0, 0.002, 0.005, 0.01, 0.02)
    floor, cap, capped = (
        OPTION | {"option_type": OptionType.FLOOR, "strike_rate": 0.02} | LATE,
        OPTION | {"option_type": OptionType.CAP, "strike_rate": 0.07} | LATE,
        LONG | {"cap_rate": 0.06},
    )
    found = run(
        book(floor, cap, capped),
        flat(*[ZERO_RATE] * len(levels)),
        volatilities=volatilities(*levels),
        lenses=VALUED,
    ).option_value
    assert (np.diff(found[:2], axis=1) > 0.0).all()
    assert (np.diff(found[2]) < 0.0).all()


def test_a_loan_with_a_list_of_actions_has_the_option_value_of_the_same_loan_on_a_grid():
    terms = {"reset_months": 3, "rate_type": RateType.FLOATING, "spread_rate": 0.01}
    terms |= {"next_reset_offset": on("2026-03-31"), "floor_rate": 0.045, "cap_rate": 0.06}
    positions = book(GRID | terms)
    agendas = tables(agreed(Kind.BULLET, reset=QUARTERS, spread=0.01, index_cycle=Cycle(months=3)))
    found = [
        simulate(
            positions,
            flat(0.03, 0.05),
            cohort(2),
            (one_bucket(),),
            SimulationOptions(as_of_date=AS_OF, lenses=VALUED),
            one,
            volatilities(0.01, 0.008),
        ).option_value
        for one in (agendas, None)
    ]
    assert (np.abs(found[0]) > 0.01).all()
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_an_option_in_arrears_accrues_on_the_period_that_ends():
    # Fixed on 30 June for the quarter that ends that day, in 181 days, and paid at once: the floor
    # at the forward of 30 June to 30 September is worth 0.01 x sqrt(181/365) / root(2 pi).
    terms = ONE_RESET | {"maturity_offset": on("2026-06-30"), "principal": 100.0}
    at_the_money = (math.exp(ZERO_RATE * 92 / 365) - 1) / (92 / 360)
    late = agreed(
        Kind.BULLET,
        reset=QUARTERS,
        is_reset_in_arrears=True,
        maturity_date=datetime.fromisoformat("2026-06-30"),
    )
    found = simulate(
        book(terms, floor_rate=at_the_money),
        flat(ZERO_RATE),
        cohort(),
        (one_bucket(),),
        SimulationOptions(as_of_date=AS_OF, lenses=VALUED),
        tables(late),
        volatilities(0.01),
    ).option_value[0, 0]
    distance = abs((math.exp(ZERO_RATE * 91 / 365) - 1) / (91 / 360) - at_the_money)
    early = 0.01 * math.sqrt(90 / 365)  # the quarter to 31 March, its index from then to 30 June
    x = distance / early
    density, tail = math.exp(-x * x / 2) / math.sqrt(2 * math.pi), math.erfc(x / math.sqrt(2)) / 2
    first = early * (density - x * tail) * 25.0 * math.exp(-ZERO_RATE * 90 / 365)
    second = 0.01 * math.sqrt(181 / 365) / math.sqrt(2 * math.pi)
    second *= 100.0 * 91 / 360 * math.exp(-ZERO_RATE * 181 / 365)
    assert found == pytest.approx(first + second, rel=1e-9)


def test_a_position_out_of_the_measure_has_no_option_value():
    assert valued(LONG | {"floor_rate": 0.04}, is_eve=False).tolist() == [0.0]


def test_the_lens_needs_volatilities_of_every_index_with_options():
    loan, curves = book(LONG | {"floor_rate": 0.04}), flat(ZERO_RATE)
    with pytest.raises(CalculationError, match="give volatilities, or leave the lens options out"):
        run(loan, curves, lenses=VALUED)
    with pytest.raises(CalculationError, match="1 positions have an option on an index without"):
        run(loan, curves, volatilities=volatilities(0.0, is_quoted=False), lenses=VALUED)
    with pytest.raises(CalculationError, match="align volatilities and curves"):
        run(loan, curves, volatilities=volatilities(0.01, 0.01), lenses=VALUED)
    plain = run(book(LONG), curves, volatilities=volatilities(0.0, is_quoted=False), lenses=VALUED)
    assert plain.option_value.tolist() == [[0.0]]


def test_volatilities_are_not_negative_and_their_expiries_increase():
    with pytest.raises(CalculationError, match="negative"):
        volatilities(-0.01)
    with pytest.raises(CalculationError, match="sort the nodes by expiry"):
        volatilities(0.01, expiry_days=(90, 90))
