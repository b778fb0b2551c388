-- about:  Change of base value and income of every entity, currency and product with each key rate, zero and par.
-- grain:  as_of_date, entity_id, currency, product_code, is_intragroup, risk_measure, rate_basis, tenor
-- reads:  book.positions, scenarios.position_sensitivities, scenarios.par_key_rates
with tenors as (  -- the key tenors; the first is a day
    select
        '1D' as tenor,
        0 as n_months
    union all
    select
        '1M' as tenor,
        1 as n_months
    union all
    select
        '3M' as tenor,
        3 as n_months
    union all
    select
        '6M' as tenor,
        6 as n_months
    union all
    select
        '1Y' as tenor,
        12 as n_months
    union all
    select
        '2Y' as tenor,
        24 as n_months
    union all
    select
        '3Y' as tenor,
        36 as n_months
    union all
    select
        '5Y' as tenor,
        60 as n_months
    union all
    select
        '7Y' as tenor,
        84 as n_months
    union all
    select
        '10Y' as tenor,
        120 as n_months
    union all
    select
        '15Y' as tenor,
        180 as n_months
    union all
    select
        '20Y' as tenor,
        240 as n_months
    union all
    select
        '30Y' as tenor,
        360 as n_months
),

held as (
    select
        'eve' as risk_measure,
        p.entity_id,
        p.currency,
        p.product_code,
        p.is_intragroup,
        count(v.dv01) = count(*) as is_whole,
        sum(cast(v.dv01_1d as decimal(38, 6))) as dv01_1d,
        sum(cast(v.dv01_1m as decimal(38, 6))) as dv01_1m,
        sum(cast(v.dv01_3m as decimal(38, 6))) as dv01_3m,
        sum(cast(v.dv01_6m as decimal(38, 6))) as dv01_6m,
        sum(cast(v.dv01_1y as decimal(38, 6))) as dv01_1y,
        sum(cast(v.dv01_2y as decimal(38, 6))) as dv01_2y,
        sum(cast(v.dv01_3y as decimal(38, 6))) as dv01_3y,
        sum(cast(v.dv01_5y as decimal(38, 6))) as dv01_5y,
        sum(cast(v.dv01_7y as decimal(38, 6))) as dv01_7y,
        sum(cast(v.dv01_10y as decimal(38, 6))) as dv01_10y,
        sum(cast(v.dv01_15y as decimal(38, 6))) as dv01_15y,
        sum(cast(v.dv01_20y as decimal(38, 6))) as dv01_20y,
        sum(cast(v.dv01_30y as decimal(38, 6))) as dv01_30y
    from book.positions as p
    left join scenarios.position_sensitivities as v on p.position_id = v.position_id
    where
        p.is_in_irrbb_scope
        and p.eve_treatment = 'in'
        and p.cash_flow_model not in ('balance_only', 'commitment')
    group by p.entity_id, p.currency, p.product_code, p.is_intragroup
    union all
    select
        'nii_12m' as risk_measure,
        p.entity_id,
        p.currency,
        p.product_code,
        p.is_intragroup,
        count(v.nii_dv01) = count(*) as is_whole,
        sum(cast(v.nii_dv01_1d as decimal(38, 6))) as dv01_1d,
        sum(cast(v.nii_dv01_1m as decimal(38, 6))) as dv01_1m,
        sum(cast(v.nii_dv01_3m as decimal(38, 6))) as dv01_3m,
        sum(cast(v.nii_dv01_6m as decimal(38, 6))) as dv01_6m,
        sum(cast(v.nii_dv01_1y as decimal(38, 6))) as dv01_1y,
        sum(cast(v.nii_dv01_2y as decimal(38, 6))) as dv01_2y,
        sum(cast(v.nii_dv01_3y as decimal(38, 6))) as dv01_3y,
        sum(cast(v.nii_dv01_5y as decimal(38, 6))) as dv01_5y,
        sum(cast(v.nii_dv01_7y as decimal(38, 6))) as dv01_7y,
        sum(cast(v.nii_dv01_10y as decimal(38, 6))) as dv01_10y,
        sum(cast(v.nii_dv01_15y as decimal(38, 6))) as dv01_15y,
        sum(cast(v.nii_dv01_20y as decimal(38, 6))) as dv01_20y,
        sum(cast(v.nii_dv01_30y as decimal(38, 6))) as dv01_30y
    from book.positions as p
    left join scenarios.position_sensitivities as v on p.position_id = v.position_id
    where
        p.is_in_irrbb_scope
        and p.nii_treatment = 'constant_balance'
        and p.cash_flow_model not in ('balance_only', 'commitment', 'non_performing')
    group by p.entity_id, p.currency, p.product_code, p.is_intragroup
),

by_tenor as (  -- never a partial sum: one position without a value leaves the row without one
    select
        h.risk_measure,
        h.entity_id,
        h.currency,
        h.product_code,
        h.is_intragroup,
        t.tenor,
        case  -- counted in calendar months, from month end to month end
            when t.n_months = 0 then 1
            else last_day(cast($as_of_date as date) + to_months(t.n_months)) - cast($as_of_date as date)
        end as tenor_days,
        case
            when h.is_whole
                then case t.tenor
                    when '1D' then h.dv01_1d
                    when '1M' then h.dv01_1m
                    when '3M' then h.dv01_3m
                    when '6M' then h.dv01_6m
                    when '1Y' then h.dv01_1y
                    when '2Y' then h.dv01_2y
                    when '3Y' then h.dv01_3y
                    when '5Y' then h.dv01_5y
                    when '7Y' then h.dv01_7y
                    when '10Y' then h.dv01_10y
                    when '15Y' then h.dv01_15y
                    when '20Y' then h.dv01_20y
                    when '30Y' then h.dv01_30y
                end
        end as dv01
    from held as h
    cross join tenors as t
),

tenor_places as (
    select distinct
        tenor,
        tenor_days
    from by_tenor
),

by_basis as (
    select
        b.*,
        'zero' as rate_basis
    from by_tenor as b
    union all
    select
        b.risk_measure,
        b.entity_id,
        b.currency,
        b.product_code,
        b.is_intragroup,
        w.tenor,
        t.tenor_days,
        case
            when count(b.dv01 * w.zero_move_share) = count(*)
                then sum(cast(b.dv01 * w.zero_move_share as decimal(38, 6)))
        end as dv01,
        'par' as rate_basis
    from by_tenor as b
    inner join scenarios.par_key_rates as w on b.currency = w.currency and b.tenor = w.zero_tenor
    inner join tenor_places as t on w.tenor = t.tenor
    group by
        b.risk_measure, b.entity_id, b.currency, b.product_code, b.is_intragroup, w.tenor, t.tenor_days
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id,
    currency,
    product_code,
    is_intragroup,
    risk_measure,
    rate_basis,
    tenor,
    cast(tenor_days as integer) as tenor_days,
    cast(dv01 as double) as dv01
from by_basis
