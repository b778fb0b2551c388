-- about:  Interest booked in the ledger, one row per month, entity, product and currency.
-- grain:  as_of_date, month, entity_id, product_code, currency
-- reads:  raw.pl_interest
with delivered as (
    select *
    from raw.pl_interest  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    cast(month as date) as month,
    entity_id,
    product_code,
    currency,
    gl_account,
    cast(interest_amount as decimal(18, 2)) as interest_amount,
    cast(average_balance_amount as decimal(18, 2)) as average_balance_amount,
    cast(n_days as integer) as n_days
from delivered
