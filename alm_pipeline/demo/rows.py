"""Rows of the contract extracts: loans, securities, deposits and borrowings as the bank lists them.

Each function turns contracts and their state into the columns of a file. Balances come in, they are
not decided here; `carrying_amount` follows one identity everywhere:
carrying = outstanding principal + deferred fees - impairment + fair value adjustment,
and accrued interest stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from alm_pipeline.demo import customers
from alm_pipeline.demo.balance_sheet import ENTITIES, Product
from alm_pipeline.demo.calendar import Ints, add_months, month_parts
from alm_pipeline.demo.contracts import (
    FIXING_LAG_DAYS,
    INTEREST_ONLY_MONTHS,
    PERIOD_CAP_RATE,
    Floats,
    State,
)
from alm_pipeline.demo.draws import hashed
from alm_pipeline.demo.files import Coded, padded
from alm_pipeline.demo.market import CURRENCIES, INDEX_IDS, Market
from alm_pipeline.demo.population import Alive

KEY_WIDTH = 13
FREQUENCIES = ("P0D", "P1M", "P3M", "P6M", "P12M")
FREQUENCY_CODE = {0: 0, 1: 1, 3: 2, 6: 3, 12: 4}
PENALTY_MONTHS = 6.0
COUNTRY_BY_ENTITY = ("US", "DE")


@dataclass(frozen=True)
class Book:
    """The contracts of one product on a date, with their state, customers and carrying amounts."""

    alive: Alive
    state: State
    counterparty: Ints
    fees: Ints
    impairment: Ints
    stage: Ints
    days_past_due: Ints
    fair_value: Ints
    carrying: Ints

    @property
    def product(self) -> Product:
        """The product of these contracts."""
        return self.alive.product

    @property
    def sheet_amount(self) -> Ints:
        """What the balance sheet shows: carrying amount and accrued interest."""
        return self.carrying + self.state.accrued


def months_code(months: Ints) -> Ints:
    """Position in `FREQUENCIES` of a number of months."""
    table = np.zeros(13, dtype=np.int64)
    for number, code in FREQUENCY_CODE.items():
        table[number] = code
    return table[months]


def book_of(alive: Alive, state: State, market: Market, pools: customers.Pools) -> Book:
    """Attach customers, fees, impairment and fair value to contracts."""
    product, seed = alive.product, market.seed
    place = alive.pick(alive.slots.number)
    counterparty = _counterparties(alive, pools, seed)
    life = np.maximum(alive.maturity - alive.start, 1)
    unearned = (alive.maturity - alive.as_of) / life
    fees = np.round(state.outstanding * product.fee_share * unearned).astype(np.int64)
    stage = np.where(hashed(seed, product.code + ":stage", place, alive.generation) < 0.06, 2, 1)
    if product.shape == "impaired":
        stage = np.full(len(alive), 3)
    share = np.where(stage == 2, 6.0, 0.7) if product.shape != "impaired" else 1.0
    impairment = np.round(state.outstanding * product.impairment_share * share).astype(np.int64)
    overdue = np.where(
        stage == 3, alive.as_of - state.last_payment, np.where(stage == 2, 31 + place % 29, 0)
    )
    fair = _fair_value(alive, state, market)
    carrying = state.outstanding + fees - impairment
    carrying = fair if product.accounting == "afs" else carrying
    return Book(alive, state, counterparty, fees, impairment, stage, overdue, fair, carrying)


def _counterparties(alive: Alive, pools: customers.Pools, seed: int) -> Ints:
    product, place = alive.product, alive.pick(alive.slots.number)
    if product.customers == "intragroup":
        return customers.GROUP * customers.POOL_SIZE + 1 - alive.entity
    pool = customers.pool_of(product.customers, place, seed)
    if product.extract == "security":
        issuer = {
            "agency": customers.PSE,
            "covered": customers.BANK,
            "corporate": customers.CORPORATE,
        }.get(product.kind, customers.SOVEREIGN)
        pool = np.full(len(alive), issuer)
    home = alive.currency if product.extract == "security" else alive.entity
    return customers.counterparty_numbers(pools, seed, product.code, pool, place, home)


def _fair_value(alive: Alive, state: State, market: Market) -> Ints:
    """Clean value of securities from the curve plus the margin of new business."""
    if alive.product.extract != "security":
        return np.zeros(len(alive), dtype=np.int64)
    years = (alive.maturity - alive.as_of) / 365.25
    margin = np.asarray(alive.product.margin)[alive.currency]
    yield_rate = np.maximum(market.par_rate(alive.currency, alive.as_of, years) + margin, 1e-6)
    annuity = -np.expm1(-years * np.log1p(yield_rate)) / yield_rate
    price: Floats = 1.0 + (state.coupon - yield_rate) * annuity
    return np.round(state.outstanding * price).astype(np.int64)


def key_text(book: Book) -> pa.Array:
    """The contract number as the bank writes it: account, place and contract, zero-padded."""
    return padded(_product_digits(book) * 10**9 + book.alive.number, KEY_WIDTH)


def isin_text(book: Book) -> pa.Array:
    """A made-up security number of twelve characters."""
    body = padded(_product_digits(book) * 10**7 + book.alive.number, 10)
    return pc.binary_join_element_wise(pa.scalar("XD"), body, "")


_BORROWED = 700  # keeps what the bank borrows apart from loans whose account ends alike


def _product_digits(book: Book) -> int:
    digits = int(book.product.gl_account[-3:])
    return digits + _BORROWED if book.product.extract == "borrowing" else digits


def header_columns(book: Book) -> dict[str, Any]:
    """Columns of the header block."""
    alive, product, n = book.alive, book.product, len(book.alive)
    intragroup = product.customers == "intragroup"
    return {
        "as_of_date": alive.as_of,
        "entity_id": Coded(alive.entity, ENTITIES),
        "product_code": product.code,
        "counterparty_id": padded(book.counterparty, customers.ID_WIDTH),
        "currency": Coded(alive.currency, CURRENCIES),
        "side": product.side,
        "is_on_balance_sheet": True,
        "book": "banking",
        "accounting_class": product.accounting,
        "gl_account": product.gl_account,
        "business_unit": "treasury" if product.customers in _TREASURY else "customers",
        "country": Coded(alive.entity, COUNTRY_BY_ENTITY),
        "status": "defaulted" if product.shape == "impaired" else "active",
        "trade_date": alive.start,
        "start_date": alive.start,
        "maturity_date": None if product.shape in ("open", "nmd") else alive.maturity,
        "is_open_maturity": product.shape in ("open", "nmd"),
        "intragroup_entity_id": Coded(
            np.where(intragroup, 1 - alive.entity, 2) * np.ones(n, dtype=np.int64),
            (*ENTITIES, None),
        ),
    }


_TREASURY = frozenset({"bank", "issuer", "investor", "pse", "intragroup"})


def balance_columns(book: Book) -> dict[str, Any]:
    """Columns of the balances block."""
    state, product = book.state, book.product
    is_asset = product.side == "asset"
    is_security = product.extract == "security"
    return {
        "original_amount": np.maximum(state.original, state.outstanding),
        "outstanding_principal": state.outstanding,
        "carrying_amount": book.carrying,
        "accrued_interest": state.accrued,
        "deferred_fees_amount": book.fees,
        "fair_value_clean_amount": book.fair_value if is_security else None,
        "impairment_amount": book.impairment if is_asset else None,
        "ifrs_stage": book.stage if is_asset else None,
        "days_past_due": book.days_past_due if product.extract == "loan" else None,
        "is_non_accrual": product.shape == "impaired" if is_asset else None,
        "sold_share": 0.0 if product.extract == "loan" else None,
        "risk_weight_factor": product.risk_weight if is_asset else None,
    }


def interest_columns(book: Book) -> dict[str, Any]:
    """Columns of the interest block."""
    state, product, alive = book.state, book.product, book.alive
    terms = state.terms
    floats = product.rate in ("floating", "administered")
    in_teaser = (terms.teaser_months > 0) & (
        state.next_reset == add_months(alive.start, terms.teaser_months)
    )
    period_cap = np.where(np.isnan(terms.cap) | (terms.teaser_months > 0), np.nan, PERIOD_CAP_RATE)
    margin_kept = 0.35 if product.rate == "floating" else 0.5
    transfer = state.coupon - margin_kept * np.asarray(product.margin)[alive.currency] * 2.0
    return {
        "rate_type": product.rate,
        "coupon_rate": np.round(state.coupon, 6),
        "index_id": Coded(terms.index, INDEX_IDS) if floats else None,
        "spread_rate": np.round(terms.spread, 6) if floats else None,
        "rate_multiplier": 1.0 if floats else None,
        "day_count": Coded(alive.currency, product.day_count),
        "reset_freq": Coded(months_code(terms.reset_months), FREQUENCIES) if floats else None,
        "next_reset_date": state.next_reset if floats else None,
        "last_reset_date": state.last_reset if floats else None,
        "fixing_lag_days": FIXING_LAG_DAYS if product.rate == "floating" else None,
        "cap_rate": terms.cap,
        "floor_rate": terms.floor,
        "period_cap_rate": period_cap,
        "period_floor_rate": period_cap,
        "teaser_end_date": np.ma.MaskedArray(state.next_reset, ~in_teaser),
        "business_day_convention": product.convention[0],
        "calendar_id": _calendar(book),
        "is_end_of_month": _is_end_of_month(book),
        "ftp_rate": np.round(transfer, 6),
    }


def _calendar(book: Book) -> Any:
    if product_has_calendar(book.product):
        return Coded(book.alive.currency, ("us", "target"))
    return "none"


def product_has_calendar(product: Product) -> bool:
    """Whether payments of a product move with a calendar of business days."""
    return product.convention[1] != "none"


def _is_end_of_month(book: Book) -> Any:
    """Contracts that start on a 31st pay on the last day of each month."""
    if book.product.in_days or book.product.shape in ("open", "nmd"):
        return False
    return month_parts(book.alive.start)[1] == 31


AMORTISATION = {
    "bullet": "bullet",
    "annuity": "annuity",
    "linear": "linear",
    "impaired": "bullet",
    "interest_only": "interest_only_then_annuity",
    "open": "perpetual",
}


def schedule_columns(book: Book) -> dict[str, Any]:
    """Columns of the schedule block."""
    state, product, alive = book.state, book.product, book.alive
    code = months_code(state.terms.payment_months)
    repays = product.shape in ("annuity", "linear", "interest_only")
    is_open = product.shape == "open"
    interest_only_end = add_months(alive.start, INTEREST_ONLY_MONTHS)
    instalments = product.shape == "annuity"
    has_term = product.shape in ("annuity", "interest_only")
    return {
        "amortisation_type": AMORTISATION[product.shape],
        "principal_freq": Coded(code if repays else np.zeros_like(code), FREQUENCIES),
        "interest_freq": Coded(code, FREQUENCIES),
        "next_payment_date": None if is_open else state.next_payment,
        "last_payment_date": state.last_payment,
        "payment_amount": state.payment if instalments else None,
        "interest_only_end_date": interest_only_end if product.shape == "interest_only" else None,
        "amortisation_months": alive.pick(alive.slots.term) if has_term else None,
    }


def option_columns(book: Book, seed: int) -> dict[str, Any]:
    """Columns of the options block."""
    product, alive = book.product, book.alive
    prepayable = product.shape in ("annuity", "interest_only", "linear", "open")
    mortgage = product.kind == "mortgage_res"
    score = 580 + np.floor(hashed(seed, "score", book.counterparty) * 250).astype(np.int64)
    has_penalty = prepayable and mortgage and product.rate == "fixed"
    agreed = {"prepayment_penalty_months": PENALTY_MONTHS} if has_penalty else {}
    return agreed | {
        "is_prepayable": prepayable,
        "prepayment_penalty_type": "months_interest" if has_penalty else "none",
        "origination_date": alive.start,
        "current_ltv_share": loan_to_value(book, seed) if mortgage else None,
        "credit_score": score
        if product.customers == "retail" and product.side == "asset"
        else None,
    }


def loan_to_value(book: Book, seed: int) -> Floats:
    """Outstanding principal over the value of the collateral."""
    value = collateral_cents(book, seed)
    return np.round(book.state.outstanding / np.maximum(value, 1), 4)


def collateral_cents(book: Book, seed: int) -> Ints:
    """Value of the collateral of each contract, from the amount granted."""
    place = book.alive.pick(book.alive.slots.number)
    share = 0.45 + 0.45 * hashed(seed, book.product.code + ":ltv", place, book.alive.generation)
    return np.round(book.state.original / share / 100.0).astype(np.int64) * 100


def collateral_keys(book: Book) -> pa.Array:
    """Identifier of the collateral of each contract."""
    return pc.binary_join_element_wise(pa.scalar("K"), key_text(book), "")
