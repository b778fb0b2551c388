-- about:  Early-warning indicators against the bank's thresholds, where they are heading and since when they warn.
-- grain:  as_of_date, entity_id, row_kind, indicator
-- reads:  reports.asset_encumbrance, reports.deposit_monitor, reports.funding_concentration, reports.hqla_stock,
--         reports.lcr, reports.lcr_lines, reports.liquidity_gap, reports.nsfr, reports.survival,
--         metrics.report_footers, inputs.warning_thresholds, reports.early_warning @previous,
--         reports.early_warning @history(60)
with parts as (
    select
        entity_id,
        row_kind,
        'liquidity_coverage' as indicator,
        'none' as divided_by,
        cast(lcr_share as double) as part
    from reports.lcr
    where contract_currency = 'all'
    union all
    select
        entity_id,
        row_kind,
        'stable_funding' as indicator,
        'none' as divided_by,
        cast(nsfr_share as double) as part
    from reports.nsfr
    where contract_currency = 'all'
    union all
    select
        entity_id,
        row_kind,
        'position_combined_30d' as indicator,
        'assets' as divided_by,
        cast(position_30d_amount as double) as part
    from reports.survival
    where stress = 'stress_combined' and contract_currency = 'all'
    union all
    select
        entity_id,
        row_kind,
        'position_digital_run_1d' as indicator,
        'assets' as divided_by,
        cast(position_1d_amount as double) as part
    from reports.survival
    where stress = 'digital_run' and contract_currency = 'all'
    union all
    select
        entity_id,
        row_kind,
        'position_slow_burn_365d' as indicator,
        'assets' as divided_by,
        cast(position_365d_amount as double) as part
    from reports.survival
    where stress = 'stress_slow_burn' and contract_currency = 'all'
    union all
    select
        entity_id,
        row_kind,
        'sale_loss' as indicator,
        'hqla' as divided_by,
        cast(sale_loss_30d_amount as double) as part
    from reports.survival
    where stress = 'stress_combined' and contract_currency = 'all'
    union all
    select
        entity_id,
        row_kind,
        'liquid_assets' as indicator,
        'assets' as divided_by,
        cast(hqla_amount as double) as part
    from reports.hqla_stock
    where contract_currency = 'all'
    union all
    select
        entity_id,
        row_kind,
        'level_1' as indicator,
        'hqla' as divided_by,
        cast(level_1_amount as double) as part
    from reports.hqla_stock
    where contract_currency = 'all'
    union all
    select
        entity_id,
        row_kind,
        'coverage_outflows' as indicator,
        'hqla' as divided_by,
        cast(total_outflow_amount as double) as part
    from reports.lcr
    where contract_currency = 'all'
    union all
    select
        entity_id,
        row_kind,
        'collateral_flows' as indicator,
        'hqla' as divided_by,
        cast(unweighted_line_amount as double) as part
    from reports.lcr_lines
    where contract_currency = 'all' and lcr_rule = 'collateral_lookback'
    union all
    select
        entity_id,
        row_kind,
        'undrawn_lines' as indicator,
        'hqla' as divided_by,
        cast(carried_amount as double) as part
    from reports.lcr_lines
    where contract_currency = 'all' and template_row = 13
    union all
    select
        entity_id,
        row_kind,
        'largest_lenders' as indicator,
        'funding' as divided_by,
        cast(funding_amount as double) as part
    from reports.funding_concentration
    where dimension = 'counterparty' and funding_item <= 'lender 010'
    union all
    select
        entity_id,
        row_kind,
        'largest_lender' as indicator,
        'funding' as divided_by,
        cast(funding_amount as double) as part
    from reports.funding_concentration
    where dimension = 'counterparty' and funding_item = 'lender 001'
    union all
    select
        entity_id,
        row_kind,
        'on_demand_funding' as indicator,
        'funding' as divided_by,
        cast(funding_amount as double) as part
    from reports.funding_concentration
    where dimension = 'tenor' and funding_item = 'on demand'
    union all
    select
        entity_id,
        row_kind,
        'funding_within_1m' as indicator,
        'funding' as divided_by,
        cast(funding_amount as double) as part
    from reports.funding_concentration
    where dimension = 'tenor' and funding_item = 'up to 1M'
    union all
    select
        entity_id,
        row_kind,
        'uninsured_deposits' as indicator,
        'deposits' as divided_by,
        cast(monitored_amount as double) as part
    from reports.deposit_monitor
    where insured_part = 'uninsured'
    union all
    select
        entity_id,
        row_kind,
        'operational_deposits' as indicator,
        'deposits' as divided_by,
        cast(monitored_amount as double) as part
    from reports.deposit_monitor
    where is_operational
    union all
    select
        entity_id,
        row_kind,
        'young_deposits' as indicator,
        'deposits' as divided_by,
        cast(monitored_amount as double) as part
    from reports.deposit_monitor
    where vintage_band = 'under 1Y'
    union all
    select
        entity_id,
        row_kind,
        'internet_deposits' as indicator,
        'deposits' as divided_by,
        cast(monitored_amount as double) as part
    from reports.deposit_monitor
    where channel = 'internet'
    union all
    select
        entity_id,
        row_kind,
        'dear_deposits' as indicator,
        'deposits' as divided_by,
        cast(monitored_amount as double) as part
    from reports.deposit_monitor
    where rate_band = '3 % and more'
    union all
    select
        entity_id,
        row_kind,
        'deposits_of_strangers' as indicator,
        'deposits' as divided_by,
        cast(monitored_amount as double) as part
    from reports.deposit_monitor
    where not is_close
    union all
    select
        entity_id,
        row_kind,
        'encumbered_assets' as indicator,
        'assets' as divided_by,
        cast(encumbrance_amount as double) as part
    from reports.asset_encumbrance
    where encumbrance_band <> 'free'
    union all
    select
        entity_id,
        row_kind,
        'non_performing' as indicator,
        'assets' as divided_by,
        cast(encumbrance_amount as double) as part
    from reports.asset_encumbrance
    where asset_class = 'non_performing'
    union all
    select
        entity_id,
        row_kind,
        'gap_within_1m' as indicator,
        'assets' as divided_by,
        cast(cumulative_gap_amount as double) as part
    from reports.liquidity_gap
    where view = 'behavioural' and contract_currency = 'all' and bucket = 4
    union all
    select
        entity_id,
        row_kind,
        'covered_gap_within_1y' as indicator,
        'assets' as divided_by,
        cast(covered_gap_amount as double) as part
    from reports.liquidity_gap
    where view = 'contractual' and contract_currency = 'all' and bucket = 9
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
        entity_id,
        row_kind,
        'hqla' as divided_by,
        cast(hqla_amount as double) as base
    from reports.hqla_stock
    where contract_currency = 'all'
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
