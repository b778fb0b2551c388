"""What the engine's tables are made from, column by column, declared because no SQL says it.

Every amount of a position depends on all of its terms, on the quotes behind its curves and on the
behaviour assumed for it, so amounts share one list. A test records what the engine's bridge really
reads and refuses a list that says more or less.
"""

from __future__ import annotations

from collections.abc import Mapping

from alm_pipeline.engine.scenarios.node_moves import KEY_TENORS
from alm_pipeline.inputs.volatilities import VOLATILITY_COLUMNS
from alm_pipeline.inputs.zero_rates import QUOTE_COLUMNS

Source = tuple[str, str]

POSITIONS, EVENTS = "book.positions", "book.scheduled_events"
QUOTES, VOLATILITIES = "staging.curve_quote", "staging.vol_quote"
BEHAVIOUR, BUCKETS = "inputs.behaviour_parameters", "inputs.time_buckets"

GATES = (
    "book.unmapped_positions",
    "book.unmatched_events",
    "book.ledger_reconciliation",
    "book.balance_check",
)
"""Tables that must have passed their checks before any position is valued."""

READS = (
    "book.positions",
    "book.scheduled_events",
    "behaviour.position_assumptions",
    "behaviour.unassigned_positions",
    "staging.curve_quote",
    "staging.vol_quote",
)
RELATIONS = (
    "inputs.assumptions",
    "inputs.behaviour_parameters",
    "inputs.curves",
    "inputs.indices",
    "inputs.products",
    "inputs.time_buckets",
    "inputs.scenarios",
    "inputs.bank",
)
"""What an engine table is made from besides; its content hash is part of the table's inputs."""

TERM_COLUMNS = (
    *("accrued_interest", "amortisation_months", "amortisation_type", "balloon_amount"),
    *("behaviour_segment", "business_day_convention", "calendar_id", "cap_rate"),
    *(
        "cash_flow_model",
        "coupon_rate",
        "currency",
        "day_count",
        "deferred_fees_amount",
        "direction",
    ),
    "entity_id",
    *("eve_treatment", "expected_close_date", "expected_recovery_date", "fixing_lag_days"),
    *("floor_rate", "impairment_amount", "index_id", "interest_freq", "interest_only_end_date"),
    *("is_end_of_month", "is_in_irrbb_scope", "is_prepayable", "is_redeemable"),
    *("last_payment_date", "margin_rate", "maturity_date", "new_business_margin_rate"),
    *("next_payment_date", "next_reset_date", "nii_treatment", "notional_amount", "option_type"),
    *("outstanding_principal", "past_due_interest_amount", "past_due_principal_amount"),
    *("payment_amount", "period_cap_rate", "period_floor_rate", "position_id", "principal_freq"),
    *("product_code", "rate_multiplier", "rate_type", "reset_freq", "spread_rate", "start_date"),
    *("next_fixing_rate", "prepayment_effect", "prepayment_lockout_end_date"),
    *("prepayment_penalty_type", "prepayment_penalty_share", "prepayment_penalty_months"),
    *(
        "prepayment_penalty_amount",
        "free_prepayment_amount",
        "strike_rate",
        "withdrawal_penalty_months",
    ),
)
EVENT_COLUMNS = (
    *("as_of_date", "entity_id", "event_amount", "event_date", "event_type", "position_id"),
    "rate",
)
BEHAVIOUR_COLUMNS = (
    *("annual_prepayment_rate", "prepayment_figures"),
    *("redemption_share", "core_share", "core_run_off_months"),
    *("pass_through_up", "pass_through_down", "lag_months", "rate_floor"),
)
CUSTOMER_BEHAVIOUR = BEHAVIOUR_COLUMNS[5:]
"""What still applies to the cash flows as agreed: how the rate follows the market."""


def _of(table: str, columns: tuple[str, ...]) -> tuple[Source, ...]:
    return tuple((table, column) for column in columns)


_QUOTED = _of(QUOTES, QUOTE_COLUMNS)
_AGREED = (*_of(POSITIONS, TERM_COLUMNS), *_of(EVENTS, EVENT_COLUMNS), *_QUOTED)
_VALUED = (*_AGREED, *_of(VOLATILITIES, VOLATILITY_COLUMNS), *_of(BEHAVIOUR, BEHAVIOUR_COLUMNS))
_BOUNDS = _of(BUCKETS, ("bucket_set", "bucket", "lower_days", "upper_days"))
_GROUP = {name: _of(POSITIONS, (name,)) for name in ("entity_id", "currency", "product_code")}
_BUCKET = {name: _of(BUCKETS, (name,)) for name in ("bucket_set", "bucket")}
_PRINCIPAL = (
    *("opening_principal", "drawn_principal", "capitalised_interest", "scheduled_principal"),
    *("prepaid_principal", "written_off_principal"),
)
_INCOME = (
    *("nii_12m", "nii_24m", "nii_36m"),
    *("nii_12m_other_path", "nii_24m_other_path", "nii_36m_other_path"),
    *("amortised_12m", "amortised_24m", "amortised_36m"),
)
_MOVED = (*_AGREED, *_of(BEHAVIOUR, BEHAVIOUR_COLUMNS))
_MOVES = (
    *("dv01", "curvature", "yield_value", "yield_dv01", "index_dv01", "nii_dv01", "nii_index_dv01"),
    *(f"{kind}_{tenor.lower()}" for kind in ("dv01", "nii_dv01") for tenor in KEY_TENORS),
)
_FLOWS = ("principal_amount", "interest_amount", "present_value")

ENGINE_COLUMNS: Mapping[str, Mapping[str, tuple[Source, ...]]] = {
    "cash_flows.contractual_buckets": {
        **_GROUP,
        **_BUCKET,
        **dict.fromkeys(_FLOWS, (*_AGREED, *_of(BEHAVIOUR, CUSTOMER_BEHAVIOUR), *_BOUNDS)),
    },
    "cash_flows.contractual_days": {
        **_GROUP,
        "flow_day": (),
        **dict.fromkeys(_FLOWS[:2], (*_AGREED, *_of(BEHAVIOUR, CUSTOMER_BEHAVIOUR))),
    },
    "cash_flows.residual_maturities": {
        "position_id": _of(POSITIONS, ("position_id",)),
        **_GROUP,
        **_BUCKET,
        **dict.fromkeys(_FLOWS[:2], (*_AGREED, *_of(BEHAVIOUR, CUSTOMER_BEHAVIOUR), *_BOUNDS)),
    },
    "scenarios.zero_rates": {
        "curve_id": _of(QUOTES, ("curve_id",)),
        "tenor_days": _QUOTED,
        "currency": _of("inputs.curves", ("currency",)),
        **dict.fromkeys(("zero_rate", "base_zero_rate", "shock_bp", "floor_applied"), _QUOTED),
        "quoted_curve_id": (*_of(QUOTES, ("curve_id",)), *_of("inputs.fallbacks", ("curve_id",))),
    },
    "scenarios.position_values": {
        "position_id": _of(POSITIONS, ("position_id",)),
        **_GROUP,
        **dict.fromkeys(("present_value", "option_value", *_INCOME), _VALUED),
        **dict.fromkeys((*_PRINCIPAL, "remaining_principal"), _VALUED),
    },
    "scenarios.cash_flow_buckets": {
        **_GROUP,
        **_BUCKET,
        **dict.fromkeys(_FLOWS, (*_VALUED, *_BOUNDS)),
    },
    "scenarios.monthly_balances": {
        **_GROUP,
        **dict.fromkeys(
            (
                *(*_PRINCIPAL, "closing_principal", "average_principal"),
                *("interest_amount", "replacement_interest", "margin_interest", "option_interest"),
            ),
            _VALUED,
        ),
    },
    "scenarios.growth_income": {
        **_GROUP,
        **dict.fromkeys(("new_principal", "growth_interest"), _VALUED),
    },
    "scenarios.position_sensitivities": {
        "position_id": _of(POSITIONS, ("position_id",)),
        **_GROUP,
        **dict.fromkeys(("present_value", *_MOVES), _MOVED),
    },
    "scenarios.par_key_rates": {
        "currency": _of("inputs.curves", ("currency",)),
        "zero_move_share": _QUOTED,
    },
    "scenarios.assumption_values": {
        "position_id": _of(POSITIONS, ("position_id",)),
        **_GROUP,
        **dict.fromkeys(("parameter", "assumption_step"), _of(BEHAVIOUR, BEHAVIOUR_COLUMNS)),
        **dict.fromkeys(("present_value_change", "nii_12m_change"), _VALUED),
    },
    "scenarios.restated_values": {
        "position_id": _of(POSITIONS, ("position_id",)),
        "restatement": _of("book.prior_quotes", ("prior_as_of_date",)),
        **_GROUP,
        **dict.fromkeys(
            ("present_value", "option_value", "nii_12m", "amortised_12m"),
            (
                *_VALUED,
                *_of("book.prior_quotes", QUOTE_COLUMNS),
                *_of("book.prior_volatilities", VOLATILITY_COLUMNS),
                *_of("behaviour.prior_figures", (*BEHAVIOUR_COLUMNS, "core_profile")),
            ),
        ),
    },
    "scenarios.standardised_values": {
        "position_id": _of(POSITIONS, ("position_id",)),
        "scenario": _of("inputs.scenarios", ("scenario",)),
        **_GROUP,
        **dict.fromkeys(
            ("bucketed_change", "split_change"),
            (*_MOVED, *_BOUNDS, *_of(BUCKETS, ("midpoint_years",))),
        ),
        **dict.fromkeys(("option_change", "raised_option_change"), _VALUED),
    },
    "scenarios.risk_changes": {
        "scenario": _of("inputs.scenarios", ("scenario",)),
        **_GROUP,
        **dict.fromkeys(
            ("gap_change", "curve_change", "basis_change", "frozen_change"),
            (*_MOVED, *_of(BUCKETS, ("midpoint_years",))),
        ),
        "option_change": _VALUED,
    },
    "scenarios.stopped_currencies": {
        "currency": _of(POSITIONS, ("currency",)),
        "cause": (*_QUOTED, *_of(VOLATILITIES, VOLATILITY_COLUMNS)),
        "n_positions": _of(POSITIONS, ("currency",)),
        "outstanding_principal": _of(POSITIONS, ("outstanding_principal",)),
    },
}
"""Upstream columns of every column; keys of the run (date, scenario) and counters have none."""

_DECIDED = _of("behaviour.unassigned_positions", ("entity_id", "currency", "product_code"))
_HELD = (*_of(POSITIONS, ("currency",)), *_of(VOLATILITIES, ("surface",)))

ENGINE_CONDITIONS: Mapping[str, tuple[Source, ...]] = {
    "cash_flows.contractual_buckets": (*_of(POSITIONS, ("currency",)), *_DECIDED),
    "cash_flows.contractual_days": (*_of(POSITIONS, ("currency",)), *_DECIDED),
    "cash_flows.residual_maturities": (*_of(POSITIONS, ("currency",)), *_DECIDED),
    "scenarios.zero_rates": _of(POSITIONS, ("currency",)),
    "scenarios.position_values": (*_HELD, *_DECIDED),
    "scenarios.cash_flow_buckets": (*_HELD, *_DECIDED),
    "scenarios.monthly_balances": (*_HELD, *_DECIDED),
    "scenarios.growth_income": (*_HELD, *_DECIDED),
    "scenarios.position_sensitivities": (*_of(POSITIONS, ("currency",)), *_DECIDED),
    "scenarios.par_key_rates": _of(POSITIONS, ("currency",)),
    "scenarios.assumption_values": (*_HELD, *_DECIDED),
    "scenarios.restated_values": (*_HELD, *_DECIDED, *_of("book.prior_quotes", ("curve_id",))),
    "scenarios.standardised_values": (*_HELD, *_DECIDED),
    "scenarios.risk_changes": (*_HELD, *_DECIDED),
    "scenarios.stopped_currencies": _HELD,
}
"""Columns that decide which rows there are: a currency without a curve has none, nor has a
product of which one position has no assumption."""

ENGINE_RELATIONS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(ENGINE_COLUMNS, RELATIONS),
    "scenarios.zero_rates": ("inputs.curves", "inputs.fallbacks", "inputs.scenarios"),
    "scenarios.par_key_rates": ("inputs.curves", "inputs.fallbacks"),
}
"""YAML inputs that a table depends on as a whole, whatever their columns."""

EVIDENCE_READS: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    ("audit.engine_ties", "audit.challenger"),
    (
        *(*READS, *RELATIONS),
        *("audit.challenger_sample", "scenarios.position_values", "scenarios.zero_rates"),
    ),
)
"""What the engine's ties and the second valuation are made from."""
