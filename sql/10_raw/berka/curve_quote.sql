-- about:  Par yields of United States Treasury securities as the declared proxy for the koruna.
-- grain:  as_of_date, curve_id, instrument, tenor
-- reads:  raw.berka__par_yield, inputs.source_codes
-- The latest day not after the as-of date; a tenor quoted as zero was not quoted.
with latest as (
    select *
    from raw.berka__par_yield
    where
        try_cast(date as date) = (
            select max(try_cast(days.date as date))
            from raw.berka__par_yield as days
            where try_cast(days.date as date) <= cast($as_of_date as date)
        )
),

quotes as (
    select
        latest.date,
        latest.source_file_id,
        latest.source_row,
        tenors.code,
        tenors.value as tenor,
        case tenors.code
            when 'BC_1MONTH' then latest.bc_1month
            when 'BC_3MONTH' then latest.bc_3month
            when 'BC_6MONTH' then latest.bc_6month
            when 'BC_1YEAR' then latest.bc_1year
            when 'BC_2YEAR' then latest.bc_2year
            when 'BC_3YEAR' then latest.bc_3year
            when 'BC_5YEAR' then latest.bc_5year
            when 'BC_7YEAR' then latest.bc_7year
            when 'BC_10YEAR' then latest.bc_10year
            when 'BC_20YEAR' then latest.bc_20year
            when 'BC_30YEAR' then latest.bc_30year
        end as quote_pct
    from latest
    inner join inputs.source_codes as tenors on tenors.code_list = 'par_yield_tenor'
)

select
    cast($as_of_date as date) as as_of_date,
    source_file_id || '#' || code as source_file_id,
    source_row,
    $as_of_date as delivered_as_of_date,
    'czk_proxy' as curve_id,
    'CZK' as currency,
    'bond' as instrument,
    tenor,
    cast(try_cast(quote_pct as decimal(18, 6)) * 0.01 as varchar) as quote,
    date as quote_date,
    'act_act_isda' as day_count,
    'P6M' as payment_freq,
    'United States Treasury par yields, proxy for CZK: declared, not delivered' as source,
    cast(null as varchar) as start_date,
    cast(null as varchar) as convexity_adjustment_rate
from quotes
where try_cast(quote_pct as decimal(18, 6)) is distinct from 0 and quote_pct is not null
