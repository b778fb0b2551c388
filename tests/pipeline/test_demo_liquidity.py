"""The liquidity ratios of the demo bank: believable, near an independent table, moved by hand.

The independent table is written here from the Basel texts and the files as delivered; it knows
nothing of slices. Planted changes are ten, each of one position, and move exactly their own amount.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from alm_pipeline.demo import DEFAULT_SEED, write_demo_bank
from tests.pipeline.banks import BASE, DAY, Folder, write_folder
from tests.pipeline.deliveries import Row, delivered

N_POSITIONS = 3_000
POINT = 0.01
LAST_DAY = DAY + timedelta(days=30)
HALF_YEAR, YEAR = date(2027, 4, 30), date(2027, 10, 31)


def demo(path: Path, n_positions: int) -> Folder:
    folder = write_folder(path, (BASE,))
    write_demo_bank(folder.path, month_ends=[DAY], n_positions=n_positions, seed=DEFAULT_SEED)
    return folder


def closed(folder: Folder) -> Folder:
    outcome = folder.close()
    assert outcome.failures == ()
    return folder


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return closed(demo(tmp_path_factory.mktemp("demo") / "bank", N_POSITIONS))


def ratio(folder: Folder, name: str, entity: str = "GROUP") -> float:
    (found,) = [
        row[f"{name}_share"]
        for row in folder.rows(f"reports.{name}")
        if (row["entity_id"], row["contract_currency"]) == (entity, "all")
    ]
    return float(found)


# ---------------------------------------------------------------- an independent table


def day(value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(value, str) and value else value or None


@dataclass
class Files:
    """The delivery in USD, with who is on the other side."""

    folder: Path

    def __post_init__(self) -> None:
        rates = {"USD": 1.0}
        for row in delivered(self.folder, "fx_rate"):
            if (row["base_currency"], row["quote_currency"]) == ("EUR", "USD"):
                rates["EUR"] = float(row["fx_rate"])
        self.rates = rates
        self.kind = {
            row["counterparty_id"]: row["counterparty_type"]
            for row in delivered(self.folder, "counterparty")
        }

    def rows(self, extract: str) -> list[Row]:
        found = delivered(self.folder, extract)
        return [row for row in found if not row.get("intragroup_entity_id")]

    def usd(self, row: Row, column: str) -> float:
        return float(row[column] or 0.0) * self.rates[row["currency"]]


def stock(files: Files) -> float:
    pledged: dict[str, float] = defaultdict(float)
    for link in delivered(files.folder, "encumbrance_link"):
        if link["asset_extract"] == "security":
            pledged[link["entity_id"] + link["asset_no"]] += files.usd(link, "encumbered_amount")
    factor = {"l1": 1.0, "l2a": 0.85, "l2b": 0.5, "none": 0.0}
    found = sum(
        (
            files.usd(row, "fair_value_clean_amount")
            + files.usd(row, "accrued_interest")
            - pledged[row["entity_id"] + row["security_no"]]
        )
        * factor[row["hqla_class"]]
        for row in files.rows("security")
    )
    cash = ("cash", "central_bank_reserve")
    return found + sum(
        files.usd(row, "carrying_amount")
        for row in files.rows("other_balance")
        if row["line"] in cash
    )


DEPOSIT_SHARE = {  # what leaves in thirty days, and what counts as stable: by product and insurance
    "retail_current_nib": ((0.05, 0.95), (0.10, 0.90)),
    "retail_current": ((0.05, 0.95), (0.10, 0.90)),
    "retail_savings": ((0.05, 0.95), (0.10, 0.90)),
    "retail_money_market": ((0.05, 0.95), (0.10, 0.90)),
    "wholesale_operational": ((0.05, 0.50), (0.25, 0.50)),
    "wholesale_non_operational": ((0.40, 0.50), (0.40, 0.50)),
    "retail_term_deposit": ((0.05, 0.95), (0.10, 0.90)),
    "corporate_term_deposit": ((0.40, 0.50), (0.40, 0.50)),
}


def deposits(files: Files) -> tuple[float, float]:
    """Return outflows and stable funding of deposits."""
    out = stable = 0.0
    for row in files.rows("deposit_nmd") + files.rows("deposit_term"):
        amount, insured = files.usd(row, "outstanding_principal"), files.usd(row, "insured_amount")
        kind = files.kind[row["counterparty_id"]]
        leaves, stays = (0.0, 0.0)
        for part, (leave, stay) in zip(
            (min(insured, amount), max(amount - insured, 0.0)),
            DEPOSIT_SHARE[row["product_code"]],
            strict=True,
        ):
            is_close = row.get("is_relationship", True) or row.get("is_transactional", True)
            if kind in ("retail", "small_business") and not is_close:
                leave, stay = 0.10, 0.90
            elif kind not in ("retail", "small_business", "non_financial_corporate"):
                leave, stay = 1.0, 0.0
            leaves, stays = leaves + part * leave, stays + part * stay
        ends = day(row["maturity_date"])
        locked = str(row.get("is_early_withdrawal_allowed", "true")).lower() == "false"
        out += 0.0 if locked and ends and ends > LAST_DAY else leaves
        stable += amount if locked and ends and ends >= YEAR else stays
    return out, stable


def other_outflows(files: Files) -> float:
    found = 0.0
    for row in files.rows("borrowing"):
        if day(row["maturity_date"]) <= LAST_DAY:
            share = {"repo": 0.0, "fhlb": 0.25}.get(row["borrowing_type"], 1.0)
            found += share * files.usd(row, "outstanding_principal")
    for row in files.rows("commitment"):
        kind = files.kind[row["counterparty_id"]]
        share = 0.30 if row["commitment_type"] == "liquidity_facility" else 0.10
        share = 0.05 if kind == "retail" or row["is_revocable"] else share
        found += share * files.usd(row, "undrawn_amount")
    flows: dict[tuple[str, str], dict[date, float]] = defaultdict(lambda: defaultdict(float))
    for row in files.rows("collateral_flow"):
        key = (row["entity_id"], row["currency"])
        flows[key][day(row["flow_date"])] += files.usd(row, "net_flow_amount")
    for by_day in flows.values():
        first = date(2024, 10, 31)
        sums = [
            abs(sum(v for d, v in by_day.items() if max(end - timedelta(29), first) <= d <= end))
            for end in by_day
            if end > first + timedelta(30)
        ]
        found += max(sums)
    return found


def inflows(files: Files) -> float:
    found = 0.0
    for row in files.rows("loan"):
        due = row["next_payment_date"]
        if row["days_past_due"] or row["is_revolving"] or due is None or due > LAST_DAY:
            continue
        if row["loan_type"] == "reverse_repo":
            continue
        share = 1.0 if row["loan_type"] == "interbank_placement" else 0.5
        rate, owed = float(row["coupon_rate"]), files.usd(row, "outstanding_principal")
        if row["maturity_date"] and row["maturity_date"] <= LAST_DAY:
            paid = owed + files.usd(row, "accrued_interest")
        elif row["amortisation_type"] == "annuity":
            paid = files.usd(row, "payment_amount") or owed * rate / 12
        elif row["amortisation_type"] == "linear":
            left = max((row["maturity_date"] - DAY).days / 91.3, 1.0)
            paid = owed / left + owed * rate / 4
        else:
            paid = owed * rate * (1 / 12 if row["loan_type"] == "mortgage_res" else 1 / 4)
        found += share * paid
    for row in files.rows("security"):
        if row["hqla_class"] == "none" and day(row["maturity_date"]) <= LAST_DAY:
            found += files.usd(row, "outstanding_principal")
    return found


def within(row: Row, ends: date) -> Any:
    """Return the share of a loan's principal that is repaid before a day."""
    last = row["maturity_date"]
    if last is None or row["is_revolving"]:
        return 0.0
    months, left = (ends - DAY).days / 30.4375, (last - DAY).days / 30.4375
    if left < months:
        return 1.0
    if row["amortisation_type"] == "linear":
        return months / left
    if row["amortisation_type"] == "annuity":
        rate = max(float(row["coupon_rate"]), 1e-6) / 12
        return ((1 + rate) ** months - 1) / ((1 + rate) ** left - 1)
    return 0.0


def required(files: Files) -> float:
    found = 0.0
    pledged: dict[Any, float] = defaultdict(float)
    for link in delivered(files.folder, "encumbrance_link"):
        until = day(link["end_date"])
        band = 2 if until >= YEAR else 1 if until >= HALF_YEAR else 0
        pledged[link["entity_id"] + link["asset_no"], band] += files.usd(link, "encumbered_amount")

    def weighed(row: Row, number: str, amount: float, base: float, factor: Any) -> Any:
        long, mid = (
            min(pledged[row["entity_id"] + row[number], band] / max(base, 1.0), 1.0)
            for band in (2, 1)
        )
        return amount * (long + mid * max(factor, 0.5) + (1.0 - long - mid) * factor)

    for row in files.rows("loan"):
        amount, base = files.usd(row, "carrying_amount"), files.usd(row, "outstanding_principal")
        if row["loan_type"] in ("interbank_placement", "reverse_repo"):
            found += amount * (0.10 if row["loan_type"] == "reverse_repo" else 0.15)
        elif row["status"] == "defaulted" or row["is_non_accrual"] or row["days_past_due"] > 90:
            found += amount
        else:
            late = 0.65 if row["risk_weight_factor"] <= 0.35 else 0.85
            short = within(row, YEAR)
            found += weighed(row, "loan_no", amount, base, short * 0.5 + (1 - short) * late)
    for row in files.rows("security"):
        amount = files.usd(row, "carrying_amount")
        base = files.usd(row, "fair_value_clean_amount") + files.usd(row, "accrued_interest")
        late = 0.85 if day(row["maturity_date"]) >= YEAR else 0.5
        factor = {"l1": 0.05, "l2a": 0.15, "l2b": 0.5, "none": late}[row["hqla_class"]]
        found += weighed(row, "security_no", amount, base, factor)
    for row in files.rows("other_balance"):
        if row["side"] == "asset" and row["line"] not in (
            "cash", "central_bank_reserve", "fx_position"
        ):  # fmt: skip
            found += files.usd(row, "carrying_amount")
    for row in files.rows("derivative"):
        found += files.usd(row, "carrying_amount") + 0.85 * files.usd(row, "initial_margin_amount")
    return found + sum(0.05 * files.usd(row, "undrawn_amount") for row in files.rows("commitment"))


def available(files: Files) -> float:
    found = deposits(files)[1]
    for row in files.rows("borrowing"):
        amount, ends = files.usd(row, "carrying_amount"), day(row["maturity_date"])
        is_public = files.kind[row["counterparty_id"]] == "pse"
        share = 1.0 if ends >= YEAR else 0.5 if ends >= HALF_YEAR or is_public else 0.0
        found += share * amount
    return found + sum(
        files.usd(row, "carrying_amount")
        for row in files.rows("other_balance")
        if row["line"] == "equity"
    )


def near_the_independent_table(folder: Folder) -> None:
    files = Files(folder.landing())
    out = deposits(files)[0] + other_outflows(files)
    coverage = stock(files) / (out - min(inflows(files), 0.75 * out))
    funding = available(files) / required(files)
    print(f"LCR {ratio(folder, 'lcr'):.4f} against {coverage:.4f},", end=" ")
    print(f"NSFR {ratio(folder, 'nsfr'):.4f} against {funding:.4f}")
    assert ratio(folder, "lcr") == pytest.approx(coverage, abs=2 * POINT)
    assert ratio(folder, "nsfr") == pytest.approx(funding, abs=2 * POINT)


def is_believable(folder: Folder) -> None:
    assert folder.rows("metrics.lcr_unclassified") == []
    assert folder.rows("metrics.nsfr_unclassified") == []
    assert 1.2 <= ratio(folder, "lcr") <= 1.7
    assert 1.1 <= ratio(folder, "nsfr") <= 1.4


@pytest.mark.slow(seconds=25)
def test_the_ratios_are_believable_and_near_an_independent_table(bank):
    is_believable(bank)
    near_the_independent_table(bank)


@pytest.mark.slow(seconds=150)
@pytest.mark.parametrize("n_positions", [20_000, 200_000])
def test_so_they_are_whatever_the_number_of_positions(tmp_path, n_positions):
    folder = closed(demo(tmp_path / "bank", n_positions))
    is_believable(folder)
    near_the_independent_table(folder)
