-- about:  Agreed events of contracts whose schedule is a list, one row per contract, date and kind.
-- grain:  as_of_date, entity_id, contract_no, event_date, event_type
-- reads:  raw.schedule_event
with delivered as (
    select *
    from raw.schedule_event  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    entity_id,
    contract_no,
    cast(event_date as date) as event_date,
    event_type,
    cast(event_amount as decimal(18, 2)) as event_amount,
    cast(rate as double) as rate
from delivered
