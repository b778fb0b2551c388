"""Ten planted changes in the demo bank's delivery: each moves the ratios and the ladder by hand.

Each is about another position, so that one close shows them all; what a position adds to a line
before and after is compared with arithmetic on the delivered row, and the totals with their sum.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from alm_pipeline.demo import DEFAULT_SEED, write_demo_bank
from tests.pipeline.banks import BASE, DAY, Folder, write_folder
from tests.pipeline.deliveries import Row, delivered, restated

pytestmark = pytest.mark.slow(seconds=70)

N_POSITIONS = 3_000
LAST_DAY, YEAR = DAY + timedelta(days=30), date(2027, 10, 31)
REPO, CASH, PLEDGED, LONG = 40_000.0, 40_000.0, 41_000.0, 30_000.0
CENT = 0.011

Effect = dict[str, float]
"""What a change adds to: stock, outflow, inflow, available, required."""


def first(rows: list[Row], holds: Callable[[Row], Any]) -> Row:
    return next(row for row in rows if holds(row))


def number(row: Row, column: str) -> float:
    return float(row[column] or 0.0)


def interest(row: Row, days: int) -> float:
    """Return what a bullet pays at its end, accrued by the year of 360 days."""
    return number(row, "outstanding_principal") * number(row, "coupon_rate") * days / 360


def ends(row: Row) -> date:
    return date.fromisoformat(row["maturity_date"])


class Plan:
    """The changes, and by hand what each position adds to the ratios besides, in its currency."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.effects: dict[str, Effect] = {}
        self.ladder: dict[date, float] = defaultdict(float)
        self.kind = {
            row["counterparty_id"]: row["counterparty_type"]
            for row in delivered(folder, "counterparty")
        }
        links = delivered(folder, "encumbrance_link")
        self.pledged = {row["entity_id"] + row["asset_no"] for row in links}

    def of_bank(self, extract: str, holds: Callable[[Row], Any]) -> Row:
        """Return the first row of the BANK in USD that fits."""
        rows = delivered(self.folder, extract)
        return first(
            rows, lambda r: (r["entity_id"], r["currency"]) == ("BANK", "USD") and holds(r)
        )

    def change(self, extract: str, key: str, chosen: Row, **values: Any) -> None:
        def edit(rows: list[Row]) -> list[Row]:
            return [
                row | values if row["entity_id"] + row[key] == "BANK" + chosen[key] else row
                for row in rows
            ]

        restated(self.folder, extract, edit)

    def free_sovereign(self, skip: int) -> Row:
        rows = [
            r
            for r in delivered(self.folder, "security")
            if (r["entity_id"], r["currency"], r["hqla_class"]) == ("BANK", "USD", "l1")
            and "BANK" + r["security_no"] not in self.pledged
            and number(r, "outstanding_principal") > PLEDGED
            and ends(r) >= YEAR
        ]
        return rows[skip]

    def pledge(self, bond: Row, liability_no: str, amount: float, until: date) -> None:
        link = first(delivered(self.folder, "encumbrance_link"), lambda r: r["currency"] == "USD")
        new = link | {
            "entity_id": "BANK", "asset_extract": "security", "asset_no": bond["security_no"],
            "liability_no": liability_no, "encumbered_amount": f"{amount:.2f}",
            "start_date": DAY.replace(day=1).isoformat(), "end_date": until.isoformat(),
        }  # fmt: skip
        restated(self.folder, "encumbrance_link", lambda rows: [*rows, new])

    # ------------------------------------------------------------ the ten

    def bond_pledged_for_long(self) -> None:
        bond = self.free_sovereign(0)
        senior = self.of_bank("borrowing", lambda r: r["borrowing_type"] == "senior")
        self.pledge(bond, senior["borrowing_no"], LONG, date(2029, 12, 31))
        value = number(bond, "fair_value_clean_amount") + number(bond, "accrued_interest")
        carried = number(bond, "carrying_amount") * LONG / value
        self.effects["BANK:security:" + bond["security_no"]] = {
            "stock": -LONG, "required": (1.0 - 0.05) * carried,
        }  # fmt: skip

    def deposit_no_longer_insured(self) -> None:
        row = self.of_bank(
            "deposit_nmd",
            lambda r: r["product_code"] == "retail_current_nib" and r["is_relationship"],
        )
        insured = number(row, "insured_amount")
        self.change("deposit_nmd", "account_no", row, insured_amount=Decimal("0.00"))
        self.effects["BANK:deposit_nmd:" + row["account_no"]] = {
            "outflow": (0.10 - 0.05) * insured, "available": (0.90 - 0.95) * insured,
        }  # fmt: skip

    def deposit_no_longer_operational(self) -> None:
        row = self.of_bank(
            "deposit_nmd",
            lambda r: (
                r["is_operational"]
                and self.kind[r["counterparty_id"]] == "non_financial_corporate"
                and not number(r, "insured_amount")
            ),
        )
        self.change("deposit_nmd", "account_no", row, is_operational=False)
        owed = number(row, "outstanding_principal") + number(row, "accrued_interest")
        self.effects["BANK:deposit_nmd:" + row["account_no"]] = {"outflow": (0.40 - 0.25) * owed}

    def funding_lengthened(self) -> None:
        row = self.of_bank(
            "deposit_term",
            lambda r: (
                r["product_code"] == "corporate_term_deposit"
                and self.kind[r["counterparty_id"]] == "non_financial_corporate"
                and ends(r) <= LAST_DAY
                and not number(r, "insured_amount")
                and r["is_early_withdrawal_allowed"] == "false"
            ),
        )
        late = "2027-11-30"
        self.change("deposit_term", "deposit_no", row, maturity_date=late, next_payment_date=late)
        owed = number(row, "outstanding_principal")
        due = interest(row, (ends(row) - date.fromisoformat(row["start_date"])).days)
        self.effects["BANK:deposit_term:" + row["deposit_no"]] = {
            "outflow": -0.40 * owed - due, "available": (1.0 - 0.5) * owed,
        }  # fmt: skip
        self.ladder[ends(row)] += owed + due

    def line_becomes_a_liquidity_line(self) -> None:
        row = self.of_bank("commitment", self._is_company_line)
        self.change("commitment", "commitment_no", row, commitment_type="liquidity_facility")
        self.effects["BANK:commitment:" + row["commitment_no"]] = {
            "outflow": (0.30 - 0.10) * number(row, "undrawn_amount")
        }

    def line_becomes_revocable(self) -> None:
        row = self.of_bank("commitment", self._is_company_line)
        self.change("commitment", "commitment_no", row, is_revocable=True)
        self.effects["BANK:commitment:" + row["commitment_no"]] = {
            "outflow": (0.05 - 0.10) * number(row, "undrawn_amount")
        }

    def _is_company_line(self, row: Row) -> bool:
        return (
            row["commitment_type"] == "credit_line"
            and self.kind[row["counterparty_id"]] == "non_financial_corporate"
            and not row["is_revocable"]
            and "BANK:commitment:" + row["commitment_no"] not in self.effects
        )

    def loan_falls_behind(self) -> None:
        row = self.of_bank(
            "loan",
            lambda r: (
                r["product_code"] == "consumer_loan"
                and r["payment_amount"]
                and not r["days_past_due"]
                and r["next_payment_date"] <= LAST_DAY
                and r["maturity_date"] > YEAR
            ),
        )
        self.change("loan", "loan_no", row, days_past_due=10)
        self.effects["BANK:loan:" + row["loan_no"]] = {
            "inflow": -0.5 * number(row, "payment_amount")
        }

    def mortgage_weighs_more(self) -> None:
        row = self.of_bank(
            "loan",
            lambda r: (
                r["product_code"] == "mortgage_fixed"
                and r["risk_weight_factor"] == 0.35
                and r["payment_amount"]
                and not r["days_past_due"]
                and "BANK" + r["loan_no"] not in self.pledged
                and r["maturity_date"] > YEAR
            ),
        )
        self.change("loan", "loan_no", row, risk_weight_factor=0.5)
        day, n_paid = row["next_payment_date"], 0
        while day < YEAR:
            n_paid += 1
            day = (day.replace(day=1) + timedelta(days=32)).replace(day=day.day)
        rate, owed = number(row, "coupon_rate") / 12, number(row, "outstanding_principal")
        grown = (1 + rate) ** n_paid
        left = owed * grown - number(row, "payment_amount") * (grown - 1) / rate
        self.effects["BANK:loan:" + row["loan_no"]] = {
            "required": (0.85 - 0.65) * number(row, "carrying_amount") * left / owed
        }

    def repo_against_other_collateral(self) -> None:
        row = self.of_bank(
            "borrowing", lambda r: r["borrowing_type"] == "repo" and ends(r) <= LAST_DAY
        )
        self.change("borrowing", "borrowing_no", row, collateral_class="l2a")
        self.effects["BANK:borrowing:" + row["borrowing_no"]] = {
            "outflow": 0.15 * number(row, "outstanding_principal")
        }

    def repo_of_twenty_days(self) -> None:
        """Cash comes in for a bond; it counts no more, and interest is due within the days."""
        like = self.of_bank("borrowing", lambda r: r["borrowing_type"] == "repo")
        amount, until = f"{REPO:.2f}", (DAY + timedelta(days=20)).isoformat()
        new = like | {
            "borrowing_no": "0829999999500", "start_date": DAY.isoformat(),
            "trade_date": DAY.isoformat(), "origination_date": DAY.isoformat(),
            "last_payment_date": DAY.isoformat(), "maturity_date": until,
            "next_payment_date": until, "accrued_interest": "0.00",
            "collateral_value_amount": f"{PLEDGED:.2f}", "collateral_class": "l1",
            "original_amount": amount, "outstanding_principal": amount, "carrying_amount": amount,
        }  # fmt: skip
        restated(self.folder, "borrowing", lambda rows: [*rows, new])
        bond = self.free_sovereign(1)
        self.pledge(bond, new["borrowing_no"], PLEDGED, date.fromisoformat(until))
        reserves = self.of_bank("other_balance", lambda r: r["line"] == "central_bank_reserve")
        more = f"{number(reserves, 'carrying_amount') + CASH:.2f}"
        self.change(
            "other_balance",
            "balance_no",
            reserves,
            carrying_amount=more,
            outstanding_principal=more,
        )
        for account in (like["gl_account"], reserves["gl_account"]):
            self._book(account)
        due = REPO * number(like, "coupon_rate") * 20 / 360
        self.effects |= {
            "BANK:borrowing:0829999999500": {"outflow": due},
            "BANK:security:" + bond["security_no"]: {"stock": -PLEDGED},
            "BANK:other_balance:" + reserves["balance_no"]: {"stock": CASH},
        }
        self.ladder[DAY] += CASH * (1 + number(reserves, "coupon_rate") / 365)  # a night's interest
        self.ladder[date.fromisoformat(until)] -= REPO + due

    def _book(self, account: str) -> None:
        def edit(rows: list[Row]) -> list[Row]:
            key = ("BANK", account, "USD", "principal")
            names = ("entity_id", "gl_account", "currency", "balance_type")
            return [
                row | {"ending_amount": f"{number(row, 'ending_amount') + REPO:.2f}"}
                if tuple(row[name] for name in names) == key
                else row
                for row in rows
            ]

        restated(self.folder, "gl_balance", edit)


TEN = (
    Plan.bond_pledged_for_long, Plan.deposit_no_longer_insured,
    Plan.deposit_no_longer_operational, Plan.funding_lengthened,
    Plan.line_becomes_a_liquidity_line, Plan.line_becomes_revocable, Plan.loan_falls_behind,
    Plan.mortgage_weighs_more, Plan.repo_against_other_collateral, Plan.repo_of_twenty_days,
)  # fmt: skip


def closed(folder: Folder) -> Folder:
    outcome = folder.close()
    assert outcome.failures == ()
    return folder


@pytest.fixture(scope="module")
def banks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, Folder, Plan]:
    path = tmp_path_factory.mktemp("changes")
    before = write_folder(path / "before", (BASE,))
    write_demo_bank(before.path, month_ends=[DAY], n_positions=N_POSITIONS, seed=DEFAULT_SEED)
    shutil.copytree(before.path, path / "after")
    after = Folder(path / "after")
    plan = Plan(after.landing())
    for change in TEN:
        change(plan)
    return closed(before), closed(after), plan


def by_position(folder: Folder) -> dict[str, Effect]:
    """Return what each position adds to the sides of the ratios, in its currency."""
    found: dict[str, Effect] = defaultdict(lambda: defaultdict(float))
    for table in ("metrics.lcr_lines", "metrics.nsfr_lines"):
        for row in folder.rows(table):
            if row["ratio_side"] != "out_of_scope":
                found[row["position_id"]][row["ratio_side"]] += row["weighted_slice_amount"]
    return found


def test_each_change_moves_its_position_by_the_amount_worked_out(banks):
    before, after, plan = banks
    old, new = by_position(before), by_position(after)
    moved: dict[str, Effect] = {}
    for position in old.keys() | new.keys():
        sides = old[position].keys() | new[position].keys()
        change = {side: new[position][side] - old[position][side] for side in sides}
        if any(abs(amount) > CENT for amount in change.values()):
            moved[position] = {s: amount for s, amount in change.items() if abs(amount) > CENT}
    assert moved.keys() == plan.effects.keys()
    for position, effect in plan.effects.items():
        assert moved[position] == pytest.approx(effect, abs=CENT), position


def total(folder: Folder, report: str, column: str) -> float:
    (value,) = [
        row[column]
        for row in folder.rows(report)
        if (row["entity_id"], row["contract_currency"]) == ("BANK", "all")
    ]
    return float(value)


@pytest.mark.parametrize(
    ("report", "column", "side"),
    [
        ("reports.hqla_stock", "hqla_amount", "stock"),
        ("reports.lcr", "total_outflow_amount", "outflow"),
        ("reports.lcr", "total_inflow_amount", "inflow"),
        ("reports.nsfr", "available_funding_amount", "available"),
        ("reports.nsfr", "required_funding_amount", "required"),
    ],
)
def test_the_ratios_move_by_the_sum(banks, report, column, side):
    before, after, plan = banks
    change = total(after, report, column) - total(before, report, column)
    expected = sum(effect.get(side, 0.0) for effect in plan.effects.values())
    assert change == pytest.approx(expected, abs=0.1)  # every line is rounded


def test_the_ladder_moves_by_what_falls_due_on_other_days(banks):
    # the contractual gap of the first buckets, cumulated: overnight, 7, 14 days, a month
    before, after, plan = banks
    for bucket, last in enumerate((1, 7, 14, 30), 1):
        gaps = [
            row["cumulative_gap_amount"]
            for folder in (after, before)
            for row in folder.rows("metrics.liquidity_gap", scenario=BASE)
            if (row["view"], row["entity_id"], row["currency"]) == ("contractual", "BANK", "USD")
            and (row["bucket_set"], row["bucket"]) == ("liquidity", bucket)
            and not row["is_intragroup"]
        ]
        expected = sum(a for day, a in plan.ladder.items() if (day - DAY).days <= last)
        assert gaps[0] - gaps[1] == pytest.approx(expected, abs=CENT), bucket
