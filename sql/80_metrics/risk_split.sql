-- about:  Change of value and income of every entity, currency and product by scenario, taken apart by kind of risk.
-- grain:  as_of_date, scenario, risk_measure, entity_id, currency, product_code, is_intragroup
-- reads:  scenarios.risk_changes, metrics.eve, metrics.nii
with totals as (  -- of what is measured, and its change in the scenario; never a partial sum
    select
        'eve' as risk_measure,
        scenario,
        entity_id,
        currency,
        product_code,
        is_intragroup,
        present_value + option_value as amount
    from metrics.eve
    union all
    select
        'nii_12m' as risk_measure,
        scenario,
        entity_id,
        currency,
        product_code,
        is_intragroup,
        nii_12m + amortised_12m as amount
    from metrics.nii
)

select
    cast($as_of_date as date) as as_of_date,
    s.scenario,
    s.risk_measure,
    s.entity_id,
    s.currency,
    s.product_code,
    s.is_intragroup,
    s.amount - b.amount as full_change,
    case when s.amount is not null then r.gap_change end as gap_change,
    case when s.amount is not null then r.curve_change end as curve_change,
    case when s.amount is not null then r.basis_change end as basis_change,
    case when s.amount is not null then r.frozen_change end as frozen_change,
    case when s.amount is not null then r.option_change end as option_change
from totals as s
inner join totals as b
    on
        s.risk_measure = b.risk_measure and s.entity_id = b.entity_id and s.currency = b.currency
        and s.product_code = b.product_code and s.is_intragroup = b.is_intragroup and b.scenario = 'base'
left join scenarios.risk_changes as r
    on
        s.scenario = r.scenario and s.risk_measure = r.risk_measure and s.entity_id = r.entity_id
        and s.currency = r.currency and s.product_code = r.product_code
where s.scenario <> 'base'
