"""One input less: what depends on it has no value and says why, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from alm_pipeline.inputs.governed import GovernedSet
from alm_pipeline.orchestration.sql_run import run_sql_file
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import BASE, DAY, Folder, restate, small_bank
from tests.pipeline.conftest import Closed

MONTH = Partition(DAY)
PRODUCTS = {  # of the small bank's delivery, with the positions that carry them
    "corporate_loan": ["BANK:loan:L1", "BANK:loan:L4"],
    "consumer_loan": ["BANK:loan:L2"],
    "sme_loan": ["EUBANK:loan:L3"],
    "non_performing_loan": ["BANK:loan:L5"],
    "intragroup_loan": ["BANK:loan:L6"],
    "retail_current_nib": ["BANK:deposit_nmd:N1"],
    "retail_term_deposit": ["BANK:deposit_term:T1"],
    "corporate_term_deposit": ["EUBANK:deposit_term:T2"],
    "senior_debt": ["BANK:borrowing:B1"],
    "intragroup_borrowing": ["EUBANK:borrowing:B2"],
    "sovereign_bond_htm": ["BANK:security:S1"],
    "credit_line": ["BANK:commitment:Q1"],
    "cash": ["BANK:other_balance:K1", "EUBANK:other_balance:K2", "EUBANK:other_balance:K3"],
    "share_capital": ["BANK:other_balance:E1", "EUBANK:other_balance:E2"],
    "swap_pay_fixed": ["BANK:derivative:W1"],
}


def without(governed: GovernedSet, name: str, section: str, key: str) -> GovernedSet:
    """Return the governed inputs without one entry of one file."""
    path = f"{name}.yaml"
    content: dict[str, Any] = yaml.safe_load(governed.texts[path])
    del content[section][key]
    return GovernedSet({**governed.texts, path: yaml.safe_dump(content)}, governed.definitions)


def rows_under(folder: Folder, governed: GovernedSet, scratch: Path, *tables: str) -> list[Any]:
    """Return the rows of the last of some tables, made one after the other under other inputs."""
    other = folder.bank.under(governed, scratch)
    files = {file.table: file for file in folder.bank.sql_files}
    for table in tables:
        run_sql_file(other, files[table], MONTH)
    found: list[Any] = other.store.table(tables[-1], MONTH, is_gated=False).to_pylist()
    other.store.session.close()
    return found


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_product_that_is_not_mapped_names_its_positions_and_no_other(
    closed_small_bank: Closed, tmp_path, product
):
    folder = closed_small_bank.folder
    less = without(folder.bank.governed, "products", "products", product)
    rows = rows_under(folder, less, tmp_path, "book.unmapped_positions")
    named = sorted(row["position_id"] for row in rows)
    if product == "swap_pay_fixed":  # its legs take their product from the deal
        assert named[0] == "BANK:derivative:W1"
    else:
        assert named == PRODUCTS[product]
    assert {row["product_code"] for row in rows} == {product}
    assert {row["reason"] for row in rows} == {"the product is not in the product map"}


@pytest.mark.parametrize(
    ("file", "segment", "needed_by"),
    [
        ("deposits", "retail_current_nib", ["BANK:deposit_nmd:N1"]),
        ("deposits", "retail_savings", []),
        ("deposits", "card", []),
        ("prepayment", "mortgage", []),
        ("prepayment", "corporate", []),  # the loans of the small bank agree on no behaviour
        ("early_withdrawal", "retail_term", []),
    ],
)
def test_an_assumption_that_is_not_there_stops_the_positions_that_need_it(
    closed_small_bank: Closed, tmp_path, file, segment, needed_by
):
    folder = closed_small_bank.folder
    less = without(folder.bank.governed, f"assumptions/{file}", "segments", segment)
    rows = rows_under(folder, less, tmp_path, "behaviour.unassigned_positions")
    assert [row["position_id"] for row in rows] == needed_by
    assert {row["reason"] for row in rows} <= {f"no {file} assumption for the segment {segment}"}


def totals(folder: Folder, report: str, column: str) -> dict[tuple[str, str], tuple[Any, str]]:
    """Return amount and availability of the totals of a report by entity and row kind."""
    return {
        (row["entity_id"], row["row_kind"]): (row[column], row["availability"])
        for row in folder.rows(report)
        if row.get("family", "total") == "total" and row.get("horizon_months", 12) == 12
    }


BANK, EUBANK, GROUP = ("BANK", "entity"), ("EUBANK", "entity"), ("GROUP", "group")
REPORTS = [
    ("reports.eve_sensitivity", "eve"),
    ("reports.nii_sensitivity", "nii"),
    ("reports.repricing_gap", "gap_amount"),
    ("reports.liquidity_gap", "gap_amount"),
]


@pytest.fixture(scope="module")
def undecided(tmp_path_factory: pytest.TempPathFactory) -> Closed:
    """The small bank without an assumption on its current accounts."""
    folder = small_bank(tmp_path_factory.mktemp("undecided") / "bank", (BASE,))
    less = without(folder.bank.governed, "assumptions/deposits", "segments", "retail_current_nib")
    path = folder.path / "contracts" / "assumptions" / "deposits.yaml"
    path.parent.mkdir()
    path.write_text(less.texts["assumptions/deposits.yaml"], encoding="utf-8")
    bank = Folder(folder.path.rename(folder.path.with_name("bank_")))
    return Closed(bank, bank.close())


@pytest.mark.parametrize(("report", "column"), REPORTS)
def test_without_an_assumption_totals_with_its_positions_say_what_to_do(undecided, report, column):
    found = totals(undecided.folder, report, column)
    for unit in (BANK, GROUP):
        amount, availability = found[unit]
        assert amount is None
        assert "1 positions have no assumption | behaviour.unassigned_positions" in availability
        assert "segment retail_current_nib: 1 positions, 600,000.00" in availability
        assert "to fix: add the segment to data_contracts/assumptions" in availability
    amount, availability = found[EUBANK]
    assert amount is not None
    assert availability == "available"


def test_without_an_assumption_everything_else_keeps_its_value(undecided, closed_small_bank):
    def values(closed: Closed) -> dict[str, float]:
        rows = closed.folder.rows("scenarios.position_values", scenario=BASE)
        return {row["position_id"]: row["present_value"] for row in rows}

    whole = values(closed_small_bank)
    assert whole.pop("BANK:deposit_nmd:N1") == pytest.approx(-531_282.97, abs=0.01)
    assert values(undecided) == whole
    status, _ = undecided.folder.headline(undecided.outcome)
    assert status == 1
    (row,) = [
        row
        for row in undecided.folder.rows("audit.exception_ledger")
        if row["exception_kind"] == "no assumption"
    ]
    assert (row["n_positions"], float(row["exception_amount"])) == (1, 600_000.00)


WITHOUT_RATE = {
    "fx_rate delivers none": lambda _: [],
    # 25 October is six days before 31 October
    "the last one is of 2026-10-25, 6 days old, allowed 5": lambda rows: [
        row | {"quote_date": "2026-10-25"} for row in rows
    ],
}
"""Why there is no exchange rate of the euro, and the delivery that makes it so."""


@pytest.fixture(scope="module", params=list(WITHOUT_RATE))
def without_rate(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Closed, str]:
    """The small bank without a usable exchange rate of the euro, and why."""
    folder = small_bank(tmp_path_factory.mktemp("rate") / "bank", (BASE,))
    restate(folder.landing(), "fx_rate", WITHOUT_RATE[request.param])
    return Closed(folder, folder.close()), request.param


@pytest.mark.parametrize(("report", "column"), REPORTS)
def test_without_an_exchange_rate_totals_in_other_currencies_say_so(without_rate, report, column):
    closed, _ = without_rate
    found = totals(closed.folder, report, column)
    for unit in (EUBANK, GROUP):
        amount, availability = found[unit]
        assert amount is None
        assert "no exchange rate for EUR | book.translation_rates" in availability
        assert "to fix: deliver it in fx_rate" in availability
    assert found[BANK][0] is not None


def test_without_an_exchange_rate_the_exception_says_what_it_touches(without_rate):
    closed, why = without_rate
    (row,) = [
        row
        for row in closed.folder.rows("audit.exception_ledger")
        if row["exception_kind"] == "no exchange rate"
    ]
    # In euro: L3, T2, K3 and E2.
    assert (row["item"], row["n_positions"], row["reason"]) == ("EUR", 4, why)
    assert row["opens_to"] == "book.positions where currency = 'EUR'"


def test_a_product_that_is_not_mapped_stops_the_close_before_its_rows_are_used(
    copy_of_small_bank: Folder,
):
    published = copy_of_small_bank.bank.closes.current(DAY)
    less = without(copy_of_small_bank.bank.governed, "products", "products", "sme_loan")
    path = copy_of_small_bank.path / "contracts" / "products.yaml"
    path.write_text(less.texts["products.yaml"], encoding="utf-8")
    folder = Folder(copy_of_small_bank.path.rename(copy_of_small_bank.path.with_name("mapped")))
    (message,) = folder.close().failures
    assert "1 row breaks 'product_code is found in products' | raw.loan" in message
    assert "loan_no=L3 product_code=sme_loan" in message
    assert "amount 40,000.00" in message
    assert "to fix: correct the delivery or what it is held against" in message
    assert folder.bank.closes.current(DAY) == published
