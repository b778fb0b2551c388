-- about:  Customers, issuers and other counterparties, one row each.
-- grain:  as_of_date, counterparty_id
-- reads:  raw.counterparty
with delivered as (
    select *
    from raw.counterparty  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    counterparty_id,
    name,
    counterparty_type,
    lei,
    risk_group_id,
    country,
    rating,
    cast(turnover_amount as decimal(18, 2)) as turnover_amount,
    cast(is_established_relationship as boolean) as is_established_relationship,
    intragroup_entity_id
from delivered
