-- about:  Current accounts in credit, with the balance rebuilt from their transactions.
-- grain:  as_of_date, entity_id, account_no
-- reads:  raw.berka_balance, raw.berka__disp, inputs.source_codes, inputs.declared
-- An account whose balance cannot be rebuilt is delivered without one, so that it goes to quarantine.
with settings as (
    select
        max(case when item = 'deposit_rate' then value end) as deposit_rate,
        max(case when item = 'insured_share' then cast(value as decimal(9, 8)) end) as insured_share
    from inputs.declared
),

owners as (
    select account_id as account_no, min(client_id) as counterparty_id
    from raw.berka__disp
    where type = 'OWNER'
    group by account_id
    having count(distinct client_id) = 1
),

accounts as (
    select
        balances.*,
        codes.code as entity_id,
        owners.counterparty_id,
        settings.deposit_rate,
        cast(balances.closing_amount * settings.insured_share as decimal(18, 2)) as insured_amount
    from raw.berka_balance as balances
    cross join settings
    inner join inputs.source_codes as codes on codes.code_list = 'entity'
    left join owners on balances.account_no = owners.account_no
    where balances.closing_amount >= 0 or balances.closing_amount is null
)

select
    as_of_date,
    source_file_id,
    source_row,
    $as_of_date as delivered_as_of_date,
    entity_id,
    account_no,
    'current_account' as product_code,
    counterparty_id,
    'CZK' as currency,
    'liability' as side,
    'true' as is_on_balance_sheet,
    'banking' as book,
    'amortised_cost' as accounting_class,
    'current_accounts' as gl_account,
    cast(null as varchar) as business_unit,
    'CZ' as country,
    'active' as status,
    cast(null as varchar) as trade_date,
    cast(opening_date as varchar) as start_date,
    cast(null as varchar) as maturity_date,
    'true' as is_open_maturity,
    cast(null as varchar) as intragroup_entity_id,
    cast(closing_amount as varchar) as original_amount,
    cast(closing_amount as varchar) as outstanding_principal,
    cast(closing_amount as varchar) as carrying_amount,
    '0.00' as accrued_interest,
    cast(null as varchar) as deferred_fees_amount,
    cast(null as varchar) as fair_value_clean_amount,
    cast(null as varchar) as impairment_amount,
    cast(null as varchar) as ifrs_stage,
    cast(null as varchar) as days_past_due,
    cast(null as varchar) as is_non_accrual,
    cast(null as varchar) as sold_share,
    cast(null as varchar) as risk_weight_factor,
    'administered' as rate_type,
    cast(deposit_rate as varchar) as coupon_rate,
    'czk_proxy_1m' as index_id,
    '0' as spread_rate,
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
    'current' as nmd_type,
    'true' as is_interest_bearing,
    cast(insured_amount as varchar) as insured_amount,
    cast(null as varchar) as guarantee_scheme,
    'true' as is_relationship,
    'true' as is_transactional,
    'false' as is_operational,
    cast(opening_date as varchar) as opening_date,
    cast(null as varchar) as channel,
    cast(null as varchar) as average_balance_30d_amount,
    cast(null as varchar) as behaviour_segment
from accounts
