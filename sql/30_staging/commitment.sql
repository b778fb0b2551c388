-- about:  Credit lines, guarantees and mortgage offers, one row per commitment.
-- grain:  as_of_date, position_id
-- reads:  raw.commitment
with delivered as (
    select *
    from raw.commitment  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    entity_id,
    commitment_no,
    entity_id || ':commitment:' || commitment_no as position_id,
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
    rate_type,
    cast(coupon_rate as double) as coupon_rate,
    index_id,
    coalesce(cast(spread_rate as double), 0) as spread_rate,
    coalesce(cast(rate_multiplier as double), 1) as rate_multiplier,
    day_count,
    reset_freq,
    cast(next_reset_date as date) as next_reset_date,
    cast(last_reset_date as date) as last_reset_date,
    coalesce(cast(fixing_lag_days as integer), 0) as fixing_lag_days,
    cast(cap_rate as double) as cap_rate,
    cast(floor_rate as double) as floor_rate,
    cast(period_cap_rate as double) as period_cap_rate,
    cast(period_floor_rate as double) as period_floor_rate,
    cast(teaser_end_date as date) as teaser_end_date,
    business_day_convention,
    calendar_id,
    cast(is_end_of_month as boolean) as is_end_of_month,
    cast(ftp_rate as double) as ftp_rate,
    commitment_type,
    cast(limit_amount as decimal(18, 2)) as limit_amount,
    cast(drawn_amount as decimal(18, 2)) as drawn_amount,
    cast(undrawn_amount as decimal(18, 2)) as undrawn_amount,
    cast(is_revocable as boolean) as is_revocable,
    drawn_loan_no,
    cast(fee_rate as double) as fee_rate,
    cast(expected_close_date as date) as expected_close_date,
    cast(amortisation_months as integer) as amortisation_months,
    behaviour_segment
from delivered
