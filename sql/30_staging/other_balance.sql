-- about:  Balances without a contract behind them (cash, fixed assets, equity), one row per balance.
-- grain:  as_of_date, position_id
-- reads:  raw.other_balance
with delivered as (
    select *
    from raw.other_balance  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    entity_id,
    balance_no,
    entity_id || ':other_balance:' || balance_no as position_id,
    product_code,
    counterparty_id,
    currency,
    side,
    cast(is_on_balance_sheet as boolean) as is_on_balance_sheet,
    book,
    accounting_class,
    gl_account,
    business_unit,
    country,
    status,
    cast(trade_date as date) as trade_date,
    cast(start_date as date) as start_date,
    cast(maturity_date as date) as maturity_date,
    cast(is_open_maturity as boolean) as is_open_maturity,
    intragroup_entity_id,
    line,
    cast(outstanding_principal as decimal(18, 2)) as outstanding_principal,
    cast(carrying_amount as decimal(18, 2)) as carrying_amount,
    cast(is_interest_bearing as boolean) as is_interest_bearing,
    cast(coupon_rate as double) as coupon_rate
from delivered
