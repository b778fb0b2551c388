-- about:  Totals the source itself states, one row per measure and item.
-- grain:  as_of_date, measure, item
-- reads:  raw.control_total
with delivered as (
    select *
    from raw.control_total  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    measure,
    item,
    cast(n_rows as bigint) as n_rows,
    cast(amount as decimal(18, 2)) as amount
from delivered
