-- about:  Daily net collateral paid or received, one row per date, entity and agreement.
-- grain:  as_of_date, flow_date, entity_id, csa_id
-- reads:  raw.collateral_flow
with delivered as (
    select *
    from raw.collateral_flow  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    cast(flow_date as date) as flow_date,
    entity_id,
    csa_id,
    currency,
    cast(net_flow_amount as decimal(18, 2)) as net_flow_amount
from delivered
