"""Random books of every product that QuantLib can build from terms: cash by day, present values.

Two as-of dates, five curves that are not flat, several day counts, calendars and conventions. Run
with `-s` for the table of what was compared.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from alm_pipeline.engine.arrays import Behaviour, CashFlowModel
from alm_pipeline.engine.cash_flows.contract import Contract, Kind
from alm_pipeline.engine.conventions.calendar import BusinessDayConvention
from alm_pipeline.engine.conventions.cycle import Cycle, Grid, Shift
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.simulation.events import project
from alm_pipeline.engine.simulation.setting import SimulationOptions
from tests.reference.quantlib_book import comparisons, coverage
from tests.unit.engine.books import AS_OF, book, flat, on
from tests.unit.engine.test_agendas import results, tables

OF_THE_NOTIONAL = 1e-9
ENOUGH = 40
FRIDAY = 4
PRODUCTS = [
    "agenda: annuity",
    "agenda: bond whose interest stays, BUS/252",
    "agenda: bond whose interest stays, ICMA",
    "agenda: bond whose interest stays, calendar days",
    "agenda: bond with agreed steps",
    "agenda: fixed bond",
    "agenda: floater",
    "agenda: floater fixed in arrears",
    "agenda: linear loan",
    "annuity, balloon",
    "annuity, full",
    "annuity, given",
    "annuity, longer",
    "basis swap, floating leg",
    "bond that pays every n days",
    "cap",
    "compounded overnight coupons",
    "fixed bullet bond",
    "floating note",
    "floating note on an index of another tenor",
    "floating note reset between payments",
    "floating note with cap or floor",
    "floor",
    "forward rate agreement, fixed leg",
    "forward rate agreement, floating leg",
    "linear loan",
    "linear loan by given instalments",
    "linear loan with a floating rate",
    "swap, fixed leg",
    "swap, floating leg",
    "term deposit",
    "zero coupon bond",
]


def test_the_table_holds_every_product_often_enough():
    print()
    for product, (n, worst) in sorted(coverage().items()):
        print(f"{product:<52}{n:>4} contracts, worst difference {worst:.1e} of the notional")
    assert sorted(coverage()) == PRODUCTS
    assert {product: n for product, (n, _) in coverage().items() if n < ENOUGH} == {}


@pytest.mark.parametrize("product", PRODUCTS)
def test_cash_and_values_are_those_of_quantlib(product):
    found = [one for one in comparisons() if one.product == product]
    assert [(one.terms, one.off_days) for one in found if one.off_days] == []
    worst = max(found, key=lambda one: max(one.cash, one.value))
    assert max(worst.cash, worst.value) <= OF_THE_NOTIONAL, worst.terms


def test_every_day_count_and_convention_occurs_among_them():
    terms = [one.terms for one in comparisons()]
    counts = {DayCount(held["day_count"]) for held in terms if "day_count" in held}
    assert counts == set(DayCount) - {DayCount.TWENTY_EIGHT_E_336}  # unknown to QuantLib
    assert {held["date_adjustment"] for held in terms if "date_adjustment" in held} == set(range(9))


@pytest.mark.xfail(strict=True, reason="the roll day is looked for in the month of the moved date")
@pytest.mark.parametrize(
    ("convention", "next_payment", "roll_day", "dates"),
    [
        # Saturday 31 January moves to Monday 2 February; then 28 February and 31 March
        (BusinessDayConvention.FOLLOWING, "2026-02-02", 31, ["2026-03-02", "2026-03-31"]),
        # Sunday 1 February moves to Friday 30 January; then Sunday 1 March, and 1 April
        (BusinessDayConvention.PRECEDING, "2026-01-30", 1, ["2026-02-27", "2026-04-01"]),
        # Saturday 28 February stands in the ledger unmoved, for the last day of each month
        (BusinessDayConvention.FOLLOWING, "2026-02-28", 31, ["2026-03-31", "2026-04-30"]),
    ],
)
def test_a_date_that_left_its_month_keeps_the_roll_day(convention, next_payment, roll_day, dates):
    days = [date(2025, 12, 31) + timedelta(days=n) for n in range(-800, 800)]
    closed = [n - 800 for n, day in enumerate(days) if day.weekday() > FRIDAY]
    options = SimulationOptions(
        as_of_date=AS_OF, adjustments=((convention, np.array(closed, dtype=np.int32)),)
    )
    bond = book(
        payment_months=1,
        next_payment_offset=on(next_payment),
        roll_day=roll_day,
        maturity_offset=on("2026-06-30"),
        date_adjustment=1,
    )
    events = project(bond, flat(0.03), Behaviour.none(1), options)
    assert np.unique(events.event_offset)[1:3].tolist() == [on(day) for day in dates]


@pytest.mark.xfail(
    strict=True, reason="an annuity's instalment is fixed the day before a date that moved back"
)
def test_the_first_instalment_is_paid_although_its_date_moved_back():
    # First date Sunday 1 February 2026, preceding: Friday 30 January, before the day on which the
    # instalment is fixed, 31 January. Two parts of 100 without interest: 50 in January.
    loan = Contract(
        kind=Kind.ANNUITY,
        status_date=datetime.fromisoformat("2025-12-31"),
        start_date=datetime.fromisoformat("2026-01-01"),
        maturity_date=datetime.fromisoformat("2026-03-01"),
        principal=100.0,
        rate=0.0,
        interest=Grid(datetime.fromisoformat("2026-02-01"), Cycle(months=1)),
        redemption=Grid(datetime.fromisoformat("2026-02-01"), Cycle(months=1, has_short_stub=True)),
        shift=Shift(BusinessDayConvention.PRECEDING, is_open=lambda d: d.weekday() < 5),
        year_fraction=lambda a, b: (b - a).days / 365.0,
    )
    positions = book(
        model=CashFlowModel.COMMITMENT,
        coupon_rate=0.0,
        start_offset=on("2026-01-01"),
        next_payment_offset=on("2026-02-01"),
        maturity_offset=on("2026-03-01"),
    )
    found = results(positions, tables(loan)).monthly["scheduled"]
    assert found[0, 0, 0] == pytest.approx(50.0)
