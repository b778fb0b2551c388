-- about:  How deposits moved over as many days in the past, from the same weekday on: the low, the middle and the high.
-- grain:  as_of_date, entity_id, currency, days_ahead
-- reads:  daily.deposit_windows
with bands as (
    select
        entity_id,
        currency,
        days_ahead,
        count(*) as n_windows,
        quantile_cont(cast(window_amount as double), 0.1) as low,
        quantile_cont(cast(window_amount as double), 0.5) as middle,
        quantile_cont(cast(window_amount as double), 0.9) as high
    from daily.deposit_windows
    group by entity_id, currency, days_ahead
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id,
    currency,
    days_ahead,
    n_windows,
    case when n_windows >= 20 then round(low, 2) end as deposit_p10_amount,
    case when n_windows >= 20 then round(middle, 2) end as deposit_p50_amount,
    case when n_windows >= 20 then round(high, 2) end as deposit_p90_amount
from bands
