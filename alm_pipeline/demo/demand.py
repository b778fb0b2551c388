"""Balances without a schedule: demand deposits, cards and overdrafts.

A place's balance is its typical size times a monthly wave; the level of demand deposits is set by
what the rest of the balance sheet leaves to fund. Posted deposit rates follow the market with the
lag, adjustment and pass-through of `DEPOSIT_TRUTH`.
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.demo.balance_sheet import DEPOSIT_TRUTH
from alm_pipeline.demo.calendar import Ints, add_months, first_of_month, month_parts
from alm_pipeline.demo.contracts import Floats, State, Terms, accrued_cents, billing_date
from alm_pipeline.demo.draws import hashed, normal
from alm_pipeline.demo.market import Market, index_of
from alm_pipeline.demo.population import Alive

RATE_HISTORY_MONTHS = 150


def open_units(alive: Alive, seed: int, volatility: float) -> Floats:
    """Balance of each place before scaling: typical size times this month's wave."""
    month = int(month_parts(np.array([alive.as_of]))[0][0])
    place = alive.pick(alive.slots.number)
    draw = hashed(seed, alive.product.code + ":wave", place, alive.pick(alive.slots.cell), month)
    return alive.pick(alive.slots.size) * np.exp(volatility * 2.0 * normal(draw))


def posted_rates(product: str, currency: int, market: Market, as_of: int, n_months: int) -> Floats:
    """Posted rate of a demand deposit at the last `n_months` month ends, oldest first."""
    truth = DEPOSIT_TRUTH[product]
    first = month_parts(np.array([as_of]))[0][0] + 1 - RATE_HISTORY_MONTHS - truth.lag_months
    months = first + np.arange(RATE_HISTORY_MONTHS + truth.lag_months)
    ends = first_of_month(months + 1) - 1
    index = index_of(np.full(len(ends), currency), "USD_ADMIN", "EUR_ADMIN")
    level = market.fixing(index, ends)[:RATE_HISTORY_MONTHS]
    target = np.maximum(truth.constant + truth.beta * level, truth.floor)
    rates = np.empty(RATE_HISTORY_MONTHS)
    rate = float(target[0])
    for step, aim in enumerate(target):
        rate += truth.adjustment * (float(aim) - rate)
        rates[step] = rate
    return np.round(rates[-n_months:], 4)


def open_state(alive: Alive, terms: Terms, market: Market, outstanding: Ints) -> State:
    """State of cards and overdrafts: interest runs from the last statement."""
    last = billing_date(alive)
    terms, reset, following = _administered(alive, terms, market)
    accrued = accrued_cents(alive, outstanding, terms.first_rate, last)
    return State(
        terms,
        terms.first_rate,
        outstanding,
        outstanding,
        np.zeros_like(outstanding),
        last,
        add_months(last, 1),
        reset,
        following,
        accrued,
    )


def _administered(alive: Alive, terms: Terms, market: Market) -> tuple[Terms, Ints, Ints]:
    """Rate set on the first of the month from the administered index."""
    month = month_parts(np.full(len(alive), alive.as_of))[0]
    reset, following = first_of_month(month), first_of_month(month + 1)
    if alive.product.rate != "administered":
        return terms, reset, following
    index = index_of(alive.currency, "USD_ADMIN", "EUR_ADMIN")
    margin = np.round(np.asarray(alive.product.margin)[alive.currency], 4)
    rate = np.round(market.fixing(index, reset) + margin, 5)
    return _terms(index, margin, rate, 1), reset, following


def _terms(index: Ints, spread: Floats, rate: Floats, reset_months: int) -> Terms:
    n = len(rate)
    none, zero = np.full(n, np.nan), np.zeros(n, dtype=np.int64)
    return Terms(index, spread, rate, np.full(n, reset_months), none, none.copy(), zero, zero + 1)


def deposit_state(alive: Alive, market: Market, outstanding: Ints) -> State:
    """State of demand deposits at the posted rate; interest runs from the first of the month."""
    coupon = np.zeros(len(alive))
    for currency in (0, 1):
        rate = posted_rates(alive.product.code, currency, market, alive.as_of, 1)[0]
        coupon[alive.currency == currency] = rate
    month = month_parts(np.full(len(alive), alive.as_of))[0]
    reset, following = first_of_month(month), first_of_month(month + 1)
    index = index_of(alive.currency, "USD_ADMIN", "EUR_ADMIN")
    spread = np.round(coupon - market.fixing(index, reset), 5)
    last = np.maximum(reset, alive.start)
    accrued = accrued_cents(alive, outstanding, coupon, last)
    terms = _terms(index, spread, coupon, 1)
    return State(
        terms,
        coupon,
        outstanding,
        outstanding,
        np.zeros_like(outstanding),
        last,
        following,
        last,
        following,
        accrued,
    )
