-- about:  Securities that no rule of a pack takes although they are held as liquid; must be empty.
-- grain:  as_of_date, pack, position_id
-- reads:  metrics.hqla_holdings
select
    as_of_date,
    pack,
    entity_id,
    currency,
    position_id,
    product_code,
    market_value,
    unclassified_reason
from metrics.hqla_holdings
where unclassified_reason is not null
