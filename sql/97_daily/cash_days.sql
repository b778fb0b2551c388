-- about:  The day on every settlement account: what it began and ended with, what moved it, how low it went.
-- grain:  as_of_date, entity_id, account_id
-- reads:  staging.cash_position, daily.cash_movement
with moved as (
    select
        entity_id,
        account_id,
        sum(case when amount > 0 then amount else 0 end) as inflow,
        sum(case when amount < 0 then amount else 0 end) as outflow
    from daily.cash_movement
    where movement_date = as_of_date
    group by entity_id, account_id
)

select
    p.as_of_date,
    p.entity_id,
    p.account_id,
    p.currency,
    'daily' as view_frequency,
    p.opening_amount,
    coalesce(m.inflow, 0) as cash_in_amount,
    coalesce(m.outflow, 0) as cash_out_amount,
    p.closing_amount,
    p.intraday_minimum_amount,
    p.opening_amount - p.intraday_minimum_amount as intraday_use_amount
from staging.cash_position as p
left join moved as m on p.entity_id = m.entity_id and p.account_id = m.account_id
where p.position_date = p.as_of_date
