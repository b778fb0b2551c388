"""Estimates of histories whose parameters are known, and whose arithmetic is in the comments."""

from __future__ import annotations

import numpy as np
import pytest

from alm_pipeline.calibration.deposit_rates import (
    ErrorCorrection,
    PathRegression,
    mean_lag_months,
    off_floor,
)
from alm_pipeline.calibration.deposit_volumes import CohortDecay, MinimumVolume, TrendCore
from alm_pipeline.calibration.prepayment import PooledRates, RefinancingCurve, annual_rates
from alm_pipeline.calibration.records import Rows
from alm_pipeline.calibration.withdrawals import EarlyWithdrawal, LineUsage
from tests.unit.calibration.histories import loans, market_path, months

Z = 2.3263478740408408  # 99 % one-sided of the normal distribution


def posted(beta: float, speed: float, lag: int, constant: float, floor: float = 0.0) -> Rows:
    """A posted rate that closes `speed` of its gap to max(floor, constant + beta index) a month."""
    index = market_path(108)
    rate, rates = max(floor, constant + beta * index[0]), []
    for month in range(108):
        target = max(floor, constant + beta * index[max(month - lag, 0)])
        rate += speed * (target - rate)
        rates.append(rate)
    return {"month": months(108), "posted_rate": np.array(rates), "index_rate": index}


def balances(growth: np.ndarray) -> Rows:
    balance = 1e6 * np.exp(np.concatenate([[0.0], np.cumsum(growth)]))
    vintage = np.full(len(balance), "2010")
    return {"month": months(len(balance)), "vintage": vintage, "balance_amount": balance}


@pytest.mark.parametrize(("beta", "speed", "lag"), [(0.32, 0.35, 2), (0.68, 0.5, 1), (0.9, 1.0, 0)])
def test_the_path_regression_finds_beta_lag_and_adjustment(beta, speed, lag):
    fit = PathRegression().fit(posted(beta, speed, lag, 0.001))
    assert fit is not None
    assert fit.value("beta") == pytest.approx(beta, abs=1e-4)
    assert fit.value("adjustment") == pytest.approx(speed, abs=1e-3)
    assert fit.value("lag_months") == lag
    assert fit.r_squared == pytest.approx(1.0, abs=1e-6)


def test_the_error_correction_finds_the_long_run():
    rows = posted(0.5, 0.4, 1, 0.002)
    rng = np.random.default_rng(5)
    noisy = {**rows, "posted_rate": rows["posted_rate"] + rng.normal(0.0, 2e-5, 108)}
    fit = ErrorCorrection().fit(noisy)
    assert fit is not None
    (beta,) = [one for one in fit.parameters if one.name == "beta"]
    assert beta.standard_error is not None
    assert abs(beta.value - 0.5) < 2.0 * beta.standard_error < 0.02


def test_a_rate_that_never_moves_says_nothing():
    rows = {**posted(0.5, 0.4, 1, 0.002), "posted_rate": np.zeros(108)}
    assert PathRegression().fit(rows) is None
    assert ErrorCorrection().fit(rows) is None


def test_a_floor_is_found_and_does_not_bend_beta():
    # the target is -1 % + 0.6 x 1 % = -0.4 % at first, so the rate waits at zero until 1.67 %
    rows = posted(0.6, 0.5, 1, -0.01)
    fit = PathRegression().fit(rows)
    assert fit is not None
    assert fit.value("beta") == pytest.approx(0.6, abs=1e-3)
    assert fit.value("rate_floor") == pytest.approx(0.0, abs=2e-3)


def test_the_mean_delay_adds_lag_and_adjustment():
    # 2 months, then 35 % a month: half-finished moves wait (1 - 0.35) / 0.35 = 1.857 months more
    assert mean_lag_months(2, 0.35) == pytest.approx(3.857, abs=1e-3)
    assert mean_lag_months(0, 1.0) == 0.0


def test_a_rise_and_a_fall_get_their_own_betas_where_they_differ():
    index = market_path(108)
    moves = np.diff(index, prepend=index[0])
    up, down = np.cumsum(np.maximum(moves, 0)), np.cumsum(np.minimum(moves, 0))
    rate = 0.004 + 0.3 * up + 0.6 * down + np.random.default_rng(2).normal(0, 5e-5, 108)
    fit = PathRegression().fit({"month": months(108), "posted_rate": rate, "index_rate": index})
    assert fit is not None
    assert fit.value("beta_up") == pytest.approx(0.3, abs=0.03)
    assert fit.value("beta_down") == pytest.approx(0.6, abs=0.06)
    assert fit.value("probability_of_equal_betas") < 0.05


def test_the_longest_run_off_the_floor_is_taken():
    rate = np.array([0.01, 0.0, 0.0, 0.01, 0.02, 0.03, 0.0])
    assert off_floor(rate) == slice(3, 6)


def test_the_minimum_volume_is_the_textbook_one():
    # worked example 12: 2 % a month, no trend: exp(-2.3263479 x 0.02 x sqrt(12)) = 0.851144; steps
    # of +x and -x in turn have s = x sqrt(n / (n - 1)), so x = 2 % x sqrt(119 / 120)
    step = 0.02 * np.sqrt(119 / 120)
    fit = MinimumVolume().fit(balances(np.tile([step, -step], 60)))
    assert fit is not None
    assert fit.value("volatility") == pytest.approx(0.02, rel=1e-9)
    assert fit.value("stable_share") == pytest.approx(0.851144, abs=1e-6)
    # within any year it falls by one step at most
    assert fit.value("historic_minimum_share") == pytest.approx(np.exp(-step), rel=1e-9)


def test_growth_is_not_counted_as_stability_but_decline_is():
    # a trend of +0.5 % is left out, one of -0.5 % takes exp(-0.06) more
    wave = np.tile([0.01, -0.01], 60)
    up, down = (MinimumVolume().fit(balances(wave + d)) for d in (0.005, -0.005))
    assert up is not None
    assert down is not None
    ratio = down.value("stable_share") / up.value("stable_share")
    assert ratio == pytest.approx(np.exp(-0.06), rel=1e-6)


def test_growth_that_resembles_the_growth_before_widens_the_year():
    # two years up, two down: a year moves by up to 12 x 1 %, not by sqrt(12) x 1 %
    growth = np.tile(np.repeat([0.01, -0.01], 24), 3)
    fit = MinimumVolume().fit(balances(growth))
    assert fit is not None
    assert fit.value("stable_share") < np.exp(-Z * 0.01 * np.sqrt(12)) * 0.9


def test_the_trend_core_lies_below_the_trend_by_its_scatter():
    # ln B = 0.002 t +- 1 %: scatter 1 % x sqrt(n / (n - 2)); the last month is 1 % above its trend
    steps = np.arange(120)
    wave = np.where(np.isin(steps % 4, (1, 2)), 0.01, -0.01)  # no trend of its own
    rows = balances(np.diff(0.002 * steps + wave))
    fit = TrendCore().fit(rows)
    assert fit is not None
    assert fit.value("growth") == pytest.approx(0.002, abs=2e-6)
    scatter = 0.01 * np.sqrt(120 / 118)
    assert fit.value("scatter") == pytest.approx(scatter, rel=1e-3)
    expected = np.exp(-(wave[-1] + Z * scatter))
    assert fit.value("stable_share") == pytest.approx(expected, rel=1e-3)


def test_decay_is_measured_on_old_accounts_whatever_new_ones_bring():
    # each vintage shrinks by exp(-1 / 48) a month: life 4 years; the total grows by new accounts
    n, born = 72, (2010, 2016, 2017, 2018, 2019, 2020, 2021)
    dates = months(n)
    years = dates.astype("datetime64[Y]").astype(int) + 1970
    rows = [
        (date, str(vintage), 1e6 * np.exp(-step / 48))
        for step, (date, year) in enumerate(zip(dates, years, strict=True))
        for vintage in born
        if vintage <= year
    ]
    fit = CohortDecay().fit(
        {
            "month": np.array([row[0] for row in rows]),
            "vintage": np.array([row[1] for row in rows]),
            "balance_amount": np.array([row[2] for row in rows]),
        }
    )
    assert fit is not None
    assert fit.value("decay_rate") == pytest.approx(0.25, rel=1e-9)
    assert fit.value("average_life_years") == pytest.approx(4.0, rel=1e-9)
    # equal monthly parts with the same average life: (M + 1) / 24 = 4 years, M = 95
    assert fit.value("core_run_off_months") == pytest.approx(95.0, rel=1e-9)


def test_prepayment_is_measured_after_the_schedule_and_by_the_year():
    # 1 - 0.94 ** (1 / 12) = 0.514301 % a month of what is left is 6 % a year
    rows = loans(np.full(200, 0.06), np.zeros(200))
    assert annual_rates(rows) == pytest.approx(np.full(200, 0.06), abs=1e-12)
    assert rows["prepaid_amount"][0] / 990.0 == pytest.approx(0.00514301, abs=1e-8)
    for by in ("cohort", "age"):
        fit = PooledRates(by).fit(rows)
        assert fit is not None
        assert fit.value("annual_prepayment_rate") == pytest.approx(0.06, abs=1e-12)


def test_the_refinancing_curve_is_found():
    rng = np.random.default_rng(11)
    incentive = rng.uniform(-0.02, 0.04, 600)
    speed = 0.05 + 0.20 / (1.0 + np.exp(-150.0 * (incentive - 0.012)))
    fit = RefinancingCurve().fit(loans(speed * rng.normal(1.0, 0.05, 600), incentive))
    assert fit is not None
    found = {one.name: one for one in fit.parameters}
    true = {"turnover": 0.05, "refinance": 0.20, "slope": 150.0, "midpoint": 0.012}
    for name, value in true.items():
        error = found[name].standard_error
        assert error is not None
        assert abs(found[name].value - value) < 3.0 * error


def test_a_curve_of_which_only_the_foot_was_seen_is_not_told():
    rng = np.random.default_rng(12)
    incentive = rng.uniform(-0.02, 0.008, 600)
    speed = 0.05 + 0.20 / (1.0 + np.exp(-150.0 * (incentive - 0.03)))
    assert RefinancingCurve().fit(loans(speed * rng.normal(1.0, 0.05, 600), incentive)) is None
    assert RefinancingCurve().fit(loans(np.full(600, 0.05), np.zeros(600))) is None


def test_broken_deposits_follow_the_gap_and_roll_overs_are_counted():
    gap = np.linspace(-0.01, 0.02, 96)
    broken = 0.03 + 2.0 * np.maximum(gap, 0.0)
    rows = {
        "month": months(96),
        "opening_amount": np.full(96, 1200.0),
        "broken_amount": 100.0 * broken,  # a twelfth of the annual share
        "matured_amount": np.full(96, 100.0),
        "rolled_amount": np.full(96, 72.0),
        "rate_gap": gap,
    }
    fit = EarlyWithdrawal().fit(rows)
    assert fit is not None
    assert fit.value("redemption_share") == pytest.approx(0.03, abs=1e-9)
    assert fit.value("sensitivity") == pytest.approx(2.0, abs=1e-7)
    assert fit.value("rolled_share") == pytest.approx(0.72, abs=1e-12)


def test_line_usage_returns_to_its_mean():
    rng = np.random.default_rng(3)
    usage = [0.4]
    for _ in range(1_999):
        usage.append(usage[-1] + 0.2 * (0.4 - usage[-1]) + rng.normal(0.0, 0.01))
    rows = {"month": months(2_000, "1900-01"), "drawn_amount": np.array(usage),
            "limit_amount": np.ones(2_000)}  # fmt: skip
    fit = LineUsage().fit(rows)
    assert fit is not None
    assert fit.value("mean_usage") == pytest.approx(0.4, abs=0.01)
    assert fit.value("reversion") == pytest.approx(0.2, abs=0.03)
    # a year later the gap between two draws is normal with sd 0.01 / 0.6 x sqrt(2) = 0.0236, so
    # 0.0236 x 0.3989 = 0.0094 of the line is drawn on average, 0.0157 of the 60 % undrawn
    assert fit.value("drawn_share") == pytest.approx(0.0157, abs=0.002)
