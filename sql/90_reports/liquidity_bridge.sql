-- about:  From the balance sheet to what the liquidity ratios weigh: carried, left out, added, by side of the ratio.
-- grain:  as_of_date, ratio, pack, entity_id, row_kind, ratio_side
-- reads:  reports.lcr_lines, reports.nsfr_lines
with lines as (
    select
        'coverage' as ratio,
        pack,
        entity_id,
        row_kind,
        ratio_side,
        currency,
        carried_amount,
        unweighted_line_amount,
        availability,
        excluded_rows,
        excluded_amount,
        excluded_share
    from reports.lcr_lines
    where contract_currency = 'all'
    union all
    select
        'stable_funding' as ratio,
        pack,
        entity_id,
        row_kind,
        ratio_side,
        currency,
        carried_amount,
        unweighted_line_amount,
        availability,
        excluded_rows,
        excluded_amount,
        excluded_share
    from reports.nsfr_lines
    where contract_currency = 'all'
)

select
    cast($as_of_date as date) as as_of_date,
    ratio,
    pack,
    entity_id,
    row_kind,
    ratio_side,
    min(currency) as currency,
    case when count(*) = count(carried_amount) then cast(sum(carried_amount) as decimal(18, 2)) end
        as bridge_carried_amount,
    case
        when count(*) = count(carried_amount)
            then cast(sum(unweighted_line_amount - carried_amount) as decimal(18, 2))
    end as bridge_added_amount,
    case when count(*) = count(carried_amount) then cast(sum(unweighted_line_amount) as decimal(18, 2)) end
        as bridge_weighed_amount,
    min(availability) as availability,
    min(excluded_rows) as excluded_rows,
    min(excluded_amount) as excluded_amount,
    min(excluded_share) as excluded_share
from lines
group by ratio, pack, entity_id, row_kind, ratio_side
