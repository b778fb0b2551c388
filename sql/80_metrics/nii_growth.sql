-- about:  Income of the volumes that the plan adds to a constant balance sheet, in reporting currency.
-- grain:  as_of_date, entity_id, row_kind, scenario, month_index
-- reads:  scenarios.growth_income, book.reporting_units, book.translation_rates, inputs.products,
--         inputs.scenario_fx
with translated as (  -- income in each scenario's own exchange rates; third-party business alone
    select
        u.entity_id,
        u.row_kind,
        g.scenario,
        g.month_index,
        coalesce(p.side, 'balancing') as side,
        g.new_principal * u.consolidation_factor * t.translation_rate as principal_amount,
        g.growth_interest * u.consolidation_factor * t.translation_rate * coalesce(x.translation_factor, 1)
            as income_amount
    from scenarios.growth_income as g
    inner join book.reporting_units as u on g.entity_id = u.member_entity_id and not u.is_intragroup
    left join book.translation_rates as t on g.currency = t.currency
    left join inputs.products as p on g.product_code = p.product_code
    left join inputs.scenario_fx as x on g.scenario = x.scenario and g.currency = x.currency
    where u.row_kind <> 'elimination'
),

totals as (
    select
        entity_id,
        row_kind,
        scenario,
        month_index,
        count(income_amount) = count(*) as is_whole,
        sum(cast(case when side = 'asset' then principal_amount else 0 end as decimal(38, 6))) as new_assets_amount,
        sum(cast(case when side = 'liability' then principal_amount else 0 end as decimal(38, 6)))
            as new_liabilities_amount,
        sum(cast(case when side = 'balancing' then 0 else income_amount end as decimal(38, 6)))
            as growth_income_amount,
        sum(cast(case when side = 'balancing' then income_amount else 0 end as decimal(38, 6)))
            as balancing_income_amount
    from translated
    group by entity_id, row_kind, scenario, month_index
)

select  -- never a partial sum
    cast($as_of_date as date) as as_of_date,
    entity_id,
    row_kind,
    scenario,
    month_index,
    case when is_whole then cast(new_assets_amount as double) end as new_assets_amount,
    case when is_whole then cast(new_liabilities_amount as double) end as new_liabilities_amount,
    case when is_whole then cast(growth_income_amount as double) end as growth_income_amount,
    case when is_whole then cast(balancing_income_amount as double) end as balancing_income_amount
from totals
