"""What the challenger knows: a position's terms, its customers, a scenario, a date of a contract.

Amounts are unsigned, what reads them applies the sign; only a penalty (`Row.fee`) is always paid to
the bank.

What does not belong here: what happens on which date (`projection`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from alm_pipeline.audit.challenger.market import (
    Curve,
    in_month,
    month_end,
    months_later,
    moved,
    roll_of,
    tenor_end,
)
from alm_pipeline.inputs.prepayment_terms import PrepaymentTerms

NO_LIMIT = math.inf


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """What customers do; rates and shares by scenario.

    ``core_profile``: shares of the core that leave by month, empty where they are equal parts.
    ``drawn``: share of an undrawn line, drawn in equal parts at the ends of ``draw_months`` months.
    """

    prepayment: tuple[float, ...]
    redemption: tuple[float, ...]
    core_share: float = 0.0
    core_months: int = 0
    core_profile: tuple[float, ...] = ()
    up: tuple[float, ...] = ()
    down: tuple[float, ...] = ()
    lag: int = 0
    floor: float = -1.0
    drawn: tuple[float, ...] = ()
    draw_months: int = 0
    prepayment_terms: tuple[PrepaymentTerms | None, ...] = ()

    def terms(self, scenario: int) -> PrepaymentTerms | None:
        """Return how prepayment depends on age and rates; None where it is one rate."""
        return self.prepayment_terms[scenario] if self.prepayment_terms else None


@dataclass(frozen=True, kw_only=True)
class Held:
    """The terms of one position.

    Who leaves early pays ``penalty_share`` of what leaves, ``penalty_months`` of its interest, or
    his share of ``penalty_amount``, due on the whole contract; the first two not on ``free_amount``
    of the whole contract. Nobody prepays up to ``lockout``.
    Who prepays pays a smaller instalment, or with ``is_term_shortened`` the same one and ends
    sooner. ``next_index``: the index of the next reset, where it was fixed by the as-of date.
    """

    kind: str
    principal: float
    sign: int = 1
    rate: float = 0.0
    rate_type: str = "fixed"
    spread: float = 0.0
    multiplier: float = 1.0
    margin: float = 0.0
    cap: float = NO_LIMIT
    floor: float = -NO_LIMIT
    period_cap: float = NO_LIMIT
    period_floor: float = NO_LIMIT
    strike: float = 0.0
    discount_curve: int = 0
    index_curve: int = 0
    index_months: int = 3
    day_count: str = "act_365f"
    start: date | None = None
    last_payment: date | None = None
    next_payment: date | None = None
    maturity: date | None = None
    next_reset: date | None = None
    interest_only_end: date | None = None
    recovery: date | None = None
    payment_months: int = 0
    principal_months: int = 0
    reset_months: int = 0
    roll_day: int = 31
    payment: float = 0.0
    n_amortisation: int = 0
    balloon: float = 0.0
    accrued: float = 0.0
    impairment: float = 0.0
    cohort: Cohort | None = None
    replacement_months: int = 12
    replacement_margin: float = 0.0
    convention: str = "none"
    closed: frozenset[date] = frozenset()
    is_end_of_month: bool = False
    penalty_share: float = 0.0
    penalty_months: float = 0.0
    penalty_amount: float = 0.0
    free_amount: float = 0.0
    lockout: date | None = None
    is_term_shortened: bool = False
    next_index: float | None = None

    @property
    def is_leg(self) -> bool:
        """Say whether the principal is a notional."""
        return self.kind in ("swap leg", "cap", "floor")

    @property
    def is_constant(self) -> bool:
        """Say whether income assumes a balance that stays."""
        return self.kind in ("non-maturity", "revolving")

    def grid(self, anchor: date, step: int) -> Iterator[date]:
        """Yield the dates of a grid of months from one of its dates on, moved to business days."""
        return map(self.moved, self.agreed_grid(anchor, step))

    def agreed_grid(self, anchor: date, step: int) -> Iterator[date]:
        """Yield the same dates as agreed.

        The anchor is as agreed, or moved already, out of its month too.
        """
        for shift in (0, -1, 1):
            agreed = in_month(anchor, shift, self.roll_day)
            if anchor in (agreed, self.moved(agreed)):
                origin, roll = in_month(anchor, shift, 1), self.roll_day
                break
        else:
            origin, roll = anchor, roll_of(anchor, self.roll_day)
        if self.is_end_of_month and anchor.day == month_end(anchor.year, anchor.month):
            origin, roll = anchor, 31
        yield anchor
        k = 1
        while True:
            yield in_month(origin, k * step, roll)
            k += 1

    def moved(self, day: date) -> date:
        """Return the business day of a date."""
        return moved(day, self.convention, self.closed)


@dataclass
class Row:
    """What happens on one date, after interest has run from `start` to `day`."""

    start: date
    day: date
    accrued: float = 0.0
    interest: float = 0.0
    base: float = 0.0
    scheduled: float = 0.0
    prepaid: float = 0.0
    fee: float = 0.0
    drawn: float = 0.0
    written_off: float = 0.0
    capitalised: float = 0.0
    balance: float = 0.0
    is_reset: bool = False


@dataclass(frozen=True)
class World:
    """One scenario: its curves, the curves before the shock, and where indices go."""

    as_of: date
    curves: tuple[Curve, ...]
    base: tuple[Curve, ...]
    scenario: int
    path: str = "forward"

    def index(self, curve: int, start: date, end: date, n_months: int) -> float:
        """Return the index of a period: along the forwards, or as it is today."""
        one = self.curves[curve]
        if self.path == "flat":
            return one.index(self.as_of, tenor_end(self.as_of, n_months))
        return one.index(start, end)

    def month_of(self, day: date) -> int:
        """Return the number of whole months between the as-of date and a day."""
        month = 12 * (day.year - self.as_of.year) + day.month - self.as_of.month
        return max(month if months_later(self.as_of, month) <= day else month - 1, 0)

    def move(self, held: Held, month: int) -> float:
        """Return what the market has added to an administered rate by a month."""
        cohort = held.cohort
        if cohort is None or month < cohort.lag:
            return 0.0
        seen = months_later(self.as_of, month - cohort.lag)
        now = self.index(held.index_curve, seen, tenor_end(seen, 1), 1)
        today = self.base[held.index_curve].index(self.as_of, tenor_end(self.as_of, 1))
        passed_on = cohort.up if now > today else cohort.down
        return (passed_on[self.scenario] if passed_on else 1.0) * (now - today)
