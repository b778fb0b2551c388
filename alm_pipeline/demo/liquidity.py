"""Collateral, encumbrance, funding sources, cash and payments of the demo bank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from alm_pipeline.demo.balance_sheet import ENTITIES, HOME_CURRENCY
from alm_pipeline.demo.calendar import Ints, as_date
from alm_pipeline.demo.draws import hashed, normal
from alm_pipeline.demo.files import Coded, extract_table, records_table
from alm_pipeline.demo.market import CURRENCIES
from alm_pipeline.demo.month import Month
from alm_pipeline.demo.rows import Book, collateral_cents, collateral_keys, key_text

COLLATERAL_TYPES = {"mortgage_res": ("real_estate_res", 0.25), "auto": ("vehicle", 0.45)}
PLEDGES = (  # funding product, assets pledged for it, over-collateralisation, type of the link
    ("repo", ("sovereign_bond_htm", "sovereign_bond_afs"), 1.02, "repo"),
    ("home_loan_bank_advance", ("mortgage_fixed",), 1.25, "fhlb"),
    ("covered_bond_issued", ("mortgage_fixed", "mortgage_floating"), 1.20, "covered_bond"),
)
FLOW_WEEKS, CASH_DAYS, FORECAST_DAYS, PAYMENT_STEP = 105, 60, 60, 10


def collateral_tables(month: Month) -> list[pa.Table]:
    """One piece of collateral for each secured loan."""
    return [
        _collateral(month, book) for book in month.contracts if "collateral" in book.product.options
    ]


def _collateral(month: Month, book: Book) -> pa.Table:
    kind, haircut = COLLATERAL_TYPES[book.product.kind]
    place = book.alive.pick(book.alive.slots.number)
    return extract_table(
        "collateral",
        len(book.alive),
        {
            "as_of_date": month.as_of,
            "collateral_id": collateral_keys(book),
            "entity_id": Coded(book.alive.entity, ENTITIES),
            "collateral_type": kind,
            "currency": Coded(book.alive.currency, CURRENCIES),
            "value_amount": collateral_cents(book, month.bank.seed),
            "value_date": np.maximum(book.alive.start, month.as_of - place % 330),
            "haircut_share": haircut,
            "is_central_bank_eligible": kind == "real_estate_res",
        },
    )


@dataclass(frozen=True)
class Pile:
    """Assets to pledge, or funding that needs pledges, in one currency of one entity."""

    keys: list[str]
    amounts: Ints
    starts: Ints
    ends: Ints
    extract: str


def _pile(book: Book, entity: int, currency: int, cover: float) -> Pile:
    chosen = np.flatnonzero((book.alive.entity == entity) & (book.alive.currency == currency))
    keys = key_text(book).take(pa.array(chosen)).to_pylist()
    amounts = np.floor(book.state.outstanding[chosen] * cover).astype(np.int64)
    return Pile(
        keys, amounts, book.alive.start[chosen], book.alive.maturity[chosen], book.product.extract
    )


def encumbrance_table(month: Month) -> pa.Table:
    """Which asset backs which funding: piles side by side, cut where either one ends."""
    books = {book.product.code: book for book in month.contracts}
    rows: list[dict[str, Any]] = []
    used: dict[tuple[str, int, int], int] = {}
    for code, assets, cover, kind in PLEDGES:
        for entity, currency in ((0, 0), (0, 1), (1, 0), (1, 1)):
            need = _pile(books[code], entity, currency, cover)
            for asset in assets:
                have = _pile(books[asset], entity, currency, 0.95)
                skip = used.get((asset, entity, currency), 0)
                links = _matches(have, need, skip)
                taken = sum(link[2] for link in links)
                used[asset, entity, currency] = skip + taken
                rows += [_link(month, entity, currency, kind, have, need, link) for link in links]
                need = _remaining(need, taken)
    return records_table("encumbrance_link", rows)


def _matches(have: Pile, need: Pile, skip: int) -> list[tuple[int, int, int]]:
    """(asset, liability, cents) where the running totals of both piles overlap."""
    supply, demand = np.cumsum(have.amounts) - skip, np.cumsum(need.amounts)
    if not len(supply) or not len(demand):
        return []
    top = min(int(supply[-1]), int(demand[-1]))
    cuts = np.unique(
        np.concatenate([supply[(supply > 0) & (supply < top)], demand[demand < top], [max(top, 0)]])
    )
    opening = np.concatenate([[0], cuts[:-1]])
    asset = np.searchsorted(supply, opening, side="right")
    liability = np.searchsorted(demand, opening, side="right")
    return [
        (int(a), int(b), int(c - o))
        for a, b, o, c in zip(asset, liability, opening, cuts, strict=True)
        if c > o
    ]


def _remaining(need: Pile, taken: int) -> Pile:
    """What is still unsecured after `taken` cents from the front of the pile."""
    closing = np.clip(np.cumsum(need.amounts) - taken, 0, need.amounts)
    return Pile(need.keys, closing, need.starts, need.ends, need.extract)


def _link(
    month: Month,
    entity: int,
    currency: int,
    kind: str,
    have: Pile,
    need: Pile,
    link: tuple[int, int, int],
) -> dict[str, Any]:
    asset, liability, cents = link
    return {
        "as_of_date": as_date(month.as_of),
        "entity_id": ENTITIES[entity],
        "asset_extract": have.extract,
        "asset_no": have.keys[asset],
        "liability_extract": "borrowing",
        "liability_no": need.keys[liability],
        "currency": CURRENCIES[currency],
        "encumbered_amount": cents,
        "encumbrance_type": kind,
        "start_date": as_date(max(have.starts[asset], need.starts[liability])),
        "end_date": as_date(need.ends[liability]),
    }


SOURCES = (
    ("central_bank_facility", 0.05, 0.0, 1, True),
    ("home_loan_bank_line", 0.04, 0.022, 2, True),
    ("repo_market", 0.06, 0.02, 1, False),
    ("senior_issuance", 0.05, 0.035, 60, False),
    ("covered_bond_issuance", 0.05, 0.025, 45, False),
    ("brokered_deposits", 0.03, 0.0, 10, False),
)


def funding_source_table(month: Month) -> pa.Table:
    """Where each entity can raise money, how much and how fast."""
    rows = []
    for entity, currency in enumerate(HOME_CURRENCY):
        total = month.bank.home_total(entity) * 100.0
        for kind, capacity, used, days, committed in SOURCES:
            rows.append(
                {
                    "as_of_date": as_date(month.as_of),
                    "entity_id": ENTITIES[entity],
                    "source_id": f"{ENTITIES[entity]}-{kind}",
                    "source_type": kind,
                    "currency": CURRENCIES[currency],
                    "capacity_amount": round(capacity * total),
                    "used_amount": round(used * total),
                    "time_to_cash_days": days,
                    "tested_date": as_date(month.as_of - 75),
                    "is_committed": committed,
                }
            )
    return records_table("funding_source", rows)


def collateral_flow_table(month: Month) -> pa.Table:
    """Weekly net margin flows of two years, positive where collateral comes in."""
    rows = []
    friday = month.as_of - (month.as_of + 3 - 4) % 7
    for entity, currency in enumerate(HOME_CURRENCY):
        days = friday - 7 * np.arange(FLOW_WEEKS)[::-1]
        draw = normal(hashed(month.bank.seed, "margin", days, entity))
        amounts = np.round(draw * month.bank.home_total(entity) * 0.0009 * 100.0)
        rows += [
            {
                "as_of_date": as_date(month.as_of),
                "flow_date": as_date(day),
                "entity_id": ENTITIES[entity],
                "csa_id": ("CSA-US-1", "CSA-EU-1")[entity],
                "currency": CURRENCIES[currency],
                "net_flow_amount": int(amount),
            }
            for day, amount in zip(days, amounts, strict=True)
        ]
    return records_table("collateral_flow", rows)


def cash_position_table(month: Month) -> pa.Table:
    """Sixty days of the reserve account; the last closing balance is the reserves of the sheet."""
    rows = [
        row
        for entity in range(len(ENTITIES))
        for row in cash_rows(month, month.as_of, CASH_DAYS, entity)
    ]
    return records_table("cash_position", rows)


def cash_levels(month: Month, day: int, n_days: int, entity: int) -> Ints:
    """Closing balances of an entity's reserve account up to a day, and the one before them.

    They go through the reserves of the balance sheet at the month end.
    """
    closing_now = next(
        row.amount
        for row in month.others
        if row.line == "central_bank_reserve" and row.entity == entity
    )
    days = np.append(np.arange(day - n_days, day + 1), month.as_of)
    wave = 1.0 + 0.06 * normal(hashed(month.bank.seed, "reserves", days, entity))
    levels: Ints = np.round(closing_now * wave[:-1] / wave[-1]).astype(np.int64)
    return levels


def cash_rows(month: Month, day: int, n_days: int, entity: int) -> list[dict[str, Any]]:
    """Rows of an entity's reserve account for days up to one, oldest first."""
    level = cash_levels(month, day, n_days, entity)
    low = np.round(np.minimum(level[1:], level[:-1]) * 0.86).astype(np.int64)
    days = np.arange(day - n_days + 1, day + 1)
    return [
        {
            "as_of_date": as_date(day),
            "position_date": as_date(int(date)),
            "entity_id": ENTITIES[entity],
            "account_id": f"RESERVE-{ENTITIES[entity]}",
            "currency": CURRENCIES[HOME_CURRENCY[entity]],
            "opening_amount": int(opening),
            "closing_amount": int(closing),
            "intraday_minimum_amount": int(lowest),
        }
        for date, opening, closing, lowest in zip(days, level[:-1], level[1:], low, strict=True)
    ]


FORECASTS = (
    ("salaries", -0.0004, 1.0),
    ("tax", -0.0007, 0.9),
    ("card_settlement", -0.0010, 1.0),
    ("issuance", 0.0020, 0.6),
)


def payment_forecast_table(month: Month) -> pa.Table:
    """Payments expected in the next sixty days, negative when they go out."""
    rows = []
    for entity, currency in enumerate(HOME_CURRENCY):
        total = month.bank.home_total(entity) * 100.0
        for number, (kind, share, probability) in enumerate(FORECASTS):
            days = range(month.as_of + 3 + number, month.as_of + FORECAST_DAYS, PAYMENT_STEP)
            rows += [
                {
                    "as_of_date": as_date(month.as_of),
                    "payment_date": as_date(day),
                    "entity_id": ENTITIES[entity],
                    "payment_type": kind,
                    "currency": CURRENCIES[currency],
                    "amount": round(share * total),
                    "probability_share": probability,
                }
                for day in days
            ]
    return records_table("payment_forecast", rows)


def hedge_table(month: Month) -> pa.Table:
    """Portfolio hedge of fixed mortgages by the payer swaps: the longest loans of each entity."""
    book = next(b for b in month.contracts if b.product.code == "mortgage_fixed")
    keys = key_text(book)
    rows = []
    for entity in range(2):
        mine = np.flatnonzero(book.alive.entity == entity)
        longest = mine[np.argsort(-book.alive.maturity[mine], kind="stable")][:25]
        rows += [
            {
                "as_of_date": as_date(month.as_of),
                "hedge_id": "HR-swap_pay_fixed",
                "entity_id": ENTITIES[entity],
                "hedge_type": "portfolio_fv",
                "hedged_position_no": keys[int(row)].as_py(),
                "hedge_ratio": 1.0,
                "designation_date": as_date(book.alive.start[row]),
            }
            for row in longest
        ]
    return records_table("hedge_relationship", rows)
