"""Swaps and purchased caps: deals, legs and their values from the market path.

Fair value is dirty (legs' accrued interest is inside it) and is the carrying amount, positive for
an asset; the accrued interest on a leg is a memo. The intragroup swap is written in both entities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from alm_pipeline.demo import customers
from alm_pipeline.demo.balance_sheet import (
    ENTITIES,
    SWAP_BOOKS,
    SWAP_COUNT_SHARE,
    Product,
    SwapBook,
)
from alm_pipeline.demo.calendar import Ints, add_months, whole_periods, year_fraction
from alm_pipeline.demo.contracts import FIXING_LAG_DAYS, Floats, index_numbers
from alm_pipeline.demo.draws import normal_cdf
from alm_pipeline.demo.files import Coded, extract_table, padded
from alm_pipeline.demo.market import CURRENCIES, INDEX_IDS, Market
from alm_pipeline.demo.population import Alive
from alm_pipeline.demo.rows import FREQUENCIES, months_code

ASSET_ACCOUNT, LIABILITY_ACCOUNT = "10910", "20910"
CAP_VOLATILITY = 0.0085
STRIKE_OVER_PAR = 0.01
LOWEST_FIXED_RATE = 0.0005  # swaps of the years of negative rates were struck above zero
KEY_WIDTH = 9
FIXED_MONTHS, FLOAT_MONTHS = (6, 12), (3, 6)
FIXED_DAY_COUNT = ("30_360", "30e_360")


@dataclass(frozen=True)
class Deals:
    """Deals of one book on a date; amounts in cents."""

    code: str
    number: Ints
    entity: Ints
    currency: Ints
    start: Ints
    maturity: Ints
    notional: Ints
    fixed_rate: Floats  # strike for caps
    floating_rate: Floats
    pays_fixed: Ints  # 1 or 0
    fair_value: Ints  # signed, dirty
    accrued: Ints  # net accrued on both legs, signed
    counterparty: Ints
    as_of: int

    @property
    def is_cap(self) -> bool:
        """Whether these are caps."""
        return self.code == "cap_purchased"


def swap_product(book: SwapBook) -> Product:
    """The book as a product of bullets, so that places and ages are drawn as for contracts."""
    return Product(
        code=book.code,
        extract="derivative",
        share=book.share,
        count_share=SWAP_COUNT_SHARE if book.minimum > 1 else 0.0,
        gl_account="10910",
        kind="irs",
        shape="bullet",
        rate="fixed",
        terms=book.terms,
        mix=book.mix,
        minimum=book.minimum,
        size_sigma=0.25,
        customers="bank",
    )


SWAP_PRODUCTS = {book.code: (book, swap_product(book)) for book in SWAP_BOOKS}


def deals_of(
    book: SwapBook, alive: Alive, notional: Ints, market: Market, pools: customers.Pools
) -> Deals:
    """Price the deals of a book."""
    currency, as_of, is_cap = alive.currency, alive.as_of, book.code == "cap_purchased"
    months = np.full(len(alive), 3) if is_cap else np.asarray(FLOAT_MONTHS)[currency]
    years = alive.pick(alive.slots.term) / 12.0
    over = STRIKE_OVER_PAR if is_cap else 0.0
    par = market.par_rate(currency, alive.start, years) + over
    fixed: Floats = np.asarray(np.round(np.maximum(par, LOWEST_FIXED_RATE), 4), dtype=np.float64)
    last = _last_payment(alive.start, as_of, months)
    floating = market.fixing(index_numbers(currency, months), last - FIXING_LAG_DAYS)
    pool = np.full(len(alive), customers.BANK)
    place = alive.pick(alive.slots.number)
    counterparty = customers.counterparty_numbers(
        pools, market.seed, book.code, pool, place, alive.entity
    )
    value, accrued = _worth(book, alive, notional, (fixed, floating), market)
    return Deals(
        code=book.code,
        number=alive.number,
        entity=alive.entity,
        currency=currency,
        start=alive.start,
        maturity=alive.maturity,
        notional=notional,
        fixed_rate=fixed,
        floating_rate=floating,
        pays_fixed=np.full(len(alive), int(book.is_pay_fixed)),
        fair_value=value,
        accrued=accrued,
        counterparty=counterparty,
        as_of=as_of,
    )


def _worth(
    book: SwapBook, alive: Alive, notional: Ints, rates: tuple[Floats, Floats], market: Market
) -> tuple[Ints, Ints]:
    """Dirty value and net accrued interest to the bank, in cents."""
    fixed, floating = rates
    if book.code == "cap_purchased":
        value = _cap_value(alive, notional, fixed, floating, market)
        return value, np.zeros_like(value)
    legs = _leg_values(alive, notional, fixed, floating, market)
    both = leg_accrued(alive.start, alive.currency, alive.as_of, notional, fixed, floating)
    sign = -1 if book.is_pay_fixed else 1
    return np.round((legs[0] - legs[1]) * sign).astype(np.int64), (both[0] - both[1]) * sign


def mirrored(deals: Deals) -> Deals:
    """The same deals as the other entity of the group sees them."""
    return Deals(
        deals.code,
        deals.number,
        1 - deals.entity,
        deals.currency,
        deals.start,
        deals.maturity,
        deals.notional,
        deals.fixed_rate,
        deals.floating_rate,
        1 - deals.pays_fixed,
        -deals.fair_value,
        -deals.accrued,
        customers.GROUP * customers.POOL_SIZE + deals.entity,
        deals.as_of,
    )


def joined(parts: list[Deals]) -> Deals:
    """Several sets of deals of one book as one."""
    names = (
        "number",
        "entity",
        "currency",
        "start",
        "maturity",
        "notional",
        "fixed_rate",
        "floating_rate",
        "pays_fixed",
        "fair_value",
        "accrued",
        "counterparty",
    )
    arrays: dict[str, Any] = {n: np.concatenate([getattr(p, n) for p in parts]) for n in names}
    return Deals(code=parts[0].code, as_of=parts[0].as_of, **arrays)


def leg_accrued(
    start: Ints, currency: Ints, as_of: int, notional: Ints, fixed: Floats, floating: Floats
) -> tuple[Ints, Ints]:
    """Accrued interest on the fixed and the floating leg since their last payment."""
    until = np.full(len(start), as_of)
    fixed_last = _last_payment(start, as_of, np.asarray(FIXED_MONTHS)[currency])
    float_last = _last_payment(start, as_of, np.asarray(FLOAT_MONTHS)[currency])
    years = np.where(
        currency == 0,
        year_fraction(fixed_last, until, "30_360"),
        year_fraction(fixed_last, until, "30e_360"),
    )
    fixed_accrued = np.round(notional * fixed * years).astype(np.int64)
    floating_accrued = np.round(
        notional * floating * year_fraction(float_last, until, "act_360")
    ).astype(np.int64)
    return fixed_accrued, floating_accrued


def _last_payment(start: Ints, as_of: int, months: Ints) -> Ints:
    return add_months(start, whole_periods(start, as_of, months) * months)


def _leg_values(
    alive: Alive, notional: Ints, fixed: Floats, floating: Floats, market: Market
) -> tuple[Floats, Floats]:
    """Present values of the fixed and the floating leg, each with its notional at the end."""
    currency, as_of = alive.currency, alive.as_of
    months = np.asarray(FIXED_MONTHS)[currency]
    paid = whole_periods(alive.start, as_of, months)
    value = market.discount_factor(currency, as_of, alive.maturity).astype(np.float64)
    for step in range(1, int((alive.pick(alive.slots.term) // months).max(initial=0)) + 1):
        date = add_months(alive.start, (paid + step) * months)
        factor = market.discount_factor(currency, as_of, np.maximum(date, as_of + 1))
        value = value + np.where(date <= alive.maturity, fixed * months / 12.0 * factor, 0.0)
    months = np.asarray(FLOAT_MONTHS)[currency]
    last = _last_payment(alive.start, as_of, months)
    following = add_months(alive.start, (whole_periods(alive.start, as_of, months) + 1) * months)
    coupon = floating * (following - last) / 360.0
    par = (1.0 + coupon) * market.discount_factor(currency, as_of, following)
    return notional * value, notional * par


def _cap_value(
    alive: Alive, notional: Ints, strike: Floats, floating: Floats, market: Market
) -> Ints:
    """Sum of caplets in the normal model at one volatility; the running period is intrinsic."""
    currency, as_of = alive.currency, alive.as_of
    done = whole_periods(alive.start, as_of, 3)
    value = np.zeros(len(alive))
    for step in range(int((alive.pick(alive.slots.term) // 3).max(initial=0))):
        begin = add_months(alive.start, (done + step) * 3)
        end = add_months(alive.start, (done + step + 1) * 3)
        factor_end = market.discount_factor(currency, as_of, end)
        years = (end - begin) / 360.0
        if step == 0:
            payoff = np.maximum(floating - strike, 0.0)
        else:
            forward = (market.discount_factor(currency, as_of, begin) / factor_end - 1.0) / years
            payoff = _normal_call(forward, strike, (begin - as_of) / 365.0)
        value = value + np.where(end <= alive.maturity, years * factor_end * payoff, 0.0)
    return np.round(notional * value).astype(np.int64)


def _normal_call(forward: Floats, strike: Floats, years: Floats) -> Floats:
    deviation = CAP_VOLATILITY * np.sqrt(np.maximum(years, 1e-9))
    distance = (forward - strike) / deviation
    density = np.exp(-0.5 * distance**2) / np.sqrt(2.0 * np.pi)
    value: Floats = (forward - strike) * normal_cdf(distance) + deviation * density
    return np.maximum(value, 0.0)


def deal_keys(deals: Deals) -> pa.Array:
    """Deal numbers, zero-padded; the first digit tells the book."""
    book = [b.code for b in SWAP_BOOKS].index(deals.code)
    return padded(book * 10**7 + deals.number, KEY_WIDTH)


def deal_table(deals: Deals) -> pa.Table:
    """Rows of the derivative extract."""
    n, intragroup = len(deals.number), deals.code == "intragroup_swap"
    return extract_table(
        "derivative",
        n,
        {
            "as_of_date": deals.as_of,
            "entity_id": Coded(deals.entity, ENTITIES),
            "deal_no": deal_keys(deals),
            "product_code": deals.code,
            "counterparty_id": padded(deals.counterparty, customers.ID_WIDTH),
            "currency": Coded(deals.currency, CURRENCIES),
            "side": "off_balance",
            "is_on_balance_sheet": False,
            "book": "banking",
            "accounting_class": "fvtpl",
            "gl_account": Coded(
                (deals.fair_value < 0).astype(np.int64), (ASSET_ACCOUNT, LIABILITY_ACCOUNT)
            ),
            "business_unit": "treasury",
            "country": Coded(deals.entity, ("US", "DE")),
            "status": "active",
            "trade_date": deals.start - 2,
            "start_date": deals.start,
            "maturity_date": deals.maturity,
            "is_open_maturity": False,
            "intragroup_entity_id": Coded(1 - deals.entity, ENTITIES) if intragroup else None,
        }
        | _deal_terms(deals),
    )


def _deal_terms(deals: Deals) -> dict[str, Any]:
    """What a deal is worth and how it is margined."""
    intragroup = deals.code == "intragroup_swap"
    return {
        "derivative_type": "cap" if deals.is_cap else "irs",
        "position": "long",
        "strike_rate": deals.fixed_rate if deals.is_cap else None,
        "notional_amount": deals.notional,
        "fair_value_clean_amount": deals.fair_value - deals.accrued,
        "carrying_amount": deals.fair_value,
        "is_cleared": not deals.is_cap and not intragroup,
        "csa_id": None if intragroup else Coded(deals.entity, ("CSA-US-1", "CSA-EU-1")),
        "initial_margin_amount": np.round(deals.notional * 0.01).astype(np.int64)
        if not intragroup
        else None,
        "variation_margin_amount": deals.fair_value if not intragroup else None,
        "hedge_id": "HR-" + deals.code if deals.code == "swap_pay_fixed" else None,
        "hedge_type": "portfolio_fv" if deals.code == "swap_pay_fixed" else "none",
    }


def leg_tables(deals: Deals) -> list[pa.Table]:
    """Rows of the derivative_leg extract: two per swap, one floating leg per cap."""
    if deals.is_cap:
        return [_leg(deals, 1, is_fixed=False, receives=np.ones_like(deals.pays_fixed))]
    return [
        _leg(deals, 1, is_fixed=True, receives=1 - deals.pays_fixed),
        _leg(deals, 2, is_fixed=False, receives=deals.pays_fixed),
    ]


def _leg(deals: Deals, leg_no: int, *, is_fixed: bool, receives: Ints) -> pa.Table:
    n = len(deals.number)
    months = np.asarray(FIXED_MONTHS if is_fixed else FLOAT_MONTHS)[deals.currency]
    months = np.full(n, 3) if deals.is_cap else months
    last = _last_payment(deals.start, deals.as_of, months)
    following = add_months(
        deals.start, (whole_periods(deals.start, deals.as_of, months) + 1) * months
    )
    both = leg_accrued(
        deals.start,
        deals.currency,
        deals.as_of,
        deals.notional,
        deals.fixed_rate,
        deals.floating_rate,
    )
    accrued = np.zeros(n, dtype=np.int64) if deals.is_cap else both[0 if is_fixed else 1]
    columns = {
        "as_of_date": deals.as_of,
        "entity_id": Coded(deals.entity, ENTITIES),
        "deal_no": deal_keys(deals),
        "leg_no": np.full(n, leg_no),
        "pay_receive": Coded(receives, ("pay", "receive")),
        "currency": Coded(deals.currency, CURRENCIES),
        "notional_amount": deals.notional,
        "accrued_interest": accrued,
        "start_date": deals.start,
        "maturity_date": deals.maturity,
        "business_day_convention": "modified_following",
        "calendar_id": Coded(deals.currency, ("us", "target")),
        "is_end_of_month": False,
        "amortisation_type": "bullet",
        "principal_freq": "P0D",
        "interest_freq": Coded(months_code(months), FREQUENCIES),
        "next_payment_date": following,
        "last_payment_date": last,
    }
    rate = _fixed_rate(deals) if is_fixed else _floating_rate(deals, months, last, following)
    return extract_table("derivative_leg", n, columns | rate)


def _fixed_rate(deals: Deals) -> dict[str, Any]:
    return {
        "rate_type": "fixed",
        "coupon_rate": deals.fixed_rate,
        "day_count": Coded(deals.currency, FIXED_DAY_COUNT),
    }


def _floating_rate(deals: Deals, months: Ints, last: Ints, following: Ints) -> dict[str, Any]:
    return {
        "rate_type": "floating",
        "coupon_rate": deals.floating_rate,
        "index_id": Coded(index_numbers(deals.currency, months), INDEX_IDS),
        "spread_rate": np.zeros(len(months)),
        "rate_multiplier": 1.0,
        "day_count": "act_360",
        "reset_freq": Coded(months_code(months), FREQUENCIES),
        "next_reset_date": following,
        "last_reset_date": last,
        "fixing_lag_days": FIXING_LAG_DAYS,
    }
