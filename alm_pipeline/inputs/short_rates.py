"""The model of the short rate for each contract that may be redeemed early, from swaption quotes.

The mean reversion is the committee's (`assumptions/eve.yaml`). The volatility is the one at which
the model prices one swaption at the money: it expires on the first day of exercise and ends at the
contract's maturity, so it is the option on the rate the contract still pays. Between quotes normal
volatilities are interpolated by expiry and tenor, flat outside; lognormal ones become normal first,
at the forward of the curve. Quotes that cannot be used are refused as those of caps
(`volatilities`), and so is a table with holes; a currency that holds such contracts and has no
usable quotes is stopped with its cause. A scenario may scale or shift the quotes of a currency.
Arithmetic is `engine/market/swaption_fit`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.market.curve import ZeroCurve
from alm_pipeline.engine.market.short_rate_tree import HullWhite
from alm_pipeline.engine.market.swaption_fit import fitted_model, forward_swap_rate
from alm_pipeline.engine.market.tenors import tenor_offsets
from alm_pipeline.errors import MarketDataError
from alm_pipeline.inputs.scenarios import ScenarioBook
from alm_pipeline.inputs.volatilities import (
    Held,
    Quotes,
    Surface,
    by_currency,
    normal_volatilities,
)
from alm_pipeline.inputs.zero_rates import BaseZeroRates

__all__ = ["BaseShortRates", "base_short_rates"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class SwaptionTable:
    """Normal volatilities (m, k) [decimal per year and root year] by expiry and tenor [days]."""

    expiry_days: NDArray[np.int32]
    tenor_days: NDArray[np.int32]
    normal_volatilities: FloatArray

    def at(self, expiry_day: int, tenor_days: int) -> float:
        """Return the volatility of one swaption: linear both ways, flat outside the quotes."""
        by_expiry = [
            np.interp(tenor_days, self.tenor_days, row) for row in self.normal_volatilities
        ]
        return float(np.interp(expiry_day, self.expiry_days, by_expiry))


@dataclass(frozen=True)
class BaseShortRates:
    """Swaption volatilities by row of the base curves, and what contracts make of them.

    `errors` holds the cause for every currency whose contracts have no model.
    """

    base: BaseZeroRates
    mean_reversion: float
    tables: Mapping[int, SwaptionTable]
    errors: Mapping[str, MarketDataError]

    def models(
        self,
        curve: int,
        days: tuple[int, int],
        book: ScenarioBook,
        scenarios: Sequence[str],
    ) -> tuple[HullWhite, ...]:
        """Return the model of a contract under each scenario, on its base curve.

        Parameters
        ----------
        curve : int
            Row of the curve that discounts it.
        days : (int, int) [days]
            First day of exercise, and maturity.
        book, scenarios
            Where a scenario moves volatilities, the quoted one moves before the fit.

        Raises
        ------
        MarketDataError
            If the curve's currency has no usable quotes.
        """
        currency = self.base.currencies[curve]
        if curve not in self.tables:
            raise self.errors[currency]
        quoted = self.tables[curve].at(days[0], days[1] - days[0])
        moves = [book.volatility_move(scenario, currency) for scenario in scenarios]
        moved = [float(move.moved(quoted)) for move in moves]
        zero = ZeroCurve(self.base.tenor_days, self.base.zero_rates[curve])
        fitted = {
            volatility: fitted_model(zero, *days, volatility, self.mean_reversion)
            for volatility in set(moved)
        }
        return tuple(fitted[volatility] for volatility in moved)


def base_short_rates(
    surface: Surface, base: BaseZeroRates, held: Held, mean_reversion: float
) -> BaseShortRates:
    """Return the models of every base curve.

    Parameters
    ----------
    surface
        The surface `swaption`.
    base
        The curves that the models start from.
    held
        Contracts that may be redeemed early; a currency that is not in it needs no quotes.
    mean_reversion
        [per year] zero or positive.
    """
    found, errors = by_currency(
        surface, lambda one, currency: _of_currency(one, base, currency), base, held
    )
    tables = {row: table for by_row in found.values() for row, table in by_row.items()}
    return BaseShortRates(base, mean_reversion, tables, errors)


def _of_currency(one: Quotes, base: BaseZeroRates, currency: str) -> dict[int, SwaptionTable]:
    """Return the table of every curve of a currency, by row."""
    as_of = np.datetime64(base.as_of_date, "D")
    expiries = tenor_offsets(as_of, one["expiry"].tolist())
    tenors = tenor_offsets(as_of, one["tenor"].tolist())
    _refuse_holes(expiries, tenors)
    rows = np.flatnonzero(np.array(base.currencies) == currency)
    return {int(row): _table(one, base, int(row), expiries, tenors) for row in rows}


def _refuse_holes(expiries: NDArray[np.int32], tenors: NDArray[np.int32]) -> None:
    """Raise unless every expiry is quoted with every tenor, once."""
    pairs = set(zip(expiries.tolist(), tenors.tolist(), strict=True))
    n_expected = len(np.unique(expiries)) * len(np.unique(tenors))
    if len(pairs) != n_expected or len(expiries) != n_expected:
        raise MarketDataError(
            "not every expiry is quoted with every tenor, once",
            detail=f"{len(expiries)} quotes, {n_expected} expected",
            fix="deliver the swaption volatilities of every expiry and tenor",
        )


def _table(
    one: Mapping[str, NDArray[Any]],
    base: BaseZeroRates,
    row: int,
    expiries: NDArray[np.int32],
    tenors: NDArray[np.int32],
) -> SwaptionTable:
    """Return the quotes of one currency as normal volatilities on one curve."""
    found = one["vol"].astype(np.float64)
    is_lognormal = one["vol_type"] == "lognormal"
    curve = ZeroCurve(base.tenor_days, base.zero_rates[row])
    pairs = zip(expiries[is_lognormal].tolist(), tenors[is_lognormal].tolist(), strict=True)
    forwards = np.array([forward_swap_rate(curve, e, e + t) for e, t in pairs], dtype=np.float64)
    found[is_lognormal] = normal_volatilities(forwards, expiries[is_lognormal], found[is_lognormal])
    order = np.lexsort((tenors, expiries))
    table = found[order].reshape(len(np.unique(expiries)), -1)
    return SwaptionTable(np.unique(expiries), np.unique(tenors), table)
