-- about:  Parallel shifts and ramps of United States practice: value, its ratio to assets and income, against policy.
-- grain:  as_of_date, entity_id, row_kind, scenario
-- reads:  reports.eve_sensitivity, reports.nii_sensitivity, metrics.eve, book.reporting_units,
--         book.translation_rates, inputs.products, inputs.scenarios,
--         inputs.shock_shapes, inputs.parallel_shocks, inputs.limits
with assets as (  -- what the assets alone are worth
    select
        u.entity_id,
        u.row_kind,
        e.scenario,
        case
            when count(e.present_value * t.translation_rate) = count(*)
                then
                    cast(
                        sum(
                            cast(
                                (e.present_value + e.option_value) * u.consolidation_factor * t.translation_rate
                                as decimal(38, 6)
                            )
                        ) as double
                    )
        end as assets_value
    from metrics.eve as e
    inner join inputs.products as p on e.product_code = p.product_code
    inner join book.reporting_units as u
        on e.entity_id = u.member_entity_id and e.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on e.currency = t.currency
    where p.side = 'asset'
    group by u.entity_id, u.row_kind, e.scenario
),

policy as (
    select
        scope as scenario,
        max(case when metric = 'delta_eve' then red end) as eve_limit_share,
        max(case when metric = 'delta_nii_12m' then red end) as nii_12m_limit_share,
        max(case when metric = 'delta_nii_24m' then red end) as nii_24m_limit_share
    from inputs.limits
    where unit = 'share_of_base' and direction = 'at_least'
    group by scope
),

shocks as (
    select
        sc.scenario,
        sc.pack,
        sc.shape,
        s.ramp_months
    from inputs.scenarios as sc
    inner join inputs.shock_shapes as s on sc.pack = s.pack and sc.shape = s.shape
    where sc.pack = 'us' and sc.is_closing
),

measured as (
    select
        v.entity_id,
        v.row_kind,
        s.scenario,
        s.pack,
        s.shape,
        s.ramp_months,
        p.unit_shock_bp,
        p.shock_factor,
        v.currency,
        v.eve_base,
        v.eve,
        v.delta_eve,
        v.delta_eve_base_share,
        case when v.eve is not null then b.assets_value end as assets_value_base,
        case when v.eve is not null then a.assets_value end as assets_value,
        n.nii_base as nii_12m_base,
        n.nii as nii_12m,
        n.delta_nii as delta_nii_12m,
        n.delta_nii_base_share as delta_nii_12m_base_share,
        m.nii_base as nii_24m_base,
        m.nii as nii_24m,
        m.delta_nii as delta_nii_24m,
        m.delta_nii_base_share as delta_nii_24m_base_share,
        v.figure_status,
        case when v.availability like 'not available%' then v.availability else n.availability end as availability,
        v.excluded_rows,
        v.excluded_amount,
        v.excluded_share
    from reports.eve_sensitivity as v
    inner join shocks as s on v.scenario = s.scenario
    left join inputs.parallel_shocks as p
        on s.pack = p.pack and s.shape = p.shape and v.currency = p.currency
    inner join reports.nii_sensitivity as n
        on
            v.entity_id = n.entity_id and v.row_kind = n.row_kind and v.scenario = n.scenario
            and v.family = n.family and n.horizon_months = 12
    inner join reports.nii_sensitivity as m
        on
            v.entity_id = m.entity_id and v.row_kind = m.row_kind and v.scenario = m.scenario
            and v.family = m.family and m.horizon_months = 24
    left join assets as a
        on v.entity_id = a.entity_id and v.row_kind = a.row_kind and v.scenario = a.scenario
    left join assets as b
        on v.entity_id = b.entity_id and v.row_kind = b.row_kind and b.scenario = 'base'
    where v.family = 'total' and v.row_kind <> 'elimination'
)

select
    cast($as_of_date as date) as as_of_date,
    m.entity_id,
    m.row_kind,
    m.scenario,
    m.currency,
    m.pack,
    m.shape,
    m.unit_shock_bp,
    m.shock_factor,
    m.shock_factor * m.unit_shock_bp as shock_bp,
    m.ramp_months > 0 as is_ramp,
    m.eve_base,
    m.eve,
    m.delta_eve,
    m.delta_eve_base_share,
    p.eve_limit_share,
    m.delta_eve_base_share >= p.eve_limit_share as is_eve_within_limit,
    cast(m.assets_value_base as decimal(18, 2)) as assets_value_base,
    cast(m.assets_value as decimal(18, 2)) as assets_value,
    cast(m.eve_base as double) / nullif(m.assets_value_base, 0) as eve_ratio_base_share,
    cast(m.eve as double) / nullif(m.assets_value, 0) as eve_ratio_share,
    10000 * (
        cast(m.eve as double) / nullif(m.assets_value, 0)
        - cast(m.eve_base as double) / nullif(m.assets_value_base, 0)
    ) as eve_ratio_change_bp,
    m.nii_12m_base,
    m.nii_12m,
    m.delta_nii_12m,
    m.delta_nii_12m_base_share,
    p.nii_12m_limit_share,
    m.delta_nii_12m_base_share >= p.nii_12m_limit_share as is_nii_12m_within_limit,
    m.nii_24m_base,
    m.nii_24m,
    m.delta_nii_24m,
    m.delta_nii_24m_base_share,
    p.nii_24m_limit_share,
    m.delta_nii_24m_base_share >= p.nii_24m_limit_share as is_nii_24m_within_limit,
    m.delta_nii_24m - m.delta_nii_12m as delta_nii_second_year,
    cast(m.delta_nii_24m - m.delta_nii_12m as double) / nullif(cast(abs(m.nii_24m_base - m.nii_12m_base) as double), 0)
        as delta_nii_second_year_base_share,
    m.figure_status,
    m.availability,
    m.excluded_rows,
    m.excluded_amount,
    m.excluded_share
from measured as m
left join policy as p on m.scenario = p.scenario
