-- about:  What the source itself can state, measure by measure, to be reproduced from the positions.
-- grain:  as_of_date, measure, item
-- reads:  raw.berka_transaction, raw.berka_balance, raw.berka_loan, raw.berka__account, raw.berka__disp,
--         raw.berka__standing_order, raw.berka__card
-- The naive sums take the last row of each account in two wrong ways; they are here to be told apart.
with open_accounts as (
    select *
    from raw.berka_balance
    where opening_date is not null
),

usable as (
    select
        *,
        row_number() over (
            partition by account_no order by transaction_date desc, source_file_id desc, source_row desc
        ) as place_in_file,
        row_number() over (
            partition by account_no order by transaction_date desc, try_cast(transaction_no as bigint) desc
        ) as place_by_number
    from raw.berka_transaction
    where rejection_reason is null
),

of_balances as (
    select
        count(*) as n_open,
        count(closing_amount) as n_rebuilt,
        count(*) - count(closing_amount) as n_broken,
        sum(closing_amount) as closing,
        count(case when closing_amount >= 0 then 1 end) as n_credit,
        sum(case when closing_amount >= 0 then closing_amount else 0 end) as credit,
        count(case when closing_amount < 0 then 1 end) as n_overdrawn,
        sum(case when closing_amount < 0 then closing_amount else 0 end) as overdrawn,
        sum(case when closing_amount is not null then closing_amount - opening_amount - transaction_amount end)
            as rounding
    from open_accounts
),

of_transactions as (
    select
        count(*) as n_transactions,
        sum(transaction_amount) as net_flow,
        sum(case when place_in_file = 1 then balance_after_amount end) as last_in_file,
        sum(case when place_by_number = 1 then balance_after_amount end) as last_by_number
    from usable
),

of_loans as (
    select
        count(*) as n_granted,
        sum(original_amount) as granted,
        sum(loan_instalments_paid) as n_paid,
        sum(paid_amount) as paid,
        sum(original_amount - paid_amount) as owed,
        count(case when is_repaid then 1 end) as n_repaid,
        sum(case when is_repaid then original_amount - paid_amount else 0 end) as left_by_rounding,
        sum(case when rejection_reason is null and not is_repaid then outstanding_principal else 0 end) as outstanding
    from raw.berka_loan
),

of_people as (
    select
        count(case when disp.type = 'OWNER' then 1 end) as n_owners,
        count(case when disp.type = 'DISPONENT' then 1 end) as n_disponents
    from raw.berka__disp as disp
    inner join open_accounts on disp.account_id = open_accounts.account_no
),

measures as (
    select 'accounts_open' as measure, 'all' as item, n_open as n_rows, cast(null as decimal(18, 2)) as amount
    from of_balances
    union all
    select 'accounts_with_broken_balance' as measure, 'all' as item, n_broken as n_rows, null as amount
    from of_balances
    union all
    select
        'closing_balance_sum' as measure,
        'all' as item,
        n_rebuilt as n_rows,
        closing as amount
    from of_balances
    union all
    select
        'credit_balance_sum' as measure,
        'all' as item,
        n_credit as n_rows,
        credit as amount
    from of_balances
    union all
    select
        'overdrawn_accounts' as measure,
        'all' as item,
        n_overdrawn as n_rows,
        null as amount
    from of_balances
    union all
    select
        'overdrawn_sum' as measure,
        'all' as item,
        n_overdrawn as n_rows,
        overdrawn as amount
    from of_balances
    union all
    select
        'rounding_difference' as measure,
        'all' as item,
        n_rebuilt as n_rows,
        rounding as amount
    from of_balances
    union all
    select
        'accounts_in_file_opened_after' as measure,
        'all' as item,
        count(distinct accounts.account_id) - max(of_balances.n_open) as n_rows,
        null as amount
    from raw.berka__account as accounts
    cross join of_balances
    union all
    select
        'transactions' as measure,
        'all' as item,
        n_transactions as n_rows,
        null as amount
    from of_transactions
    union all
    select
        'net_flow_sum' as measure,
        'all' as item,
        n_transactions as n_rows,
        net_flow as amount
    from of_transactions
    union all
    select
        'naive_last_row_file_order_sum' as measure,
        'all' as item,
        n_transactions as n_rows,
        last_in_file as amount
    from of_transactions
    union all
    select
        'naive_last_row_by_trans_id_sum' as measure,
        'all' as item,
        n_transactions as n_rows,
        last_by_number as amount
    from of_transactions
    union all
    select 'transactions_rejected' as measure, 'all' as item, count(*) as n_rows, sum(transaction_amount) as amount
    from raw.berka_transaction
    where rejection_reason is not null
    union all
    select
        'loans_granted' as measure,
        'all' as item,
        n_granted as n_rows,
        null as amount
    from of_loans
    union all
    select 'loans_granted_amount' as measure, 'all' as item, n_granted as n_rows, coalesce(granted, 0) as amount
    from of_loans
    union all
    select
        'loan_instalments_paid' as measure,
        'all' as item,
        coalesce(
            n_paid,
            0
        ) as n_rows,
        null as amount
    from of_loans
    union all
    select
        'loan_instalments_paid_amount' as measure,
        'all' as item,
        coalesce(n_paid, 0) as n_rows,
        coalesce(paid, 0) as amount
    from of_loans
    union all
    select 'loan_outstanding_undiscounted' as measure, 'all' as item, n_granted as n_rows, coalesce(owed, 0) as amount
    from of_loans
    union all
    select
        'loan_rounding_difference' as measure,
        'all' as item,
        n_repaid as n_rows,
        coalesce(left_by_rounding, 0) as amount
    from of_loans
    union all
    select
        'assets_not_delivered' as measure,
        'all' as item,
        of_balances.n_rebuilt as n_rows,
        of_balances.closing - coalesce(of_loans.outstanding, 0) as amount
    from of_balances
    cross join of_loans
    union all
    select 'owners' as measure, 'all' as item, n_owners as n_rows, null as amount from of_people
    union all
    select
        'disponents' as measure,
        'all' as item,
        n_disponents as n_rows,
        null as amount
    from of_people
    union all
    select 'standing_orders_of_open_accounts' as measure, 'all' as item, count(*) as n_rows, null as amount
    from raw.berka__standing_order as orders
    inner join open_accounts on orders.account_id = open_accounts.account_no
    union all
    select 'cards_issued' as measure, 'all' as item, count(*) as n_rows, null as amount
    from raw.berka__card
    where try_strptime('19' || substr(issued, 1, 6), '%Y%m%d') <= cast($as_of_date as date)
    union all
    select 'month_flow' as measure, flow_code as item, count(*) as n_rows, sum(abs(transaction_amount)) as amount
    from usable
    where transaction_date >= date_trunc('month', cast($as_of_date as date))
    group by flow_code
)

select
    cast($as_of_date as date) as as_of_date,
    'control_total' as source_file_id,
    row_number() over (order by measure, item) as source_row,
    $as_of_date as delivered_as_of_date,
    measure,
    item,
    cast(n_rows as varchar) as n_rows,
    cast(cast(amount as decimal(18, 2)) as varchar) as amount
from measures
