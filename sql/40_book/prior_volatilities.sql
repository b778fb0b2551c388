-- about:  Option volatilities of the published close before, of which today's book is valued once more.
-- grain:  as_of_date, surface, currency, expiry, tenor, strike
-- reads:  staging.vol_quote @previous
select
    cast($as_of_date as date) as as_of_date,
    as_of_date as prior_as_of_date,
    surface,
    currency,
    expiry,
    tenor,
    strike,
    vol,
    vol_type,
    quote_date
from previous.vol_quote
