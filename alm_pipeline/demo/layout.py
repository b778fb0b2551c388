"""The columns of every file the demo bank delivers, in file order, with their types.

The binding promise is the data contract of each extract; this module only says in which
order the generator writes. What a column means does not belong here.
"""

from __future__ import annotations

COLUMNS: dict[str, str] = {
    "entity": (
        "as_of_date:date entity_id:text name:text parent_entity_id:text country:text "
        "reporting_currency:text role:text"
    ),
    "counterparty": (
        "as_of_date:date counterparty_id:text name:text counterparty_type:text lei:text "
        "risk_group_id:text country:text rating:text turnover_amount:money "
        "is_established_relationship:boolean intragroup_entity_id:text"
    ),
    "loan": (
        "as_of_date:date entity_id:text loan_no:text product_code:text counterparty_id:text "
        "currency:text side:text is_on_balance_sheet:boolean book:text accounting_class:text "
        "gl_account:text business_unit:text country:text status:text trade_date:date "
        "start_date:date maturity_date:date is_open_maturity:boolean "
        "intragroup_entity_id:text original_amount:money outstanding_principal:money "
        "carrying_amount:money accrued_interest:money deferred_fees_amount:money "
        "fair_value_clean_amount:money impairment_amount:money ifrs_stage:integer "
        "days_past_due:integer past_due_principal_amount:money "
        "past_due_interest_amount:money is_non_accrual:boolean sold_share:double "
        "risk_weight_factor:double rate_type:text coupon_rate:double index_id:text "
        "spread_rate:double rate_multiplier:double day_count:text reset_freq:text "
        "next_reset_date:date last_reset_date:date fixing_lag_days:integer cap_rate:double "
        "floor_rate:double period_cap_rate:double period_floor_rate:double "
        "teaser_end_date:date business_day_convention:text calendar_id:text "
        "is_end_of_month:boolean ftp_rate:double amortisation_type:text principal_freq:text "
        "interest_freq:text next_payment_date:date last_payment_date:date "
        "payment_amount:money interest_only_end_date:date amortisation_months:integer "
        "balloon_amount:money is_prepayable:boolean prepayment_penalty_type:text "
        "prepayment_penalty_share:double prepayment_penalty_months:double "
        "prepayment_penalty_amount:money free_prepayment_share:double "
        "prepayment_lockout_end_date:date prepayment_effect:text "
        "behaviour_segment:text origination_date:date current_ltv_share:double "
        "credit_score:integer loan_type:text is_secured:boolean is_revolving:boolean "
        "credit_limit_amount:money collateral_id:text expected_recovery_date:date "
        "teaser_rate:double collateral_class:text"
    ),
    "deposit_term": (
        "as_of_date:date entity_id:text deposit_no:text product_code:text "
        "counterparty_id:text currency:text side:text is_on_balance_sheet:boolean book:text "
        "accounting_class:text gl_account:text business_unit:text country:text status:text "
        "trade_date:date start_date:date maturity_date:date is_open_maturity:boolean "
        "intragroup_entity_id:text original_amount:money outstanding_principal:money "
        "carrying_amount:money accrued_interest:money deferred_fees_amount:money "
        "fair_value_clean_amount:money impairment_amount:money ifrs_stage:integer "
        "days_past_due:integer is_non_accrual:boolean sold_share:double "
        "risk_weight_factor:double rate_type:text coupon_rate:double index_id:text "
        "spread_rate:double rate_multiplier:double day_count:text reset_freq:text "
        "next_reset_date:date last_reset_date:date fixing_lag_days:integer cap_rate:double "
        "floor_rate:double period_cap_rate:double period_floor_rate:double "
        "teaser_end_date:date business_day_convention:text calendar_id:text "
        "is_end_of_month:boolean ftp_rate:double amortisation_type:text principal_freq:text "
        "interest_freq:text next_payment_date:date last_payment_date:date "
        "payment_amount:money interest_only_end_date:date amortisation_months:integer "
        "balloon_amount:money is_prepayable:boolean prepayment_penalty_type:text "
        "behaviour_segment:text origination_date:date current_ltv_share:double "
        "credit_score:integer deposit_type:text insured_amount:money guarantee_scheme:text "
        "is_brokered:boolean is_early_withdrawal_allowed:boolean "
        "withdrawal_penalty_months:double notice_days:integer rollover_instruction:text"
    ),
    "deposit_nmd": (
        "as_of_date:date entity_id:text account_no:text product_code:text "
        "counterparty_id:text currency:text side:text is_on_balance_sheet:boolean book:text "
        "accounting_class:text gl_account:text business_unit:text country:text status:text "
        "trade_date:date start_date:date maturity_date:date is_open_maturity:boolean "
        "intragroup_entity_id:text original_amount:money outstanding_principal:money "
        "carrying_amount:money accrued_interest:money deferred_fees_amount:money "
        "fair_value_clean_amount:money impairment_amount:money ifrs_stage:integer "
        "days_past_due:integer is_non_accrual:boolean sold_share:double "
        "risk_weight_factor:double rate_type:text coupon_rate:double index_id:text "
        "spread_rate:double rate_multiplier:double day_count:text reset_freq:text "
        "next_reset_date:date last_reset_date:date fixing_lag_days:integer cap_rate:double "
        "floor_rate:double period_cap_rate:double period_floor_rate:double "
        "teaser_end_date:date business_day_convention:text calendar_id:text "
        "is_end_of_month:boolean ftp_rate:double nmd_type:text is_interest_bearing:boolean "
        "insured_amount:money guarantee_scheme:text is_relationship:boolean "
        "is_transactional:boolean is_operational:boolean opening_date:date channel:text "
        "average_balance_30d_amount:money behaviour_segment:text"
    ),
    "security": (
        "as_of_date:date entity_id:text security_no:text product_code:text "
        "counterparty_id:text currency:text side:text is_on_balance_sheet:boolean book:text "
        "accounting_class:text gl_account:text business_unit:text country:text status:text "
        "trade_date:date start_date:date maturity_date:date is_open_maturity:boolean "
        "intragroup_entity_id:text original_amount:money outstanding_principal:money "
        "carrying_amount:money accrued_interest:money deferred_fees_amount:money "
        "fair_value_clean_amount:money impairment_amount:money ifrs_stage:integer "
        "days_past_due:integer is_non_accrual:boolean sold_share:double "
        "risk_weight_factor:double rate_type:text coupon_rate:double index_id:text "
        "spread_rate:double rate_multiplier:double day_count:text reset_freq:text "
        "next_reset_date:date last_reset_date:date fixing_lag_days:integer cap_rate:double "
        "floor_rate:double period_cap_rate:double period_floor_rate:double "
        "teaser_end_date:date business_day_convention:text calendar_id:text "
        "is_end_of_month:boolean ftp_rate:double amortisation_type:text principal_freq:text "
        "interest_freq:text next_payment_date:date last_payment_date:date "
        "payment_amount:money interest_only_end_date:date amortisation_months:integer "
        "balloon_amount:money is_prepayable:boolean prepayment_penalty_type:text "
        "behaviour_segment:text origination_date:date current_ltv_share:double "
        "credit_score:integer isin:text issuer_id:text security_type:text quantity:double "
        "rating:text hqla_class:text haircut_share:double is_treasury_controlled:boolean"
    ),
    "borrowing": (
        "as_of_date:date entity_id:text borrowing_no:text product_code:text "
        "counterparty_id:text currency:text side:text is_on_balance_sheet:boolean book:text "
        "accounting_class:text gl_account:text business_unit:text country:text status:text "
        "trade_date:date start_date:date maturity_date:date is_open_maturity:boolean "
        "intragroup_entity_id:text original_amount:money outstanding_principal:money "
        "carrying_amount:money accrued_interest:money deferred_fees_amount:money "
        "fair_value_clean_amount:money impairment_amount:money ifrs_stage:integer "
        "days_past_due:integer is_non_accrual:boolean sold_share:double "
        "risk_weight_factor:double rate_type:text coupon_rate:double index_id:text "
        "spread_rate:double rate_multiplier:double day_count:text reset_freq:text "
        "next_reset_date:date last_reset_date:date fixing_lag_days:integer cap_rate:double "
        "floor_rate:double period_cap_rate:double period_floor_rate:double "
        "teaser_end_date:date business_day_convention:text calendar_id:text "
        "is_end_of_month:boolean ftp_rate:double amortisation_type:text principal_freq:text "
        "interest_freq:text next_payment_date:date last_payment_date:date "
        "payment_amount:money interest_only_end_date:date amortisation_months:integer "
        "balloon_amount:money is_prepayable:boolean prepayment_penalty_type:text "
        "behaviour_segment:text origination_date:date current_ltv_share:double "
        "credit_score:integer borrowing_type:text is_secured:boolean collateral_class:text "
        "collateral_value_amount:money insolvency_rank:integer"
    ),
    "derivative": (
        "as_of_date:date entity_id:text deal_no:text product_code:text counterparty_id:text "
        "currency:text side:text is_on_balance_sheet:boolean book:text accounting_class:text "
        "gl_account:text business_unit:text country:text status:text trade_date:date "
        "start_date:date maturity_date:date is_open_maturity:boolean "
        "intragroup_entity_id:text derivative_type:text position:text strike_rate:double "
        "notional_amount:money fair_value_clean_amount:money carrying_amount:money "
        "is_cleared:boolean csa_id:text initial_margin_amount:money "
        "variation_margin_amount:money hedge_id:text hedge_type:text"
    ),
    "derivative_leg": (
        "as_of_date:date entity_id:text deal_no:text leg_no:integer pay_receive:text "
        "currency:text notional_amount:money accrued_interest:money start_date:date "
        "maturity_date:date rate_type:text coupon_rate:double index_id:text "
        "spread_rate:double rate_multiplier:double day_count:text reset_freq:text "
        "next_reset_date:date last_reset_date:date fixing_lag_days:integer cap_rate:double "
        "floor_rate:double period_cap_rate:double period_floor_rate:double "
        "teaser_end_date:date business_day_convention:text calendar_id:text "
        "is_end_of_month:boolean ftp_rate:double amortisation_type:text principal_freq:text "
        "interest_freq:text next_payment_date:date last_payment_date:date "
        "payment_amount:money interest_only_end_date:date amortisation_months:integer "
        "balloon_amount:money"
    ),
    "commitment": (
        "as_of_date:date entity_id:text commitment_no:text product_code:text "
        "counterparty_id:text currency:text side:text is_on_balance_sheet:boolean book:text "
        "accounting_class:text gl_account:text business_unit:text country:text status:text "
        "trade_date:date start_date:date maturity_date:date is_open_maturity:boolean "
        "intragroup_entity_id:text rate_type:text coupon_rate:double index_id:text "
        "spread_rate:double rate_multiplier:double day_count:text reset_freq:text "
        "next_reset_date:date last_reset_date:date fixing_lag_days:integer cap_rate:double "
        "floor_rate:double period_cap_rate:double period_floor_rate:double "
        "teaser_end_date:date business_day_convention:text calendar_id:text "
        "is_end_of_month:boolean ftp_rate:double commitment_type:text limit_amount:money "
        "drawn_amount:money undrawn_amount:money is_revocable:boolean drawn_loan_no:text "
        "fee_rate:double expected_close_date:date amortisation_months:integer "
        "behaviour_segment:text"
    ),
    "other_balance": (
        "as_of_date:date entity_id:text balance_no:text product_code:text "
        "counterparty_id:text currency:text side:text is_on_balance_sheet:boolean book:text "
        "accounting_class:text gl_account:text business_unit:text country:text status:text "
        "trade_date:date start_date:date maturity_date:date is_open_maturity:boolean "
        "intragroup_entity_id:text line:text outstanding_principal:money "
        "carrying_amount:money is_interest_bearing:boolean coupon_rate:double"
    ),
    "schedule_event": (
        "as_of_date:date entity_id:text contract_no:text event_date:date event_type:text "
        "event_amount:money rate:double"
    ),
    "hedge_relationship": (
        "as_of_date:date hedge_id:text entity_id:text hedge_type:text hedged_position_no:text "
        "hedge_ratio:double designation_date:date"
    ),
    "collateral": (
        "as_of_date:date collateral_id:text entity_id:text collateral_type:text currency:text "
        "value_amount:money value_date:date haircut_share:double "
        "is_central_bank_eligible:boolean"
    ),
    "encumbrance_link": (
        "as_of_date:date entity_id:text asset_extract:text asset_no:text "
        "liability_extract:text liability_no:text currency:text encumbered_amount:money "
        "encumbrance_type:text start_date:date end_date:date"
    ),
    "capital": (
        "as_of_date:date entity_id:text element:text amount:money currency:text "
        "requirement_share:double buffer_share:double"
    ),
    "gl_map": (
        "as_of_date:date gl_account:text name:text fs_line:text side:text product_family:text "
        "recon_group:text tolerance_amount:money tolerance_share:double "
        "is_in_alm_scope:boolean reason_if_out:text"
    ),
    "gl_balance": (
        "as_of_date:date entity_id:text gl_account:text currency:text balance_type:text "
        "ending_amount:money average_mtd_amount:money mtd_debit_amount:money "
        "mtd_credit_amount:money ytd_pl_amount:money"
    ),
    "pl_interest": (
        "as_of_date:date month:date entity_id:text product_code:text gl_account:text "
        "currency:text interest_amount:money average_balance_amount:money n_days:integer"
    ),
    "curve_quote": (
        "as_of_date:date curve_id:text currency:text instrument:text tenor:text quote:double "
        "quote_date:date day_count:text payment_freq:text source:text start_date:date "
        "convexity_adjustment_rate:double"
    ),
    "index_fixing": ("as_of_date:date index_id:text fixing_date:date rate:double source:text"),
    "vol_quote": (
        "as_of_date:date surface:text currency:text expiry:text tenor:text strike:text "
        "vol:double vol_type:text quote_date:date"
    ),
    "fx_rate": (
        "as_of_date:date base_currency:text quote_currency:text fx_rate:double quote_date:date"
    ),
    "credit_spread": (
        "as_of_date:date sector:text rating:text currency:text tenor:text spread_rate:double "
        "quote_date:date"
    ),
    "funding_source": (
        "as_of_date:date entity_id:text source_id:text source_type:text currency:text "
        "capacity_amount:money used_amount:money time_to_cash_days:integer tested_date:date "
        "is_committed:boolean"
    ),
    "collateral_flow": (
        "as_of_date:date flow_date:date entity_id:text csa_id:text currency:text "
        "net_flow_amount:money"
    ),
    "cash_position": (
        "as_of_date:date position_date:date entity_id:text account_id:text currency:text "
        "opening_amount:money closing_amount:money intraday_minimum_amount:money"
    ),
    "cash_movement": (
        "as_of_date:date movement_date:date entity_id:text account_id:text movement_type:text "
        "movement_id:text counterparty_id:text currency:text amount:money"
    ),
    "payment_forecast": (
        "as_of_date:date payment_date:date entity_id:text payment_type:text currency:text "
        "amount:money probability_share:double"
    ),
    "hist_deposit_balance": (
        "as_of_date:date month:date entity_id:text cohort_id:text product_code:text "
        "currency:text vintage:text n_accounts:integer balance_amount:money "
        "inflow_amount:money outflow_amount:money insured_amount:money coupon_rate:double"
    ),
    "hist_deposit_rate": (
        "as_of_date:date month:date product_code:text currency:text posted_rate:double "
        "index_id:text index_rate:double peer_rate:double"
    ),
    "hist_loan_month": (
        "as_of_date:date month:date entity_id:text cohort_id:text product_code:text "
        "currency:text vintage:text opening_amount:money scheduled_amount:money "
        "prepaid_amount:money defaulted_amount:money coupon_rate:double market_rate:double "
        "age_months:integer"
    ),
    "hist_term_deposit": (
        "as_of_date:date month:date entity_id:text product_code:text currency:text "
        "opening_amount:money broken_amount:money matured_amount:money rolled_amount:money "
        "rate_gap:double"
    ),
    "hist_commitment": (
        "as_of_date:date month:date entity_id:text product_code:text currency:text "
        "limit_amount:money drawn_amount:money"
    ),
    "control_total": ("as_of_date:date measure:text item:text n_rows:bigint amount:money"),
}
