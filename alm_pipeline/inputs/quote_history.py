"""Quotes of past dates that scenarios replay (`data_contracts/quote_history/`).

Answers how far zero rates moved between two dates of a series. Both curves are built with the
bootstrap of a month end. The quotes of a month end itself are delivered, not kept here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from alm_pipeline.engine.market.curve import ZeroCurve, daily_zero_rates
from alm_pipeline.errors import AlmError, ConfigurationError
from alm_pipeline.inputs.curves import Tenor
from alm_pipeline.inputs.records import Currency, Problems, Record, Sourced
from alm_pipeline.inputs.yaml_files import contract_files

__all__ = ["QuoteHistory", "read_quote_histories"]

FloatArray = NDArray[np.float64]


class DatedQuotes(Record):
    """The quotes of one date by tenor [decimal per year]."""

    date: dt.date
    rates: dict[Tenor, float] = Field(min_length=1)


class QuoteHistory(Sourced):
    """One series: the convention of its quotes, and the quotes by date and tenor."""

    about: str
    currency: Currency
    instrument: Literal["deposit", "ois", "irs", "bond"]
    payment_freq: str | None = None
    day_count: str
    quotes: list[DatedQuotes] = Field(min_length=2)

    @property
    def dates(self) -> list[dt.date]:
        """Return the dates of which there are quotes."""
        return [one.date for one in self.quotes]

    def on(self, day: dt.date) -> ZeroCurve:
        """Return the zero curve of one date.

        Raises
        ------
        ConfigurationError
            If the series has no quotes of the date.
        AlmError
            If no curve can be built from them.
        """
        # Here, so that who only looks at a close does not wait for the compiled engine.
        from alm_pipeline.engine.market.bootstrap import bootstrap
        from alm_pipeline.engine.market.quotes import par_instruments

        rates = next((one.rates for one in self.quotes if one.date == day), None)
        if rates is None:
            raise ConfigurationError(
                f"there are no quotes of {day}",
                detail="there are those of " + ", ".join(str(one) for one in self.dates),
                fix="add them to the series with their source, or name another date",
            )
        tenors = list(rates)
        columns: dict[str, NDArray[np.object_] | FloatArray] = {
            name: np.array([value] * len(tenors), dtype=object)
            for name, value in (
                ("instrument", self.instrument),
                ("day_count", self.day_count),
                ("payment_freq", self.payment_freq),
            )
        }
        columns |= {
            "tenor": np.array(tenors, dtype=object),
            "quote": np.array(list(rates.values())),
        }
        return bootstrap(par_instruments(np.datetime64(day, "D"), columns))

    def move_bp(
        self, from_date: dt.date, to_date: dt.date, tenor_days: NDArray[np.int32]
    ) -> FloatArray:
        """Return how far zero rates moved between two dates, by days from each, (m,) [bp]."""
        was, now = (
            daily_zero_rates(curve.tenor_days, curve.zero_rates, tenor_days)
            for curve in (self.on(from_date), self.on(to_date))
        )
        return (now - was) * 1e4


def read_quote_histories(
    problems: Problems, overlay: Path | None = None
) -> Mapping[str, QuoteHistory]:
    """Return the series that can be read and built; what is wrong is added to `problems`."""
    found: dict[str, QuoteHistory] = {}
    for path in contract_files("quote_history", overlay):
        where = f"quote_history/{path.name}"
        content = problems.content(path)
        series = None if content is None else problems.record(QuoteHistory, content, where)
        if series is None:
            continue
        found[path.stem] = series
        for day in series.dates:
            try:
                series.on(day)
            except AlmError as error:
                problems.add(where, f"quotes.{day}: {error}")
    return found
