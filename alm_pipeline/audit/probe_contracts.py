"""Contracts made for proofs: a million of each, on dates counted from the as-of date.

Their values are known without the engine, from discount factors or from each other, whatever the
rates of the day are. They are in no book and in no total.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import numpy as np

from alm_pipeline.audit.challenger.contracts import Cohort, Held
from alm_pipeline.audit.challenger.market import months_later
from alm_pipeline.engine.arrays import (
    NO_CODE,
    NO_DATE,
    Behaviour,
    CashFlowModel,
    OptionType,
    Positions,
    RateType,
)
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import index_tenor

__all__ = [
    "CORE_MONTHS",
    "CORE_SHARE",
    "NOTIONAL",
    "N_PERIODS",
    "PREPAYMENT_RATE",
    "RATE",
    "ProbeDates",
    "plain_contracts",
    "probe_behaviour",
    "probe_positions",
    "probe_terms",
]

NOTIONAL = 1_000_000.0
RATE = 0.03
N_PERIODS = 20
PART = 0.3
"""What the first of two loans has of the whole one."""

PREPAYMENT_RATE, CORE_SHARE, CORE_MONTHS, WITHDRAWN_SHARE = 0.12, 0.6, 36, 0.2
"""What the customers of the probes do: one cohort prepays, of one the core stays, one withdraws."""

_PREPAYING, _STAYING, _WITHDRAWING = 0, 1, 2
_MONTH_END = 31


@dataclass(frozen=True)
class ProbeDates:
    """The quarterly grid of the probes: it starts in three months and ends five years later."""

    as_of: date

    def quarter(self, k: int) -> date:
        """Return the k-th date of the grid; number 0 is the start."""
        return months_later(self.as_of, 3 + 3 * k)

    def month(self, k: int) -> date:
        """Return the k-th month end after the as-of date."""
        return months_later(self.as_of, k)

    def offset(self, day: date) -> int:
        """Return the days from the as-of date."""
        return (day - self.as_of).days


_PLAIN: dict[str, Any] = {
    "sign": 1,
    "model": CashFlowModel.BULLET,
    "principal": NOTIONAL,
    "accrued_interest": 0.0,
    "impairment_amount": 0.0,
    "rate_type": RateType.FIXED,
    "coupon_rate": RATE,
    "spread_rate": 0.0,
    "rate_multiplier": 1.0,
    "margin_rate": 0.0,
    "cap_rate": np.inf,
    "floor_rate": -np.inf,
    "period_cap_rate": np.inf,
    "period_floor_rate": np.inf,
    "index_tenor": index_tenor("3M"),
    "day_count": DayCount.ACT_360,
    "fixing_lag_days": 0,
    "last_payment_offset": NO_DATE,
    "next_reset_offset": NO_DATE,
    "interest_only_end_offset": NO_DATE,
    "recovery_offset": NO_DATE,
    "payment_months": 3,
    "principal_months": 0,
    "reset_months": 0,
    "payment_days": 0,
    "roll_day": _MONTH_END,
    "is_end_of_month": False,
    "date_adjustment": 0,
    "payment_amount": 0.0,
    "amortisation_payments": 0,
    "balloon_amount": 0.0,
    "option_type": OptionType.NONE,
    "strike_rate": 0.0,
    "cohort": NO_CODE,
    "is_prepayable": False,
    "is_redeemable": False,
    "replacement_tenor": index_tenor("3M"),
    "replacement_margin": 0.0,
    "is_eve": True,
    "is_nii": True,
    "penalty_rate": 0.0,
    "is_term_shortened": False,
}


def probe_terms(dates: ProbeDates) -> dict[str, dict[str, Any]]:
    """Return what differs from a plain bond, by the probe's name."""
    return _rate_probes(dates) | _customer_probes(dates)


def _rate_probes(dates: ProbeDates) -> dict[str, dict[str, Any]]:
    """Return the probes that start on the first date of the grid and nobody leaves."""
    start = dates.offset(dates.quarter(0))
    leg = {"model": CashFlowModel.SWAP_LEG}
    floating = {
        "rate_type": RateType.FLOATING,
        "next_reset_offset": start,
        "reset_months": 3,
        "coupon_rate": 0.0,
    }
    option = {**floating, "model": CashFlowModel.CAP_FLOOR, "strike_rate": RATE}
    return {
        "bond": {},
        "debt": {"sign": -1},
        "principal": {"coupon_rate": 0.0},
        "coupons": leg,
        "floater": floating,
        "floating leg": {**floating, **leg, "sign": -1},
        "cap": {**option, "option_type": OptionType.CAP},
        "floor": {**option, "option_type": OptionType.FLOOR},
    }


def _customer_probes(dates: ProbeDates) -> dict[str, dict[str, Any]]:
    """Return the probes that run already, with what customers do."""
    start = dates.offset(dates.quarter(0))
    running: dict[str, Any] = {
        "start_offset": NO_DATE,
        "last_payment_offset": 0,
        "next_payment_offset": start,
    }
    annuity = {**running, "model": CashFlowModel.ANNUITY, "principal_months": 3}
    prepaying = {"cohort": _PREPAYING, "is_prepayable": True}
    ladder = {
        "model": CashFlowModel.NON_MATURITY,
        "sign": -1,
        "coupon_rate": 0.0,
        "maturity_offset": NO_DATE,
        "payment_months": 1,
        "cohort": _STAYING,
    }
    undated = {"start_offset": NO_DATE, "next_payment_offset": NO_DATE}
    withdrawing = {"sign": -1, "cohort": _WITHDRAWING, "is_redeemable": True}
    ending = {"maturity_offset": dates.offset(dates.month(5)), "payment_months": 0}
    return {
        "annuity": annuity,
        "part": {**annuity, "principal": PART * NOTIONAL},
        "rest": {**annuity, "principal": (1.0 - PART) * NOTIONAL},
        "deposit ladder": {**ladder, **undated},
        "prepaying loan": {**running, **prepaying, "day_count": DayCount.THIRTY_E_360},
        "prepaying annuity": {**annuity, **prepaying},
        "withdrawn deposit": {**running, **withdrawing},
        "maturing loan": {**running, **undated, **ending},
        "maturing leg": {**running, **undated, **ending, "model": CashFlowModel.SWAP_LEG},
    }


def probe_positions(
    terms: Mapping[str, Mapping[str, Any]], dates: ProbeDates, curves: Sequence[int]
) -> Positions:
    """Return every probe once per curve, in the order of curves, then of `terms`."""
    grid = {
        "start_offset": dates.offset(dates.quarter(0)),
        "next_payment_offset": dates.offset(dates.quarter(1)),
        "maturity_offset": dates.offset(dates.quarter(N_PERIODS)),
    }
    rows = [
        _PLAIN | grid | {"discount_curve": curve, "index_curve": curve, "group": curve} | dict(own)
        for curve in curves
        for own in terms.values()
    ]
    return Positions(
        **{
            item.name: np.array([row[item.name] for row in rows]).astype(item.metadata["dtype"])
            for item in fields(Positions)
            if item.name in rows[0]  # what no probe has is absent
        }
    )


def probe_behaviour(n_scenarios: int) -> Behaviour:
    """Return the three cohorts of the probes, the same in every scenario."""
    each = np.ones((1, n_scenarios))
    return Behaviour(
        annual_prepayment_rate=np.array([[PREPAYMENT_RATE], [0.0], [0.0]]) * each,
        redemption_share=np.array([[0.0], [0.0], [WITHDRAWN_SHARE]]) * each,
        core_share=np.array([0.0, CORE_SHARE, 0.0]),
        core_run_off_months=np.array([0, CORE_MONTHS, 0], dtype=np.int32),
        pass_through_up=np.ones(3),
        pass_through_down=np.ones(3),
        lag_months=np.zeros(3, dtype=np.int32),
        rate_floor=np.full(3, -1.0),
    )


def plain_contracts(dates: ProbeDates) -> dict[str, Held]:
    """Return the probes without a formula of one line as the challenger's own contracts."""
    same: dict[str, Any] = {
        "principal": NOTIONAL,
        "rate": RATE,
        "day_count": "act_360",
        "last_payment": dates.as_of,
        "next_payment": dates.quarter(0),
        "maturity": dates.quarter(N_PERIODS),
        "payment_months": 3,
    }
    prepaying = Cohort(prepayment=(PREPAYMENT_RATE,), redemption=(0.0,))
    withdrawing = Cohort(prepayment=(0.0,), redemption=(WITHDRAWN_SHARE,))
    return {
        "prepaying annuity": Held(kind="annuity", principal_months=3, cohort=prepaying, **same),
        "withdrawn deposit": Held(kind="bullet", sign=-1, cohort=withdrawing, **same),
    }
