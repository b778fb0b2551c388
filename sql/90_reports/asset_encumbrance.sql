-- about:  What of each class of assets is pledged, for how long, and what is free to be pledged.
-- grain:  as_of_date, entity_id, row_kind, asset_class, encumbrance_band
-- reads:  metrics.position_slices, metrics.report_footers, book.reporting_units, book.translation_rates
with translated as (
    select
        u.entity_id,
        u.row_kind,
        case
            when s.liquidity_class = 'security' then 'security ' || coalesce(s.hqla_class, 'none')
            else s.liquidity_class
        end as asset_class,
        s.encumbrance_band,
        s.slice_amount * u.consolidation_factor * t.translation_rate as amount,
        case
            when t.translation_rate is null
                then
                    'no exchange rate for ' || s.currency
                    || ' | book.translation_rates | to fix: deliver it in fx_rate'
        end as cause
    from metrics.position_slices as s
    inner join book.reporting_units as u
        on s.entity_id = u.member_entity_id and s.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on s.currency = t.currency
    where s.side = 'asset' and u.row_kind <> 'elimination'
),

summed as (
    select
        entity_id,
        row_kind,
        asset_class,
        encumbrance_band,
        min(cause) as cause,
        sum(cast(amount as decimal(38, 6))) as amount
    from translated
    group by entity_id, row_kind, asset_class, encumbrance_band
)

select
    cast($as_of_date as date) as as_of_date,
    s.entity_id,
    s.row_kind,
    s.asset_class,
    s.encumbrance_band,
    f.currency,
    case when s.cause is null then cast(s.amount as decimal(18, 2)) end as encumbrance_amount,
    case when s.cause is null then f.availability else 'not available: ' || s.cause end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from summed as s
inner join metrics.report_footers as f on s.entity_id = f.entity_id and s.row_kind = f.row_kind
