-- about:  The delivered rows behind every position: the account and all its transactions, the loan and its instalments.
-- grain:  as_of_date, position_key, source_file_id, source_row
-- reads:  raw.berka_balance, raw.berka_loan, raw.berka_transaction, inputs.source_codes
with positions as (
    select
        case when closing_amount < 0 then 'loan' else 'deposit_nmd' end as extract,
        case when closing_amount < 0 then 'overdraft-' || account_no else account_no end as position_key,
        account_no,
        false as is_loan,
        source_file_id,
        source_row
    from raw.berka_balance
    union all
    select
        'loan' as extract,
        loan_no as position_key,
        account_no,
        true as is_loan,
        source_file_id,
        source_row
    from raw.berka_loan
    where not coalesce(is_repaid, false) or rejection_reason is not null
),

behind as (
    select
        extract,
        position_key,
        source_file_id,
        source_row
    from positions
    union all
    select
        positions.extract,
        positions.position_key,
        transactions.source_file_id,
        transactions.source_row
    from positions
    inner join raw.berka_transaction as transactions on positions.account_no = transactions.account_no
    where transactions.is_loan_instalment or not positions.is_loan
)

select
    cast($as_of_date as date) as as_of_date,
    behind.extract,
    codes.code as entity_id,
    codes.code || ':' || behind.extract || ':' || behind.position_key as position_key,
    behind.source_file_id,
    behind.source_row
from behind
inner join inputs.source_codes as codes on codes.code_list = 'entity'
