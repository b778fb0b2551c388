-- about:  Base value of every entity, currency and product, and its first and second change with rates.
-- grain:  as_of_date, entity_id, currency, product_code, is_intragroup
-- reads:  book.positions, scenarios.position_sensitivities
select  -- never a partial sum: one position without a value leaves the row without one
    cast($as_of_date as date) as as_of_date,
    p.entity_id,
    p.currency,
    p.product_code,
    p.is_intragroup,
    case
        when count(v.present_value) = count(*)
            then cast(sum(cast(v.present_value as decimal(38, 6))) as double)
    end as present_value,
    case
        when count(v.present_value) = count(*)
            then cast(sum(cast(v.dv01 as decimal(38, 6))) as double)
    end as dv01,
    case
        when count(v.present_value) = count(*)
            then cast(sum(cast(v.curvature as decimal(38, 6))) as double)
    end as curvature,
    case
        when count(v.present_value) = count(*)
            then cast(sum(cast(v.yield_value as decimal(38, 6))) as double)
    end as yield_value,
    case
        when count(v.present_value) = count(*)
            then cast(sum(cast(v.yield_dv01 as decimal(38, 6))) as double)
    end as yield_dv01,
    count(*) as n_positions,
    count(*) - count(v.present_value) as n_not_valued
from book.positions as p
left join scenarios.position_sensitivities as v on p.position_id = v.position_id
where
    p.is_in_irrbb_scope
    and p.eve_treatment = 'in'
    and p.cash_flow_model not in ('balance_only', 'commitment')
group by p.entity_id, p.currency, p.product_code, p.is_intragroup
