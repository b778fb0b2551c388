"""Options on rates by hand: at the money, far away, without variance, laws and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from alm_pipeline.engine.market.curve import ZeroCurve
from alm_pipeline.engine.market.option_models import (
    RateOptions,
    cap_values,
    caplet_values,
    implied_deviation,
    implied_volatilities,
    option_delta,
    option_price,
    option_values,
    option_vega,
    swaption_values,
)
from alm_pipeline.engine.market.short_rate_tree import HullWhite, RedeemableBond, tree_value
from alm_pipeline.errors import CalculationError

# One rounding of a rate of 100 % and its strike; a rate of 1 has 16 digits.
ROUNDING = 1e-15
MODELS = [(False, 0.0), (True, 0.0), (True, 0.03)]
NAMES = ["normal", "lognormal", "shifted"]
law = settings(max_examples=200, deadline=None)
each_model = pytest.mark.parametrize(("is_lognormal", "shift"), MODELS, ids=NAMES)

positive_rates = st.floats(0.0005, 0.15)
expiries = st.floats(0.01, 30.0)


def volatilities(is_lognormal: bool):
    return st.floats(0.02, 0.8) if is_lognormal else st.floats(0.0005, 0.03)


def options(is_lognormal, is_call, forward, strike, years, shift=0.0):
    terms = np.broadcast_arrays(is_call, forward, strike, years)
    call, forwards, strikes, expiries = (np.array(term, ndmin=1) for term in terms)
    rates = forwards.astype(np.float64), strikes.astype(np.float64)
    return RateOptions(is_lognormal, call, *rates, expiries.astype(np.float64), shift)


def price(is_lognormal, is_call, forward, strike, years, volatility, shift=0.0) -> float:
    one = options(is_lognormal, is_call, forward, strike, years, shift)
    return float(option_values(one, np.array([volatility])).prices[0])


def test_a_normal_option_at_the_money_is_worth_sigma_root_of_t_over_two_pi():
    # 0.008 * sqrt(5 / 6.283185307) = 0.008 * 0.892062058 = 0.00713649646
    assert price(False, True, -0.004, -0.004, 5.0, 0.008) == pytest.approx(0.00713649646, abs=5e-12)


def test_a_lognormal_option_at_the_money_is_worth_twice_n_of_half_the_deviation_less_one():
    # N(0.1) = 0.539827837277; 0.04 * (2 * 0.539827837277 - 1) = 0.003186226982
    assert price(True, False, 0.04, 0.04, 1.0, 0.2) == pytest.approx(0.003186226982, abs=5e-13)


def test_the_caplet_of_the_textbook_costs_5162():
    # Hull, Options, Futures and Other Derivatives, 9th ed., example 29.3: cap 8 % on 10 million
    # for three months in one year, forward 7 % quarterly, volatility 20 %, factor 0.9169.
    # d1 = (ln 0.875 + 0.02) / 0.2 = -0.5677, N = 0.28513; d2 = -0.7677, N = 0.22134;
    # 0.25 * 0.9169 * (0.07 * 0.28513 - 0.08 * 0.22134) * 10,000,000 = 5162
    one = options(True, True, 0.07, 0.08, 1.0)
    value = caplet_values(one, np.array([0.2]), np.array([0.25]), np.array([0.9169]))
    assert 1e7 * value[0] == pytest.approx(5162.0, abs=1.0)


def test_the_swaption_of_the_textbook_costs_2_07_million():
    # Hull, example 29.4: pay 6.2 % for 3 years from year 5, curve flat 6 % continuous (6.09 %
    # semi-annual), volatility 20 %, annuity 2.0035, 100 million: 2.07 million.
    one = options(True, True, 0.0609, 0.062, 5.0)
    value = swaption_values(one, np.array([0.2]), np.array([100.0 * 2.0035]))
    assert value[0] == pytest.approx(2.07, abs=0.005)


def test_a_strike_ten_deviations_away_keeps_its_digits():
    # n(10) = 7.694598626706420e-23, N(-10) = 7.619853024160527e-24 (Abramowitz and Stegun 26.2):
    # n(10) - 10 N(-10) = 7.4745602546e-25
    assert option_price(False, True, 0.0, 10.0, 1.0) == pytest.approx(7.4745602546e-25, rel=1e-10)
    # A lognormal option whose deviation is small is a normal one: s = 1e-7, strike exp(10 s);
    # both differ by terms of the order 10 * s.
    far = option_price(True, True, 1.0, math.exp(1e-6), 1e-7)
    assert far == pytest.approx(7.4745602546e-32, rel=1e-5)


def test_a_shift_moves_rate_and_strike_alike():
    shifted = price(True, True, -0.01, 0.0, 2.0, 0.3, shift=0.03)
    assert shifted == pytest.approx(price(True, True, 0.02, 0.03, 2.0, 0.3), abs=ROUNDING)


@each_model
@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize(("years", "volatility"), [(0.0, 0.3), (-0.25, 0.3), (2.0, 0.0)])
def test_without_variance_the_intrinsic_value_is_left(
    is_lognormal, shift, is_call, years, volatility
):
    for forward, strike in [(0.05, 0.03), (0.03, 0.05), (0.04, 0.04)]:
        paid = max(forward - strike, 0.0) if is_call else max(strike - forward, 0.0)
        value = price(is_lognormal, is_call, forward, strike, years, volatility, shift)
        assert value == pytest.approx(paid, abs=ROUNDING)


def test_a_caplet_whose_rate_is_fixed_pays_its_difference_also_below_zero():
    # floor at 0.5 %, fixed at -0.3 %: 0.008 * 0.25 * 0.99 = 0.00198; no model is asked
    one = options(True, False, -0.003, 0.005, [-0.1])
    value = caplet_values(one, np.array([0.4]), np.array([0.25]), np.array([0.99]))
    assert value[0] == pytest.approx(0.00198, abs=ROUNDING)
    greeks = option_values(one, np.array([0.4]))
    assert (greeks.deltas[0], greeks.vegas[0]) == (-1.0, 0.0)


@each_model
@law
@given(data=st.data(), forward=positive_rates, strike=positive_rates, years=expiries)
def test_call_less_put_is_forward_less_strike(is_lognormal, shift, data, forward, strike, years):
    volatility = data.draw(volatilities(is_lognormal))
    both = options(is_lognormal, [True, False], forward, strike, years, shift)
    values = option_values(both, np.full(2, volatility))
    assert values.prices[0] - values.prices[1] == pytest.approx(forward - strike, abs=ROUNDING)
    assert values.deltas[0] - values.deltas[1] == pytest.approx(1.0, abs=ROUNDING)
    assert values.vegas[0] == values.vegas[1]


@each_model
@law
@given(data=st.data(), forward=positive_rates, strike=positive_rates, years=expiries)
def test_prices_rise_with_volatility_and_lie_above_intrinsic(
    is_lognormal, shift, data, forward, strike, years
):
    volatility = data.draw(volatilities(is_lognormal))
    more = volatility * data.draw(st.floats(1.001, 2.0))
    low = price(is_lognormal, True, forward, strike, years, volatility, shift)
    high = price(is_lognormal, True, forward, strike, years, more, shift)
    assert max(forward - strike, 0.0) - ROUNDING <= low <= high + ROUNDING
    if strike > forward and high > 1e-300:  # in the money the intrinsic value hides the rise
        assert low < high


@each_model
@law
@given(data=st.data(), forward=positive_rates, strike=positive_rates, years=expiries)
def test_the_implied_volatility_is_the_one_that_gave_the_price(
    is_lognormal, shift, data, forward, strike, years
):
    # Of the option out of the money: 1e-12 relative, as its price has 13 digits at least.
    volatility = data.draw(volatilities(is_lognormal))
    one = options(is_lognormal, strike >= forward, forward, strike, years, shift)
    prices = option_values(one, np.array([volatility])).prices
    # A subnormal price has few digits, and one at its ceiling says nothing about volatility.
    if prices[0] > 1e-290 and (not is_lognormal or volatility * math.sqrt(years) < 3.0):
        implied = implied_volatilities(one, prices)
        assert implied[0] == pytest.approx(volatility, rel=1e-12)


@each_model
def test_greeks_are_slopes_of_the_price(is_lognormal, shift):
    # Central differences of step h: error h**2 times the third derivative, about 1e-6 relative.
    volatility = 0.25 if is_lognormal else 0.01
    for strike in (0.02, 0.03, 0.045):
        one = options(is_lognormal, True, 0.03, strike, 4.0, shift)
        values = option_values(one, np.array([volatility]))
        h, v = 1e-6, 1e-4 * volatility
        rise = price(is_lognormal, True, 0.03 + h, strike, 4.0, volatility, shift)
        rise -= price(is_lognormal, True, 0.03 - h, strike, 4.0, volatility, shift)
        assert values.deltas[0] == pytest.approx(rise / (2 * h), rel=1e-6)
        rise = price(is_lognormal, True, 0.03, strike, 4.0, volatility + v, shift)
        rise -= price(is_lognormal, True, 0.03, strike, 4.0, volatility - v, shift)
        assert values.vegas[0] == pytest.approx(rise / (2 * v), rel=1e-6)


def test_greeks_without_variance_are_a_step_and_at_the_money_the_limit():
    assert [option_delta(False, True, f, 0.03, 0.0) for f in (0.02, 0.03, 0.04)] == [0.0, 0.5, 1.0]
    assert option_vega(True, -0.01, 0.03, 0.0) == 0.0
    # d/ds of s / sqrt(2 pi) = 0.3989422804
    assert option_vega(False, 0.03, 0.03, 0.0) == pytest.approx(0.3989422804, abs=5e-11)


def test_a_lognormal_rate_never_reaches_a_strike_of_zero():
    assert option_price(True, True, 0.03, 0.0, 0.5) == 0.03
    assert option_price(True, False, 0.03, 0.0, 0.5) == 0.0
    assert option_delta(True, True, 0.03, 0.0, 0.5) == 1.0
    assert option_vega(True, 0.03, 0.0, 0.5) == 0.0


def test_the_kernels_work_inside_other_kernels():
    @njit
    def there_and_back(forward, strike, deviation):
        return implied_deviation(
            True, option_price(True, True, forward, strike, deviation), forward, strike
        )

    assert there_and_back(0.03, 0.05, 0.4) == pytest.approx(0.4, rel=1e-12)


def test_caps_are_sums_of_their_periods_and_cap_less_floor_is_the_swap():
    forwards, strikes = np.array([0.02, 0.025, 0.03]), np.full(3, 0.026)
    years, factors = np.array([0.5, 0.5, 0.25]), np.array([0.99, 0.98, 0.97])
    index, sigma = np.array([0, 0, 1]), np.full(3, 0.01)
    legs = []
    for is_call in (True, False):
        one = options(False, is_call, forwards, strikes, np.array([0.0, 0.5, 1.0]))
        legs.append(cap_values(caplet_values(one, sigma, years, factors), index))
    # first: -0.006*0.5*0.99 - 0.001*0.5*0.98 = -0.00346; second: 0.004*0.25*0.97 = 0.00097
    np.testing.assert_allclose(legs[0] - legs[1], [-0.00346, 0.00097], rtol=0, atol=ROUNDING)


@pytest.mark.parametrize(
    ("forward", "strike", "shift", "named"),
    [
        (-0.0025, 0.01, 0.0, "forward rate.*-0.0025"),
        (0.0, 0.01, 0.0, "forward rate.*0.0"),
        (0.01, -0.001, 0.0, "strike.*-0.001"),
        (-0.035, 0.01, 0.03, "forward rate.*shift 0.03.*-0.035"),
        (0.01, -0.031, 0.03, "strike.*-0.031"),
    ],
)
def test_rates_below_the_model_are_refused_by_name(forward, strike, shift, named):
    with pytest.raises(CalculationError, match=named):
        options(True, True, forward, strike, 1.0, shift)


def test_negative_or_missing_volatilities_and_arrays_of_other_lengths_are_refused():
    one = options(False, True, 0.03, 0.03, 1.0)
    with pytest.raises(CalculationError, match=r"volatility.*-0\.01"):
        option_values(one, np.array([-0.01]))
    with pytest.raises(CalculationError, match="finite number per option"):
        option_values(one, np.array([np.nan]))
    with pytest.raises(CalculationError, match="finite number per option"):
        swaption_values(one, np.array([0.01]), np.ones(2))


@pytest.mark.parametrize(
    ("is_lognormal", "years", "paid", "named"),
    [
        (False, 1.0, 0.0099, r"price.*0\.0099"),  # intrinsic value 0.04 - 0.03 = 0.01
        (True, 1.0, 0.04, r"price.*0\.04"),  # a call is worth less than its forward
        (False, 0.0, 0.012, "fixed"),
    ],
)
def test_prices_that_no_volatility_gives_are_refused(is_lognormal, years, paid, named):
    with pytest.raises(CalculationError, match=named):
        implied_volatilities(options(is_lognormal, True, 0.04, 0.03, years), np.array([paid]))


def test_an_intrinsic_price_has_no_volatility():
    one = options(True, True, 0.04, 0.03, 1.0)
    assert implied_volatilities(one, np.array([0.04 - 0.03]))[0] == 0.0


# ------------------------------------------------------------------------------- the tree
TWO_YEARS = np.array([365, 730], dtype=np.int32)


def zero_bond(exercise_price: float, is_put: bool) -> RedeemableBond:
    amount = np.array([100.0])
    return RedeemableBond(
        TWO_YEARS[1:], amount, TWO_YEARS[:1], np.array([exercise_price]), np.array([is_put])
    )


def test_a_tree_of_two_steps_by_hand():
    # Curve at zero, sigma 1 %, a = 0: nodes x = 0 and +-0.01 * sqrt(3) = 0.0173205081 after a year,
    # probabilities 1/6, 2/3, 1/6. The middle factor m reprices 1: m (2/3 + cosh(x) / 3) = 1,
    # cosh(x) = 1.00015000375, m = 0.99995000125. The bond is worth 98.277947, 99.995000 and
    # 101.742050; called at 100: (98.277947 + 4 * 99.995000 + 100) / 6 = 99.709658
    # put at 100: (100 + 4 * 100 + 101.742050) / 6 = 100.290342
    flat = ZeroCurve(TWO_YEARS, np.zeros(2))
    called, put = (
        tree_value(zero_bond(100.0, is_put), flat, HullWhite(0.0, 0.01), 365)
        for is_put in (False, True)
    )
    assert called.value == pytest.approx(99.709658, abs=2e-6)
    assert put.value == pytest.approx(100.290342, abs=2e-6)
    assert called.straight_value == pytest.approx(100.0, abs=1e-12)
    assert called.option_value == pytest.approx(-put.option_value, abs=1e-12)


def test_without_volatility_the_right_is_used_where_the_curve_says_so():
    # flat 4 % continuous: after a year 100 exp(-0.04) = 96.078944 is left; called at 95 instead:
    # 95 exp(-0.04) = 91.274997; straight 100 exp(-0.08) = 92.311635
    flat = ZeroCurve(TWO_YEARS, np.full(2, 0.04))
    one = tree_value(zero_bond(95.0, False), flat, HullWhite(0.1, 0.0))
    assert one.value == pytest.approx(91.274997, abs=1e-6)
    assert one.straight_value == pytest.approx(92.311635, abs=1e-6)


def test_bonds_and_models_that_make_no_sense_are_refused():
    none, no = np.array([], dtype=np.int32), np.array([False])
    hundred = np.array([100.0])
    with pytest.raises(CalculationError, match="on or after its last payment"):
        RedeemableBond(TWO_YEARS[:1], hundred, TWO_YEARS[1:], hundred, no)
    with pytest.raises(CalculationError, match="do not increase"):
        RedeemableBond(TWO_YEARS[::-1], np.ones(2), none, np.array([]), no[:0])
    with pytest.raises(CalculationError, match="finite amount per day"):
        RedeemableBond(TWO_YEARS, np.ones(1), none, np.array([]), no[:0])
    with pytest.raises(CalculationError, match=r"volatility.*-0\.01"):
        HullWhite(0.0, -0.01)
    flat = ZeroCurve(TWO_YEARS, np.zeros(2))
    with pytest.raises(CalculationError, match="steps of 0 days"):
        tree_value(zero_bond(100.0, False), flat, HullWhite(0.0, 0.01), 0)
