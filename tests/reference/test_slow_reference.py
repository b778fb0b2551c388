"""Random positions of every kind against the slow reference: values, buckets, net interest income.

What QuantLib cannot build from terms: instalments fixed anew, negative amortisation, bounds of a
reset, administered rates, prepayment, early withdrawal, run-off, recoveries, loans paid out later.
Run with `-s` for the table of what was compared.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from alm_pipeline.engine.arrays import CashFlowModel, EventType
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.simulation.events import project
from alm_pipeline.engine.simulation.setting import SimulationOptions
from tests.reference.slow_book import DAY_COUNTS, KINDS
from tests.reference.slow_market import months_later, years
from tests.reference.slow_positions import MODELS, RATE_TYPES, coverage, differences, worlds
from tests.reference.slow_reference import Row, rows_of
from tests.reference.test_random_books import PRODUCTS
from tests.unit.engine.books import AS_OF, book, cohort, flat, on, run

OF_THE_PRINCIPAL = 1e-9
EXACT = 1e-12
ITEMS = [
    "value",
    "principal by bucket",
    "interest by bucket",
    "value by bucket",
    "repricing by bucket",
    *[f"income of {m} months, {path}" for m in (12, 24) for path in ("forward", "flat")],
]
COVERED_BY = {
    "fixed bond": "fixed bullet bond",
    "zero coupon bond": "zero coupon bond",
    "bond with agreed steps": "agenda: bond with agreed steps",
    "bond with ICMA years": "agenda: bond whose interest stays, ICMA",
    "bond with business-day years": "agenda: bond whose interest stays, BUS/252",
    "floating note": "floating note",
    "floating note, cap and floor": "floating note with cap or floor",
    "floating note in arrears": "agenda: floater fixed in arrears",
    "term deposit": "term deposit",
    "term deposit broken early": "term_deposit",
    "call money": "without_flows",
    "linear loan": "linear loan",
    "annuity loan": "annuity, full",
    "annuity loan, exact instalment": "agenda: annuity",
    "annuity loan fixed anew at resets": "annuity_fixed_anew",
    "interest-only loan": "interest_only",
    "balloon loan": "balloon",
    "loan that amortises negatively": "negative_amortisation",
    "loan with an administered rate": "administered",
    "loan paid out later": "offer",
    "non-performing loan": "bad_loan",
    "account without maturity, revolving credit": "account",
    "swap": "swap, floating leg",
    "basis swap": "basis swap, floating leg",
    "overnight swap": "compounded overnight coupons",
    "forward rate agreement": "forward rate agreement, floating leg",
    "cap": "cap",
    "floor": "floor",
}
"""What a bank holds, and the row of either table that compares it."""


def test_the_table_holds_two_hundred_positions():
    print()
    for kind, (n, worst) in sorted(coverage().items()):
        print(f"{kind:<24}{n:>4} positions, worst difference {worst:.1e} of the principal")
    assert sum(n for n, _ in coverage().values()) >= 200
    assert set(coverage()) == {build.__name__ for build in KINDS}


@pytest.mark.parametrize("item", ITEMS)
def test_the_engine_says_what_the_slow_reference_says(item):
    worst = max(differences(), key=lambda one: one.worst[item])
    assert worst.worst[item] <= OF_THE_PRINCIPAL, (worst.name, worst.held)


def test_every_product_is_compared_with_quantlib_or_with_the_slow_reference():
    compared = {*PRODUCTS, *(build.__name__ for build in KINDS)}
    assert {what: row for what, row in COVERED_BY.items() if row not in compared} == {}


def test_every_model_rate_type_and_day_count_occurs():
    held = [one.held for one in differences()]
    assert {MODELS[one.kind] for one in held} == set(CashFlowModel)
    assert {one.rate_type for one in held} == set(RATE_TYPES)
    assert {one.day_count for one in held} == set(DAY_COUNTS)


@pytest.mark.parametrize(
    "happens",
    [
        lambda row: row.capitalised > 0.0,
        lambda row: row.prepaid > 0.0,
        lambda row: row.drawn > 0.0,
        lambda row: row.written_off > 0.0,
        lambda row: row.is_reset,
    ],
    ids=["capitalised", "prepaid", "drawn", "written off", "reset"],
)
def test_what_is_rare_happens_in_several_positions(happens: Callable[[Row], bool]):
    base = worlds(date(2025, 12, 31))[0]
    first_book = differences()[: sum(KINDS.values())]
    rows = [rows_of(one.held, base) for one in first_book]
    assert sum(any(map(happens, found)) for found in rows) >= 4


def test_the_slow_reference_counts_days_as_the_definitions_do():
    # ISDA 2006, 4.16: 30 January to 28 February 2027 are 28/360, 29/360 and 30/360; half of 2027
    # and half of leap year 2028 are 184/365 + 182/366.
    start, end = date(2027, 1, 30), date(2027, 2, 28)
    found = [years(count, start, end, None) * 360 for count in ("30e_360", "30_360")]
    assert found == pytest.approx([28.0, 28.0], rel=EXACT)
    assert years("30e_360_isda", start, end, None) * 360 == pytest.approx(30.0, rel=EXACT)
    assert years("30e_360_isda", start, end, end) * 360 == pytest.approx(28.0, rel=EXACT)
    halves = years("act_act_isda", date(2027, 7, 1), date(2028, 7, 1), None)
    assert halves == pytest.approx(184 / 365 + 182 / 366, rel=EXACT)
    assert months_later(date(2026, 6, 30), 1) == date(2026, 7, 31)


@pytest.mark.xfail(strict=True, reason="a period counted in days prepays nothing")
def test_a_loan_that_pays_weekly_is_prepaid_week_by_week():
    # 50 % a year: 100 x (1 - 0.5 ** (7 / 365)) in the first week
    loan = book(payment_days=7, next_payment_offset=7, maturity_offset=28, cohort=0)
    prepaying = cohort(annual_prepayment_rate=0.5)
    events = project(loan, flat(0.03), prepaying, SimulationOptions(as_of_date=AS_OF))
    prepaid = events.principal[events.event_type == EventType.PREPAYMENT]
    assert len(prepaid) > 0
    assert prepaid[0] == pytest.approx(100 * (1 - 0.5 ** (7 / 365)), abs=1e-3)


@pytest.mark.xfail(strict=True, reason="customers withdraw from a loan that is not paid out yet")
def test_nobody_withdraws_before_the_money_is_there():
    offer = book(
        model=CashFlowModel.COMMITMENT,
        start_offset=on("2026-01-31"),
        last_payment_offset=on("2026-01-31"),
        next_payment_offset=on("2026-03-31"),
        maturity_offset=on("2026-12-31"),
        payment_months=1,
        principal_months=1,
        cohort=0,
    )
    options = SimulationOptions(as_of_date=AS_OF)
    events = project(offer, flat(0.03), cohort(redemption_share=0.1), options)
    assert events.event_offset.min() == on("2026-01-31")


@pytest.mark.xfail(strict=True, reason="another scenario's withdrawal splits this one's interest")
def test_who_withdraws_nothing_earns_what_he_earns_alone():
    # 30/360 US is not additive: 30 September to 31 March is half a year, in two parts it is not
    deposit = book(
        sign=-1,
        payment_months=6,
        last_payment_offset=on("2025-09-30"),
        next_payment_offset=on("2026-03-31"),
        maturity_offset=on("2027-03-31"),
        day_count=DayCount.THIRTY_360_US,
        cohort=0,
    )
    alone = run(deposit, flat(0.03), cohort(redemption_share=0.0))
    among = run(deposit, flat(0.03, 0.04), cohort(2, redemption_share=[0.0, 0.05]))
    assert alone.buckets["all"].interest[0, 0, 0] == pytest.approx(-7.5, rel=EXACT)
    assert np.array_equal(among.present_value[:, 0], alone.present_value[:, 0])


def test_the_reference_itself_repays_what_was_lent():
    base = worlds(date(2025, 12, 31))[0]
    for one in differences()[: sum(KINDS.values())]:
        if one.held.kind in ("balance", "undrawn"):
            continue
        rows = rows_of(one.held, base)
        into = sum(row.capitalised for row in rows)
        out = sum(row.scheduled + row.prepaid + row.written_off for row in rows)
        assert out - into == pytest.approx(one.held.principal, rel=1e-9)
