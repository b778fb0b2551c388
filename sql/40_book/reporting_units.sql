-- about:  Which rows make up each reported unit: an entity is its own rows, the group its members' without intragroup.
-- grain:  as_of_date, entity_id, row_kind, member_entity_id, is_intragroup
-- reads:  staging.entity, inputs.members, inputs.bank
with flags as (
    select false as is_intragroup
    union all
    select true as is_intragroup
)

select
    e.as_of_date,
    e.entity_id,
    'entity' as row_kind,
    e.entity_id as member_entity_id,
    flags.is_intragroup,
    1 as consolidation_factor
from staging.entity as e
cross join flags
union all
select
    cast($as_of_date as date) as as_of_date,
    bank.group_entity_id as entity_id,
    'elimination' as row_kind,
    m.entity_id as member_entity_id,
    true as is_intragroup,
    -1 as consolidation_factor
from inputs.members as m
cross join inputs.bank as bank
union all
select
    cast($as_of_date as date) as as_of_date,
    bank.group_entity_id as entity_id,
    'group' as row_kind,
    m.entity_id as member_entity_id,
    false as is_intragroup,
    1 as consolidation_factor
from inputs.members as m
cross join inputs.bank as bank
