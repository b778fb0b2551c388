"""Curves, volatilities and short-rate models of a month end, made from its quotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from alm_pipeline.engine.arrays import CountArray, Curves
from alm_pipeline.errors import ConfigurationError, MarketDataError
from alm_pipeline.inputs.curves import CurveBook
from alm_pipeline.inputs.short_rates import BaseShortRates, base_short_rates
from alm_pipeline.inputs.volatilities import (
    VOLATILITY_COLUMNS,
    BaseVolatilities,
    Held,
    Surface,
    base_volatilities,
)
from alm_pipeline.inputs.zero_rates import (
    QUOTE_COLUMNS,
    BaseZeroRates,
    ScenarioZeroRates,
    base_zero_rates,
    scenario_zero_rates,
    with_index_curves,
)
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.session import Session

OPTION_HELD = """
    rate_type = 'floating'
    and (cap_rate is not null or floor_rate is not null or option_type <> 'none')
    and cash_flow_model not in ('non_maturity', 'revolving', 'non_performing', 'balance_only')
"""
RIGHT_HELD = """
    position_id in (
        select position_id from book.scheduled_events where event_type in ('call', 'put')
    )
    and cash_flow_model not in ('non_performing', 'balance_only')
"""
"""Which rows of `book.positions` have an option on their rate, or a right to redeem early."""

_OPTIONS_HELD = f"""
    select currency, count(*) as n, sum(outstanding_principal + notional_amount) as amount
    from book.positions
    where {OPTION_HELD}
    group by currency
"""
_RIGHTS_HELD = f"""
    select currency, count(*) as n, sum(outstanding_principal) as amount
    from book.positions
    where {RIGHT_HELD}
    group by currency
"""


@dataclass(frozen=True)
class Markets:
    """Curves, volatilities and short-rate models of a month end, and what is stopped where."""

    base: BaseZeroRates
    shocked: Mapping[str, ScenarioZeroRates]
    volatilities: BaseVolatilities
    short_rates: BaseShortRates

    @property
    def errors(self) -> dict[str, MarketDataError]:
        """Return the cause for every currency that is stopped in all scenarios."""
        return {**self.short_rates.errors, **self.volatilities.errors, **self.base.errors}

    def stopped(self, scenario: str) -> dict[str, str]:
        """Return the cause for every currency that has no value under a scenario."""
        found = self.errors | dict(self.shocked[scenario].errors)
        return {currency: str(error) for currency, error in sorted(found.items())}


@dataclass(frozen=True)
class Quoted:
    """Where quotes stand, and of which day they are; the month end's own unless said otherwise."""

    curves: str = "staging.curve_quote"
    volatilities: str = "staging.vol_quote"
    as_of_date: date | None = None


def markets_of(
    bank: Bank, partition: Partition, scenarios: Sequence[str], quoted: Quoted | None = None
) -> Markets:
    """Build curves and volatilities of a month end from quotes; the quotes are bound."""
    session, figures, quoted = bank.store.session, bank.figures, quoted or Quoted()
    day = quoted.as_of_date or partition.as_of_date
    columns = ", ".join(QUOTE_COLUMNS)
    rows = session.query(f"select {columns} from {quoted.curves} order by all")
    quotes = {name: _column(rows, name) for name in QUOTE_COLUMNS}
    found = session.rows("select distinct currency from book.positions order by currency")
    currencies = [row["currency"] for row in found]
    base = base_zero_rates(quotes, figures.curves, day, currencies)
    base = with_index_curves(base, figures.curves, scenarios, figures.scenarios)
    _refuse_flat_ramps(bank, scenarios)
    shocked = {s: scenario_zero_rates(base, s, figures.scenarios) for s in scenarios}
    reversion = figures.assumptions.value("eve", "all", "mean_reversion", 0.0)
    caps, swaptions = (_surface(bank, quoted, name) for name in ("cap", "swaption"))
    return Markets(
        base,
        shocked,
        base_volatilities(caps, base, amounts_held(session, _OPTIONS_HELD)),
        base_short_rates(swaptions, base, amounts_held(session, _RIGHTS_HELD), reversion),
    )


def _surface(bank: Bank, quoted: Quoted, name: str) -> Surface:
    wanted = ", ".join(VOLATILITY_COLUMNS)
    select = f"select {wanted} from {quoted.volatilities} where surface = $surface order by all"
    rows = bank.store.session.query(select, {"surface": name})
    quotes = {column: _column(rows, column) for column in VOLATILITY_COLUMNS}
    return Surface(name, quotes, getattr(bank.figures.curves.max_age_days, name))


def amounts_held(session: Session, select: str) -> Held:
    """Return number and amount of the positions of a select, by currency."""
    return {row["currency"]: (row["n"], row["amount"]) for row in session.rows(select)}


def _refuse_flat_ramps(bank: Bank, scenarios: Sequence[str]) -> None:
    """Raise if income follows flat rates and a scenario's move builds up: nothing would move."""
    ramps = [name for name in scenarios if bank.figures.scenarios.ramp_months(name)]
    if ramps and bank.settings.nii_base_path == "flat":
        raise ConfigurationError(
            f"{len(ramps)} scenarios build up over months while income keeps today's rates",
            where=f"alm.yaml of {bank.settings.bank_name}",
            detail=", ".join(ramps),
            fix="set nii_base_path to forward, or leave these scenarios out",
        )


def curves_of(markets: Markets, scenarios: Sequence[str]) -> Curves:
    """Return the engine's curves under these scenarios."""
    base = markets.base
    stacked = np.array([markets.shocked[s].zero_rates for s in scenarios])
    return Curves(
        tenor_days=base.tenor_days,
        zero_rates=stacked.reshape(len(scenarios), *base.zero_rates.shape),
        base_zero_rates=base.zero_rates,
    )


def main_rows(base: BaseZeroRates, curves: CurveBook) -> CountArray:
    """Return the row of the first discount curve of each curve's currency."""
    first = dict[str, int]()
    for row, (name, currency) in enumerate(zip(base.curve_ids, base.currencies, strict=True)):
        if name in curves.curves and curves.curves[name].role == "discount":
            first.setdefault(currency, row)
    return np.array([first.get(c, row) for row, c in enumerate(base.currencies)], dtype=np.int64)


def _column(rows: pa.Table, name: str) -> Any:
    if name in (
        "quote",
        "vol",
        "convexity_adjustment_rate",
    ):  # the last one may be null, a nan here
        return rows.column(name).to_numpy()
    if name in ("quote_date", "start_date"):
        return rows.column(name).to_numpy().astype("datetime64[D]")
    return np.array(rows.column(name).to_pylist(), dtype=object)
