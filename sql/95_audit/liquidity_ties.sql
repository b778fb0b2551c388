-- about:  What must tie between liquid assets, their register and the book, left against right.
-- grain:  as_of_date, invariant, scope
-- reads:  reports.hqla_stock, reports.hqla_register, metrics.hqla_holdings, metrics.lcr_deposit_slices,
--         staging.security, staging.deposit_nmd, staging.deposit_term, book.positions
with register as (
    select
        pack,
        entity_id,
        sum(hqla_amount) as hqla_amount,
        count(*) as n_holdings
    from reports.hqla_register
    group by pack, entity_id
),

securities as (
    select count(*) as n_securities
    from staging.security
    where intragroup_entity_id is null
),

delivered as (
    select position_id from staging.deposit_nmd
    union all
    select position_id from staging.deposit_term
),

deposits as (
    select
        p.entity_id,
        p.currency,
        sum(p.outstanding_principal) as amount
    from book.positions as p
    inner join delivered as d on p.position_id = d.position_id
    where p.side = 'liability'
    group by p.entity_id, p.currency
),

slices as (
    select
        pack,
        entity_id,
        currency,
        sum(cast(slice_amount as decimal(38, 6))) as amount
    from metrics.lcr_deposit_slices
    group by pack, entity_id, currency
),

every_tie as (
    select
        'both formulas of the caps give one stock' as invariant,
        pack || ' ' || entity_id || ' ' || row_kind || ' ' || contract_currency as scope,
        cast(hqla_amount as double) as left_value,
        cast(hqla_in_one_step_amount as double) as right_value,
        0.02 as tolerance_value  -- both caps and either side are rounded
    from reports.hqla_stock
    where hqla_amount is not null
    union all
    select
        'the register adds up to the levels' as invariant,
        s.pack || ' ' || s.entity_id as scope,
        cast(r.hqla_amount as double) as left_value,
        cast(s.level_1_amount + s.level_2a_amount + s.level_2b_amount as double) as right_value,
        0.005 * r.n_holdings + 0.02 as tolerance_value  -- every holding is rounded
    from reports.hqla_stock as s
    inner join register as r on s.pack = r.pack and s.entity_id = r.entity_id
    where s.row_kind = 'entity' and s.contract_currency = 'all' and s.hqla_amount is not null
    union all
    select
        'parts of deposits add up to the deposits' as invariant,
        s.pack || ' ' || d.entity_id || ' ' || d.currency as scope,
        cast(s.amount as double) as left_value,
        cast(d.amount as double) as right_value,
        0.01 as tolerance_value
    from deposits as d
    left join slices as s on d.entity_id = s.entity_id and d.currency = s.currency
    union all
    select
        'every security is in the register once' as invariant,
        h.pack as scope,
        count(*) filter (where s.position_id is not null) as left_value,
        max(n.n_securities) as right_value,
        0 as tolerance_value
    from metrics.hqla_holdings as h
    left join staging.security as s on h.position_id = s.position_id
    cross join securities as n
    group by h.pack
)

select
    cast($as_of_date as date) as as_of_date,
    invariant,
    scope,
    cast(left_value as double) as left_value,
    cast(right_value as double) as right_value,
    cast(tolerance_value as double) as tolerance_value
from every_tie
