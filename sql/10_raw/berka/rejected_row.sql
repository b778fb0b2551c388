-- about:  Delivered rows that could be read but not used, with the reason.
-- grain:  as_of_date, source_file_id, source_row
-- reads:  raw.berka_transaction, raw.berka_balance, raw.berka_loan
select
    as_of_date,
    source_file_id,
    source_row,
    'trans' as source_name,
    transaction_no as row_key,
    transaction_amount as amount,
    rejection_reason as reason
from raw.berka_transaction
where rejection_reason is not null
union all
select
    as_of_date,
    source_file_id,
    source_row,
    'account' as source_name,
    account_no as row_key,
    transaction_amount as amount,
    rejection_reason as reason
from raw.berka_balance
where rejection_reason is not null
union all
select
    as_of_date,
    source_file_id,
    source_row,
    'loan' as source_name,
    loan_no as row_key,
    original_amount as amount,
    rejection_reason as reason
from raw.berka_loan
where rejection_reason is not null
