-- about:  Market quotes that curves are built from, one row per curve, instrument, tenor and start.
-- grain:  as_of_date, curve_id, instrument, tenor, start_date
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
    coalesce(cast(start_date as date), as_of_date) as start_date,  -- forwards and futures alone start later
    currency,
    cast(quote as double) as quote,
    cast(quote_date as date) as quote_date,
    day_count,
    payment_freq,
    cast(convexity_adjustment_rate as double) as convexity_adjustment_rate,
    source
from delivered
