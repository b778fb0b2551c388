-- about:  What must tie between liquid assets, their register and the book, left against right.
-- grain:  as_of_date, invariant, scope
-- reads:  reports.hqla_stock, reports.hqla_register, reports.lcr_lines, reports.liq1, reports.liq2,
--         metrics.hqla_holdings, metrics.position_slices, metrics.lcr_lines, metrics.nsfr_lines, staging.security,
--         book.positions
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

carried as (  -- what stands on the balance sheet, and the undrawn part of what is promised
    select
        entity_id,
        currency,
        sum(case when extract = 'commitment' then notional_amount else carrying_amount end) as amount
    from book.positions
    where extract <> 'derivative_leg'
    group by entity_id, currency
),

slices as (
    select
        entity_id,
        currency,
        sum(cast(slice_amount as decimal(38, 6))) as amount
    from metrics.position_slices
    group by entity_id, currency
),

lines as (
    select
        'coverage' as ratio,
        pack,
        entity_id,
        currency,
        sum(cast(slice_amount as decimal(38, 6))) as amount
    from metrics.lcr_lines
    group by pack, entity_id, currency
    union all
    select
        'stable funding' as ratio,
        pack,
        entity_id,
        currency,
        sum(cast(slice_amount as decimal(38, 6))) as amount
    from metrics.nsfr_lines
    group by pack, entity_id, currency
),

stock_lines as (
    select
        pack,
        entity_id,
        sum(weighted_line_amount) as amount
    from reports.lcr_lines
    where ratio_side = 'stock' and contract_currency = 'all'
    group by pack, entity_id
),

templates as (
    select
        pack,
        entity_id,
        row_kind,
        sum(case when template_row in (2, 5, 9, 10, 14, 15) then weighted_amount else 0 end) as parts,
        sum(case when template_row = 16 then weighted_amount else 0 end) as whole,
        'the rows of LIQ1 add up to the outflows' as invariant
    from reports.liq1
    group by pack, entity_id, row_kind
    union all
    select
        pack,
        entity_id,
        row_kind,
        sum(case when template_row in (15, 16, 17, 25, 26, 32) then weighted_amount else 0 end) as parts,
        sum(case when template_row = 33 then weighted_amount else 0 end) as whole,
        'the rows of LIQ2 add up to required funding' as invariant
    from reports.liq2
    group by pack, entity_id, row_kind
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
        'slices add up to the positions' as invariant,
        c.entity_id || ' ' || c.currency as scope,
        cast(s.amount as double) as left_value,
        cast(c.amount as double) as right_value,
        0.01 as tolerance_value
    from carried as c
    left join slices as s on c.entity_id = s.entity_id and c.currency = s.currency
    union all
    select
        'every slice stands in one line of the ' || l.ratio || ' ratio' as invariant,
        l.pack || ' ' || s.entity_id || ' ' || s.currency as scope,
        cast(l.amount as double) as left_value,
        cast(s.amount as double) as right_value,
        0.01 as tolerance_value
    from slices as s
    left join lines as l on s.entity_id = l.entity_id and s.currency = l.currency
    union all
    select
        'the lines of the stock add up to the levels' as invariant,
        s.pack || ' ' || s.entity_id as scope,
        cast(l.amount as double) as left_value,
        cast(s.level_1_amount + s.level_2a_amount + s.level_2b_amount as double) as right_value,
        0.10 as tolerance_value  -- a line of every rule and three levels are rounded
    from reports.hqla_stock as s
    inner join stock_lines as l on s.pack = l.pack and s.entity_id = l.entity_id
    where s.row_kind = 'entity' and s.contract_currency = 'all' and s.hqla_amount is not null
    union all
    select
        invariant,
        pack || ' ' || entity_id || ' ' || row_kind as scope,
        cast(parts as double) as left_value,
        cast(whole as double) as right_value,
        0.001 as tolerance_value
    from templates
    where whole is not null
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
