"""What a contract owes and pays on a date, from its terms alone.

Balances follow the schedule exactly: a level instalment rounded to the cent, equal parts, or one
payment at the end; floating annuities are walked from their start, reset by reset, on the fixings
of the market path. Amounts are whole cents. Nothing here depends on which month ends are written.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.demo.balance_sheet import Product
from alm_pipeline.demo.calendar import Ints, add_months, month_parts, whole_periods, year_fraction
from alm_pipeline.demo.draws import hashed
from alm_pipeline.demo.market import INDEX_NUMBER, Market
from alm_pipeline.demo.population import Alive

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CURTAILED_SHARE = 0.12
FIXING_LAG_DAYS = 2
LIFE_CAP_RATE = 0.05
PERIOD_CAP_RATE = 0.02
TEASER_MONTHS = 24
TEASER_DISCOUNT = 0.012
INTEREST_ONLY_MONTHS = 120


@dataclass(frozen=True)
class Terms:
    """Price and schedule of each contract alive."""

    index: Ints  # index number, -1 where fixed
    spread: Floats
    first_rate: Floats  # rate of the first period
    reset_months: Ints  # 0 where fixed
    cap: Floats  # nan: none
    floor: Floats  # nan: none
    teaser_months: Ints  # 0: none
    payment_months: Ints  # 0: once, at maturity


@dataclass(frozen=True)
class State:
    """Where each contract stands on the as-of date."""

    terms: Terms
    coupon: Floats
    original: Ints  # cents
    outstanding: Ints  # cents
    payment: Ints  # cents, level instalment; 0: none
    last_payment: Ints
    next_payment: Ints
    last_reset: Ints
    next_reset: Ints
    accrued: Ints  # cents


def contract_terms(alive: Alive, market: Market) -> Terms:
    """Price every contract on the market of its own start date."""
    product, currency, start = alive.product, alive.currency, alive.start
    margin = np.asarray(product.margin)[currency]
    margin = margin + product.margin_width * (alive.pick(alive.slots.margin_draw) - 0.5) * 2.0
    choice = alive.pick(alive.slots.choice)
    reset = _reset_months(product, currency, choice)
    payment = np.full(len(alive), product.payment_months)
    if product.rate == "floating" and product.shape == "bullet":
        payment = reset.copy()
    if product.rate != "floating":
        years = alive.pick(alive.slots.term) / (365.0 if product.in_days else 12.0)
        market_rate = market.par_rate(currency, start, years * product.rate_term_share)
        rate = np.maximum(np.round(market_rate + margin, 4), 0.0)
        index, spread = np.full(len(alive), -1), np.zeros(len(alive))
    else:
        index = index_numbers(currency, reset)
        spread = np.round(margin, 4)
        rate = market.fixing(index, start - FIXING_LAG_DAYS) + spread
    cap, floor = _limits(product, rate, spread, choice)
    teaser = np.where("teaser" in product.options, TEASER_MONTHS, 0) * np.ones_like(reset)
    rate = np.where(teaser > 0, np.maximum(rate - TEASER_DISCOUNT, 0.005), rate)
    rate = np.where(np.isnan(floor), rate, np.fmax(rate, floor))
    return Terms(index, spread, np.round(rate, 5), reset, cap, floor, teaser, payment)


def _reset_months(product: Product, currency: Ints, choice: Floats) -> Ints:
    if product.rate != "floating":
        return np.zeros(len(currency), dtype=np.int64)
    quarterly = choice * 7.0 % 1.0 < 0.5
    if product.shape == "annuity":
        return np.where(quarterly, np.where(currency == 0, 3, 6), 12)
    return np.where((currency == 1) & quarterly, 6, 3)


def index_numbers(currency: Ints, months: Ints) -> Ints:
    """Index number for a currency and reset period of 3, 6 or 12 months."""
    usd = np.where(months == 12, INDEX_NUMBER["USD_SOFR_12M"], INDEX_NUMBER["USD_SOFR_3M"])
    eur = np.select(
        [months == 12, months == 6],
        [INDEX_NUMBER["EUR_EURIBOR_12M"], INDEX_NUMBER["EUR_EURIBOR_6M"]],
        INDEX_NUMBER["EUR_EURIBOR_3M"],
    )
    return np.where(currency == 0, usd, eur)


def _limits(
    product: Product, rate: Floats, spread: Floats, choice: Floats
) -> tuple[Floats, Floats]:
    """Life cap and floor of each contract; nan where it has none."""
    none = np.full(len(rate), np.nan)
    cap, floor = none, none.copy()
    if "cap" in product.options:
        cap = np.where(choice * 3.0 % 1.0 < 0.6, np.round(rate + LIFE_CAP_RATE, 4), np.nan)
    if "floor" in product.options:
        floor = np.where(choice * 5.0 % 1.0 < 0.5, np.maximum(spread, 0.0), np.nan)
    return cap, floor


def original_cents(alive: Alive, scale: Floats) -> Ints:
    """Amount granted, in whole hundreds; `scale` is the typical amount of each cell."""
    amount = (
        alive.pick(alive.slots.size) * alive.original_factor * scale[alive.pick(alive.slots.cell)]
    )
    return np.maximum(np.round(amount / 100.0), 1.0).astype(np.int64) * 10_000


def contract_state(alive: Alive, terms: Terms, market: Market, original: Ints) -> State:
    """Balance, coupon, dates and accrued interest of each contract on the as-of date."""
    shape = alive.product.shape
    last, following = payment_dates(alive, terms.payment_months)
    coupon, payment = terms.first_rate, np.zeros(len(alive), dtype=np.int64)
    outstanding = original
    if shape == "annuity" and alive.product.rate == "floating":
        coupon, outstanding, payment = _walked_annuity(alive, terms, market, original)
    elif shape == "annuity":
        outstanding, payment = _level_annuity(alive, terms, original)
    elif shape == "linear":
        outstanding = _linear(alive, original)
    elif alive.product.rate == "floating":
        coupon = _floating_coupon(alive, terms, market)
    if "curtail" in alive.product.options:
        kept = 1.0 - curtailed_share(alive, market.seed)
        outstanding = np.round(outstanding * kept).astype(np.int64)
        payment = np.round(payment * kept).astype(np.int64)
    last_reset, next_reset = reset_dates(alive, terms)
    accrued = np.zeros(len(alive), dtype=np.int64)
    if shape != "impaired":
        accrued = accrued_cents(alive, outstanding, coupon, last)
    return State(
        terms,
        coupon,
        original,
        outstanding,
        payment,
        last,
        following,
        last_reset,
        next_reset,
        accrued,
    )


def payment_dates(alive: Alive, months: Ints) -> tuple[Ints, Ints]:
    """Last payment date not after the as-of date, or the start, and the next one."""
    step = np.maximum(months, 1)
    paid = whole_periods(alive.start, alive.as_of, step)
    at_maturity = months == 0
    last = np.where(at_maturity, alive.start, add_months(alive.start, paid * step))
    following = add_months(alive.start, (paid + 1) * step)
    return last, np.where(at_maturity, alive.maturity, np.minimum(following, alive.maturity))


def reset_dates(alive: Alive, terms: Terms) -> tuple[Ints, Ints]:
    """Last and next reset; the first reset after a teaser is at its end."""
    step = np.maximum(terms.reset_months, 1)
    done = whole_periods(alive.start, alive.as_of, step)
    last = add_months(alive.start, done * step)
    following = np.minimum(add_months(alive.start, (done + 1) * step), alive.maturity)
    teaser_end = add_months(alive.start, terms.teaser_months)
    in_teaser = (terms.teaser_months > 0) & (teaser_end > alive.as_of)
    return np.where(in_teaser, alive.start, last), np.where(in_teaser, teaser_end, following)


def curtailed_share(alive: Alive, seed: int) -> Floats:
    """Share of the scheduled balance repaid early so far: at most one partial prepayment a life."""
    place = alive.pick(alive.slots.number)
    code = alive.product.code
    happens = hashed(seed, code + ":curtail", place, alive.generation) < CURTAILED_SHARE
    when = hashed(seed, code + ":curtail_at", place, alive.generation)
    day = alive.start + np.floor(when * alive.pick(alive.slots.life_days))
    share = 0.05 + 0.30 * hashed(seed, code + ":curtail_by", place, alive.generation)
    curtailed: Floats = np.where(happens & (day <= alive.as_of), share, 0.0)
    return curtailed


def level_payment(principal: Floats, monthly_rate: Floats, n_months: Ints) -> Floats:
    """Level instalment in cents."""
    rate = np.where(monthly_rate == 0.0, 1e-12, monthly_rate)
    instalment: Floats = principal * rate / -np.expm1(-n_months * np.log1p(rate))
    return instalment


def _level_annuity(alive: Alive, terms: Terms, original: Ints) -> tuple[Ints, Ints]:
    rate = np.maximum(terms.first_rate / 12.0, 1e-12)
    payment = np.round(
        level_payment(original.astype(np.float64), rate, alive.pick(alive.slots.term))
    )
    growth = np.expm1(whole_periods(alive.start, alive.as_of, 1) * np.log1p(rate))
    balance = original * (1.0 + growth) - payment * growth / rate
    return np.round(balance).astype(np.int64), payment.astype(np.int64)


def _linear(alive: Alive, original: Ints) -> Ints:
    months = alive.product.payment_months
    paid = whole_periods(alive.start, alive.as_of, months)
    total = alive.pick(alive.slots.term) // months
    repaid: Ints = np.round(original * paid / total).astype(np.int64)
    return original - repaid


def _reset_rate(terms: Terms, market: Market, date: Ints, current: Floats) -> Floats:
    """Coupon set on a reset date: index plus spread, within the period cap, cap and floor."""
    rate = market.fixing(terms.index, date - FIXING_LAG_DAYS) + terms.spread
    capped = ~np.isnan(terms.cap)
    bounded = np.clip(rate, current - PERIOD_CAP_RATE, current + PERIOD_CAP_RATE)
    rate = np.where(capped & (terms.teaser_months == 0), bounded, rate)
    rate = np.fmin(rate, np.where(capped, terms.cap, np.inf))
    floored = np.fmax(rate, np.where(np.isnan(terms.floor), -np.inf, terms.floor))
    return np.asarray(np.round(floored, 5), dtype=np.float64)


def _walked_annuity(
    alive: Alive, terms: Terms, market: Market, original: Ints
) -> tuple[Floats, Ints, Ints]:
    """Coupon, balance and instalment of floating annuities, month by month from their start."""
    term = alive.pick(alive.slots.term)
    coupon, balance = terms.first_rate.copy(), original.astype(np.float64)
    payment = np.round(level_payment(balance, coupon / 12.0, term))
    months = whole_periods(alive.start, alive.as_of, 1)
    for month in range(1, int(months.max(initial=0)) + 1):
        running = months >= month
        balance = np.where(running, np.round(balance * (1 + coupon / 12.0) - payment), balance)
        date = add_months(alive.start, month)
        resets = running & (month % terms.reset_months == 0) & (month >= terms.teaser_months)
        if resets.any():
            coupon = np.where(resets, _reset_rate(terms, market, date, coupon), coupon)
            again = np.round(level_payment(balance, coupon / 12.0, np.maximum(term - month, 1)))
            payment = np.where(resets, again, payment)
    return coupon, balance.astype(np.int64), payment.astype(np.int64)


def _floating_coupon(alive: Alive, terms: Terms, market: Market) -> Floats:
    last, _ = reset_dates(alive, terms)
    return _reset_rate(terms, market, last, terms.first_rate)


def accrued_cents(alive: Alive, outstanding: Ints, coupon: Floats, since: Ints) -> Ints:
    """Interest earned since the last payment date, in the contract's day count."""
    until = np.full(len(alive), alive.as_of, dtype=np.int64)
    years = np.zeros(len(alive))
    for number, day_count in enumerate(alive.product.day_count):
        chosen = alive.currency == number
        years[chosen] = year_fraction(since[chosen], until[chosen], day_count)
    return np.round(outstanding * coupon * years).astype(np.int64)


def billing_date(alive: Alive) -> Ints:
    """Last monthly statement of open contracts, on each contract's own day of the month."""
    day = month_parts(alive.start)[1]
    this_month = month_parts(np.full(len(alive), alive.as_of))[0]
    shift = this_month - month_parts(alive.start)[0]
    date = add_months(alive.start, shift, np.minimum(day, 28))
    return np.maximum(np.where(date > alive.as_of, add_months(date, -1), date), alive.start)
