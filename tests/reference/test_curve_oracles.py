"""Curves against outside sources: the Fed's Svensson curves, US Treasury par yields, QuantLib."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import QuantLib as ql  # noqa: N813 - the name its users know

from alm_pipeline.engine.market.bootstrap import bootstrap, par_rates
from alm_pipeline.engine.market.curve import ZeroCurve, daily_zero_rates, discount_factors
from alm_pipeline.engine.market.quotes import ParInstrument, par_instruments

NO_SECOND_HUMP = -999.99
N_TREASURY_DAYS = 200
UST_TENORS = {
    "BC_1MONTH": "1M",
    "BC_3MONTH": "3M",
    "BC_6MONTH": "6M",
    "BC_1YEAR": "1Y",
    "BC_2YEAR": "2Y",
    "BC_3YEAR": "3Y",
    "BC_5YEAR": "5Y",
    "BC_7YEAR": "7Y",
    "BC_10YEAR": "10Y",
    "BC_20YEAR": "20Y",
    "BC_30YEAR": "30Y",
}


def svensson_zero_pct(row: Any, years: np.ndarray) -> np.ndarray:
    """The curve formula of the Fed's paper, continuous, percent."""
    first = years / row.TAU1
    slope = -np.expm1(-first) / first
    rates = row.BETA0 + row.BETA1 * slope + row.BETA2 * (slope - np.exp(-first))
    if row.TAU2 != NO_SECOND_HUMP:
        second = years / row.TAU2
        rates += row.BETA3 * (-np.expm1(-second) / second - np.exp(-second))
    return np.asarray(rates)


@pytest.fixture(scope="module")
def fed_curves(shared: Path) -> pd.DataFrame:
    return pd.read_csv(shared / "data" / "fed_gsw_reference_points" / "gsw_dev.csv")


def test_fed_parameters_give_the_published_zero_and_par_yields(fed_curves):
    # One "day count year" stands for half a year, so that coupon dates are whole: rates per half
    # year, doubled at the end. Published with 12 digits in 1993 and with 4 in 1961.
    n_checked = 0
    for row in fed_curves.itertuples():
        tolerance_pct = 1e-9 if str(row.Date).startswith("1993") else 6e-5
        halves = np.arange(1, 61)
        zero_pct = svensson_zero_pct(row, halves / 2.0)
        curve = ZeroCurve((365 * halves).astype(np.int32), zero_pct / 100.0 / 2.0)
        for years in range(1, 31):
            if np.isnan(published := getattr(row, f"SVENPY{years:02d}")):
                continue
            pay_days = (365 * np.arange(1, 2 * years + 1)).astype(np.int32)
            bond = ParInstrument(pay_days, np.ones(2 * years), 0.0)
            par_pct = 2.0 * par_rates(curve, [bond])[0] * 100.0
            assert par_pct == pytest.approx(published, abs=tolerance_pct)
            zero = daily_zero_rates(curve.tenor_days, curve.zero_rates, pay_days[-1:])
            published_zero = getattr(row, f"SVENY{years:02d}")
            assert zero[0] * 200.0 == pytest.approx(published_zero, abs=tolerance_pct)
            n_checked += 1
    assert n_checked == 30 + 7


def test_fed_parameters_give_the_par_yields_of_their_discount_factors(fed_curves):
    # On both days, whatever digits were published: par = 2 (1 - P(T)) / (P(1/2) + ... + P(T))
    halves = np.arange(1, 61)
    for row in fed_curves.itertuples():
        zero_pct = svensson_zero_pct(row, halves / 2.0)
        factors = np.exp(-zero_pct / 100.0 * halves / 2.0)
        curve = ZeroCurve((365 * halves).astype(np.int32), zero_pct / 100.0 / 2.0)
        bonds = [
            ParInstrument((365 * halves[:n]).astype(np.int32), np.ones(n), 0.0) for n in halves
        ]
        expected_pct = 200.0 * (1.0 - factors) / np.cumsum(factors)
        np.testing.assert_allclose(200.0 * par_rates(curve, bonds), expected_pct, rtol=0, atol=1e-9)
        again = bootstrap(
            [
                ParInstrument(bond.pay_days, bond.accrual_years, quote / 200.0)
                for bond, quote in zip(bonds, expected_pct, strict=True)
            ]
        )
        np.testing.assert_allclose(again.zero_rates * 200.0, zero_pct, rtol=0, atol=1e-9)


def test_par_yields_of_the_fed_bootstrap_to_its_zero_yields(fed_curves):
    # Annual par yields, each bond with semi-annual coupons; straight lines between annual nodes
    # against the Fed's smooth curve differ by less than 1 bp in 1993.
    row = fed_curves[fed_curves["Date"] == "1993-12-31"].iloc[0]
    bonds = [
        ParInstrument(
            (365 * np.arange(1, 2 * years + 1)).astype(np.int32),
            np.ones(2 * years),
            row[f"SVENPY{years:02d}"] / 100.0 / 2.0,
        )
        for years in range(1, 31)
    ]
    curve = bootstrap(bonds)
    published = np.array([row[f"SVENY{years:02d}"] for years in range(1, 31)])
    np.testing.assert_allclose(curve.zero_rates * 200.0, published, rtol=0, atol=0.01)


@pytest.fixture(scope="module")
def treasury_yields(shared: Path) -> pd.DataFrame:
    path = shared / "data" / "ust_par_yields" / "ust_daily_par_1990_2019.csv.gz"
    return pd.read_csv(path, parse_dates=["date"])


def treasury_quotes(row: Any) -> dict[str, np.ndarray]:
    """Par yields delivered on one day, decimals; 0.0 stands for a tenor not issued then."""
    delivered = {tenor: float(row[name]) / 100.0 for name, tenor in UST_TENORS.items()}
    delivered = {tenor: quote for tenor, quote in delivered.items() if quote > 0.0}
    n_quotes = len(delivered)
    return {
        "instrument": np.array(["bond"] * n_quotes, dtype=object),
        "tenor": np.array(list(delivered), dtype=object),
        "quote": np.array(list(delivered.values())),
        "day_count": np.array(["act_act_isda"] * n_quotes, dtype=object),
        "payment_freq": np.array(["P6M"] * n_quotes, dtype=object),
    }


def test_treasury_curves_reprice_the_par_yields_they_are_built_from(treasury_yields):
    days = treasury_yields.iloc[:: len(treasury_yields) // N_TREASURY_DAYS]
    for _, row in days.iterrows():
        quotes = treasury_quotes(row)
        instruments = par_instruments(np.datetime64(row["date"], "D"), quotes)
        curve = bootstrap(instruments)
        np.testing.assert_allclose(
            par_rates(curve, instruments), quotes["quote"], rtol=0, atol=1e-12
        )
        assert (np.diff(discount_factors(curve, curve.tenor_days)) < 0.0).all()
        np.testing.assert_allclose(
            par_by_hand(row["date"], quotes, curve), quotes["quote"], rtol=0, atol=1e-10
        )
    assert len(days) >= N_TREASURY_DAYS


def par_by_hand(day: pd.Timestamp, quotes: dict[str, np.ndarray], curve: ZeroCurve) -> list[float]:
    """Par yields of half-yearly bonds: (1 - P(T)) / sum of years x P, one payment to 6 months.

    Dates are QuantLib's, the end of a month stays one; zero rates are linear between the nodes.
    """
    today, found = ql.Date(day.day, day.month, day.year), []
    for text in quotes["tenor"]:
        length = ql.Period(text).length() * (12 if text.endswith("Y") else 1)
        months = [length] if length <= 6 else list(range(6, length + 1, 6))
        dates = [
            ql.NullCalendar().advance(today, ql.Period(m, ql.Months), ql.Unadjusted, True)
            for m in months
        ]
        days = np.array([one - today for one in dates], dtype=float)
        zero = np.interp(days, curve.tenor_days, curve.zero_rates)
        factors = np.exp(-zero * days / 365.0)
        years = np.diff([0, *months]) / 12.0
        found.append(float((1.0 - factors[-1]) / (years * factors).sum()))
    return found


def test_treasury_curve_is_that_of_quantlib(treasury_yields):
    row = treasury_yields[treasury_yields["date"] == "2006-08-15"].iloc[0]
    quotes = treasury_quotes(row)
    today = ql.Date(15, 8, 2006)
    ql.Settings.instance().evaluationDate = today
    no_calendar, plain = ql.NullCalendar(), ql.Unadjusted
    helpers = []
    for tenor, quote in zip(quotes["tenor"], quotes["quote"], strict=True):
        maturity = today + ql.Period(tenor)
        if tenor in ("1M", "3M", "6M"):  # one payment; simple interest over months / 12
            helpers.append(
                ql.DepositRateHelper(
                    float(quote),
                    ql.Period(tenor),
                    0,
                    no_calendar,
                    plain,
                    False,
                    ql.Thirty360(ql.Thirty360.BondBasis),
                )
            )
            continue
        schedule = ql.Schedule(
            today,
            maturity,
            ql.Period("6M"),
            no_calendar,
            plain,
            plain,
            ql.DateGeneration.Backward,
            False,
        )
        count = ql.ActualActual(ql.ActualActual.ISMA, schedule)
        price = ql.QuoteHandle(ql.SimpleQuote(100.0))
        helpers.append(
            ql.FixedRateBondHelper(price, 0, 100.0, schedule, [float(quote)], count, plain, 100.0)
        )
    peer = ql.PiecewiseLinearZero(today, helpers, ql.Actual365Fixed())
    compare_with_quantlib(bootstrap(par_instruments(np.datetime64("2006-08-15"), quotes)), peer)


def test_swap_curve_is_that_of_quantlib():
    tenors = ["1W", "1M", "3M", "6M", "1Y", "18M", "2Y", "3Y", "5Y", "7Y", "10Y", "20Y", "30Y"]
    rates = [0.0361, 0.0362, 0.0365, 0.0363, 0.0358, 0.0351, 0.0349, 0.0352, 0.0363, 0.0374,
             0.0388, 0.0402, 0.0398]  # fmt: skip
    is_deposit = [tenor in ("1W", "1M", "3M", "6M") for tenor in tenors]
    quotes = {
        "instrument": np.where(is_deposit, "deposit", "ois").astype(object),
        "tenor": np.array(tenors, dtype=object),
        "quote": np.array(rates),
        "day_count": np.array(["act_360"] * len(tenors), dtype=object),
        "payment_freq": np.where(is_deposit, "", "P1Y").astype(object),
    }
    today = ql.Date(15, 10, 2026)
    ql.Settings.instance().evaluationDate = today
    no_calendar, plain, count = ql.NullCalendar(), ql.Unadjusted, ql.Actual360()
    index = ql.IborIndex(
        "any", ql.Period("1Y"), 0, ql.USDCurrency(), no_calendar, plain, False, count
    )
    helpers = [
        ql.DepositRateHelper(rate, ql.Period(tenor), 0, no_calendar, plain, False, count)
        if deposit
        else ql.SwapRateHelper(
            ql.QuoteHandle(ql.SimpleQuote(rate)),
            ql.Period(tenor),
            no_calendar,
            ql.Annual,
            plain,
            count,
            index,
        )
        for tenor, rate, deposit in zip(tenors, rates, is_deposit, strict=True)
    ]
    peer = ql.PiecewiseLinearZero(today, helpers, ql.Actual365Fixed())
    compare_with_quantlib(bootstrap(par_instruments(np.datetime64("2026-10-15"), quotes)), peer)


def compare_with_quantlib(curve: ZeroCurve, peer: Any) -> None:
    """Nodes on the same days and rates equal to a millionth of a basis point, between nodes too."""
    today = peer.referenceDate()
    nodes = [date - today for date in peer.dates()[1:]]
    assert nodes == curve.tenor_days.tolist()
    days = np.unique(np.linspace(1, nodes[-1], 200).astype(np.int32))
    expected = [
        peer.zeroRate(today + int(day), ql.Actual365Fixed(), ql.Continuous).rate() for day in days
    ]
    rates = daily_zero_rates(curve.tenor_days, curve.zero_rates, days)
    np.testing.assert_allclose(rates, expected, rtol=0, atol=1e-10)


def test_a_deposit_that_matures_at_the_end_of_february_counts_its_days_under_30e_360_isda():
    # 28 November 2025 to 28 February 2026, its maturity: three months of 30 days
    quote = {
        "instrument": np.array(["deposit"], dtype=object),
        "tenor": np.array(["3M"], dtype=object),
        "quote": np.array([0.03]),
        "day_count": np.array(["30e_360_isda"], dtype=object),
        "payment_freq": np.array([""], dtype=object),
    }
    years = par_instruments(np.datetime64("2025-11-28"), quote)[0].accrual_years
    assert years == pytest.approx([90 / 360])
