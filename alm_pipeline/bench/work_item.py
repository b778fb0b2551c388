"""The work item that is measured: a seeded book, a curve with six shocks, time buckets.

It is given by numbers alone, so that any implementation can be measured on it: the random draws
stand in a fixed order, and ``Book.fingerprint`` tells whether two books are the same. On
31 December 2025 the book holds

=====================  =====  ================  =============  ==========================
kind                   share  paid              original term  rate
=====================  =====  ================  =============  ==========================
annuity loan            40 %  every month       5 to 30 years  fixed
bond, half are issued   15 %  every six months  2 to 15 years  fixed
linear loan             15 %  every quarter     2 to 15 years  fixed
floating annuity loan   20 %  every month       5 to 30 years  reset after 3, 6, 12 months
term deposit            10 %  at maturity       1 to 60 months fixed
=====================  =====  ================  =============  ==========================

Contracts roll on any day of the month, clipped to its last day, without business days. A level
payment is recomputed at every reset from ``max(0, forward + spread)``. Zero rates are continuous
ACT/365F, linear between nodes and flat outside them; shocks move the nodes, without a floor.

What does not belong here: the engine's words for a contract (``positions``), time (``measure``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import MAX_OFFSET, FloatArray, IntArray
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.months import months_after
from alm_pipeline.engine.scenarios.shocks import BASIS_POINT, ShockShape, ShockSize, shock_bp

SEED = 20251231
AS_OF_DATE = np.datetime64("2025-12-31")
AS_OF_MONTH = int(AS_OF_DATE.astype("datetime64[M]").astype(np.int64))
"""Months are counted from January 1970."""


class Kind(IntEnum):
    """What a contract is."""

    ANNUITY_LOAN = 0
    BOND = 1
    LINEAR_LOAN = 2
    FLOATING_LOAN = 3
    TERM_DEPOSIT = 4


class Product(NamedTuple):
    """How the contracts of one kind are drawn.

    The original term is ``shortest`` to ``longest`` times ``unit_months``; ``payment_months`` is
    0 where everything is paid at maturity.
    """

    share: float
    shortest: int
    longest: int
    unit_months: int
    payment_months: int
    lowest_rate: float
    highest_rate: float


PRODUCTS = {
    Kind.ANNUITY_LOAN: Product(0.40, 5, 30, 12, 1, 0.010, 0.060),
    Kind.BOND: Product(0.15, 2, 15, 12, 6, 0.005, 0.050),
    Kind.LINEAR_LOAN: Product(0.15, 2, 15, 12, 3, 0.010, 0.060),
    Kind.FLOATING_LOAN: Product(0.20, 5, 30, 12, 1, 0.020, 0.060),
    Kind.TERM_DEPOSIT: Product(0.10, 1, 60, 1, 0, 0.005, 0.035),
}
RESET_MONTHS = (3, 6, 12)
DAY_COUNTS = (
    DayCount.THIRTY_E_360,
    DayCount.ACT_360,
    DayCount.ACT_365F,
    DayCount.ACT_ACT_ISDA,
)
"""Meaning of ``Book.day_count``."""

DAY_COUNT_SHARES = (0.40, 0.25, 0.25, 0.10)
ISSUED_SHARE = 0.5
"""Share of the bonds that the bank has issued."""

NODES = (
    (0.0027, 0.0193),
    (1 / 12, 0.0194),
    (0.25, 0.0200),
    (0.5, 0.0205),
    (1.0, 0.0212),
    (2.0, 0.0220),
    (3.0, 0.0231),
    (5.0, 0.0252),
    (7.0, 0.0270),
    (10.0, 0.0290),
    (15.0, 0.0308),
    (20.0, 0.0313),
    (30.0, 0.0309),
    (40.0, 0.0300),
)
"""Years and zero rates of the base curve."""

NODE_YEARS = np.array([years for years, _ in NODES])
NODE_ZERO_RATES = np.array([rate for _, rate in NODES])
SHOCK_SIZE = ShockSize(parallel=200.0, short=250.0, long=100.0)
SHOCK_SHAPES = {
    "parallel_up": ShockShape(parallel=1.0),
    "parallel_down": ShockShape(parallel=-1.0),
    "steepener": ShockShape(short=-0.65, long=0.9),
    "flattener": ShockShape(short=0.8, long=-0.6),
    "short_up": ShockShape(short=1.0),
    "short_down": ShockShape(short=-1.0),
}
"""The six shocks of BCBS d368; scenario 0 is the unshocked curve."""

BUCKET_MONTHS = (1, 3, 6, 9, 12, 18, 24, 36, 48, 60, 72, 84, 96, 108, 120, 180, 240)
"""Upper bounds between the first bucket, overnight, and the last one, which is open."""


@dataclass(frozen=True, kw_only=True)
class Book:
    """Terms of ``n`` contracts, one array element each, in the order of the fingerprint.

    ``sign`` is -1 for what the bank owes; ``last_payment_month`` is the month of the latest
    payment up to the as-of date, or of the issue; ``principal`` is what is outstanding.
    """

    number: NDArray[np.int64]
    kind: NDArray[np.int8]
    sign: NDArray[np.int8]
    day_count: NDArray[np.int8]
    roll_day: NDArray[np.int8]
    payment_months: NDArray[np.int16]
    reset_months: NDArray[np.int8]
    issue_month: NDArray[np.int32]
    term_months: NDArray[np.int16]
    elapsed_months: NDArray[np.int16]
    last_payment_month: NDArray[np.int32]
    payments_left: NDArray[np.int16]
    principal: FloatArray
    coupon_rate: FloatArray
    spread_rate: FloatArray

    def __len__(self) -> int:
        """Return the number of contracts."""
        return len(self.number)

    @property
    def n_payments(self) -> int:
        """Return how many payments are still to come, over all contracts."""
        return int(self.payments_left.sum())

    @property
    def fingerprint(self) -> str:
        """Return the hash of all bytes, field by field."""
        digest = hashlib.sha256()
        for item in fields(self):
            digest.update(np.ascontiguousarray(getattr(self, item.name)).tobytes())
        return digest.hexdigest()[:16]


def make_book(n_contracts: int, seed: int = SEED) -> Book:
    """Return the book of ``n_contracts``; the draws below must keep their order."""
    rng, n = np.random.default_rng(seed), n_contracts
    kind = rng.permutation(np.repeat(np.arange(len(PRODUCTS), dtype=np.int8), _counts(n)))
    term_months = _drawn_terms(rng, kind)
    elapsed_months = np.floor(rng.random(n) * term_months).astype(np.int64)
    roll_day = rng.integers(1, 32, n)
    principal = np.asarray(np.exp(rng.normal(11.5, 1.0, n)), np.float64).round(2)
    coupon_rate = _drawn_rates(rng, kind)
    spread_rate = np.round(0.005 + 0.02 * rng.random(n), 5)
    reset_months = np.where(kind == Kind.FLOATING_LOAN, rng.choice(RESET_MONTHS, n), 0)
    day_count = rng.choice(len(DAY_COUNTS), n, p=DAY_COUNT_SHARES)
    is_issued = (kind == Kind.BOND) & (rng.random(n) < ISSUED_SHARE)

    regular = _by_kind("payment_months", kind)
    payment_months = np.where(regular == 0, term_months, regular)
    n_paid = elapsed_months // payment_months
    issue_month = AS_OF_MONTH - elapsed_months
    return Book(
        number=np.arange(n, dtype=np.int64),
        kind=kind,
        sign=np.where(is_issued | (kind == Kind.TERM_DEPOSIT), -1, 1).astype(np.int8),
        day_count=day_count.astype(np.int8),
        roll_day=roll_day.astype(np.int8),
        payment_months=payment_months.astype(np.int16),
        reset_months=reset_months.astype(np.int8),
        issue_month=issue_month.astype(np.int32),
        term_months=term_months.astype(np.int16),
        elapsed_months=elapsed_months.astype(np.int16),
        last_payment_month=(issue_month + n_paid * payment_months).astype(np.int32),
        payments_left=(term_months // payment_months - n_paid).astype(np.int16),
        principal=principal,
        coupon_rate=coupon_rate,
        spread_rate=spread_rate,
    )


def _by_kind(name: str, kind: NDArray[np.int8]) -> NDArray[Any]:
    """Return a figure of each contract's product."""
    figures: NDArray[Any] = np.array([getattr(PRODUCTS[one], name) for one in Kind])[kind]
    return figures


def _counts(n_contracts: int) -> NDArray[np.int64]:
    """Return how many contracts each kind has; the first kind takes what rounding leaves."""
    shares = np.array([product.share for product in PRODUCTS.values()])
    counts: NDArray[np.int64] = np.floor(shares * n_contracts).astype(np.int64)
    counts[0] += n_contracts - counts.sum()
    return counts


def _drawn_terms(rng: np.random.Generator, kind: NDArray[np.int8]) -> NDArray[np.int64]:
    """Return the original terms in months, drawn kind by kind."""
    months = np.empty(len(kind), np.int64)
    for one, product in PRODUCTS.items():
        is_kind = kind == one
        units = rng.integers(product.shortest, product.longest + 1, is_kind.sum())
        months[is_kind] = units * product.unit_months
    return months


def _drawn_rates(rng: np.random.Generator, kind: NDArray[np.int8]) -> FloatArray:
    """Return the rates now in force, uniform between the bounds of the kind."""
    lowest, highest = _by_kind("lowest_rate", kind), _by_kind("highest_rate", kind)
    drawn: FloatArray = np.round(lowest + (highest - lowest) * rng.random(len(kind)), 5)
    return drawn


def day_offsets(month: NDArray[np.integer], roll_day: NDArray[np.integer]) -> IntArray:
    """Return the days from the as-of date to a roll day, clipped to the month's last day.

    Parameters
    ----------
    month : (n,) integer [months]
        From January 1970.
    roll_day : (n,) integer
        1 to 31.

    Examples
    --------
    >>> day_offsets(np.array([672, 673]), np.array([15, 31]))  # January and February 2026
    array([15, 59], dtype=int32)
    """
    months = month.astype(np.int64)
    first = months.astype("datetime64[M]").astype("datetime64[D]")
    length = ((months + 1).astype("datetime64[M]").astype("datetime64[D]") - first).astype(np.int64)
    day = first + (np.minimum(roll_day, length) - 1).astype("timedelta64[D]")
    return np.asarray((day - AS_OF_DATE).astype(np.int32))


def curve_days() -> IntArray:
    """Return the whole days on which the curve must be known: beside each node, before and after.

    Between two of them it is a straight line, so nothing is lost although nodes lie within days.
    """
    days = NODE_YEARS * 365.0
    beside = np.unique(np.concatenate([np.floor(days), np.ceil(days)])).astype(np.int32)
    return beside[beside > 0]


def zero_rates(days: IntArray, shock_scales: tuple[float, ...] = (1.0,)) -> FloatArray:
    """Return the base curve and, for every scale, the six shocked ones.

    Parameters
    ----------
    days : (n_days,) int32 [days]
    shock_scales : tuple of float
        1 for the shocks as they are.

    Returns
    -------
    (1 + 6 * n_scales, n_days) float64 [decimal per year, continuous ACT/365F]
    """
    moves = [
        scale * shock_bp(NODE_YEARS, shape, SHOCK_SIZE) * BASIS_POINT
        for scale in shock_scales
        for shape in SHOCK_SHAPES.values()
    ]
    nodes = [NODE_ZERO_RATES, *(NODE_ZERO_RATES + move for move in moves)]
    return np.array([np.interp(days / 365.0, NODE_YEARS, rates) for rates in nodes])


def bucket_bounds() -> IntArray:
    """Return the last day of each of the 19 buckets: overnight, whole months, open."""
    month_ends = months_after(AS_OF_DATE, BUCKET_MONTHS[-1])[list(BUCKET_MONTHS)]
    return np.concatenate([[1], month_ends, [MAX_OFFSET]]).astype(np.int32)
