-- about:  Sub-ledger against general ledger, account by account, and what explains a difference.
-- grain:  as_of_date, entity_id, gl_account, currency, balance_type
-- reads:  book.positions, book.excluded, staging.derivative, staging.gl_balance, staging.gl_map,
--         inputs.not_delivered
with components as (  -- every position splits into the kinds of balance the ledger keeps
    select
        entity_id,
        gl_account,
        currency,
        side,
        'principal' as balance_type,
        outstanding_principal as amount
    from book.positions
    union all
    select
        entity_id,
        gl_account,
        currency,
        side,
        'accrued' as balance_type,
        accrued_interest as amount
    from book.positions
    where extract <> 'derivative_leg'
    union all
    select
        entity_id,
        gl_account,
        currency,
        side,
        'fee' as balance_type,
        deferred_fees_amount as amount
    from book.positions
    union all
    select
        entity_id,
        gl_account,
        currency,
        side,
        'provision' as balance_type,
        impairment_amount as amount
    from book.positions
    union all
    select
        entity_id,
        gl_account,
        currency,
        side,
        'fair_value_adj' as balance_type,
        carrying_amount - outstanding_principal - deferred_fees_amount + impairment_amount as amount
    from book.positions
    union all
    select
        entity_id,
        gl_account,
        currency,
        side,
        'notional' as balance_type,
        notional_amount as amount
    from book.positions
    where extract = 'commitment'
    union all
    select
        entity_id,
        gl_account,
        currency,
        side,
        'notional' as balance_type,
        notional_amount as amount
    from staging.derivative
),

sub_ledger as (  -- signed on the account's own side
    select
        c.entity_id,
        c.gl_account,
        c.currency,
        c.balance_type,
        sum(
            case
                when c.side = 'asset' and m.side in ('liability', 'equity') then -c.amount
                when c.side in ('liability', 'equity') and m.side = 'asset' then -c.amount
                else c.amount
            end
        ) as amount
    from components as c
    left join staging.gl_map as m on c.gl_account = m.gl_account
    group by c.entity_id, c.gl_account, c.currency, c.balance_type
),

quarantined as (
    select
        entity_id,
        gl_account,
        currency,
        'principal' as balance_type,
        outstanding_principal as amount
    from book.excluded
    union all
    select
        entity_id,
        gl_account,
        currency,
        'accrued' as balance_type,
        accrued_interest as amount
    from book.excluded
    union all
    select
        entity_id,
        gl_account,
        currency,
        'fee' as balance_type,
        deferred_fees_amount as amount
    from book.excluded
    union all
    select
        entity_id,
        gl_account,
        currency,
        'provision' as balance_type,
        impairment_amount as amount
    from book.excluded
    union all
    select
        entity_id,
        gl_account,
        currency,
        'fair_value_adj' as balance_type,
        carrying_amount - outstanding_principal - deferred_fees_amount + impairment_amount as amount
    from book.excluded
    union all
    select
        entity_id,
        gl_account,
        currency,
        'notional' as balance_type,
        notional_amount as amount
    from book.excluded
),

quarantined_totals as (
    select
        entity_id,
        gl_account,
        currency,
        balance_type,
        sum(amount) as amount
    from quarantined
    group by entity_id, gl_account, currency, balance_type
),

ledger as (
    select
        b.entity_id,
        b.gl_account,
        b.currency,
        b.balance_type,
        b.ending_amount as amount
    from staging.gl_balance as b
    left join staging.gl_map as m on b.gl_account = m.gl_account
    where
        m.gl_account is null  -- an account nobody mapped is a difference, not an omission
        or (m.is_in_alm_scope and m.side not in ('income', 'expense'))
),

lines as (
    select
        entity_id,
        gl_account,
        currency,
        balance_type
    from ledger
    union
    select
        entity_id,
        gl_account,
        currency,
        balance_type
    from sub_ledger
    where amount <> 0
    union
    select
        entity_id,
        gl_account,
        currency,
        balance_type
    from quarantined_totals
    where amount <> 0
),

delivery as (
    select count(*) > 0 as is_ledger_missing
    from inputs.not_delivered
    where extract = 'gl_balance'
),

compared as (
    select
        l.entity_id,
        l.gl_account,
        l.currency,
        l.balance_type,
        coalesce(m.recon_group, 'unmapped') as recon_group,
        delivery.is_ledger_missing,
        case when not delivery.is_ledger_missing then coalesce(g.amount, 0) end as ledger_amount,
        coalesce(s.amount, 0) as sub_ledger_amount,
        coalesce(q.amount, 0) as quarantined_amount,
        cast(
            greatest(
                coalesce(m.tolerance_amount, 0),
                coalesce(cast(m.tolerance_share as decimal(9, 8)), 0) * abs(coalesce(g.amount, 0))
            ) as decimal(18, 2)
        ) as tolerance_amount
    from lines as l
    cross join delivery
    left join staging.gl_map as m on l.gl_account = m.gl_account
    left join ledger as g
        on
            l.entity_id = g.entity_id and l.gl_account = g.gl_account
            and l.currency = g.currency and l.balance_type = g.balance_type
    left join sub_ledger as s
        on
            l.entity_id = s.entity_id and l.gl_account = s.gl_account
            and l.currency = s.currency and l.balance_type = s.balance_type
    left join quarantined_totals as q
        on
            l.entity_id = q.entity_id and l.gl_account = q.gl_account
            and l.currency = q.currency and l.balance_type = q.balance_type
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id,
    gl_account,
    currency,
    balance_type,
    recon_group,
    cast(ledger_amount as decimal(18, 2)) as ledger_amount,
    cast(sub_ledger_amount as decimal(18, 2)) as sub_ledger_amount,
    cast(quarantined_amount as decimal(18, 2)) as quarantined_amount,
    cast(ledger_amount - sub_ledger_amount as decimal(18, 2)) as difference_amount,
    cast(ledger_amount - sub_ledger_amount - quarantined_amount as decimal(18, 2)) as unexplained_amount,
    tolerance_amount,
    case
        when is_ledger_missing then 'not_available'
        when abs(ledger_amount - sub_ledger_amount - quarantined_amount) > tolerance_amount then 'unexplained'
        when abs(ledger_amount - sub_ledger_amount) <= tolerance_amount then 'matched'
        else 'explained'
    end as status
from compared
