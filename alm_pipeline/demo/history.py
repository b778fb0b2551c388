"""History of the demo bank for calibration, and the truth behind it.

Eleven years of monthly cohorts: deposit balances that decay at a known life, deposit rates that
follow the market with a known pass-through, loans that prepay on a known curve, broken term
deposits and line usage. `truth` returns the parameters, so that what a calibration finds can be
scored.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from alm_pipeline.demo.balance_sheet import (
    DEMAND_DEPOSITS,
    DEPOSIT_TRUTH,
    ENTITIES,
    HOME_CURRENCY,
    Product,
)
from alm_pipeline.demo.calendar import Ints, first_of_month, month_parts
from alm_pipeline.demo.contracts import Floats
from alm_pipeline.demo.demand import posted_rates
from alm_pipeline.demo.draws import hashed, normal
from alm_pipeline.demo.files import Coded, extract_table
from alm_pipeline.demo.market import CURRENCIES, Market, index_of
from alm_pipeline.demo.month import Month

MONTHS = 132
DEPOSIT_GROWTH = 0.03
OLD_VINTAGE_SHARE = 1.0
AVERAGE_ACCOUNT = 9_000.0
LOAN_TRUTH: dict[str, dict[str, float]] = {
    "mortgage_fixed": {
        "turnover": 0.055,
        "refinance": 0.22,
        "slope": 180.0,
        "midpoint": 0.011,
        "default": 0.002,
        "term_months": 300,
        "years": 5.0,
        "margin": 0.018,
    },
    "mortgage_floating": {
        "turnover": 0.10,
        "refinance": 0.08,
        "slope": 120.0,
        "midpoint": 0.012,
        "default": 0.002,
        "term_months": 300,
        "years": 0.25,
        "margin": 0.019,
    },
    "consumer_loan": {
        "turnover": 0.09,
        "refinance": 0.05,
        "slope": 120.0,
        "midpoint": 0.02,
        "default": 0.012,
        "term_months": 60,
        "years": 2.5,
        "margin": 0.056,
    },
    "auto_loan": {
        "turnover": 0.10,
        "refinance": 0.02,
        "slope": 120.0,
        "midpoint": 0.02,
        "default": 0.006,
        "term_months": 60,
        "years": 2.5,
        "margin": 0.031,
    },
    "sme_loan": {
        "turnover": 0.04,
        "refinance": 0.04,
        "slope": 120.0,
        "midpoint": 0.015,
        "default": 0.010,
        "term_months": 84,
        "years": 3.0,
        "margin": 0.0275,
    },
}
TERM_TRUTH = {
    "retail_term_deposit": {"base": 0.030, "sensitivity": 2.0, "rolled_share": 0.72},
    "corporate_term_deposit": {"base": 0.010, "sensitivity": 0.5, "rolled_share": 0.55},
}
USAGE_TRUTH = {
    "credit_line": {"mean": 0.38, "reversion": 0.12, "volatility": 0.015},
    "liquidity_line": {"mean": 0.04, "reversion": 0.20, "volatility": 0.006},
}


def truth(seed: int) -> dict[str, Any]:
    """The parameters the history was made with."""
    deposits = {code: vars(entry) for code, entry in DEPOSIT_TRUTH.items()}
    return {
        "seed": seed,
        "history_months": MONTHS,
        "deposits": deposits,
        "loans": LOAN_TRUTH,
        "term_deposits": TERM_TRUTH,
        "commitments": USAGE_TRUTH,
        "notes": "rates and shares are decimals per year; life_years is the mean life of a "
        "balance; prepayment = turnover + refinance / (1 + exp(-slope * "
        "(coupon - market - midpoint))); broken = base + sensitivity * max(gap, 0)",
    }


def _months(as_of: int) -> Ints:
    last = int(month_parts(np.array([as_of]))[0][0])
    return np.arange(last - MONTHS + 1, last + 1)


def _ends(months: Ints) -> Ints:
    return first_of_month(months + 1) - 1


def deposit_balances(month: Month) -> list[pa.Table]:
    """Balances of account cohorts by year of opening; the last month is the balance sheet's."""
    tables = []
    for product in DEMAND_DEPOSITS:
        for entity, currency in enumerate(HOME_CURRENCY):
            book = next(b for b in month.demand if b.product.code == product.code)
            mine = (book.alive.entity == entity) & (book.alive.currency == currency)
            now = int(book.state.outstanding[mine].sum())
            insured_share = 0.75 if product.customers == "retail" else 0.0
            tables.append(_cohorts(month, product, entity, now, insured_share))
    return tables


def _cohort_balances(
    product: Product, market: Market, months: Ints, entity: int
) -> tuple[Ints, Floats]:
    """Year of opening and balance (cohort, month + one before) before scaling."""
    truth_of = DEPOSIT_TRUTH[product.code]
    around = np.concatenate([[months[0] - 1], months])
    vintages = np.arange(around[0] // 12 - 1, around[-1] // 12 + 1)
    age = (around[None, :] - vintages[:, None] * 12 + 1) / 12.0
    weight = np.exp(DEPOSIT_GROWTH * (vintages - vintages[0]))
    weight[0] *= OLD_VINTAGE_SHARE * truth_of.life_years
    filled = np.clip(age, 0.0, 1.0)
    filled[0] = 1.0
    decayed = np.exp(-np.maximum(age - 0.5, 0.0) / truth_of.life_years)
    wave = np.cumsum(normal(hashed(market.seed, product.code + ":volume", around, entity)))
    noise = np.exp(truth_of.volatility * (wave - np.linspace(wave[0], wave[-1], len(wave))) * 0.5)
    return vintages, weight[:, None] * filled * decayed * noise[None, :]


def _cohorts(month: Month, product: Product, entity: int, now: int, insured: float) -> pa.Table:
    months, currency = _months(month.as_of), HOME_CURRENCY[entity]
    vintages, balance = _cohort_balances(product, month.bank.market, months, entity)
    cents = np.round(balance * now / balance[:, -1].sum()).astype(np.int64)
    cents[0, -1] += now - cents[:, -1].sum()
    rates = posted_rates(product.code, currency, month.bank.market, month.as_of, MONTHS)
    life = DEPOSIT_TRUTH[product.code].life_years
    decay = np.round(cents[:, :-1] * -np.expm1(-1.0 / 12.0 / life)).astype(np.int64)
    change = np.diff(cents, axis=1)
    inflow = np.maximum(change + decay, 0)
    outflow = inflow - change
    cohort, step = np.nonzero((cents[:, 1:] > 0) | (cents[:, :-1] > 0))
    held = cents[:, 1:][cohort, step]
    name = [f"{product.code}-{ENTITIES[entity]}-{1970 + vintage}" for vintage in vintages]
    return extract_table(
        "hist_deposit_balance",
        len(cohort),
        {
            "as_of_date": month.as_of,
            "month": first_of_month(months)[step],
            "entity_id": ENTITIES[entity],
            "cohort_id": Coded(cohort, tuple(name)),
            "product_code": product.code,
            "currency": CURRENCIES[currency],
            "vintage": Coded(cohort, tuple(str(1970 + vintage) for vintage in vintages)),
            "n_accounts": np.maximum(held // int(AVERAGE_ACCOUNT * 100), 1),
            "balance_amount": held,
            "inflow_amount": inflow[cohort, step],
            "outflow_amount": outflow[cohort, step],
            "insured_amount": np.round(held * insured).astype(np.int64),
            "coupon_rate": rates[step],
        },
    )


def deposit_rates(month: Month) -> list[pa.Table]:
    """Posted rate, index and a peer's rate by product and currency."""
    months = _months(month.as_of)
    market, tables = month.bank.market, []
    for product in DEMAND_DEPOSITS:
        for currency, name in enumerate(CURRENCIES):
            index = index_of(np.full(MONTHS, currency), "USD_ADMIN", "EUR_ADMIN")
            posted = posted_rates(product.code, currency, market, month.as_of, MONTHS)
            draw = hashed(market.seed, "peer", months, currency)
            tables.append(
                extract_table(
                    "hist_deposit_rate",
                    MONTHS,
                    {
                        "as_of_date": month.as_of,
                        "month": first_of_month(months),
                        "product_code": product.code,
                        "currency": name,
                        "posted_rate": posted,
                        "index_id": ("USD_ADMIN", "EUR_ADMIN")[currency],
                        "index_rate": market.fixing(index, _ends(months)),
                        "peer_rate": np.round(posted * (0.9 + 0.3 * draw), 4),
                    },
                )
            )
    return tables


def loan_months(month: Month) -> list[pa.Table]:
    """Opening balance, scheduled, prepaid and defaulted by yearly cohort."""
    return [
        _loan_cohort(month, code, entity, vintage)
        for code in LOAN_TRUTH
        for entity in range(2)
        for vintage in range(*_vintage_years(month.as_of))
    ]


def _vintage_years(as_of: int) -> tuple[int, int]:
    months = _months(as_of)
    return int(months[0]) // 12 - 4, int(months[-1]) // 12


def _loan_cohort(month: Month, code: str, entity: int, vintage: int) -> pa.Table:
    """One cohort: loans granted in mid-year, at the market of that day plus a margin."""
    facts, market, currency = LOAN_TRUTH[code], month.bank.market, HOME_CURRENCY[entity]
    months = _months(month.as_of)
    age = months - (vintage * 12 + 6)
    kept = (age >= 1) & (age < int(facts["term_months"]))
    months, age = months[kept], age[kept]
    granted = first_of_month(np.array([vintage * 12 + 6]))
    years = np.full(len(months), facts["years"])
    market_rate = market.par_rate(currency, _ends(months), years) + facts["margin"]
    first = float(market.par_rate(currency, granted, years[:1])[0]) if len(months) else 0.0
    coupon = np.full(len(months), first + facts["margin"])
    if code == "mortgage_floating":
        coupon = market_rate
    flows = _loan_flows(month, code, entity, vintage, age, coupon, market_rate)
    name = f"{code}-{ENTITIES[entity]}-{1970 + vintage}"
    return extract_table(
        "hist_loan_month",
        len(months),
        {
            "as_of_date": month.as_of,
            "month": first_of_month(months),
            "entity_id": ENTITIES[entity],
            "cohort_id": name,
            "product_code": code,
            "currency": CURRENCIES[currency],
            "vintage": str(1970 + vintage),
            "opening_amount": flows[0],
            "scheduled_amount": flows[1],
            "prepaid_amount": flows[2],
            "defaulted_amount": flows[3],
            "coupon_rate": np.round(coupon, 6),
            "market_rate": np.round(market_rate, 6),
            "age_months": age,
        },
    )


def _loan_flows(
    month: Month,
    code: str,
    entity: int,
    vintage: int,
    age: Ints,
    coupon: Floats,
    market_rate: Floats,
) -> Ints:
    """Opening, scheduled, prepaid and defaulted cents of a cohort, month by month."""
    facts = LOAN_TRUTH[code]
    incentive = coupon - market_rate
    speed = facts["turnover"] + facts["refinance"] / (
        1.0 + np.exp(-facts["slope"] * (incentive - facts["midpoint"]))
    )
    draw = normal(hashed(month.bank.seed, code + ":speed", age, vintage, entity))
    monthly = -np.expm1(np.log1p(-np.clip(speed * (1.0 + 0.08 * draw), 0.0, 0.9)) / 12.0)
    remaining = facts["term_months"] - age + 1
    rate = np.maximum(coupon / 12.0, 1e-9)
    principal = rate / np.expm1(remaining * np.log1p(rate))
    flows = np.zeros((4, len(age)), dtype=np.int64)
    balance = int(month.bank.home_total(entity) * 1.2)
    for step in range(len(age)):
        scheduled = round(balance * float(principal[step]))
        prepaid = round((balance - scheduled) * float(monthly[step]))
        lost = round((balance - scheduled - prepaid) * facts["default"] / 12.0)
        flows[:, step] = balance, scheduled, prepaid, lost
        balance -= scheduled + prepaid + lost
    return flows


def term_deposits(month: Month) -> list[pa.Table]:
    """Opening balance, broken, matured and rolled over by product."""
    months, market = _months(month.as_of), month.bank.market
    tables = []
    for code, facts in TERM_TRUTH.items():
        for entity, currency in enumerate(HOME_CURRENCY):
            now = market.par_rate(currency, _ends(months), np.ones(MONTHS))
            before = market.par_rate(currency, _ends(months - 6), np.ones(MONTHS))
            gap = now - before
            broken = facts["base"] + facts["sensitivity"] * np.maximum(gap, 0.0)
            draw = normal(hashed(market.seed, code + ":break", months, entity))
            opening = np.round(
                month.bank.home_total(entity) * 10.0 * np.exp(0.03 * np.arange(MONTHS) / 12.0)
            ).astype(np.int64)
            lost = np.round(opening * broken / 12.0 * (1.0 + 0.1 * draw)).astype(np.int64)
            matured = np.round(opening * 0.085).astype(np.int64)
            tables.append(
                extract_table(
                    "hist_term_deposit",
                    MONTHS,
                    {
                        "as_of_date": month.as_of,
                        "month": first_of_month(months),
                        "entity_id": ENTITIES[entity],
                        "product_code": code,
                        "currency": CURRENCIES[currency],
                        "opening_amount": opening,
                        "broken_amount": lost,
                        "matured_amount": matured,
                        "rolled_amount": np.round(matured * facts["rolled_share"]).astype(np.int64),
                        "rate_gap": np.round(gap, 6),
                    },
                )
            )
    return tables


def line_usage(month: Month) -> list[pa.Table]:
    """Limits and drawn amounts of committed lines."""
    months, tables = _months(month.as_of), []
    for code, facts in USAGE_TRUTH.items():
        for entity, currency in enumerate(HOME_CURRENCY):
            draw = normal(hashed(month.bank.seed, code + ":usage", months, entity))
            usage = np.empty(MONTHS)
            level = facts["mean"]
            for step in range(MONTHS):
                level += facts["reversion"] * (facts["mean"] - level)
                level = min(max(level + facts["volatility"] * float(draw[step]), 0.0), 1.0)
                usage[step] = level
            limit = np.round(
                month.bank.home_total(entity) * 14.0 * np.exp(0.03 * np.arange(MONTHS) / 12.0)
            ).astype(np.int64)
            tables.append(
                extract_table(
                    "hist_commitment",
                    MONTHS,
                    {
                        "as_of_date": month.as_of,
                        "month": first_of_month(months),
                        "entity_id": ENTITIES[entity],
                        "product_code": code,
                        "currency": CURRENCIES[currency],
                        "limit_amount": limit,
                        "drawn_amount": np.round(limit * usage).astype(np.int64),
                    },
                )
            )
    return tables
