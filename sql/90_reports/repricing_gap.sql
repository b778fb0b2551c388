-- about:  Principal that reprices in each time bucket and the gap, with and without behaviour.
-- grain:  as_of_date, entity_id, row_kind, view, bucket
-- reads:  metrics.repricing_gap, metrics.report_footers, book.reporting_units,
--         book.translation_rates, inputs.time_buckets
with translated as (
    select
        u.entity_id,
        u.row_kind,
        g.view,
        g.bucket,
        min(case when t.translation_rate is null then g.currency end) as untranslated_currency,
        sum(cast(g.asset_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as asset_amount,
        sum(cast(g.liability_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as liability_amount,
        sum(cast(g.off_balance_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as off_balance_amount,
        sum(cast(g.gap_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as gap_amount,
        sum(
            cast(g.cumulative_gap_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6))
        ) as cumulative_gap_amount
    from metrics.repricing_gap as g
    inner join book.reporting_units as u
        on g.entity_id = u.member_entity_id and g.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on g.currency = t.currency
    where g.scenario = 'base'
    group by u.entity_id, u.row_kind, g.view, g.bucket
)

select
    cast($as_of_date as date) as as_of_date,
    t.entity_id,
    t.row_kind,
    t.view,
    t.bucket,
    b.label as bucket_label,
    f.currency,
    case when t.untranslated_currency is null then cast(t.asset_amount as decimal(18, 2)) end as asset_amount,
    case when t.untranslated_currency is null then cast(t.liability_amount as decimal(18, 2)) end
        as liability_amount,
    case when t.untranslated_currency is null then cast(t.off_balance_amount as decimal(18, 2)) end
        as off_balance_amount,
    case when t.untranslated_currency is null then cast(t.gap_amount as decimal(18, 2)) end as gap_amount,
    case when t.untranslated_currency is null then cast(t.cumulative_gap_amount as decimal(18, 2)) end
        as cumulative_gap_amount,
    case
        when t.untranslated_currency is null and t.row_kind <> 'elimination'
            then cast(t.cumulative_gap_amount as double) / nullif(f.assets_amount, 0)
    end as cumulative_gap_share,
    case
        when t.untranslated_currency is not null
            then 'not available: no exchange rate for ' || t.untranslated_currency
        else f.availability
    end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from translated as t
inner join metrics.report_footers as f on t.entity_id = f.entity_id and t.row_kind = f.row_kind
inner join inputs.time_buckets as b on t.bucket = b.bucket and b.bucket_set = 'irrbb'
