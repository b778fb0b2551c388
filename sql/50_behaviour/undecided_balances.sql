-- about:  What no assumption was decided for, per entity and currency, and why totals with it are not available.
-- grain:  as_of_date, entity_id, currency
-- reads:  behaviour.unassigned_positions
with by_reason as (
    select
        entity_id,
        currency,
        reason,
        count(*) as n_positions,
        sum(cast(outstanding_principal as decimal(38, 6))) as outstanding_principal
    from behaviour.unassigned_positions
    group by entity_id, currency, reason
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id,
    currency,
    cast(sum(n_positions) as bigint) as n_positions,
    cast(sum(outstanding_principal) as double) as outstanding_principal,
    sum(n_positions) || ' positions have no assumption | behaviour.unassigned_positions '
    || cast($as_of_date as varchar) || ' ' || entity_id || ' | '
    || string_agg(
        reason || ': ' || n_positions || ' positions, ' || format('{:,.2f}', cast(outstanding_principal as double)),
        '; ' order by reason
    )
    || ' | to fix: add the segment to data_contracts/assumptions, or give the product another one' as cause
from by_reason
group by entity_id, currency
