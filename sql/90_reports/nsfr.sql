-- about:  The Net Stable Funding Ratio: available and required stable funding, and the ratio.
-- grain:  as_of_date, pack, entity_id, row_kind, contract_currency
-- reads:  reports.nsfr_lines, reports.funding_concentration
with sides as (
    select
        pack,
        entity_id,
        row_kind,
        contract_currency,
        min(currency) as currency,
        min(case when weighted_line_amount is null then availability end) as cause,
        min(availability) as availability,
        sum(case when ratio_side = 'available' then weighted_line_amount else 0 end) as available_funding,
        sum(case when ratio_side = 'required' then weighted_line_amount else 0 end) as required_funding,
        min(excluded_rows) as excluded_rows,
        min(excluded_amount) as excluded_amount,
        min(excluded_share) as excluded_share
    from reports.nsfr_lines
    group by pack, entity_id, row_kind, contract_currency
)

select
    cast($as_of_date as date) as as_of_date,
    s.pack,
    s.entity_id,
    s.row_kind,
    s.contract_currency,
    s.currency,
    s.contract_currency = 'all' or coalesce(w.is_significant, false) as is_significant,
    case when s.cause is null then cast(s.available_funding as decimal(18, 2)) end as available_funding_amount,
    case when s.cause is null then cast(s.required_funding as decimal(18, 2)) end as required_funding_amount,
    case
        when s.cause is null
            then cast(s.available_funding as double) / nullif(cast(s.required_funding as double), 0)
    end as nsfr_share,
    coalesce(s.cause, s.availability) as availability,
    s.excluded_rows,
    s.excluded_amount,
    s.excluded_share
from sides as s
left join reports.funding_concentration as w
    on
        s.entity_id = w.entity_id and s.row_kind = w.row_kind and w.dimension = 'currency'
        and s.contract_currency = w.funding_item
