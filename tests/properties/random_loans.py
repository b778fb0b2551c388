"""Strategies for loans whose running period is regular, and for curves of any shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from alm_pipeline.engine.arrays import CashFlowModel, Curves, RateType
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS
from tests.unit.engine.books import AS_OF

NODES = np.array([1, 31, 92, 183, 365, 731, 1096, 1826, 3652, 9000], dtype=np.int32)
AMORTISING = [
    CashFlowModel.ANNUITY,
    CashFlowModel.LINEAR,
    CashFlowModel.INTEREST_ONLY_THEN_ANNUITY,
    CashFlowModel.BULLET,
]


def offset(month: np.datetime64, roll: int) -> int:
    """Return the offset of the roll day of a month, or of its last day."""
    first, following = month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]")
    return int((min(first + roll - 1, following - 1) - AS_OF).astype(int))


@st.composite
def loans(draw, *, may_float: bool = True, longest: int = 24) -> dict[str, Any]:
    """Return the terms of a loan whose running period is regular."""
    step, roll = draw(st.sampled_from([1, 3, 6])), draw(st.integers(1, 31))
    first = np.datetime64("2026-01") + draw(st.integers(0, step - 1))
    n_payments = draw(st.integers(2, longest))
    model = draw(st.sampled_from(AMORTISING))
    terms: dict[str, Any] = {
        "model": model,
        "principal": draw(st.floats(100.0, 1e6)),
        "coupon_rate": draw(st.floats(-0.01, 0.12)),
        "day_count": draw(st.sampled_from(list(DayCount))),
        "payment_months": step,
        "principal_months": 0 if model == CashFlowModel.BULLET else step,
        "roll_day": roll,
        "next_payment_offset": offset(first, roll),
        "last_payment_offset": offset(first - step, roll),
        "maturity_offset": offset(first + step * (n_payments - 1), roll),
    }
    if model == CashFlowModel.INTEREST_ONLY_THEN_ANNUITY:
        terms["interest_only_end_offset"] = draw(st.integers(-100, 1000))
    if model == CashFlowModel.LINEAR and draw(st.booleans()):
        terms["payment_amount"] = terms["principal"] * draw(st.floats(0.02, 0.3))
    if may_float and draw(st.booleans()):
        ahead = draw(st.integers(0, 2))
        terms |= {
            "rate_type": RateType.FLOATING,
            "reset_months": draw(st.sampled_from([1, 3, 6, 12])),
            "next_reset_offset": offset(first + ahead, roll),
            "index_tenor": INDEX_TENOR_MONTHS.index(draw(st.sampled_from([1, 3, 6, 12]))),
            "spread_rate": draw(st.floats(-0.01, 0.03)),
            "floor_rate": draw(st.sampled_from([-np.inf, 0.0])),
            "period_cap_rate": draw(st.sampled_from([np.inf, 0.005])),
        }
    return terms


@st.composite
def curves(draw, n_scenarios: int = 1, year_days: float = 360.0) -> Curves:
    """Return curves with nodes anywhere between -1 % and 9 %."""
    nodes = st.lists(st.floats(-0.01, 0.09), min_size=len(NODES), max_size=len(NODES))
    rates = np.array([draw(nodes) for _ in range(n_scenarios)])[:, None, :]
    return Curves(
        tenor_days=NODES,
        zero_rates=rates,
        base_zero_rates=rates[0],
        index_year_days=np.array([year_days]),
    )
