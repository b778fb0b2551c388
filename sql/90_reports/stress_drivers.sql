-- about:  What takes and gives most within thirty days of a liquidity stress, ranked by its effect on what is left.
-- grain:  as_of_date, stress, entity_id, row_kind, stress_part, stress_item
-- reads:  metrics.stress_effects, metrics.report_footers
select
    cast($as_of_date as date) as as_of_date,
    s.stress,
    s.entity_id,
    s.row_kind,
    s.stress_part,
    s.stress_item,
    f.currency,
    s.effect_place as effect_rank,
    cast(s.effect_30d as decimal(18, 2)) as effect_30d_amount,
    case
        when s.effect_30d is null
            then 'not available: an exchange rate is missing | book.translation_rates | to fix: deliver it in fx_rate'
        else f.availability
    end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from metrics.stress_effects as s
inner join metrics.report_footers as f on s.entity_id = f.entity_id and s.row_kind = f.row_kind
