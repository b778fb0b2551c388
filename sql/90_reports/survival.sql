-- about:  How long each unit survives each liquidity stress, the buffer that needs, and what is left at its worst.
-- grain:  as_of_date, stress, entity_id, row_kind, contract_currency
-- reads:  metrics.stress_paths, metrics.report_footers, staging.capital, book.reporting_units,
--         book.translation_rates, inputs.stresses
with paths as (
    select
        stress,
        entity_id,
        row_kind,
        contract_currency,
        min(cause) as cause,
        max(flow_day) as last_day,
        min(case when stressed_position < 0 then flow_day end) as first_negative_day,
        min(stressed_position) as headroom,
        max(greatest(-(stressed_outflow + stressed_inflow), 0)) as buffer_need
    from metrics.stress_paths
    where flow_day >= 1
    group by stress, entity_id, row_kind, contract_currency
),

horizons as (
    select
        stress,
        entity_id,
        row_kind,
        contract_currency,
        max(case when flow_day = 1 then stressed_position end) as position_1d,
        max(case when flow_day = 7 then stressed_position end) as position_7d,
        max(case when flow_day = 30 then stressed_position end) as position_30d,
        max(case when flow_day = 90 then stressed_position end) as position_90d,
        max(case when flow_day = 365 then stressed_position end) as position_365d,
        max(case when flow_day = 30 then counterbalancing_capacity end) as capacity_30d,
        max(case when flow_day = 30 then sale_loss end) as sale_loss_30d
    from metrics.stress_paths
    group by stress, entity_id, row_kind, contract_currency
),

members as (  -- what entities have left alone; the group's position assumes that money may move between them
    select
        p.stress,
        p.contract_currency,
        sum(cast(greatest(p.stressed_position, 0) as decimal(38, 6))) as surplus
    from metrics.stress_paths as p
    inner join book.reporting_units as u
        on p.entity_id = u.member_entity_id and u.row_kind = 'group' and not u.is_intragroup
    where p.row_kind = 'entity' and p.flow_day = 30
    group by p.stress, p.contract_currency
),

core_capital as (
    select
        u.entity_id,
        u.row_kind,
        sum(cast(c.amount * t.translation_rate as decimal(38, 6))) as cet1
    from staging.capital as c
    inner join book.reporting_units as u
        on c.entity_id = u.member_entity_id and u.row_kind = 'entity' and not u.is_intragroup
    inner join book.translation_rates as t on c.currency = t.currency
    where c.element = 'cet1'
    group by u.entity_id, u.row_kind
),

joined as (
    select
        p.*,
        h.position_1d,
        h.position_7d,
        h.position_30d,
        h.position_90d,
        h.position_365d,
        h.capacity_30d,
        h.sale_loss_30d,
        case when p.row_kind = 'group' then greatest(m.surplus - greatest(h.position_30d, 0), 0) end as trapped,
        case when p.contract_currency = 'all' then c.cet1 end as cet1
    from paths as p
    inner join horizons as h
        on
            p.stress = h.stress and p.entity_id = h.entity_id and p.row_kind = h.row_kind
            and p.contract_currency = h.contract_currency
    left join members as m on p.stress = m.stress and p.contract_currency = m.contract_currency
    left join core_capital as c on p.entity_id = c.entity_id and p.row_kind = c.row_kind
)

select
    cast($as_of_date as date) as as_of_date,
    j.stress,
    j.entity_id,
    j.row_kind,
    j.contract_currency,
    t.kind as stress_kind,
    f.currency,
    case when j.cause is null then j.first_negative_day end as survival_day,
    case
        when j.cause is not null then 'not available'
        when j.first_negative_day is null then 'survives ' || j.last_day || ' days'
        else 'money is short on day ' || j.first_negative_day
    end as survival,
    case when j.cause is null then cast(j.buffer_need as decimal(18, 2)) end as buffer_need_amount,
    case when j.cause is null then cast(j.headroom as decimal(18, 2)) end as least_position_amount,
    case when j.cause is null then cast(j.position_1d as decimal(18, 2)) end as position_1d_amount,
    case when j.cause is null then cast(j.position_7d as decimal(18, 2)) end as position_7d_amount,
    case when j.cause is null then cast(j.position_30d as decimal(18, 2)) end as position_30d_amount,
    case when j.cause is null then cast(j.position_90d as decimal(18, 2)) end as position_90d_amount,
    case when j.cause is null then cast(j.position_365d as decimal(18, 2)) end as position_365d_amount,
    case when j.cause is null then cast(j.capacity_30d as decimal(18, 2)) end as capacity_30d_amount,
    case when j.cause is null then cast(j.sale_loss_30d as decimal(18, 2)) end as sale_loss_30d_amount,
    case when j.cause is null then cast(j.cet1 as decimal(18, 2)) end as cet1_amount,
    case
        when j.cause is null
            then cast(cast(j.sale_loss_30d as decimal(18, 2)) as double) / nullif(cast(j.cet1 as double), 0)
    end as sale_loss_30d_share,
    case when j.cause is null then cast(j.trapped as decimal(18, 2)) end as trapped_30d_amount,
    case when j.cause is null then f.availability else 'not available: ' || j.cause end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from joined as j
inner join inputs.stresses as t on j.stress = t.stress
inner join metrics.report_footers as f on j.entity_id = f.entity_id and j.row_kind = f.row_kind
