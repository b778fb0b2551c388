-- about:  What economic value, its change under a parallel rise and income do when one assumption is a tenth off.
-- grain:  as_of_date, entity_id, row_kind, parameter, assumption_step
-- reads:  metrics.assumption_effects, metrics.report_footers, reports.eve_sensitivity, reports.nii_sensitivity,
--         book.reporting_units, book.translation_rates
with effects as (
    select
        u.entity_id,
        u.row_kind,
        e.parameter,
        e.assumption_step,
        e.scenario,
        cast(e.present_value_change * u.consolidation_factor * t.translation_rate as decimal(38, 6))
            as present_value_change,
        cast(e.nii_12m_change * u.consolidation_factor * t.translation_rate as decimal(38, 6)) as nii_12m_change
    from metrics.assumption_effects as e
    inner join book.reporting_units as u
        on e.entity_id = u.member_entity_id and e.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on e.currency = t.currency
    where u.row_kind <> 'elimination'
),

totals as (
    select
        entity_id,
        row_kind,
        parameter,
        assumption_step,
        cast(sum(case when scenario = 'base' then present_value_change else 0 end) as double) as eve_effect_amount,
        cast(
            sum(case when scenario = 'base' then -present_value_change else present_value_change end) as double
        ) as delta_eve_effect_amount,
        cast(sum(case when scenario = 'base' then nii_12m_change else 0 end) as double) as nii_effect_amount,
        cast(sum(case when scenario = 'base' then -nii_12m_change else nii_12m_change end) as double)
            as delta_nii_effect_amount
    from effects
    group by entity_id, row_kind, parameter, assumption_step
),

rises as (  -- the scenario beside the base, none where the close has no parallel rise
    select max(scenario) filter (where scenario <> 'base') as scenario
    from metrics.assumption_effects
),

known as (  -- nothing where the unit's value or income has none
    select
        t.entity_id,
        t.row_kind,
        t.parameter,
        t.assumption_step,
        r.scenario as stressed_scenario,
        f.currency,
        f.tier1_amount,
        f.excluded_rows,
        f.excluded_amount,
        f.excluded_share,
        v.availability,
        case when v.eve is not null then t.eve_effect_amount end as eve_effect_amount,
        case when x.eve is not null and v.eve is not null then t.delta_eve_effect_amount end
            as delta_eve_effect_amount,
        case when n.nii is not null then t.nii_effect_amount end as nii_effect_amount,
        case when y.nii is not null and n.nii is not null then t.delta_nii_effect_amount end
            as delta_nii_effect_amount
    from totals as t
    cross join rises as r
    inner join metrics.report_footers as f on t.entity_id = f.entity_id and t.row_kind = f.row_kind
    inner join reports.eve_sensitivity as v
        on t.entity_id = v.entity_id and t.row_kind = v.row_kind and v.scenario = 'base' and v.family = 'total'
    left join reports.eve_sensitivity as x
        on t.entity_id = x.entity_id and t.row_kind = x.row_kind and r.scenario = x.scenario and x.family = 'total'
    left join reports.nii_sensitivity as n
        on
            t.entity_id = n.entity_id and t.row_kind = n.row_kind and n.scenario = 'base' and n.family = 'total'
            and n.horizon_months = 12
    left join reports.nii_sensitivity as y
        on
            t.entity_id = y.entity_id and t.row_kind = y.row_kind and r.scenario = y.scenario and y.family = 'total'
            and y.horizon_months = 12
)

select
    cast($as_of_date as date) as as_of_date,
    k.entity_id,
    k.row_kind,
    k.parameter,
    k.assumption_step,
    k.currency,
    cast(k.eve_effect_amount as decimal(18, 2)) as eve_effect_amount,
    k.stressed_scenario,
    cast(k.delta_eve_effect_amount as decimal(18, 2)) as delta_eve_effect_amount,
    k.delta_eve_effect_amount / nullif(k.tier1_amount, 0) as delta_eve_effect_share,
    cast(k.nii_effect_amount as decimal(18, 2)) as nii_effect_amount,
    cast(k.delta_nii_effect_amount as decimal(18, 2)) as delta_nii_effect_amount,
    k.availability,
    k.excluded_rows,
    cast(k.excluded_amount as decimal(18, 2)) as excluded_amount,
    k.excluded_share
from known as k
