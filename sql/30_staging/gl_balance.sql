-- about:  Ledger balances, one row per entity, account, currency and kind of balance.
-- grain:  as_of_date, entity_id, gl_account, currency, balance_type
-- reads:  raw.gl_balance
with delivered as (
    select *
    from raw.gl_balance  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    entity_id,
    gl_account,
    currency,
    balance_type,
    cast(ending_amount as decimal(18, 2)) as ending_amount,
    cast(average_mtd_amount as decimal(18, 2)) as average_mtd_amount,
    cast(mtd_debit_amount as decimal(18, 2)) as mtd_debit_amount,
    cast(mtd_credit_amount as decimal(18, 2)) as mtd_credit_amount,
    cast(ytd_pl_amount as decimal(18, 2)) as ytd_pl_amount
from delivered
