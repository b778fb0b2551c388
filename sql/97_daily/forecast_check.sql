-- about:  What the last day before expected until today, and what came.
-- grain:  as_of_date, entity_id, contract_currency, flow_kind
-- reads:  staging.cash_position, daily.cash_movement, daily.cash_outlook @previous
with kinds (flow_kind) as (
    values
    ('deposit'),
    ('contract'),
    ('payment'),
    ('other')
),

accounts as (
    select distinct
        entity_id,
        currency
    from staging.cash_position
    where position_date = as_of_date
),

expected as (
    select
        o.entity_id,
        o.contract_currency,
        k.flow_kind,
        o.as_of_date as forecast_as_of_date,
        case k.flow_kind
            when 'deposit' then o.deposit_p50_amount
            when 'contract' then o.falling_due_amount
            when 'payment' then o.known_payment_amount
        end as expected_amount,
        case when k.flow_kind = 'deposit' then o.deposit_p10_amount end as low_amount,
        case when k.flow_kind = 'deposit' then o.deposit_p90_amount end as high_amount
    from previous.cash_outlook as o
    cross join kinds as k
    where o.forecast_date = cast($as_of_date as date)
),

actual as (  -- since the day on which it was expected
    select
        e.entity_id,
        e.contract_currency,
        e.flow_kind,
        sum(m.amount) as amount
    from expected as e
    inner join daily.cash_movement as m
        on
            e.entity_id = m.entity_id and e.contract_currency = m.currency and e.flow_kind = m.movement_type
            and e.forecast_as_of_date < m.movement_date
    group by e.entity_id, e.contract_currency, e.flow_kind
)

select
    cast($as_of_date as date) as as_of_date,
    a.entity_id,
    a.currency as contract_currency,
    k.flow_kind,
    'daily' as view_frequency,
    e.forecast_as_of_date,
    e.expected_amount,
    e.low_amount,
    e.high_amount,
    case when e.forecast_as_of_date is not null then cast(coalesce(s.amount, 0) as decimal(18, 2)) end as actual_amount,
    cast(coalesce(s.amount, 0) - e.expected_amount as decimal(18, 2)) as forecast_error_amount,
    coalesce(s.amount, 0) between e.low_amount and e.high_amount as is_within_band,
    case
        when e.forecast_as_of_date is null then 'not available: no day before expected this one'
        when k.flow_kind = 'other' then 'not available: nobody expects other movements'
        when e.expected_amount is null then 'not available: the day before had no figure'
        else 'available'
    end as availability
from accounts as a
cross join kinds as k
left join expected as e
    on a.entity_id = e.entity_id and a.currency = e.contract_currency and k.flow_kind = e.flow_kind
left join actual as s
    on a.entity_id = s.entity_id and a.currency = s.contract_currency and k.flow_kind = s.flow_kind
