-- about:  What takes and gives most within thirty days of a liquidity stress, ranked by its effect on what is left.
-- grain:  as_of_date, stress, entity_id, row_kind, stress_part, stress_item
-- reads:  metrics.stress_flows, metrics.report_footers, book.reporting_units, book.translation_rates
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
    where s.flow_day = 30 and u.row_kind <> 'elimination' and s.stress_part <> 'sale_loss'
    group by s.stress, u.entity_id, u.row_kind, s.stress_part, s.stress_item
)

select
    cast($as_of_date as date) as as_of_date,
    s.stress,
    s.entity_id,
    s.row_kind,
    s.stress_part,
    s.stress_item,
    f.currency,
    cast(
        row_number() over (
            partition by s.stress, s.entity_id, s.row_kind
            order by abs(s.amount) desc nulls last, s.stress_part asc, s.stress_item asc
        ) as integer
    ) as effect_rank,
    case when not s.is_untranslated then cast(s.amount as decimal(18, 2)) end as effect_30d_amount,
    case
        when s.is_untranslated
            then 'not available: an exchange rate is missing | book.translation_rates | to fix: deliver it in fx_rate'
        else f.availability
    end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from summed as s
inner join metrics.report_footers as f on s.entity_id = f.entity_id and s.row_kind = f.row_kind
