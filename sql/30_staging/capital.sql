-- about:  Capital elements and requirements, one row per entity and element.
-- grain:  as_of_date, entity_id, element
-- reads:  raw.capital
with delivered as (
    select *
    from raw.capital  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    entity_id,
    element,
    cast(amount as decimal(18, 2)) as amount,
    currency,
    cast(requirement_share as double) as requirement_share,
    cast(buffer_share as double) as buffer_share
from delivered
