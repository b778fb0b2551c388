-- about:  Whom and what funding depends on: the ten largest lenders and those above 1 %, products, currencies, tenors.
-- grain:  as_of_date, entity_id, row_kind, dimension, funding_item
-- reads:  book.positions, metrics.funding_ranks, metrics.report_footers, staging.counterparty, book.reporting_units,
--         book.translation_rates
with funding as (
    select
        u.entity_id,
        u.row_kind,
        p.product_code,
        p.currency,
        coalesce(c.risk_group_id, p.counterparty_id) as funding_group,
        case
            when p.cash_flow_model = 'non_maturity' or p.maturity_date is null then 'on demand'
            when p.maturity_date <= cast($as_of_date as date) + interval 1 month then 'up to 1M'
            when p.maturity_date <= cast($as_of_date as date) + interval 3 months then '>1M-3M'
            when p.maturity_date <= cast($as_of_date as date) + interval 6 months then '>3M-6M'
            when p.maturity_date <= cast($as_of_date as date) + interval 1 year then '>6M-1Y'
            else '>1Y'
        end as tenor,
        p.carrying_amount * u.consolidation_factor * t.translation_rate as amount,
        case
            when t.translation_rate is null
                then
                    'no exchange rate for ' || p.currency
                    || ' | book.translation_rates | to fix: deliver it in fx_rate'
        end as cause
    from book.positions as p
    inner join book.reporting_units as u
        on p.entity_id = u.member_entity_id and p.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on p.currency = t.currency
    left join staging.counterparty as c on p.counterparty_id = c.counterparty_id
    where p.side = 'liability' and p.extract <> 'other_balance' and u.row_kind <> 'elimination'
),

items as (
    select
        f.entity_id,
        f.row_kind,
        'counterparty' as dimension,
        'lender ' || lpad(cast(r.funding_place as varchar), 3, '0') as funding_item,
        f.amount,
        f.cause
    from funding as f
    inner join metrics.funding_ranks as r
        on f.entity_id = r.entity_id and f.row_kind = r.row_kind and f.funding_group = r.funding_group
    union all
    select
        entity_id,
        row_kind,
        'product' as dimension,
        product_code as funding_item,
        amount,
        cause
    from funding
    union all
    select
        entity_id,
        row_kind,
        'currency' as dimension,
        currency as funding_item,
        amount,
        cause
    from funding
    union all
    select
        entity_id,
        row_kind,
        'tenor' as dimension,
        tenor as funding_item,
        amount,
        cause
    from funding
    union all
    select
        entity_id,
        row_kind,
        'total' as dimension,
        'total' as funding_item,
        amount,
        cause
    from funding
),

summed as (
    select
        entity_id,
        row_kind,
        dimension,
        funding_item,
        min(cause) as cause,
        sum(cast(amount as decimal(38, 6))) as amount
    from items
    group by entity_id, row_kind, dimension, funding_item
),

shown as (
    select
        s.*,
        cast(s.amount as decimal(18, 2)) as shown_amount,
        cast(w.amount as decimal(18, 2)) as shown_total,
        w.cause as total_cause
    from summed as s
    inner join summed as w on s.entity_id = w.entity_id and s.row_kind = w.row_kind and w.dimension = 'total'
)

select
    cast($as_of_date as date) as as_of_date,
    s.entity_id,
    s.row_kind,
    s.dimension,
    s.funding_item,
    r.counterparty_type,
    f.currency,
    case when s.cause is null then s.shown_amount end as funding_amount,
    case when s.total_cause is null then cast(s.shown_amount as double) / nullif(cast(s.shown_total as double), 0) end
        as funding_share,
    coalesce(
        case s.dimension  -- what the monitoring tool calls significant
            when 'currency' then s.shown_amount >= 0.05 * s.shown_total
            else s.shown_amount > 0.01 * s.shown_total
        end, false
    ) as is_significant,
    case when s.cause is null then f.availability else 'not available: ' || s.cause end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from shown as s
inner join metrics.report_footers as f on s.entity_id = f.entity_id and s.row_kind = f.row_kind
left join metrics.funding_ranks as r
    on
        s.entity_id = r.entity_id and s.row_kind = r.row_kind and s.dimension = 'counterparty'
        and s.funding_item = 'lender ' || lpad(cast(r.funding_place as varchar), 3, '0')
