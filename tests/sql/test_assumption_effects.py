"""Effects of moved assumptions: in which measure they count, translated, and beside the base."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sql.report_rows import FOOTERS, RATES, UNITS

STEP = {"parameter": "core_share", "assumption_step": "10 % higher"}


def effect(scenario: str, value: float, income: float, **given: Any) -> dict[str, Any]:
    row = {**STEP, "scenario": scenario, "entity_id": "BANK", "currency": "USD",
           "product_code": "nmd", "is_intragroup": False, "present_value_change": value,
           "nii_12m_change": income}  # fmt: skip
    return {**row, **given}


@pytest.fixture
def effects(bench):
    """A bench with units, footers and results under base and a rise."""
    bench.give("book.reporting_units", UNITS)
    bench.give("metrics.report_footers", FOOTERS)
    bench.give("book.translation_rates", RATES)
    total = {"entity_id": "BANK", "row_kind": "entity", "family": "total",
             "availability": "available"}  # fmt: skip
    for scenario in ("base", "up"):
        bench.give("reports.eve_sensitivity", [{**total, "scenario": scenario, "eve": 100}])
        bench.give(
            "reports.nii_sensitivity",
            [{**total, "scenario": scenario, "horizon_months": 12, "nii": 10}],
        )
    return bench


def test_the_effect_on_a_change_is_that_under_the_rise_less_that_in_the_base(effects):
    # base 5 + 10 EUR * 1.1 = 16; rise 20: the change of value moves by 4; income -2 - (-1) = -1
    effects.give(
        "metrics.assumption_effects",
        [effect("base", 5.0, -1.0), effect("base", 10.0, 0.0, currency="EUR"),
         effect("up", 20.0, -2.0)],
    )  # fmt: skip
    (row,) = effects.run("reports.assumption_sensitivity")
    assert float(row["eve_effect_amount"]) == 16.0
    assert float(row["delta_eve_effect_amount"]) == 4.0
    assert row["delta_eve_effect_share"] == pytest.approx(0.004)  # of 1,000
    assert float(row["nii_effect_amount"]) == -1.0
    assert float(row["delta_nii_effect_amount"]) == -1.0


def test_without_a_rise_there_is_only_the_effect_in_the_base(effects):
    effects.give("metrics.assumption_effects", [effect("base", 5.0, -1.0)])
    (row,) = effects.run("reports.assumption_sensitivity")
    assert float(row["eve_effect_amount"]) == 5.0
    assert (row["delta_eve_effect_amount"], row["stressed_scenario"]) == (None, None)


def test_a_position_counts_only_in_the_measures_it_is_in(bench):
    held = {"entity_id": "BANK", "currency": "USD", "product_code": "nmd",
            "is_in_irrbb_scope": True, "is_intragroup": False,
            "cash_flow_model": "non_maturity"}  # fmt: skip
    bench.give(
        "book.positions",
        [{**held, "position_id": "both", "eve_treatment": "in",
          "nii_treatment": "constant_balance"},
         {**held, "position_id": "value", "eve_treatment": "in", "nii_treatment": "none"},
         {**held, "position_id": "none", "is_in_irrbb_scope": False, "eve_treatment": "in",
          "nii_treatment": "none"}],
    )  # fmt: skip
    bench.give(
        "scenarios.assumption_values",
        [{**STEP, "scenario": "base", "position_id": name, "present_value_change": 10.0,
          "nii_12m_change": 1.0} for name in ("both", "value", "none")],
    )  # fmt: skip
    (row,) = bench.run("metrics.assumption_effects")
    assert (row["present_value_change"], row["nii_12m_change"]) == (20.0, 1.0)
