-- about:  What the day's own indicators are made from, of every unit in the reporting currency.
-- grain:  as_of_date, entity_id, row_kind, indicator
-- reads:  staging.payment_forecast, daily.cash_days, daily.cash_movement, daily.cash_outlook, daily.forecast_check,
--         reports.deposit_monitor @previous, book.reporting_units @previous, book.translation_rates @previous
with members as (  -- every reported unit's entities and what one unit of each currency is worth
    select
        u.entity_id,
        u.row_kind,
        u.member_entity_id,
        t.currency,
        t.translation_rate
    from previous.reporting_units as u
    cross join previous.translation_rates as t
    where u.row_kind in ('entity', 'group') and not u.is_intragroup
),

cash as (
    select
        m.entity_id,
        m.row_kind,
        cast(sum(cast(c.opening_amount * m.translation_rate as decimal(38, 6))) as double) as opening,
        cast(sum(cast(c.intraday_use_amount * m.translation_rate as decimal(38, 6))) as double) as used,
        cast(sum(cast(c.closing_amount * m.translation_rate as decimal(38, 6))) as double) as closing
    from daily.cash_days as c
    inner join members as m on c.entity_id = m.member_entity_id and c.currency = m.currency
    group by m.entity_id, m.row_kind
),

moved as (
    select
        m.entity_id,
        m.row_kind,
        cast(sum(cast(f.amount * m.translation_rate as decimal(38, 6))) as double) as amount
    from daily.cash_movement as f
    inner join members as m on f.entity_id = m.member_entity_id and f.currency = m.currency
    where f.movement_type = 'deposit' and f.movement_date > f.as_of_date - 5
    group by m.entity_id, m.row_kind
),

deposits as (
    select
        entity_id,
        row_kind,
        cast(sum(monitored_amount) as double) as amount
    from previous.deposit_monitor
    group by entity_id, row_kind
),

payments as (
    select
        m.entity_id,
        m.row_kind,
        cast(sum(cast(least(p.amount, 0) * m.translation_rate as decimal(38, 6))) as double) as amount
    from staging.payment_forecast as p
    inner join members as m on p.entity_id = m.member_entity_id and p.currency = m.currency
    where p.payment_date <= p.as_of_date + 10
    group by m.entity_id, m.row_kind
),

lows as (  -- the least day of every entity and currency
    select
        entity_id,
        contract_currency,
        min(outlook_p10_amount) as low
    from daily.cash_outlook
    group by entity_id, contract_currency
),

least_days as (  -- lows of members are added up, whether or not they fall on one day
    select
        m.entity_id,
        m.row_kind,
        cast(sum(cast(l.low * m.translation_rate as decimal(38, 6))) as double) as amount
    from lows as l
    inner join members as m on l.entity_id = m.member_entity_id and l.contract_currency = m.currency
    group by m.entity_id, m.row_kind
),

checked as (
    select
        m.entity_id,
        m.row_kind,
        cast(sum(cast(abs(c.forecast_error_amount) * m.translation_rate as decimal(38, 6))) as double) as missed,
        cast(sum(cast(
            case when c.flow_kind = 'deposit' then c.forecast_error_amount end * m.translation_rate as decimal(38, 6)
        )) as double) as below,
        cast(sum(cast((c.expected_amount - c.low_amount) * m.translation_rate as decimal(38, 6))) as double) as width
    from daily.forecast_check as c
    inner join members as m on c.entity_id = m.member_entity_id and c.contract_currency = m.currency
    group by m.entity_id, m.row_kind
),

figures as (
    select
        c.entity_id,
        c.row_kind,
        'deposit_flow_5d' as indicator,
        coalesce(m.amount, 0) as part,
        d.amount as base
    from cash as c
    left join moved as m on c.entity_id = m.entity_id and c.row_kind = m.row_kind
    left join deposits as d on c.entity_id = d.entity_id and c.row_kind = d.row_kind
    union all
    select
        entity_id,
        row_kind,
        'deposit_flow_score' as indicator,
        below as part,
        width as base
    from checked
    union all
    select
        c.entity_id,
        c.row_kind,
        'forecast_error' as indicator,
        k.missed as part,
        c.closing as base
    from cash as c
    left join checked as k on c.entity_id = k.entity_id and c.row_kind = k.row_kind
    union all
    select
        entity_id,
        row_kind,
        'intraday_use' as indicator,
        used as part,
        opening as base
    from cash
    union all
    select
        c.entity_id,
        c.row_kind,
        'least_outlook_10d' as indicator,
        l.amount as part,
        c.closing as base
    from cash as c
    left join least_days as l on c.entity_id = l.entity_id and c.row_kind = l.row_kind
    union all
    select
        c.entity_id,
        c.row_kind,
        'payments_10d' as indicator,
        coalesce(p.amount, 0) as part,
        c.closing as base
    from cash as c
    left join payments as p on c.entity_id = p.entity_id and c.row_kind = p.row_kind
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id,
    row_kind,
    indicator,
    part as indicator_part,
    base as indicator_base
from figures
