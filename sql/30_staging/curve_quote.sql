-- about:  Market quotes that curves are built from, one row per curve, instrument and tenor.
-- grain:  as_of_date, curve_id, instrument, tenor
-- reads:  raw.curve_quote
with delivered as (
    select *
    from raw.curve_quote  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    curve_id,
    instrument,
    tenor,
    currency,
    cast(quote as double) as quote,
    cast(quote_date as date) as quote_date,
    day_count,
    payment_freq,
    source
from delivered
