-- about:  What one unit of each currency in use is worth in the reporting currency; a stale rate counts as none.
-- grain:  as_of_date, currency
-- reads:  book.positions, staging.fx_rate, inputs.bank, inputs.quote_ages
with in_use as (
    select currency from book.positions
    union
    select reporting_currency from inputs.bank
),

delivered as (
    select
        in_use.currency,
        bank.reporting_currency,
        coalesce(direct.fx_rate, 1 / inverse.fx_rate) as fx_rate,
        coalesce(direct.quote_date, inverse.quote_date) as quote_date
    from in_use
    cross join inputs.bank as bank
    left join staging.fx_rate as direct
        on in_use.currency = direct.base_currency and bank.reporting_currency = direct.quote_currency
    left join staging.fx_rate as inverse
        on in_use.currency = inverse.quote_currency and bank.reporting_currency = inverse.base_currency
)

select
    cast($as_of_date as date) as as_of_date,
    d.currency,
    d.reporting_currency,
    case
        when d.currency = d.reporting_currency then 1
        when d.quote_date >= cast($as_of_date as date) - a.max_age_days then d.fx_rate
    end as translation_rate,
    case
        when d.currency = d.reporting_currency or d.quote_date >= cast($as_of_date as date) - a.max_age_days
            then null
        when d.quote_date is null then 'fx_rate delivers none'
        else
            'the last one is of ' || cast(d.quote_date as varchar) || ', '
            || cast(cast($as_of_date as date) - d.quote_date as varchar) || ' days old, allowed ' || a.max_age_days
    end as reason
from delivered as d
left join inputs.quote_ages as a on a.quote_kind = 'exchange_rate'
