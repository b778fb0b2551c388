-- about:  The balance sheet by entity, contract currency and line; accrued interest and quarantined rows are own lines.
-- grain:  as_of_date, entity_id, currency, side, balance_sheet_line
-- reads:  book.positions, book.excluded, inputs.declared
with carried as (
    select
        p.entity_id,
        p.currency,
        p.side,
        p.balance_sheet_line,
        p.carrying_amount,
        p.accrued_interest,
        p.outstanding_principal,
        p.is_intragroup
    from book.positions as p
    where p.side in ('asset', 'liability', 'equity')
),

lines as (
    select
        entity_id,
        currency,
        side,
        balance_sheet_line,
        carrying_amount,
        outstanding_principal,
        case when is_intragroup then carrying_amount else 0 end as intragroup_amount,
        1 as n_positions
    from carried
    union all
    select
        entity_id,
        currency,
        side,
        'accrued_interest' as balance_sheet_line,
        accrued_interest as carrying_amount,
        0 as outstanding_principal,
        case when is_intragroup then accrued_interest else 0 end as intragroup_amount,
        1 as n_positions
    from carried
    where accrued_interest <> 0
    union all
    select
        entity_id,
        currency,
        side,
        'excluded_rows' as balance_sheet_line,
        carrying_amount + accrued_interest as carrying_amount,
        outstanding_principal,
        0 as intragroup_amount,
        excluded_rows as n_positions
    from book.excluded
    where side in ('asset', 'liability', 'equity')
),

not_delivered as (  -- declared by the source: what funds the rest, one line and never a position
    select
        l.entity_id,
        l.currency,
        sum(case when l.side = 'asset' then -l.carrying_amount else l.carrying_amount end) as carrying_amount
    from lines as l
    where 'assets_not_delivered' in (select d.item from inputs.declared as d)
    group by l.entity_id, l.currency
),

every_line as (
    select
        entity_id,
        currency,
        side,
        balance_sheet_line,
        carrying_amount,
        outstanding_principal,
        intragroup_amount,
        n_positions
    from lines
    union all
    select
        entity_id,
        currency,
        'asset' as side,
        'assets_not_delivered' as balance_sheet_line,
        carrying_amount,
        0 as outstanding_principal,
        0 as intragroup_amount,
        0 as n_positions
    from not_delivered
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
from every_line
group by entity_id, currency, side, balance_sheet_line
