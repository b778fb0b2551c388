"""Random positions of every kind against the slow reference: values, buckets, net interest income.

What QuantLib cannot build from terms: instalments fixed anew, negative amortisation, bounds of a
reset, administered rates, prepayment, early withdrawal, run-off, recoveries, loans paid out later.
Run with `-s` for the table of what was compared.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from alm_pipeline.audit.challenger.contracts import Row
from alm_pipeline.audit.challenger.market import months_later, years
from alm_pipeline.audit.challenger.projection import rows_of
from alm_pipeline.engine.arrays import CashFlowModel
from tests.reference.slow_book import DAY_COUNTS, KINDS
from tests.reference.slow_positions import MODELS, RATE_TYPES, coverage, differences, worlds
from tests.reference.test_random_books import PRODUCTS

OF_THE_PRINCIPAL = 1e-9
EXACT = 1e-12
ITEMS = [
    "value",
    "value until repricing",
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
    "loan or deposit left early at a price": "left_early",
    "floater whose next index is known": "fixed_already",
    "undrawn line that is drawn": "line",
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
        lambda row: row.fee > 0.0,
        lambda row: row.drawn > 0.0,
        lambda row: row.written_off > 0.0,
        lambda row: row.is_reset,
    ],
    ids=["capitalised", "prepaid", "paid for", "drawn", "written off", "reset"],
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


def test_the_reference_itself_repays_what_was_lent():
    base = worlds(date(2025, 12, 31))[0]
    for one in differences()[: sum(KINDS.values())]:
        if one.held.kind in ("balance", "undrawn"):
            continue  # nothing was lent, or what is drawn of a line
        rows = rows_of(one.held, base)
        into = sum(row.capitalised for row in rows)
        out = sum(row.scheduled + row.prepaid + row.written_off for row in rows)
        assert out - into == pytest.approx(one.held.principal, rel=1e-9)
