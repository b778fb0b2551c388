"""Random books of every product that QuantLib can build from terms: cash by day, present values.

Two as-of dates, five curves that are not flat, several day counts, calendars and conventions. Run
with `-s` for the table of what was compared.
"""

from __future__ import annotations

import pytest

from alm_pipeline.engine.conventions.day_count import DayCount
from tests.reference.quantlib_book import comparisons, coverage

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
