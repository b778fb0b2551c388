-- about:  Collateral the bank holds, one row per item.
-- grain:  as_of_date, collateral_id
-- reads:  raw.collateral
with delivered as (
    select *
    from raw.collateral  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    collateral_id,
    entity_id,
    collateral_type,
    currency,
    cast(value_amount as decimal(18, 2)) as value_amount,
    cast(value_date as date) as value_date,
    cast(haircut_share as double) as haircut_share,
    cast(is_central_bank_eligible as boolean) as is_central_bank_eligible
from delivered
