-- about:  Contracts with scheduled events that no position has, or several; must be empty, a close stops on any row.
-- grain:  as_of_date, entity_id, contract_no, reason
-- reads:  staging.schedule_event, book.positions, quarantine.schedule_event, quarantine.loan,
--         quarantine.deposit_term, quarantine.deposit_nmd, quarantine.security, quarantine.borrowing,
--         quarantine.derivative_leg, quarantine.commitment
with set_aside as (  -- the events of a quarantined contract stay out with it
    select
        entity_id,
        payload ->> '$.loan_no' as contract_no
    from quarantine.loan
    where json_valid(payload)
    union
    select
        entity_id,
        payload ->> '$.deposit_no' as contract_no
    from quarantine.deposit_term
    where json_valid(payload)
    union
    select
        entity_id,
        payload ->> '$.account_no' as contract_no
    from quarantine.deposit_nmd
    where json_valid(payload)
    union
    select
        entity_id,
        payload ->> '$.security_no' as contract_no
    from quarantine.security
    where json_valid(payload)
    union
    select
        entity_id,
        payload ->> '$.borrowing_no' as contract_no
    from quarantine.borrowing
    where json_valid(payload)
    union
    select
        entity_id,
        (payload ->> '$.deal_no') || ':' || (payload ->> '$.leg_no') as contract_no
    from quarantine.derivative_leg
    where json_valid(payload)
    union
    select
        entity_id,
        payload ->> '$.commitment_no' as contract_no
    from quarantine.commitment
    where json_valid(payload)
),

listed as (
    select
        entity_id,
        contract_no,
        count(*) as n_rows
    from staging.schedule_event
    group by entity_id, contract_no
),

contracts as (  -- a position is named by its entity, its extract and its number there
    select
        entity_id,
        position_id,
        substring(position_id, length(entity_id) + length(extract) + 3) as contract_no
    from book.positions
),

matched as (
    select
        l.entity_id,
        l.contract_no,
        l.n_rows,
        count(p.position_id) as n_positions
    from listed as l
    left join contracts as p on l.entity_id = p.entity_id and l.contract_no = p.contract_no
    group by l.entity_id, l.contract_no, l.n_rows
),

incomplete as (
    select
        entity_id,
        payload ->> '$.contract_no' as contract_no,
        count(*) as n_rows
    from quarantine.schedule_event
    where json_valid(payload)
    group by entity_id, payload ->> '$.contract_no'
)

select
    cast($as_of_date as date) as as_of_date,
    m.entity_id,
    m.contract_no,
    m.n_rows,
    case
        when m.n_positions = 0 then 'no position has this contract number'
        else 'positions of several extracts have this contract number'
    end as reason
from matched as m
left join set_aside as s on m.entity_id = s.entity_id and m.contract_no = s.contract_no
where m.n_positions > 1 or (m.n_positions = 0 and s.contract_no is null)
union all
select
    cast($as_of_date as date) as as_of_date,
    i.entity_id,
    i.contract_no,
    i.n_rows,
    'events of this contract are in quarantine' as reason
from incomplete as i
inner join contracts as p on i.entity_id = p.entity_id and i.contract_no = p.contract_no
