"""What a limit leaves, and what the committee decided and what that covers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sql.report_rows import FOOTERS, RATES, UNITS

LIMIT = {"metric": "delta_eve", "scope": "up", "direction": "at_least", "amber": -0.16, "red": -0.2,
         "unit": "share_of_base", "status": "assumed", "owner": "team:treasury-risk",
         "approver": "board", "effective_from": "2025-01-01", "expires": "2027-12-31"}  # fmt: skip
ROW = {"entity_id": "BANK", "row_kind": "entity", "metric": "delta_eve", "scope": "up",
       "limit_direction": "at_least"}  # fmt: skip
FOOT = {"currency": "USD", "excluded_rows": 0, "excluded_amount": 0, "excluded_share": 0.0,
        "availability": "available"}  # fmt: skip


@pytest.fixture
def limits(bench):
    """A bench with units, bases of 1,000 (Tier 1, economic value) and 10,000 of assets."""
    bench.give("book.reporting_units", UNITS)
    bench.give("metrics.report_footers", FOOTERS)
    bench.give("book.translation_rates", RATES)
    bench.give(
        "reports.eve_sensitivity",
        [{"entity_id": "BANK", "row_kind": "entity", "scenario": "base", "family": "total",
          "eve_base": 1000}],
    )  # fmt: skip
    bench.give(
        "inputs.scenarios",
        [{"scenario": "up", "pack": "p", "shape": "parallel_up"},
         {"scenario": "steep", "pack": "p", "shape": "steepener"}],
    )  # fmt: skip
    bench.give(
        "inputs.shock_shapes",
        [{"pack": "p", "shape": s, "ramp_months": 0} for s in ("parallel_up", "steepener")],
    )
    bench.give(
        "inputs.parallel_shocks",
        [{"pack": "p", "shape": "parallel_up", "currency": "USD", "shock_factor": 1.0,
          "unit_shock_bp": 200.0}],
    )  # fmt: skip
    return bench


def status(bench, value: float | None, word: str = "green", **given: Any) -> Any:
    """Return the limit's row after the scorecard measured a value."""
    limit = {**LIMIT, **given}
    bench.give("inputs.limits", [limit])
    scored = {**ROW, **FOOT, "limit_direction": limit["direction"], "unit": limit["unit"],
              "metric": limit["metric"], "scope": limit["scope"], "value": value,
              "amber": limit["amber"], "red": limit["red"], "limit_status": word,
              "figure_status": "assumed", "owner": "team:treasury-risk",
              "worst_scenario": None if value is None else given.get("scope", "up")}  # fmt: skip
    bench.give("reports.scorecard", [scored])
    (row,) = bench.run("reports.limit_status")
    return row


def test_headroom_is_told_in_money_and_in_basis_points(limits):
    # -15 % of 1,000 at 200 bp, limit -20 %: 75 % used, 5 % = 50 left; 20/15 of 200 = 266.67 bp
    row = status(limits, -0.15)
    assert row["utilisation_share"] == pytest.approx(0.75)
    assert row["headroom_share"] == pytest.approx(0.05)
    assert (row["base_amount"], row["headroom_amount"]) == (1000, 50)
    assert row["shock_multiple_to_breach"] == pytest.approx(4 / 3)
    assert row["headroom_bp"] == pytest.approx(66.6667, abs=1e-4)
    assert (row["breach_start_date"], row["breach_days"]) == (None, None)


def test_a_broken_limit_has_negative_headroom_and_starts_a_breach_today(limits):
    # -25 % at 200 bp: 125 % used, 50 too much; 160 bp would have been enough, 40 less
    row = status(limits, -0.25, "red")
    assert row["utilisation_share"] == pytest.approx(1.25)
    assert row["headroom_amount"] == -50
    assert row["headroom_bp"] == pytest.approx(-40.0)
    assert (str(row["breach_start_date"]), row["breach_days"]) == ("2026-10-31", 0)


def test_a_gain_uses_nothing_of_a_limit_on_losses(limits):
    row = status(limits, 0.10)
    assert row["utilisation_share"] == 0.0
    assert row["headroom_amount"] == 300  # 0.10 + 0.20 of 1,000
    assert row["headroom_bp"] is None


def test_a_bent_curve_has_no_headroom_in_basis_points(limits):
    row = status(limits, -0.15, scope="steep")
    assert (row["shock_bp"], row["headroom_bp"]) == (None, None)
    assert row["headroom_amount"] == 50


def test_a_floor_under_a_ratio_is_used_the_more_the_lower_the_ratio(limits):
    # equity 8 % of 10,000 against at least 6 %: 6/8 used, 2 % = 200 left
    row = status(limits, 0.08, metric="equity", scope="balance_sheet", unit="share_of_assets",
                 amber=0.07, red=0.06)  # fmt: skip
    assert row["utilisation_share"] == pytest.approx(0.75)
    assert row["headroom_amount"] == 200


def test_a_ceiling_leaves_what_lies_below_it(limits):
    row = status(limits, 0.10, metric="cumulative_repricing_gap", scope="within_1y",
                 direction="at_most", unit="share_of_assets", amber=0.2, red=0.25)  # fmt: skip
    assert row["utilisation_share"] == pytest.approx(0.4)
    assert row["headroom_amount"] == 1500  # 0.25 - 0.10 of 10,000


def test_a_limit_without_a_value_is_not_available_and_says_why(limits):
    row = status(limits, None, "not available")
    assert (row["headroom_amount"], row["utilisation_share"]) == (None, None)


@pytest.mark.parametrize(
    ("before", "since", "days"),
    [
        ([], "2026-10-31", 0),
        ([("2026-08-31", "red"), ("2026-09-30", "red")], "2026-08-31", 61),
        ([("2026-08-31", "red"), ("2026-09-30", "amber")], "2026-10-31", 0),
        ([("2026-07-31", "red"), ("2026-08-31", "green"), ("2026-09-30", "red")], "2026-09-30", 31),
        ([("2026-08-31", "red"), ("2026-09-30", "not available")], "2026-08-31", 61),
    ],
)
def test_a_breach_counts_from_the_first_close_of_an_unbroken_run(limits, before, since, days):
    limits.give(
        "history.limit_status",
        [{**ROW, "as_of_date": day, "limit_status": word} for day, word in before],
    )
    row = status(limits, -0.25, "red")
    assert (str(row["breach_start_date"]), row["breach_days"]) == (since, days)


def test_a_figure_stands_beside_its_value_before_and_what_it_covers(limits):
    figure = {"assumption": "prepayment", "parameter": "annual_prepayment_rate", "unit": "share",
              "status": "assumed", "source": "House choice", "owner": "team:treasury-risk",
              "approver": "alco", "effective_from": "2025-01-01"}  # fmt: skip
    limits.give(
        "inputs.assumptions",
        [{**figure, "segment": "sme", "value": 0.05, "expires": "2027-12-31"},
         {**figure, "segment": "all", "value": 30.0, "expires": "2026-09-30"}],
    )  # fmt: skip
    before = {"entity_id": "BANK", "row_kind": "entity", "as_of_date": "2026-09-30"}
    limits.give(
        "previous.assumptions",
        [{**before, **{k: figure[k] for k in ("assumption", "parameter")}, "segment": "sme",
          "value": 0.04}],
    )  # fmt: skip
    held = {"entity_id": "BANK", "notional_amount": 0, "is_in_irrbb_scope": True,
            "is_intragroup": False}  # fmt: skip
    limits.give(
        "book.positions",
        [{**held, "position_id": "a", "currency": "USD", "behaviour_segment": "sme",
          "outstanding_principal": 100},
         {**held, "position_id": "b", "currency": "EUR", "behaviour_segment": "sme",
          "outstanding_principal": 10},
         {**held, "position_id": "c", "currency": "USD", "behaviour_segment": "none",
          "outstanding_principal": 1}],
    )  # fmt: skip
    rows = {r["segment"]: r for r in limits.run("reports.assumptions") if r["entity_id"] == "BANK"}
    assert (rows["sme"]["value"], rows["sme"]["value_prior"]) == (0.05, 0.04)
    assert rows["sme"]["is_changed"] is True
    assert rows["sme"]["covered_amount"] == 111  # 100 + 10 * 1.1
    assert rows["all"]["covered_amount"] == 112
    assert (rows["sme"]["is_in_force"], rows["all"]["is_in_force"]) == (True, False)
    assert rows["all"]["value_prior"] is None
