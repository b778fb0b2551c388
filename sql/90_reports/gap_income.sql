-- about:  Change of income that the repricing gap of a year implies under parallel shocks, beside the simulated one.
-- grain:  as_of_date, entity_id, row_kind, scenario
-- reads:  metrics.repricing_gap, reports.nii_sensitivity, metrics.report_footers, book.reporting_units,
--         book.translation_rates, inputs.scenarios, inputs.shock_shapes, inputs.parallel_shocks,
--         inputs.time_buckets
with year_buckets as (
    select
        bucket,
        midpoint_years
    from inputs.time_buckets
    where bucket_set = 'irrbb' and upper_days <= 366
),

shocks as (  -- that move the whole curve alike at once
    select
        sc.scenario,
        p.currency,
        p.shock_factor * p.unit_shock_bp / 10000 as rate_move
    from inputs.scenarios as sc
    inner join inputs.shock_shapes as s on sc.pack = s.pack and sc.shape = s.shape
    inner join inputs.parallel_shocks as p on sc.pack = p.pack and sc.shape = p.shape
    where sc.is_closing and s.ramp_months = 0
),

amounts as (
    select
        u.entity_id,
        u.row_kind,
        s.scenario,
        g.asset_amount * u.consolidation_factor * t.translation_rate as asset_amount,
        g.liability_amount * u.consolidation_factor * t.translation_rate as liability_amount,
        g.off_balance_amount * u.consolidation_factor * t.translation_rate as off_balance_amount,
        g.gap_amount * u.consolidation_factor * t.translation_rate as gap_amount,
        g.gap_amount * s.rate_move * (1 - b.midpoint_years) * u.consolidation_factor * t.translation_rate
            as implied_amount
    from metrics.repricing_gap as g
    inner join year_buckets as b on g.bucket = b.bucket
    inner join shocks as s on g.currency = s.currency
    inner join book.reporting_units as u
        on g.entity_id = u.member_entity_id and g.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on g.currency = t.currency
    where
        g.scenario = 'base' and g.view = 'behavioural' and g.bucket_set = 'irrbb' and u.row_kind <> 'elimination'
),

totals as (
    select
        entity_id,
        row_kind,
        scenario,
        cast(sum(cast(asset_amount as decimal(38, 6))) as double) as asset_amount,
        cast(sum(cast(liability_amount as decimal(38, 6))) as double) as liability_amount,
        cast(sum(cast(off_balance_amount as decimal(38, 6))) as double) as off_balance_amount,
        cast(sum(cast(gap_amount as decimal(38, 6))) as double) as gap_amount,
        cast(sum(cast(implied_amount as decimal(38, 6))) as double) as delta_nii_implied
    from amounts
    group by entity_id, row_kind, scenario
)

select  -- nothing where the income of the unit has no value
    cast($as_of_date as date) as as_of_date,
    n.entity_id,
    n.row_kind,
    n.scenario,
    n.currency,
    case when n.delta_nii is not null then cast(t.asset_amount as decimal(18, 2)) end as asset_amount,
    case when n.delta_nii is not null then cast(t.liability_amount as decimal(18, 2)) end as liability_amount,
    case when n.delta_nii is not null then cast(t.off_balance_amount as decimal(18, 2)) end as off_balance_amount,
    case when n.delta_nii is not null then cast(t.gap_amount as decimal(18, 2)) end as gap_amount,
    case when n.delta_nii is not null then -t.asset_amount / nullif(t.liability_amount, 0) end
        as sensitive_assets_ratio_share,
    case when n.delta_nii is not null then t.gap_amount / nullif(f.assets_amount, 0) end as gap_share,
    case when n.delta_nii is not null then cast(t.delta_nii_implied as decimal(18, 2)) end as delta_nii_implied,
    n.delta_nii,
    n.availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from totals as t
inner join reports.nii_sensitivity as n
    on
        t.entity_id = n.entity_id and t.row_kind = n.row_kind and t.scenario = n.scenario
        and n.family = 'total' and n.horizon_months = 12
inner join metrics.report_footers as f on t.entity_id = f.entity_id and t.row_kind = f.row_kind
