-- about:  What moved the settlement accounts, one row per movement, one year back.
-- grain:  as_of_date, movement_date, entity_id, account_id, movement_type, movement_id
-- reads:  raw.cash_movement
with delivered as (
    select *
    from raw.cash_movement  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    cast(movement_date as date) as movement_date,
    entity_id,
    account_id,
    movement_type,
    movement_id,
    counterparty_id,
    currency,
    cast(amount as decimal(18, 2)) as amount
from delivered
