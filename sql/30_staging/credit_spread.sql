-- about:  Credit spreads, one row per sector, rating, currency and tenor.
-- grain:  as_of_date, sector, rating, currency, tenor
-- reads:  raw.credit_spread
with delivered as (
    select *
    from raw.credit_spread  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    sector,
    rating,
    currency,
    tenor,
    cast(spread_rate as double) as spread_rate,
    cast(quote_date as date) as quote_date
from delivered
