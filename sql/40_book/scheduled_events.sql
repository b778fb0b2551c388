-- about:  What contracts agreed for given days, by position, the bank's own share of it.
-- grain:  as_of_date, position_id, event_date, event_type
-- reads:  staging.schedule_event, book.positions
select
    p.as_of_date,
    p.entity_id,
    p.position_id,
    e.event_date,
    e.event_type,
    cast(e.event_amount * cast(p.own_share as decimal(9, 8)) as decimal(18, 2)) as event_amount,
    e.rate
from staging.schedule_event as e
inner join book.positions as p  -- named by entity, extract and number; the others: book.unmatched_events
    on
        e.entity_id = p.entity_id
        and e.contract_no = substring(p.position_id, length(p.entity_id) + length(p.extract) + 3)
