-- about:  Cash of the next ten days: what is there, what falls due, what is known to be paid, how deposits may move.
-- grain:  as_of_date, entity_id, contract_currency, days_ahead
-- reads:  staging.cash_position, staging.payment_forecast, daily.deposit_bands, inputs.products,
--         cash_flows.contractual_days @previous
with opening as (
    select
        entity_id,
        currency,
        sum(closing_amount) as amount
    from staging.cash_position
    where position_date = as_of_date
    group by entity_id, currency
),

closed as (
    select max(as_of_date) as closed_as_of_date
    from previous.contractual_days
),

due as (  -- as agreed, of everything but deposits: those are in the band
    select
        d.entity_id,
        d.currency,
        d.as_of_date + cast(d.flow_day as integer) as due_date,
        d.principal_amount + d.interest_amount as amount
    from previous.contractual_days as d
    inner join inputs.products as p on d.product_code = p.product_code
    where
        p.family not in ('deposits_non_maturity', 'deposits_term', 'cash', 'non_performing')
        and d.as_of_date + cast(d.flow_day as integer) > cast($as_of_date as date)
        and d.as_of_date + cast(d.flow_day as integer) <= cast($as_of_date as date) + 10
),

units as (
    select
        entity_id,
        currency
    from opening
    union
    select
        entity_id,
        currency
    from due
    union
    select
        entity_id,
        currency
    from staging.payment_forecast
    where payment_date <= as_of_date + 10
),

horizons as (
    select unnest(range(1, 11)) as days_ahead
),

days as (
    select
        u.entity_id,
        u.currency,
        h.days_ahead,
        cast($as_of_date as date) + cast(h.days_ahead as integer) as forecast_date
    from units as u
    cross join horizons as h
),

due_so_far as (
    select
        d.entity_id,
        d.currency,
        d.days_ahead,
        sum(cast(f.amount as decimal(38, 6))) as amount
    from days as d
    inner join due as f
        on d.entity_id = f.entity_id and d.currency = f.currency and d.forecast_date >= f.due_date
    group by d.entity_id, d.currency, d.days_ahead
),

paid_so_far as (
    select
        d.entity_id,
        d.currency,
        d.days_ahead,
        sum(cast(f.amount * f.probability_share as decimal(38, 6))) as amount
    from days as d
    inner join staging.payment_forecast as f
        on d.entity_id = f.entity_id and d.currency = f.currency and d.forecast_date >= f.payment_date
    group by d.entity_id, d.currency, d.days_ahead
),

every_row as (
    select
        d.entity_id,
        d.currency,
        d.days_ahead,
        d.forecast_date,
        c.closed_as_of_date,
        o.amount as opening,
        case when c.closed_as_of_date is not null then coalesce(f.amount, 0) end as due,
        coalesce(p.amount, 0) as payment,
        b.deposit_p10_amount,
        b.deposit_p50_amount,
        b.deposit_p90_amount
    from days as d
    cross join closed as c
    left join opening as o on d.entity_id = o.entity_id and d.currency = o.currency
    left join due_so_far as f
        on d.entity_id = f.entity_id and d.currency = f.currency and d.days_ahead = f.days_ahead
    left join paid_so_far as p
        on d.entity_id = p.entity_id and d.currency = p.currency and d.days_ahead = p.days_ahead
    left join daily.deposit_bands as b
        on d.entity_id = b.entity_id and d.currency = b.currency and d.days_ahead = b.days_ahead
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id,
    currency as contract_currency,
    cast(days_ahead as integer) as days_ahead,
    forecast_date,
    'daily' as view_frequency,
    closed_as_of_date,
    opening as opening_amount,
    cast(due as decimal(18, 2)) as falling_due_amount,
    cast(payment as decimal(18, 2)) as known_payment_amount,
    deposit_p10_amount,
    deposit_p50_amount,
    deposit_p90_amount,
    cast(opening + due + payment + deposit_p10_amount as decimal(18, 2)) as outlook_p10_amount,
    cast(opening + due + payment + deposit_p50_amount as decimal(18, 2)) as outlook_p50_amount,
    cast(opening + due + payment + deposit_p90_amount as decimal(18, 2)) as outlook_p90_amount,
    case
        when opening is null then 'not available: no settlement account in this currency'
        when closed_as_of_date is null then 'not available: no close before this day'
        when deposit_p50_amount is null then 'not available: fewer than 20 weeks of movements'
        else 'available'
    end as availability
from every_row
