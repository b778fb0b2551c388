"""The general ledger, capital and reference accounts of the demo bank.

The ledger is posted from the same rows that are delivered, by entity, account, currency and balance
type, so it ties to them to the cent: principal, accrued, fee, provision, fair value adjustment
(carrying - principal - fees + impairment) and notional. Capital is derived from the own-funds
accounts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from alm_pipeline.demo import customers
from alm_pipeline.demo.balance_sheet import CELLS, ENTITIES, LINE_BOOKS, POSITIONS, Product
from alm_pipeline.demo.calendar import as_date, first_of_month, month_parts
from alm_pipeline.demo.derivatives import ASSET_ACCOUNT, LIABILITY_ACCOUNT
from alm_pipeline.demo.files import extract_table, records_table
from alm_pipeline.demo.market import CURRENCIES
from alm_pipeline.demo.month import Month, OtherBalance

LEDGER_EXTRACTS = ("loan", "security", "deposit_term", "deposit_nmd", "borrowing")
LEVERAGE_CONVERSION = 0.4
OTHER_RISK_WEIGHT = {"fixed_assets": 1.0, "equity_holding": 2.5, "other_assets": 1.0}
_MONEY = pa.decimal128(18, 2)
_ZERO = pa.scalar(Decimal("0.00"), _MONEY)
OTHER_ACCOUNTS = (
    ("10010", "Cash", "cash_and_reserves", "asset", "cash"),
    ("10020", "Central-bank reserves", "cash_and_reserves", "asset", "cash"),
    ("10710", "Fixed assets", "fixed_and_intangible_assets", "asset", "other_assets"),
    ("10720", "Intangible assets", "fixed_and_intangible_assets", "asset", "other_assets"),
    ("10730", "Deferred tax assets", "other_assets", "asset", "other_assets"),
    ("10740", "Equity holdings", "equity_holdings", "asset", "other_assets"),
    ("10750", "Other assets", "other_assets", "asset", "other_assets"),
    ("10810", "FX position, claim", "fx_position", "asset", "fx_position"),
    ("20810", "FX position, debt", "fx_position", "liability", "fx_position"),
    ("20510", "Other liabilities", "other_liabilities", "liability", "other_liabilities"),
    ("20520", "Provisions", "other_liabilities", "liability", "other_liabilities"),
    ("30110", "Share capital", "equity", "equity", "equity"),
    ("30120", "Retained earnings", "equity", "equity", "equity"),
    (ASSET_ACCOUNT, "Derivatives, positive fair value", "derivatives", "asset", "derivatives"),
    (
        LIABILITY_ACCOUNT,
        "Derivatives, negative fair value",
        "derivatives",
        "liability",
        "derivatives",
    ),
)


def other_balance_table(month: Month) -> pa.Table:
    """Accounts that are not contracts. Reserves mature overnight, the rest never."""
    rows = [_other_row(month.as_of, row) for row in month.others if row.amount]
    return records_table("other_balance", rows)


def _other_row(as_of: int, row: OtherBalance) -> dict[str, Any]:
    reserve = row.line == "central_bank_reserve"
    number_text = f"{customers.POOL_SIZE * customers.GROUP + row.entity:09d}"
    bank = f"{customers.POOL_SIZE * customers.CENTRAL_BANK + row.entity:09d}"
    return {
        "as_of_date": as_date(as_of),
        "entity_id": ENTITIES[row.entity],
        "balance_no": f"{row.gl_account}-{CURRENCIES[row.currency]}",
        "product_code": row.product_code,
        "counterparty_id": bank if reserve else number_text,
        "currency": CURRENCIES[row.currency],
        "side": row.side,
        "is_on_balance_sheet": True,
        "book": "banking",
        "accounting_class": "equity" if row.line == "equity" else "amortised_cost",
        "gl_account": row.gl_account,
        "business_unit": "treasury",
        "country": ("US", "DE")[row.entity],
        "status": "active",
        "start_date": as_date(as_of if reserve else as_of - as_of % 365 - 3650),
        "maturity_date": as_date(as_of + 1) if reserve else None,
        "is_open_maturity": not reserve,
        "line": row.line,
        "outstanding_principal": row.amount,
        "carrying_amount": row.amount,
        "is_interest_bearing": reserve,
        "coupon_rate": row.coupon if reserve else None,
    }


def gl_map_table(as_of: int) -> pa.Table:
    """Every account with its line of the financial statements and its tolerance."""
    rows = [
        (p.gl_account, p.code.replace("_", " ").capitalize(), p.code, p.side, p.code)
        for p in POSITIONS
    ]
    rows += [
        (
            b.gl_account,
            b.code.replace("_", " ").capitalize(),
            "commitments",
            "off_balance",
            "commitments",
        )
        for b in LINE_BOOKS
    ]
    rows += list(OTHER_ACCOUNTS)
    rows += [
        (
            interest_account(p),
            "Interest, " + p.code.replace("_", " "),
            "net_interest",
            "income" if p.side == "asset" else "expense",
            "interest",
        )
        for p in POSITIONS
    ]
    return records_table("gl_map", [_map_row(as_of, *row) for row in sorted(rows)])


def interest_account(product: Product) -> str:
    """Account of the income statement for a product's interest."""
    return ("4" if product.side == "asset" else "5") + product.gl_account[1:]


def _map_row(
    as_of: int, account: str, name: str, line: str, side: str, family: str
) -> dict[str, Any]:
    in_scope = side not in ("income", "expense")
    return {
        "as_of_date": as_date(as_of),
        "gl_account": account,
        "name": name,
        "fs_line": line,
        "side": side,
        "product_family": family,
        "recon_group": family,
        "tolerance_amount": 100,
        "tolerance_share": 0.0,
        "is_in_alm_scope": in_scope,
        "reason_if_out": None if in_scope else "income statement",
    }


def pl_interest_table(month: Month) -> pa.Table:
    """Interest of the month by product, entity and currency, at the rates of the month end."""
    rows, first = [], _first_day(month.as_of)
    days = month.as_of - first + 1
    for book in month.books:
        coupon = np.where(book.product.shape == "impaired", 0.0, book.state.coupon)
        interest = book.state.outstanding * coupon * days / 365.0
        for entity, currency in CELLS:
            mine = (book.alive.entity == entity) & (book.alive.currency == currency)
            if mine.any():
                rows.append(
                    {
                        "as_of_date": as_date(month.as_of),
                        "month": as_date(first),
                        "entity_id": ENTITIES[entity],
                        "product_code": book.product.code,
                        "gl_account": interest_account(book.product),
                        "currency": CURRENCIES[currency],
                        "interest_amount": round(float(interest[mine].sum())),
                        "average_balance_amount": int(book.state.outstanding[mine].sum()),
                        "n_days": days,
                    }
                )
    return records_table("pl_interest", rows)


def _first_day(as_of: int) -> int:
    return int(first_of_month(month_parts(np.array([as_of]))[0])[0])


def _or_zero(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(column, _ZERO)


def _postings(extract: str, table: pa.Table) -> dict[str, pa.ChunkedArray]:
    """Amounts to post from an extract, by balance type."""
    if extract == "commitment":
        return {"notional": table["undrawn_amount"]}
    if extract == "derivative":
        return {
            "fair_value_adj": pc.abs(table["carrying_amount"]),
            "notional": table["notional_amount"],
        }
    principal, carrying = table["outstanding_principal"], table["carrying_amount"]
    if extract == "other_balance":
        return {"principal": principal}
    fees = _or_zero(table["deferred_fees_amount"])
    impairment = _or_zero(table["impairment_amount"])
    adjustment = pc.subtract(pc.subtract(carrying, principal), pc.subtract(fees, impairment))
    return {
        "principal": principal,
        "accrued": table["accrued_interest"],
        "fee": fees,
        "provision": impairment,
        "fair_value_adj": adjustment.cast(pa.decimal128(20, 2)),
    }


_LEDGER_KEY = ["entity_id", "gl_account", "currency"]
_LEDGER_SCHEMA = pa.schema(
    [(name, pa.string()) for name in (*_LEDGER_KEY, "balance_type")]
    + [("amount", pa.decimal128(38, 2))]
)


def _posted(table: pa.Table, balance_type: str, amount: pa.ChunkedArray) -> pa.Table:
    """Amounts of one balance type by entity, account and currency."""
    keyed = table.select(_LEDGER_KEY).append_column("amount", amount.cast(pa.decimal128(28, 2)))
    grouped = keyed.group_by(_LEDGER_KEY).aggregate([("amount", "sum")])
    kind = pa.array([balance_type] * grouped.num_rows, pa.string())
    columns = [*(grouped[name] for name in _LEDGER_KEY), kind, grouped["amount_sum"]]
    return pa.table(columns, names=_LEDGER_SCHEMA.names).cast(_LEDGER_SCHEMA)


def gl_balance_table(as_of: int, tables: dict[str, pa.Table]) -> pa.Table:
    """The ledger posted from the rows delivered; balances of zero are left out."""
    parts = [
        _posted(tables[extract], balance_type, amount)
        for extract in (*LEDGER_EXTRACTS, "commitment", "derivative", "other_balance")
        for balance_type, amount in _postings(extract, tables[extract]).items()
    ]
    ledger = pa.concat_tables(parts)
    ledger = ledger.sort_by([(name, "ascending") for name in _LEDGER_SCHEMA.names[:4]])
    ledger = ledger.filter(pc.not_equal(ledger["amount"], _ZERO))
    columns = {name: ledger[name] for name in _LEDGER_SCHEMA.names[:4]}
    amount = ledger["amount"].cast(_MONEY)
    columns |= {"ending_amount": amount, "average_mtd_amount": amount}
    return extract_table("gl_balance", ledger.num_rows, columns | {"as_of_date": as_of})


def own_funds_usd(month: Month) -> list[dict[str, float]]:
    """Capital elements of each entity in US dollars, from the own-funds accounts."""
    rate = month.bank.market.fx_rate(month.as_of)
    to_usd = np.array([1.0, rate])
    elements = []
    for entity in range(2):
        rows = [row for row in month.others if row.entity == entity]
        value: dict[str, float] = {}
        for row in rows:
            value[row.line] = value.get(row.line, 0.0) + row.amount * to_usd[row.currency]
        deductions = value["intangibles"] + value["dta"]
        t2, weighted, exposure = _book_sums(month, entity, to_usd)
        weighted += sum(value[line] * weight for line, weight in OTHER_RISK_WEIGHT.items())
        cet1 = value["equity"] - deductions
        elements.append(
            {
                "cet1": cet1,
                "at1": 0.0,
                "t1": cet1,
                "t2": t2,
                "total": cet1 + t2,
                "rwa": weighted * 1.08,
                "deductions": deductions,
                "leverage_exposure": exposure
                + value["cash"]
                + value["central_bank_reserve"]
                + value["fixed_assets"]
                + value["other_assets"]
                + value["equity_holding"],
            }
        )
    return elements


def _book_sums(month: Month, entity: int, to_usd: Any) -> tuple[float, float, float]:
    """Tier 2, risk-weighted assets and leverage exposure of the contracts of an entity."""
    tier_2 = weighted = exposure = 0.0
    for book in month.contracts:
        mine = book.alive.entity == entity
        usd = (book.carrying * to_usd[book.alive.currency])[mine].sum()
        if book.product.code == "subordinated_debt":
            tier_2 += float(usd)
        if book.product.side == "asset":
            weighted += float(usd) * book.product.risk_weight
            exposure += float(usd)
    for line in month.lines:
        mine = line.alive.entity == entity
        undrawn = float((line.undrawn * to_usd[line.alive.currency])[mine].sum())
        weighted += 0.35 * undrawn
        exposure += LEVERAGE_CONVERSION * undrawn
    return tier_2, weighted, exposure


REQUIREMENTS = {
    "cet1": (0.045, 0.025),
    "t1": (0.06, 0.025),
    "total": (0.08, 0.025),
    "leverage_exposure": (0.03, 0.0),
}


def capital_table(month: Month) -> pa.Table:
    """Capital elements per entity and for the group, in US dollars."""
    elements = own_funds_usd(month)
    group = {name: elements[0][name] + elements[1][name] for name in elements[0]}
    rows = []
    for entity, values in zip((*ENTITIES, "GROUP"), (*elements, group), strict=True):
        for element, amount in values.items():
            requirement = REQUIREMENTS.get(element, (None, None))
            rows.append(
                {
                    "as_of_date": as_date(month.as_of),
                    "entity_id": entity,
                    "element": element,
                    "amount": round(amount),
                    "currency": "USD",
                    "requirement_share": requirement[0],
                    "buffer_share": requirement[1],
                }
            )
    return records_table("capital", rows)


def entity_table(as_of: int) -> pa.Table:
    """The two legal entities."""
    date = as_date(as_of)
    return records_table(
        "entity",
        [
            {
                "as_of_date": date,
                "entity_id": "BANK",
                "name": "First Demo Bank",
                "country": "US",
                "reporting_currency": "USD",
                "role": "bank",
            },
            {
                "as_of_date": date,
                "entity_id": "EUBANK",
                "name": "Demo Bank Europe",
                "parent_entity_id": "BANK",
                "country": "DE",
                "reporting_currency": "EUR",
                "role": "subsidiary",
            },
        ],
    )
