"""Market extracts of a month end: quotes, fixings, volatilities, spreads, exchange rates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from alm_pipeline.demo.calendar import add_months, as_date
from alm_pipeline.demo.files import records_table
from alm_pipeline.demo.market import CURRENCIES, INDICES, Market

CURVE_IDS = ("usd_ois", "eur_ois")
OFFER_CURVE_IDS = ("usd_deposit_offer", "eur_deposit_offer")
DEPOSIT_TENORS = {"1D": 1, "1M": 30, "3M": 91, "6M": 182}
SWAP_YEARS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30)
OFFER_TENORS = {"3M": 0.25, "6M": 0.5, "12M": 1.0, "24M": 2.0, "36M": 3.0, "60M": 5.0}
OFFER_MARGIN = -0.005
FIXING_DAYS = 430
SPREADS = {
    ("sovereign", "AA"): 0.0005,
    ("covered", "AAA"): 0.0045,
    ("agency", "AA"): 0.0035,
    ("financial", "A"): 0.0095,
    ("corporate", "A"): 0.0085,
    ("corporate", "BBB"): 0.0135,
}
VOL_EXPIRIES = {"12M": 1.0, "24M": 2.0, "60M": 5.0, "120M": 10.0}
VOL_TENORS = {"12M": 1.0, "60M": 5.0, "120M": 10.0}
VOL_LEVEL = (0.0092, 0.0078)


def last_weekday(as_of: int) -> int:
    """The as-of date, or the Friday before it."""
    return as_of - max((as_of + 3) % 7 - 4, 0)


def curve_quotes(market: Market, as_of: int) -> pa.Table:
    """Deposits and par swap rates of both currencies, and what is offered on new deposits."""
    rows: list[dict[str, Any]] = []
    for currency, name in enumerate(CURRENCIES):
        rows += _deposit_quotes(market, as_of, currency, name)
        rows += _swap_quotes(market, as_of, currency, name)
        rows += _offer_quotes(market, as_of, currency, name)
    return records_table("curve_quote", rows)


def _quote(as_of: int, curve: str, name: str, instrument: str, **rest: Any) -> dict[str, Any]:
    return {
        "as_of_date": as_date(as_of),
        "curve_id": curve,
        "currency": name,
        "instrument": instrument,
        "quote_date": as_date(last_weekday(as_of)),
        "source": "demo",
        **rest,
    }


def _deposit_quotes(market: Market, as_of: int, currency: int, name: str) -> list[dict[str, Any]]:
    rows = []
    for tenor, days in DEPOSIT_TENORS.items():
        end = _tenor_end(as_of, tenor, days)
        factor = float(market.discount_factor(currency, as_of, np.array([end]))[0])
        rate = (1.0 / factor - 1.0) / ((end - as_of) / 360.0)
        rows.append(
            _quote(
                as_of,
                CURVE_IDS[currency],
                name,
                "deposit",
                tenor=tenor,
                quote=round(rate, 7),
                day_count="act_360",
            )
        )
    return rows


def _tenor_end(as_of: int, tenor: str, days: int) -> int:
    if tenor.endswith("D"):
        return as_of + days
    return int(add_months(np.array([as_of]), int(tenor[:-1]))[0])


def _swap_quotes(market: Market, as_of: int, currency: int, name: str) -> list[dict[str, Any]]:
    ends = add_months(np.full(31, as_of), 12 * np.arange(31))
    factors = market.discount_factor(currency, as_of, ends)
    factors[0] = 1.0
    fractions = np.diff(ends, prepend=as_of) / 360.0
    annuity = np.cumsum(factors * fractions)
    return [
        _quote(
            as_of,
            CURVE_IDS[currency],
            name,
            "ois",
            tenor=f"{years}Y",
            quote=round(float((1.0 - factors[years]) / annuity[years]), 7),
            day_count="act_360",
            payment_freq="P12M",
        )
        for years in SWAP_YEARS
    ]


def _offer_quotes(market: Market, as_of: int, currency: int, name: str) -> list[dict[str, Any]]:
    rows = []
    for tenor, years in OFFER_TENORS.items():
        par = float(market.par_rate(currency, as_of, np.array([years]))[0])
        rows.append(
            _quote(
                as_of,
                OFFER_CURVE_IDS[currency],
                name,
                "deposit",
                tenor=tenor,
                quote=round(max(par + OFFER_MARGIN, 0.0), 4),
                day_count="act_365f",
            )
        )
    return rows


def index_fixings(market: Market, as_of: int) -> pa.Table:
    """Fixings of every index on every weekday of the last fourteen months."""
    days = np.arange(as_of - FIXING_DAYS, as_of + 1)
    days = days[(days + 3) % 7 < 5]
    rows = []
    for number, index in enumerate(INDICES):
        rates = market.fixing(np.full(len(days), number), days)
        rows += [
            {
                "as_of_date": as_date(as_of),
                "index_id": index.index_id,
                "fixing_date": as_date(int(day)),
                "rate": float(rate),
                "source": "demo",
            }
            for day, rate in zip(days, rates, strict=True)
        ]
    return records_table("index_fixing", rows)


def vol_quotes(as_of: int) -> pa.Table:
    """Normal volatilities of caps and swaptions, at the money."""
    rows = []
    for currency, name in enumerate(CURRENCIES):
        for surface, tenors in (("cap", {"3M": 0.25}), ("swaption", VOL_TENORS)):
            for expiry, years in VOL_EXPIRIES.items():
                for tenor, length in tenors.items():
                    vol = VOL_LEVEL[currency] * (1.0 - 0.015 * years) * (1.0 - 0.006 * length)
                    rows.append(
                        {
                            "as_of_date": as_date(as_of),
                            "surface": surface,
                            "currency": name,
                            "expiry": expiry,
                            "tenor": tenor,
                            "strike": "atm",
                            "vol": round(vol, 6),
                            "vol_type": "normal",
                            "quote_date": as_date(last_weekday(as_of)),
                        }
                    )
    return records_table("vol_quote", rows)


def credit_spreads(as_of: int) -> pa.Table:
    """Credit spreads by sector, rating, currency and tenor."""
    rows = [
        {
            "as_of_date": as_date(as_of),
            "sector": sector,
            "rating": rating,
            "currency": name,
            "tenor": f"{years}Y",
            "spread_rate": round(level * (0.7 + 0.06 * years), 6),
            "quote_date": as_date(last_weekday(as_of)),
        }
        for (sector, rating), level in SPREADS.items()
        for name in CURRENCIES
        for years in (1, 3, 5, 10)
    ]
    return records_table("credit_spread", rows)


def fx_rates(market: Market, as_of: int) -> pa.Table:
    """Euro against dollar, both ways."""
    rate = market.fx_rate(as_of)
    pairs = [("EUR", "USD", rate), ("USD", "EUR", 1.0 / rate)]
    return records_table(
        "fx_rate",
        [
            {
                "as_of_date": as_date(as_of),
                "base_currency": base,
                "quote_currency": quote,
                "fx_rate": value,
                "quote_date": as_date(last_weekday(as_of)),
            }
            for base, quote, value in pairs
        ],
    )
