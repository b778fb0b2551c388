"""Market of the demo bank: one path of rates per currency, from 1996 to any date.

Every quote, fixing and coupon of the bank is read from the same path, so that a loan granted in
2021 carries a 2021 rate and a fixing agrees with the curve of its day. The path depends on the
date and the seed alone, not on which month ends are written. Zero rates follow
``z(t) = long + (short - long) * (1 - exp(-t / tau)) / (t / tau)``, continuous, ACT/365F.
Writing the quotes to files is `market_files`; a close builds its own curves from them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.demo.calendar import Ints, add_months, first_of_month, month_parts
from alm_pipeline.demo.draws import hashed, normal

Floats = NDArray[np.float64]

CURRENCIES = ("USD", "EUR")
CURVE_TAU_YEARS = 2.5

# Short rate and long rate by year: points of a path, in percent, straight lines between them.
# fmt: off
SHORT_PATH = {
    "USD": [(1996, 5.3), (2001, 5.8), (2003.5, 1.2), (2006.5, 5.2), (2009, 0.2), (2015.9, 0.2),
            (2018.9, 2.3), (2019.9, 1.6), (2020.2, 0.1), (2022.2, 0.2), (2023.5, 5.3),
            (2024.7, 5.2), (2025.9, 3.8), (2026.8, 3.6), (2040, 3.6)],
    "EUR": [(1996, 3.6), (2000.8, 4.6), (2003.5, 2.1), (2008.5, 4.2), (2009.5, 0.8),
            (2011.5, 1.2), (2014.5, 0.1), (2016.2, -0.35), (2022.5, -0.5), (2023.7, 3.9),
            (2024.4, 3.9), (2025.5, 2.1), (2026.8, 2.0), (2040, 2.0)],
}
LONG_PATH = {
    "USD": [(1996, 6.5), (2000, 6.3), (2003.5, 4.2), (2007, 5.0), (2009, 3.3), (2012.5, 2.0),
            (2018.8, 3.1), (2020.6, 1.0), (2022, 1.9), (2023.8, 4.5), (2024.7, 3.8),
            (2025.9, 4.1), (2026.8, 4.2), (2040, 4.2)],
    "EUR": [(1996, 6.5), (2000, 5.5), (2005.5, 3.4), (2008.5, 4.7), (2011, 3.4), (2015.3, 0.8),
            (2018, 1.4), (2020.8, 0.0), (2021.9, 0.2), (2023.8, 3.3), (2024.9, 2.4),
            (2025.9, 2.8), (2026.8, 2.9), (2040, 2.9)],
}
# fmt: on
NOISE_SHORT = 0.0006
NOISE_LONG = 0.0012


@dataclass(frozen=True)
class Index:
    """A reference rate: its name in the files, currency and tenor in months."""

    index_id: str
    currency: int
    months: int


INDICES = (
    Index("USD_SOFR_1M", 0, 1),
    Index("USD_SOFR_3M", 0, 3),
    Index("USD_SOFR_12M", 0, 12),
    Index("EUR_EURIBOR_3M", 1, 3),
    Index("EUR_EURIBOR_6M", 1, 6),
    Index("EUR_EURIBOR_12M", 1, 12),
    Index("USD_ADMIN", 0, 1),
    Index("EUR_ADMIN", 1, 1),
)
INDEX_IDS = tuple(index.index_id for index in INDICES)
INDEX_NUMBER = {index_id: number for number, index_id in enumerate(INDEX_IDS)}


@dataclass(frozen=True)
class Market:
    """The path of rates of one seed."""

    seed: int

    def parameters(self, currency: Ints, day: Ints) -> tuple[Floats, Floats]:
        """Short and long zero rate of each currency number on each day."""
        day = np.asarray(day, dtype=np.int64)
        currency = np.broadcast_to(np.asarray(currency, dtype=np.int64), day.shape)
        year = 1970.0 + (day + 0.5) / 365.2425
        short, long = np.zeros(day.shape), np.zeros(day.shape)
        for number, name in enumerate(CURRENCIES):
            chosen = currency == number
            short[chosen] = _on_path(SHORT_PATH[name], year[chosen])
            long[chosen] = _on_path(LONG_PATH[name], year[chosen])
        short += NOISE_SHORT * self._noise("short", currency, day)
        long += NOISE_LONG * self._noise("long", currency, day)
        return short, long

    def _noise(self, label: str, currency: Ints, day: Ints) -> Floats:
        """A seeded wave around the path: monthly knots, straight lines between them."""
        month = month_parts(day)[0]
        start = first_of_month(month)
        share = (day - start) / (first_of_month(month + 1) - start)
        here = normal(hashed(self.seed, label, currency, month))
        there = normal(hashed(self.seed, label, currency, month + 1))
        wave: Floats = here * (1.0 - share) + there * share
        return wave

    def zero_rate(self, currency: Ints | int, day: Ints | int, years: Floats) -> Floats:
        """Continuous zero rate to `years`, as seen on `day`."""
        years = np.maximum(np.asarray(years, dtype=np.float64), 1e-6)
        day = np.broadcast_to(np.asarray(day, dtype=np.int64), years.shape)
        short, long = self.parameters(np.asarray(currency, dtype=np.int64), day)
        weight = -np.expm1(-years / CURVE_TAU_YEARS) / (years / CURVE_TAU_YEARS)
        rate: Floats = long + (short - long) * weight
        return rate

    def discount_factor(self, currency: Ints | int, day: Ints | int, to_day: Ints) -> Floats:
        """Value on `day` of one unit paid on `to_day`."""
        years = (np.asarray(to_day) - np.asarray(day)) / 365.0
        factor: Floats = np.exp(-self.zero_rate(currency, day, years) * years)
        return factor

    def par_rate(self, currency: Ints | int, day: Ints | int, years: Floats) -> Floats:
        """Coupon at which a bullet of `years` is worth par, from the zero rate of its term."""
        zero = self.zero_rate(currency, day, years)
        rounded: Floats = np.expm1(zero)
        return rounded

    def fixing(self, index: Ints, day: Ints) -> Floats:
        """Fixing of each index number for a period that starts on `day`: the last weekday's."""
        day = np.asarray(day, dtype=np.int64)
        index = np.broadcast_to(np.asarray(index, dtype=np.int64), day.shape)
        weekday = (day + 3) % 7
        day = day - np.maximum(weekday - 4, 0)
        currency = np.array([entry.currency for entry in INDICES])[index]
        months = np.array([entry.months for entry in INDICES])[index]
        end = add_months(day, months)
        factor = self.discount_factor(currency, day, end)
        rate: Floats = np.round((1.0 / factor - 1.0) / ((end - day) / 360.0), 5)
        return rate

    def fx_rate(self, day: int) -> float:
        """US dollars for one euro."""
        month = np.array([month_parts(np.array([day]))[0][0]])
        wave = 0.006 * float(normal(hashed(self.seed, "fx", month))[0])
        return round(1.12 * (1.0 + wave), 4)


def _on_path(points: list[tuple[float, float]], year: Floats) -> Floats:
    years = [point[0] for point in points]
    values = [point[1] / 100.0 for point in points]
    return np.interp(year, years, values)


def index_of(currency: Ints, usd: str, eur: str) -> Ints:
    """Index number by currency number."""
    return np.where(currency == 0, INDEX_NUMBER[usd], INDEX_NUMBER[eur])
