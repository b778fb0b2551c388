"""Small books for the tests of the engine: every term has a plain default, tests name the rest."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from alm_pipeline.engine.arrays import (
    MAX_OFFSET,
    NO_DATE,
    Behaviour,
    Buckets,
    CashFlowModel,
    Curves,
    Positions,
)
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import index_tenor
from alm_pipeline.engine.simulation.result import SimulationResult
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate

AS_OF = np.datetime64("2025-12-31")

PLAIN: dict[str, Any] = {
    "sign": 1,
    "model": CashFlowModel.BULLET,
    "principal": 100.0,
    "accrued_interest": 0.0,
    "impairment_amount": 0.0,
    "rate_type": 0,
    "coupon_rate": 0.05,
    "spread_rate": 0.0,
    "rate_multiplier": 1.0,
    "margin_rate": 0.0,
    "cap_rate": np.inf,
    "floor_rate": -np.inf,
    "period_cap_rate": np.inf,
    "period_floor_rate": np.inf,
    "discount_curve": 0,
    "index_curve": 0,
    "index_tenor": index_tenor("3M"),
    "day_count": DayCount.THIRTY_E_360,
    "fixing_lag_days": 0,
    "start_offset": NO_DATE,
    "maturity_offset": NO_DATE,
    "last_payment_offset": 0,
    "next_payment_offset": NO_DATE,
    "next_reset_offset": NO_DATE,
    "interest_only_end_offset": NO_DATE,
    "recovery_offset": NO_DATE,
    "payment_months": 0,
    "principal_months": 0,
    "reset_months": 0,
    "payment_days": 0,
    "roll_day": 31,
    "is_end_of_month": False,
    "date_adjustment": 0,
    "payment_amount": 0.0,
    "amortisation_payments": 0,
    "balloon_amount": 0.0,
    "option_type": 0,
    "strike_rate": 0.0,
    "cohort": -1,
    "is_prepayable": True,
    "is_redeemable": True,
    "replacement_tenor": index_tenor("12M"),
    "replacement_margin": 0.0,
    "group": 0,
    "is_eve": True,
    "is_nii": True,
    "penalty_rate": 0.0,
    "penalty_months": 0.0,
    "penalty_amount": 0.0,
    "lockout_offset": NO_DATE,
    "is_term_shortened": False,
    "next_index_rate": np.inf,
    "free_prepayment_amount": 0.0,
    "premium_amount": 0.0,
    "prepayment_row": -1,
}


def on(date: str) -> int:
    """Return the offset of a date."""
    return int((np.datetime64(date) - AS_OF).astype(int))


def book(*contracts: dict[str, Any], **terms: Any) -> Positions:
    """Return one position per dict, or one from the keywords alone."""
    rows = [PLAIN | one | terms for one in contracts or ({},)]
    return Positions(
        **{
            item.name: np.array([row[item.name] for row in rows]).astype(item.metadata["dtype"])
            for item in fields(Positions)
        }
    )


def flat(*zero_rates: float, base: float | None = None, year_days: float = 360.0) -> Curves:
    """Return one flat curve, one scenario per rate; the base is the first unless given."""
    rates = np.array(zero_rates)[:, None, None] * np.ones((1, 1, 2))
    first = zero_rates[0] if base is None else base
    return Curves(
        tenor_days=np.array([1, 18250], dtype=np.int32),
        zero_rates=rates,
        base_zero_rates=np.full((1, 2), first),
        index_year_days=np.array([year_days]),
    )


def cohort(n_scenarios: int = 1, **figures: Any) -> Behaviour:
    """Return one cohort; what is not named does nothing."""
    by_scenario = {"annual_prepayment_rate": 0.0, "redemption_share": 0.0}
    single = {"core_share": 0.0, "pass_through_up": 1.0, "pass_through_down": 1.0}
    single |= {"rate_floor": -1.0}
    months = {"core_run_off_months": 0, "lag_months": 0}
    values: dict[str, Any] = {}
    for name, default in by_scenario.items():
        given = np.broadcast_to(np.asarray(figures.get(name, default), float), (n_scenarios,))
        values[name] = given.reshape(1, n_scenarios)
    for name, default in single.items():
        values[name] = np.array([float(figures.get(name, default))])
    for name, whole in months.items():
        values[name] = np.array([figures.get(name, whole)], dtype=np.int32)
    return Behaviour(**values)


def one_bucket() -> Buckets:
    """Return the bucket set that holds everything."""
    return Buckets(name="all", upper_offset=np.array([MAX_OFFSET], dtype=np.int32))


def run(
    positions: Positions,
    curves: Curves,
    behaviour: Behaviour | None = None,
    bucket_sets: tuple[Buckets, ...] = (),
    **options: Any,
) -> SimulationResult:
    """Simulate with plain options."""
    volatilities = options.pop("volatilities", None)
    return simulate(
        positions,
        curves,
        behaviour or Behaviour.none(curves.n_scenarios),
        bucket_sets or (one_bucket(),),
        SimulationOptions(as_of_date=options.pop("as_of_date", AS_OF), **options),
        volatilities=volatilities,
    )
