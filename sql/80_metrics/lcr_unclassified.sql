-- about:  Slices that no rule of the coverage ratio takes; must be empty.
-- grain:  as_of_date, pack, position_id, slice_part, maturity_band, encumbrance_band
-- reads:  metrics.lcr_lines
select
    as_of_date,
    pack,
    entity_id,
    currency,
    position_id,
    slice_part,
    maturity_band,
    encumbrance_band,
    product_code,
    slice_amount,
    unclassified_reason
from metrics.lcr_lines
where unclassified_reason is not null
