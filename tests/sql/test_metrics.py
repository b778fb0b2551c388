"""Behaviour and metrics: what is assigned, what is added up, and what is never added up in part."""

from __future__ import annotations

from typing import Any

import pytest

POSITION = {
    "position_id": "BANK:loan:1",
    "entity_id": "BANK",
    "currency": "USD",
    "product_code": "loan",
    "cash_flow_model": "bullet",
    "behaviour_segment": "mortgage",
    "is_in_irrbb_scope": True,
    "is_intragroup": False,
    "eve_treatment": "in",
    "nii_treatment": "constant_balance",
    "outstanding_principal": "100.00",
}
VALUE = {
    "scenario": "base",
    "position_id": "BANK:loan:1",
    "present_value": 100.25,
    "option_value": 1.5,
    "nii_12m": 5.0,
    "nii_24m": 9.0,
    "nii_12m_other_path": 4.0,
    "nii_24m_other_path": 8.0,
    "amortised_12m": 0.5,
    "amortised_24m": 0.75,
}
MORTGAGE = {"scenario": "base", "behaviour_segment": "mortgage", "annual_prepayment_rate": 0.06,
            "status": "assumed"}  # fmt: skip
BUCKETS = [
    {
        "bucket_set": "irrbb",
        "slotted_by": "repricing",
        "bucket": n,
        "label": f"b{n}",
        "upper_days": 30 * n,
    }
    for n in (1, 2, 3)
]


def second(**given: Any) -> dict[str, Any]:
    return {**POSITION, "position_id": "BANK:loan:2", **given}


def test_a_position_gets_the_base_figures_of_its_segment(bench):
    bench.give("book.positions", [POSITION, second(behaviour_segment="none")])
    bench.give("inputs.behaviour_parameters", [MORTGAGE, {**MORTGAGE, "scenario": "up"}])
    (row,) = bench.run("behaviour.position_assumptions")
    assert (row["position_id"], row["annual_prepayment_rate"]) == ("BANK:loan:1", 0.06)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (
            {"behaviour_segment": "unheard_of"},
            "no prepayment assumption for the segment unheard_of",
        ),
        (
            {"behaviour_segment": "mortgage", "side": "liability"},
            "no early_withdrawal assumption for the segment mortgage",
        ),
        (
            {"behaviour_segment": "mortgage", "cash_flow_model": "revolving"},
            "no deposits assumption for the segment mortgage",
        ),
        (
            {"behaviour_segment": "unheard_of", "cash_flow_model": "revolving"},
            "no deposits and no prepayment assumption for the segment unheard_of",
        ),
        (
            {"behaviour_segment": "none", "cash_flow_model": "non_maturity"},
            "a deposit without maturity has no behaviour segment",
        ),
    ],
)
def test_a_position_whose_behaviour_nobody_decided_is_refused(bench, given, reason):
    bench.give("book.positions", [POSITION, second(**given)])
    bench.give("inputs.assumptions", [{"assumption": "prepayment", "segment": "mortgage"}])
    (row,) = bench.run("behaviour.unassigned_positions")
    assert (row["position_id"], row["reason"]) == ("BANK:loan:2", reason)


def test_what_was_not_decided_is_summed_per_entity_and_currency_with_what_to_do(bench):
    bench.give(
        "behaviour.unassigned_positions",
        [
            {"position_id": f"BANK:loan:{n}", "entity_id": "BANK", "currency": "USD",
             "outstanding_principal": 1500.5, "missing_input": "assumption", "reason": reason}
            for n, reason in enumerate(["no a", "no a", "no b"])
        ],
    )  # fmt: skip
    (row,) = bench.run("behaviour.undecided_balances")
    assert (row["n_positions"], row["outstanding_principal"]) == (3, 4501.5)
    assert row["cause"] == (
        "3 positions have no assumption | behaviour.unassigned_positions 2026-10-31 BANK"
        " | no a: 2 positions, 3,001.00; no b: 1 positions, 1,500.50"
        " | to fix: add the segment to data_contracts/assumptions, or give the product another one"
    )


FLOATER = {"as_of_date": "2026-10-31", "behaviour_segment": "none", "rate_type": "floating",
           "index_id": "USD_SOFR_3M", "reset_freq": "P3M", "fixing_lag_days": 2}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "is_missing"),
    [
        # read on 31 October, the as-of date, and on 1 November
        ({"next_reset_date": "2026-11-02"}, True),
        ({"next_reset_date": "2026-11-03"}, False),
        ({"next_reset_date": "2026-11-02", "next_fixing_rate": 0.03}, False),
        ({"next_reset_date": "2026-10-31"}, False),  # the reset is over: its rate is the coupon
        ({"next_reset_date": "2026-11-02", "reset_freq": "P1D"}, False),  # compounded daily
        ({"next_reset_date": "2026-11-02", "rate_type": "fixed"}, False),
    ],
)
def test_a_position_whose_index_was_read_and_not_delivered_has_no_value(bench, given, is_missing):
    bench.give("book.positions", [POSITION | FLOATER | given])
    rows = bench.run("behaviour.unassigned_positions")
    reason = "no fixing of USD_SOFR_3M of 2026-10-31, nor one young enough before it"
    found = [(row["missing_input"], row["reason"]) for row in rows]
    assert found == [("fixing", reason)] * is_missing


def test_missing_assumptions_and_fixings_stand_side_by_side_with_what_to_do(bench):
    bench.give(
        "behaviour.unassigned_positions",
        [
            {"position_id": f"BANK:loan:{n}", "entity_id": "BANK", "currency": "USD",
             "outstanding_principal": 100.0, "missing_input": missing, "reason": f"no {missing} x"}
            for n, missing in enumerate(["fixing", "assumption"])
        ],
    )  # fmt: skip
    (row,) = bench.run("behaviour.undecided_balances")
    assert (row["missing_input"], row["n_positions"]) == ("assumption and no fixing", 2)
    assert "1 positions have no assumption | " in row["cause"]
    assert row["cause"].endswith(
        "; 1 positions have no fixing | behaviour.unassigned_positions 2026-10-31 BANK"
        " | no fixing x: 1 positions, 100.00 | to fix: deliver index_fixing up to the as-of date"
    )


def test_economic_value_adds_up_what_is_in_the_measure(bench):
    out = second(eve_treatment="out_own_funds")
    bench.give("book.positions", [POSITION, out])
    bench.give("scenarios.position_values", [VALUE, {**VALUE, "position_id": "BANK:loan:2"}])
    (row,) = bench.run("metrics.eve")
    assert (row["present_value"], row["option_value"], row["n_positions"]) == (100.25, 1.5, 1)


def test_one_position_without_a_value_leaves_no_partial_sum(bench):
    bench.give("book.positions", [POSITION, second()])
    bench.give("scenarios.position_values", [VALUE])
    (row,) = bench.run("metrics.eve")
    assert (row["present_value"], row["option_value"]) == (None, None)
    assert (row["n_positions"], row["n_not_valued"]) == (2, 1)
    (income,) = bench.run("metrics.nii")
    assert income["nii_12m"] is None


def test_a_value_of_another_scenario_does_not_count(bench):
    bench.give("book.positions", [POSITION])
    bench.give("scenarios.position_values", [{**VALUE, "scenario": "up"}])
    assert bench.run("metrics.eve")[0]["n_not_valued"] == 1


def test_business_between_members_is_a_row_of_its_own(bench):
    bench.give("book.positions", [POSITION, second(is_intragroup=True)])
    bench.give("scenarios.position_values", [VALUE, {**VALUE, "position_id": "BANK:loan:2"}])
    assert {row["is_intragroup"]: row["present_value"] for row in bench.run("metrics.eve")} == {
        False: 100.25,
        True: 100.25,
    }


def test_the_cumulative_gap_runs_through_empty_buckets(bench):
    flow = {"scenario": "base", "entity_id": "BANK", "currency": "USD", "bucket_set": "irrbb"}
    wide = {"bucket_set": "wide", "slotted_by": "repricing", "bucket": 1, "label": "all"}
    bench.give("inputs.time_buckets", [*BUCKETS, wide])
    bench.give(
        "inputs.products",
        [{"product_code": "loan", "side": "asset"}, {"product_code": "debt", "side": "liability"}],
    )
    bench.give(
        "scenarios.cash_flow_buckets",
        [
            {**flow, "product_code": "loan", "bucket": 1, "principal_amount": 70.0},
            {**flow, "product_code": "debt", "bucket": 3, "principal_amount": -40.0},
            {
                **flow,
                "product_code": "loan",
                "bucket_set": "wide",
                "bucket": 1,
                "principal_amount": 30.0,
            },
        ],
    )
    rows = bench.run("metrics.repricing_gap")
    assert {row["bucket_set"] for row in rows} == {"irrbb", "wide"}
    totals = [row["cumulative_gap_amount"] for row in rows if row["bucket_set"] == "wide"]
    assert totals == [30.0]
    rows = [row for row in rows if row["bucket_set"] == "irrbb"]
    by_bucket = {row["bucket"]: row for row in rows if row["view"] == "behavioural"}
    assert [by_bucket[n]["gap_amount"] for n in (1, 2, 3)] == [70.0, 0.0, -40.0]
    assert [by_bucket[n]["cumulative_gap_amount"] for n in (1, 2, 3)] == [70.0, 70.0, 30.0]
    assert by_bucket[3]["liability_amount"] == -40.0


LADDER = {"bucket_set": "liquidity", "slotted_by": "payment", "kept_by": "product", "bucket": 1}


def test_the_contractual_view_stands_with_the_base_scenario_only(bench):
    flow = {"entity_id": "BANK", "currency": "USD", "product_code": "loan",
            "bucket_set": "liquidity", "bucket": 1, "principal_amount": 10.0,
            "interest_amount": 1.0}  # fmt: skip
    bench.give("inputs.time_buckets", [
        LADDER, {**LADDER, "bucket_set": "fine"},
        {**LADDER, "bucket_set": "lcr", "kept_by": "position"},
    ])  # fmt: skip
    bench.give("inputs.products", [{"product_code": "loan", "side": "asset"}])
    bench.give("cash_flows.contractual_buckets", [
        flow, {**flow, "bucket_set": "fine"}, {**flow, "bucket_set": "irrbb"},
    ])  # fmt: skip
    bench.give("scenarios.cash_flow_buckets", [{**flow, "scenario": "up"}])
    assert {row["view"] for row in bench.run("metrics.liquidity_gap", "up")} == {"behavioural"}
    rows = {row["bucket_set"]: row for row in bench.run("metrics.liquidity_gap", "base")}
    assert set(rows) == {"liquidity", "fine"}  # every set by payment, of products
    row = rows["liquidity"]
    assert (row["view"], row["asset_amount"]) == ("contractual", 11.0)  # principal and interest
