-- about:  Which positions the close values a second time: a few of every kind, chosen by a hash of their name.
-- grain:  as_of_date, position_id
-- reads:  book.positions, behaviour.unassigned_positions
with undecided as (  -- a product with a position without its assumption has no values
    select distinct
        entity_id,
        currency,
        product_code
    from behaviour.unassigned_positions
),

strata as (
    select
        p.position_id,
        p.family || ', ' || case
            when p.cash_flow_model = p.amortisation_type then p.cash_flow_model
            else p.cash_flow_model || ' ' || p.amortisation_type
        end || ', ' || p.rate_type || ', ' || p.currency as stratum
    from book.positions as p
    left join undecided as x
        on
            p.entity_id = x.entity_id and p.currency = x.currency
            and p.product_code = x.product_code
    where p.cash_flow_model <> 'balance_only' and x.product_code is null
),

ranked as (
    select
        position_id,
        stratum,
        count(*) over (partition by stratum) as n_positions,
        row_number() over (partition by stratum order by md5(position_id), position_id) as rank_number
    from strata
)

select
    cast($as_of_date as date) as as_of_date,
    position_id,
    stratum,
    n_positions
from ranked
where rank_number <= 4
