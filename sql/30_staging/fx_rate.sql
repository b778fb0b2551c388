-- about:  Exchange rates, one row per pair: one unit of the base currency is fx_rate units of the quote currency.
-- grain:  as_of_date, base_currency, quote_currency
-- reads:  raw.fx_rate
with delivered as (
    select *
    from raw.fx_rate  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    base_currency,
    quote_currency,
    cast(fx_rate as double) as fx_rate,
    cast(quote_date as date) as quote_date
from delivered
