-- about:  Cash that has flowed and capacity that can be used up to each day of a liquidity stress, by unit.
-- grain:  as_of_date, stress, entity_id, row_kind, contract_currency, flow_day
-- reads:  metrics.stress_flows, book.reporting_units, book.translation_rates, inputs.stresses
with views (is_every_currency) as (  -- each currency, and all together
    values (false), (true)
),

translated as (
    select
        s.stress,
        u.entity_id,
        u.row_kind,
        case when v.is_every_currency then 'all' else s.currency end as contract_currency,
        s.flow_day,
        s.stress_part,
        s.cumulative_amount * u.consolidation_factor * t.translation_rate as amount,
        case
            when t.translation_rate is null
                then
                    'no exchange rate for ' || s.currency
                    || ' | book.translation_rates | to fix: deliver it in fx_rate'
            when s.stress_part = 'unclassified'
                then s.currency || ': slices that no rule takes | metrics.lcr_unclassified'
        end as cause
    from metrics.stress_flows as s
    inner join book.reporting_units as u
        on s.entity_id = u.member_entity_id and s.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on s.currency = t.currency
    cross join views as v
    where u.row_kind <> 'elimination'
),

summed as (
    select
        stress,
        entity_id,
        row_kind,
        contract_currency,
        flow_day,
        min(cause) as cause,
        sum(
            cast(
                case when stress_part in ('run_off', 'drawn', 'not_renewed', 'margin_calls') then amount else 0 end
                as decimal(38, 6)
            )
        ) as outflow,
        sum(cast(case when stress_part = 'received' then amount else 0 end as decimal(38, 6))) as inflow,
        sum(cast(case when stress_part = 'cash' then amount else 0 end as decimal(38, 6))) as cash,
        sum(
            cast(
                case when stress_part in ('sale', 'returned_collateral') then amount else 0 end as decimal(38, 6)
            )
        ) as sales,
        sum(cast(case when stress_part = 'facility' then amount else 0 end as decimal(38, 6))) as facilities,
        sum(cast(case when stress_part = 'sale_loss' then amount else 0 end as decimal(38, 6))) as sale_loss
    from translated
    group by stress, entity_id, row_kind, contract_currency, flow_day
)

select
    cast($as_of_date as date) as as_of_date,
    s.stress,
    s.entity_id,
    s.row_kind,
    s.contract_currency,
    s.flow_day,
    coalesce(
        s.cause,
        case
            when t.has_margin_calls and t.rate_scenario is null
                then
                    'margin calls need the rates of ' || s.stress
                    || ' | to fix: list the scenario it extends in closing_scenarios'
        end
    ) as cause,
    cast(s.outflow as double) as stressed_outflow,
    cast(s.inflow as double) as stressed_inflow,
    cast(s.cash as double) as cash_at_hand,
    cast(s.sales as double) as sold_securities,
    cast(s.facilities as double) as drawn_facilities,
    cast(s.cash + s.sales + s.facilities as double) as counterbalancing_capacity,
    cast(s.outflow + s.inflow + s.cash + s.sales + s.facilities as double) as stressed_position,
    cast(s.sale_loss as double) as sale_loss
from summed as s
inner join inputs.stresses as t on s.stress = t.stress
