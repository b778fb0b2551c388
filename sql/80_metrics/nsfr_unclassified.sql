-- about:  Slices that no rule of the stable funding ratio takes; must be empty.
-- grain:  as_of_date, pack, position_id, slice_part, maturity_band, encumbrance_band
-- reads:  metrics.nsfr_lines
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
from metrics.nsfr_lines
where unclassified_reason is not null
