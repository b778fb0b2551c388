-- about:  What value and income do when one assumption is a tenth higher or lower, by entity, currency and product.
-- grain:  as_of_date, scenario, entity_id, currency, product_code, is_intragroup, parameter, assumption_step
-- reads:  book.positions, scenarios.assumption_values, inputs.members
with in_scope as (
    select
        p.position_id,
        p.entity_id,
        p.currency,
        p.product_code,
        p.eve_treatment = 'in' as is_in_eve,
        p.nii_treatment = 'constant_balance' and p.cash_flow_model <> 'non_performing' as is_in_nii,
        own.entity_id is not null and other.entity_id is not null as is_intragroup
    from book.positions as p
    left join inputs.members as own on p.entity_id = own.entity_id
    left join inputs.members as other on p.intragroup_entity_id = other.entity_id
    where p.is_in_irrbb_scope and p.cash_flow_model not in ('balance_only', 'commitment')
)

select
    cast($as_of_date as date) as as_of_date,
    v.scenario,
    s.entity_id,
    s.currency,
    s.product_code,
    s.is_intragroup,
    v.parameter,
    v.assumption_step,
    cast(sum(case when s.is_in_eve then cast(v.present_value_change as decimal(38, 6)) else 0 end) as double)
        as present_value_change,
    cast(sum(case when s.is_in_nii then cast(v.nii_12m_change as decimal(38, 6)) else 0 end) as double)
        as nii_12m_change
from scenarios.assumption_values as v
inner join in_scope as s on v.position_id = s.position_id
group by
    v.scenario, s.entity_id, s.currency, s.product_code, s.is_intragroup, v.parameter, v.assumption_step
