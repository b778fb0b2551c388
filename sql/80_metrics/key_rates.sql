-- about:  Change of every entity's, currency's and product's base value with each key rate.
-- grain:  as_of_date, entity_id, currency, product_code, is_intragroup, tenor
-- reads:  book.positions, scenarios.position_sensitivities
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

by_tenor as (
    select
        p.entity_id,
        p.currency,
        p.product_code,
        p.is_intragroup,
        t.tenor,
        case  -- counted in calendar months, from month end to month end
            when t.n_months = 0 then 1
            else last_day(cast($as_of_date as date) + to_months(t.n_months)) - cast($as_of_date as date)
        end as tenor_days,
        cast(
            case t.tenor
                when '1D' then v.dv01_1d
                when '1M' then v.dv01_1m
                when '3M' then v.dv01_3m
                when '6M' then v.dv01_6m
                when '1Y' then v.dv01_1y
                when '2Y' then v.dv01_2y
                when '3Y' then v.dv01_3y
                when '5Y' then v.dv01_5y
                when '7Y' then v.dv01_7y
                when '10Y' then v.dv01_10y
                when '15Y' then v.dv01_15y
                when '20Y' then v.dv01_20y
                when '30Y' then v.dv01_30y
            end as decimal(38, 6)
        ) as dv01
    from book.positions as p
    cross join tenors as t
    left join scenarios.position_sensitivities as v on p.position_id = v.position_id
    where
        p.is_in_irrbb_scope
        and p.eve_treatment = 'in'
        and p.cash_flow_model not in ('balance_only', 'commitment')
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id,
    currency,
    product_code,
    is_intragroup,
    tenor,
    cast(min(tenor_days) as integer) as tenor_days,
    case when count(dv01) = count(*) then cast(sum(dv01) as double) end as dv01
from by_tenor
group by entity_id, currency, product_code, is_intragroup, tenor
