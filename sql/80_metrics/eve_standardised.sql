-- about:  Change of economic value in the standardised approach of every entity, currency and product.
-- grain:  as_of_date, scenario, entity_id, currency, product_code, is_intragroup
-- reads:  book.positions, scenarios.standardised_values
select
    cast($as_of_date as date) as as_of_date,
    v.scenario,
    v.entity_id,
    v.currency,
    v.product_code,
    p.is_intragroup,
    cast(sum(cast(v.bucketed_change as decimal(38, 6))) as double) as bucketed_change,
    cast(sum(cast(v.split_change as decimal(38, 6))) as double) as split_change,
    cast(sum(cast(v.option_change as decimal(38, 6))) as double) as option_change,
    cast(sum(cast(v.raised_option_change as decimal(38, 6))) as double) as raised_option_change
from book.positions as p
inner join scenarios.standardised_values as v on p.position_id = v.position_id
where
    p.is_in_irrbb_scope
    and p.eve_treatment = 'in'
    and p.cash_flow_model not in ('balance_only', 'commitment')
group by v.scenario, v.entity_id, v.currency, v.product_code, p.is_intragroup
