"""The terms of one contract that has schedules of its own, unsigned, with its dates as agreed.

Which action happens on which date is ``steps``' business; terms of other systems are mapped in
``alm_pipeline.inputs``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from alm_pipeline.engine.conventions.cycle import Cycle, Grid, Shift


class Kind(Enum):
    """How principal is repaid."""

    BULLET = "at maturity"
    LINEAR = "in equal amounts"
    NEGATIVE_AMORTISING = "by a given instalment, less interest"
    ANNUITY = "by a computed instalment, less interest"
    SEGMENTS = "by amounts of each segment"
    CALL = "after notice"
    NON_MATURITY = "never"


class BaseRule(Enum):
    """What interest is calculated on."""

    PRINCIPAL = "the running principal"
    LAGGED = "the principal as of given dates"
    INITIAL = "the principal at the start"
    UNTIL_CHANGE = "a given amount until the principal changes, from then on the principal"


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of an array schedule, up to the start of the next one.

    Attributes
    ----------
    value : float
        Amount repaid (negative: drawn) of a principal segment; rate or spread of a reset segment.
    is_reset_to_index : bool
        A reset segment follows the index plus `value` instead of taking it as the rate.
    """

    grid: Grid
    value: float = 0.0
    is_reset_to_index: bool = False


@dataclass(frozen=True, kw_only=True)
class Contract:
    """Terms of one contract, unsigned, with its dates as agreed.

    Attributes
    ----------
    status_date : datetime
        Nothing at or before this moment is shown; `principal` is what is owed then, if it started.
    rate : float or None
        None: the contract pays no interest.
    payment : float or None
        Instalment; None where it follows from the terms.
    observed : callable or None
        Returns the index observed for an unshifted reset date; None: the index comes from a curve.
    next_index : float or None
        Index of the first reset after the status date where it is fixed already.
    index_cycle : Cycle or None
        Tenor of the index; one that equals the reset cycle runs to the next reset.
    unit : float
        What interest and instalments are rounded to; 0 for nothing.
    year_fraction : callable
        Years between two dates in the contract's day count.
    fixing_lag : int
        Business days before a reset on which its index is read.
    is_interest_in_advance : bool
        Interest is paid at the start of each period.
    is_reset_in_arrears : bool
        A period's rate is fixed at its end.
    has_own_years : bool
        The year fractions are those of `year_fraction`; otherwise the engine's day count says.
    movements : tuple of (datetime, float)
        Amounts known to be repaid (negative: drawn) outside any schedule.
    rate_steps : tuple of (datetime, float)
        Rates agreed for the time from given days on: no repricing. An annuity's instalment is
        computed anew.
    agreed_interest : tuple of (datetime, float)
        Interest amounts agreed for given days, whatever the rate; each is the interest since the
        payment of interest before.
    fees : tuple of (datetime, float)
        Paid on agreed days by who owes the principal.
    past_due_principal, past_due_interest : float
        Parts of `principal` and `accrued_interest` that were due by the status date and are
        unpaid; they are paid on the day after it.
    is_prepayable : bool
        Customers prepay after each payment, once everything is drawn.
    is_redeemable : bool
        Customers withdraw on the day after the status date.
    last_payment_date : datetime or None
        Payment before the status date, from which the first prepayment counts.
    drops_unpaid_interest : bool
        As the ACTUS vectors do: interest since the start is lost where no interest date lies
        between it and the status date. For replaying the vectors only.
    """

    kind: Kind
    status_date: datetime
    start_date: datetime
    principal: float
    year_fraction: Callable[[datetime, datetime], float]
    rate: float | None = None
    maturity_date: datetime | None = None
    amortisation_date: datetime | None = None
    accrued_interest: float | None = None
    payment: float | None = None
    interest: Grid | None = None
    redemption: Grid | None = None
    reset: Grid | None = None
    scaling: Grid | None = None
    base: Grid | None = None
    base_rule: BaseRule = BaseRule.PRINCIPAL
    base_amount: float | None = None
    capitalised_until: datetime | None = None
    next_reset_rate: float | None = None
    spread: float = 0.0
    is_end_of_month: bool = False
    shift: Shift = field(default_factory=Shift)
    purchase_date: datetime | None = None
    termination_date: datetime | None = None
    call_date: datetime | None = None
    notice: Cycle | None = None
    horizon: datetime | None = None
    principal_segments: tuple[Segment, ...] = ()
    interest_segments: tuple[Segment, ...] = ()
    reset_segments: tuple[Segment, ...] = ()
    observed: Callable[[datetime], float] | None = None
    next_index: float | None = None
    index_cycle: Cycle | None = None
    unit: float = 0.0
    fixing_lag: int = 0
    is_interest_in_advance: bool = False
    is_reset_in_arrears: bool = False
    has_own_years: bool = False
    movements: tuple[tuple[datetime, float], ...] = ()
    rate_steps: tuple[tuple[datetime, float], ...] = ()
    agreed_interest: tuple[tuple[datetime, float], ...] = ()
    fees: tuple[tuple[datetime, float], ...] = ()
    past_due_principal: float = 0.0
    past_due_interest: float = 0.0
    is_prepayable: bool = False
    is_redeemable: bool = False
    last_payment_date: datetime | None = None
    drops_unpaid_interest: bool = False

    @property
    def has_started(self) -> bool:
        """Say whether the principal was paid out by the status date."""
        return self.start_date <= self.status_date
