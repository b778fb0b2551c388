-- about:  Monthly history of loan cohorts, one row per month, entity and cohort.
-- grain:  as_of_date, month, entity_id, cohort_id
-- reads:  raw.hist_loan_month
with delivered as (
    select *
    from raw.hist_loan_month  -- bound to the rows not in quarantine
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
    cast(opening_amount as decimal(18, 2)) as opening_amount,
    cast(scheduled_amount as decimal(18, 2)) as scheduled_amount,
    cast(prepaid_amount as decimal(18, 2)) as prepaid_amount,
    cast(defaulted_amount as decimal(18, 2)) as defaulted_amount,
    cast(coupon_rate as double) as coupon_rate,
    cast(market_rate as double) as market_rate,
    cast(age_months as integer) as age_months
from delivered
