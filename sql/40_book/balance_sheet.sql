-- about:  The balance sheet by entity, contract currency and line, with quarantined rows as a line of their own.
-- grain:  as_of_date, entity_id, currency, side, balance_sheet_line
-- reads:  book.positions, book.excluded, inputs.members
with lines as (
    select
        p.entity_id,
        p.currency,
        p.side,
        p.balance_sheet_line,
        p.carrying_amount,
        p.outstanding_principal,
        case when own.entity_id is not null and other.entity_id is not null then p.carrying_amount else 0 end
            as intragroup_amount,
        1 as n_positions
    from book.positions as p
    left join inputs.members as own on p.entity_id = own.entity_id
    left join inputs.members as other on p.intragroup_entity_id = other.entity_id
    where p.side in ('asset', 'liability', 'equity')
    union all
    select
        entity_id,
        currency,
        side,
        'excluded_rows' as balance_sheet_line,
        carrying_amount,
        outstanding_principal,
        0 as intragroup_amount,
        excluded_rows as n_positions
    from book.excluded
    where side in ('asset', 'liability', 'equity')
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id,
    currency,
    side,
    balance_sheet_line,
    cast(sum(carrying_amount) as decimal(18, 2)) as carrying_amount,
    cast(sum(outstanding_principal) as decimal(18, 2)) as outstanding_principal,
    cast(sum(intragroup_amount) as decimal(18, 2)) as intragroup_amount,
    cast(sum(n_positions) as bigint) as n_positions
from lines
group by entity_id, currency, side, balance_sheet_line
