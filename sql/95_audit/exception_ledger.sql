-- about:  Everything in this close that is not as it should be and was accepted by somebody, with the reason.
-- grain:  as_of_date, exception_kind, item, applies_to
-- reads:  inputs.not_delivered, inputs.declared, inputs.outside_dates, scenarios.stopped_currencies
select
    cast($as_of_date as date) as as_of_date,
    'not delivered' as exception_kind,
    extract as item,
    extract as applies_to,
    treatment,
    reason,
    owner
from inputs.not_delivered
union all
select
    cast($as_of_date as date) as as_of_date,
    'declared, not delivered' as exception_kind,
    item,
    applies_to,
    cast(value as varchar) as treatment,
    reason,
    owner
from inputs.declared
union all
select
    cast($as_of_date as date) as as_of_date,
    'used outside its dates' as exception_kind,
    item,
    item_kind as applies_to,
    'applied' as treatment,
    'in force from ' || coalesce(cast(effective_from as varchar), 'the beginning')
    || ' to ' || coalesce(cast(effective_to as varchar), 'further notice') as reason,
    owner
from inputs.outside_dates
union all
select
    cast($as_of_date as date) as as_of_date,
    'currency stopped' as exception_kind,
    currency as item,
    scenario as applies_to,
    'its positions have no value, and totals that would contain them are not available' as treatment,
    cause as reason,
    'team:market-data' as owner
from scenarios.stopped_currencies
