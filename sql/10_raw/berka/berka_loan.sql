-- about:  Every loan granted up to the as-of date with what was paid and what is due, or why it is not known.
-- grain:  as_of_date, source_file_id, source_row
-- reads:  raw.berka__loan, raw.berka_transaction, raw.berka_balance, inputs.declared
-- The status column of the file is hindsight and is not read: lateness follows from instalments paid.
with settings as (
    select
        max(case when item = 'loan_instalment_day' then cast(value as integer) end) as instalment_day,
        max(case when item = 'default_days_past_due' then cast(value as integer) end) as default_days
    from inputs.declared
),

period as (
    select min(transaction_date) as first_date
    from raw.berka_transaction
    where rejection_reason is null
),

paid as (
    select
        account_no,
        count(*) as n_paid,
        sum(-transaction_amount) as paid_amount,
        min(day(transaction_date)) as day_of_month
    from raw.berka_transaction
    where is_loan_instalment and rejection_reason is null
    group by account_no
),

typed as (
    select
        loan_id as loan_no,
        account_id as account_no,
        cast(case when regexp_full_match(date, '[0-9]{6}') then try_strptime('19' || date, '%Y%m%d') end as date)
            as start_date,
        try_cast(amount as decimal(18, 2)) as original_amount,
        try_cast(duration as integer) as n_instalments,
        try_cast(payments as decimal(18, 2)) as payment_amount,
        count(*) over (partition by account_id) as n_loans_of_account,
        source_file_id,
        source_row
    from raw.berka__loan
),

counted as (
    select
        typed.*,
        coalesce(paid.n_paid, 0) as n_paid,
        coalesce(paid.paid_amount, 0) as paid_amount,
        balances.rejection_reason as account_problem,
        balances.account_no is null as is_orphan,
        typed.start_date < period.first_date as is_before_files,
        settings.default_days,
        date_trunc('month', typed.start_date)
        + to_days(least(coalesce(paid.day_of_month, settings.instalment_day), 28) - 1) as instalment_day_of_month
    from typed
    cross join settings
    cross join period
    left join paid on typed.account_no = paid.account_no
    left join raw.berka_balance as balances on typed.account_no = balances.account_no
    where typed.start_date is null or typed.start_date <= cast($as_of_date as date)
),

scheduled as (
    select
        *,
        cast(
            case
                when instalment_day_of_month > start_date then instalment_day_of_month
                else instalment_day_of_month + to_months(1)
            end as date
        ) as first_due_date
    from counted
),

due as (
    select
        *,
        cast(first_due_date + to_months(n_instalments - 1) as date) as maturity_date,
        case
            when first_due_date > cast($as_of_date as date) then 0
            else least(n_instalments, 1 + datesub('month', first_due_date, cast($as_of_date as date)))
        end as n_due
    from scheduled
),

late as (
    select
        *,
        case
            when n_paid < n_due
                then datediff('day', cast(first_due_date + to_months(n_paid) as date), cast($as_of_date as date))
            else 0
        end as days_past_due
    from due
)

select
    cast($as_of_date as date) as as_of_date,
    source_file_id,
    source_row,
    loan_no,
    account_no,
    start_date,
    maturity_date,
    original_amount,
    payment_amount,
    cast(n_instalments as integer) as loan_instalments_agreed,
    cast(n_paid as integer) as loan_instalments_paid,
    cast(n_due as integer) as loan_instalments_due,
    cast(paid_amount as decimal(18, 2)) as paid_amount,
    cast(original_amount - paid_amount as decimal(18, 2)) as outstanding_principal,
    cast(case when n_due > 0 then first_due_date + to_months(n_due - 1) else start_date end as date)
        as last_payment_date,
    cast(case when n_due < n_instalments then first_due_date + to_months(n_due) end as date) as next_payment_date,
    cast(days_past_due as integer) as days_past_due,
    n_paid < n_instalments and (days_past_due > default_days or maturity_date <= cast($as_of_date as date))
        as is_defaulted,
    n_paid >= n_instalments as is_repaid,
    case
        when start_date is null then 'its date is not YYMMDD'
        when original_amount is null or n_instalments is null or payment_amount is null then 'its terms cannot be read'
        when original_amount <> n_instalments * payment_amount then 'its amount is not duration times instalment'
        when is_orphan then 'its account is not open'
        when n_loans_of_account > 1 then 'its account has several loans, instalments cannot be told apart'
        when is_before_files then 'it was granted before the first transaction delivered'
        when account_problem is not null then 'its account: ' || account_problem
    end as rejection_reason
from late
