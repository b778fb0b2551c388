-- about:  What each side of a derivative pays, one row per leg.
-- grain:  as_of_date, position_id
-- reads:  raw.derivative_leg
with delivered as (
    select *
    from raw.derivative_leg  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    entity_id,
    deal_no,
    cast(leg_no as integer) as leg_no,
    entity_id || ':derivative_leg:' || deal_no || ':' || leg_no as position_id,
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
    amortisation_type,
    principal_freq,
    interest_freq,
    cast(next_payment_date as date) as next_payment_date,
    cast(last_payment_date as date) as last_payment_date,
    cast(payment_amount as decimal(18, 2)) as payment_amount,
    cast(interest_only_end_date as date) as interest_only_end_date,
    cast(amortisation_months as integer) as amortisation_months,
    cast(balloon_amount as decimal(18, 2)) as balloon_amount,
    pay_receive,
    currency,
    cast(notional_amount as decimal(18, 2)) as notional_amount,
    cast(accrued_interest as decimal(18, 2)) as accrued_interest,
    cast(start_date as date) as start_date,
    cast(maturity_date as date) as maturity_date
from delivered
