-- about:  The largest net flow of collateral over thirty days of the last twenty-four months, whichever way it went.
-- grain:  as_of_date, position_id
-- reads:  staging.collateral_flow
with flows as (
    select
        entity_id,
        currency,
        flow_date,
        sum(net_flow_amount) as net_flow_amount
    from staging.collateral_flow
    where
        flow_date > cast(cast($as_of_date as date) - interval 24 months as date)
        and flow_date <= cast($as_of_date as date)
    group by entity_id, currency, flow_date
),

held as (
    select distinct
        entity_id,
        currency
    from flows
),

days as (  -- every window of thirty days that lies in the twenty-four months
    select
        entity_id,
        currency,
        cast(
            unnest(
                generate_series(
                    cast($as_of_date as date) - interval 24 months + interval 30 days,
                    cast($as_of_date as date),
                    interval 1 day
                )
            ) as date
        ) as window_end_date
    from held
),

windows as (
    select
        d.entity_id,
        d.currency,
        d.window_end_date,
        abs(sum(f.net_flow_amount)) as net_flow
    from days as d
    inner join flows as f
        on
            d.entity_id = f.entity_id and d.currency = f.currency
            and d.window_end_date >= f.flow_date and d.window_end_date < f.flow_date + 30
    group by d.entity_id, d.currency, d.window_end_date
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id || ':collateral_flow:' || currency as position_id,
    entity_id,
    currency,
    window_end_date,
    cast(net_flow as double) as largest_net_flow
from windows
qualify row_number() over (partition by entity_id, currency order by net_flow desc, window_end_date asc) = 1
