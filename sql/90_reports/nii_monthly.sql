-- about:  Net interest income along the forwards by month: index, margin, replacement, hedges and option payoffs.
-- grain:  as_of_date, entity_id, row_kind, scenario, family, month_index
-- reads:  metrics.nii_months, reports.nii_sensitivity, metrics.report_footers, book.reporting_units,
--         book.translation_rates, inputs.products, inputs.scenario_fx
with months as (  -- in each scenario's own exchange rates, over those of the day
    select
        m.scenario,
        m.entity_id,
        m.currency,
        m.is_intragroup,
        m.product_code,
        m.month_index,
        m.index_interest * coalesce(x.translation_factor, 1) as index_interest,
        m.margin_interest * coalesce(x.translation_factor, 1) as margin_interest,
        m.option_interest * coalesce(x.translation_factor, 1) as option_interest,
        m.replacement_interest * coalesce(x.translation_factor, 1) as replacement_interest,
        m.average_principal * coalesce(x.translation_factor, 1) as average_principal
    from metrics.nii_months as m
    left join inputs.scenario_fx as x on m.scenario = x.scenario and m.currency = x.currency
),

split as (
    select
        m.scenario,
        m.entity_id,
        m.currency,
        m.is_intragroup,
        m.month_index,
        p.family,
        case when p.side in ('asset', 'liability') then m.index_interest else 0 end as index_part_amount,
        case when p.side in ('asset', 'liability') then m.margin_interest else 0 end as margin_part_amount,
        case when p.side in ('asset', 'liability') then m.replacement_interest else 0 end as replacement_amount,
        case
            when p.cash_flow_model = 'swap_leg'
                then m.index_interest + m.margin_interest + m.replacement_interest
            else 0
        end as hedge_carry_amount,
        case
            when p.cash_flow_model = 'cap_floor'
                then m.index_interest + m.margin_interest + m.replacement_interest
            else 0
        end + m.option_interest as option_payoff_amount,
        m.index_interest + m.margin_interest + m.option_interest + m.replacement_interest as month_income_amount,
        case when p.side = 'asset' then m.average_principal else 0 end as average_assets_amount,
        case when p.side = 'liability' then m.average_principal else 0 end as average_liabilities_amount
    from months as m
    inner join inputs.products as p on m.product_code = p.product_code
),

levels as (
    select false as is_every_family
    union all
    select true as is_every_family
),

totals as (
    select
        u.entity_id,
        u.row_kind,
        s.scenario,
        case when l.is_every_family then 'total' else s.family end as family,
        s.month_index,
        sum(cast(s.index_part_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as index_part_amount,
        sum(cast(s.margin_part_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as margin_part_amount,
        sum(cast(s.replacement_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as replacement_amount,
        sum(cast(s.hedge_carry_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as hedge_carry_amount,
        sum(cast(s.option_payoff_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as option_payoff_amount,
        sum(cast(s.month_income_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as month_income_amount,
        sum(cast(s.average_assets_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as average_assets_amount,
        sum(cast(s.average_liabilities_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as average_liabilities_amount
    from split as s
    cross join levels as l
    inner join book.reporting_units as u
        on s.entity_id = u.member_entity_id and s.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on s.currency = t.currency
    where u.row_kind <> 'elimination'
    group by
        u.entity_id,
        u.row_kind,
        s.scenario,
        case when l.is_every_family then 'total' else s.family end,
        s.month_index
)

select  -- nothing where a part of the income has no value
    cast($as_of_date as date) as as_of_date,
    t.entity_id,
    t.row_kind,
    t.scenario,
    t.family,
    t.month_index,
    n.currency,
    case when n.nii is not null then cast(t.index_part_amount as decimal(18, 2)) end
        as index_part_amount,
    case when n.nii is not null then cast(t.margin_part_amount as decimal(18, 2)) end
        as margin_part_amount,
    case when n.nii is not null then cast(t.replacement_amount as decimal(18, 2)) end
        as replacement_amount,
    case when n.nii is not null then cast(t.hedge_carry_amount as decimal(18, 2)) end
        as hedge_carry_amount,
    case when n.nii is not null then cast(t.option_payoff_amount as decimal(18, 2)) end
        as option_payoff_amount,
    case when n.nii is not null then cast(t.month_income_amount as decimal(18, 2)) end
        as month_income_amount,
    case when n.nii is not null then cast(t.average_assets_amount as decimal(18, 2)) end
        as average_assets_amount,
    case when n.nii is not null then cast(t.average_liabilities_amount as decimal(18, 2)) end
        as average_liabilities_amount,
    n.availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from totals as t
inner join reports.nii_sensitivity as n
    on
        t.entity_id = n.entity_id and t.row_kind = n.row_kind and t.scenario = n.scenario
        and n.family = 'total' and n.horizon_months = 24
inner join metrics.report_footers as f on t.entity_id = f.entity_id and t.row_kind = f.row_kind
