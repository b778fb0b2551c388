"""Tables of the contract extracts: the blocks of `rows` and each extract's own columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from alm_pipeline.demo import customers
from alm_pipeline.demo.balance_sheet import INSURED_LIMIT
from alm_pipeline.demo.calendar import Ints
from alm_pipeline.demo.draws import hashed
from alm_pipeline.demo.files import Coded, extract_table, padded
from alm_pipeline.demo.rows import (
    FREQUENCIES,
    FREQUENCY_CODE,
    Book,
    balance_columns,
    collateral_keys,
    header_columns,
    interest_columns,
    isin_text,
    key_text,
    option_columns,
    schedule_columns,
)
from alm_pipeline.demo.schedules import is_listed

SCHEMES = ("us_fdic", "de_scheme")
HQLA = {"sovereign": ("l1", 0.0), "agency": ("l2a", 0.15), "covered": ("l2a", 0.15)}


def loan_table(book: Book, seed: int) -> pa.Table:
    """Loans of one product."""
    product, alive = book.product, book.alive
    revolving = "revolving" in product.options
    secured = "collateral" in product.options or product.kind == "reverse_repo"
    place = alive.pick(alive.slots.number)
    usage = 0.25 + 0.6 * hashed(seed, product.code + ":limit", place)
    limit = np.ceil(book.state.outstanding / usage / 10_000.0).astype(np.int64) * 10_000
    listed = is_listed(alive)
    recovery = book.state.last_payment + 400 + place % 700
    overdue = np.maximum(recovery, alive.as_of + 30 + place % 365)
    own: dict[str, Any] = {
        "loan_no": key_text(book),
        "loan_type": product.kind,
        "is_secured": secured,
        "is_revolving": revolving,
        "credit_limit_amount": limit if revolving else None,
        "collateral_id": collateral_keys(book) if "collateral" in product.options else None,
        "expected_recovery_date": overdue if product.shape == "impaired" else None,
        "teaser_rate": book.state.terms.first_rate if "teaser" in product.options else None,
        "collateral_class": "l1" if product.kind == "reverse_repo" else None,
    }
    if listed.any():
        every = FREQUENCIES[FREQUENCY_CODE[product.payment_months]]
        own["amortisation_type"] = Coded(listed.astype(np.int64), ("linear", "schedule"))
        own["principal_freq"] = Coded(listed.astype(np.int64), (every, "P0D"))
    return _table("loan", book, seed, own)


def security_table(book: Book, seed: int) -> pa.Table:
    """Securities of one product; the quantity is in units of 1 000 of par."""
    product, alive = book.product, book.alive
    hqla, haircut = HQLA.get(product.kind, ("none", 0.5))
    place = alive.pick(alive.slots.number)
    is_2b = hashed(seed, product.code + ":hqla", place) < 0.15
    corporate = product.kind == "corporate"
    own: dict[str, Any] = {
        "security_no": key_text(book),
        "isin": isin_text(book),
        "issuer_id": padded(book.counterparty, customers.ID_WIDTH),
        "security_type": product.kind,
        "quantity": book.state.outstanding / 100_000.0,
        "rating": {"sovereign": "AA", "agency": "AA", "covered": "AAA"}.get(product.kind, "BBB"),
        "hqla_class": Coded(np.where(corporate & is_2b, 1, 0), (hqla, "l2b")),
        "haircut_share": haircut,
        "is_treasury_controlled": True,
    }
    return _table("security", book, seed, own)


def term_deposit_table(book: Book, seed: int, insured: Ints) -> pa.Table:
    """Term deposits of one product."""
    retail = book.product.customers == "retail"
    renew = hashed(seed, "rollover", book.alive.number)
    own: dict[str, Any] = {
        "deposit_no": key_text(book),
        "deposit_type": book.product.kind,
        "insured_amount": insured,
        "guarantee_scheme": Coded(book.alive.entity, SCHEMES) if retail else None,
        "is_brokered": False,
        "is_early_withdrawal_allowed": retail,
        "withdrawal_penalty_months": 3.0 if retail else None,
        "notice_days": 0 if retail else None,
        "rollover_instruction": Coded(
            np.floor(renew * 3).astype(np.int64), ("renew", "ask", "pay_out")
        ),
    }
    return _table("deposit_term", book, seed, own)


def demand_deposit_table(book: Book, seed: int, insured: Ints) -> pa.Table:
    """Demand deposits of one product."""
    product, alive = book.product, book.alive
    place = alive.pick(alive.slots.number)
    retail = product.customers == "retail"
    relation = customers.is_established(book.counterparty, seed)
    salary = hashed(seed, product.code + ":salary", place) < 0.7
    channel = np.floor(hashed(seed, product.code + ":channel", place) * 3).astype(np.int64)
    average = np.round(
        book.state.outstanding * (0.97 + 0.06 * hashed(seed, "average", place, alive.as_of))
    ).astype(np.int64)
    own: dict[str, Any] = {
        "account_no": key_text(book),
        "nmd_type": product.kind,
        "is_interest_bearing": product.rate != "zero",
        "insured_amount": insured,
        "guarantee_scheme": Coded(alive.entity, SCHEMES) if retail else None,
        "is_relationship": relation,
        "is_transactional": salary & ("transactional" in product.options),
        "is_operational": "operational" in product.options,
        "opening_date": alive.start,
        "channel": Coded(channel, ("branch", "internet", "api")) if retail else "branch",
        "average_balance_30d_amount": average,
    }
    columns = header_columns(book) | balance_columns(book) | interest_columns(book) | own
    if product.rate == "zero":
        columns |= dict.fromkeys(
            (
                "index_id",
                "spread_rate",
                "rate_multiplier",
                "reset_freq",
                "next_reset_date",
                "last_reset_date",
            )
        )
    columns["ftp_rate"] = None
    return extract_table("deposit_nmd", len(alive), columns)


def borrowing_table(book: Book, seed: int) -> pa.Table:
    """Wholesale funding of one product."""
    product = book.product
    collateral = {"repo": "l1", "fhlb": "other", "covered": "other"}.get(product.kind, "none")
    secured = "secured" in product.options
    cover = {"repo": 1.02, "fhlb": 1.25, "covered": 1.20}.get(product.kind, 0.0)
    value = np.round(book.state.outstanding * cover).astype(np.int64)
    rank = {"sub_t2": 3, "senior": 2, "covered": 1}.get(product.kind, 2)
    own: dict[str, Any] = {
        "borrowing_no": key_text(book),
        "borrowing_type": product.kind,
        "is_secured": secured,
        "collateral_class": collateral,
        "collateral_value_amount": value if secured else None,
        "insolvency_rank": rank,
    }
    return _table("borrowing", book, seed, own)


def _table(extract: str, book: Book, seed: int, own: dict[str, Any]) -> pa.Table:
    columns = (
        header_columns(book)
        | balance_columns(book)
        | interest_columns(book)
        | schedule_columns(book)
        | option_columns(book, seed)
        | own
    )
    return extract_table(extract, len(book.alive), columns)


def insured_cents(books: list[Book]) -> list[Ints]:
    """Insured part of each retail deposit: the limit counts once per customer and entity."""
    entity = np.concatenate([book.alive.entity for book in books])
    currency = np.concatenate([book.alive.currency for book in books])
    customer = np.concatenate([book.counterparty for book in books])
    balance = np.concatenate([book.state.outstanding for book in books])
    retail = np.concatenate(
        [np.full(len(book.alive), book.product.customers == "retail") for book in books]
    )
    order = np.lexsort((np.arange(len(entity)), customer, entity))
    group = np.flatnonzero(np.diff(entity[order] * 10**10 + customer[order], prepend=-1))
    running = np.cumsum(balance[order])
    opening = np.repeat(
        running[group] - balance[order][group], np.diff(np.append(group, len(order)))
    )
    before = np.empty_like(balance)
    before[order] = running - balance[order] - opening
    limit = np.asarray(INSURED_LIMIT, dtype=np.int64)[currency] * 100
    insured = np.where(retail, np.clip(limit - before, 0, balance), 0)
    ends = np.cumsum([len(book.alive) for book in books])[:-1]
    return np.split(insured, ends)
