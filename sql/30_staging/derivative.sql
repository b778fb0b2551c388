-- about:  Derivative deals, one row per deal; what each side pays is in staging.derivative_leg.
-- grain:  as_of_date, position_id
-- reads:  raw.derivative
with delivered as (
    select *
    from raw.derivative  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    entity_id,
    deal_no,
    entity_id || ':derivative:' || deal_no as position_id,
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
    derivative_type,
    position,
    cast(strike_rate as double) as strike_rate,
    cast(notional_amount as decimal(18, 2)) as notional_amount,
    cast(fair_value_clean_amount as decimal(18, 2)) as fair_value_clean_amount,
    cast(carrying_amount as decimal(18, 2)) as carrying_amount,
    cast(is_cleared as boolean) as is_cleared,
    csa_id,
    cast(initial_margin_amount as decimal(18, 2)) as initial_margin_amount,
    cast(variation_margin_amount as decimal(18, 2)) as variation_margin_amount,
    hedge_id,
    hedge_type
from delivered
