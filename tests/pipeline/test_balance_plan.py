"""The dynamic balance sheet of a demo bank beside the constant one, with a scenario's own plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from alm_pipeline.demo import write_demo_bank
from tests.pipeline.banks import BASE, DAY, Folder, write_folder

CENT = 0.011
FROZEN = """
about: Rates stay; nothing is lent beyond what is repaid, and half of the term deposits leave.
kind: own
balance_sheet:
  annual_growth_rate: {mortgage: 0.0, sme: 0.0, retail_savings: 0.0, retail_term: 0.0}
  replacement_share: {retail_term: 0.5}
source: {title: "Test", place: "here"}
status: assumed
owner: team:treasury-risk
approver: alco
"""


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = write_folder(tmp_path_factory.mktemp("plan") / "bank", (BASE, "frozen"))
    own = folder.path / "contracts" / "scenarios" / "frozen.yaml"
    own.parent.mkdir()
    own.write_text(FROZEN.lstrip(), encoding="utf-8")
    write_demo_bank(folder.path, month_ends=[DAY], n_positions=2_000, seed=3)
    assert folder.close().failures == ()
    return folder


@pytest.fixture(scope="module")
def income(closed: Folder) -> Mapping[tuple[str, int], Mapping[str, Any]]:
    rows = closed.rows("reports.nii_balance_sheets")
    group = [r for r in rows if r["row_kind"] == "group"]
    return {(r["scenario"], r["horizon_months"]): r for r in group}


@pytest.mark.slow(seconds=40)
def test_a_constant_balance_sheet_knows_no_plan(income):
    for months in (12, 24, 36):
        constant = [income[s, months]["nii_constant"] for s in (BASE, "frozen")]
        assert constant[0] == constant[1]
        run_off = [income[s, months]["nii_run_off"] for s in (BASE, "frozen")]
        assert run_off[0] == run_off[1] < constant[0]


@pytest.mark.slow(seconds=1)
def test_mortgages_grow_as_planned(closed, income):
    # 4 % a year for three years on what is owed today: 1.04^3 - 1 = 0.124864
    book = closed.rows("book.positions")
    owed = {
        (r["entity_id"], r["currency"], r["product_code"]): 0.0
        for r in book if r["behaviour_segment"] == "mortgage"
        and r["cash_flow_model"] not in ("commitment", "non_performing")
        and r["nii_treatment"] == "constant_balance"
    }  # fmt: skip
    for r in book:
        key = (r["entity_id"], r["currency"], r["product_code"])
        if key in owed and r["cash_flow_model"] not in ("commitment", "non_performing"):
            owed[key] += float(r["outstanding_principal"])
    placed = dict.fromkeys(owed, 0.0)
    for r in closed.rows("scenarios.growth_income", scenario=BASE):
        key = (r["entity_id"], r["currency"], r["product_code"])
        if key in placed:
            placed[key] += r["new_principal"]
    assert sum(owed.values()) > 0.0
    for key, amount in owed.items():
        assert placed[key] == pytest.approx(0.124864 * amount, rel=1e-9, abs=CENT)


@pytest.mark.slow(seconds=1)
def test_deposits_that_leave_are_borrowed_and_the_scenarios_own_plan_counts(income):
    row = income["frozen", 36]
    assert float(row["new_assets_amount"]) == 0.0
    assert float(row["new_liabilities_amount"]) > 0.0  # less is owed
    assert float(row["growth_income_amount"]) > 0.0  # interest saved
    assert float(row["balancing_income_amount"]) < 0.0  # and paid on what replaces it
    assert income[BASE, 36]["new_assets_amount"] > 0.0
