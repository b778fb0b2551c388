"""The dynamic balance sheet of a demo bank beside the constant one, with a scenario's own plan."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from alm_pipeline.demo import write_demo_bank
from alm_pipeline.paths import DATA_CONTRACTS
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

RUN = """
about: Rates rise by 200 basis points at once, and a tenth of interest-free current accounts leaves.
kind: own
shocks:
  parallel_bp: {USD: 200, EUR: 200, GBP: 200}
balance_sheet:
  annual_growth_rate: {mortgage: 0.0, sme: 0.0, retail_savings: 0.0, retail_term: 0.0}
  replacement_share: {retail_term: 1.0}
deposit_run: {retail_current_nib: 0.1}
source: {title: "Test", place: "here"}
status: assumed
owner: team:treasury-risk
approver: alco
"""


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = write_folder(tmp_path_factory.mktemp("plan") / "bank", (BASE, "frozen", "run"))
    own = folder.path / "contracts" / "scenarios"
    own.mkdir()
    (own / "frozen.yaml").write_text(FROZEN.lstrip(), encoding="utf-8")
    (own / "run.yaml").write_text(RUN.lstrip(), encoding="utf-8")
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


def _placed(closed: Folder, scenario: str, segment: str) -> dict[tuple[str, str], list[float]]:
    """What is placed in the first month and later, by entity and currency, of a segment."""
    of_segment = {
        r["product_code"]
        for r in closed.rows("book.positions")
        if r["behaviour_segment"] == segment
    }
    found: dict[tuple[str, str], list[float]] = {}
    for r in closed.rows("scenarios.growth_income", scenario=scenario):
        if r["product_code"] in of_segment:
            one = found.setdefault((r["entity_id"], r["currency"]), [0.0, 0.0])
            one[min(r["month_index"], 2) - 1] += r["new_principal"]
    return found


@pytest.mark.slow(seconds=1)
def test_a_tenth_of_the_current_accounts_runs_in_the_first_month(closed):
    owed: dict[tuple[str, str], float] = {}
    for r in closed.rows("book.positions"):
        if r["behaviour_segment"] == "retail_current_nib":
            key = (r["entity_id"], r["currency"])
            owed[key] = owed.get(key, 0.0) + float(r["outstanding_principal"])
    found = _placed(closed, "run", "retail_current_nib")
    assert owed.keys() == found.keys()
    for key, (first, later) in found.items():
        assert first == pytest.approx(0.1 * owed[key], rel=1e-9)  # less is owed
        assert later == 0.0
    still = _placed(closed, BASE, "retail_current_nib")
    assert all(amounts == [0.0, 0.0] for amounts in still.values())


@pytest.mark.slow(seconds=1)
def test_savers_move_to_term_deposits_of_their_bank_and_currency(closed):
    # nothing else moves either segment in this scenario: what leaves one joins the other
    left, joined = (_placed(closed, "run", one) for one in ("retail_savings", "retail_term"))
    together = left.keys() & joined.keys()
    assert together
    for key in together:
        assert left[key][0] + left[key][1] > 0.0
        for month in (0, 1):
            assert joined[key][month] == pytest.approx(-left[key][month], rel=1e-9, abs=CENT)


@pytest.mark.slow(seconds=40)
def test_an_edited_plan_is_computed_anew(closed, tmp_path):
    before = closed.rows("scenarios.growth_income", scenario=BASE)
    moved = Folder(Path(shutil.copytree(closed.path, tmp_path / "bank")))  # others read the first
    source = (DATA_CONTRACTS / "assumptions" / "new_business.yaml").read_text("utf-8")
    own = moved.path / "contracts" / "assumptions"
    own.mkdir()
    edited = source.replace("{value: 0.04, unit: growth", "{value: 0.03, unit: growth")
    (own / "new_business.yaml").write_text(edited, encoding="utf-8")
    moved.close()
    after = moved.rows("scenarios.growth_income", scenario=BASE)
    mortgages = [
        sum(r["new_principal"] for r in rows if r["product_code"] == "mortgage_fixed")
        for rows in (before, after)
    ]
    # 1.03^3 - 1 = 0.092727 of what is owed instead of 0.124864
    assert mortgages[1] == pytest.approx(mortgages[0] * 0.092727 / 0.124864, rel=1e-9)
