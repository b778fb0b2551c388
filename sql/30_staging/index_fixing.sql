-- about:  Published index rates, one row per index and date.
-- grain:  as_of_date, index_id, fixing_date
-- reads:  raw.index_fixing
with delivered as (
    select *
    from raw.index_fixing  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    index_id,
    cast(fixing_date as date) as fixing_date,
    cast(rate as double) as rate,
    source
from delivered
