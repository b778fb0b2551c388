"""Undrawn credit and liquidity lines and mortgage commitments of the demo bank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from alm_pipeline.demo import customers
from alm_pipeline.demo.balance_sheet import ENTITIES, LINE_BOOKS, LineBook, Product
from alm_pipeline.demo.calendar import Ints
from alm_pipeline.demo.contracts import FIXING_LAG_DAYS, Floats, index_numbers, reset_dates
from alm_pipeline.demo.contracts import contract_terms as price
from alm_pipeline.demo.draws import hashed
from alm_pipeline.demo.files import Coded, extract_table, padded
from alm_pipeline.demo.market import CURRENCIES, INDEX_IDS, Market
from alm_pipeline.demo.population import Alive

KEY_WIDTH = 10
MORTGAGE_MONTHS = 300


def line_product(book: LineBook) -> Product:
    """The book as a product, so that places and ages are drawn as for contracts."""
    pipeline = book.kind == "mortgage_pipeline"
    return Product(
        code=book.code,
        extract="commitment",
        share=book.share,
        count_share=book.count_share,
        gl_account=book.gl_account,
        kind=book.kind,
        shape="bullet",
        rate="fixed" if pipeline else "floating",
        terms=(75, 90) if pipeline else (12, 24, 36),
        in_days=pipeline,
        margin=(0.018, 0.016) if pipeline else (0.021, 0.019),
        minimum=8,
        payment_months=1 if pipeline else 3,
        customers=book.customers,
        day_count=("30_360", "30e_360") if pipeline else ("act_360", "act_360"),
    )


LINE_PRODUCTS = {book.code: line_product(book) for book in LINE_BOOKS}


@dataclass(frozen=True)
class LineState:
    """Commitments of one book on a date; amounts in cents."""

    alive: Alive
    market: Market
    counterparty: Ints
    limit: Ints
    drawn: Ints

    @property
    def undrawn(self) -> Ints:
        """What the customer may still draw."""
        return self.limit - self.drawn


def line_state(market: Market, pools: customers.Pools, alive: Alive, scale: Floats) -> LineState:
    """Limits and usage; usage is on loans of their own, the line shows what is left."""
    product, place = alive.product, alive.pick(alive.slots.number)
    undrawn = (
        np.round(alive.pick(alive.slots.size) * scale[alive.pick(alive.slots.cell)]).astype(
            np.int64
        )
        * 100
    )
    usage = 0.5 * hashed(market.seed, product.code + ":use", place, alive.generation)
    if product.kind == "mortgage_pipeline":
        usage = np.zeros(len(alive))
    drawn = np.round(undrawn * usage / (1.0 - usage) / 100.0).astype(np.int64) * 100
    pool = customers.pool_of(product.customers, place, market.seed)
    counterparty = customers.counterparty_numbers(
        pools, market.seed, product.code, pool, place, alive.entity
    )
    return LineState(alive, market, counterparty, undrawn + drawn, drawn)


def line_table(state: LineState) -> pa.Table:
    """Rows of the commitment extract for one book."""
    alive, product = state.alive, state.alive.product
    terms = price(alive, state.market)
    pipeline = product.kind == "mortgage_pipeline"
    retail = state.counterparty < customers.POOL_SIZE
    columns = _header(state, retail & (not pipeline))
    if pipeline:
        columns |= {
            "coupon_rate": terms.first_rate,
            "expected_close_date": alive.maturity,
            "amortisation_months": np.full(len(alive), MORTGAGE_MONTHS),
            "behaviour_segment": "mortgage_pipeline",
        }
    else:
        columns |= _floating(state)
    return extract_table("commitment", len(alive), columns)


def _header(state: LineState, is_revocable: NDArray[np.bool_]) -> dict[str, object]:
    alive, product = state.alive, state.alive.product
    pipeline = product.kind == "mortgage_pipeline"
    return {
        "as_of_date": alive.as_of,
        "entity_id": Coded(alive.entity, ENTITIES),
        "commitment_no": line_keys(state),
        "product_code": product.code,
        "counterparty_id": padded(state.counterparty, customers.ID_WIDTH),
        "currency": Coded(alive.currency, CURRENCIES),
        "side": "off_balance",
        "is_on_balance_sheet": False,
        "book": "banking",
        "accounting_class": "amortised_cost",
        "gl_account": product.gl_account,
        "business_unit": "customers",
        "country": Coded(alive.entity, ("US", "DE")),
        "status": "committed",
        "trade_date": alive.start,
        "start_date": alive.start,
        "maturity_date": alive.maturity,
        "is_open_maturity": False,
        "commitment_type": product.kind,
        "limit_amount": state.limit,
        "drawn_amount": state.drawn,
        "undrawn_amount": state.undrawn,
        "is_revocable": is_revocable,
        "fee_rate": 0.0 if pipeline else 0.005,
        "rate_type": product.rate,
        "day_count": Coded(alive.currency, product.day_count),
        "business_day_convention": "none",
        "calendar_id": "none",
        "is_end_of_month": False,
    }


def _floating(state: LineState) -> dict[str, object]:
    alive = state.alive
    terms = price(alive, state.market)
    quarterly = np.full(len(alive), 3)
    index = index_numbers(alive.currency, quarterly)
    terms = type(terms)(
        index,
        terms.spread,
        terms.first_rate,
        quarterly,
        terms.cap,
        terms.floor,
        terms.teaser_months,
        quarterly,
    )
    last, following = reset_dates(alive, terms)
    rate = state.market.fixing(index, last - FIXING_LAG_DAYS) + terms.spread
    return {
        "coupon_rate": np.round(rate, 6),
        "index_id": Coded(index, INDEX_IDS),
        "spread_rate": terms.spread,
        "rate_multiplier": 1.0,
        "reset_freq": "P3M",
        "next_reset_date": following,
        "last_reset_date": last,
        "fixing_lag_days": FIXING_LAG_DAYS,
    }


def line_keys(state: LineState) -> pa.Array:
    """Commitment numbers, zero-padded; the leading digit tells the book."""
    book = [b.code for b in LINE_BOOKS].index(state.alive.product.code)
    return padded(book * 10**9 + state.alive.number, KEY_WIDTH)
