-- about:  Early-warning indicators with the day's cash in place of the close's, and those that only days can show.
-- grain:  as_of_date, entity_id, row_kind, indicator
-- reads:  staging.cash_position, daily.day_figures, inputs.daily_thresholds, inputs.hqla_caps,
--         daily.indicators @previous, reports.early_warning @previous, reports.hqla_stock @previous,
--         book.reporting_units @previous, book.translation_rates @previous
with closed as (
    select max(as_of_date) as closed_as_of_date
    from previous.early_warning
),

units as (
    select
        entity_id,
        row_kind,
        member_entity_id
    from previous.reporting_units
    where row_kind in ('entity', 'group') and not is_intragroup
),

comparable as (  -- units whose accounts are delivered for the day of the close too
    select
        u.entity_id,
        u.row_kind
    from staging.cash_position as p
    cross join closed as c
    inner join units as u on p.entity_id = u.member_entity_id
    where p.position_date = c.closed_as_of_date
    group by u.entity_id, u.row_kind
),

cash_since as (  -- what accounts gained since the last close
    select
        u.entity_id,
        u.row_kind,
        cast(sum(cast(
            case when p.position_date = p.as_of_date then p.closing_amount else -p.closing_amount end
            * t.translation_rate as decimal(38, 6)
        )) as double) as gained
    from staging.cash_position as p
    cross join closed as c
    inner join units as u on p.entity_id = u.member_entity_id
    inner join comparable as k on u.entity_id = k.entity_id and u.row_kind = k.row_kind
    inner join previous.translation_rates as t on p.currency = t.currency
    where p.position_date = p.as_of_date or p.position_date = c.closed_as_of_date
    group by u.entity_id, u.row_kind
),

stock as (
    select
        r.entity_id,
        r.row_kind,
        cast(r.hqla_amount as double) as hqla
    from previous.hqla_stock as r
    inner join inputs.hqla_caps as k on r.pack = k.pack and k.is_leading
    where r.contract_currency = 'all'
),

moved_by_cash (indicator, part_moves, base_moves) as (  -- 1: it rises by as much as cash
    values
    ('liquid_assets', 1, 1),
    ('level_1', 1, 1),
    ('coverage_outflows', 0, 1),
    ('collateral_flows', 0, 1),
    ('undrawn_lines', 0, 1),
    ('sale_loss', 0, 1)
),

closed_ones as (
    select
        w.entity_id,
        w.row_kind,
        w.indicator,
        w.indicator_about,
        w.threshold_direction,
        w.amber,
        w.red,
        w.owner,
        w.figure_status,
        w.value as closed_value,
        case
            when w.indicator = 'liquidity_coverage' then w.value * (s.hqla + c.gained)
            when n.indicator is not null then w.indicator_part + n.part_moves * c.gained
            else w.indicator_part
        end as part,
        case
            when w.indicator = 'liquidity_coverage' then s.hqla
            when n.indicator is not null then w.indicator_base + n.base_moves * c.gained
            else w.indicator_base
        end as base,
        case when n.indicator is not null or w.indicator = 'liquidity_coverage' then c.gained end as cash_since_close,
        case
            when n.indicator is null and w.indicator <> 'liquidity_coverage' then w.as_of_date
            else cast($as_of_date as date)
        end as evaluated_as_of_date
    from previous.early_warning as w
    left join moved_by_cash as n on w.indicator = n.indicator
    left join cash_since as c on w.entity_id = c.entity_id and w.row_kind = c.row_kind
    left join stock as s on w.entity_id = s.entity_id and w.row_kind = s.row_kind
),

every_row as (
    select
        entity_id,
        row_kind,
        indicator,
        indicator_about,
        threshold_direction,
        amber,
        red,
        owner,
        figure_status,
        closed_value,
        cash_since_close,
        part,
        base,
        case when evaluated_as_of_date = cast($as_of_date as date) then part / nullif(base, 0) else closed_value end
            as value,
        evaluated_as_of_date
    from closed_ones
    union all
    select
        f.entity_id,
        f.row_kind,
        f.indicator,
        w.indicator_about,
        w.threshold_direction,
        w.amber,
        w.red,
        w.owner,
        w.status as figure_status,
        null as closed_value,
        null as cash_since_close,
        f.indicator_part as part,
        f.indicator_base as base,
        f.indicator_part / nullif(f.indicator_base, 0) as value,
        f.as_of_date as evaluated_as_of_date
    from daily.day_figures as f
    inner join inputs.daily_thresholds as w on f.indicator = w.indicator
)

select
    cast($as_of_date as date) as as_of_date,
    r.entity_id,
    r.row_kind,
    r.indicator,
    r.indicator_about,
    'daily' as view_frequency,
    r.evaluated_as_of_date,
    r.threshold_direction,
    r.cash_since_close,
    r.part as indicator_part,
    r.base as indicator_base,
    r.value,
    r.amber,
    r.red,
    case
        when r.value is null then 'not available'
        when r.threshold_direction = 'at_least' and r.value < r.red then 'red'
        when r.threshold_direction = 'at_least' and r.value < r.amber then 'amber'
        when r.threshold_direction = 'at_most' and r.value > r.red then 'red'
        when r.threshold_direction = 'at_most' and r.value > r.amber then 'amber'
        else 'green'
    end as warning_status,
    r.closed_value,
    p.value as day_before_value,
    r.value - p.value as since_day_before,
    r.owner,
    r.figure_status
from every_row as r
left join previous.indicators as p
    on r.entity_id = p.entity_id and r.row_kind = p.row_kind and r.indicator = p.indicator
