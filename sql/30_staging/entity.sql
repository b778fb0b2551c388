-- about:  Legal entities of the bank, one row per entity.
-- grain:  as_of_date, entity_id
-- reads:  raw.entity
with delivered as (
    select *
    from raw.entity  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    entity_id,
    name,
    parent_entity_id,
    country,
    reporting_currency,
    role
from delivered
