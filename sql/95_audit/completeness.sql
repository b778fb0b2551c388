-- about:  Every ledger line and every product of every entity once: in scope or excluded with the reason, and how much.
-- grain:  as_of_date, entity_id, line_kind, covered_item, balance_type, currency
-- reads:  book.ledger_reconciliation, book.positions, book.unmapped_positions, staging.gl_balance,
--         staging.gl_map, scenarios.position_values, inputs.products
with ledger_lines as (
    select
        b.entity_id,
        'ledger line' as line_kind,
        b.gl_account as covered_item,
        b.balance_type,
        b.currency,
        case
            when m.gl_account is null then 'not mapped'
            when m.is_in_alm_scope and m.side not in ('income', 'expense') then 'in scope'
            else 'excluded'
        end as status,
        case
            when m.gl_account is null then 'the account is not in the chart of accounts'
            when m.is_in_alm_scope and m.side not in ('income', 'expense') then null
            when m.side in ('income', 'expense') then 'income and expense of the year, not a balance'
            else coalesce(m.reason_if_out, 'outside the scope the chart of accounts gives')
        end as reason,
        b.ending_amount as delivered_amount,
        case when m.is_in_alm_scope then coalesce(r.sub_ledger_amount, 0) else 0 end as modelled_amount
    from staging.gl_balance as b
    left join staging.gl_map as m on b.gl_account = m.gl_account
    left join book.ledger_reconciliation as r
        on
            b.entity_id = r.entity_id and b.gl_account = r.gl_account
            and b.currency = r.currency and b.balance_type = r.balance_type
),

valued as (
    select position_id
    from scenarios.position_values
    where scenario = 'base'
),

product_lines as (  -- modelled is what the engine projects: outstanding and notional of positions with flows
    select
        p.entity_id,
        'product' as line_kind,
        p.product_code as covered_item,
        'principal and notional' as balance_type,
        p.currency,
        case when bool_or(p.is_in_irrbb_scope) then 'in scope' else 'excluded' end as status,
        case
            when not bool_or(p.is_in_irrbb_scope)
                then coalesce(max(m.exclusion_reason), 'held outside the banking book')
        end as reason,
        sum(p.outstanding_principal + p.notional_amount) as delivered_amount,
        sum(
            case
                when p.is_in_irrbb_scope and p.cash_flow_model <> 'balance_only' and v.position_id is not null
                    then p.outstanding_principal + p.notional_amount
                else 0
            end
        ) as modelled_amount
    from book.positions as p
    inner join inputs.products as m on p.product_code = m.product_code
    left join valued as v on p.position_id = v.position_id
    group by p.entity_id, p.product_code, p.currency
    union all
    select
        entity_id,
        'product' as line_kind,
        product_code as covered_item,
        'principal and notional' as balance_type,
        currency,
        'not mapped' as status,
        min(reason) as reason,
        sum(outstanding_principal) as delivered_amount,
        0 as modelled_amount
    from book.unmapped_positions
    group by entity_id, product_code, currency
),

every_line as (
    select * from ledger_lines
    union all
    select * from product_lines
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id,
    line_kind,
    covered_item,
    balance_type,
    currency,
    status,
    reason,
    cast(delivered_amount as decimal(18, 2)) as delivered_amount,
    cast(modelled_amount as decimal(18, 2)) as modelled_amount,
    case when status = 'in scope' then cast(modelled_amount as double) / nullif(cast(delivered_amount as double), 0) end
        as coverage_share
from every_line
