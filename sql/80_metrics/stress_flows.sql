-- about:  What leaves, comes in and can be turned to cash up to each day of a liquidity stress, item by item.
-- grain:  as_of_date, stress, entity_id, currency, is_intragroup, stress_part, stress_item, flow_day
-- reads:  metrics.lcr_lines, metrics.hqla_holdings, metrics.position_slices, metrics.eve, cash_flows.contractual_days,
--         book.positions, staging.security, staging.borrowing, staging.encumbrance_link, staging.funding_source,
--         inputs.products, inputs.hqla_caps, inputs.stresses, inputs.stress_shares
with days as (
    select distinct flow_day
    from inputs.stress_shares
),

slices as (
    select
        l.entity_id,
        l.currency,
        l.is_intragroup,
        l.liquidity_class,
        l.lcr_rule,
        l.slice_part,
        cast(sum(cast(l.slice_amount as decimal(38, 6))) as double) as amount
    from metrics.lcr_lines as l
    inner join inputs.hqla_caps as f on l.pack = f.pack and f.is_leading
    where l.slice_part <> 'interest'
    group by all
),

product_classes as (
    select
        product_code,
        min(liquidity_class) as liquidity_class,
        bool_or(is_intragroup) as is_intragroup
    from metrics.position_slices
    group by product_code
),

deposits as (  -- by rule, else by what its scheme insures
    select
        s.entity_id,
        s.currency,
        s.is_intragroup,
        r.stress,
        'run_off' as stress_part,
        s.lcr_rule || ' ' || s.slice_part as stress_item,
        r.flow_day,
        -s.amount * r.share as cumulative_amount
    from slices as s
    inner join inputs.stress_shares as r on r.stress_part = 'run_off'
    left join inputs.stress_shares as o
        on
            r.stress = o.stress and r.flow_day = o.flow_day and o.stress_part = 'run_off'
            and s.lcr_rule = o.stress_item
    where
        s.liquidity_class = 'deposit' and s.lcr_rule is not null
        and r.stress_item = case when o.stress is not null then s.lcr_rule else s.slice_part end
),

unclassified as (  -- nobody knows how it runs: no path is shown with it
    select
        s.entity_id,
        s.currency,
        s.is_intragroup,
        t.stress,
        'unclassified' as stress_part,
        s.liquidity_class as stress_item,
        d.flow_day,
        0 as cumulative_amount
    from slices as s
    cross join inputs.stresses as t
    cross join days as d
    where s.lcr_rule is null
),

drawn as (
    select
        s.entity_id,
        s.currency,
        s.is_intragroup,
        r.stress,
        'drawn' as stress_part,
        s.lcr_rule as stress_item,
        r.flow_day,
        -s.amount * r.share as cumulative_amount
    from slices as s
    inner join inputs.stress_shares as r on s.lcr_rule = r.stress_item and r.stress_part = 'drawn'
),

agreed as (  -- what other funding pays back and borrowers pay in, each with the share of its product or family
    select
        d.entity_id,
        d.currency,
        k.is_intragroup,
        d.product_code,
        d.flow_day,
        d.principal_amount + d.interest_amount as amount,
        case when p.side = 'liability' then 'not_renewed' else 'received' end as stress_part,
        case when p.side = 'liability' then d.product_code else p.family end as share_item
    from cash_flows.contractual_days as d
    inner join inputs.products as p on d.product_code = p.product_code
    inner join product_classes as k on d.product_code = k.product_code
    where
        p.side in ('asset', 'liability')
        and k.liquidity_class not in ('deposit', 'security', 'cash', 'non_performing', 'internal_position')
        and p.cash_flow_model <> 'revolving'
),

agreed_so_far as (
    select
        a.entity_id,
        a.currency,
        a.is_intragroup,
        a.product_code,
        a.stress_part,
        a.share_item,
        d.flow_day,
        cast(sum(cast(a.amount as decimal(38, 6))) as double) as amount
    from agreed as a
    inner join days as d on d.flow_day >= greatest(a.flow_day, 1)
    group by all
),

contractual as (
    select
        a.entity_id,
        a.currency,
        a.is_intragroup,
        r.stress,
        a.stress_part,
        a.product_code as stress_item,
        a.flow_day,
        a.amount * r.share as cumulative_amount
    from agreed_so_far as a
    inner join inputs.stress_shares as r on a.stress_part = r.stress_part and a.flow_day = r.flow_day
    left join inputs.stress_shares as o
        on
            r.stress = o.stress and r.flow_day = o.flow_day and r.stress_part = o.stress_part
            and a.share_item = o.stress_item
    where r.stress_item = case when o.stress is not null then a.share_item else 'other' end
),

margin as (  -- what derivatives lose with third parties in the scenario's own rates
    select
        e.entity_id,
        e.currency,
        k.is_intragroup,
        t.stress,
        cast(
            sum(
                cast(
                    case when e.scenario = t.rate_scenario then e.present_value else -e.present_value end
                    as decimal(38, 6)
                )
            ) as double
        ) as change_amount
    from inputs.stresses as t
    inner join metrics.eve as e on e.scenario = 'base' or t.rate_scenario = e.scenario
    inner join product_classes as k on e.product_code = k.product_code and k.liquidity_class like 'derivative%'
    where t.has_margin_calls and t.rate_scenario is not null
    group by e.entity_id, e.currency, k.is_intragroup, t.stress
),

calls as (
    select
        m.entity_id,
        m.currency,
        m.is_intragroup,
        m.stress,
        'margin_calls' as stress_part,
        'derivatives' as stress_item,
        d.flow_day,
        case when d.flow_day >= 1 then least(m.change_amount, 0) else 0 end as cumulative_amount
    from margin as m
    cross join days as d
),

cash as (
    select
        s.entity_id,
        s.currency,
        s.is_intragroup,
        t.stress,
        'cash' as stress_part,
        s.lcr_rule as stress_item,
        d.flow_day,
        s.amount as cumulative_amount
    from slices as s
    cross join inputs.stresses as t
    cross join days as d
    where s.liquidity_class = 'cash'
),

free_shares as (
    select
        position_id,
        cast(sum(cast(slice_share as decimal(38, 12))) as double) as free_share
    from metrics.position_slices
    where liquidity_class = 'security' and encumbrance_band = 'free'
    group by position_id
),

held as (  -- a bond carried at cost shows its loss only when it is sold
    select
        h.entity_id,
        h.currency,
        p.is_intragroup,
        s.hqla_class,
        h.market_value * f.free_share as market_value,
        case
            when p.accounting_class in ('amortised_cost', 'htm')
                then (h.market_value - cast(p.carrying_amount + p.accrued_interest as double)) * f.free_share
            else 0
        end as unrealised_amount
    from metrics.hqla_holdings as h
    inner join inputs.hqla_caps as k on h.pack = k.pack and k.is_leading
    inner join book.positions as p on h.position_id = p.position_id
    inner join staging.security as s on h.position_id = s.position_id
    inner join free_shares as f on h.position_id = f.position_id
    where h.market_value is not null
),

by_level as (
    select
        entity_id,
        currency,
        is_intragroup,
        hqla_class,
        cast(sum(cast(market_value as decimal(38, 6))) as double) as market_value,
        cast(sum(cast(unrealised_amount as decimal(38, 6))) as double) as unrealised_amount
    from held
    group by entity_id, currency, is_intragroup, hqla_class
),

sales as (
    select
        l.entity_id,
        l.currency,
        l.is_intragroup,
        r.stress,
        m.stress_part,
        l.hqla_class as stress_item,
        r.flow_day,
        case m.stress_part
            when 'sale' then l.market_value * (1 - h.share) * r.share
            else (l.unrealised_amount - l.market_value * h.share) * r.share
        end as cumulative_amount
    from by_level as l
    inner join inputs.stress_shares as r on l.hqla_class = r.stress_item and r.stress_part = 'sold'
    inner join inputs.stress_shares as h
        on
            r.stress = h.stress and r.flow_day = h.flow_day and r.stress_item = h.stress_item
            and h.stress_part = 'haircut'
    cross join (values ('sale'), ('sale_loss')) as m (stress_part)
),

repos as (  -- the collateral of what is not renewed comes back and can be sold
    select
        l.entity_id,
        l.currency,
        p.is_intragroup,
        p.product_code,
        s.hqla_class,
        greatest(coalesce(b.maturity_date - cast($as_of_date as date), 1), 1) as return_day,
        sum(l.encumbered_amount) as encumbered_amount
    from staging.encumbrance_link as l
    inner join staging.borrowing as b on l.entity_id = b.entity_id and l.liability_no = b.borrowing_no
    inner join book.positions as p on b.position_id = p.position_id
    inner join staging.security as s on l.entity_id = s.entity_id and l.asset_no = s.security_no
    where l.liability_extract = 'borrowing' and l.asset_extract = 'security'
    group by all
),

returned as (
    select
        o.entity_id,
        o.currency,
        o.is_intragroup,
        h.stress,
        'returned_collateral' as stress_part,
        o.hqla_class as stress_item,
        h.flow_day,
        cast(
            sum(
                cast(
                    case when o.return_day <= h.flow_day then o.encumbered_amount else 0 end
                    * (1 - h.share) * coalesce(n.share, f.share, 0) as decimal(38, 6)
                )
            ) as double
        ) as cumulative_amount
    from repos as o
    inner join inputs.stress_shares as h on o.hqla_class = h.stress_item and h.stress_part = 'haircut'
    left join inputs.stress_shares as n
        on
            h.stress = n.stress and h.flow_day = n.flow_day and n.stress_part = 'not_renewed'
            and o.product_code = n.stress_item
    left join inputs.stress_shares as f
        on
            h.stress = f.stress and h.flow_day = f.flow_day and f.stress_part = 'not_renewed'
            and f.stress_item = 'other'
    group by o.entity_id, o.currency, o.is_intragroup, h.stress, o.hqla_class, h.flow_day
),

facilities as (  -- a promise, drawn as a test not too long ago, once its money is there
    select
        s.entity_id,
        s.currency,
        false as is_intragroup,
        r.stress,
        'facility' as stress_part,
        s.source_id as stress_item,
        r.flow_day,
        case
            when r.flow_day < s.time_to_cash_days or not s.is_committed then 0
            when
                t.tested_within_days is not null
                and coalesce(s.tested_date < cast($as_of_date as date) - t.tested_within_days, true)
                then 0
            else cast(s.capacity_amount - s.used_amount as double) * r.share
        end as cumulative_amount
    from staging.funding_source as s
    inner join inputs.stress_shares as r on s.source_type = r.stress_item and r.stress_part = 'facility'
    inner join inputs.stresses as t on r.stress = t.stress
),

every_item as (
    select * from deposits
    union all
    select * from unclassified
    union all
    select * from drawn
    union all
    select * from contractual
    union all
    select * from calls
    union all
    select * from cash
    union all
    select * from sales
    union all
    select * from returned
    union all
    select * from facilities
)

select
    cast($as_of_date as date) as as_of_date,
    stress,
    entity_id,
    currency,
    is_intragroup,
    stress_part,
    stress_item,
    flow_day,
    cast(sum(cast(cumulative_amount as decimal(38, 6))) as double) as cumulative_amount
from every_item
group by stress, entity_id, currency, is_intragroup, stress_part, stress_item, flow_day
