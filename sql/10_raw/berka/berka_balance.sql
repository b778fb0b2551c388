-- about:  The closing balance of every account, rebuilt from its transactions, or why it cannot be.
-- grain:  as_of_date, account_no
-- reads:  raw.berka_transaction, raw.berka__account, inputs.declared
-- Rows of one day are delivered in no order. The day closes with the row whose balance no other row
-- of that day starts from; if there is none or more than one, with the one nearest to the running sum.
with settings as (
    select
        max(case when item = 'balance_rounding_unit' then cast(value as decimal(18, 2)) end) as rounding_unit,
        max(case when item = 'balance_link_tolerance' then cast(value as decimal(18, 2)) end) as link_tolerance,
        max(case when item = 'transactions_max_age_days' then cast(value as integer) end) as max_age_days
    from inputs.declared
),

accounts as (
    select
        account_id as account_no,
        min(case when regexp_full_match(date, '[0-9]{6}') then try_strptime('19' || date, '%Y%m%d') end) as opened_at,
        count(distinct concat_ws('|', coalesce(district_id, ''), coalesce(frequency, ''), coalesce(date, '')))
            as n_versions,
        min(source_file_id) as source_file_id,
        min(source_row) as source_row
    from raw.berka__account
    group by account_id
),

usable as (
    select *
    from raw.berka_transaction
    where rejection_reason is null
),

period as (
    select min(transaction_date) as first_date, max(transaction_date) as last_date
    from usable
),

movements as (
    select
        account_no,
        transaction_date,
        transaction_no,
        transaction_amount,
        balance_after_amount as balance_after,
        balance_after_amount - transaction_amount as balance_before,
        count(*) over (partition by account_no, transaction_date) as n_of_day,
        sum(transaction_amount) over (partition by account_no, transaction_date) as net_of_day
    from usable
),

days as (
    select
        account_no,
        transaction_date,
        net_of_day,
        n_of_day,
        max(case when n_of_day = 1 then balance_after end) as sure_balance
    from movements
    group by account_no, transaction_date, net_of_day, n_of_day
),

cumulated as (
    select
        days.*,
        accounts.opened_at >= period.first_date as is_from_zero,
        sum(days.net_of_day) over (partition by days.account_no order by days.transaction_date) as running_net
    from days
    inner join accounts on days.account_no = accounts.account_no
    cross join period
),

expected as (  -- from the last day with one row, from zero, or back from the next day with one row
    select
        account_no,
        transaction_date,
        is_from_zero,
        running_net + coalesce(
            last_value(sure_balance - running_net ignore nulls) over (
                partition by account_no order by transaction_date rows between unbounded preceding and 1 preceding
            ),
            case when is_from_zero then 0 end,
            first_value(sure_balance - running_net ignore nulls) over (
                partition by account_no order by transaction_date rows between current row and unbounded following
            )
        ) as expected_balance
    from cumulated
),

continued as (  -- rows from whose balance another row of the day starts
    select distinct
        earlier.account_no,
        earlier.transaction_no
    from movements as earlier
    inner join movements as later
        on
            earlier.account_no = later.account_no and earlier.transaction_date = later.transaction_date
            and earlier.transaction_no <> later.transaction_no
    cross join settings
    where
        earlier.n_of_day > 1
        and later.n_of_day > 1
        and abs(later.balance_before - earlier.balance_after) <= settings.rounding_unit
),

ranked as (
    select
        movements.*,
        expected.is_from_zero,
        expected.expected_balance,
        row_number() over (
            partition by movements.account_no, movements.transaction_date
            order by
                continued.transaction_no is not null,
                abs(movements.balance_after - expected.expected_balance),
                movements.transaction_no
        ) as closing_rank
    from movements
    inner join expected
        on movements.account_no = expected.account_no and movements.transaction_date = expected.transaction_date
    left join continued
        on movements.account_no = continued.account_no and movements.transaction_no = continued.transaction_no
),

closings as (
    select
        account_no,
        transaction_date,
        n_of_day,
        net_of_day,
        expected_balance is not null as is_placed,
        balance_after as closing,
        coalesce(
            lag(balance_after) over (partition by account_no order by transaction_date),
            case when is_from_zero then 0 else balance_after - net_of_day end
        ) as opening
    from ranked
    where closing_rank = 1
),

ends as (  -- what the rows of a day start from and end with is the same list, shifted by one
    select account_no, transaction_date, 'start' as side, balance_before as balance from movements
    where n_of_day > 1
    union all
    select account_no, transaction_date, 'start' as side, closing as balance from closings
    where n_of_day > 1
    union all
    select account_no, transaction_date, 'end' as side, balance_after as balance from movements
    where n_of_day > 1
    union all
    select account_no, transaction_date, 'end' as side, opening as balance from closings
    where n_of_day > 1
),

sorted_ends as (
    select
        *,
        row_number() over (partition by account_no, transaction_date, side order by balance) as place
    from ends
),

breaks as (
    select closings.account_no, closings.transaction_date
    from closings
    cross join settings
    where
        closings.n_of_day = 1
        and abs(closings.opening + closings.net_of_day - closings.closing) > settings.link_tolerance
    union all
    select starts.account_no, starts.transaction_date
    from sorted_ends as starts
    inner join sorted_ends as stops
        on
            starts.account_no = stops.account_no and starts.transaction_date = stops.transaction_date
            and starts.place = stops.place
    cross join settings
    where
        starts.side = 'start'
        and stops.side = 'end'
        and abs(starts.balance - stops.balance) > settings.link_tolerance
),

broken as (
    select account_no, min(transaction_date) as broken_date
    from breaks
    group by account_no
),

spans as (
    select
        account_no,
        count(*) as n_days,
        bool_and(is_placed) as is_placed,
        min(transaction_date) as first_date,
        max(transaction_date) as last_date
    from closings
    group by account_no
),

totals as (
    select
        account_no,
        count(*) as n_transactions,
        sum(transaction_amount) as net_flow
    from usable
    group by account_no
),

rejected as (
    select account_no, count(*) as n_rejected
    from raw.berka_transaction
    where rejection_reason is not null
    group by account_no
),

judged as (
    select
        accounts.account_no,
        cast(accounts.opened_at as date) as opening_date,
        accounts.source_file_id,
        accounts.source_row,
        spans.last_date as last_transaction_date,
        coalesce(totals.n_transactions, 0) as n_transactions,
        coalesce(totals.net_flow, 0) as net_flow,
        first_day.opening,
        last_day.closing,
        case
            when accounts.opened_at is null then 'its opening date is not YYMMDD'
            when accounts.n_versions > 1 then 'it stands in the account file with different content'
            when period.last_date is null then 'no transaction is delivered'
            when period.last_date < cast($as_of_date as date) - settings.max_age_days
                then 'the transactions end on ' || cast(period.last_date as varchar)
            when rejected.n_rejected > 0
                then 'transactions that cannot be used: ' || cast(rejected.n_rejected as varchar)
            when spans.account_no is null then 'no transaction of it is delivered'
            when not spans.is_placed then 'the rows of its first day cannot be put in order'
            when broken.account_no is not null
                then 'its balances do not follow from its transactions on ' || cast(broken.broken_date as varchar)
        end as rejection_reason
    from accounts
    cross join settings
    cross join period
    left join spans on accounts.account_no = spans.account_no
    left join totals on accounts.account_no = totals.account_no
    left join rejected on accounts.account_no = rejected.account_no
    left join broken on accounts.account_no = broken.account_no
    left join closings as first_day
        on spans.account_no = first_day.account_no and spans.first_date = first_day.transaction_date
    left join closings as last_day
        on spans.account_no = last_day.account_no and spans.last_date = last_day.transaction_date
    where accounts.opened_at is null or accounts.opened_at <= cast($as_of_date as date)
)

select
    cast($as_of_date as date) as as_of_date,
    account_no,
    opening_date,
    last_transaction_date,
    cast(n_transactions as bigint) as n_transactions,
    cast(opening as decimal(18, 2)) as opening_amount,
    cast(net_flow as decimal(18, 2)) as transaction_amount,
    cast(case when rejection_reason is null then closing end as decimal(18, 2)) as closing_amount,
    rejection_reason,
    source_file_id,
    source_row
from judged
