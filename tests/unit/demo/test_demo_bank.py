from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter, defaultdict
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from alm_pipeline.demo import latest_month_ends, month_ends, write_demo_bank
from alm_pipeline.demo.files import read_controls
from alm_pipeline.demo.layout import COLUMNS
from alm_pipeline.errors import ConfigurationError
from tests.unit.demo.delivered import CONTRACT_EXTRACTS, ratios, rows, sheet

LAST = dt.date(2026, 10, 31)
CENT = Decimal("0.01")


def folder_of(into: Path, date: dt.date = LAST) -> Path:
    return into / "landing" / date.isoformat()


def fingerprints(into: Path) -> dict[str, str]:
    files = sorted(path for path in into.rglob("*") if path.is_file())
    return {
        str(path.relative_to(into)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def test_same_seed_and_dates_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_demo_bank(tmp_path / name, month_ends=[LAST], n_positions=600, seed=5)
    assert fingerprints(tmp_path / "one") == fingerprints(tmp_path / "two")


def test_another_seed_gives_another_bank(tmp_path):
    for seed in (5, 6):
        write_demo_bank(tmp_path / str(seed), month_ends=[LAST], n_positions=600, seed=seed)
    one, two = fingerprints(tmp_path / "5"), fingerprints(tmp_path / "6")
    assert one["landing/2026-10-31/loan.parquet"] != two["landing/2026-10-31/loan.parquet"]


def test_every_extract_is_delivered_with_its_control_line(small_demo):
    folder = folder_of(small_demo)
    extracts = {path.name.split(".")[0] for path in folder.iterdir()} - {"control"}
    assert extracts == set(COLUMNS) - {"cash_movement"}  # that comes daily
    controls = {control.file: control for control in read_controls(folder)}
    loans = rows(folder, "loan")
    assert controls["loan.parquet"].n_rows == len(loans)
    total = sum((loan["outstanding_principal"] for loan in loans), Decimal(0))
    assert Decimal(controls["loan.parquet"].total) == total


def test_assets_are_liabilities_and_equity_to_the_cent_per_entity_and_currency(small_demo):
    for date in month_ends(LAST, 2):
        gap: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row, side, amount in sheet(folder_of(small_demo, date)):
            gap[row["entity_id"], row["currency"]] += amount if side == "asset" else -amount
        assert len(gap) == 4
        assert set(gap.values()) == {Decimal("0.00")}


def test_the_ledger_ties_to_the_contracts_to_the_cent(small_demo):
    folder = folder_of(small_demo)
    booked: dict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
    for extract in CONTRACT_EXTRACTS:
        for row in rows(folder, extract):
            key = (row["entity_id"], row["gl_account"], row["currency"])
            booked[*key, "principal"] += row["outstanding_principal"]
            booked[*key, "accrued"] += row["accrued_interest"]
            booked[*key, "provision"] += row["impairment_amount"] or Decimal(0)
            booked[*key, "fee"] += row["deferred_fees_amount"] or Decimal(0)
    ledger = {
        (r["entity_id"], r["gl_account"], r["currency"], r["balance_type"]): r["ending_amount"]
        for r in rows(folder, "gl_balance")
    }
    wrong = {key: total for key, total in booked.items() if ledger.get(key, 0) != total}
    assert wrong == {}


def test_a_listed_loan_repays_what_it_owes_by_its_maturity(small_demo):
    folder = folder_of(small_demo)
    left: dict[str, Decimal] = defaultdict(Decimal)
    last: dict[str, Any] = {}
    for event in rows(folder, "schedule_event"):
        if event["event_type"] != "principal":
            continue
        left[event["contract_no"]] += event["event_amount"]
        last[event["contract_no"]] = max(
            event["event_date"], last.get(event["contract_no"], event["event_date"])
        )
    listed = [row for row in rows(folder, "loan") if row["amortisation_type"] == "schedule"]
    assert listed
    assert {row["loan_no"]: row["outstanding_principal"] for row in listed} == left
    assert {row["loan_no"]: row["maturity_date"] for row in listed} == last


def test_a_scheduled_event_belongs_to_one_contract_of_all_extracts(small_demo):
    folder = folder_of(small_demo)
    keys = {"loan": "loan_no", "security": "security_no", "borrowing": "borrowing_no"}
    keys |= {"deposit_term": "deposit_no", "deposit_nmd": "account_no"}
    listed = Counter(
        (row["entity_id"], row[key])
        for extract, key in keys.items()
        for row in rows(folder, extract)
    )
    events = {(row["entity_id"], row["contract_no"]) for row in rows(folder, "schedule_event")}
    assert {listed[event] for event in events} == {1}


def test_some_bonds_may_be_called_or_put_at_par_on_coupon_dates_before_their_maturity(small_demo):
    folder = folder_of(small_demo)
    bonds = {row["security_no"]: row for row in rows(folder, "security")}
    bonds |= {row["borrowing_no"]: row for row in rows(folder, "borrowing")}
    found: dict[str, set[str]] = defaultdict(set)
    for event in rows(folder, "schedule_event"):
        if event["event_type"] in ("call", "put"):
            bond = bonds[event["contract_no"]]
            assert event["event_amount"] == bond["outstanding_principal"]
            assert bond["next_payment_date"] <= event["event_date"] < bond["maturity_date"]
            left = bond["maturity_date"] - event["event_date"]
            assert left <= (bond["maturity_date"] - bond["start_date"]) / 2 + dt.timedelta(days=2)
            found[event["event_type"]].add(bond["product_code"])
    assert found["call"] >= {"agency_bond", "subordinated_debt"}
    assert found["put"] == {"senior_debt"}


def test_every_ledger_account_is_mapped_and_the_ledger_balances(small_demo):
    folder = folder_of(small_demo)
    sides = {row["gl_account"]: row["side"] for row in rows(folder, "gl_map")}
    sign = {"asset": 1, "liability": -1, "equity": -1, "off_balance": 0}
    total: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows(folder, "gl_balance"):
        amount = row["ending_amount"] * sign[sides[row["gl_account"]]]
        amount = {"provision": -amount, "notional": Decimal(0)}.get(row["balance_type"], amount)
        total[row["entity_id"], row["currency"]] += amount
    assert set(total.values()) == {Decimal("0.00")}


def test_a_fixed_annuity_pays_its_instalment_from_one_month_end_to_the_next(small_demo):
    # interest of a month of 30 days out of 360 is balance x rate / 12; the rest of the instalment
    # repays principal, so closing = opening x (1 + rate / 12) - instalment
    september, october = (folder_of(small_demo, date) for date in month_ends(LAST, 2))
    before = {row["loan_no"]: row for row in rows(september, "loan")}
    checked = 0
    for now in rows(october, "loan"):
        old = before.get(now["loan_no"])
        fixed_annuity = now["amortisation_type"] == "annuity" and now["rate_type"] == "fixed"
        if old is None or not fixed_annuity or old["payment_amount"] != now["payment_amount"]:
            continue
        due = float(old["outstanding_principal"]) * (1 + old["coupon_rate"] / 12)
        due -= float(old["payment_amount"])
        assert float(now["outstanding_principal"]) == pytest.approx(due, abs=0.03)
        checked += 1
    assert checked > 200


def test_demand_deposit_history_ends_at_the_balance_sheet(small_demo):
    folder = folder_of(small_demo)
    last = sum(
        (
            r["balance_amount"]
            for r in rows(folder, "hist_deposit_balance")
            if r["month"] == dt.date(2026, 10, 1) and r["entity_id"] == "BANK"
        ),
        Decimal(0),
    )
    now = sum(
        (
            r["outstanding_principal"]
            for r in rows(folder, "deposit_nmd")
            if r["entity_id"] == "BANK" and r["currency"] == "USD"
        ),
        Decimal(0),
    )
    assert last == now


def test_cohort_histories_roll_forward(small_demo):
    folder = folder_of(small_demo)
    cohorts: dict[str, list[dict[str, Decimal]]] = defaultdict(list)
    for row in sorted(rows(folder, "hist_loan_month"), key=lambda r: (r["cohort_id"], r["month"])):
        cohorts[row["cohort_id"]].append(row)
    for history in cohorts.values():
        for old, new in pairwise(history):
            left = old["opening_amount"] - old["scheduled_amount"] - old["prepaid_amount"]
            assert new["opening_amount"] == left - old["defaulted_amount"]
    assert len({row["month"] for history in cohorts.values() for row in history}) == 132


@pytest.mark.parametrize(("n_positions", "seed"), [(2_000, 1), (2_000, 99), (20_000, 20261031)])
def test_ratios_are_believable_at_any_size_and_seed(tmp_path, n_positions, seed):
    write_demo_bank(tmp_path, month_ends=[LAST], n_positions=n_positions, seed=seed)
    for who, found in ratios(folder_of(tmp_path)).items():
        assert 0.08 <= found["equity"] <= 0.11, who
        assert 0.75 <= found["loan_to_deposit"] <= 0.95, who
        assert 0.02 <= found["margin"] <= 0.035, who


def test_every_product_of_the_map_is_in_the_files(small_demo, product_codes):
    folder = folder_of(small_demo)
    found = Counter(
        row["product_code"]
        for extract in (*CONTRACT_EXTRACTS, "other_balance", "derivative", "commitment")
        for row in rows(folder, extract)
    )
    assert set(found) == product_codes


def test_the_truth_behind_the_history_is_recorded(small_demo):
    truth = json.loads((small_demo / "truth.json").read_text())
    assert truth["deposits"]["retail_savings"]["beta"] == pytest.approx(0.32)
    assert truth["history_months"] == 132


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (dt.date(2026, 11, 22), ["2026-09-30", "2026-10-31"]),
        (dt.date(2026, 11, 30), ["2026-10-31", "2026-11-30"]),
        (dt.date(2027, 1, 1), ["2026-11-30", "2026-12-31"]),
    ],
)
def test_the_latest_month_end_is_the_last_one_not_after_today(today, expected):
    assert [date.isoformat() for date in latest_month_ends(2, today)] == expected


@pytest.mark.parametrize(
    ("dates", "n_positions", "said"),
    [
        ([], 2_000, "no month end"),
        ([dt.date(2026, 10, 30)], 2_000, "not month ends"),
        ([LAST], 10, "cannot hold every product"),
    ],
)
def test_what_cannot_be_written_is_refused_with_a_reason(tmp_path, dates, n_positions, said):
    with pytest.raises(ConfigurationError, match=said):
        write_demo_bank(tmp_path, month_ends=dates, n_positions=n_positions)
