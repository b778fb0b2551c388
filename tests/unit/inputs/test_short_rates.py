"""Models of the short rate from swaption quotes: which quote counts, and what is refused."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from alm_pipeline.engine.market.short_rate_tree import HullWhite
from alm_pipeline.errors import MarketDataError
from alm_pipeline.inputs.scenarios import VolatilityMove
from alm_pipeline.inputs.short_rates import BaseShortRates, base_short_rates
from alm_pipeline.inputs.volatilities import Surface
from alm_pipeline.inputs.zero_rates import BaseZeroRates

HELD = {"USD": (2, Decimal("300000.00"))}


def base_curves(rate: float = 0.03) -> BaseZeroRates:
    """Return a flat dollar curve."""
    return BaseZeroRates(
        as_of_date=dt.date(2025, 12, 31),
        curve_ids=("usd",),
        currencies=("USD",),
        tenor_days=np.array([1, 3650], np.int32),
        zero_rates=np.array([[rate, rate]]),
        errors={},
        quoted_curve_ids=("usd",),
    )


def quotes(
    *rows: tuple[str, str, float],
    currency: str = "USD",
    strike: str = "atm",
    vol_type: str = "normal",
    quote_date: str = "2025-12-31",
) -> Surface:
    """Return swaption quotes: expiry, tenor, volatility."""
    n = len(rows)
    columns = {
        "currency": np.array([currency] * n, dtype=object),
        "expiry": np.array([row[0] for row in rows], dtype=object),
        "tenor": np.array([row[1] for row in rows], dtype=object),
        "strike": np.array([strike] * n, dtype=object),
        "vol": np.array([row[2] for row in rows], dtype=np.float64),
        "vol_type": np.array([vol_type] * n, dtype=object),
        "quote_date": np.array([quote_date] * n, dtype="datetime64[D]"),
    }
    return Surface("swaption", columns, 5)


class Moves:
    """Volatility moves by scenario, as the scenario book gives them."""

    def __init__(self, **moves: tuple[float, float]) -> None:
        self.moves = {name: VolatilityMove(factor=f, move_bp=bp) for name, (f, bp) in moves.items()}

    def volatility_move(self, scenario: str, _currency: str) -> Any:
        return self.moves[scenario]


def modelled(found: BaseShortRates, **moves: tuple[float, float]) -> tuple[HullWhite, ...]:
    """Return the models of a bond callable in a year and due in two."""
    book: Any = Moves(**moves or {"base": (1.0, 0.0)})
    return found.models(0, (365, 730), book, list(book.moves))


SQUARE = (("1Y", "1Y", 0.006), ("1Y", "5Y", 0.008), ("5Y", "1Y", 0.010), ("5Y", "5Y", 0.014))


def test_a_quote_between_quotes_is_interpolated_by_expiry_and_tenor():
    # as of 31 December 2025 1Y is 365 days, 5Y 1,826. Day 1,095 lies 730 / 1,461 = w of the way:
    # (1 - w)^2 0.006 + (1 - w) w 0.008 + w (1 - w) 0.010 + w^2 0.014 = 0.0094973
    (table, *_) = base_short_rates(quotes(*SQUARE), base_curves(), {}, 0.03).tables.values()
    w = 730 / 1461
    expected = (1 - w) ** 2 * 0.006 + (1 - w) * w * 0.018 + w**2 * 0.014
    assert table.at(1095, 1095) == pytest.approx(expected, rel=1e-12)
    assert table.at(1, 1) == 0.006  # flat outside
    assert table.at(9999, 9999) == 0.014
    assert table.at(365, 1826) == 0.008


def test_without_mean_reversion_a_short_swap_moves_with_the_short_rate():
    # A swap of one year on a curve flat at 0: its rate at expiry is x to first order, so that the
    # volatility of the short rate is the quoted one, up to the curvature.
    found = base_short_rates(quotes(("1Y", "1Y", 0.001)), base_curves(0.0), {}, 0.0)
    (model,) = modelled(found)
    assert model.mean_reversion == 0.0
    assert model.volatility == pytest.approx(0.001, rel=1e-3)


def test_with_mean_reversion_the_short_rate_moves_more_than_the_swap():
    # s sqrt((1 - exp(-2aT)) / 2a) (1 - exp(-a)) / a = v sqrt(T), T = 1, a = 0.2
    found = base_short_rates(quotes(("1Y", "1Y", 0.001)), base_curves(0.0), {}, 0.2)
    a = 0.2
    factor = math.sqrt((1 - math.exp(-2 * a)) / (2 * a)) * (1 - math.exp(-a)) / a
    assert modelled(found)[0].volatility == pytest.approx(0.001 / factor, rel=1e-3)


def test_a_lognormal_quote_counts_as_the_normal_one_of_its_price():
    # At the money v_n = F v sqrt(T) ... exactly F (2 N(v sqrt(T) / 2) - 1) sqrt(2 pi / T)
    rate, lognormal = 0.03, 0.2
    found = base_short_rates(
        quotes(("1Y", "1Y", lognormal), vol_type="lognormal"), base_curves(rate), {}, 0.03
    )
    forward = math.expm1(rate)  # one year of 365 days, ACT/365F
    share = math.erf(lognormal / 2 / math.sqrt(2))
    expected = forward * share * math.sqrt(2 * math.pi)
    assert found.tables[0].at(365, 365) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (quotes(), "there are no quotes"),
        (quotes(*SQUARE[:3]), "not every expiry is quoted with every tenor"),
        (quotes(*SQUARE, SQUARE[0]), "not every expiry is quoted with every tenor"),
        (quotes(*SQUARE, strike="0.03"), "a smile is not interpolated"),
        (quotes(*SQUARE, vol_type="shifted"), "come without their shift"),
        (quotes(*SQUARE, currency="EUR"), "there are no quotes"),
        (quotes(*SQUARE, quote_date="2025-12-25"), "4 quotes are stale"),
    ],
)
def test_what_cannot_be_used_stops_the_currency_that_holds_rights(given, reason):
    found = base_short_rates(given, base_curves(), HELD, 0.03)
    (error,) = found.errors.values()
    assert reason in str(error)
    assert "2 positions that may be redeemed early, 300,000.00 USD" in str(error)
    with pytest.raises(MarketDataError, match=reason):
        modelled(found)


def test_a_currency_without_rights_needs_no_quotes():
    assert base_short_rates(quotes(), base_curves(), {}, 0.03).errors == {}


def test_a_scenario_moves_the_quote_before_the_fit():
    # 60 bp doubled, less 20 bp: as a quote of 100 bp; 60 bp less 70 bp is none
    found = base_short_rates(quotes(("1Y", "1Y", 0.006)), base_curves(), {}, 0.03)
    base, moved, none = modelled(found, base=(1.0, 0.0), moved=(2.0, -20.0), none=(1.0, -70.0))
    quoted = base_short_rates(quotes(("1Y", "1Y", 0.010)), base_curves(), {}, 0.03)
    assert moved.volatility == pytest.approx(modelled(quoted)[0].volatility, rel=1e-12)
    assert base.volatility < moved.volatility
    assert none.volatility == 0.0
