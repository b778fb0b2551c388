-- about:  Money in quarantined rows, per ledger account: what the reconciliation and the balance check must add back.
-- grain:  as_of_date, entity_id, extract, gl_account, currency, side
-- reads:  quarantine.loan, quarantine.deposit_term, quarantine.deposit_nmd,
--         quarantine.security, quarantine.borrowing, quarantine.derivative,
--         quarantine.derivative_leg, quarantine.commitment, quarantine.other_balance,
--         staging.gl_map
with set_aside as (
    select as_of_date, 'loan' as extract, entity_id, gl_account, currency, amount, payload from quarantine.loan
    union all
    select as_of_date, 'deposit_term' as extract, entity_id, gl_account, currency, amount, payload
    from quarantine.deposit_term
    union all
    select as_of_date, 'deposit_nmd' as extract, entity_id, gl_account, currency, amount, payload
    from quarantine.deposit_nmd
    union all
    select as_of_date, 'security' as extract, entity_id, gl_account, currency, amount, payload from quarantine.security
    union all
    select as_of_date, 'borrowing' as extract, entity_id, gl_account, currency, amount, payload
    from quarantine.borrowing
    union all
    select as_of_date, 'derivative' as extract, entity_id, gl_account, currency, amount, payload
    from quarantine.derivative
    union all
    select as_of_date, 'derivative_leg' as extract, entity_id, gl_account, currency, amount, payload
    from quarantine.derivative_leg
    union all
    select as_of_date, 'commitment' as extract, entity_id, gl_account, currency, amount, payload
    from quarantine.commitment
    union all
    select as_of_date, 'other_balance' as extract, entity_id, gl_account, currency, amount, payload
    from quarantine.other_balance
),

counted as (  -- a row delivered twice, letter by letter, stands in the ledger once
    select
        *,
        row_number() over (partition by extract, payload order by amount) > 1 and json_valid(payload) as is_copy
    from set_aside
),

read_back as (  -- a quarantined row is text: what cannot be read as an amount counts as zero and shows in the row count
    select
        s.extract,
        coalesce(s.entity_id, 'unknown') as entity_id,
        coalesce(s.gl_account, 'unknown') as gl_account,
        coalesce(s.currency, 'unknown') as currency,
        case
            when s.extract in ('derivative_leg', 'commitment') then 'off_balance'
            when m.side in ('asset', 'liability', 'equity', 'off_balance') then m.side
            when s.extract in ('loan', 'security') then 'asset'
            when s.extract in ('deposit_term', 'deposit_nmd', 'borrowing') then 'liability'
            else 'off_balance'
        end as side,
        case when s.is_copy then 0 else coalesce(try_cast(s.amount as decimal(18, 2)), 0) end as amount,
        case when json_valid(s.payload) and not s.is_copy then s.payload else '{}' end as payload
    from counted as s
    left join staging.gl_map as m on s.gl_account = m.gl_account
    where s.as_of_date = cast($as_of_date as date)
),

amounts as (
    select
        extract,
        entity_id,
        gl_account,
        currency,
        side,
        amount,
        1 - coalesce(try_cast(payload ->> '$.sold_share' as decimal(9, 8)), 0) as own_share,
        try_cast(payload ->> '$.outstanding_principal' as decimal(18, 2)) as principal,
        try_cast(payload ->> '$.carrying_amount' as decimal(18, 2)) as carrying,
        try_cast(payload ->> '$.accrued_interest' as decimal(18, 2)) as accrued,
        try_cast(payload ->> '$.deferred_fees_amount' as decimal(18, 2)) as fees,
        try_cast(payload ->> '$.impairment_amount' as decimal(18, 2)) as impairment,
        try_cast(
            coalesce(payload ->> '$.undrawn_amount', payload ->> '$.notional_amount') as decimal(18, 2)
        ) as notional
    from read_back
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id,
    extract,
    gl_account,
    currency,
    side,
    count(*) as excluded_rows,
    cast(
        sum(
            case
                when side = 'off_balance' or extract = 'derivative' then 0
                else coalesce(principal, amount) * own_share
            end
        )
        as decimal(18, 2)
    ) as outstanding_principal,
    cast(
        sum(
            case when extract in ('derivative_leg', 'commitment') then 0 else coalesce(carrying, amount) * own_share end
        )
        as decimal(18, 2)
    ) as carrying_amount,
    cast(  -- of a leg it is a memo: the deal's fair value holds it
        sum(case when extract = 'derivative_leg' then 0 else coalesce(accrued, 0) * own_share end) as decimal(18, 2)
    ) as accrued_interest,
    cast(sum(coalesce(fees, 0) * own_share) as decimal(18, 2)) as deferred_fees_amount,
    cast(sum(coalesce(impairment, 0) * own_share) as decimal(18, 2)) as impairment_amount,
    cast(
        sum(case when extract in ('derivative', 'commitment') then coalesce(notional, amount) else 0 end)
        as decimal(18, 2)
    ) as notional_amount
from amounts
group by entity_id, extract, gl_account, currency, side
