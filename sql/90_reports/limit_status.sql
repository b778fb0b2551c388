-- about:  Every limit: how much of it is used, headroom in money and in basis points, and since when it is broken.
-- grain:  as_of_date, entity_id, row_kind, metric, scope, limit_direction
-- reads:  reports.scorecard, reports.eve_sensitivity, reports.nii_sensitivity, reports.lcr, reports.nsfr,
--         metrics.report_footers,
--         inputs.limits, inputs.scenarios, inputs.shock_shapes, inputs.parallel_shocks,
--         reports.limit_status @history(60)
with bases as (  -- what the shares of a limit are shares of
    select
        entity_id,
        row_kind,
        'share_of_tier1' as unit,
        'any' as measure,
        'any' as measured_scope,
        tier1_amount as base_amount
    from metrics.report_footers
    union all
    select
        entity_id,
        row_kind,
        'share_of_assets' as unit,
        'any' as measure,
        'any' as measured_scope,
        assets_amount as base_amount
    from metrics.report_footers
    union all
    select
        entity_id,
        row_kind,
        'share_of_base' as unit,
        'delta_eve' as measure,
        'any' as measured_scope,
        cast(abs(eve_base) as double) as base_amount
    from reports.eve_sensitivity
    where scenario = 'base' and family = 'total'
    union all
    select
        entity_id,
        row_kind,
        'share_of_base' as unit,
        case when horizon_months = 12 then 'delta_nii_12m' else 'delta_nii_24m' end as measure,
        'any' as measured_scope,
        cast(abs(nii_base) as double) as base_amount
    from reports.nii_sensitivity
    where scenario = 'base' and family = 'total' and horizon_months in (12, 24)
    union all
    select
        entity_id,
        row_kind,
        'share_of_net_outflows' as unit,
        'liquidity_coverage' as measure,
        pack as measured_scope,
        cast(net_outflow_amount as double) as base_amount
    from reports.lcr
    where contract_currency = 'all'
    union all
    select
        entity_id,
        row_kind,
        'share_of_required_funding' as unit,
        'stable_funding' as measure,
        pack as measured_scope,
        cast(required_funding_amount as double) as base_amount
    from reports.nsfr
    where contract_currency = 'all'
),

sizes as (  -- of shocks that move the whole curve alike at once
    select
        sc.scenario,
        p.currency,
        p.shock_factor * p.unit_shock_bp as shock_bp
    from inputs.scenarios as sc
    inner join inputs.shock_shapes as s on sc.pack = s.pack and sc.shape = s.shape
    inner join inputs.parallel_shocks as p on sc.pack = p.pack and sc.shape = p.shape
    where s.ramp_months = 0
),

kept as (  -- the last earlier close at which the limit held
    select
        entity_id,
        row_kind,
        metric,
        scope,
        limit_direction,
        max(as_of_date) as kept_until
    from history.limit_status
    where limit_status in ('green', 'amber')
    group by entity_id, row_kind, metric, scope, limit_direction
),

broken as (
    select
        h.entity_id,
        h.row_kind,
        h.metric,
        h.scope,
        h.limit_direction,
        min(h.as_of_date) as breach_start_date
    from history.limit_status as h
    left join kept as k
        on
            h.entity_id = k.entity_id and h.row_kind = k.row_kind and h.metric = k.metric
            and h.scope = k.scope and h.limit_direction = k.limit_direction
    where h.limit_status = 'red' and (k.kept_until is null or h.as_of_date > k.kept_until)
    group by h.entity_id, h.row_kind, h.metric, h.scope, h.limit_direction
),

used as (
    select
        s.entity_id,
        s.row_kind,
        s.metric,
        s.scope,
        s.limit_direction,
        s.currency,
        s.unit,
        s.value,
        s.amber,
        s.red,
        s.limit_status,
        s.worst_scenario,
        l.owner,
        l.approver,
        l.effective_from as effective_date,
        l.expires as expiry_date,
        s.figure_status,
        s.availability,
        s.excluded_rows,
        s.excluded_amount,
        s.excluded_share,
        b.base_amount,
        z.shock_bp,
        case when s.limit_direction = 'at_least' then s.value - s.red else s.red - s.value end as headroom_share,
        case
            when s.limit_direction = 'at_least' and s.red > 0 then s.red / nullif(s.value, 0)
            when s.value is not null then greatest(s.value / nullif(s.red, 0), 0)
        end as utilisation_share,
        case when s.value / nullif(s.red, 0) > 0 then s.red / s.value end as shock_multiple_to_breach
    from reports.scorecard as s
    inner join inputs.limits as l
        on
            s.metric = l.metric and s.scope = l.scope and s.unit = l.unit
            and s.limit_direction = l.direction
    left join bases as b
        on
            s.entity_id = b.entity_id and s.row_kind = b.row_kind and s.unit = b.unit
            and b.measure in ('any', s.metric) and b.measured_scope in ('any', s.scope)
    left join sizes as z on s.worst_scenario = z.scenario and s.currency = z.currency
)

select
    cast($as_of_date as date) as as_of_date,
    u.entity_id,
    u.row_kind,
    u.metric,
    u.scope,
    u.limit_direction,
    u.currency,
    u.unit,
    u.value,
    u.amber,
    u.red,
    u.limit_status,
    u.utilisation_share,
    u.headroom_share,
    cast(u.base_amount as decimal(18, 2)) as base_amount,
    cast(round(u.headroom_share * u.base_amount, 2) as decimal(18, 2)) as headroom_amount,
    u.worst_scenario,
    u.shock_bp,
    case when u.shock_bp is not null then u.shock_multiple_to_breach end as shock_multiple_to_breach,
    u.shock_bp * (u.shock_multiple_to_breach - 1) as headroom_bp,
    case when u.limit_status = 'red' then coalesce(b.breach_start_date, cast($as_of_date as date)) end
        as breach_start_date,
    case
        when u.limit_status = 'red'
            then cast(cast($as_of_date as date) - coalesce(b.breach_start_date, cast($as_of_date as date)) as integer)
    end as breach_days,
    u.owner,
    u.approver,
    u.effective_date,
    u.expiry_date,
    u.figure_status,
    u.availability,
    u.excluded_rows,
    u.excluded_amount,
    u.excluded_share
from used as u
left join broken as b
    on
        u.entity_id = b.entity_id and u.row_kind = b.row_kind and u.metric = b.metric
        and u.scope = b.scope and u.limit_direction = b.limit_direction
