-- about:  Change of economic value in the standardised approach of every entity, currency and product.
-- grain:  as_of_date, scenario, entity_id, currency, product_code, is_intragroup
-- reads:  book.positions, scenarios.standardised_values, inputs.members
with in_scope as (
    select
        p.position_id,
        own.entity_id is not null and other.entity_id is not null as is_intragroup
    from book.positions as p
    left join inputs.members as own on p.entity_id = own.entity_id
    left join inputs.members as other on p.intragroup_entity_id = other.entity_id
    where
        p.is_in_irrbb_scope
        and p.eve_treatment = 'in'
        and p.cash_flow_model not in ('balance_only', 'commitment')
)

select
    cast($as_of_date as date) as as_of_date,
    v.scenario,
    v.entity_id,
    v.currency,
    v.product_code,
    s.is_intragroup,
    cast(sum(cast(v.bucketed_change as decimal(38, 6))) as double) as bucketed_change,
    cast(sum(cast(v.split_change as decimal(38, 6))) as double) as split_change,
    cast(sum(cast(v.option_change as decimal(38, 6))) as double) as option_change,
    cast(sum(cast(v.raised_option_change as decimal(38, 6))) as double) as raised_option_change
from in_scope as s
inner join scenarios.standardised_values as v on s.position_id = v.position_id
group by v.scenario, v.entity_id, v.currency, v.product_code, s.is_intragroup
