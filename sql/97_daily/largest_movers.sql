-- about:  Who moved most of the day's deposits, in either direction, beside what was held at the last close.
-- grain:  as_of_date, entity_id, contract_currency, mover_rank
-- reads:  daily.cash_movement, inputs.products, book.positions @previous
with moved as (
    select
        entity_id,
        currency,
        counterparty_id,
        sum(amount) as amount
    from daily.cash_movement
    where movement_date = as_of_date and movement_type = 'deposit' and counterparty_id is not null
    group by entity_id, currency, counterparty_id
),

ranked as (
    select
        entity_id,
        currency,
        counterparty_id,
        row_number() over (
            partition by entity_id, currency order by abs(amount) desc, counterparty_id
        ) as mover_rank
    from moved
),

held as (
    select
        b.entity_id,
        b.currency,
        b.counterparty_id,
        sum(b.carrying_amount) as amount
    from previous.positions as b
    inner join inputs.products as p on b.product_code = p.product_code
    where p.family in ('deposits_non_maturity', 'deposits_term')
    group by b.entity_id, b.currency, b.counterparty_id
)

select
    cast($as_of_date as date) as as_of_date,
    r.entity_id,
    r.currency as contract_currency,
    cast(r.mover_rank as integer) as mover_rank,
    'daily' as view_frequency,
    r.counterparty_id,
    m.amount as movement_amount,
    cast(h.amount as decimal(18, 2)) as closed_deposit_amount,
    cast(m.amount as double) / nullif(cast(h.amount as double), 0) as movement_share
from ranked as r
inner join moved as m
    on r.entity_id = m.entity_id and r.currency = m.currency and r.counterparty_id = m.counterparty_id
left join held as h
    on r.entity_id = h.entity_id and r.currency = h.currency and r.counterparty_id = h.counterparty_id
where r.mover_rank <= 10
