-- about:  Market quotes of the published close before, of which today's book is valued once more.
-- grain:  as_of_date, curve_id, instrument, tenor, start_date
-- reads:  staging.curve_quote @previous
select
    cast($as_of_date as date) as as_of_date,
    as_of_date as prior_as_of_date,
    curve_id,
    instrument,
    tenor,
    start_date,
    currency,
    quote,
    quote_date,
    day_count,
    payment_freq,
    convexity_adjustment_rate
from previous.curve_quote
