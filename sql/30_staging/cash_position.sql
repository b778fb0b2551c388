-- about:  Balances of nostro and central bank accounts, one row per date and account.
-- grain:  as_of_date, position_date, entity_id, account_id
-- reads:  raw.cash_position
with delivered as (
    select *
    from raw.cash_position  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    cast(position_date as date) as position_date,
    entity_id,
    account_id,
    currency,
    cast(opening_amount as decimal(18, 2)) as opening_amount,
    cast(closing_amount as decimal(18, 2)) as closing_amount,
    cast(intraday_minimum_amount as decimal(18, 2)) as intraday_minimum_amount
from delivered
