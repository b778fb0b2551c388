"""Positions of the demo bank, built in QuantLib from their terms, in three scenarios.

Run with `-s` for the table of what QuantLib values of each product.
"""

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import Any

import pytest

from alm_pipeline.demo import write_demo_bank
from alm_pipeline.orchestration.evidence import (
    bind_evidence,
    challenged_scenarios,
    second_valuation,
)
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import BASE, DAY, write_folder

pytest.importorskip("QuantLib", reason="QuantLib is a test dependency")

OF_THE_NOTIONAL = 1e-8
SCENARIOS = (BASE, "basel_2024_parallel_up", "basel_2024_steepener")
N_POSITIONS = 500
CANDIDATES = """
    select *, product_code as stratum
    from book.positions
    where cash_flow_model in ('bullet', 'swap_leg') and eve_treatment = 'in' and is_in_irrbb_scope
    order by position_id
"""
WHOLE_PRODUCTS = ("covered_bond", "sovereign_bond_htm", "swap_pay_fixed", "repo")
"""Of these QuantLib builds a good part: bonds and legs on business days, floaters, repos."""


@pytest.fixture(scope="module")
def valued(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = write_folder(tmp_path_factory.mktemp("quantlib") / "bank", SCENARIOS)
    write_demo_bank(folder.path, month_ends=[DAY], n_positions=40_000)
    assert folder.close().failures == ()
    bank, partition = folder.bank, Partition(DAY)
    assert tuple(challenged_scenarios(bank)) == SCENARIOS
    bind_evidence(bank, partition)
    found: list[dict[str, Any]] = second_valuation(bank, partition, CANDIDATES).to_pylist()
    return found


@pytest.mark.slow(seconds=70)
def test_five_hundred_positions_are_worth_what_quantlib_says(valued):
    by_position = defaultdict(list)
    for row in valued:
        if row["method"] == "QuantLib":
            by_position[row["position_id"]].append(row)
    whole = [rows for rows in by_position.values() if len(rows) == len(SCENARIOS)]
    assert len(whole) >= N_POSITIONS
    chosen = Random(20261031).sample(whole, N_POSITIONS)
    worst = max((row for rows in chosen for row in rows), key=lambda row: row["difference_share"])
    print(f"{N_POSITIONS} of {len(whole)}, worst {worst['difference_share']:.1e} of the notional")
    assert worst["difference_share"] <= OF_THE_NOTIONAL, worst


@pytest.mark.slow(seconds=1)
def test_what_quantlib_values_of_each_product_is_told(valued):
    held, built = defaultdict(set), defaultdict(set)
    for row in valued:
        held[row["product_code"]].add(row["position_id"])
        if row["method"] == "QuantLib":
            built[row["product_code"]].add(row["position_id"])
    print()
    for product in sorted(held):
        print(f"{product:<24}{len(built[product]):>5} of {len(held[product]):>5}")
    assert all(len(built[product]) > len(held[product]) / 4 for product in WHOLE_PRODUCTS)
