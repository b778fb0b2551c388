-- about:  Duration gap, and how far durations and convexity are from full revaluation under each scenario.
-- grain:  as_of_date, entity_id, row_kind, scenario
-- reads:  metrics.key_rates, metrics.durations, reports.eve_sensitivity, book.reporting_units,
--         book.translation_rates, scenarios.zero_rates, inputs.products, inputs.curves
with moves as (  -- of the discount curves before a floor: the curves of a currency move alike
    select
        z.scenario,
        z.currency,
        z.tenor_days,
        max(z.shock_bp) as move_bp
    from scenarios.zero_rates as z
    inner join inputs.curves as c on z.curve_id = c.curve_id
    where c.role = 'discount'
    group by z.scenario, z.currency, z.tenor_days
),

parallel_moves as (  -- where every currency moves by one size at all tenors
    select
        m.scenario,
        m.currency,
        max(m.move_bp) as move_bp
    from moves as m
    where
        m.scenario not in (
            select b.scenario
            from moves as b
            group by b.scenario, b.currency
            having max(b.move_bp) - min(b.move_bp) > 0.000001
        )
    group by m.scenario, m.currency
),

first_order as (  -- minus the value of a basis point at each key tenor, times the move there
    select
        u.entity_id,
        u.row_kind,
        m.scenario,
        case
            when count(k.dv01 * t.translation_rate) = count(*)
                then
                    cast(
                        sum(
                            cast(
                                -k.dv01 * m.move_bp * u.consolidation_factor * t.translation_rate
                                as decimal(38, 6)
                            )
                        ) as double
                    )
        end as delta_eve_duration
    from metrics.key_rates as k
    inner join moves as m on k.currency = m.currency and k.tenor_days = m.tenor_days
    inner join book.reporting_units as u
        on k.entity_id = u.member_entity_id and k.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on k.currency = t.currency
    where k.risk_measure = 'eve' and k.rate_basis = 'zero'
    group by u.entity_id, u.row_kind, m.scenario
),

second_order as (
    select
        u.entity_id,
        u.row_kind,
        m.scenario,
        case
            when count(d.curvature * t.translation_rate) = count(*)
                then
                    cast(
                        sum(
                            cast(
                                d.curvature * 0.5 * power(m.move_bp / 10000, 2) * u.consolidation_factor
                                * t.translation_rate as decimal(38, 6)
                            )
                        ) as double
                    )
        end as delta_eve_convexity
    from metrics.durations as d
    inner join parallel_moves as m on d.currency = m.currency
    inner join book.reporting_units as u
        on d.entity_id = u.member_entity_id and d.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on d.currency = t.currency
    group by u.entity_id, u.row_kind, m.scenario
),

translated as (
    select
        u.entity_id,
        u.row_kind,
        case p.side when 'asset' then 'assets' when 'liability' then 'liabilities' else 'derivatives' end as leg,
        d.present_value * u.consolidation_factor * t.translation_rate as present_value,
        d.dv01 * u.consolidation_factor * t.translation_rate as dv01
    from metrics.durations as d
    inner join inputs.products as p on d.product_code = p.product_code
    inner join book.reporting_units as u
        on d.entity_id = u.member_entity_id and d.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on d.currency = t.currency
),

known as (
    select
        entity_id,
        row_kind,
        leg,
        cast(present_value as decimal(38, 6)) as present_value,
        cast(dv01 as decimal(38, 6)) as dv01
    from translated
),

legs as (  -- nothing where a value is missing
    select
        entity_id,
        row_kind,
        cast(sum(case when leg = 'assets' then present_value else 0 end) as double) as assets_value,
        cast(sum(case when leg = 'liabilities' then present_value else 0 end) as double) as liabilities_value,
        cast(sum(case when leg = 'derivatives' then present_value else 0 end) as double) as derivatives_value,
        cast(sum(case when leg = 'assets' then dv01 else 0 end) as double) as assets_dv01,
        cast(sum(case when leg = 'liabilities' then dv01 else 0 end) as double) as liabilities_dv01,
        cast(sum(case when leg = 'derivatives' then dv01 else 0 end) as double) as derivatives_dv01
    from known
    group by entity_id, row_kind
    having count(dv01) = count(*)
),

compared as (
    select
        v.entity_id,
        v.row_kind,
        v.scenario,
        v.currency,
        l.assets_value,
        l.liabilities_value,
        l.derivatives_value,
        l.assets_dv01,
        l.liabilities_dv01,
        l.derivatives_dv01,
        case when v.delta_eve is not null then a.delta_eve_duration end as delta_eve_duration,
        case when v.delta_eve is not null then b.delta_eve_convexity end as delta_eve_convexity,
        v.delta_eve,
        round(cast(v.delta_eve as double) - a.delta_eve_duration - coalesce(b.delta_eve_convexity, 0), 2)
            as approximation_error_amount,
        v.availability,
        v.excluded_rows,
        v.excluded_amount,
        v.excluded_share
    from reports.eve_sensitivity as v
    left join legs as l on v.entity_id = l.entity_id and v.row_kind = l.row_kind
    left join first_order as a
        on v.entity_id = a.entity_id and v.row_kind = a.row_kind and v.scenario = a.scenario
    left join second_order as b
        on v.entity_id = b.entity_id and v.row_kind = b.row_kind and v.scenario = b.scenario
    where v.family = 'total' and v.scenario <> 'base' and v.row_kind <> 'elimination'
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id,
    row_kind,
    scenario,
    currency,
    cast(assets_value as decimal(18, 2)) as assets_value,
    cast(liabilities_value as decimal(18, 2)) as liabilities_value,
    cast(derivatives_value as decimal(18, 2)) as derivatives_value,
    cast(assets_dv01 as decimal(18, 2)) as assets_dv01,
    cast(liabilities_dv01 as decimal(18, 2)) as liabilities_dv01,
    cast(derivatives_dv01 as decimal(18, 2)) as derivatives_dv01,
    10000 * assets_dv01 / nullif(assets_value, 0) as assets_duration_years,
    10000 * liabilities_dv01 / nullif(liabilities_value, 0) as liabilities_duration_years,
    10000 * (assets_dv01 + liabilities_dv01) / nullif(assets_value, 0) as duration_gap_years,
    10000 * (assets_dv01 + liabilities_dv01 + derivatives_dv01) / nullif(assets_value, 0)
        as hedged_duration_gap_years,
    cast(delta_eve_duration as decimal(18, 2)) as delta_eve_duration,
    cast(delta_eve_convexity as decimal(18, 2)) as delta_eve_convexity,
    delta_eve,
    cast(approximation_error_amount as decimal(18, 2)) as approximation_error_amount,
    approximation_error_amount / nullif(assets_value, 0) as approximation_error_share,
    availability,
    excluded_rows,
    excluded_amount,
    excluded_share
from compared
