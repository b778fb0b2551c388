"""Rows of `book.positions` that the tests of the bridge start from, and the codes they use."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa

from alm_pipeline.inputs.curves import load_curves
from alm_pipeline.inputs.products import load_products
from alm_pipeline.warehouse.array_bridge import BridgeCodes

AS_OF = dt.date(2026, 10, 31)
CURVES, PRODUCTS = load_curves(), load_products()
CODES = BridgeCodes(
    curve_ids=list(CURVES.curves),
    segments=["mortgage", "retail_savings"],
    products=PRODUCTS,
    curves=CURVES,
)
FLOATING_INDEX = next(
    name for name, one in CURVES.indices.items() if one.currency == "USD" and one.tenor == "3M"
)
NO_EVENTS: dict[str, Any] = {
    name: [] for name in ("position_id", "event_date", "event_type", "event_amount", "rate")
}
MORTGAGE: dict[str, Any] = {
    "position_id": "A:loan:1", "entity_id": "A", "currency": "USD",
    "product_code": "mortgage_fixed", "direction": 1, "cash_flow_model": "annuity",
    "behaviour_segment": "mortgage", "outstanding_principal": Decimal("200000.00"),
    "notional_amount": Decimal(0), "accrued_interest": Decimal("533.33"),
    "impairment_amount": Decimal(0), "deferred_fees_amount": Decimal(0),
    "rate_type": "fixed", "coupon_rate": 0.06,
    "index_id": None, "spread_rate": 0.0, "rate_multiplier": 1.0, "cap_rate": None,
    "floor_rate": None, "period_cap_rate": None, "period_floor_rate": None, "margin_rate": 0.01,
    "day_count": "30e_360", "reset_freq": None, "next_reset_date": None, "fixing_lag_days": 0,
    "amortisation_type": "annuity", "principal_freq": "P1M", "interest_freq": "P1M",
    "start_date": dt.date(2026, 10, 15), "maturity_date": dt.date(2056, 10, 15),
    "last_payment_date": dt.date(2026, 10, 15), "next_payment_date": dt.date(2026, 11, 16),
    "payment_amount": Decimal("1199.10"), "interest_only_end_date": None,
    "amortisation_months": None, "balloon_amount": None, "business_day_convention": "following",
    "calendar_id": "us", "is_end_of_month": False, "option_type": "none", "strike_rate": None,
    "expected_recovery_date": None, "expected_close_date": None,
    "past_due_principal_amount": Decimal(0), "past_due_interest_amount": Decimal(0),
    "next_fixing_rate": None, "prepayment_penalty_type": "none", "prepayment_penalty_share": None,
    "prepayment_penalty_months": None, "prepayment_penalty_amount": None,
    "free_prepayment_amount": None,
    "prepayment_lockout_end_date": None, "prepayment_effect": "lower_instalment",
    "withdrawal_penalty_months": None,
    "is_prepayable": True, "is_redeemable": False, "new_business_margin_rate": 0.02,
    "eve_treatment": "in", "nii_treatment": "constant_balance", "is_in_irrbb_scope": True,
}  # fmt: skip
YEARLY_BULLET: dict[str, Any] = {
    "outstanding_principal": Decimal("1000.00"), "accrued_interest": Decimal("0.00"),
    "cash_flow_model": "bullet", "amortisation_type": "bullet", "payment_amount": None,
    "principal_freq": "P0D", "interest_freq": "P1Y", "start_date": dt.date(2025, 10, 31),
    "last_payment_date": dt.date(2026, 10, 31), "next_payment_date": dt.date(2027, 10, 31),
    "maturity_date": dt.date(2028, 10, 31), "business_day_convention": "none",
    "calendar_id": "none", "is_end_of_month": True, "is_prepayable": False,
}  # fmt: skip
"""What differs from the mortgage: 1,000 until 31 October 2028, interest once a year."""


def table(*rows: dict[str, Any]) -> pa.Table:
    """Return a book in which every row says how it differs from the mortgage."""
    full = [MORTGAGE | row for row in rows]
    return pa.table({name: pa.array([row[name] for row in full]) for name in MORTGAGE})


def events(position_id: str, *rows: tuple[str, str, float]) -> dict[str, Any]:
    """Return scheduled events of one position: day, kind, and amount or coupon."""
    return {
        "position_id": [position_id] * len(rows),
        "event_date": [dt.date.fromisoformat(day) for day, _, _ in rows],
        "event_type": [kind for _, kind, _ in rows],
        "event_amount": [None if kind == "rate_step" else value for _, kind, value in rows],
        "rate": [value if kind == "rate_step" else None for _, kind, value in rows],
    }
