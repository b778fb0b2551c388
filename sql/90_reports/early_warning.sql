-- about:  Early-warning indicators against the bank's thresholds, where they are heading and since when they warn.
-- grain:  as_of_date, entity_id, row_kind, indicator
-- reads:  reports.asset_encumbrance, reports.deposit_monitor, reports.funding_concentration, reports.hqla_stock,
--         reports.lcr, reports.lcr_lines, reports.liquidity_gap, reports.nsfr, reports.survival,
--         metrics.report_footers, inputs.warning_thresholds, inputs.time_buckets, inputs.hqla_caps,
--         inputs.nsfr_encumbrance, reports.early_warning @previous, reports.early_warning @history(60)
with last_buckets as (  -- of the ladder, that end within a month and within a year
    select
        max(bucket) filter (where upper_days <= 31) as last_in_month,
        max(bucket) filter (where upper_days <= 366) as last_in_year
    from inputs.time_buckets
    where bucket_set = 'liquidity'
),

watched (indicator, divided_by) as (  -- none: a ratio already
    values
    ('liquidity_coverage', 'none'),
    ('coverage_outflows', 'hqla'),
    ('stable_funding', 'none'),
    ('position_combined_30d', 'assets'),
    ('position_digital_run_1d', 'assets'),
    ('position_slow_burn_365d', 'assets'),
    ('sale_loss', 'hqla'),
    ('liquid_assets', 'assets'),
    ('level_1', 'hqla'),
    ('collateral_flows', 'hqla'),
    ('undrawn_lines', 'hqla'),
    ('largest_lenders', 'funding'),
    ('largest_lender', 'funding'),
    ('on_demand_funding', 'funding'),
    ('funding_within_1m', 'funding'),
    ('uninsured_deposits', 'deposits'),
    ('operational_deposits', 'deposits'),
    ('young_deposits', 'deposits'),
    ('internet_deposits', 'deposits'),
    ('dear_deposits', 'deposits'),
    ('deposits_of_strangers', 'deposits'),
    ('encumbered_assets', 'assets'),
    ('non_performing', 'assets'),
    ('gap_within_1m', 'assets'),
    ('covered_gap_within_1y', 'assets')
),

parts as (
    select
        r.entity_id,
        r.row_kind,
        i.indicator,
        i.divided_by,
        case i.indicator
            when 'liquidity_coverage' then r.lcr_share
            when 'coverage_outflows' then cast(r.total_outflow_amount as double)
        end as part
    from reports.lcr as r
    inner join inputs.hqla_caps as k on r.pack = k.pack and k.is_leading
    cross join watched as i
    where r.contract_currency = 'all' and i.indicator in ('liquidity_coverage', 'coverage_outflows')
    union all
    select
        r.entity_id,
        r.row_kind,
        i.indicator,
        i.divided_by,
        r.nsfr_share as part
    from reports.nsfr as r
    inner join inputs.nsfr_encumbrance as k on r.pack = k.pack and k.is_leading
    cross join watched as i
    where r.contract_currency = 'all' and i.indicator = 'stable_funding'
    union all
    select
        r.entity_id,
        r.row_kind,
        i.indicator,
        i.divided_by,
        cast(
            case i.indicator
                when 'position_combined_30d' then r.position_30d_amount
                when 'position_digital_run_1d' then r.position_1d_amount
                when 'position_slow_burn_365d' then r.position_365d_amount
                when 'sale_loss' then r.sale_loss_30d_amount
            end as double
        ) as part
    from reports.survival as r
    cross join watched as i
    where
        r.contract_currency = 'all'
        and case i.indicator
            when 'position_combined_30d' then r.stress = 'stress_combined'
            when 'position_digital_run_1d' then r.stress = 'digital_run'
            when 'position_slow_burn_365d' then r.stress = 'stress_slow_burn'
            when 'sale_loss' then r.stress = 'stress_combined'
        end
    union all
    select
        r.entity_id,
        r.row_kind,
        i.indicator,
        i.divided_by,
        cast(case i.indicator when 'liquid_assets' then r.hqla_amount else r.level_1_amount end as double) as part
    from reports.hqla_stock as r
    inner join inputs.hqla_caps as k on r.pack = k.pack and k.is_leading
    cross join watched as i
    where r.contract_currency = 'all' and i.indicator in ('liquid_assets', 'level_1')
    union all
    select
        r.entity_id,
        r.row_kind,
        i.indicator,
        i.divided_by,
        cast(
            case i.indicator when 'collateral_flows' then r.unweighted_line_amount else r.carried_amount end as double
        ) as part
    from reports.lcr_lines as r
    inner join inputs.hqla_caps as k on r.pack = k.pack and k.is_leading
    cross join watched as i
    where
        r.contract_currency = 'all'
        and case i.indicator
            when 'collateral_flows' then r.lcr_rule = 'collateral_lookback'
            when 'undrawn_lines' then r.template_row = 13
        end
    union all
    select
        r.entity_id,
        r.row_kind,
        i.indicator,
        i.divided_by,
        cast(r.funding_amount as double) as part
    from reports.funding_concentration as r
    cross join watched as i
    where
        case i.indicator
            when 'largest_lenders' then r.dimension = 'counterparty' and r.funding_item <= 'lender 010'
            when 'largest_lender' then r.dimension = 'counterparty' and r.funding_item = 'lender 001'
            when 'on_demand_funding' then r.dimension = 'tenor' and r.funding_item = 'on demand'
            when 'funding_within_1m' then r.dimension = 'tenor' and r.funding_item = 'up to 1M'
        end
    union all
    select
        r.entity_id,
        r.row_kind,
        i.indicator,
        i.divided_by,
        cast(r.monitored_amount as double) as part
    from reports.deposit_monitor as r
    cross join watched as i
    where
        case i.indicator
            when 'uninsured_deposits' then r.insured_part = 'uninsured'
            when 'operational_deposits' then r.is_operational
            when 'young_deposits' then r.vintage_band = 'under 1Y'
            when 'internet_deposits' then r.channel = 'internet'
            when 'dear_deposits' then r.rate_band = '3 % and more'
            when 'deposits_of_strangers' then not r.is_close
        end
    union all
    select
        r.entity_id,
        r.row_kind,
        i.indicator,
        i.divided_by,
        cast(r.encumbrance_amount as double) as part
    from reports.asset_encumbrance as r
    cross join watched as i
    where
        case i.indicator
            when 'encumbered_assets' then r.encumbrance_band <> 'free'
            when 'non_performing' then r.asset_class = 'non_performing'
        end
    union all
    select
        r.entity_id,
        r.row_kind,
        i.indicator,
        i.divided_by,
        cast(
            case i.indicator when 'gap_within_1m' then r.cumulative_gap_amount else r.covered_gap_amount end as double
        ) as part
    from reports.liquidity_gap as r
    cross join watched as i
    cross join last_buckets as b
    where
        r.contract_currency = 'all' and r.bucket_set = 'liquidity'
        and case i.indicator
            when 'gap_within_1m' then r.view = 'behavioural' and r.bucket = b.last_in_month
            when 'covered_gap_within_1y' then r.view = 'contractual' and r.bucket = b.last_in_year
        end
),

bases as (
    select
        entity_id,
        row_kind,
        'assets' as divided_by,
        assets_amount as base
    from metrics.report_footers
    union all
    select
        r.entity_id,
        r.row_kind,
        'hqla' as divided_by,
        cast(r.hqla_amount as double) as base
    from reports.hqla_stock as r
    inner join inputs.hqla_caps as k on r.pack = k.pack and k.is_leading
    where r.contract_currency = 'all'
    union all
    select
        entity_id,
        row_kind,
        'funding' as divided_by,
        cast(funding_amount as double) as base
    from reports.funding_concentration
    where dimension = 'total'
    union all
    select
        entity_id,
        row_kind,
        'deposits' as divided_by,
        cast(sum(monitored_amount) as double) as base
    from reports.deposit_monitor
    group by entity_id, row_kind
),

summed as (  -- a sum without one of its parts is none
    select
        entity_id,
        row_kind,
        indicator,
        min(divided_by) as divided_by,
        case when count(*) = count(part) then cast(sum(cast(part as decimal(38, 10))) as double) end as part
    from parts
    group by entity_id, row_kind, indicator
),

every_row as (
    select
        f.entity_id,
        f.row_kind,
        f.currency,
        f.availability,
        f.excluded_rows,
        f.excluded_amount,
        f.excluded_share,
        w.indicator,
        w.indicator_about,
        w.threshold_direction,
        w.amber,
        w.red,
        w.owner,
        w.status,
        s.part,
        b.base,
        case when s.divided_by = 'none' then s.part else s.part / nullif(b.base, 0) end as value
    from metrics.report_footers as f
    cross join inputs.warning_thresholds as w
    left join summed as s
        on f.entity_id = s.entity_id and f.row_kind = s.row_kind and w.indicator = s.indicator
    left join bases as b
        on f.entity_id = b.entity_id and f.row_kind = b.row_kind and s.divided_by = b.divided_by
    where f.row_kind <> 'elimination'
),

judged as (
    select
        *,
        case
            when value is null then 'not available'
            when threshold_direction = 'at_least' and value < red then 'red'
            when threshold_direction = 'at_least' and value < amber then 'amber'
            when threshold_direction = 'at_most' and value > red then 'red'
            when threshold_direction = 'at_most' and value > amber then 'amber'
            else 'green'
        end as warning_status
    from every_row
),

kept as (  -- the last earlier close at which it was green
    select
        entity_id,
        row_kind,
        indicator,
        max(as_of_date) as kept_until
    from history.early_warning
    where warning_status = 'green'
    group by entity_id, row_kind, indicator
),

warned as (
    select
        h.entity_id,
        h.row_kind,
        h.indicator,
        min(h.as_of_date) as first_date
    from history.early_warning as h
    left join kept as k
        on h.entity_id = k.entity_id and h.row_kind = k.row_kind and h.indicator = k.indicator
    where h.warning_status in ('amber', 'red') and h.as_of_date > coalesce(k.kept_until, date '0001-01-01')
    group by h.entity_id, h.row_kind, h.indicator
)

select
    cast($as_of_date as date) as as_of_date,
    j.entity_id,
    j.row_kind,
    j.indicator,
    j.indicator_about,
    j.threshold_direction,
    j.currency,
    j.part as indicator_part,
    j.base as indicator_base,
    j.value,
    j.amber,
    j.red,
    j.warning_status,
    p.value as previous_value,
    j.value - p.value as since_previous,
    case
        when j.value is null or p.value is null then 'not known'
        when abs(j.value - p.value) < 0.0005 then 'steady'
        when (j.value > p.value) = (j.threshold_direction = 'at_least') then 'better'
        else 'worse'
    end as trend,
    case when j.warning_status in ('amber', 'red') then coalesce(w.first_date, cast($as_of_date as date)) end
        as first_breach_date,
    j.owner,
    j.status as figure_status,
    j.availability,
    j.excluded_rows,
    cast(j.excluded_amount as decimal(18, 2)) as excluded_amount,
    j.excluded_share
from judged as j
left join previous.early_warning as p
    on j.entity_id = p.entity_id and j.row_kind = p.row_kind and j.indicator = p.indicator
left join warned as w
    on j.entity_id = w.entity_id and j.row_kind = w.row_kind and j.indicator = w.indicator
