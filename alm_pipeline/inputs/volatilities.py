"""Normal volatilities of an as-of date from delivered cap quotes, per curve and expiry.

A quote of the surface `cap` is the volatility of one caplet: `expiry` is the time until its index
is fixed, `tenor` the length of that index. Normal volatilities are used as they are; lognormal
ones become the normal volatility of the same price at the forward of each curve. What cannot be
used is refused by name, with the reason: shifted volatilities (no shift is delivered), strikes
other than `atm` (no smile is interpolated) and several index tenors in one currency. A currency
that holds options and has no volatilities is stopped with its cause, number and amount.
A scenario may scale or shift those of a currency. Arithmetic is `engine/market/option_models`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import Volatilities
from alm_pipeline.engine.market.curve import DAYS_PER_YEAR, daily_zero_rates
from alm_pipeline.engine.market.option_models import (
    RateOptions,
    implied_volatilities,
    option_values,
)
from alm_pipeline.engine.market.tenors import tenor_offsets
from alm_pipeline.errors import CalculationError, MarketDataError
from alm_pipeline.inputs.freshness import refuse_stale
from alm_pipeline.inputs.scenarios import ScenarioBook
from alm_pipeline.inputs.zero_rates import BaseZeroRates

__all__ = [
    "VOLATILITY_COLUMNS",
    "BaseVolatilities",
    "Held",
    "Quotes",
    "Surface",
    "base_volatilities",
    "by_currency",
    "normal_volatilities",
]

FloatArray = NDArray[np.float64]
Quotes = Mapping[str, NDArray[Any]]
Read = TypeVar("Read")
Held = Mapping[str, tuple[int, Decimal]]
"""Number and amount of the positions with a cap or floor, by currency."""

VOLATILITY_COLUMNS = ("currency", "expiry", "tenor", "strike", "vol", "vol_type", "quote_date")
"""Columns of `staging.vol_quote` that are needed, each a (n_quotes,) array."""

HOLDERS = {"cap": "with a cap or floor", "swaption": "that may be redeemed early"}
"""Which positions each surface is read for."""

_INDEX_YEAR_DAYS = 360.0
_NO_EXPIRY = np.array([1], dtype=np.int32)


@dataclass(frozen=True)
class Surface:
    """Delivered volatilities of one surface, and how many days old they may be.

    ``name`` is one of `HOLDERS`; ``quotes`` are columns `VOLATILITY_COLUMNS`: `vol` as float64,
    `quote_date` as datetime64[D], the others text.
    """

    name: str
    quotes: Quotes
    max_age_days: int


@dataclass(frozen=True)
class BaseVolatilities:
    """Normal volatilities by curve, in the order of the base curves.

    ``expiry_days`` (m,); ``normal_volatilities`` (n_curves, m) [decimal per year and root year];
    ``is_quoted`` (n_curves,); `errors` holds the cause for every currency whose options have none;
    `currencies` (n_curves,) of the curves.
    """

    expiry_days: NDArray[np.int32]
    normal_volatilities: FloatArray
    is_quoted: NDArray[np.bool_]
    errors: Mapping[str, MarketDataError]
    currencies: tuple[str, ...]

    def under(self, book: ScenarioBook, scenarios: Sequence[str]) -> Volatilities:
        """Return the engine's volatilities under each scenario; most leave them as they are."""
        table = np.repeat(self.normal_volatilities[None], len(scenarios), axis=0)
        for column, scenario in enumerate(scenarios):
            for row in np.flatnonzero(self.is_quoted):
                move = book.volatility_move(scenario, self.currencies[row])
                table[column, row] = move.moved(table[column, row])
        return Volatilities(
            expiry_days=self.expiry_days, normal_volatilities=table, is_quoted=self.is_quoted
        )


def base_volatilities(surface: Surface, base: BaseZeroRates, held: Held) -> BaseVolatilities:
    """Return the volatilities of every base curve.

    Parameters
    ----------
    surface
        The surface `cap`.
    base
        The curves, and the forwards at which lognormal volatilities are converted.
    held
        A currency that is not in it needs no volatilities.
    """
    found, errors = by_currency(
        surface, lambda one, currency: _of_currency(one, base, currency), base, held
    )
    nodes = [days for days, _ in found.values()]
    grid = np.unique(np.concatenate(nodes)) if nodes else _NO_EXPIRY
    table = np.zeros((len(base.curve_ids), len(grid)))
    for currency, (days, volatilities) in found.items():
        rows = np.flatnonzero(np.array(base.currencies) == currency)
        for row, one in zip(rows, volatilities, strict=True):
            table[row] = np.interp(grid, days, one)
    is_quoted = np.array([currency in found for currency in base.currencies], dtype=np.bool_)
    return BaseVolatilities(grid, table, is_quoted, errors, base.currencies)


def by_currency(
    surface: Surface,
    read: Callable[[Quotes, str], Read],
    base: BaseZeroRates,
    held: Held,
) -> tuple[dict[str, Read], dict[str, MarketDataError]]:
    """Return what `read` makes of each currency's quotes, and why a held one has nothing.

    Parameters
    ----------
    surface
    read
        Takes the quotes of one currency, which can be used so far, and its name.
    base
        The curves.
    held
        A currency that is not in it needs no quotes.
    """
    found: dict[str, Read] = {}
    errors: dict[str, MarketDataError] = {}
    for currency in dict.fromkeys(base.currencies):
        chosen = np.flatnonzero(np.asarray(surface.quotes["currency"]) == currency)
        one = {column: np.asarray(surface.quotes[column])[chosen] for column in VOLATILITY_COLUMNS}
        where = f"{surface.name} volatilities {currency} {base.as_of_date}"
        try:
            _refuse_quotes(one, surface.name)
            refuse_stale(one["quote_date"], where, surface.max_age_days, base.as_of_date)
            found[currency] = read(one, currency)
        except (MarketDataError, CalculationError) as error:
            if currency in held:
                n, amount = held[currency]
                errors[currency] = MarketDataError(
                    f"{n} positions {HOLDERS[surface.name]}, {amount:,.2f} {currency}, have no"
                    f" volatility: {error.what}",
                    where=where,
                    detail=error.detail,
                    fix=error.fix,
                )
    return found, errors


def _of_currency(
    one: Quotes, base: BaseZeroRates, currency: str
) -> tuple[NDArray[np.int32], FloatArray]:
    """Return expiries (m,) in order and the normal volatilities (curves of the currency, m)."""
    _refuse_tenors(one)
    as_of = np.datetime64(base.as_of_date, "D")
    days = tenor_offsets(as_of, one["expiry"].tolist())
    length = int(tenor_offsets(as_of, one["tenor"][:1].tolist())[0])
    order = np.argsort(days)
    rows = np.flatnonzero(np.array(base.currencies) == currency)
    table = np.repeat(one["vol"][None].astype(np.float64), len(rows), axis=0)
    is_lognormal = one["vol_type"] == "lognormal"
    for k, row in enumerate(rows):
        forwards = _forwards(base, int(row), days[is_lognormal], length)
        table[k, is_lognormal] = normal_volatilities(
            forwards, days[is_lognormal], table[k, is_lognormal]
        )
    return days[order], table[:, order]


def _refuse_quotes(one: Quotes, surface: str) -> None:
    """Raise if the quotes of a currency and surface cannot be used."""
    strikes = sorted(set(one["strike"].tolist()) - {"atm"})
    if not len(one["vol"]):
        raise MarketDataError(
            "there are no quotes", fix=f"deliver {surface} volatilities in vol_quote"
        )
    if strikes:
        raise MarketDataError(
            "a smile is not interpolated",
            detail=f"strikes {strikes[:5]}",
            fix="deliver strike atm only",
        )
    if "shifted" in one["vol_type"].tolist():
        raise MarketDataError(
            "shifted volatilities come without their shift",
            fix="deliver normal or lognormal volatilities",
        )


def _refuse_tenors(one: Quotes) -> None:
    """Raise if caplets of several indices are quoted."""
    tenors = sorted(set(one["tenor"].tolist()))
    if len(tenors) > 1:
        raise MarketDataError(
            "one index tenor per currency is read",
            detail=f"tenors {tenors}",
            fix="deliver the volatilities of one tenor",
        )


def _forwards(base: BaseZeroRates, row: int, days: NDArray[np.int32], length: int) -> FloatArray:
    """Return the forward of an index of ``length`` days that is fixed on each day."""
    ends = (days + length).astype(np.int32)
    rates = base.zero_rates[row]
    growth = [
        daily_zero_rates(base.tenor_days, rates, when) * when / DAYS_PER_YEAR
        for when in (days, ends)
    ]
    return np.expm1(growth[1] - growth[0]) * _INDEX_YEAR_DAYS / length


def normal_volatilities(
    forwards: FloatArray, days: NDArray[np.int32], lognormal: FloatArray
) -> FloatArray:
    """Return the normal volatility that gives the lognormal one's price at the money, (n,).

    ``forwards`` (n,) [decimal per year] of the rates, ``days`` (n,) until they are fixed.
    """
    years, is_call = days / DAYS_PER_YEAR, np.ones(len(days), dtype=np.bool_)
    prices = option_values(RateOptions(True, is_call, forwards, forwards, years), lognormal).prices
    return implied_volatilities(RateOptions(False, is_call, forwards, forwards, years), prices)
