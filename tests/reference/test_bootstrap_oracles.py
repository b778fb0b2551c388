"""Curves from forward rate agreements, futures and swaps on two curves, against QuantLib."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813 - the name its users know

from alm_pipeline.engine.market.bootstrap import bootstrap, par_rates
from alm_pipeline.engine.market.curve import ZeroCurve, daily_zero_rates
from alm_pipeline.engine.market.quotes import Projection, par_instruments
from alm_pipeline.errors import MarketDataError

AS_OF = np.datetime64("2026-10-15")
TODAY = ql.Date(15, 10, 2026)
NO_CALENDAR, PLAIN, ACT_360 = ql.NullCalendar(), ql.Unadjusted, ql.Actual360()
MILLIONTH_OF_A_BASIS_POINT = 1e-10
Row = tuple[str, str, float, str, str | None, float]
"""Instrument, tenor, quote, payment frequency, start, convexity adjustment."""

DISCOUNT: list[Row] = [
    ("deposit", "1M", 0.0360, "", None, np.nan),
    *(
        ("ois", tenor, rate, "P1Y", None, np.nan)
        for tenor, rate in (
            ("6M", 0.0361), ("1Y", 0.0355), ("2Y", 0.0342), ("3Y", 0.0340), ("5Y", 0.0346),
            ("7Y", 0.0355), ("10Y", 0.0366), ("20Y", 0.0385), ("30Y", 0.0380),
        )
    ),
]  # fmt: skip
SWAPS: list[Row] = [
    ("irs", tenor, rate, "P1Y", None, np.nan)
    for tenor, rate in (
        ("2Y", 0.0364), ("3Y", 0.0361), ("5Y", 0.0366), ("10Y", 0.0384), ("30Y", 0.0396),
    )
]  # fmt: skip
FORWARDS: list[Row] = [
    ("deposit", "3M", 0.0382, "", None, np.nan),
    ("fra", "3M", 0.0379, "", "2026-12-15", np.nan),
    ("fra", "3M", 0.0375, "", "2027-01-15", np.nan),
    ("future", "3M", 0.0371, "", "2027-03-17", 0.00004),
    ("future", "3M", 0.0366, "", "2027-06-16", 0.00011),
    ("future", "3M", 0.0362, "", "2027-09-15", 0.00019),
]


@pytest.fixture(autouse=True)
def today() -> None:
    ql.Settings.instance().evaluationDate = TODAY


def columns(rows: list[Row]) -> dict[str, np.ndarray]:
    instrument, tenor, quote, frequency, start, convexity = zip(*rows, strict=True)
    return {
        "instrument": np.array(instrument, dtype=object),
        "tenor": np.array(tenor, dtype=object),
        "quote": np.array(quote),
        "day_count": np.array(["act_360"] * len(rows), dtype=object),
        "payment_freq": np.array(frequency, dtype=object),
        "start_date": np.array([day or "2026-10-15" for day in start], dtype="datetime64[D]"),
        "convexity_adjustment_rate": np.array(convexity),
    }


def three_months(handle: Any = None) -> Any:
    """An index of three months without lag or holidays."""
    terms = (
        "any", ql.Period("3M"), 0, ql.USDCurrency(), NO_CALENDAR, PLAIN, False, ACT_360,
    )  # fmt: skip
    return ql.IborIndex(*terms, handle) if handle is not None else ql.IborIndex(*terms)


def helper(row: Row, discount: Any) -> Any:
    """QuantLib's quote of a row; a swap pays three-month interest and is discounted elsewhere."""
    instrument, tenor, rate, _, start, convexity = row
    quote = ql.QuoteHandle(ql.SimpleQuote(rate))
    if instrument == "deposit":
        return ql.DepositRateHelper(quote, ql.Period(tenor), 0, NO_CALENDAR, PLAIN, False, ACT_360)
    if instrument == "fra":
        months = (int(str(start)[:4]) - 2026) * 12 + int(str(start)[5:7]) - 10
        return ql.FraRateHelper(quote, months, months + 3, 0, NO_CALENDAR, PLAIN, False, ACT_360)
    if instrument == "future":
        year, month, day = map(int, str(start).split("-"))
        price = ql.QuoteHandle(ql.SimpleQuote(100.0 * (1.0 - rate)))
        adjustment = ql.QuoteHandle(ql.SimpleQuote(convexity))
        return ql.FuturesRateHelper(
            price, ql.Date(day, month, year), 3, NO_CALENDAR, PLAIN, False, ACT_360, adjustment
        )
    return ql.SwapRateHelper(
        quote, ql.Period(tenor), NO_CALENDAR, ql.Annual, PLAIN, ACT_360, three_months(),
        ql.QuoteHandle(), ql.Period("0D"), discount,
    )  # fmt: skip


def overnight_curve() -> tuple[ZeroCurve, Any]:
    """The curve that discounts: ours, and the same nodes as QuantLib's."""
    curve = bootstrap(par_instruments(AS_OF, columns(DISCOUNT)))
    dates = [TODAY, *(TODAY + int(day) for day in curve.tenor_days)]
    theirs = ql.ZeroCurve(
        dates, [curve.zero_rates[0], *curve.zero_rates], ql.Actual365Fixed(), NO_CALENDAR,
        ql.Linear(), ql.Continuous,
    )  # fmt: skip
    return curve, ql.YieldTermStructureHandle(theirs)


def largest_gap(curve: ZeroCurve, peer: Any) -> float:
    """The largest difference of zero rates on every day from the first node to the last."""
    days = np.arange(curve.tenor_days[0], curve.tenor_days[-1] + 1, dtype=np.int32)
    ours = daily_zero_rates(curve.tenor_days, curve.zero_rates, days)
    count = ql.Actual365Fixed()
    theirs = [peer.zeroRate(TODAY + int(d), count, ql.Continuous).rate() for d in days]
    return float(np.abs(ours - theirs).max())


def test_deposits_forwards_and_futures_give_the_curve_of_quantlib():
    rows = FORWARDS
    peer = ql.PiecewiseLinearZero(TODAY, [helper(row, None) for row in rows], ql.Actual365Fixed())
    instruments = par_instruments(AS_OF, columns(rows))
    curve = bootstrap(instruments)
    assert [date - TODAY for date in peer.dates()[1:]] == curve.tenor_days.tolist()
    assert largest_gap(curve, peer) < MILLIONTH_OF_A_BASIS_POINT
    # a future gives its quote less the adjustment back: 3.71 % - 0.4 bp and so on
    expected = [row[2] - (0.0 if np.isnan(row[5]) else row[5]) for row in rows]
    np.testing.assert_allclose(par_rates(curve, instruments), expected, rtol=0, atol=1e-10)


def test_a_projection_curve_discounted_by_another_is_that_of_quantlib():
    discount, handle = overnight_curve()
    rows = [*FORWARDS, *SWAPS]
    peer = ql.PiecewiseLinearZero(TODAY, [helper(row, handle) for row in rows], ql.Actual365Fixed())
    instruments = par_instruments(AS_OF, columns(rows), Projection(discount, 3))
    curve = bootstrap(instruments)
    assert [date - TODAY for date in peer.dates()[1:]] == curve.tenor_days.tolist()
    assert largest_gap(curve, peer) < MILLIONTH_OF_A_BASIS_POINT
    # the index lies some 20 bp above the rate that discounts
    apart = daily_zero_rates(curve.tenor_days, curve.zero_rates, curve.tenor_days) - (
        daily_zero_rates(discount.tenor_days, discount.zero_rates, curve.tenor_days)
    )
    assert apart.min() > 0.0005


def test_every_swap_is_worth_nothing_in_quantlib_on_both_of_our_curves():
    discount, handle = overnight_curve()
    curve = bootstrap(par_instruments(AS_OF, columns([*FORWARDS, *SWAPS]), Projection(discount, 3)))
    dates = [TODAY, *(TODAY + int(day) for day in curve.tenor_days)]
    forwards = ql.YieldTermStructureHandle(
        ql.ZeroCurve(dates, [curve.zero_rates[0], *curve.zero_rates], ql.Actual365Fixed(),
                     NO_CALENDAR, ql.Linear(), ql.Continuous)
    )  # fmt: skip
    for _, tenor, rate, *_ in SWAPS:
        end = NO_CALENDAR.advance(TODAY, ql.Period(tenor), PLAIN, False)
        legs = [
            ql.Schedule(TODAY, end, ql.Period(step), NO_CALENDAR, PLAIN, PLAIN,
                        ql.DateGeneration.Backward, False)
            for step in ("1Y", "3M")
        ]  # fmt: skip
        swap = ql.VanillaSwap(
            ql.VanillaSwap.Payer, 1.0, legs[0], rate, ACT_360, legs[1], three_months(forwards), 0.0,
            ACT_360,
        )  # fmt: skip
        swap.setPricingEngine(ql.DiscountingSwapEngine(handle))
        assert abs(swap.NPV()) < 1e-10


@pytest.mark.parametrize("interpolation", ["log_linear", "monotone_convex"])
def test_a_projection_curve_interpolated_otherwise_gives_its_quotes_back(interpolation):
    from alm_pipeline.engine.market.interpolation import rates_between

    discount, _ = overnight_curve()
    rows = [FORWARDS[0], *SWAPS]
    instruments = par_instruments(AS_OF, columns(rows), Projection(discount, 3))
    curve = bootstrap(instruments, interpolation)
    for one in instruments:
        zero = rates_between(curve.tenor_days, curve.zero_rates, one.days, interpolation)
        assert one.par_rate(zero * one.days / 365.0) == pytest.approx(one.quote, abs=1e-10)


def test_a_forward_by_hand():
    # 3M at 4 % over 92 days, then 5 % over the 90 days to 15 April 2027:
    # DF = 1 / (1 + 0.04 x 92 / 360) / (1 + 0.05 x 90 / 360), zero = -ln DF x 365 / 182
    rows: list[Row] = [
        ("deposit", "3M", 0.04, "", None, np.nan),
        ("fra", "3M", 0.05, "", "2027-01-15", np.nan),
    ]
    curve = bootstrap(par_instruments(AS_OF, columns(rows)))
    factor = 1 / (1 + 0.04 * 92 / 360) / (1 + 0.05 * 90 / 360)
    assert curve.tenor_days.tolist() == [92, 182]
    assert curve.zero_rates[1] == pytest.approx(-np.log(factor) * 365 / 182, abs=1e-15)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("fra", "3M", 0.04, "", None, np.nan), "does not start later than the as-of date"),
        (("ois", "2Y", 0.04, "P1Y", "2027-01-15", np.nan), "does not start on the as-of date"),
        (("future", "3M", 0.04, "", "2026-12-16", np.nan), "states no convexity"),
        (("spread", "2Y", 0.04, "", None, np.nan), "not built from the instrument spread"),
    ],
)
def test_what_a_quote_does_not_say_is_refused(row, words):
    with pytest.raises(MarketDataError, match=words):
        par_instruments(AS_OF, columns([row]))


def test_a_projection_curve_takes_no_overnight_swaps():
    discount, _ = overnight_curve()
    with pytest.raises(MarketDataError, match="is not built from ois"):
        par_instruments(AS_OF, columns(DISCOUNT[1:2]), Projection(discount, 3))
