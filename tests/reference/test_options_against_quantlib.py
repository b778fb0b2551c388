"""Options on rates, and bonds with early redemption, against QuantLib on random terms."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest

from alm_pipeline.engine.market.curve import ZeroCurve, discount_factors
from alm_pipeline.engine.market.option_models import (
    RateOptions,
    cap_values,
    caplet_values,
    implied_volatilities,
    option_values,
    swaption_values,
)
from alm_pipeline.engine.market.short_rate_tree import (
    HullWhite,
    RedeemableBond,
    TreeValue,
    _tree_days,
    tree_value,
)

ql = pytest.importorskip("QuantLib", reason="QuantLib is a test dependency")

N_CASES = 300
N_BONDS = 120
OF_NOTIONAL = 1e-9
# A tree lets the curve move once a step: a right decided there misses about half its curvature
# times the variance of a step, 0.5 * 100 * D**2 * sigma**2 * dt, which for a duration D of 6 years
# and a volatility of 2 % is 0.002 of 100 per day of the step. Measured: 0.0009 at most.
OF_100_PER_DAY_OF_STEP = 0.0015
TODAY = ql.Date(15, 1, 2026)
ACT_360, ACT_365 = ql.Actual360(), ql.Actual365Fixed()
# name: is_lognormal, shift, smallest zero rate, range of volatilities. Zero rates of one curve lie
# within 60 bp, so that forwards stay within about 120 bp of them and above what the model knows.
MODELS = {
    "normal": (False, 0.0, -0.01, (0.002, 0.02)),
    "lognormal": (True, 0.0, 0.02, (0.1, 0.7)),
    "shifted": (True, 0.03, -0.01, (0.1, 0.5)),
}
each_model = pytest.mark.parametrize("name", MODELS)


@pytest.fixture(autouse=True)
def evaluation_date():
    before = ql.Settings.instance().evaluationDate
    ql.Settings.instance().evaluationDate = TODAY
    yield
    ql.IndexManager.instance().clearHistories()
    ql.Settings.instance().evaluationDate = before


class Market(NamedTuple):
    """One random curve, ours and theirs."""

    ours: ZeroCurve
    theirs: Any

    def factors(self, dates):
        return discount_factors(self.ours, days_to(dates))


def days_to(dates) -> np.ndarray:
    return np.array([date - TODAY for date in dates], dtype=np.int32)


def random_market(random, lowest: float) -> Market:
    nodes = np.array([30, 365, 1095, 2555, 5475, 14600], dtype=np.int32)
    rates = random.uniform(lowest, 0.06) + random.uniform(0.0, 0.006, len(nodes))
    dates = [TODAY, *(TODAY + int(day) for day in nodes)]
    curve = ql.ZeroCurve(dates, [rates[0], *rates], ACT_365, ql.NullCalendar(), ql.Linear())
    return Market(ZeroCurve(nodes, rates), ql.YieldTermStructureHandle(curve))


def schedule(start, months: int, n_periods: int):
    end = ql.NullCalendar().advance(start, months * n_periods, ql.Months)
    tenor, grid = ql.Period(months, ql.Months), ql.NullCalendar()
    rule = ql.DateGeneration.Forward
    return ql.Schedule(start, end, tenor, grid, ql.Unadjusted, ql.Unadjusted, rule, False)


def ibor(months: int, curve):
    tenor = ql.Period(months, ql.Months)
    return ql.IborIndex(
        "X", tenor, 0, ql.EURCurrency(), ql.NullCalendar(), ql.Unadjusted, False, ACT_360, curve
    )


def quote(value: float):
    return ql.QuoteHandle(ql.SimpleQuote(float(value)))


def largest(ours, theirs) -> float:
    assert len(ours) == len(theirs) >= N_BONDS
    return float(np.abs(np.asarray(ours) - np.asarray(theirs)).max())


@each_model
def test_caplets_and_floorlets_are_their_formulas(name):
    is_lognormal, shift, lowest, sizes = MODELS[name]
    random = np.random.default_rng(20260115)
    forwards, strikes = random.uniform(lowest, 0.1, (2, N_CASES))
    expiries = np.where(random.random(N_CASES) < 0.1, 0.0, random.uniform(0.0, 30.0, N_CASES))
    sigmas, is_call = random.uniform(*sizes, N_CASES), random.random(N_CASES) < 0.5
    years, factors = random.uniform(0.08, 1.0, N_CASES), random.uniform(0.3, 1.1, N_CASES)
    options = RateOptions(is_lognormal, is_call, forwards, strikes, expiries, shift)
    theirs = []
    for i in range(N_CASES):
        side = ql.Option.Call if is_call[i] else ql.Option.Put
        terms = side, strikes[i], forwards[i], sigmas[i] * math.sqrt(expiries[i]), factors[i]
        formula = ql.blackFormula if is_lognormal else ql.bachelierBlackFormula
        theirs.append(years[i] * formula(*terms, *([shift] if is_lognormal else [])))
    assert largest(caplet_values(options, sigmas, years, factors), theirs) <= OF_NOTIONAL


@each_model
def test_implied_volatilities_reprice_their_formulas(name):
    # Out of the money, where a price has all digits of its time value.
    is_lognormal, shift, lowest, sizes = MODELS[name]
    random = np.random.default_rng(7)
    forwards, strikes = random.uniform(lowest, 0.1, (2, N_CASES))
    expiries, sigmas = random.uniform(0.1, 30.0, N_CASES), random.uniform(*sizes, N_CASES)
    options = RateOptions(is_lognormal, strikes > forwards, forwards, strikes, expiries, shift)
    prices = []
    for i in range(N_CASES):
        side = ql.Option.Call if strikes[i] > forwards[i] else ql.Option.Put
        terms = side, strikes[i], forwards[i], sigmas[i] * math.sqrt(expiries[i]), 1.0
        formula = ql.blackFormula if is_lognormal else ql.bachelierBlackFormula
        prices.append(formula(*terms, *([shift] if is_lognormal else [])))
    # Their prices are rounded to 1e-16 or so; prices above 1e-8 then tell a volatility to 1e-7.
    has_digits = np.array(prices) > 1e-8
    implied = implied_volatilities(options, np.maximum(prices, 0.0))
    assert has_digits.sum() > N_CASES / 2
    np.testing.assert_allclose(implied[has_digits], sigmas[has_digits], rtol=1e-7, atol=0)
    repriced = option_values(options, implied).prices
    assert largest(repriced, prices) <= 1e-15


def random_caps(random, name):
    """Yield QuantLib's value of a cap or floor and the rows of its periods: the same terms."""
    is_lognormal, shift, lowest, sizes = MODELS[name]
    for _ in range(N_CASES):
        market, months = random_market(random, lowest), int(random.choice([1, 3, 6, 12]))
        start = TODAY + int(random.integers(-28, 1000))
        dates = list(schedule(start, months, int(random.integers(1, 21))))
        strike, sigma = random.uniform(max(lowest, 0.001), 0.08), random.uniform(*sizes)
        is_cap, fixing = bool(random.random() < 0.5), random.uniform(0.001, 0.06)
        index = ibor(months, market.theirs)
        if start < TODAY:
            index.addFixing(start, fixing, True)
        leg = ql.IborLeg([1.0], ql.Schedule(dates), index, ACT_360, ql.Unadjusted, [0])
        cap = (ql.Cap if is_cap else ql.Floor)(leg, [strike])
        if is_lognormal:
            engine = ql.BlackCapFloorEngine(market.theirs, quote(sigma), ACT_365, shift)
        else:
            engine = ql.BachelierCapFloorEngine(market.theirs, quote(sigma))
        cap.setPricingEngine(engine)
        factors = market.factors([max(date, TODAY) for date in dates])
        years = np.diff(days_to(dates)) / 360.0
        forwards = (factors[:-1] / factors[1:] - 1.0) / years
        forwards[0] = fixing if start < TODAY else forwards[0]
        n = len(years)
        rows = np.stack([
            np.full(n, is_cap), forwards, np.full(n, strike), days_to(dates[:-1]) / 365.0,
            np.full(n, sigma), years, factors[1:],
        ])  # fmt: skip
        yield cap.NPV(), rows


@each_model
def test_caps_and_floors_are_worth_what_their_engines_say(name):
    random = np.random.default_rng(1)
    theirs, rows = zip(*random_caps(random, name), strict=True)
    index = np.repeat(np.arange(N_CASES), [part.shape[1] for part in rows])
    is_call, forwards, strikes, expiries, sigmas, years, factors = np.concatenate(rows, axis=1)
    is_lognormal, shift = MODELS[name][:2]
    options = RateOptions(is_lognormal, is_call > 0, forwards, strikes, expiries, shift)
    assert (expiries < 0.0).any()
    ours = cap_values(caplet_values(options, sigmas, years, factors), index)
    assert largest(ours, theirs) <= OF_NOTIONAL


@each_model
def test_swaptions_are_worth_what_their_engines_say(name):
    is_lognormal, shift, lowest, sizes = MODELS[name]
    random = np.random.default_rng(2)
    theirs, rows = [], []
    for _ in range(N_CASES):
        market, months = random_market(random, lowest), int(random.choice([3, 6, 12]))
        expiry = TODAY + int(random.integers(1, 3650))
        dates = list(schedule(expiry, months, int(random.integers(1, 31))))
        strike, sigma = random.uniform(max(lowest, 0.001), 0.08), random.uniform(*sizes)
        is_payer = bool(random.random() < 0.5)
        grid, index = ql.Schedule(dates), ibor(months, market.theirs)
        side = ql.Swap.Payer if is_payer else ql.Swap.Receiver
        swap = ql.VanillaSwap(side, 1.0, grid, strike, ACT_365, grid, index, 0.0, ACT_360)
        swaption = ql.Swaption(swap, ql.EuropeanExercise(expiry))
        if is_lognormal:
            engine = ql.BlackSwaptionEngine(market.theirs, quote(sigma), ACT_365, shift)
        else:
            engine = ql.BachelierSwaptionEngine(market.theirs, quote(sigma), ACT_365)
        swaption.setPricingEngine(engine)
        theirs.append(swaption.NPV())
        factors, years = market.factors(dates), np.diff(days_to(dates)) / 365.0
        annuity = years @ factors[1:]
        forward = (factors[0] - factors[-1]) / annuity
        rows.append([is_payer, forward, strike, (expiry - TODAY) / 365.0, sigma, annuity])
    is_call, forwards, strikes, expiries, sigmas, annuities = np.array(rows).T.copy()
    options = RateOptions(is_lognormal, is_call > 0, forwards, strikes, expiries, shift)
    assert largest(swaption_values(options, sigmas, annuities), theirs) <= OF_NOTIONAL


class Redeemable(NamedTuple):
    """One random bond on one random curve, ours and theirs."""

    bond: RedeemableBond
    market: Market
    model: HullWhite
    theirs: Any

    def their_value(self, grid) -> float:  # a grid of times, or the number of steps
        a = max(self.model.mean_reversion, 1e-12)  # they refuse zero
        model = ql.HullWhite(self.market.theirs, a, self.model.volatility)
        self.theirs.setPricingEngine(ql.TreeCallableFixedRateBondEngine(model, grid))
        return float(self.theirs.NPV())

    def our_value(self, max_step_days: int, volatility: float | None = None) -> TreeValue:
        sigma = self.model.volatility if volatility is None else volatility
        model = HullWhite(self.model.mean_reversion, sigma)
        return tree_value(self.bond, self.market.ours, model, max_step_days)


def random_exercises(random, dates, sides):
    """Return their schedule and our (day, price, is_put): on coupon days and between them."""
    calls, ours = ql.CallabilitySchedule(), []
    for before, date in pairwise(dates[1:-1]):
        if random.random() < 0.3:
            continue
        is_put = bool(random.choice(sides))
        day = date if random.random() < 0.7 else before + (date - before) // 2
        price = random.uniform(92.0, 100.0) if is_put else random.uniform(99.0, 105.0)
        side = ql.Callability.Put if is_put else ql.Callability.Call
        calls.append(ql.Callability(ql.BondPrice(price, ql.BondPrice.Dirty), side, day))
        ours.append((day - TODAY, price, is_put))
    return calls, ours


def random_bonds(n_bonds: int):
    """Yield callable, puttable and two-sided bonds in turn, seasoned or new."""
    random = np.random.default_rng(3)
    for number in range(n_bonds):
        market, months = random_market(random, -0.01), int(random.choice([6, 12]))
        start = TODAY - int(random.integers(0, 150))
        dates = list(schedule(start, months, int(random.integers(4, 31))))
        rate, a = random.uniform(0.0, 0.08), float(random.choice([0.0, 0.01, 0.05, 0.2]))
        sides = [[False], [True], [False, True]][number % 3]
        calls, exercises = random_exercises(random, dates, sides)
        days = np.array([one[0] for one in exercises], dtype=np.int32)
        prices = np.array([one[1] for one in exercises], dtype=np.float64)
        is_put = np.array([one[2] for one in exercises], dtype=np.bool_)
        cash = np.full(len(dates) - 1, 100.0 * rate * months / 12)
        cash[-1] += 100.0
        basis = ql.Thirty360(ql.Thirty360.BondBasis)
        terms = 0, 100.0, ql.Schedule(dates), [rate], basis, ql.Unadjusted, 100.0, start
        yield Redeemable(
            RedeemableBond(days_to(dates[1:]), cash, days, prices, is_put),
            market,
            HullWhite(a, random.uniform(0.003, 0.02)),
            ql.CallableFixedRateBond(*terms, calls),
        )


def test_redeemable_bonds_are_worth_what_their_tree_says_on_the_same_days():
    # Same days, model and branching: only roundings differ, and their mean reversion of 1e-12
    # where ours is 0.
    ours, theirs = [], []
    for case in random_bonds(N_BONDS):
        grid = ql.TimeGrid((_tree_days(case.bond, 61)[1:] / 365.0).tolist())
        ours.append(case.our_value(61).value)
        theirs.append(case.their_value(grid))
    assert largest(ours, theirs) <= 100.0 * OF_NOTIONAL


def test_shorter_steps_come_closer_to_their_tree_of_short_steps():
    # Their own days, about 15 apart, against ours: the mean error falls with our step.
    cases = list(random_bonds(24))
    theirs = np.array([case.their_value(int(case.bond.pay_offsets[-1]) // 15) for case in cases])
    means = []
    for step in (184, 61, 31):
        errors = np.abs(np.array([case.our_value(step).value for case in cases]) - theirs)
        assert errors.max() <= OF_100_PER_DAY_OF_STEP * step
        means.append(errors.mean())
    assert means[1] < means[0] / 2.0
    assert means[2] < means[0] / 3.0


@pytest.mark.parametrize("mean_reversion", [0.0, 0.03, 0.2])
@pytest.mark.parametrize("is_put", [False, True])
def test_a_zero_bond_with_one_exercise_converges_to_the_closed_form(is_put, mean_reversion):
    # No tree on their side: redeemable at 82 after 5 years, due after 10, it is the zero bond less
    # a call, or plus a put, on it, by Jamshidian's formula.
    sigma, nodes = 0.012, np.array([365, 5475], dtype=np.int32)
    dates = [TODAY, *(TODAY + int(day) for day in nodes)]
    curve = ql.ZeroCurve(dates, [0.02, 0.02, 0.04], ACT_365, ql.NullCalendar(), ql.Linear())
    theirs = ql.HullWhite(ql.YieldTermStructureHandle(curve), max(mean_reversion, 1e-12), sigma)
    side = ql.Option.Put if is_put else ql.Option.Call
    right = 100.0 * theirs.discountBondOption(side, 0.82, 5.0, 10.0) * (1.0 if is_put else -1.0)
    days, price = np.array([1825, 3650], dtype=np.int32), np.array([82.0])
    bond = RedeemableBond(days[1:], np.array([100.0]), days[:1], price, np.array([is_put]))
    ours, model = ZeroCurve(nodes, np.array([0.02, 0.04])), HullWhite(mean_reversion, sigma)
    steps = (184, 92, 31, 8)
    errors = [abs(tree_value(bond, ours, model, step).option_value - right) for step in steps]
    for step, error in zip(steps, errors, strict=True):
        assert error <= OF_100_PER_DAY_OF_STEP * step
    assert errors[-1] < errors[0] / 5.0


def test_callable_is_at_most_straight_is_at_most_puttable_and_rights_gain_with_volatility():
    n_checked = 0
    for case in random_bonds(N_BONDS):
        worth = [case.our_value(61, sigma) for sigma in (0.0, 0.004, 0.008, 0.012, 0.02)]
        straight = case.bond.cash_amounts @ discount_factors(
            case.market.ours, case.bond.pay_offsets
        )
        for one in worth:
            assert one.straight_value == pytest.approx(straight, abs=100.0 * 1e-12)
        for is_put, sign in ((False, -1.0), (True, 1.0)):
            if (case.bond.is_put == is_put).all():
                rights = np.array([sign * one.option_value for one in worth])
                assert rights[0] >= 0.0
                # A right far out of the money is worth nothing yet: not less, to rounding.
                assert (np.diff(rights) >= -1e-10).all()
                assert rights[-1] > rights[0] or len(case.bond.is_put) == 0
                n_checked += 1
    assert n_checked >= 2 * N_BONDS // 3
