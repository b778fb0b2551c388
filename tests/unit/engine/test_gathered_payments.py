"""Payments gathered in one row give what the same payments give one by one.

Seeded random annuities of every kind, run twice: as the lenses ask for, and with a row for every
payment. Events, reference and oracles check the payments themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from alm_pipeline.engine.arrays import MAX_OFFSET, Buckets, CashFlowModel, RateType
from alm_pipeline.engine.cash_flows.records import NEVER
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import index_tenor
from alm_pipeline.engine.simulation import setting
from tests.properties.random_loans import offset
from tests.unit.engine.books import book, cohort, flat, run

RELATIVE = 1e-11
N_LOANS = 200
BOUNDS = np.array([1, 31, 90, 365, 500, 731, 1096, 3650, MAX_OFFSET], dtype=np.int32)
READS: dict[str, dict[str, Any]] = {
    "value": {"lenses": ("value",)},
    "income": {"lenses": ("value", "income", "repricing"), "nii_paths": ("forward",)},
    "margins": {
        "lenses": ("value", "income"),
        "nii_paths": ("forward",),
        "eve_margins": "included",
    },
    "everything": {},
}


def annuity(draws: np.random.Generator) -> dict[str, Any]:
    """Return an annuity: any step and day count, fixed or floating, some with stubs and margins."""
    step, roll = int(draws.choice([1, 1, 1, 3, 6])), int(draws.integers(1, 32))
    first, n = np.datetime64("2026-01") + int(draws.integers(0, step)), int(draws.integers(2, 80))
    is_floating = bool(draws.integers(0, 2))
    return {
        "model": CashFlowModel.ANNUITY,
        "principal": 1000.0 * float(draws.integers(1, 500)),
        "coupon_rate": float(draws.choice([0.0, 0.01, 0.04, -0.002, 0.12])),
        "day_count": int(draws.choice(list(DayCount))),
        "payment_months": step,
        "principal_months": step,
        "roll_day": roll,
        "next_payment_offset": offset(first, roll),
        "last_payment_offset": offset(first - step, roll) - int(draws.choice([0, 0, 17])),
        "maturity_offset": offset(first + step * (n - 1), roll) + int(draws.choice([0, 0, 11])),
        "rate_type": RateType.FLOATING if is_floating else RateType.FIXED,
        "reset_months": int(draws.choice([3, 6, 12, 60])) if is_floating else 0,
        "next_reset_offset": offset(first + int(draws.integers(0, 3)), roll)
        + int(draws.choice([0, 9])),
        "index_tenor": index_tenor("3M"),
        "floor_rate": float(draws.choice([-np.inf, 0.0])),
        "margin_rate": float(draws.choice([0.0, 0.01])),
        "replacement_margin": float(draws.choice([0.0, 0.02])),
        "payment_amount": float(draws.choice([0.0, 0.0, 0.0, 50.0, 900.0])),
        "balloon_amount": float(draws.choice([0.0, 300.0])),
        "sign": int(draws.choice([-1, 1])),
        "cohort": int(draws.choice([-1, 0])),
        "is_prepayable": bool(draws.integers(0, 2)),
        "is_redeemable": bool(draws.integers(0, 2)),
        "is_term_shortened": bool(draws.integers(0, 2)),
    }


def close(found: np.ndarray, wanted: np.ndarray) -> None:
    """Check that amounts agree, relative to the largest of them."""
    assert found.shape == wanted.shape
    if found.size:
        assert np.abs(found - wanted).max() <= RELATIVE * max(np.abs(wanted).max(), 1.0)


@pytest.mark.parametrize("read", READS)
def test_payments_give_the_same_together_and_one_by_one(read, monkeypatch):
    draws = np.random.default_rng(7)
    positions = book(*(annuity(draws) for _ in range(N_LOANS)))
    behaviour = cohort(3, annual_prepayment_rate=(0.0, 0.06, 0.2), redemption_share=0.05)
    curves, buckets = flat(0.02, 0.05, -0.01), (Buckets(name="bounds", upper_offset=BOUNDS),)
    together = run(positions, curves, behaviour, buckets, **READS[read])
    gathering = setting._gathering
    monkeypatch.setattr(
        setting, "_gathering", lambda *given: gathering(*given)._replace(from_day=int(NEVER))
    )
    single = run(positions, curves, behaviour, buckets, **READS[read])
    close(together.present_value, single.present_value)
    for months, income in single.net_interest_income.items():
        close(together.net_interest_income[months], income)
    for name in ("principal", "interest", "present_value", "repricing_principal"):
        ours = getattr(together.buckets["bounds"], name)
        close(ours, getattr(single.buckets["bounds"], name))
    for name, amounts in single.principal.items():
        close(together.principal[name], amounts)
    for name, amounts in single.monthly.items():
        close(together.monthly[name], amounts)
