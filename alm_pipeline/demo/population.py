"""The population behind the files: places on the balance sheet, held by one contract at a time.

A place (slot) keeps its product, customer and typical size. When its contract matures or is closed
early the next one starts, so the book is stationary at any date and every month end is a view of
the same lives. Balances and rates on a date are `contracts`; rows of files are further on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.demo.balance_sheet import CELLS, Product
from alm_pipeline.demo.calendar import DAYS_PER_MONTH, Ints, add_months, month_parts
from alm_pipeline.demo.draws import even, hashed, normal

Floats = NDArray[np.float64]
Column = TypeVar("Column", Ints, Floats)

LONGEST_INTEREST_ONLY_DAYS = 3_400  # ends before the interest-only period does


@dataclass(frozen=True)
class Slots:
    """Places of one product; every array has one value for each place."""

    product: Product
    number: Ints  # 1 … n, the place's name within the product
    entity: Ints
    currency: Ints
    cell: Ints
    size: Floats  # relative size, average one within a cell
    term: Ints  # months, or days where the product says so
    life_days: Ints  # from one contract's start to the next one's
    start: Ints  # start of the contract alive on the anchor date
    choice: Floats  # evenly spread draw for features
    margin_draw: Floats  # evenly spread draw for the price

    def __len__(self) -> int:
        return len(self.number)


def cell_counts(product: Product, n_positions: int) -> list[int]:
    """Number of places of a product in each cell of entity and currency."""
    counts = []
    for weight in product.mix:
        wanted = round(n_positions * product.count_share / 100.0 * weight)
        least = 0 if weight == 0.0 else product.minimum if weight >= 0.2 else 3
        counts.append(max(wanted, min(least, product.minimum)))
    return counts


def product_slots(product: Product, counts: list[int], seed: int, anchor: int) -> Slots:
    """Draw the places of one product as they stand on the anchor date."""
    label = (
        product.code.replace("_borrowing", "").replace("_loan", "")
        if product.customers == "intragroup"
        else product.code
    )
    cell = np.repeat(np.arange(len(CELLS)), counts)
    n = len(cell)
    draws = [
        np.concatenate([even(seed, f"{label}:{c}", k, d) for c, k in enumerate(counts)])
        for d in range(6)
    ]
    term = np.asarray(product.terms, dtype=np.int64)[(draws[0] * len(product.terms)).astype(int)]
    life = _life_days(product, term, draws[1])
    start = anchor - np.floor(draws[2] * life).astype(np.int64)
    places = np.array(CELLS, dtype=np.int64).reshape(-1, 2)[cell]
    entity = np.full(n, 1) if product.code == "intragroup_borrowing" else places[:, 0]
    return Slots(
        product=product,
        number=np.arange(1, n + 1),
        entity=entity.astype(np.int64),
        currency=places[:, 1],
        cell=cell,
        size=_sizes(product, draws[3], cell),
        term=term,
        life_days=life,
        start=_payable_day(start, product.in_days),
        choice=draws[4],
        margin_draw=draws[5],
    )


def _sizes(product: Product, draw: Floats, cell: Ints) -> Floats:
    size = np.exp(product.size_sigma * normal(draw))
    total = np.bincount(cell, weights=size, minlength=len(CELLS))
    count = np.bincount(cell, minlength=len(CELLS))
    scaled: Floats = size * count[cell] / total[cell]
    return scaled


def _life_days(product: Product, term: Ints, draw: Floats) -> Ints:
    """Days until the next contract starts: the term, or an early end drawn from the close rate."""
    if product.in_days:
        return term + 1
    full: Ints = np.ceil(term * DAYS_PER_MONTH).astype(np.int64) + 3
    if product.close_rate == 0.0:
        return full
    early = np.floor(-np.log(1.0 - draw) / product.close_rate * 365.25).astype(np.int64)
    longest = LONGEST_INTEREST_ONLY_DAYS if product.shape == "interest_only" else full
    life: Ints = np.minimum(np.minimum(full, longest), np.maximum(early, 45))
    return life


def _payable_day(start: Ints, in_days: bool) -> Ints:
    """Starts on the 29th or 30th move to the 27th or 28th, so that every month has the day."""
    if in_days:
        return start
    day = month_parts(start)[1]
    return np.where((day == 29) | (day == 30), start - 2, start)


@dataclass(frozen=True)
class Alive:
    """The contracts of a product alive on a date, with the dates of each."""

    slots: Slots
    as_of: int
    generation: Ints
    start: Ints
    maturity: Ints
    original_factor: Floats  # size of this contract against the place's typical size
    rows: Ints  # which places

    def __len__(self) -> int:
        return len(self.rows)

    def pick(self, column: Column) -> Column:
        """The values of a column of places for the contracts alive."""
        return column[self.rows]

    @property
    def product(self) -> Product:
        """The product of these contracts."""
        return self.slots.product

    @property
    def entity(self) -> Ints:
        """Entity number of each contract."""
        return self.slots.entity[self.rows]

    @property
    def currency(self) -> Ints:
        """Currency number of each contract."""
        return self.slots.currency[self.rows]

    @property
    def number(self) -> Ints:
        """Number of the place and the contract in it, unique over time."""
        return self.slots.number[self.rows] * 1000 + 500 + self.generation


def alive_on(slots: Slots, as_of: int, seed: int) -> Alive:
    """The contract of each place on a date not after the anchor; empty places are left out."""
    back = np.maximum(slots.start - as_of, 0)
    generation = -((back + slots.life_days - 1) // slots.life_days)
    start = _payable_day(slots.start + generation * slots.life_days, slots.product.in_days)
    started = start <= as_of
    generation = np.where(started, generation, generation - 1)
    start = _payable_day(slots.start + generation * slots.life_days, slots.product.in_days)
    maturity = start + slots.term if slots.product.in_days else add_months(start, slots.term)
    rows = np.flatnonzero((maturity > as_of) & (start <= as_of))
    spread = hashed(seed, slots.product.code + ":size", slots.number, generation)
    factor = np.where(generation == 0, 1.0, 0.85 + 0.3 * spread)
    return Alive(slots, as_of, generation[rows], start[rows], maturity[rows], factor[rows], rows)
