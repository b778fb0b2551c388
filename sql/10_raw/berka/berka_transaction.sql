-- about:  Every transaction up to the as-of date once, typed, with the reason where it cannot be used.
-- grain:  as_of_date, source_file_id, source_row
-- reads:  raw.berka__trans, raw.berka__account, inputs.source_codes
with delivered as (  -- overlapping files deliver a transaction more than once; identical copies are one
    select
        trans_id,
        account_id,
        date,
        type,
        amount,
        balance,
        source_file_id,
        source_row,
        concat_ws('|', coalesce(type, ''), coalesce(trim(operation), ''), coalesce(trim(k_symbol), ''))
            as flow_code,
        trim(coalesce(k_symbol, '')) = 'UVER' as is_loan_instalment,
        concat_ws(
            '|', coalesce(account_id, ''), coalesce(date, ''), coalesce(type, ''), coalesce(operation, ''),
            coalesce(amount, ''), coalesce(balance, ''), coalesce(k_symbol, ''), coalesce(bank, ''),
            coalesce(account, '')
        ) as content
    from raw.berka__trans
),

once as (
    select
        *,
        row_number() over (partition by trans_id, content order by source_file_id, source_row) as copy_no,
        min(content) over (partition by trans_id) <> max(content) over (partition by trans_id) as is_contradicted
    from delivered
),

accounts as (
    select
        account_id,
        min(case when regexp_full_match(date, '[0-9]{6}') then try_strptime('19' || date, '%Y%m%d') end) as opened_at
    from raw.berka__account
    group by account_id
),

typed as (
    select
        once.trans_id as transaction_no,
        once.account_id as account_no,
        once.flow_code,
        once.is_loan_instalment,
        once.is_contradicted,
        once.source_file_id,
        once.source_row,
        accounts.account_id is null as is_orphan,
        cast(accounts.opened_at as date) as opening_date,
        cast(
            case
                when regexp_full_match(once.date, '[0-9]{6}') then try_strptime('19' || once.date, '%Y%m%d')
            end as date
        ) as transaction_date,
        try_cast(once.amount as decimal(18, 2)) as unsigned_amount,
        cast(codes.value as integer) as direction,
        try_cast(once.balance as decimal(18, 2)) as balance_after_amount
    from once
    left join accounts on once.account_id = accounts.account_id
    left join inputs.source_codes as codes on codes.code_list = 'transaction_type' and once.type = codes.code
    where once.copy_no = 1
)

select
    cast($as_of_date as date) as as_of_date,
    source_file_id,
    source_row,
    transaction_no,
    account_no,
    transaction_date,
    flow_code,
    is_loan_instalment,
    cast(unsigned_amount * direction as decimal(18, 2)) as transaction_amount,
    balance_after_amount,
    case
        when transaction_no is null then 'it has no transaction number'
        when is_contradicted then 'its transaction number stands with other content too'
        when is_orphan then 'its account is not in the account file'
        when transaction_date is null then 'its date is not YYMMDD'
        when direction is null then 'its type is not in the code list'
        when unsigned_amount is null or unsigned_amount < 0 then 'its amount cannot be read'
        when balance_after_amount is null then 'its balance cannot be read'
        when transaction_date < opening_date then 'it is dated before its account was opened'
    end as rejection_reason
from typed
where transaction_date is null or transaction_date <= cast($as_of_date as date)
