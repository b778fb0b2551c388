-- about:  Principal and interest paid in each time bucket of every ladder, by side, and the gap between the sides.
-- grain:  as_of_date, scenario, view, entity_id, currency, is_intragroup, bucket_set, bucket
-- reads:  scenarios.cash_flow_buckets, cash_flows.contractual_buckets, book.positions,
--         behaviour.undecided_balances, inputs.products, inputs.time_buckets
with ladders as (  -- every set of buckets by payment day is a ladder
    select
        bucket_set,
        bucket
    from inputs.time_buckets
    where slotted_by = 'payment' and kept_by = 'product'
),

product_rows as (  -- intragroup business has product codes of its own
    select
        p.entity_id,
        p.currency,
        p.product_code,
        bool_and(p.is_intragroup) as is_intragroup
    from book.positions as p
    where p.cash_flow_model <> 'balance_only'
    group by p.entity_id, p.currency, p.product_code
),

both_views as (
    select
        'behavioural' as view,
        entity_id,
        currency,
        product_code,
        bucket_set,
        bucket,
        principal_amount + interest_amount as amount
    from scenarios.cash_flow_buckets
    where scenario = $scenario
    union all
    select
        'contractual' as view,
        entity_id,
        currency,
        product_code,
        bucket_set,
        bucket,
        principal_amount + interest_amount as amount
    from cash_flows.contractual_buckets
    where $scenario = 'base'  -- as agreed: no scenario changes it
),

by_side as (
    select
        b.view,
        b.entity_id,
        b.currency,
        coalesce(r.is_intragroup, false) as is_intragroup,
        b.bucket_set,
        b.bucket,
        cast(case when p.side = 'asset' then b.amount else 0 end as decimal(38, 6)) as asset_amount,
        cast(case when p.side = 'liability' then b.amount else 0 end as decimal(38, 6)) as liability_amount,
        cast(case when p.side in ('asset', 'liability') then 0 else b.amount end as decimal(38, 6))
            as off_balance_amount
    from both_views as b
    inner join ladders as t on b.bucket_set = t.bucket_set and b.bucket = t.bucket
    inner join inputs.products as p on b.product_code = p.product_code
    left join product_rows as r
        on b.entity_id = r.entity_id and b.currency = r.currency and b.product_code = r.product_code
    left join behaviour.undecided_balances as x on b.entity_id = x.entity_id and b.currency = x.currency
    where x.entity_id is null  -- no row rather than a gap without some of its flows
),

every_bucket as (  -- an empty bucket is a zero, so that the cumulative gap has no holes
    select
        units.view,
        units.entity_id,
        units.currency,
        units.is_intragroup,
        t.bucket_set,
        t.bucket
    from (select distinct view, entity_id, currency, is_intragroup from by_side) as units
    cross join ladders as t
),

totals as (  -- what lies in a bucket, and in it and those before it
    select
        e.view,
        e.entity_id,
        e.currency,
        e.is_intragroup,
        e.bucket_set,
        e.bucket,
        coalesce(sum(case when s.bucket = e.bucket then s.asset_amount else 0 end), 0) as asset_amount,
        coalesce(sum(case when s.bucket = e.bucket then s.liability_amount else 0 end), 0) as liability_amount,
        coalesce(sum(case when s.bucket = e.bucket then s.off_balance_amount else 0 end), 0)
            as off_balance_amount,
        coalesce(sum(s.asset_amount + s.liability_amount + s.off_balance_amount), 0)
            as cumulative_gap_amount
    from every_bucket as e
    left join by_side as s
        on
            e.view = s.view and e.entity_id = s.entity_id and e.currency = s.currency
            and e.is_intragroup = s.is_intragroup and e.bucket_set = s.bucket_set and e.bucket >= s.bucket
    group by e.view, e.entity_id, e.currency, e.is_intragroup, e.bucket_set, e.bucket
)

select
    cast($as_of_date as date) as as_of_date,
    cast($scenario as varchar) as scenario,
    view,
    entity_id,
    currency,
    is_intragroup,
    bucket_set,
    bucket,
    cast(asset_amount as double) as asset_amount,
    cast(liability_amount as double) as liability_amount,
    cast(off_balance_amount as double) as off_balance_amount,
    cast(asset_amount + liability_amount + off_balance_amount as double) as gap_amount,
    cast(cumulative_gap_amount as double) as cumulative_gap_amount
from totals
