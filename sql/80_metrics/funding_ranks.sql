-- about:  Who a unit owes most, third parties of one risk group together, ranked by what is owed.
-- grain:  as_of_date, entity_id, row_kind, funding_group
-- reads:  book.positions, staging.counterparty, book.reporting_units, book.translation_rates
with owed as (
    select
        u.entity_id,
        u.row_kind,
        coalesce(c.risk_group_id, p.counterparty_id) as funding_group,
        min(c.counterparty_type) as counterparty_type,
        sum(cast(p.carrying_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6))) as amount
    from book.positions as p
    inner join book.reporting_units as u
        on p.entity_id = u.member_entity_id and p.is_intragroup = u.is_intragroup
    inner join book.translation_rates as t on p.currency = t.currency
    left join staging.counterparty as c on p.counterparty_id = c.counterparty_id
    where
        p.side = 'liability' and p.extract <> 'other_balance' and u.row_kind <> 'elimination'
        and t.translation_rate is not null  -- the report says which totals lack a rate
    group by u.entity_id, u.row_kind, coalesce(c.risk_group_id, p.counterparty_id)
),

ranked as (
    select
        *,
        row_number() over (partition by entity_id, row_kind order by amount desc, funding_group asc) as place,
        sum(amount) over (partition by entity_id, row_kind) as total
    from owed
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id,
    row_kind,
    funding_group,
    counterparty_type,
    cast(place as integer) as funding_place,
    cast(amount as double) as owed_amount,
    cast(total as double) as total_owed_amount
from ranked
where place <= 10 or amount > 0.01 * total
