-- about:  What has no assumption or no fixing, per entity and currency, and why totals with it are not available.
-- grain:  as_of_date, entity_id, currency
-- reads:  behaviour.unassigned_positions
with by_reason as (
    select
        entity_id,
        currency,
        missing_input,
        reason,
        count(*) as n_positions,
        sum(cast(outstanding_principal as decimal(38, 6))) as outstanding_principal
    from behaviour.unassigned_positions
    group by entity_id, currency, missing_input, reason
),

by_input as (
    select
        entity_id,
        currency,
        missing_input,
        sum(n_positions) as n_positions,
        sum(outstanding_principal) as outstanding_principal,
        sum(n_positions) || ' positions have no ' || missing_input || ' | behaviour.unassigned_positions '
        || cast($as_of_date as varchar) || ' ' || entity_id || ' | '
        || string_agg(
            reason || ': ' || n_positions || ' positions, ' || format('{:,.2f}', cast(outstanding_principal as double)),
            '; ' order by reason
        )
        || ' | to fix: '
        || case missing_input
            when 'fixing' then 'deliver index_fixing up to the as-of date'
            else 'add the segment to data_contracts/assumptions, or give the product another one'
        end as cause
    from by_reason
    group by entity_id, currency, missing_input
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id,
    currency,
    string_agg(missing_input, ' and no ' order by missing_input) as missing_input,
    cast(sum(n_positions) as bigint) as n_positions,
    cast(sum(outstanding_principal) as double) as outstanding_principal,
    string_agg(cause, '; ' order by missing_input) as cause
from by_input
group by entity_id, currency
