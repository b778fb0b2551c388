-- about:  Monthly history of rates the bank posted, one row per month, product and currency.
-- grain:  as_of_date, month, product_code, currency
-- reads:  raw.hist_deposit_rate
with delivered as (
    select *
    from raw.hist_deposit_rate  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    cast(month as date) as month,
    product_code,
    currency,
    cast(posted_rate as double) as posted_rate,
    index_id,
    cast(index_rate as double) as index_rate,
    cast(peer_rate as double) as peer_rate
from delivered
