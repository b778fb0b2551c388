-- about:  Which asset secures which liability, one row per pair.
-- grain:  as_of_date, entity_id, asset_no, liability_no
-- reads:  raw.encumbrance_link
with delivered as (
    select *
    from raw.encumbrance_link  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    entity_id,
    asset_no,
    liability_no,
    asset_extract,
    liability_extract,
    currency,
    cast(encumbered_amount as decimal(18, 2)) as encumbered_amount,
    encumbrance_type,
    cast(start_date as date) as start_date,
    cast(end_date as date) as end_date
from delivered
