-- about:  Headline measures against their limits, by entity and for the group.
-- grain:  as_of_date, entity_id, row_kind, metric, scope, limit_direction
-- reads:  reports.irrbb_outlier_test, reports.eve_sensitivity, reports.nii_sensitivity,
--         reports.repricing_gap, reports.liquidity_gap, reports.balance_sheet, reports.lcr, reports.nsfr,
--         metrics.report_footers, inputs.limits, inputs.time_buckets
with worst_eve as (
    select
        entity_id,
        row_kind,
        'delta_eve' as metric,
        'worst_outlier_shape' as scope,
        'share_of_tier1' as unit,
        delta_eve_share as value,
        scenario as worst_scenario,
        availability
    from reports.irrbb_outlier_test
    where row_kind <> 'elimination'
    qualify
        row_number() over (
            partition by entity_id, row_kind
            order by delta_eve_share asc nulls last, scenario asc
        ) = 1
),

worst_nii as (
    select
        entity_id,
        row_kind,
        'delta_nii_12m' as metric,
        'worst_parallel_shape' as scope,
        'share_of_tier1' as unit,
        delta_nii_12m_share as value,
        scenario as worst_scenario,
        availability
    from reports.irrbb_outlier_test
    where row_kind <> 'elimination' and shape in ('parallel_up', 'parallel_down')
    qualify
        row_number() over (
            partition by entity_id, row_kind
            order by delta_nii_12m_share asc nulls last, scenario asc
        ) = 1
),

policy_eve as (
    select
        entity_id,
        row_kind,
        'delta_eve' as metric,
        scenario as scope,
        'share_of_base' as unit,
        delta_eve_base_share as value,
        scenario as worst_scenario,
        availability
    from reports.eve_sensitivity
    where
        row_kind <> 'elimination' and family = 'total'
        and scenario in (
            select l.scope
            from inputs.limits as l
            where l.metric = 'delta_eve'
        )
),

policy_nii as (
    select
        entity_id,
        row_kind,
        case when horizon_months = 12 then 'delta_nii_12m' else 'delta_nii_24m' end as metric,
        scenario as scope,
        'share_of_base' as unit,
        delta_nii_base_share as value,
        scenario as worst_scenario,
        availability
    from reports.nii_sensitivity
    where
        row_kind <> 'elimination' and family = 'total' and horizon_months in (12, 24)
        and scenario in (
            select l.scope
            from inputs.limits as l
            where l.metric in ('delta_nii_12m', 'delta_nii_24m')
        )
),

repricing as (  -- the last bucket that ends within a year
    select
        entity_id,
        row_kind,
        'cumulative_repricing_gap' as metric,
        'within_1y' as scope,
        'share_of_assets' as unit,
        cumulative_gap_share as value,
        'base' as worst_scenario,
        availability
    from reports.repricing_gap
    where
        row_kind <> 'elimination' and view = 'behavioural' and bucket_set = 'irrbb'
        and bucket in (
            select max(t.bucket)
            from inputs.time_buckets as t
            where t.bucket_set = 'irrbb' and t.upper_days <= 366
        )
),

liquidity as (
    select
        entity_id,
        row_kind,
        'cumulative_liquidity_gap' as metric,
        case
            when
                bucket in (
                    select max(t.bucket)
                    from inputs.time_buckets as t
                    where t.bucket_set = 'liquidity' and t.upper_days <= 31
                )
                then 'within_1m'
            else 'within_1y'
        end as scope,
        'share_of_assets' as unit,
        cumulative_gap_share as value,
        'base' as worst_scenario,
        availability
    from reports.liquidity_gap
    where
        row_kind <> 'elimination' and view = 'behavioural' and contract_currency = 'all' and bucket_set = 'liquidity'
        and (
            bucket in (
                select max(t.bucket)
                from inputs.time_buckets as t
                where t.bucket_set = 'liquidity' and t.upper_days <= 31
            )
            or bucket in (
                select max(t.bucket)
                from inputs.time_buckets as t
                where t.bucket_set = 'liquidity' and t.upper_days <= 366
            )
        )
),

ratios as (
    select
        f.entity_id,
        f.row_kind,
        f.availability,
        f.assets_amount,
        f.equity_amount,
        f.excluded_share,
        sum(
            case
                when
                    b.side = 'asset' and b.balance_sheet_line like 'loans\_%' escape '\'
                    and b.balance_sheet_line <> 'loans_to_banks'
                    then cast(b.carrying_amount as decimal(38, 6))
            end
        ) as loans_amount,
        sum(
            case
                when b.side = 'liability' and b.balance_sheet_line like 'deposits\_%' escape '\'
                    then cast(b.carrying_amount as decimal(38, 6))
            end
        ) as deposits_amount
    from metrics.report_footers as f
    left join reports.balance_sheet as b on f.entity_id = b.entity_id and f.row_kind = b.row_kind
    where f.row_kind <> 'elimination'
    group by
        f.entity_id, f.row_kind, f.availability, f.assets_amount, f.equity_amount, f.excluded_share
),

base_income as (
    select
        entity_id,
        row_kind,
        nii_base
    from reports.nii_sensitivity
    where scenario = 'base' and horizon_months = 12 and family = 'total'
),

base_value as (
    select
        entity_id,
        row_kind,
        embedded_option_amount
    from reports.eve_sensitivity
    where scenario = 'base' and family = 'total'
),

simple as (
    select
        entity_id,
        row_kind,
        'equity' as metric,
        'balance_sheet' as scope,
        'share_of_assets' as unit,
        equity_amount / nullif(assets_amount, 0) as value,
        'base' as worst_scenario,
        availability
    from ratios
    union all
    select
        entity_id,
        row_kind,
        'loan_to_deposit' as metric,
        'balance_sheet' as scope,
        'share_of_deposits' as unit,
        cast(loans_amount as double) / nullif(cast(deposits_amount as double), 0) as value,
        'base' as worst_scenario,
        availability
    from ratios
    union all
    select
        entity_id,
        row_kind,
        'excluded_rows' as metric,
        'balance_sheet' as scope,
        'share_of_assets' as unit,
        excluded_share as value,
        'base' as worst_scenario,
        availability
    from ratios
    union all
    select
        r.entity_id,
        r.row_kind,
        'net_interest_margin' as metric,
        'next_12_months' as scope,
        'share_of_assets' as unit,
        cast(i.nii_base as double) / nullif(r.assets_amount, 0) as value,
        'base' as worst_scenario,
        r.availability
    from ratios as r
    left join base_income as i on r.entity_id = i.entity_id and r.row_kind = i.row_kind
    union all
    select
        r.entity_id,
        r.row_kind,
        'embedded_options' as metric,
        'intrinsic_value_only' as scope,
        'share_of_assets' as unit,
        cast(v.embedded_option_amount as double) / nullif(r.assets_amount, 0) as value,
        'base' as worst_scenario,
        r.availability
    from ratios as r
    left join base_value as v on r.entity_id = v.entity_id and r.row_kind = v.row_kind
    union all
    select
        entity_id,
        row_kind,
        'liquidity_coverage' as metric,
        pack as scope,
        'share_of_net_outflows' as unit,
        lcr_share as value,
        'base' as worst_scenario,
        availability
    from reports.lcr
    where contract_currency = 'all' and (lcr_share is not null or net_outflow_amount is null)
    union all
    select
        entity_id,
        row_kind,
        'stable_funding' as metric,
        pack as scope,
        'share_of_required_funding' as unit,
        nsfr_share as value,
        'base' as worst_scenario,
        availability
    from reports.nsfr
    where contract_currency = 'all' and (nsfr_share is not null or required_funding_amount is null)
),

measures as (
    select
        entity_id,
        row_kind,
        metric,
        scope,
        unit,
        value,
        worst_scenario,
        availability
    from worst_eve
    union all
    select
        entity_id,
        row_kind,
        metric,
        scope,
        unit,
        value,
        worst_scenario,
        availability
    from worst_nii
    union all
    select
        entity_id,
        row_kind,
        metric,
        scope,
        unit,
        value,
        worst_scenario,
        availability
    from policy_eve
    union all
    select
        entity_id,
        row_kind,
        metric,
        scope,
        unit,
        value,
        worst_scenario,
        availability
    from policy_nii
    union all
    select
        entity_id,
        row_kind,
        metric,
        scope,
        unit,
        value,
        worst_scenario,
        availability
    from repricing
    union all
    select
        entity_id,
        row_kind,
        metric,
        scope,
        unit,
        value,
        worst_scenario,
        availability
    from liquidity
    union all
    select
        entity_id,
        row_kind,
        metric,
        scope,
        unit,
        value,
        worst_scenario,
        availability
    from simple
)

select
    cast($as_of_date as date) as as_of_date,
    m.entity_id,
    m.row_kind,
    m.metric,
    m.scope,
    coalesce(l.direction, 'no limit') as limit_direction,
    f.currency,
    m.unit,
    m.value,
    l.amber,
    l.red,
    case
        when m.value is null then 'not available'
        when l.direction is null then 'no limit'
        when l.direction = 'at_least' and m.value < l.red then 'red'
        when l.direction = 'at_least' and m.value < l.amber then 'amber'
        when l.direction = 'at_most' and m.value > l.red then 'red'
        when l.direction = 'at_most' and m.value > l.amber then 'amber'
        else 'green'
    end as limit_status,
    case when m.value is not null then m.worst_scenario end as worst_scenario,
    l.owner,
    l.status as figure_status,
    case
        when m.value is null and m.availability not like 'not available%' then 'not available: an input is missing'
        else m.availability
    end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from measures as m
inner join metrics.report_footers as f on m.entity_id = f.entity_id and m.row_kind = f.row_kind
left join inputs.limits as l on m.metric = l.metric and m.scope = l.scope and m.unit = l.unit
