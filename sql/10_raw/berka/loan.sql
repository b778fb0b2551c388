-- about:  Loans still owed, as zero-rate linear, and overdrawn accounts as overdrafts.
-- grain:  as_of_date, entity_id, loan_no
-- reads:  raw.berka_loan, raw.berka_balance, raw.berka__disp, inputs.source_codes, inputs.declared
-- A loan whose rest cannot be rebuilt is delivered without an amount, so that it goes to quarantine.
-- Loans with every instalment paid are repaid; what roundings leave of them is in raw.control_total.
with settings as (
    select
        max(case when item = 'loan_rate' then value end) as loan_rate,
        max(case when item = 'default_recovery_months' then cast(value as integer) end) as recovery_months
    from inputs.declared
),

owners as (
    select account_id as account_no, min(client_id) as counterparty_id
    from raw.berka__disp
    where type = 'OWNER'
    group by account_id
    having count(distinct client_id) = 1
),

owed as (
    select
        as_of_date,
        source_file_id,
        source_row,
        loan_no,
        account_no,
        'personal_loan' as product_code,
        'personal_loans' as gl_account,
        'consumer' as loan_type,
        case when is_defaulted then 'defaulted' else 'active' end as status,
        start_date,
        maturity_date,
        original_amount,
        case when rejection_reason is null then outstanding_principal end as outstanding_principal,
        days_past_due,
        is_defaulted,
        'zero' as rate_type,
        cast(null as varchar) as index_id,
        'linear' as amortisation_type,
        'P1M' as freq,
        next_payment_date,
        last_payment_date
    from raw.berka_loan
    where not coalesce(is_repaid, false) or rejection_reason is not null
    union all
    select
        as_of_date,
        source_file_id,
        source_row,
        'overdraft-' || account_no as loan_no,
        account_no,
        'overdraft' as product_code,
        'overdrafts' as gl_account,
        'overdraft' as loan_type,
        'active' as status,
        opening_date as start_date,
        cast(null as date) as maturity_date,
        -closing_amount as original_amount,
        -closing_amount as outstanding_principal,
        0 as days_past_due,
        false as is_defaulted,
        'administered' as rate_type,
        'czk_proxy_1m' as index_id,
        'perpetual' as amortisation_type,
        'P0D' as freq,
        cast(null as date) as next_payment_date,
        cast(null as date) as last_payment_date
    from raw.berka_balance
    where closing_amount < 0
)

select
    owed.as_of_date,
    owed.source_file_id,
    owed.source_row,
    $as_of_date as delivered_as_of_date,
    codes.code as entity_id,
    owed.loan_no,
    owed.product_code,
    owners.counterparty_id,
    'CZK' as currency,
    'asset' as side,
    'true' as is_on_balance_sheet,
    'banking' as book,
    'amortised_cost' as accounting_class,
    owed.gl_account,
    cast(null as varchar) as business_unit,
    'CZ' as country,
    owed.status,
    cast(null as varchar) as trade_date,
    cast(owed.start_date as varchar) as start_date,
    cast(owed.maturity_date as varchar) as maturity_date,
    case when owed.loan_type = 'overdraft' then 'true' else 'false' end as is_open_maturity,
    cast(null as varchar) as intragroup_entity_id,
    cast(owed.original_amount as varchar) as original_amount,
    cast(owed.outstanding_principal as varchar) as outstanding_principal,
    cast(owed.outstanding_principal as varchar) as carrying_amount,
    '0.00' as accrued_interest,
    cast(null as varchar) as deferred_fees_amount,
    cast(null as varchar) as fair_value_clean_amount,
    cast(null as varchar) as impairment_amount,
    cast(null as varchar) as ifrs_stage,
    cast(owed.days_past_due as varchar) as days_past_due,
    cast(null as varchar) as past_due_principal_amount,
    cast(null as varchar) as past_due_interest_amount,
    case when owed.is_defaulted then 'true' else 'false' end as is_non_accrual,
    cast(null as varchar) as sold_share,
    cast(null as varchar) as risk_weight_factor,
    owed.rate_type,
    cast(settings.loan_rate as varchar) as coupon_rate,
    owed.index_id,
    cast(null as varchar) as spread_rate,
    cast(null as varchar) as rate_multiplier,
    'act_365f' as day_count,
    cast(null as varchar) as reset_freq,
    cast(null as varchar) as next_reset_date,
    cast(null as varchar) as last_reset_date,
    cast(null as varchar) as fixing_lag_days,
    cast(null as varchar) as cap_rate,
    cast(null as varchar) as floor_rate,
    cast(null as varchar) as period_cap_rate,
    cast(null as varchar) as period_floor_rate,
    cast(null as varchar) as teaser_end_date,
    'none' as business_day_convention,
    'none' as calendar_id,
    'false' as is_end_of_month,
    cast(null as varchar) as ftp_rate,
    owed.amortisation_type,
    owed.freq as principal_freq,
    case when owed.loan_type = 'overdraft' then 'P1M' else owed.freq end as interest_freq,
    cast(owed.next_payment_date as varchar) as next_payment_date,
    cast(owed.last_payment_date as varchar) as last_payment_date,
    cast(null as varchar) as payment_amount,
    cast(null as varchar) as interest_only_end_date,
    cast(null as varchar) as amortisation_months,
    cast(null as varchar) as balloon_amount,
    'false' as is_prepayable,
    cast(null as varchar) as prepayment_penalty_type,
    cast(null as varchar) as prepayment_penalty_share,
    cast(null as varchar) as prepayment_penalty_months,
    cast(null as varchar) as prepayment_penalty_amount,
    cast(null as varchar) as free_prepayment_share,
    cast(null as varchar) as prepayment_lockout_end_date,
    cast(null as varchar) as prepayment_effect,
    cast(null as varchar) as behaviour_segment,
    cast(owed.start_date as varchar) as origination_date,
    cast(null as varchar) as current_ltv_share,
    cast(null as varchar) as credit_score,
    owed.loan_type,
    'false' as is_secured,
    case when owed.loan_type = 'overdraft' then 'true' else 'false' end as is_revolving,
    cast(null as varchar) as credit_limit_amount,
    cast(null as varchar) as collateral_id,
    case
        when owed.is_defaulted
            then cast(cast(cast($as_of_date as date) + to_months(settings.recovery_months) as date) as varchar)
    end as expected_recovery_date,
    cast(null as varchar) as teaser_rate,
    cast(null as varchar) as collateral_class
from owed
cross join settings
inner join inputs.source_codes as codes on codes.code_list = 'entity'
left join owners on owed.account_no = owners.account_no
