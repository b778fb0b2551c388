-- about:  What each item of a liquidity stress adds within thirty days, by unit, and its place by size.
-- grain:  as_of_date, stress, entity_id, row_kind, stress_part, stress_item
-- reads:  metrics.stress_flows, book.reporting_units, book.translation_rates
with summed as (
    select
        s.stress,
        u.entity_id,
        u.row_kind,
        s.stress_part,
        s.stress_item,
        count(*) > count(t.translation_rate) as is_untranslated,
        sum(cast(s.cumulative_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6))) as amount
    from metrics.stress_flows as s
    inner join book.reporting_units as u
        on s.entity_id = u.member_entity_id and s.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on s.currency = t.currency
    where s.flow_day = 30 and u.row_kind <> 'elimination' and s.stress_part not in ('sale_loss', 'unclassified')
    group by s.stress, u.entity_id, u.row_kind, s.stress_part, s.stress_item
)

select
    cast($as_of_date as date) as as_of_date,
    stress,
    entity_id,
    row_kind,
    stress_part,
    stress_item,
    case when not is_untranslated then cast(amount as double) end as effect_30d,
    cast(
        row_number() over (
            partition by stress, entity_id, row_kind
            order by abs(amount) desc nulls last, stress_part asc, stress_item asc
        ) as integer
    ) as effect_place
from summed
