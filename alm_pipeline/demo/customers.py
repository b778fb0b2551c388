"""Customers and other counterparties of the demo bank, in numbered pools.

A counterparty number is pool x 10 000 000 + place, written with leading zeros. Odd places live in
the euro area, even ones in the United States. Which contract belongs to whom is a hashed draw of
the contract's place, so it never changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from alm_pipeline.demo.balance_sheet import ENTITIES
from alm_pipeline.demo.calendar import Ints
from alm_pipeline.demo.draws import hashed
from alm_pipeline.demo.files import Coded, extract_table, padded

POOL_SIZE = 10_000_000
ID_WIDTH = 9
RETAIL, SMALL, CORPORATE, BANK, SOVEREIGN, PSE, FUND, INVESTOR, CENTRAL_BANK, GROUP = range(10)
POOL_TYPES = (
    "retail",
    "small_business",
    "non_financial_corporate",
    "bank",
    "sovereign",
    "pse",
    "investment_fund",
    "other",
    "central_bank",
    "bank",
)
POOL_NAMES = (
    "Customer",
    "Business",
    "Company",
    "Bank",
    "Treasury",
    "Agency",
    "Fund",
    "Investor",
    "Central bank",
    "Group entity",
)
COUNTRIES = (("US", "US", "US", "CA"), ("DE", "FR", "NL", "ES"))
RATINGS = (
    None,
    None,
    "BBB",
    "A",
    "AA",
    "AA",
    None,
    None,
    "AAA",
    "A",
)


@dataclass(frozen=True)
class Pools:
    """Number of counterparties in each pool."""

    sizes: tuple[int, ...]

    @classmethod
    def for_book(cls, n_positions: int) -> Pools:
        """Pools that fit a book of `n_positions`."""
        shares = (0.42, 0.02, 0.012, 0.0, 0.0, 0.0, 0.002)
        least = (40, 20, 20, 16, 4, 4, 8, 20, 2, 2)
        sizes = [
            max(smallest, int(n_positions * share) // 2 * 2)
            for smallest, share in zip(least, (*shares, 0.0, 0.0, 0.0), strict=True)
        ]
        return cls(tuple(sizes))


def counterparty_numbers(
    pools: Pools, seed: int, product: str, pool: Ints, place: Ints, home: Ints
) -> Ints:
    """The counterparty of each place; `home` is 0 for the United States, 1 for the euro area."""
    draw = hashed(seed, product + ":customer", place, home)
    sizes = np.asarray(pools.sizes, dtype=np.int64)[pool]
    within = 2 * np.floor(draw * (sizes // 2)).astype(np.int64) + home
    numbers: Ints = pool * POOL_SIZE + within
    return numbers


def pool_of(customers: str, place: Ints, seed: int) -> Ints:
    """Pool of each place of a product, from the customers it is sold to."""
    fixed = {
        "retail": RETAIL,
        "small_business": SMALL,
        "corporate": CORPORATE,
        "bank": BANK,
        "pse": PSE,
        "investor": INVESTOR,
        "intragroup": GROUP,
        "issuer": SOVEREIGN,
    }
    if customers in fixed:
        return np.full(len(place), fixed[customers], dtype=np.int64)
    draw = hashed(seed, customers, place)
    if customers == "corporate_or_fund":
        return np.where(draw < 0.22, FUND, CORPORATE)
    return np.where(draw < 0.35, CORPORATE, RETAIL)


def is_established(number: Ints, seed: int) -> NDArray[np.bool_]:
    """Whether a counterparty has an established relationship with the bank."""
    return hashed(seed, "relationship", number) < 0.85


def counterparty_table(pools: Pools, seed: int, as_of: int) -> pa.Table:
    """Every counterparty of every pool, one row each."""
    sizes = np.asarray(pools.sizes, dtype=np.int64)
    pool = np.repeat(np.arange(len(sizes)), sizes)
    within = np.concatenate([np.arange(size) for size in sizes])
    number = pool * POOL_SIZE + within
    ids = padded(number, ID_WIDTH)
    home, nation = within % 2, np.floor(hashed(seed, "country", number) * 4).astype(np.int64)
    is_group = pool == GROUP
    turnover = np.floor(np.exp(hashed(seed, "turnover", number) * 4.0) * 500_000).astype(np.int64)
    has_turnover = (pool == SMALL) | (pool == CORPORATE)
    scale = np.where(pool == CORPORATE, 40, 1)
    legal = pool != RETAIL
    return extract_table(
        "counterparty",
        len(pool),
        {
            "as_of_date": as_of,
            "counterparty_id": ids,
            "name": pc.binary_join_element_wise(
                pa.array(POOL_NAMES).take(pa.array(pool)), ids, " "
            ),
            "counterparty_type": Coded(pool, POOL_TYPES),
            "lei": pc.if_else(pa.array(legal & (pool != SMALL)), _lei(number), pa.scalar(None)),
            "risk_group_id": pc.if_else(
                pa.array(pool == CORPORATE), padded(within // 3, 7), pa.scalar(None, pa.string())
            ),
            "country": Coded(home * 4 + np.where(is_group, 0, nation), COUNTRIES[0] + COUNTRIES[1]),
            "rating": Coded(pool, RATINGS),
            "turnover_amount": np.ma.MaskedArray(turnover * scale * 100, ~has_turnover),
            "is_established_relationship": is_established(number, seed) | is_group,
            "intragroup_entity_id": Coded(np.where(is_group, within, 2), (*ENTITIES, None)),
        },
    )


def _lei(number: Ints) -> pa.Array:
    body = pc.utf8_lpad(pc.cast(pa.array(number), pa.string()), 14, "0")
    return pc.binary_join_element_wise(pa.scalar("DEMO"), body, pa.scalar("00"), "")
