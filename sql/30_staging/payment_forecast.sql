-- about:  Known payments to come, one row per date, entity, kind and currency.
-- grain:  as_of_date, payment_date, entity_id, payment_type, currency
-- reads:  raw.payment_forecast
with delivered as (
    select *
    from raw.payment_forecast  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    cast(payment_date as date) as payment_date,
    entity_id,
    payment_type,
    currency,
    cast(amount as decimal(18, 2)) as amount,
    cast(probability_share as double) as probability_share
from delivered
