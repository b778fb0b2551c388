-- about:  Which positions the close values a second time: a few of every kind, chosen by a hash of their name.
-- grain:  as_of_date, position_id
-- reads:  book.positions
with strata as (
    select
        position_id,
        family || ', ' || case
            when cash_flow_model = amortisation_type then cash_flow_model
            else cash_flow_model || ' ' || amortisation_type
        end || ', ' || rate_type || ', ' || currency as stratum
    from book.positions
    where cash_flow_model <> 'balance_only'
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
