"""The split of a change by kind of risk, on given rows."""

from __future__ import annotations

import pytest

from tests.sql.report_rows import eve

CHANGE = {"scenario": "up", "risk_measure": "eve", "entity_id": "BANK", "currency": "EUR",
          "product_code": "loan", "gap_change": -20.0, "curve_change": 5.0, "basis_change": -2.0,
          "frozen_change": -18.0, "option_change": -3.0}  # fmt: skip


def test_parts_stand_beside_the_whole_change_and_a_missing_value_leaves_none(bench):
    bench.give("metrics.eve", [eve("base", 100.0, currency="EUR"), eve("up", 76.0, currency="EUR"),
                               eve("base", 100.0), eve("up", None)])  # fmt: skip
    bench.give("scenarios.risk_changes", [CHANGE, {**CHANGE, "currency": "USD"}])
    rows = {row["currency"]: row for row in bench.run("metrics.risk_split")}
    assert (rows["EUR"]["full_change"], rows["EUR"]["frozen_change"]) == (-24.0, -18.0)
    assert (rows["USD"]["full_change"], rows["USD"]["gap_change"]) == (None, None)


def test_risks_interaction_options_and_behaviour_add_up_in_the_reporting_currency(reports):
    # in euros at 1.1: -20 + 5 - 2 and -1 of interaction is -18 frozen; -3 of options; -24 in all
    shared = {"is_intragroup": False, "full_change": -24.0}
    reports.give("metrics.risk_split", [CHANGE | shared])
    rows = {r["contract_currency"]: r for r in reports.run("reports.risk_split")
            if r["entity_id"] == "BANK"}  # fmt: skip
    assert set(rows) == {"EUR", "all"}
    found = {name: float(rows["all"][name]) for name in (
        "gap_risk_amount", "curve_risk_amount", "basis_risk_amount", "interaction_amount",
        "automatic_option_amount", "behaviour_amount", "change_amount")}  # fmt: skip
    assert found == pytest.approx({
        "gap_risk_amount": -22.0, "curve_risk_amount": 5.5, "basis_risk_amount": -2.2,
        "interaction_amount": -1.1, "automatic_option_amount": -3.3, "behaviour_amount": -3.3,
        "change_amount": -26.4})  # fmt: skip


def test_a_stopped_currency_leaves_no_split(reports):
    given = {"is_intragroup": False, "full_change": None}
    reports.give("metrics.risk_split", [CHANGE | given])
    stopped = {"scenario": "up", "currency": "EUR", "cause": "eur_ois has no quote"}
    reports.give("scenarios.stopped_currencies", [stopped])
    (row,) = (r for r in reports.run("reports.risk_split")
              if r["entity_id"] == "BANK" and r["contract_currency"] == "all")  # fmt: skip
    assert row["change_amount"] is None
    assert row["gap_risk_amount"] is None
    assert row["availability"] == "not available: EUR: eur_ois has no quote"
