-- about:  What one unit of each currency in use is worth in the reporting currency.
-- grain:  as_of_date, currency
-- reads:  book.positions, staging.fx_rate, inputs.bank
with in_use as (
    select currency from book.positions
    union
    select reporting_currency from inputs.bank
)

select
    cast($as_of_date as date) as as_of_date,
    in_use.currency,
    bank.reporting_currency,
    case
        when in_use.currency = bank.reporting_currency then 1
        else coalesce(direct.fx_rate, 1 / inverse.fx_rate)
    end as translation_rate
from in_use
cross join inputs.bank as bank
left join staging.fx_rate as direct
    on in_use.currency = direct.base_currency and bank.reporting_currency = direct.quote_currency
left join staging.fx_rate as inverse
    on in_use.currency = inverse.quote_currency and bank.reporting_currency = inverse.base_currency
