-- about:  Monthly history of term deposits broken, matured and rolled, one row per product and currency.
-- grain:  as_of_date, month, entity_id, product_code, currency
-- reads:  raw.hist_term_deposit
with delivered as (
    select *
    from raw.hist_term_deposit  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    cast(month as date) as month,
    entity_id,
    product_code,
    currency,
    cast(opening_amount as decimal(18, 2)) as opening_amount,
    cast(broken_amount as decimal(18, 2)) as broken_amount,
    cast(matured_amount as decimal(18, 2)) as matured_amount,
    cast(rolled_amount as decimal(18, 2)) as rolled_amount,
    cast(rate_gap as double) as rate_gap
from delivered
