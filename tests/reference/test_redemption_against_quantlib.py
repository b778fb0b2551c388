"""Callable and puttable positions of the book, from rows to value, against QuantLib.

Our side goes the whole way: rows of `book.positions` and `book.scheduled_events`, the bridge, the
projection and the tree, under several scenarios at once. Theirs is a bond with its own schedule,
coupons, clean call prices and accrued interest, on a tree over the same days.
"""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from alm_pipeline.engine.arrays import Behaviour, Curves, Volatilities
from alm_pipeline.engine.market.curve import ZeroCurve
from alm_pipeline.engine.market.short_rate_tree import HullWhite
from alm_pipeline.engine.market.swaption_fit import fitted_model, swap_days
from alm_pipeline.engine.simulation.redemption import Redeemable
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate
from alm_pipeline.warehouse.array_bridge import engine_book
from tests.unit.warehouse.book_rows import AS_OF, CODES, table

ql = pytest.importorskip("QuantLib", reason="QuantLib is a test dependency")

N_BONDS = 60
TODAY = ql.Date(AS_OF.day, AS_OF.month, AS_OF.year)
ACT_365 = ql.Actual365Fixed()
NODES = np.array([365, 1825, 3650, 7300], dtype=np.int32)
DAY_COUNTS = {
    "30e_360": ql.Thirty360(ql.Thirty360.EurobondBasis),
    "act_365f": ACT_365,
    "act_360": ql.Actual360(),
}
OF_PRINCIPAL = 1e-9


@pytest.fixture(autouse=True)
def evaluation_date():
    before = ql.Settings.instance().evaluationDate
    ql.Settings.instance().evaluationDate = TODAY
    yield
    ql.Settings.instance().evaluationDate = before


def their_curve(rates: np.ndarray, margin: float = 0.0) -> Any:
    dates = [TODAY, *(TODAY + int(day) for day in NODES)]
    zero = [float(rate) + margin for rate in (rates[0], *rates)]
    return ql.YieldTermStructureHandle(
        ql.ZeroCurve(dates, zero, ACT_365, ql.NullCalendar(), ql.Linear())
    )


class Case:
    """A seasoned bond of 1,000 with calls and puts at clean prices, some between coupons."""

    def __init__(self, random: np.random.Generator, number: int) -> None:
        self.months, n = int(random.choice([6, 12])), int(random.integers(3, 20))
        start = TODAY - int(random.integers(0, 170))
        self.dates = [start + ql.Period(self.months * k, ql.Months) for k in range(n + 1)]
        self.coupon = round(float(random.uniform(0.0, 0.08)), 4)
        self.day_count = str(random.choice(list(DAY_COUNTS)))
        self.model = HullWhite(
            float(random.choice([0.0, 0.01, 0.05, 0.2])), float(random.uniform(0.003, 0.02))
        )
        self.sign = int(random.choice([1, -1]))
        self.margin = float(random.choice([0.0, 0.004]))
        kinds = [("call",), ("put",), ("call", "put")][number % 3]
        self.rights = [
            (day, str(random.choice(kinds)), round(float(random.uniform(95.0, 104.0)), 3))
            for before, day in zip(self.dates[1:-2], self.dates[2:-1], strict=True)
            for day in [day if random.random() < 0.6 else before + (day - before) // 3]
            if random.random() < 0.8
        ]

    def row(self, number: int) -> dict[str, Any]:
        """Return the position."""
        first, second = (as_date(day) for day in self.dates[:2])
        basis = DAY_COUNTS[self.day_count]
        years = basis.yearFraction(self.dates[0], TODAY)
        return {
            "position_id": f"A:security:{number}", "direction": self.sign,
            "outstanding_principal": Decimal("1000.00"), "is_prepayable": False,
            "cash_flow_model": "bullet", "amortisation_type": "bullet", "payment_amount": None,
            "principal_freq": "P0D", "interest_freq": f"P{self.months}M",
            "coupon_rate": self.coupon, "margin_rate": self.margin,
            # to the last digit, so that both sides pay the same first coupon
            "accrued_interest": Decimal(repr(1000.0 * self.coupon * years)),
            "day_count": self.day_count, "start_date": first, "last_payment_date": first,
            "next_payment_date": second, "maturity_date": as_date(self.dates[-1]),
            "business_day_convention": "none", "calendar_id": "none", "is_end_of_month": False,
        }  # fmt: skip

    def events(self, number: int) -> list[dict[str, Any]]:
        return [
            {
                "position_id": f"A:security:{number}", "event_date": as_date(day),
                "event_type": kind, "event_amount": 10.0 * price, "rate": None,
            }
            for day, kind, price in self.rights
        ]  # fmt: skip

    def their_option_value(self, rates: np.ndarray) -> float:
        """Return their callable less their straight bond, 1,000 of principal, margins included."""
        schedule = ql.CallabilitySchedule()
        for day, kind, price in self.rights:
            side = ql.Callability.Call if kind == "call" else ql.Callability.Put
            schedule.append(ql.Callability(ql.BondPrice(price, ql.BondPrice.Clean), side, day))
        terms = (
            *(0, 100.0, ql.Schedule(self.dates), [self.coupon], DAY_COUNTS[self.day_count]),
            *(ql.Unadjusted, 100.0, self.dates[0]),
        )
        bond, straight = (
            ql.CallableFixedRateBond(*terms, one) for one in (schedule, ql.CallabilitySchedule())
        )
        curve = their_curve(rates, self.margin)
        a = max(self.model.mean_reversion, 1e-12)  # they refuse zero
        model = ql.HullWhite(curve, a, self.model.volatility)
        grid = ql.TimeGrid((self._grid()[1:] / 365.0).tolist())
        found = []
        for one in (bond, straight):
            one.setPricingEngine(ql.TreeCallableFixedRateBondEngine(model, grid))
            found.append(float(one.NPV()))
        return 10.0 * (found[0] - found[1])

    def _grid(self) -> np.ndarray:
        """Return the days of the bond and equal steps of at most a month between them."""
        paid = [day - TODAY for day in self.dates if day > TODAY]
        days = np.unique([0, *paid, *(day - TODAY for day, _, _ in self.rights)])
        parts = [
            start + np.arange(1, -(-gap // 31) + 1) * gap // -(-gap // 31)
            for start, gap in zip(days[:-1].tolist(), np.diff(days).tolist(), strict=True)
        ]
        return np.concatenate([[0], *parts])


def as_date(day: Any) -> dt.date:
    return dt.date(day.year(), day.month(), day.dayOfMonth())


def random_cases() -> list[Case]:
    random = np.random.default_rng(17)
    return [Case(random, number) for number in range(N_BONDS)]


def valued(cases: list[Case], rates: np.ndarray, **options: Any) -> Any:
    """Return values of the whole way; ``rates`` (n_scenarios, n_nodes)."""
    listed = [event for number, case in enumerate(cases) for event in case.events(number)]
    names = ("position_id", "event_date", "event_type", "event_amount", "rate")
    events = {name: [event[name] for event in listed] for name in names}
    book = engine_book(
        table(*(case.row(number) for number, case in enumerate(cases))), events, AS_OF, CODES
    )
    n, n_curves = len(rates), len(CODES.curve_ids)
    curves = Curves(
        tenor_days=NODES,
        zero_rates=np.repeat(rates[:, None], n_curves, axis=1),
        base_zero_rates=np.repeat(rates[:1], n_curves, axis=0),
    )
    volatilities = Volatilities(
        expiry_days=NODES[:1],
        normal_volatilities=np.zeros((n, n_curves, 1)),
        is_quoted=np.ones(n_curves, dtype=np.bool_),
    )
    models = [(cases[right.row].model,) * n for right in book.rights]
    return simulate(
        book.positions,
        curves,
        Behaviour(
            annual_prepayment_rate=np.zeros((2, n)),
            redemption_share=np.zeros((2, n)),
            **{name: np.zeros(2) for name in _PLAIN},
            core_run_off_months=np.zeros(2, dtype=np.int32),
            lag_months=np.zeros(2, dtype=np.int32),
        ),
        (),
        SimulationOptions(
            as_of_date=np.datetime64(AS_OF, "D"), lenses=("value", "options"), **options
        ),
        book.agendas,
        volatilities,
        Redeemable(rights=book.rights, models=models),
    )


_PLAIN = ("core_share", "pass_through_up", "pass_through_down", "rate_floor")


def test_positions_that_may_be_redeemed_are_worth_what_quantlib_says_in_every_scenario():
    cases = [case for case in random_cases() if case.rights]
    random = np.random.default_rng(5)
    base = 0.025 + np.cumsum(random.uniform(-0.004, 0.006, len(NODES)))
    rates = np.stack([base, base + 0.02, base - 0.02])
    ours = valued(cases, rates, eve_margins="included", threads=2).option_value
    assert len(cases) > 40
    theirs = [[case.sign * case.their_option_value(one) for one in rates] for case in cases]
    assert np.abs(ours - np.array(theirs)).max() <= 1000.0 * OF_PRINCIPAL
    assert (np.abs(ours) > 1.0).mean() > 0.3  # the rights are worth something


def test_threads_and_company_change_nothing():
    cases = [case for case in random_cases() if case.rights][:12]
    rates = np.array([[0.02, 0.025, 0.03, 0.03], [0.04, 0.045, 0.05, 0.05]])
    together = valued(cases, rates, threads=2).option_value
    alone = valued(cases[3:4], rates[1:]).option_value
    assert together[3, 1] == alone[0, 0]


@pytest.mark.parametrize("mean_reversion", [0.01, 0.05, 0.15])
def test_the_fitted_short_rate_prices_the_swaption_as_quoted(mean_reversion):
    # Their Jamshidian engine with our volatility against the quoted normal price, A v sqrt(T/2pi).
    rates = np.array([0.02, 0.025, 0.03, 0.035])
    ours, theirs = ZeroCurve(NODES, rates), their_curve(rates)
    for first, last, quoted in ((1825, 3650, 0.008), (365, 4015, 0.006), (3650, 4745, 0.012)):
        model = fitted_model(ours, first, last, quoted, mean_reversion)
        dates = [TODAY + first, *(TODAY + int(day) for day in swap_days(first, last))]
        years = np.diff([day - TODAY for day in dates]) / 365.0
        annuity = sum(y * theirs.discount(day) for y, day in zip(years, dates[1:], strict=True))
        swap_rate = (theirs.discount(dates[0]) - theirs.discount(dates[-1])) / annuity
        index = ql.IborIndex(
            *("index", ql.Period(1, ql.Years), 0, ql.USDCurrency(), ql.NullCalendar()),
            *(ql.Unadjusted, False, ACT_365, theirs),
        )
        dated = ql.Schedule(dates)
        swap = ql.VanillaSwap(
            ql.Swap.Payer, 1.0, dated, swap_rate, ACT_365, dated, index, 0.0, ACT_365
        )
        swaption = ql.Swaption(swap, ql.EuropeanExercise(dates[0]))
        swaption.setPricingEngine(
            ql.JamshidianSwaptionEngine(
                ql.HullWhite(theirs, mean_reversion, model.volatility), theirs
            )
        )
        price = annuity * quoted * math.sqrt(first / 365.0 / (2.0 * math.pi))
        # their level of the rate is a root to 1e-8
        assert swaption.NPV() == pytest.approx(price, rel=1e-6)
