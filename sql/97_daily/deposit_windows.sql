-- about:  What deposits gained over as many days in the past, from every weekday like this one on.
-- grain:  as_of_date, entity_id, currency, days_ahead, window_start_date
-- reads:  daily.cash_movement
with known as (
    select
        entity_id,
        currency,
        min(movement_date) as first_date
    from daily.cash_movement
    group by entity_id, currency
),

days as (
    select
        entity_id,
        currency,
        first_date + cast(unnest(range(0, cast($as_of_date as date) - first_date + 1)) as integer) as day
    from known
),

horizons as (
    select unnest(range(1, 11)) as days_ahead
),

windows as (  -- after `day`, up to `last_day`
    select
        d.entity_id,
        d.currency,
        d.day,
        cast(h.days_ahead as integer) as days_ahead,
        d.day + cast(h.days_ahead as integer) as last_day
    from days as d
    cross join horizons as h
    where
        dayofweek(d.day) = dayofweek(cast($as_of_date as date))
        and d.day + cast(h.days_ahead as integer) <= cast($as_of_date as date)
),

gained as (
    select
        w.entity_id,
        w.currency,
        w.days_ahead,
        w.day,
        sum(m.amount) as amount
    from windows as w
    inner join daily.cash_movement as m
        on
            w.entity_id = m.entity_id and w.currency = m.currency
            and w.day < m.movement_date and w.last_day >= m.movement_date
    where m.movement_type = 'deposit'
    group by w.entity_id, w.currency, w.days_ahead, w.day
)

select
    cast($as_of_date as date) as as_of_date,
    w.entity_id,
    w.currency,
    w.days_ahead,
    w.day as window_start_date,
    coalesce(g.amount, 0) as window_amount
from windows as w
left join gained as g
    on w.entity_id = g.entity_id and w.currency = g.currency and w.days_ahead = g.days_ahead and w.day = g.day
