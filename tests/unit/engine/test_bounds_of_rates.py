"""What holds a rate: bounds of administered rates and options, days moved, the year of an index."""

from __future__ import annotations

import math

import numpy as np
import pytest

from alm_pipeline.engine.arrays import CashFlowModel, Curves, EventType, OptionType, RateType
from alm_pipeline.engine.conventions.calendar import BusinessDayConvention
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import index_tenor
from alm_pipeline.engine.simulation.events import project
from alm_pipeline.engine.simulation.setting import SimulationOptions
from tests.unit.engine.books import AS_OF, book, cohort, flat, on, run

EXACT = 1e-9
DAYS = AS_OF + np.arange(-400, 2000)
WEEKENDS = np.flatnonzero(~np.is_busday(DAYS)).astype(np.int32) - 400
FLOATER = {  # quarterly, resets on every payment date, index 3M, ACT/360 like its index
    "rate_type": RateType.FLOATING,
    "payment_months": 3,
    "reset_months": 3,
    "next_payment_offset": on("2026-03-31"),
    "next_reset_offset": on("2026-03-31"),
    "maturity_offset": on("2027-12-31"),
    "day_count": DayCount.ACT_360,
}
ADMINISTERED = FLOATER | {"rate_type": RateType.ADMINISTERED, "cohort": 0}
QUARTER = 100 * 91 / 360  # 31 March to 30 June


def simple(rate: float, days: int, year_days: float = 360.0) -> float:
    return (math.exp(rate * days / 365) - 1) / (days / year_days)


def interest(positions, curves=None, behaviour=None, **options):
    curves = curves or flat(0.04)
    chosen = SimulationOptions(as_of_date=AS_OF, **options)
    events = project(positions, curves, behaviour or cohort(), chosen)
    return events.interest[events.event_type == EventType.INTEREST]


@pytest.mark.parametrize(
    ("zero_rate", "terms", "expected"),
    [
        (0.0, {}, 0.03),  # 5 % less 3.04 points: the cohort's floor
        (0.0, {"floor_rate": 0.04}, 0.04),  # the contract's floor is higher
        (0.0, {"floor_rate": 0.01}, 0.03),  # the cohort's floor is higher
        (0.06, {"cap_rate": 0.055}, 0.055),  # 5 % and 3.05 points: the contract's cap
    ],
)
def test_an_administered_rate_stays_between_its_floors_and_its_cap(zero_rate, terms, expected):
    behaviour = cohort(rate_floor=0.03)
    paid = interest(book(ADMINISTERED, **terms), flat(zero_rate, base=0.03), behaviour)
    assert paid[1] == pytest.approx(expected * QUARTER, abs=EXACT)


def test_an_administered_rate_without_a_cohort_stays():
    paid = interest(book(ADMINISTERED, cohort=-1), flat(0.06, base=0.03))
    assert paid[1] == pytest.approx(0.05 * QUARTER, abs=EXACT)


def test_a_rate_that_lags_three_months_moves_on_the_first_day_of_the_fourth():
    # reset on 31 March, the day on which month 3 begins: it sees the index of 31 December
    behaviour = cohort(lag_months=3, pass_through_up=0.5)
    paid = interest(book(ADMINISTERED), flat(0.05, base=0.03), behaviour)
    rate = 0.05 + 0.5 * (simple(0.05, 31) - simple(0.03, 31))
    assert paid[1] == pytest.approx(rate * QUARTER, abs=EXACT)


def test_an_overnight_index_runs_for_one_day():
    paid = interest(book(FLOATER, index_tenor=index_tenor("1D")))
    assert paid[1] == pytest.approx(simple(0.04, 1) * QUARTER, abs=EXACT)


def test_an_index_has_the_year_of_its_curve():
    curves = flat(0.04, base=0.03, year_days=365.0)
    paid = interest(book(FLOATER), curves)
    assert paid[1] == pytest.approx(simple(0.04, 91, 365.0) * QUARTER, abs=EXACT)
    # on the flat path the spot index of 90 days, for 275 days after the first quarter
    result = run(book(FLOATER), curves)
    income = result.net_interest_income_other_path[12][0, 0]
    spot = simple(0.04, 90, 365.0)
    assert income == pytest.approx(100 * (0.05 * 90 + spot * 275) / 360, abs=EXACT)
    # administered: April's index of 30 days less today's unshocked one of 31 days
    paid = interest(book(ADMINISTERED), curves, cohort())
    rate = 0.05 + simple(0.04, 30, 365.0) - simple(0.03, 31, 365.0)
    assert paid[1] == pytest.approx(rate * QUARTER, abs=EXACT)


def test_a_multiplier_is_of_the_index_and_not_of_the_spread():
    paid = interest(book(FLOATER, rate_multiplier=2.0, spread_rate=0.01))
    assert paid[1] == pytest.approx((2 * simple(0.04, 91) + 0.01) * QUARTER, abs=EXACT)


def test_an_option_has_a_multiplier_and_a_spread():
    # twice the index plus 1 %, above a strike of 3 %
    cap = FLOATER | {"model": CashFlowModel.CAP_FLOOR, "option_type": OptionType.CAP}
    paid = interest(book(cap, strike_rate=0.03, rate_multiplier=2.0, spread_rate=0.01))
    assert paid[1] == pytest.approx((2 * simple(0.04, 91) + 0.01 - 0.03) * QUARTER, abs=EXACT)


def test_an_option_has_no_principal_in_the_gap():
    cap = FLOATER | {"model": CashFlowModel.CAP_FLOOR, "option_type": OptionType.CAP}
    gap = run(book(cap, strike_rate=0.03), flat(0.04)).buckets["all"].repricing_principal
    assert gap.tolist() == [[[0.0]]]


def test_resets_and_the_indices_between_them_move_off_closed_days():
    # 31 January 2026 is a Saturday, moved to Monday 2 February; 31 October another one, moved to
    # Monday 2 November: periods of 33, 87, 92 and 94 days, each at the index of its own days
    terms = FLOATER | {"next_payment_offset": on("2026-01-31"), "next_reset_offset": 31}
    positions = book(terms, maturity_offset=on("2026-10-31"), date_adjustment=1)
    following = ((BusinessDayConvention.FOLLOWING, WEEKENDS),)
    paid = interest(positions, adjustments=following)
    assert paid[:3] == pytest.approx(
        [
            100 * rate * n / 360
            for rate, n in ((0.05, 33), (simple(0.04, 87), 87), (simple(0.04, 92), 92))
        ],
        abs=EXACT,
    )
    # the maturity stays on Saturday 31 October, the index of its period runs to 2 November
    assert paid[3] == pytest.approx(100 * simple(0.04, 94) * 92 / 360, abs=EXACT)


def test_a_reset_on_the_as_of_date_has_happened():
    # the coupon of 5 % is the one fixed today; the next reset is on 31 March
    paid = interest(book(FLOATER, next_reset_offset=0))
    assert paid[0] == pytest.approx(100 * 0.05 * 90 / 360, abs=EXACT)
    assert paid[1] == pytest.approx(simple(0.04, 91) * QUARTER, abs=EXACT)


def test_a_fixed_rate_knows_no_reset():
    paid = interest(book(FLOATER, rate_type=RateType.FIXED))
    assert paid[1] == pytest.approx(0.05 * QUARTER, abs=EXACT)


def test_cash_is_valued_on_one_curve_and_replaced_on_another():
    # discounted at 3 %, replaced at the 12-month index of a 5 % curve from 30 June on, 184 days
    rates = np.array([[[0.03, 0.03], [0.05, 0.05]]])
    curves = Curves(
        tenor_days=np.array([1, 18250], dtype=np.int32),
        zero_rates=rates,
        base_zero_rates=rates[0],
        index_year_days=np.array([360.0, 360.0]),
    )
    deposit = book(maturity_offset=on("2026-06-30"), coupon_rate=0.0, index_curve=1)
    result = run(deposit, curves)
    days = on("2026-06-30")
    assert result.present_value[0, 0] == pytest.approx(100 * math.exp(-0.03 * days / 365))
    income = result.net_interest_income[12][0, 0]
    assert income == pytest.approx(100 * simple(0.05, 365) * 184 / 360, abs=EXACT)


def test_placed_until_the_end_of_the_window_a_replacement_grows_along_the_curve():
    # 100 from 30 June to 31 December: exp(4 % x 184 / 365); of it July earns 31 days' growth
    deposit = book(maturity_offset=on("2026-06-30"), coupon_rate=0.0)
    result = run(deposit, flat(0.04), replacement="window_end")
    grown = 100 * (math.exp(0.04 * 184 / 365) - 1)
    assert result.net_interest_income[12][0, 0] == pytest.approx(grown, abs=EXACT)
    july = 100 * (math.exp(0.04 * 31 / 365) - 1)
    assert result.monthly["replacement"][0, 6, 0] == pytest.approx(july, abs=EXACT)
    # on the flat path it earns today's index of twelve months
    spot = result.net_interest_income_other_path[12][0, 0]
    assert spot == pytest.approx(100 * simple(0.04, 365) * 184 / 360, abs=EXACT)


def test_interest_may_be_shared_between_months_by_days():
    # 5 a year over 365 days: 31 of January, 28 of February
    terms = {"payment_months": 12, "next_payment_offset": 365, "maturity_offset": on("2028-12-31")}
    result = run(book(terms), flat(0.03), interest_split="days")
    months = result.monthly["interest"][0, :2, 0]
    assert months == pytest.approx([5 * 31 / 365, 5 * 28 / 365], abs=EXACT)
