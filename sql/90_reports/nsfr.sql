-- about:  The Net Stable Funding Ratio: available and required stable funding, and the ratio.
-- grain:  as_of_date, pack, entity_id, row_kind, contract_currency
-- reads:  reports.nsfr_lines
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
    pack,
    entity_id,
    row_kind,
    contract_currency,
    currency,
    case when cause is null then cast(available_funding as decimal(18, 2)) end as available_funding_amount,
    case when cause is null then cast(required_funding as decimal(18, 2)) end as required_funding_amount,
    case when cause is null then cast(available_funding as double) / nullif(cast(required_funding as double), 0) end
        as nsfr_share,
    coalesce(cause, availability) as availability,
    excluded_rows,
    excluded_amount,
    excluded_share
from sides
