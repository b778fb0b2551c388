-- about:  Option volatilities, one row per surface point.
-- grain:  as_of_date, surface, currency, expiry, tenor, strike
-- reads:  raw.vol_quote
with delivered as (
    select *
    from raw.vol_quote  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    surface,
    currency,
    expiry,
    tenor,
    strike,
    cast(vol as double) as vol,
    vol_type,
    cast(quote_date as date) as quote_date
from delivered
