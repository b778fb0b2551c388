"""Why value and income moved between two closes, worked out by hand.

Three loans in euros, each worth at the close before; today on the rates and assumptions before;
today on today's rates; now: A 100, 98, 95, 96; B 50 and gone; C is new, 30, 29, 29. A euro was
1.0 dollars and is 1.1. In euros 150 - 50 + 30 - 2 - 4 + 1 = 125; in dollars the 124 before today's
assumptions gain 12.4, the last step is 1.1, and 150 - 50 + 30 - 2 - 4 + 12.4 + 1.1 = 137.5.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

RATES_BEFORE, ASSUMPTIONS_BEFORE = "rates and assumptions before", "assumptions before"
STEPS = {"opening": "150.00", "matured": "-50.00", "new": "30.00", "time": "-2.00",
         "rates": "-4.00", "exchange_rates": "12.40", "assumptions": "1.10",
         "closing": "137.50"}  # fmt: skip


def position(name: str) -> dict[str, Any]:
    return {"position_id": name, "entity_id": "BANK", "currency": "EUR", "product_code": "loan",
            "is_in_irrbb_scope": True, "eve_treatment": "in", "nii_treatment": "constant_balance",
            "cash_flow_model": "annuity", "is_intragroup": False}  # fmt: skip


def value(name: str, amount: float | None, **given: Any) -> dict[str, Any]:
    """A value of which 1 is the option's, and an income of which 1 amortises."""
    rest = None if amount is None else amount - 1.0
    return {"position_id": name, "entity_id": "BANK", "currency": "EUR", "product_code": "loan",
            "present_value": rest, "option_value": 1.0, "nii_12m": rest, "amortised_12m": 1.0,
            **given}  # fmt: skip


@pytest.fixture
def closes(reports):
    """A bench with both closes; what is reported of the one before is said by the test."""
    reports.give("inputs.members", [{"entity_id": "BANK"}])
    reports.give("book.positions", [position("A"), position("C")])
    reports.give("previous.positions", [position("A"), position("B")])
    base = {"scenario": "base"}
    reports.give("previous.position_values", [value("A", 100.0, **base), value("B", 50.0, **base)])
    reports.give("scenarios.position_values", [value("A", 96.0, **base), value("C", 29.0, **base)])
    reports.give(
        "scenarios.restated_values",
        [
            value("A", 98.0, restatement=RATES_BEFORE), value("C", 30.0, restatement=RATES_BEFORE),
            value("A", 95.0, restatement=ASSUMPTIONS_BEFORE),
            value("C", 29.0, restatement=ASSUMPTIONS_BEFORE),
        ],
    )  # fmt: skip
    rates = {"USD": 1.0, "EUR": 1.0}
    reports.give(
        "previous.translation_rates",
        [{"currency": name, "translation_rate": rate} for name, rate in rates.items()],
    )
    return reports


def give_reported(bench, before: int | None = 150) -> None:
    base = {"entity_id": "BANK", "row_kind": "entity", "scenario": "base", "family": "total"}
    known = "available" if before else "not available: EUR: no quote"
    for schema, amount, said in (("reports", 137.5, "available"), ("previous", before, known)):
        bench.give(f"{schema}.eve_sensitivity", [{**base, "eve": amount, "availability": said}])
        bench.give(
            f"{schema}.nii_sensitivity",
            [{**base, "horizon_months": 12, "nii": amount, "availability": said}],
        )


def steps_of(bench, measure: str, family: str = "total") -> dict[str, Any]:
    return {
        row["change_step"]: row[f"{measure}_amount"]
        for row in bench.run(f"reports.{measure}_change")
        if (row["entity_id"], row["family"]) == ("BANK", family)
    }


@pytest.mark.parametrize("measure", ["eve", "nii"])
@pytest.mark.parametrize("family", ["total", "loans"])
def test_steps_lead_from_what_was_reported_to_what_is(closes, measure, family):
    give_reported(closes)
    closes.run("scenarios.position_changes")
    found = steps_of(closes, measure, family)
    assert found == {name: Decimal(amount) for name, amount in STEPS.items()}


def test_every_position_has_its_own_steps(closes):
    rows = {row["position_id"]: row for row in closes.run("scenarios.position_changes")}
    names = ("opening", "matured", "new", "time", "rates", "assumptions", "closing")
    found = {name: [row[f"{step}_eve"] for step in names] for name, row in rows.items()}
    assert found == {
        "A": [100.0, 0.0, 0.0, -2.0, -3.0, 1.0, 96.0],
        "B": [50.0, -50.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        "C": [0.0, 0.0, 30.0, 0.0, -1.0, 0.0, 29.0],
    }


def test_ties_watch_the_sum_and_both_ends(closes):
    give_reported(closes, before=151)
    closes.run("scenarios.position_changes")
    closes.run("reports.eve_change")
    closes.run("reports.nii_change")
    off = {
        row["scope"]
        for row in closes.run("audit.change_ties")
        if abs(row["left_value"] - row["right_value"]) > row["tolerance_value"]
    }
    assert off == {"economic value opening BANK entity", "income opening BANK entity"}


def test_a_first_close_has_nothing_to_compare_with(closes):
    closes.query("delete from previous.positions returning 1")
    closes.query("delete from previous.position_values returning 1")
    assert closes.run("scenarios.position_changes") == []
    rows = [row for row in closes.run("reports.eve_change") if row["entity_id"] == "BANK"]
    assert [row["eve_amount"] for row in rows] == [None] * 8
    assert {row["availability"] for row in rows} == {"not available: no published close before"}


def test_what_had_no_value_before_says_so(closes):
    give_reported(closes, before=None)
    closes.run("scenarios.position_changes")
    rows = [row for row in closes.run("reports.eve_change") if row["entity_id"] == "BANK"]
    assert {row["eve_amount"] for row in rows} == {None}
    said = "not available at the close before: EUR: no quote"
    assert {row["availability"] for row in rows} == {said}


def test_a_position_without_a_value_on_the_rates_before_leaves_no_partial_sum(closes):
    closes.query("delete from scenarios.restated_values where position_id = 'C' returning 1")
    give_reported(closes)
    closes.run("scenarios.position_changes")
    rows = [row for row in closes.run("reports.eve_change") if row["entity_id"] == "BANK"]
    assert {row["eve_amount"] for row in rows} == {None}
    assert {row["availability"] for row in rows} == {
        "not available: EUR: positions without a value on the rates before"
    }
