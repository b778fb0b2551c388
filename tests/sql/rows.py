"""Rows that the SQL tests start from: neutral terms, to which a test adds what it is about."""

from __future__ import annotations

from typing import Any

HEADER: dict[str, Any] = {
    "entity_id": "BANK",
    "product_code": "corporate_loan",
    "counterparty_id": "C1",
    "currency": "USD",
    "side": "asset",
    "is_on_balance_sheet": True,
    "book": "banking",
    "accounting_class": "amortised_cost",
    "gl_account": "1100",
    "status": "active",
    "start_date": "2025-10-31",
    "maturity_date": "2027-10-31",
    "is_open_maturity": False,
}
BALANCES: dict[str, Any] = {
    "outstanding_principal": "1000.00",
    "carrying_amount": "1000.00",
    "accrued_interest": "0.00",
    "deferred_fees_amount": "0.00",
    "impairment_amount": "0.00",
    "is_non_accrual": False,
    "sold_share": 0.0,
}
INTEREST: dict[str, Any] = {
    "rate_type": "fixed",
    "coupon_rate": 0.06,
    "spread_rate": 0.0,
    "rate_multiplier": 1.0,
    "day_count": "30_360",
    "fixing_lag_days": 0,
    "business_day_convention": "none",
    "calendar_id": "none",
    "is_end_of_month": True,
}
SCHEDULE: dict[str, Any] = {
    "amortisation_type": "bullet",
    "principal_freq": "P0D",
    "interest_freq": "P1Y",
    "next_payment_date": "2027-10-31",
    "last_payment_date": "2026-10-31",
    "is_prepayable": False,
}
PRODUCT: dict[str, Any] = {
    "product_code": "corporate_loan",
    "family": "corporate",
    "balance_sheet_line": "loans_corporate",
    "side": "asset",
    "cash_flow_model": "bullet",
    "behaviour_segment": "none",
    "new_business_margin_rate": 0.02,
    "eve_treatment": "in",
    "nii_treatment": "constant_balance",
    "is_in_irrbb_scope": True,
}
BANK: dict[str, Any] = {"group_entity_id": "GROUP", "reporting_currency": "USD"}
RECOVERY: dict[str, Any] = {
    "assumption": "eve",
    "segment": "all",
    "parameter": "non_performing_recovery_months",
    "value": 24.0,
}


def loan(loan_no: str, **given: Any) -> dict[str, Any]:
    """Return a row of staging.loan: a bullet of 1,000 at 6 %."""
    named = {"loan_no": loan_no, "position_id": f"BANK:loan:{loan_no}"}
    named |= {"past_due_principal_amount": "0.00", "past_due_interest_amount": "0.00"}
    return {**HEADER, **BALANCES, **INTEREST, **SCHEDULE, **named, **given}


def balance(balance_no: str, line: str, **given: Any) -> dict[str, Any]:
    """Return a row of staging.other_balance."""
    named = {
        "balance_no": balance_no,
        "position_id": f"BANK:other_balance:{balance_no}",
        "line": line,
        "maturity_date": None,
        "is_open_maturity": True,
        "is_interest_bearing": False,
        "outstanding_principal": "1000.00",
        "carrying_amount": "1000.00",
    }
    return {**HEADER, **named, **given}


def swap(deal_no: str, **given: Any) -> dict[str, Any]:
    """Return a row of staging.derivative: a swap the bank is owed 50 on."""
    named = {
        "deal_no": deal_no,
        "position_id": f"BANK:derivative:{deal_no}",
        "product_code": "swap",
        "derivative_type": "irs",
        "position": "long",
        "notional_amount": "5000.00",
        "fair_value_clean_amount": "50.00",
        "carrying_amount": "50.00",
        "side": "off_balance",
    }
    return {**HEADER, **named, **given}


def leg(deal_no: str, leg_no: int, pay_receive: str, **given: Any) -> dict[str, Any]:
    """Return a row of staging.derivative_leg with a notional of 5,000."""
    named = {
        "entity_id": "BANK",
        "deal_no": deal_no,
        "leg_no": leg_no,
        "position_id": f"BANK:derivative_leg:{deal_no}:{leg_no}",
        "pay_receive": pay_receive,
        "currency": "USD",
        "notional_amount": "5000.00",
        "accrued_interest": "0.00",
        "start_date": "2025-10-31",
        "maturity_date": "2027-10-31",
    }
    schedule = {name: value for name, value in SCHEDULE.items() if name != "is_prepayable"}
    return {**INTEREST, **schedule, **named, **given}
