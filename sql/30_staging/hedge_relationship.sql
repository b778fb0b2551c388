-- about:  Which position hedges which, one row per hedge and hedged position.
-- grain:  as_of_date, hedge_id, hedged_position_no
-- reads:  raw.hedge_relationship
with delivered as (
    select *
    from raw.hedge_relationship  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    hedge_id,
    hedged_position_no,
    entity_id,
    hedge_type,
    cast(hedge_ratio as double) as hedge_ratio,
    cast(designation_date as date) as designation_date
from delivered
