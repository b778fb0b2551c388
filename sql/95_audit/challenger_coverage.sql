-- about:  How far the second valuation is from the close's by product and method, and what it cannot value and why.
-- grain:  as_of_date, product_code, method, reason
-- reads:  audit.challenger, book.positions
with held as (
    select
        product_code,
        count(*) as n_positions
    from book.positions
    where cash_flow_model <> 'balance_only'
    group by product_code
),

ranked as (
    select
        product_code,
        method,
        coalesce(reason, 'none') as reason,
        position_id,
        scenario,
        difference_share,
        allowed_share,
        row_number() over (
            partition by product_code, method, coalesce(reason, 'none')
            order by difference_share desc nulls last, position_id asc, scenario asc
        ) as rank_number
    from audit.challenger
),

sampled as (
    select
        product_code,
        method,
        reason,
        count(distinct position_id) as n_sampled
    from ranked
    group by product_code, method, reason
)

select
    cast($as_of_date as date) as as_of_date,
    h.product_code,
    coalesce(s.method, 'not sampled') as method,
    coalesce(s.reason, 'none') as reason,
    h.n_positions,
    coalesce(s.n_sampled, 0) as n_sampled,
    case when r.difference_share is not null then r.position_id end as worst_position_id,
    case when r.difference_share is not null then r.scenario end as worst_scenario,
    r.difference_share,
    coalesce(r.allowed_share, 0) as allowed_share
from held as h
left join sampled as s on h.product_code = s.product_code
left join ranked as r
    on
        s.product_code = r.product_code and s.method = r.method and s.reason = r.reason
        and r.rank_number = 1
