"""Cap volatilities of an as-of date: what is used, what is converted, what stops a currency."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import numpy as np
import pytest

from alm_pipeline.inputs.scenarios import load_scenarios
from alm_pipeline.inputs.volatilities import BaseVolatilities, Held, Surface, base_volatilities
from alm_pipeline.inputs.zero_rates import BaseZeroRates

AS_OF = dt.date(2025, 12, 31)
QUOTE = {"currency": "EUR", "expiry": "1Y", "tenor": "3M", "strike": "atm", "vol": 0.008}
QUOTE |= {"vol_type": "normal", "quote_date": np.datetime64("2025-12-31")}
HELD = {"EUR": (7, Decimal("1234567.00"))}


def read(*quotes: dict[str, object], held: Held = HELD) -> BaseVolatilities:
    base = BaseZeroRates(
        as_of_date=AS_OF,
        curve_ids=("eur", "eur_3m", "usd"),
        currencies=("EUR", "EUR", "USD"),
        tenor_days=np.array([1, 3650], np.int32),
        zero_rates=np.array([[0.03, 0.03], [0.04, 0.04], [0.05, 0.05]]),
        errors={},
        quoted_curve_ids=("eur", "eur_3m", "usd"),
    )
    rows = [QUOTE | one for one in quotes]
    columns = {name: np.array([row[name] for row in rows], dtype=object) for name in QUOTE}
    columns["vol"] = columns["vol"].astype(np.float64)
    columns["quote_date"] = columns["quote_date"].astype("datetime64[D]")
    return base_volatilities(Surface("cap", columns, 5), base, held)


def test_normal_volatilities_are_used_as_they_are_by_every_curve_of_the_currency():
    found = read({"expiry": "2Y", "vol": 0.009}, {})
    assert found.expiry_days.tolist() == [365, 730]
    assert found.normal_volatilities.tolist() == [[0.008, 0.009], [0.008, 0.009], [0.0, 0.0]]
    assert found.is_quoted.tolist() == [True, True, False]
    assert found.errors == {}
    assert found.under(load_scenarios(), ["base"] * 3).normal_volatilities.shape == (3, 3, 2)


def test_currencies_keep_their_own_expiries_on_the_common_ones():
    # the euro at 365 and 1096 days, the dollar at 730: 0.006 + 0.004 x 365 / 731 = 0.00799726
    euro: tuple[dict[str, object], ...] = ({"vol": 0.006}, {"expiry": "3Y", "vol": 0.010})
    found = read(*euro, {"currency": "USD", "expiry": "2Y"})
    assert found.expiry_days.tolist() == [365, 730, 1096]
    assert found.normal_volatilities[0] == pytest.approx([0.006, 0.006 + 0.004 * 365 / 731, 0.010])
    assert found.normal_volatilities[2].tolist() == [0.008, 0.008, 0.008]


def test_a_lognormal_volatility_becomes_the_normal_one_of_the_same_price_at_the_forward():
    # Black at the money: F (2 N(s / 2) - 1) = F erf(s / root 8), s = 0.2; normal: v / root(2 pi)
    # 3M after one year is 90 days: F = (exp(0.03 x 90 / 365) - 1) x 360 / 90 = 2.9699 %
    forward = math.expm1(0.03 * 90 / 365) * 360 / 90
    normal = forward * math.erf(0.2 / math.sqrt(8)) * math.sqrt(2 * math.pi)
    found = read({"vol": 0.2, "vol_type": "lognormal"})
    assert found.normal_volatilities[0, 0] == pytest.approx(normal, rel=1e-12)
    assert found.normal_volatilities[1, 0] > found.normal_volatilities[0, 0]


@pytest.mark.parametrize(
    ("quotes", "why"),
    [
        (({"currency": "USD"},), "there are no quotes"),
        (({}, {"strike": "0.03"}), "a smile is not interpolated"),
        (({}, {"tenor": "6M", "expiry": "2Y"}), "one index tenor per currency"),
        (({"vol_type": "shifted"},), "shifted volatilities come without their shift"),
    ],
)
def test_options_without_volatilities_are_named_with_currency_number_and_amount(quotes, why):
    error = str(read(*quotes).errors["EUR"])
    assert "7 positions with a cap or floor, 1,234,567.00 EUR" in error
    assert why in error
    assert "to fix" in error


def test_a_currency_without_options_needs_no_volatilities():
    found = read({"currency": "USD"}, held={})
    assert found.errors == {}
    assert found.is_quoted.tolist() == [False, False, True]


def test_without_any_quote_nothing_is_quoted():
    found = read(held={})
    assert not found.is_quoted.any()
    assert found.under(load_scenarios(), ["base"] * 2).normal_volatilities.shape == (2, 3, 1)


@pytest.mark.parametrize(
    ("quote_date", "is_stopped"), [("2025-12-26", False), ("2025-12-25", True)]
)
def test_stale_volatilities_stop_the_currency_that_holds_options_with_number_and_amount(
    quote_date, is_stopped
):
    # 25 December to 31 December: 6 days, and 5 are allowed
    found = read({}, {"expiry": "2Y", "quote_date": np.datetime64(quote_date)})
    assert ("EUR" in found.errors) is is_stopped
    assert found.is_quoted.tolist() == [not is_stopped, not is_stopped, False]
    if is_stopped:
        message = str(found.errors["EUR"])
        assert "7 positions with a cap or floor, 1,234,567.00 EUR, have no volatility" in message
        assert "1 quote is stale" in message
        assert "quote date 2025-12-25, 6 days old, allowed 5" in message


def test_a_scenario_scales_and_shifts_the_volatilities_of_its_currency_alone(tmp_path):
    # 80 bp x 1.5 + 10 bp = 130 bp; the dollar stays at 80
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "wild.yaml").write_text(
        "about: Volatilities of the euro rise by half and more.\nkind: own\n"
        "shocks: {volatility_factor: {EUR: 1.5}, volatility_bp: {EUR: 10}}\n"
    )
    found = read({}, {"currency": "USD"}).under(load_scenarios(tmp_path), ["base", "wild"])
    expected = [[[0.008], [0.008], [0.008]], [[0.013], [0.013], [0.008]]]
    np.testing.assert_allclose(found.normal_volatilities, expected, rtol=0, atol=1e-15)
