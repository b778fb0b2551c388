"""The records of arrays that the engine takes and returns.

Answers: which fields a position, a curve set, a behaviour table and a bucket set have, in which
type and unit. Every constructor checks shape, type and finiteness once; kernels check nothing.
Dates are int32 calendar-day offsets from the as-of date; rates are decimals per year.

What does not belong here: reading tables (the array bridge), arithmetic of any kind.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from enum import IntEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine import array_fields
from alm_pipeline.errors import CalculationError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]
CountArray = NDArray[np.int64]
"""Integers inside kernels: one width, so that each kernel is compiled once."""
BoolArray = NDArray[np.bool_]

NO_DATE = -(2**31)
"""Offset that stands for a null date where the null has a meaning."""
MAX_OFFSET = 2**31 - 1
"""Upper bound of the last bucket of a bucket set."""

NO_CODE = -1
"""Code of a curve, index or cohort that a position does not have."""

SPOT_TENOR_MONTHS = 1
"""Tenor of the index that administered rates follow, in months."""


class CashFlowModel(IntEnum):
    """How a position's cash flows are generated."""

    BULLET = 0
    ANNUITY = 1
    LINEAR = 2
    INTEREST_ONLY_THEN_ANNUITY = 3
    NON_MATURITY = 4
    REVOLVING = 5
    SWAP_LEG = 6
    CAP_FLOOR = 7
    COMMITMENT = 8
    NON_PERFORMING = 9
    BALANCE_ONLY = 10


class RateType(IntEnum):
    """How a position's rate moves."""

    FIXED = 0
    FLOATING = 1
    ADMINISTERED = 2


class OptionType(IntEnum):
    """What a CAP_FLOOR position pays."""

    NONE = 0
    CAP = 1
    FLOOR = 2


class EventType(IntEnum):
    """What an event row is."""

    DRAW = 0
    INTEREST = 1
    SCHEDULED_PRINCIPAL = 2
    PREPAYMENT = 3
    WRITE_OFF = 4
    CAPITALISATION = 5
    RESET = 6
    FEE = 7


@dataclass(frozen=True, kw_only=True)
class Positions:
    """Terms of ``n`` positions, one array element each.

    Signs: ``principal`` and every amount are unsigned; ``sign`` is +1 when the bank receives the
    principal or leg, -1 when it pays. The projection applies it once.
    Sentinels: ``NO_DATE`` for a date that does not exist, ``inf`` for a cap or periodic bound and
    ``-inf`` for a floor that does not exist, ``NO_CODE`` for a missing curve, index or cohort.
    ``index_tenor`` and ``replacement_tenor`` are rows of ``conventions.tenor.INDEX_TENOR_MONTHS``.
    Penalties are paid to the bank by who leaves early: ``penalty_rate``, a share of what leaves,
    and ``penalty_months``, so many months of its interest at the rate in force, both beyond
    ``free_prepayment_amount`` of each contract; ``penalty_amount``, fixed for the whole contract.
    Nobody prepays up to ``lockout_offset``. ``is_term_shortened``: who prepays ends sooner; else
    instalments shrink. ``next_index_rate``: index of the next reset if fixed, else ``inf``.
    ``premium_amount``: carried above the principal, or below it (negative). ``prepayment_row``:
    of ``Behaviour.annual_prepayment_rate``, the cohort's unless given.
    """

    sign: NDArray[np.int8] = array_fields.i1()
    model: NDArray[np.int8] = array_fields.i1()
    principal: FloatArray = array_fields.f8()
    accrued_interest: FloatArray = array_fields.f8()
    impairment_amount: FloatArray = array_fields.f8()
    rate_type: NDArray[np.int8] = array_fields.i1()
    coupon_rate: FloatArray = array_fields.f8()
    spread_rate: FloatArray = array_fields.f8()
    rate_multiplier: FloatArray = array_fields.f8()
    margin_rate: FloatArray = array_fields.f8()
    cap_rate: FloatArray = array_fields.f8()
    floor_rate: FloatArray = array_fields.f8()
    period_cap_rate: FloatArray = array_fields.f8()
    period_floor_rate: FloatArray = array_fields.f8()
    discount_curve: NDArray[np.int16] = array_fields.i2()
    index_curve: NDArray[np.int16] = array_fields.i2()
    index_tenor: NDArray[np.int16] = array_fields.i2()
    day_count: NDArray[np.int8] = array_fields.i1()
    fixing_lag_days: NDArray[np.int16] = array_fields.i2()
    start_offset: IntArray = array_fields.i4()
    maturity_offset: IntArray = array_fields.i4()
    last_payment_offset: IntArray = array_fields.i4()
    next_payment_offset: IntArray = array_fields.i4()
    next_reset_offset: IntArray = array_fields.i4()
    interest_only_end_offset: IntArray = array_fields.i4()
    recovery_offset: IntArray = array_fields.i4()
    payment_months: NDArray[np.int16] = array_fields.i2()
    principal_months: NDArray[np.int16] = array_fields.i2()
    reset_months: NDArray[np.int16] = array_fields.i2()
    payment_days: NDArray[np.int16] = array_fields.i2()
    roll_day: NDArray[np.int8] = array_fields.i1()
    is_end_of_month: BoolArray = array_fields.b1()
    date_adjustment: NDArray[np.int8] = array_fields.i1()
    payment_amount: FloatArray = array_fields.f8()
    amortisation_payments: IntArray = array_fields.i4()
    balloon_amount: FloatArray = array_fields.f8()
    option_type: NDArray[np.int8] = array_fields.i1()
    strike_rate: FloatArray = array_fields.f8()
    cohort: IntArray = array_fields.i4()
    is_prepayable: BoolArray = array_fields.b1()
    is_redeemable: BoolArray = array_fields.b1()
    replacement_tenor: NDArray[np.int16] = array_fields.i2()
    replacement_margin: FloatArray = array_fields.f8()
    group: IntArray = array_fields.i4()
    is_eve: BoolArray = array_fields.b1()
    is_nii: BoolArray = array_fields.b1()
    penalty_rate: FloatArray = array_fields.absent("f8", 0.0)
    penalty_months: FloatArray = array_fields.absent("f8", 0.0)
    penalty_amount: FloatArray = array_fields.absent("f8", 0.0)
    lockout_offset: IntArray = array_fields.absent("i4", NO_DATE)
    is_term_shortened: BoolArray = array_fields.absent("?", False)
    next_index_rate: FloatArray = array_fields.absent("f8", np.inf)
    free_prepayment_amount: FloatArray = array_fields.absent("f8", 0.0)
    premium_amount: FloatArray = array_fields.absent("f8", 0.0)
    prepayment_row: IntArray = array_fields.absent("i4", NO_CODE)

    def __post_init__(self) -> None:
        """Check every array once."""
        n = (len(self.sign),)
        for item in fields(self):
            value, dtype = getattr(self, item.name), np.dtype(item.metadata["dtype"])
            if value is None:
                value = np.full(n, item.metadata["absent"], dtype)
            object.__setattr__(self, item.name, array_fields.checked(item.name, value, dtype, n))

    def __len__(self) -> int:
        """Return the number of positions."""
        return len(self.sign)

    @property
    def n_groups(self) -> int:
        """Return the number of aggregation rows, highest code plus one."""
        return int(self.group.max()) + 1 if len(self) else 0

    def take(self, rows: NDArray[Any] | slice) -> Self:
        """Return the positions of ``rows``, in that order."""
        return type(self)(**{item.name: getattr(self, item.name)[rows] for item in fields(self)})


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Continuous ACT/365F zero rates on nodes.

    ``tenor_days`` (m,) int32 increasing, first above zero; ``zero_rates`` (n_scenarios, n_curves,
    m); ``base_zero_rates`` (n_curves, m), the unshocked curves, which the administered rates
    remember. Linear in the zero rate between nodes, flat beyond both ends.
    ``index_year_days`` (n_curves,): actual days of the year in which the curve's indices accrue
    (360 or 365); default 360.
    """

    tenor_days: IntArray
    zero_rates: FloatArray
    base_zero_rates: FloatArray
    index_year_days: FloatArray = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        """Check every array once."""
        rates = np.asarray(self.zero_rates)
        if rates.ndim != 3 or rates.shape[2] != len(self.tenor_days):
            raise CalculationError(
                f"zero_rates has shape {rates.shape}",
                detail=f"{len(self.tenor_days)} tenors",
                fix="give (n_scenarios, n_curves, n_tenors)",
            )
        n_curves, n_nodes = rates.shape[1:]
        basis = self.index_year_days if len(self.index_year_days) else np.full(n_curves, 360.0)
        for name, value, dtype, shape in (
            ("tenor_days", self.tenor_days, "i4", (n_nodes,)),
            ("zero_rates", rates, "f8", rates.shape),
            ("base_zero_rates", self.base_zero_rates, "f8", (n_curves, n_nodes)),
            ("index_year_days", basis, "f8", (n_curves,)),
        ):
            object.__setattr__(
                self, name, array_fields.checked(name, value, np.dtype(dtype), shape)
            )
        if (np.diff(self.tenor_days) <= 0).any():
            raise CalculationError("tenor_days do not increase", fix="sort the nodes by tenor")

    @property
    def n_scenarios(self) -> int:
        """Return the number of scenarios."""
        return int(self.zero_rates.shape[0])

    @property
    def n_curves(self) -> int:
        """Return the number of curves."""
        return int(self.zero_rates.shape[1])


@dataclass(frozen=True, kw_only=True)
class Volatilities:
    """Normal volatilities of the indices of every curve, by time until the fixing.

    ``expiry_days`` (m,) int32 increasing, first above zero; ``normal_volatilities`` (n_scenarios,
    n_curves, m) [decimal per year and root year], zero or positive: 0.0085 is 85 bp. Linear
    between nodes, flat beyond both ends. ``is_quoted`` (n_curves,): a curve without quotes holds
    zeros, and a position with an option on it is refused.
    """

    expiry_days: IntArray
    normal_volatilities: FloatArray
    is_quoted: BoolArray

    def __post_init__(self) -> None:
        """Check every array once."""
        shape, m = np.shape(self.normal_volatilities), len(self.expiry_days)
        if len(shape) != 3 or shape[2] != m or m == 0:
            raise CalculationError(
                f"normal_volatilities has shape {shape}",
                detail=f"{m} expiries",
                fix="give (n_scenarios, n_curves, n_expiries), one expiry or more",
            )
        for name, dtype, one in (
            ("expiry_days", "i4", (m,)),
            ("normal_volatilities", "f8", shape),
            ("is_quoted", "?", (shape[1],)),
        ):
            value = array_fields.checked(name, getattr(self, name), np.dtype(dtype), one)
            object.__setattr__(self, name, value)
        if (np.diff(self.expiry_days, prepend=0) <= 0).any():
            raise CalculationError("expiry_days do not increase", fix="sort the nodes by expiry")
        if not ((self.normal_volatilities >= 0.0) & (self.normal_volatilities < np.inf)).all():
            raise CalculationError("a volatility is negative or infinite", fix="correct the quote")


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What customers do, one row per cohort.

    ``annual_prepayment_rate`` (n_rows, n_scenarios) or (n_rows, n_months, n_scenarios):
    conditional prepayment rate per year, month by month, the last one for ever; a row for each
    cohort, then those that positions name (``prepayment_row``).
    ``redemption_share`` (n_cohorts, n_scenarios): share of a term deposit withdrawn overnight. The
    rest is (n_cohorts,): ``core_share`` and ``core_run_off_months`` of balances without maturity,
    ``pass_through_up/down`` (or by scenario) of the index, ``lag_months``, ``rate_floor``.
    ``run_off_profile`` (n_cohorts, n_slots): share of a balance that leaves overnight and at the
    end of month 1, 2, ...; a cohort with a profile needs no core. ``draw_profile`` (n_cohorts,
    n_months) or (n_cohorts, n_months, n_scenarios): share of an undrawn line drawn at the end of
    month 1, 2, ... Without slots: none.
    """

    annual_prepayment_rate: FloatArray
    redemption_share: FloatArray
    core_share: FloatArray
    core_run_off_months: IntArray
    pass_through_up: FloatArray
    pass_through_down: FloatArray
    lag_months: IntArray
    rate_floor: FloatArray
    run_off_profile: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    draw_profile: FloatArray = field(default_factory=lambda: np.empty((0, 0)))

    def __post_init__(self) -> None:
        """Check every array once."""
        n = (len(self.core_share),)
        rates = np.shape(self.annual_prepayment_rate)
        if len(rates) not in (2, 3) or rates[0] < n[0] or 0 in rates[1:-1]:
            raise CalculationError(
                f"annual_prepayment_rate has shape {rates}",
                fix="give (n_rows, n_scenarios) or (n_rows, n_months, n_scenarios), a row a cohort",
            )
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys((item.name for item in fields(self)), n)
        by_column = [x for x in shapes if x.startswith("pass_") and np.ndim(getattr(self, x)) == 2]
        shapes |= dict.fromkeys(("redemption_share", *by_column), (n[0], rates[-1]))
        shapes["annual_prepayment_rate"] = rates
        for name in ("run_off_profile", "draw_profile"):
            given = np.asarray(getattr(self, name), np.float64)
            profile = given if given.size else np.zeros((n[0], 0))
            object.__setattr__(self, name, profile)
            by_scenario = (rates[-1],) if name == "draw_profile" and profile.ndim == 3 else ()
            shapes[name] = (n[0], profile.shape[1], *by_scenario)
        for name, shape in shapes.items():
            dtype = np.dtype("i4" if name.endswith("_months") else "f8")
            object.__setattr__(
                self, name, array_fields.checked(name, getattr(self, name), dtype, shape)
            )
        self._check_shares()

    @property
    def n_scenarios(self) -> int:
        """Return the number of scenarios."""
        return int(self.redemption_share.shape[1])

    @property
    def monthly_prepayment_rate(self) -> FloatArray:
        """Return the prepayment rates by month, (n_rows, n_months, n_scenarios)."""
        rates = self.annual_prepayment_rate
        return rates if rates.ndim == 3 else rates[:, None]

    @property
    def monthly_draw_share(self) -> FloatArray:
        """Return the shares drawn by month, (n_cohorts, n_months, n_scenarios)."""
        one = self.draw_profile
        return one if one.ndim == 3 else np.repeat(one[:, :, None], self.n_scenarios, axis=2)

    def repeated(self, n_scenarios: int) -> Behaviour:
        """Return the same behaviour, of one scenario, under several."""
        return replace(
            self,
            annual_prepayment_rate=np.repeat(self.annual_prepayment_rate, n_scenarios, -1),
            redemption_share=np.repeat(self.redemption_share, n_scenarios, -1),
            draw_profile=np.repeat(self.monthly_draw_share, n_scenarios, -1),
        )

    def _check_shares(self) -> None:
        names = ("annual_prepayment_rate", "redemption_share", "core_share")
        for name in (*names, "run_off_profile", "draw_profile"):
            value = getattr(self, name)
            if ((value < 0.0) | (value > 1.0)).any():
                raise CalculationError(f"{name} outside 0 to 1", fix="give shares as decimals")
        gone = self.run_off_profile.sum(axis=1)
        if ((gone != 0.0) & (np.abs(gone - 1.0) > 1e-9)).any():
            raise CalculationError("a run-off profile does not sum to 1", fix="let all of it leave")
        if (self.draw_profile.sum(axis=1) > 1.0 + 1e-9).any():
            raise CalculationError("more than the line is drawn", fix="give shares of the line")

    @classmethod
    def none(cls, n_scenarios: int) -> Behaviour:
        """Return the table without cohorts: contractual terms only."""
        empty, months = np.empty(0), np.empty(0, np.int32)
        by_scenario = np.empty((0, n_scenarios))
        shares = ("core_share", "pass_through_up", "pass_through_down", "rate_floor")
        return cls(
            annual_prepayment_rate=by_scenario,
            redemption_share=by_scenario,
            core_run_off_months=months,
            lag_months=months,
            **dict.fromkeys(shares, empty),
        )


@dataclass(frozen=True, kw_only=True)
class Buckets:
    """One bucket set: ``(lower, upper]`` in days from the as-of date; the last is open.

    ``is_by_repricing``: it holds principal on the day its rate is set next, not cash on its day.
    """

    name: str
    upper_offset: IntArray
    is_by_repricing: bool = False

    def __post_init__(self) -> None:
        """Check the bounds."""
        n = (len(self.upper_offset),)
        value = array_fields.checked("upper_offset", self.upper_offset, np.dtype("i4"), n)
        object.__setattr__(self, "upper_offset", value)
        if n[0] == 0 or (np.diff(value.astype(np.int64)) <= 0).any() or value[-1] != MAX_OFFSET:
            raise CalculationError(
                f"bucket set {self.name} does not cover every date once",
                fix="give increasing upper bounds, the last one MAX_OFFSET",
            )
