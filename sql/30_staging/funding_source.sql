-- about:  Funding the bank can draw in need, one row per source.
-- grain:  as_of_date, entity_id, source_id
-- reads:  raw.funding_source
with delivered as (
    select *
    from raw.funding_source  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    entity_id,
    source_id,
    source_type,
    currency,
    cast(capacity_amount as decimal(18, 2)) as capacity_amount,
    cast(used_amount as decimal(18, 2)) as used_amount,
    cast(time_to_cash_days as integer) as time_to_cash_days,
    cast(tested_date as date) as tested_date,
    cast(is_committed as boolean) as is_committed
from delivered
