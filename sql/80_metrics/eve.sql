-- about:  Present value along the forwards, and what options add, of every entity, currency and product by scenario.
-- grain:  as_of_date, scenario, entity_id, currency, product_code, is_intragroup
-- reads:  book.positions, scenarios.position_values
select
    cast($as_of_date as date) as as_of_date,
    cast($scenario as varchar) as scenario,
    p.entity_id,
    p.currency,
    p.product_code,
    p.is_intragroup,
    case  -- never a partial sum: one position without a value leaves the row without one
        when count(v.present_value) = count(*)
            then cast(sum(cast(v.present_value as decimal(38, 6))) as double)
    end as present_value,
    case
        when count(v.option_value) = count(*)
            then cast(sum(cast(v.option_value as decimal(38, 6))) as double)
    end as option_value,
    count(*) as n_positions,
    count(*) - count(v.present_value) as n_not_valued
from book.positions as p
left join scenarios.position_values as v
    on p.position_id = v.position_id and v.scenario = $scenario
where
    p.is_in_irrbb_scope
    and p.eve_treatment = 'in'
    and p.cash_flow_model not in ('balance_only', 'commitment')
group by p.entity_id, p.currency, p.product_code, p.is_intragroup
