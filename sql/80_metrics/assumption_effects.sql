-- about:  What value and income do when one assumption is a tenth higher or lower, by entity, currency and product.
-- grain:  as_of_date, scenario, entity_id, currency, product_code, is_intragroup, parameter, assumption_step
-- reads:  book.positions, scenarios.assumption_values
select
    cast($as_of_date as date) as as_of_date,
    v.scenario,
    p.entity_id,
    p.currency,
    p.product_code,
    p.is_intragroup,
    v.parameter,
    v.assumption_step,
    cast(
        sum(case when p.eve_treatment = 'in' then cast(v.present_value_change as decimal(38, 6)) else 0 end) as double
    ) as present_value_change,
    cast(
        sum(
            case
                when p.nii_treatment = 'constant_balance' and p.cash_flow_model <> 'non_performing'
                    then cast(v.nii_12m_change as decimal(38, 6))
                else 0
            end
        ) as double
    ) as nii_12m_change
from scenarios.assumption_values as v
inner join book.positions as p on v.position_id = p.position_id
where p.is_in_irrbb_scope and p.cash_flow_model not in ('balance_only', 'commitment')
group by
    v.scenario, p.entity_id, p.currency, p.product_code, p.is_intragroup, v.parameter, v.assumption_step
