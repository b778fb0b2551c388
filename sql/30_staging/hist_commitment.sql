-- about:  Monthly history of line usage, one row per month, entity, product and currency.
-- grain:  as_of_date, month, entity_id, product_code, currency
-- reads:  raw.hist_commitment
with delivered as (
    select *
    from raw.hist_commitment  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    cast(month as date) as month,
    entity_id,
    product_code,
    currency,
    cast(limit_amount as decimal(18, 2)) as limit_amount,
    cast(drawn_amount as decimal(18, 2)) as drawn_amount
from delivered
