-- about:  Monthly history of deposit cohorts, one row per month, entity and cohort.
-- grain:  as_of_date, month, entity_id, cohort_id
-- reads:  raw.hist_deposit_balance
with delivered as (
    select *
    from raw.hist_deposit_balance  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    cast(month as date) as month,
    entity_id,
    cohort_id,
    product_code,
    currency,
    vintage,
    cast(n_accounts as integer) as n_accounts,
    cast(balance_amount as decimal(18, 2)) as balance_amount,
    cast(inflow_amount as decimal(18, 2)) as inflow_amount,
    cast(outflow_amount as decimal(18, 2)) as outflow_amount,
    cast(insured_amount as decimal(18, 2)) as insured_amount,
    cast(coupon_rate as double) as coupon_rate
from delivered
