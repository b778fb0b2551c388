"""The zero curve by hand: one deposit, one bond, the laws every curve obeys, and the refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alm_pipeline.engine.market.bootstrap import bootstrap, par_rates
from alm_pipeline.engine.market.curve import (
    ZeroCurve,
    daily_zero_rates,
    discount_factors,
    forward_rates,
)
from alm_pipeline.engine.market.quotes import ParInstrument
from alm_pipeline.errors import MarketDataError

ONE_YEAR = np.array([365], dtype=np.int32)


def annual_bond(years: int, quote: float) -> ParInstrument:
    return ParInstrument((365 * np.arange(1, years + 1)).astype(np.int32), np.ones(years), quote)


def test_a_one_year_deposit_at_five_percent_is_worth_one_over_1_05():
    curve = bootstrap([annual_bond(1, 0.05)])
    # 1 / 1.05 = 0.952380952380952; ln 1.05 = 0.048790164169432
    assert discount_factors(curve, ONE_YEAR)[0] == pytest.approx(0.952380952380952, abs=1e-15)
    assert curve.zero_rates[0] == pytest.approx(0.048790164169432, abs=1e-15)


def test_two_annual_par_bonds_solve_by_hand():
    # 4 % and 5 %: DF1 = 1/1.04 = 0.961538462; DF2 = (1 - 0.05 * DF1) / 1.05 = 0.906593407
    curve = bootstrap([annual_bond(1, 0.04), annual_bond(2, 0.05)])
    factors = discount_factors(curve, np.array([365, 730], dtype=np.int32))
    np.testing.assert_allclose(factors, [0.961538462, 0.906593407], rtol=0, atol=5e-10)


def test_the_forward_of_the_second_year_is_what_both_factors_imply():
    # 0.961538462 / 0.906593407 - 1 = 0.060606
    curve = bootstrap([annual_bond(1, 0.04), annual_bond(2, 0.05)])
    second_year = forward_rates(curve, ONE_YEAR, np.array([730], dtype=np.int32), np.array([1.0]))
    assert second_year[0] == pytest.approx(0.0606061, abs=5e-8)


def test_negative_quotes_give_discount_factors_above_one():
    curve = bootstrap([annual_bond(1, -0.005), annual_bond(2, -0.004)])
    assert (discount_factors(curve, curve.tenor_days) > 1.0).all()


def test_payments_between_two_nodes_are_on_the_line_to_the_new_node():
    # Nodes at 1 and 3 years; the coupon at 2 years sees the mean of both zero rates.
    curve = bootstrap([annual_bond(1, 0.03), annual_bond(3, 0.04)])
    middle = daily_zero_rates(curve.tenor_days, curve.zero_rates, np.array([730], dtype=np.int32))
    assert middle[0] == pytest.approx(curve.zero_rates.mean(), abs=1e-15)


def test_rates_are_flat_outside_the_nodes_and_exact_on_them():
    nodes, rates = np.array([30, 365], dtype=np.int32), np.array([[0.01, 0.03], [0.02, 0.05]])
    days = np.array([0, 1, 30, 365, 9000], dtype=np.int32)
    expected = [[0.01, 0.01, 0.01, 0.03, 0.03], [0.02, 0.02, 0.02, 0.05, 0.05]]
    assert daily_zero_rates(nodes, rates, days).tolist() == expected


def test_a_curve_of_one_node_is_flat():
    rates = daily_zero_rates(ONE_YEAR, np.array([0.02]), np.array([1, 365, 900], dtype=np.int32))
    assert rates.tolist() == [0.02, 0.02, 0.02]


def test_scenarios_and_curves_stand_in_front_of_the_days():
    rates = np.arange(24.0).reshape(3, 4, 2)
    days = np.array([10, 20, 30, 40, 50], dtype=np.int32)
    table = daily_zero_rates(np.array([10, 50], dtype=np.int32), rates, days)
    assert table.shape == (3, 4, 5)
    assert table[2, 3].tolist() == [22.0, 22.25, 22.5, 22.75, 23.0]


def test_nothing_is_discounted_on_the_as_of_date():
    curve = ZeroCurve(ONE_YEAR, np.array([0.07]))
    assert discount_factors(curve, np.zeros(1, dtype=np.int32))[0] == 1.0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-0.01, 0.15), min_size=1, max_size=30))
def test_every_curve_reprices_its_quotes(quotes: list[float]):
    base = sum(quotes) / len(quotes)  # near each other, as quotes of one curve are
    bonds = [annual_bond(n + 1, base + (quote - base) / 20) for n, quote in enumerate(quotes)]
    repriced = par_rates(bootstrap(bonds), bonds)
    np.testing.assert_allclose(repriced, [bond.quote for bond in bonds], rtol=0, atol=1e-12)


def test_a_quote_in_percent_is_refused_with_its_likely_cause():
    bonds = [annual_bond(1, 0.04), annual_bond(2, 0.05), annual_bond(3, 5.0)]
    with pytest.raises(MarketDataError, match="rates are decimals"):
        bootstrap(bonds)


def test_a_curve_without_quotes_is_refused():
    with pytest.raises(MarketDataError, match="no quote"):
        bootstrap([])
